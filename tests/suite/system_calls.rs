//! System calls on the way of an answer, as strace counts them: one to receive a batch, one to send its replies, and no other.

use std::fs;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;

use crate::harness::client::{ask, query, query_for, query_with_payload, receive, udp};
use crate::harness::server::{Folder, Server};
use crate::harness::{WORLD, ZONE_HEAD, until};

/// Queries that are asked one after the other.
const ROUNDS: usize = 250;
/// Queries that wait for the server together.
const CROWD: usize = 200;

const CONFIG: &str = r#"
[pool.fra]
location = "FRA"
endpoints = [{ name = "1", v4 = "198.51.100.1", weight = 3 }, { name = "2", v4 = "198.51.100.2", weight = 5 }]
[pool.iad]
location = "IAD"
endpoints = { name = "3", v4 = "198.51.100.3" }
[policy.web]
choose = "nearest"
from = ["fra", "iad"]
"#;

/// What one thread has asked of the system.
struct Calls(Vec<(String, i64)>);

impl Calls {
    fn read(text: &str) -> Self {
        let call = |line: &str| {
            let (name, _) = line.split_once('(')?;
            let (_, result) = line.rsplit_once(" = ")?;
            let result = result.split(' ').next()?;
            // Calls that are printed raw give hexadecimal numbers; what a signal broke off gives none.
            let result = result.strip_prefix("0x").map_or_else(|| result.parse(), |hex| i64::from_str_radix(hex, 16));
            Some((name.to_owned(), result.unwrap_or(-1)))
        };
        Self(text.lines().filter(|line| !line.starts_with(['-', '+'])).filter_map(call).collect())
    }

    fn done(&self, name: &str) -> Vec<i64> {
        self.0.iter().filter(|(called, result)| called == name && *result > 0).map(|(_, result)| *result).collect()
    }

    /// The calls that are neither.
    fn others(&self) -> Vec<&str> {
        let names = self.0.iter().map(|(name, _)| name.as_str());
        names.filter(|name| !["recvmmsg", "sendmmsg"].contains(name)).collect()
    }
}

/// A server under strace, and what its one UDP worker does.
struct Traced {
    folder: Folder,
    server: Server,
    thread: String,
}

impl Traced {
    fn start() -> Self {
        let config = format!("[server]\nlisten = \"127.0.0.1:0\"\nthreads = 1\nwatch = false\ngeoip = \"{WORLD}\"\n{CONFIG}");
        let zone = format!("{ZONE_HEAD}\nwww IN A 192.0.2.1\n_steer.www IN TXT \"web\"\nalias IN CNAME www\n");
        let folder = Folder::new([("signpost.toml", config.as_str()), ("zones/example.com.zone", zone.as_str())]);
        let server = Server::start_traced(&folder);
        // A thread is named by itself, once it runs.
        let is_worker =
            |task: &fs::DirEntry| fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name.trim() == "udp-0");
        let thread = until("the worker runs", || {
            let tasks = fs::read_dir(format!("/proc/{}/task", server.process_id())).unwrap().map(Result::unwrap);
            tasks.into_iter().find(is_worker).map(|task| task.file_name().into_string().unwrap())
        });
        Self { folder, server, thread }
    }

    /// What it did for these queries, after what a thread does once, for the first ones.
    fn calls(&self, first: usize, queries: usize, deed: impl FnOnce()) -> Calls {
        let path = self.folder.path(&format!("calls.{}", self.thread));
        // A reply is here before strace has told of it.
        let told = |count: usize| {
            until("strace tells of every reply", || {
                let calls = Calls::read(&fs::read_to_string(&path).unwrap());
                (calls.done("sendmmsg").iter().sum::<i64>() as usize >= count).then_some(calls)
            })
        };
        let before = told(first).0.len();
        deed();
        Calls(told(first + queries).0.split_off(before))
    }

    fn state(&self) -> char {
        let path = format!("/proc/{}/task/{}/stat", self.server.process_id(), self.thread);
        let text = fs::read_to_string(path).unwrap();
        text.rsplit_once(") ").unwrap().1.chars().next().unwrap()
    }
}

#[test]
fn a_batch_is_two_system_calls() {
    let traced = Traced::start();
    let address = traced.server.address();
    let messages = [
        query("ns1.example.com.", RecordType::A),
        query_with_payload("nothing.example.com.", RecordType::A, 1232),
        query_with_payload("alias.example.com.", RecordType::ANY, 1232),
        query_for("www.example.com.", RecordType::A, "81.2.69.0".parse().unwrap(), 24),
    ];
    messages.iter().for_each(|message| assert_ne!(ask(address, message).metadata.response_code, ResponseCode::ServFail));
    let calls = traced.calls(messages.len(), ROUNDS * messages.len(), || {
        (0..ROUNDS).for_each(|_| messages.iter().for_each(|message| drop(ask(address, message))));
    });
    assert_eq!(calls.others(), [""; 0]);
    for name in ["recvmmsg", "sendmmsg"] {
        assert_eq!(calls.done(name), vec![1; ROUNDS * messages.len()], "{name}");
    }
}

#[test]
fn queries_that_wait_are_one_batch() {
    let traced = Traced::start();
    let message = query("ns1.example.com.", RecordType::A);
    ask(traced.server.address(), &message);
    let socket = udp(traced.server.address());
    let calls = traced.calls(1, CROWD, || {
        traced.server.signal("STOP");
        until("the worker stops", || "tT".contains(traced.state()).then_some(()));
        (0..CROWD).for_each(|_| assert!(socket.send(&message.to_vec().unwrap()).is_ok()));
        traced.server.signal("CONT");
        (0..CROWD).for_each(|_| drop(receive(&socket)));
    });
    assert_eq!(calls.others(), [""; 0]);
    let batches = calls.done("recvmmsg");
    assert_eq!(batches.iter().sum::<i64>(), CROWD as i64);
    assert_eq!(calls.done("sendmmsg"), batches, "each batch of replies is sent at once");
    assert!(batches.len() * 8 < CROWD, "{batches:?}");
}
