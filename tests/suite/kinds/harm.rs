//! Endpoints and programs that do harm: silent, slow, endless, leading elsewhere. Each verdict is right, and a server that probes
//! them all, again and again, does not grow.

use std::fs;
use std::io::Write;
use std::net::{IpAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use signpost::health::Cause;
use tokio::task::JoinSet;

use super::{SHORT, failed, outcome};
use crate::harness::endpoint::{Nginx, PORT, address};
use crate::harness::server::{Folder, Server, command};
use crate::harness::{ZONE_HEAD, until};

/// Probes of one endpoint before the server is measured first, and from then until it is measured again.
const PROBES_BEFORE: usize = 10;
const PROBES_BETWEEN: usize = 20;
/// Octets that it may grow by between: a buffer of 64 KiB leaked at each probe of each silent endpoint would be more; the others are
/// probed a fifth as often.
const GROWTH_MAX: usize = 8 << 20;
/// File descriptors that may be open at one moment more than at another: two for each endpoint.
const FILES_MAX: usize = 32;

/// A tarpit on loopback: it takes every connection and every datagram, and then drips, an octet of `text` at a time, or is silent.
struct Tarpit {
    address: IpAddr,
    taken: Arc<AtomicUsize>,
}

impl Tarpit {
    fn new(text: &'static [u8]) -> Self {
        let (address, taken) = (address(), Arc::new(AtomicUsize::new(0)));
        let listener = TcpListener::bind((address, PORT)).unwrap();
        let datagrams = UdpSocket::bind((address, PORT)).unwrap();
        let count = Arc::clone(&taken);
        std::thread::spawn(move || {
            // The socket of datagrams goes with it.
            let _silent = datagrams;
            for mut connection in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::Relaxed);
                // It ends as soon as the prober has closed.
                std::thread::spawn(move || {
                    for octet in text.iter().cycle() {
                        std::thread::sleep(Duration::from_millis(5));
                        if connection.write_all(&[*octet]).is_err() {
                            return;
                        }
                    }
                    let _ = std::io::copy(&mut connection, &mut std::io::sink());
                });
            }
        });
        Self { address, taken }
    }

    fn wait_for(&self, probes: usize) {
        let before = self.taken.load(Ordering::Relaxed);
        until("more probes", || (self.taken.load(Ordering::Relaxed) >= before + probes).then_some(()));
    }
}

/// What a process holds: octets of memory, and file descriptors.
fn held(process_id: u32) -> (usize, usize) {
    let status = fs::read_to_string(format!("/proc/{process_id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kilobytes: usize = line.trim().trim_end_matches(" kB").parse().unwrap();
    (kilobytes << 10, fs::read_dir(format!("/proc/{process_id}/fd")).unwrap().count())
}

#[tokio::test]
async fn a_probe_that_is_kept_waiting_ends_at_its_deadline() {
    let silent = Tarpit::new(b"");
    let drip = Tarpit::new(b"HTTP/1.1 200 OK\r\nx-header: a very long one ");
    let late = failed(Cause::Silent, "no answer within 300ms");
    let mut probes = JoinSet::new();
    for (tarpit, kind, lines, expected) in [
        (&silent, "http", "", &late),
        (&silent, "https", "verify = false", &late),
        (&silent, "tls", "verify = false", &late),
        (&silent, "tcp", "expect = '+OK'", &late),
        (&silent, "grpc", "", &late),
        (&silent, "grpc", "tls = true\nverify = false", &late),
        (&silent, "dns", "query = 'example.com. A'", &late),
        (&drip, "http", "", &late),
        (&silent, "command", "command = ['/bin/sleep', '600']", &failed(Cause::Silent, "command did not end within 300ms")),
    ] {
        let (lines, address) = (format!("kind = '{kind}'\nport = {PORT}\n{SHORT}{lines}"), tarpit.address);
        let expected = expected.clone();
        probes.spawn(async move { (outcome(&lines, address).await, expected, lines) });
    }
    while let Some(probe) = probes.join_next().await {
        let (found, expected, lines) = probe.unwrap();
        assert_eq!(found, expected, "{lines}");
    }
}

#[test]
fn no_endpoint_and_no_program_holds_a_probe_or_makes_the_server_grow() {
    let silent = Tarpit::new(b"");
    let drip = Tarpit::new(b"HTTP/1.1 200 OK\r\nx-header: a very long one ");
    let big = Nginx::big(10 << 30);
    let elsewhere = Nginx::redirect("http://169.254.169.254/latest/meta-data/");
    let late = "no answer within 100ms";
    let shell = |script: &str| format!("kind = 'command'\ncommand = ['/bin/sh', '-c', '{script}']");
    let port = |kind: &str| format!("kind = '{kind}'\nport = {PORT}");
    let cases: Vec<(&str, IpAddr, String, Option<&str>)> = vec![
        ("silent-http", silent.address, port("http"), Some(late)),
        ("silent-https", silent.address, format!("{}\nverify = false\npath = '/healthz'", port("https")), Some(late)),
        ("silent-tls", silent.address, format!("{}\nverify = false", port("tls")), Some(late)),
        ("silent-tcp", silent.address, format!("{}\nexpect = '+OK'", port("tcp")), Some(late)),
        ("silent-grpc", silent.address, port("grpc"), Some(late)),
        ("silent-dns", silent.address, format!("{}\nquery = 'example.com. A'", port("dns")), Some(late)),
        ("drip-http", drip.address, port("http"), Some(late)),
        ("drip-tls", drip.address, format!("{}\nverify = false", port("tls")), Some("endpoint does not speak TLS on this port")),
        ("drip-tcp", drip.address, format!("{}\nexpect = '+OK'", port("tcp")), Some("answer is \"HTTP/1.1 200 OK")),
        ("big", big.address(), format!("{}\npath = '/big'", port("http")), None),
        (
            "big-searched",
            big.address(),
            format!("{}\npath = '/big'\nexpect = {{ body = 'well' }}", port("http")),
            Some("body does not hold \"well\" in its first 64 KiB"),
        ),
        ("elsewhere", elsewhere.address(), port("http"), Some("status 302, expected 2xx")),
        ("hangs", silent.address, shell("sleep 600"), Some("command did not end within 100ms")),
        ("forks", silent.address, shell("sleep 600 & exit 0"), None),
        ("floods", silent.address, shell("exec yes"), Some("command wrote more than 64 KiB")),
    ];
    let mut config = "[server]\nlisten = '127.0.0.1:0'\n".to_owned();
    let mut zone = ZONE_HEAD.to_owned();
    for (name, address, lines, reason) in &cases {
        // Who answers may take its time on a busy machine; who does not is probed often.
        let interval = if reason.is_some_and(|reason| reason.contains("100ms")) { "100ms" } else { "500ms" };
        config += &format!("[check.{name}]\ninterval = '{interval}'\nfall = 1\nrise = 1\n{lines}\n");
        config += &format!("[pool.{name}]\ncheck = '{name}'\nendpoints = {{ name = 'a', v4 = '{address}' }}\n");
        zone += &format!("\n{name} IN A 192.0.2.10\n_steer.{name} IN TXT {name}");
    }
    zone.push('\n');
    let folder = Folder::new([("signpost.toml", config.as_str()), ("zones/example.com.zone", &zone)]);
    let server = Server::start(&folder);

    silent.wait_for(PROBES_BEFORE * 5);
    let (before, files) = held(server.process_id());
    silent.wait_for(PROBES_BETWEEN * 5);
    let (after, files_after) = held(server.process_id());
    println!("{} probes later: {before} octets became {after}, {files} files {files_after}", PROBES_BETWEEN * cases.len());
    assert!(after <= before + GROWTH_MAX, "{before} octets became {after}");
    assert!(files_after <= files + FILES_MAX, "{files} files became {files_after}");

    let status = String::from_utf8(command(&folder, "status").stdout).unwrap();
    for (name, _, _, reason) in &cases {
        let row = status.lines().find(|line| line.starts_with(&format!("{name}/a "))).expect(&status);
        let verdict = if reason.is_some() { " down " } else { " up " };
        assert!(row.contains(verdict) && row.contains(reason.unwrap_or_default()), "{row}");
    }
}
