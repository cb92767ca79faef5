//! Plays the resolvers of three cities: real UDP queries with an ECS option, asked of the demo's server.
//!
//! Only what the demo's zone can answer is understood: an A record first, NOERROR. All else counts as unanswered.
#![warn(clippy::indexing_slicing)]

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

use crate::wire::RrType;
use crate::wire::message::{CLASS_IN, FLAG_QR, HEADER_LENGTH};

/// The steered name, on the wire.
const NAME: &[u8] = b"\x03www\x07example\x03com\0";
/// Octets of a question behind its name: type and class.
const QUESTION_TAIL_LENGTH: usize = 4;
/// The ECS option with a /16: code, length, family, two lengths, the address (RFC 7871 §6).
const ECS_LENGTH: u16 = 10;
/// Replies that come later are not waited for; on loopback they come within a millisecond.
const DEADLINE: Duration = Duration::from_secs(1);

/// A socket towards the server.
#[derive(Debug)]
pub(super) struct Resolver {
    socket: UdpSocket,
    next_id: u16,
}

impl Resolver {
    /// Asks this server from now on.
    pub(super) async fn new(server: SocketAddr) -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        socket.connect(server).await?;
        Ok(Self { socket, next_id: 0 })
    }

    /// Asks so many times for clients of a /16; gives the answers that came in time.
    pub(super) async fn ask(&mut self, subnet: [u8; 2], times: u16) -> Vec<Ipv4Addr> {
        let first = self.next_id;
        self.next_id = first.wrapping_add(times);
        for number in 0..times {
            // What is not sent is not answered, and counted so.
            let _ = self.socket.send(&query(first.wrapping_add(number), subnet)).await;
        }
        let deadline = Instant::now() + DEADLINE;
        let mut answers = Vec::new();
        let mut reply = [0; 512];
        for _ in 0..times {
            let Ok(Ok(length)) = timeout_at(deadline, self.socket.recv(&mut reply)).await else { break };
            let answer = reply.get(..length).and_then(read_reply);
            answers.extend(answer.filter(|(id, _)| id.wrapping_sub(first) < times).map(|(_, address)| address));
        }
        answers
    }
}

fn query(id: u16, [high, low]: [u8; 2]) -> Vec<u8> {
    let mut query = Vec::with_capacity(64);
    let words = |query: &mut Vec<u8>, words: &[u16]| words.iter().for_each(|word| query.extend(word.to_be_bytes()));
    // One question, and in the additional section the OPT record.
    words(&mut query, &[id, 0, 1, 0, 0, 1]);
    query.extend(NAME);
    words(&mut query, &[RrType::A.0, CLASS_IN]);
    query.push(0);
    words(&mut query, &[RrType::OPT.0, 512, 0, 0, ECS_LENGTH]);
    words(&mut query, &[8, ECS_LENGTH - 4, 1]);
    query.extend([16, 0, high, low]);
    query
}

/// The ID and the first address of a reply.
fn read_reply(reply: &[u8]) -> Option<(u16, Ipv4Addr)> {
    let word = |at: usize| Some(u16::from_be_bytes(*reply.get(at..)?.first_chunk()?));
    let (id, flags, answers) = (word(0)?, word(2)?, word(6)?);
    let is_answer = flags & FLAG_QR != 0 && flags & 0xf == 0 && answers > 0;
    // The owner of a first record that is the question's own name is a pointer of two octets (RFC 1035 §4.1.4).
    let record = HEADER_LENGTH + NAME.len() + QUESTION_TAIL_LENGTH + 2;
    let address: &[u8; 4] = reply.get(record + 10..)?.first_chunk()?;
    (is_answer && word(record)? == RrType::A.0).then(|| (id, Ipv4Addr::from(*address)))
}
