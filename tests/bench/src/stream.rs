//! The generator over TCP: a few connections, each with several queries under way.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use crate::Failure;
use crate::load::{Tally, Until};
use crate::work::{Judge, Query};

/// Connections at a time.
const CONNECTIONS: usize = 8;
/// Queries under way on each.
const PIPELINE: u64 = 24;

/// Connections to one server, and the queries that go over them.
pub struct Streams<'q> {
    connections: Vec<Connection>,
    queries: &'q [Query],
    judge: Judge,
    next: usize,
}

struct Connection {
    stream: TcpStream,
    /// Octets received that are no whole message yet.
    input: Vec<u8>,
    under_way: u64,
    /// By id, which query it was.
    asked: Vec<usize>,
    next_id: u16,
}

impl<'q> Streams<'q> {
    /// Connects.
    pub fn new(address: SocketAddr, queries: &'q [Query], judge: Judge) -> Result<Self, Failure> {
        let connect = || -> std::io::Result<Connection> {
            let stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            Ok(Connection { stream, input: Vec::new(), under_way: 0, asked: vec![0; 1 << 16], next_id: 0 })
        };
        let connections: std::io::Result<Vec<Connection>> = (0..CONNECTIONS).map(|_| connect()).collect();
        Ok(Self { connections: connections.map_err(|error| format!("{address}: {error}"))?, queries, judge, next: 0 })
    }

    /// Asks as fast as the server answers.
    pub fn saturate(&mut self, until: Until) -> Result<Tally, Failure> {
        let begun = Instant::now();
        let (mut tally, mut asked) = (Tally::default(), 0);
        loop {
            let over = until.is_over(begun, asked);
            let mut under_way = 0;
            for connection in &mut self.connections {
                // Half a pipeline at a time, so that a write carries several queries.
                if !over && connection.under_way <= PIPELINE / 2 {
                    let count = PIPELINE - connection.under_way;
                    connection.send(self.queries, &mut self.next, count).map_err(|error| error.to_string())?;
                    asked += count;
                }
                connection.receive(self.queries, self.judge, &mut tally).map_err(|error| error.to_string())?;
                under_way += connection.under_way;
            }
            if over && under_way == 0 {
                tally.seconds = begun.elapsed().as_secs_f64();
                return Ok(tally);
            }
        }
    }
}

impl Connection {
    fn send(&mut self, queries: &[Query], next: &mut usize, count: u64) -> std::io::Result<()> {
        let mut output = Vec::with_capacity(64 * count as usize);
        for _ in 0..count {
            let Some(query) = queries.get(*next) else { break };
            output.extend_from_slice(&(query.octets.len() as u16).to_be_bytes());
            output.extend_from_slice(&self.next_id.to_be_bytes());
            output.extend_from_slice(query.octets.get(2..).unwrap_or_default());
            if let Some(place) = self.asked.get_mut(usize::from(self.next_id)) {
                *place = *next;
            }
            self.next_id = self.next_id.wrapping_add(1);
            self.under_way += 1;
            *next = (*next + 1) % queries.len();
        }
        // A few kilobytes always fit an empty send buffer.
        self.stream.write_all(&output)
    }

    fn receive(&mut self, queries: &[Query], judge: Judge, tally: &mut Tally) -> std::io::Result<()> {
        let mut room = [0; 16 << 10];
        match self.stream.read(&mut room) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(length) => self.input.extend_from_slice(room.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
        let mut at = 0;
        while let Some(length) = self.input.get(at..).and_then(|rest| rest.first_chunk::<2>()) {
            let length = usize::from(u16::from_be_bytes(*length));
            let Some(reply) = self.input.get(at + 2..at + 2 + length) else { break };
            at += 2 + length;
            self.under_way -= 1;
            let id = reply.first_chunk::<2>().map_or(0, |id| u16::from_be_bytes(*id));
            let query = self.asked.get(usize::from(id)).and_then(|query| queries.get(*query));
            if query.is_some_and(|query| query.accepts(reply, judge)) { tally.answered += 1 } else { tally.wrong += 1 }
        }
        self.input.drain(..at);
        Ok(())
    }
}
