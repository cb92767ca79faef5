//! `[notify]` with the real binary: a program and a server that are told what changes, and what happens where they take nothing.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc;

use serde_json::Value;

use crate::harness::server::{Folder, Server, command_with};
use crate::harness::{PATIENCE, ZONE_HEAD, until};

/// Takes connections and closes them, until it is dropped or told to end.
struct Endpoint(TcpListener, u16);

impl Endpoint {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        Self(listener, port)
    }
}

/// A server with one probed endpoint, and with this in its `[notify]`.
fn folder(port: u16, notify: &str) -> Folder {
    let config = format!(
        r#"
[server]
listen = "127.0.0.1:0"
identity = "ns1"

[notify]
{notify}

[check.web]
kind = "tcp"
port = {port}
interval = "200ms"
timeout = "200ms"
rise = 1
fall = 1

[pool.eu]
check = "web"
endpoints = {{ name = "fra-1", v4 = "127.0.0.1" }}
"#
    );
    Folder::new([("signpost.toml", config.as_str()), ("zones/example.com.zone", ZONE_HEAD)])
}

fn program(folder: &Folder, name: &str, text: &str) {
    folder.write(name, text);
    fs::set_permissions(folder.path(name), fs::Permissions::from_mode(0o755)).unwrap();
}

/// What is posted to a server, each answered with the next of these statuses and then with 204.
fn posts(statuses: &[&'static str]) -> (String, mpsc::Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/signpost", listener.local_addr().unwrap());
    let (sender, posts) = mpsc::channel();
    let statuses = statuses.to_vec();
    std::thread::spawn(move || {
        let mut statuses = statuses.into_iter();
        for stream in listener.incoming() {
            let post = answer(stream.unwrap(), statuses.next().unwrap_or("204 No Content"));
            if sender.send(post).is_err() {
                return;
            }
        }
    });
    (url, posts)
}

fn answer(stream: TcpStream, status: &str) -> Value {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut reader = BufReader::new(&stream);
    let (mut length, mut head) = (0, String::new());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
        head += &line;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    assert!(head.starts_with("POST /signpost HTTP/1.1\r\n"), "{head}");
    assert!(head.to_ascii_lowercase().contains("content-type: application/json"), "{head}");
    write!(&stream, "HTTP/1.1 {status}\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n").unwrap();
    serde_json::from_slice(&body).unwrap()
}

fn alarms(folder: &Folder) -> Vec<String> {
    let status = command_with(folder, "status", &["--json", "--alarms"]);
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    let words = |alarm: &Value| format!("{} {}: {}", alarm["name"], alarm["subject"], alarm["text"]).replace('"', "");
    status["alarms"].as_array().unwrap().iter().map(words).collect()
}

#[test]
fn a_program_and_a_server_are_told_what_changes() {
    let Endpoint(listener, port) = Endpoint::new();
    // A redirect is no delivery, and is not followed; then it is tried again.
    let (url, posts) = posts(&["307 Temporary Redirect"]);
    let folder = folder(port, &format!("command = [\"./tell\", \"on call\"]\nwebhook = \"{url}\"\n"));
    program(
        &folder,
        "tell",
        "#!/bin/sh\nd=$(dirname \"$0\")\n(cat; echo; echo \"$1|$SIGNPOST_SUMMARY|$SIGNPOST_DOWN|$HOME\") >> \"$d/told\"\n",
    );
    let _server = Server::start(&folder);
    drop(listener);
    let first = posts.recv_timeout(PATIENCE).unwrap();
    let again = posts.recv_timeout(PATIENCE).unwrap();
    assert_eq!(first, again, "what is tried again is the same");
    assert_eq!((&first["format"], &first["server"], &first["left_out"]), (&1.into(), &"ns1".into(), &0.into()));
    let notice = &first["notices"][0];
    assert_eq!(first["notices"].as_array().unwrap().len(), 1, "the first pass of a start is no news: {first}");
    assert_eq!((&notice["kind"], &notice["verdict"]), (&"verdict".into(), &"down".into()));
    assert_eq!((&notice["endpoints"][0], &notice["reason"]), (&"eu/fra-1".into(), &"connection refused".into()));
    let told = || fs::read_to_string(folder.path("told")).unwrap_or_default();
    let told = until("the program was told", || Some(told()).filter(|told| told.lines().count() >= 2));
    let (json, words) = told.split_once('\n').unwrap();
    assert_eq!(serde_json::from_str::<Value>(json).unwrap()["notices"], first["notices"]);
    assert_eq!(words, "on call|eu/fra-1 127.0.0.1 is down: connection refused|1|\n", "and no other variable");
    let _revived = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let back = posts.recv_timeout(PATIENCE).unwrap();
    assert_eq!((&back["notices"][0]["verdict"], &back["notices"][0]["reason"]), (&"up".into(), &Value::Null));
}

#[test]
fn who_takes_nothing_holds_up_nobody_and_is_an_alarm_until_he_does() {
    let Endpoint(listener, port) = Endpoint::new();
    let (url, posts) = posts(&[]);
    let folder = folder(port, &format!("command = \"./hang\"\nwebhook = \"{url}\"\ntimeout = \"300ms\"\n"));
    program(&folder, "hang", "#!/bin/sh\necho $$ > \"$(dirname \"$0\")/pid\"\nsleep 1000\n");
    let _server = Server::start(&folder);
    drop(listener);
    assert_eq!(posts.recv_timeout(PATIENCE).unwrap()["notices"][0]["verdict"], "down");
    let expected =
        "notices-undelivered command: notices are lost: command did not end within 300ms; look after [notify] or who takes them";
    until("the alarm is on", || (alarms(&folder) == [expected]).then_some(()));
    let raised = posts.recv_timeout(PATIENCE).unwrap();
    assert_eq!((&raised["notices"][0]["alarm"], &raised["notices"][0]["on"]), (&"notices-undelivered".into(), &true.into()));
    let pid = fs::read_to_string(folder.path("pid")).unwrap();
    until("the program is killed", || (!fs::exists(format!("/proc/{}", pid.trim())).unwrap()).then_some(()));

    program(&folder, "hang", "#!/bin/sh\ncat > \"$(dirname \"$0\")/told\"\n");
    let _revived = TcpListener::bind(("127.0.0.1", port)).unwrap();
    until("the alarm is over", || alarms(&folder).is_empty().then_some(()));
    let told: Value = serde_json::from_slice(&fs::read(folder.path("told")).unwrap()).unwrap();
    assert!(told["left_out"].as_u64().unwrap() >= 1, "it is told how much it missed: {told}");
}
