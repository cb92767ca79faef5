//! Many queries to one server: some on their way at a time, asked again until each has its reply; over TCP what was truncated.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use crate::harness::client;

/// Queries on their way at a time: their replies fit a socket's buffer.
const WINDOW: usize = 64;
/// A reply later than this is taken for lost, and its query repeated.
const LOST: Duration = Duration::from_millis(1500);
/// Losses in a row after which the server is taken for dead.
const LOSSES_MAX: usize = 10;

/// The reply to each query over UDP; the queries' ids are overwritten.
pub(super) fn over_udp(server: SocketAddr, queries: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let socket = client::udp(server);
    socket.set_read_timeout(Some(LOST)).unwrap();
    let mut replies = vec![Vec::new(); queries.len()];
    let mut waiting: HashMap<u16, usize> = HashMap::with_capacity(WINDOW);
    let (mut next, mut losses) = (0, 0);
    let mut room = vec![0; 65_535];
    while next < queries.len() || !waiting.is_empty() {
        while waiting.len() < WINDOW && next < queries.len() {
            waiting.insert(next as u16, next);
            send(&socket, &queries[next], next);
            next += 1;
        }
        let Ok(length) = socket.recv(&mut room) else {
            losses += 1;
            assert!(losses < LOSSES_MAX, "no reply to {:?}", waiting.values().next().map(|at| &queries[*at]));
            waiting.values().for_each(|&at| send(&socket, &queries[at], at));
            continue;
        };
        losses = 0;
        let answered = id_of(&room[..length]).and_then(|id| Some((id, *waiting.get(&id)?)));
        // A reply to a query that was repeated comes twice; by then its id may be another one's.
        if let Some((id, at)) = answered.filter(|(_, at)| is_about(&room[..length], &queries[*at])) {
            waiting.remove(&id);
            replies[at] = room[..length].to_vec();
        }
    }
    replies
}

/// The reply to each query over one TCP connection.
pub(super) fn over_tcp(server: SocketAddr, queries: &[&Vec<u8>]) -> Vec<Vec<u8>> {
    let mut stream = client::tcp(server);
    let mut replies = vec![Vec::new(); queries.len()];
    for (from, batch) in queries.chunks(WINDOW).enumerate() {
        let framed: Vec<u8> =
            batch.iter().enumerate().flat_map(|(at, query)| client::framed(&with_id(query, at as u16))).collect();
        stream.write_all(&framed).unwrap();
        for _ in batch {
            let mut length = [0; 2];
            stream.read_exact(&mut length).unwrap();
            let mut reply = vec![0; usize::from(u16::from_be_bytes(length))];
            stream.read_exact(&mut reply).unwrap();
            let at = from * WINDOW + usize::from(id_of(&reply).unwrap());
            replies[at] = reply;
        }
    }
    replies
}

fn send(socket: &UdpSocket, query: &[u8], at: usize) {
    socket.send(&with_id(query, at as u16)).unwrap();
}

fn with_id(query: &[u8], id: u16) -> Vec<u8> {
    [&id.to_be_bytes(), &query[2..]].concat()
}

fn id_of(message: &[u8]) -> Option<u16> {
    message.first_chunk().map(|id| u16::from_be_bytes(*id))
}

/// Whether the reply has the query's name in it, in whatever case: what differs beyond that is to be seen, not thrown away.
fn is_about(reply: &[u8], query: &[u8]) -> bool {
    let name = query[12..].split_inclusive(|octet| *octet == 0).next().unwrap_or_default();
    reply.get(12..12 + name.len()).is_some_and(|echo| echo.eq_ignore_ascii_case(name))
}
