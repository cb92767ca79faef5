//! Checks that keep a connection open (`watch = true`): a killed endpoint is seen by the end of its connection, long before the
//! next probe, and an endpoint that only closes idle connections stays up.

use std::fs;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hickory_proto::rr::RecordType;

use crate::harness::client::{addresses, ask, query};
use crate::harness::endpoint::{Nginx, PORT, address};
use crate::harness::server::{Folder, Server};
use crate::harness::{ZONE_HEAD, until};

/// A policy that prefers the first endpoint, which is watched, to the second, which is not even probed.
fn first_of(check: &str, first: IpAddr, second: IpAddr) -> Folder {
    let config = format!(
        r#"
[server]
listen = "127.0.0.1:0"

[check.web]
{check}
fall = 1
rise = 1
watch = true

[pool.eu]
check = "web"
endpoints = {{ name = "fra-1", v4 = "{first}" }}

[pool.us]
endpoints = {{ name = "iad-1", v4 = "{second}" }}

[policy.first]
choose = "failover"
from = ["eu", "us"]
"#
    );
    let zone = format!("{ZONE_HEAD}\nwww IN A 192.0.2.10\n_steer.www IN TXT \"first\"\n");
    Folder::new([("signpost.toml", config.as_str()), ("zones/example.com.zone", &zone)])
}

fn answered(server: &Server) -> IpAddr {
    let reply = ask(server.address(), &query("www.example.com.", RecordType::A));
    *addresses(&reply).first().unwrap()
}

/// How many connections to an address and port stand, as the kernel tells it.
fn connections_to(address: IpAddr, port: u16) -> usize {
    let IpAddr::V4(address) = address else { panic!("an IPv4 address") };
    // Addresses are written in the byte order of the machine; 01 is an established connection.
    let remote = format!("{:08X}:{port:04X}", u32::from_ne_bytes(address.octets()));
    let table = fs::read_to_string("/proc/self/net/tcp").unwrap();
    let stands = |line: &&str| {
        let mut fields = line.split_whitespace().skip(2);
        fields.next() == Some(&remote) && fields.next() == Some("01")
    };
    table.lines().filter(stands).count()
}

/// The next probe is due within an hour: what is seen before the test's patience ends was seen by the connection's end.
#[test]
fn a_killed_endpoint_is_seen_by_the_end_of_its_connection() {
    for kind in ["tcp", "http"] {
        let mut eu = Nginx::http();
        let us = address();
        let folder = first_of(&format!("kind = \"{kind}\"\nport = {PORT}\ninterval = \"1h\""), eu.address(), us);
        let server = Server::start(&folder);
        assert_eq!(answered(&server), eu.address());
        until("the endpoint is watched", || (connections_to(eu.address(), PORT) == 1).then_some(()));
        let log = server.log_after("endpoint is down", || eu.kill());
        assert!(log.contains("reason=\"connection refused\""), "the recheck tells why: {log}");
        until("the other endpoint is answered", || (answered(&server) == us).then_some(()));
    }
}

/// Each close is rechecked at once, and the endpoint answers: nothing changes, though one failure would be enough.
#[test]
fn an_endpoint_that_closes_idle_connections_stays_up() {
    const ENOUGH: usize = 6;
    let endpoint = address();
    let listener = TcpListener::bind((endpoint, PORT)).unwrap();
    let closed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&closed);
    std::thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let count = Arc::clone(&count);
            std::thread::spawn(move || {
                connection.set_read_timeout(Some(Duration::from_millis(250))).unwrap();
                // A probe breaks off at once; what stays idle is closed from here.
                if connection.read(&mut [0]).is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock) {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    let folder = first_of(&format!("kind = \"tcp\"\nport = {PORT}\ninterval = \"100ms\""), endpoint, Ipv4Addr::LOCALHOST.into());
    let server = Server::start(&folder);
    until("idle connections are closed", || (closed.load(Ordering::Relaxed) >= ENOUGH).then_some(()));
    assert_eq!(answered(&server), endpoint);
    assert!(!server.log().contains("endpoint is down"), "{}", server.log());
}
