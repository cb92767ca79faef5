//! Connections that strangers misuse: they come to say nothing, do not read, break off, promise more than they send, and take all
//! descriptors. Honest clients go on to be answered, nothing grows, and the counters add up.
//!
//! How long the server's patience lasts is tested on a paused clock, beside `transport/connection`.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};

use signpost::answer::Transport;
use signpost::metrics::{CONNECTIONS_ENDED, Counter, Loss};
use signpost::transport::Caps;
use signpost::wire::RrType;
use socket2::{Domain, SockRef, Socket, Type};

use super::doors::{Doors, over_tcp};
use super::{CAPS, SERVING, ended_well, through, world};
use crate::harness::client::framed;
use crate::harness::server::Server;
use crate::harness::{PATIENCE, until};
use crate::scenario::door;
use crate::scenario::query::Query;

/// Connections in all that the door under test admits.
const ROOM: usize = 100;
/// File descriptors of a process that is short of them.
const DESCRIPTORS: usize = 64;

fn open() -> Doors {
    Doors::open(SERVING.clone(), Caps { connections: ROOM, ..CAPS })
}

fn short() -> Vec<u8> {
    Query::new("www.example.com.", RrType::A).octets()
}

/// Some 30 KiB are the answer.
fn long() -> Vec<u8> {
    Query::new("mx.example.com.", RrType::MX).octets()
}

/// A connection from this address of loopback.
fn connect(server: SocketAddr, from: [u8; 4], receive_buffer: Option<usize>) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    if let Some(length) = receive_buffer {
        socket.set_recv_buffer_size(length).unwrap();
    }
    socket.bind(&SocketAddr::from((IpAddr::from(from), 0)).into()).unwrap();
    socket.connect(&server.into()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.set_write_timeout(Some(PATIENCE)).unwrap();
    socket.into()
}

/// An honest client is answered.
#[track_caller]
fn is_answered(server: SocketAddr) {
    let query = short();
    let reply = through(Transport::Stream, &query);
    assert!(reply.is_some());
    assert_eq!(over_tcp(server, &[&query]), [reply]);
}

fn open_now(doors: &Doors) -> u64 {
    let totals = doors.totals();
    totals.of(Counter::Connections) - totals.sum(CONNECTIONS_ENDED)
}

#[test]
fn who_says_nothing_takes_no_room_from_others() {
    let doors = open();
    let mut idle: Vec<TcpStream> = Vec::new();
    for number in 0..1000_u16 {
        // One source has many; then many sources have some each.
        let source = if number < 500 { 2 } else { 3 + (number % 50) as u8 };
        idle.push(connect(doors.address(), [127, 0, 1, source], None));
        if number % 100 == 99 {
            is_answered(doors.address());
        }
    }
    until("the door keeps its caps", || (open_now(&doors) <= ROOM as u64).then_some(()));
    until("all are counted", || (doors.totals().of(Counter::Connections) == 1000 + 10).then_some(()));
    drop(idle);
    let totals = doors.close();
    assert_eq!((totals.of(Counter::QueriesStream), totals.of(Loss::Send)), (10, 0));
}

#[test]
fn who_does_not_read_is_cut_and_holds_nobody_up() {
    let doors = open();
    let queries = framed(&long()).repeat(100);
    // With a window of its usual size, and with one that closes at once.
    let writers = [None, Some(1)].map(|buffer| {
        let (mut stream, queries) = (connect(doors.address(), [127, 0, 0, 1], buffer), queries.clone());
        std::thread::spawn(move || while stream.write_all(&queries).is_ok() {})
    });
    until("replies are in hand", || (doors.totals().of(Counter::QueriesStream) > 0).then_some(()));
    is_answered(doors.address());
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    until("both are cut", || (doors.totals().of(Counter::ConnectionsUnread) == 2).then_some(()));
    is_answered(doors.address());
    let totals = doors.close();
    assert!(totals.of(Loss::Send) > 0, "what they did not take is lost, and counted");
    assert!(totals.of(Counter::QueriesStream) < 2000, "nobody answers on and on");
}

#[test]
fn who_breaks_off_harms_only_himself() {
    let doors = open();
    let queries = framed(&long()).repeat(20);
    for number in 0..60 {
        let mut stream = connect(doors.address(), [127, 0, 0, 1], None);
        match number % 3 {
            // Before anything is said, in the middle of a query, and in the middle of the replies.
            0 => {}
            1 => stream.write_all(&queries[..queries.len() - 5]).unwrap(),
            _ => {
                stream.write_all(&queries).unwrap();
                stream.read_exact(&mut [0; 1000]).unwrap();
            }
        }
        // A reset, not an orderly end.
        SockRef::from(&stream).set_linger(Some(std::time::Duration::ZERO)).unwrap();
    }
    is_answered(doors.address());
    until("all are counted", || (doors.totals().of(Counter::Connections) == 61).then_some(()));
    until("all are over", || (open_now(&doors) == 0).then_some(()));
    doors.close();
}

#[test]
fn a_frame_that_promises_more_than_comes_gets_nothing() {
    let doors = open();
    let query = short();
    for promised in [1, 12, query.len() + 1, 4096] {
        let mut stream = connect(doors.address(), [127, 0, 0, 1], None);
        let length = u16::try_from(promised).unwrap().to_be_bytes();
        let sent = &query[..query.len().min(promised - 1)];
        stream.write_all(&[&length, sent].concat()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(stream.read_to_end(&mut Vec::new()).unwrap(), 0);
    }
    is_answered(doors.address());
    let totals = doors.close();
    assert_eq!(totals.of(Counter::QueriesStream), 1, "half a query is none");
}

#[test]
fn who_takes_all_descriptors_does_not_close_the_door() {
    let server = Server::start_with_files(&door::folder(&world(), CAPS.udp_payload), DESCRIPTORS);
    let mut idle = Vec::new();
    for source in 2..12 {
        idle.extend((0..15).map(|_| connect(server.address(), [127, 0, 1, source], None)));
    }
    assert!(idle.len() > 2 * DESCRIPTORS);
    is_answered(server.address());
    until("it has run out of descriptors", || server.log().contains("connections can't be accepted").then_some(()));
    drop(idle);
    is_answered(server.address());
    ended_well(server);
}
