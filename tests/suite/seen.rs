//! What operators see of the real binary: `status` for people and for programs, filtered, and as it changes.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::mpsc;

use serde_json::Value;

use crate::harness::server::{Folder, Server, command_with};
use crate::harness::{PATIENCE, ZONE_HEAD, until};

/// Takes every connection for as long as the test runs.
fn listen(address: &str) -> u16 {
    let listener = TcpListener::bind(address).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    port
}

/// One endpoint that is up, one that is down at the same port, and one that nobody probes.
fn folder() -> (Folder, u16) {
    let port = listen("127.0.0.1:0");
    let config = format!(
        r#"
[server]
listen = "127.0.0.1:0"

[check.web]
kind = "tcp"
port = {port}
interval = "200ms"
timeout = "200ms"
rise = 1
fall = 1

[pool.eu]
check = "web"
endpoints = [{{ name = "fra-1", v4 = "127.0.0.1" }}, {{ name = "fra-2", v4 = "127.0.0.2" }}]

[pool.us]
endpoints = {{ name = "iad-1", v4 = "192.0.2.11" }}

[policy.web]
choose = "failover"
from = ["eu", "us"]
"#
    );
    let zone =
        format!("{ZONE_HEAD}\nwww IN A 192.0.2.99\n_steer.www IN TXT \"eu\"\nall IN A 192.0.2.99\n_steer.all IN TXT \"web\"\n");
    (Folder::new([("signpost.toml", config.as_str()), ("zones/example.com.zone", &zone)]), port)
}

fn json(folder: &Folder, arguments: &[&str]) -> Value {
    let output = command_with(folder, "status", &[&["--json"], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn names(status: &Value) -> Vec<String> {
    let name = |row: &Value| format!("{}/{}", row["pool"].as_str().unwrap(), row["endpoint"].as_str().unwrap());
    status["endpoints"].as_array().unwrap().iter().map(name).collect()
}

#[test]
fn status_tells_the_worst_first_and_what_is_asked_for_alone() {
    let (folder, port) = folder();
    let _server = Server::start(&folder);
    assert_eq!(command_with(&folder, "drain", &["us/iad-1", "--reason", "new kernel", "--until", "2h"]).status.code(), Some(0));
    let status = until("the dead one is down", || Some(json(&folder, &[])).filter(|status| status["count"]["down"] == 1));
    assert_eq!(names(&status), ["eu/fra-2", "us/iad-1", "eu/fra-1"]);
    let [dead, drained, well] = [0, 1, 2].map(|index| &status["endpoints"][index]);
    assert_eq!((&dead["verdict"], &dead["probe"]["last_error"]["reason"]), (&"down".into(), &"connection refused".into()));
    assert_eq!((&dead["probe"]["port"], &dead["address"]), (&port.into(), &"127.0.0.2".into()));
    assert!(dead["probe"]["since"]["seconds"].as_f64().unwrap() <= 0.0, "{dead}");
    assert_eq!(
        (&drained["verdict"], &drained["out"], &drained["share_percent"]),
        (&"unprobed".into(), &true.into(), &0.0.into())
    );
    assert_eq!((&drained["orders"][0]["order"], &drained["orders"][0]["reason"]), (&"drain".into(), &"new kernel".into()));
    assert!(drained["orders"][0]["until"]["seconds"].as_f64().unwrap() > 7000.0, "{drained}");
    assert!(well["probe"]["latency_seconds"].as_f64().is_some() && well["probe"]["next_probe"]["at"].is_string(), "{well}");

    for (arguments, expected) in [
        (["eu"].as_slice(), ["eu/fra-2", "eu/fra-1"].as_slice()),
        (&["*/fra-1"], &["eu/fra-1"]),
        (&["127.0.0.2", "us"], &["eu/fra-2", "us/iad-1"]),
        (&["web"], &["eu/fra-2", "us/iad-1", "eu/fra-1"]),
        (&["www.example.com"], &["eu/fra-2", "eu/fra-1"]),
        (&["example.com"], &["eu/fra-2", "us/iad-1", "eu/fra-1"]),
        (&["--down"], &["eu/fra-2", "us/iad-1"]),
        (&["eu", "--down"], &["eu/fra-2"]),
        (&["--alarms"], &[]),
    ] {
        let status = json(&folder, arguments);
        assert_eq!(names(&status), expected, "{arguments:?}");
        assert_eq!(status["count"]["addresses"], 3, "all are counted, whatever is shown");
    }
    let output = command_with(&folder, "status", &["eu/fra-3"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("but found \"eu/fra-3\"\n  help: did you mean \"eu/fra-"), "{said}");
    let text = String::from_utf8(command_with(&folder, "status", &[]).stdout).unwrap();
    assert!(text.contains("\n  3 addresses: 1 up, 1 down, 1 unprobed, 1 out by order\n"), "{text}");
    assert!(text.contains("drain, ends in 1h59m (new kernel)") || text.contains("drain, ends in 2h (new kernel)"), "{text}");
    assert!(!text.contains('\x1b'), "no colours where there is no terminal: {text}");
}

#[test]
fn a_watch_without_a_terminal_tells_changes_alone() {
    let (folder, port) = folder();
    let server = Server::start(&folder);
    until("the dead one is down", || (json(&folder, &[])["count"]["down"] == 1).then_some(()));
    let mut watch = Command::new(env!("CARGO_BIN_EXE_signpost"));
    watch.args(["status", "--watch", "eu"]).current_dir(folder.path("")).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut watch = watch.spawn().unwrap();
    let (sender, lines) = mpsc::channel();
    let mut out = BufReader::new(watch.stdout.take().unwrap());
    std::thread::spawn(move || {
        let mut line = String::new();
        while out.read_line(&mut line).is_ok_and(|length| length > 0) && sender.send(std::mem::take(&mut line)).is_ok() {}
        out.read_to_string(&mut line)
    });
    let next = |part: &str| loop {
        let line = lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no line has {part:?}"));
        if line.contains(part) {
            return line;
        }
    };
    // The first look is told whole.
    next("eu/fra-2");
    next("eu/fra-1");
    listen(&format!("127.0.0.2:{port}"));
    let line = next("eu/fra-2 ");
    assert!(line.ends_with("Z eu/fra-2 127.0.0.2 was down, is up\n"), "{line}");
    assert_eq!(command_with(&folder, "force", &["down", "eu/fra-1"]).status.code(), Some(0));
    assert!(next("eu/fra-1 ").ends_with(" 127.0.0.1 is ordered: force down\n"));
    drop(server);
    assert!(next("error: ").contains("no server listens"), "and it goes on");
    watch.kill().unwrap();
    watch.wait().unwrap();
}
