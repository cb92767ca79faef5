//! Many messages through a door at once: windows over UDP, pipelines over TCP, and both doors in this process with their counters.

use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use signpost::metrics::{CONNECTIONS_ENDED, Counter, Registry, Totals};
use signpost::serving::Current;
use signpost::snapshot::Serving;
use signpost::transport::{Caps, Transport, bind};

use crate::harness::client::{framed, tcp, udp};

/// Messages in flight: what the smallest buffers of a socket hold, even if each is as long as it can be.
const WINDOW: usize = 16;
/// Queries in flight that are short, and so are their replies.
const WINDOW_OF_SHORT: usize = 128;
/// What has no reply after this is sent again; a busy machine takes its time.
const LOST: Duration = Duration::from_secs(10);
/// How often.
const ATTEMPTS: usize = 5;
/// Messages on one connection.
const PIPELINE: usize = 512;

/// What came back for each message, and how many were sent in all.
pub(crate) struct Heard {
    pub replies: Vec<Option<Vec<u8>>>,
    pub sent: usize,
}

/// Each message gets an id of its own, if it is long enough to have one.
pub(crate) fn number(messages: &mut [Vec<u8>]) {
    for (number, message) in messages.iter_mut().enumerate() {
        if let Some(id) = message.first_chunk_mut::<2>() {
            *id = id_of(number);
        }
    }
}

/// Ids of neighbours differ; those from ff00 on belong to sentinels.
fn id_of(number: usize) -> [u8; 2] {
    ((number % 0xff00) as u16).to_be_bytes()
}

/// All messages over UDP, to a server with one worker: it answers in order, so a sentinel behind each window tells what got no reply.
pub(crate) fn over_udp(server: SocketAddr, messages: &[&[u8]]) -> Heard {
    let mut heard = Heard { replies: Vec::new(), sent: 0 };
    for (number, window) in messages.chunks(WINDOW).enumerate() {
        let sentinel = [&[0xff, number as u8], &b"\0\0\0\x01\0\0\0\0\0\0\0\0\x02\0\x01"[..]].concat();
        let all: Vec<&[u8]> = window.iter().copied().chain([sentinel.as_slice()]).collect();
        let (replies, sent) = exchange(server, &all, |replies| replies.contains_key(&sentinel[..2]));
        let reply = |message: &&[u8]| message.get(..2).and_then(|id| replies.get(id)).cloned();
        heard.replies.extend(window.iter().map(reply));
        heard.sent += sent;
    }
    heard
}

/// Queries that all have a reply, which is short.
pub(crate) fn all_over_udp(server: SocketAddr, queries: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut heard = Vec::new();
    for window in queries.chunks(WINDOW_OF_SHORT) {
        let (mut replies, _) = exchange(server, window, |replies| replies.len() == window.len());
        heard.extend(window.iter().map(|query| replies.remove(&query[..2]).expect("a reply to each")));
    }
    heard
}

/// Sends all of them, again if that takes too long, until `done`; the replies by their ids, and how many were sent.
fn exchange(
    server: SocketAddr,
    messages: &[&[u8]],
    done: impl Fn(&HashMap<Vec<u8>, Vec<u8>>) -> bool,
) -> (HashMap<Vec<u8>, Vec<u8>>, usize) {
    let socket = udp(server);
    socket.set_read_timeout(Some(LOST)).unwrap();
    let (mut replies, mut room) = (HashMap::new(), vec![0; 65_535]);
    for attempt in 1..=ATTEMPTS {
        for message in messages {
            assert_eq!(socket.send(message).unwrap(), message.len());
        }
        while !done(&replies) {
            match socket.recv(&mut room) {
                Ok(length) => drop(replies.insert(room[..2].to_vec(), room[..length].to_vec())),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
                Err(error) => panic!("{error}"),
            }
        }
        if done(&replies) {
            return (replies, messages.len() * attempt);
        }
    }
    panic!("lost {ATTEMPTS} times: {messages:02x?}");
}

/// The replies on a connection, in order.
pub(crate) fn over_tcp(server: SocketAddr, messages: &[&[u8]]) -> Vec<Option<Vec<u8>>> {
    messages.chunks(PIPELINE).flat_map(|pipeline| pipelined(server, pipeline)).collect()
}

fn pipelined(server: SocketAddr, messages: &[&[u8]]) -> Vec<Option<Vec<u8>>> {
    let mut stream = tcp(server);
    let octets: Vec<u8> = messages.iter().flat_map(|message| framed(message)).collect();
    let mut received = Vec::new();
    std::thread::scope(|scope| {
        let mut writer = stream.try_clone().unwrap();
        scope.spawn(move || {
            // The server may have hung up in the middle.
            let _ = writer.write_all(&octets);
            let _ = writer.shutdown(Shutdown::Write);
        });
        // A reset ends it, too; what came before is kept.
        let _ = stream.read_to_end(&mut received);
    });
    let mut rest = received.as_slice();
    let mut next = || {
        let (length, behind) = rest.split_first_chunk::<2>()?;
        let (reply, behind) = behind.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        rest = behind;
        Some(reply.to_vec())
    };
    let replies = messages.iter().map(|_| next()).collect();
    assert!(rest.is_empty(), "more replies than queries");
    replies
}

/// Both doors, in this process.
pub(crate) struct Doors {
    transport: Transport,
    registry: Registry,
}

impl Doors {
    pub(crate) fn open(serving: Serving, caps: Caps) -> Self {
        let bound = bind(&["127.0.0.1:0".parse().unwrap()], NonZeroUsize::MIN).unwrap();
        let registry = Registry::default();
        let transport = bound.start(&Arc::new(Current::new(serving)), &registry, caps).unwrap();
        Self { transport, registry }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.transport.local_addrs()[0]
    }

    pub(crate) fn totals(&self) -> Totals {
        self.registry.totals()
    }

    /// Closes them; the counters, which add up.
    pub(crate) fn close(self) -> Totals {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(self.transport.stop());
        let totals = self.registry.totals();
        assert_eq!(totals.in_hand(), 0, "queries = replies + drops");
        assert_eq!(totals.of(Counter::Connections), totals.sum(CONNECTIONS_ENDED), "connections = their ends");
        assert_eq!(totals.of(Counter::Restarts), 0, "no worker died");
        totals
    }
}
