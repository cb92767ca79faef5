//! One run of an icmp check: an echo request, and the reply that bears its number and its payload.
//!
//! A ping socket is asked for first, which needs no privilege where `net.ipv4.ping_group_range` says so; else a raw one, which
//! needs CAP_NET_RAW. Each run has a socket of its own, connected, so that the kernel sorts out what others sent.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::connection;
use super::reason::{self, Fault};
use crate::config::Check;
use crate::health::Cause;

const FORBIDDEN: &str = "this machine permits neither ping sockets (sysctl net.ipv4.ping_group_range) nor raw ones (CAP_NET_RAW)";
/// RFC 792 and RFC 4443 §4: the types of request and reply.
const TYPES_V4: (u8, u8) = (8, 0);
const TYPES_V6: (u8, u8) = (128, 129);
/// Type, code, checksum, identifier, sequence number.
const HEADER_LENGTH: usize = 8;
/// Enough for the longest IPv4 header, ours and the payload.
const ROOM_LENGTH: usize = 128;

/// One run, at an end by the deadline; the fault if it failed.
pub(super) async fn run(check: &Check, address: IpAddr) -> Result<(), Fault> {
    timeout(check.timeout, echo(check, address)).await.map_err(|_| reason::no_answer(check.timeout))?
}

/// Why this machine can't run icmp checks, if it can't.
pub(super) fn forbidden() -> Option<&'static str> {
    open(true).err().filter(is_denied).map(|_| FORBIDDEN)
}

fn is_denied(error: &io::Error) -> bool {
    error.kind() == ErrorKind::PermissionDenied
}

async fn echo(check: &Check, address: IpAddr) -> Result<(), Fault> {
    let fault = |error: io::Error| reason::of_error(&error);
    let (socket, is_raw) = open(address.is_ipv4()).map_err(|error| {
        let fault = reason::of_error(&error);
        if is_denied(&error) { Fault { cause: Cause::Ours, reason: FORBIDDEN.into() } } else { fault }
    })?;
    if let Some(source) = connection::source(check, address) {
        socket.bind(&SocketAddr::new(source, 0).into()).map_err(fault)?;
    }
    socket.connect(&SocketAddr::new(address, 0).into()).map_err(fault)?;
    // To send and receive it is a socket of datagrams like any other.
    let socket = UdpSocket::from_std(socket.into()).map_err(fault)?;
    let request = Echo::new(address.is_ipv4());
    socket.send(&request.octets()).await.map_err(fault)?;
    let mut room = [0; ROOM_LENGTH];
    loop {
        let length = socket.recv(&mut room).await.map_err(fault)?;
        if request.is_answered_by(room.get(..length).unwrap_or_default(), is_raw) {
            return Ok(());
        }
    }
}

/// The socket, and whether it is a raw one.
fn open(is_v4: bool) -> io::Result<(Socket, bool)> {
    let (domain, protocol) = if is_v4 { (Domain::IPV4, Protocol::ICMPV4) } else { (Domain::IPV6, Protocol::ICMPV6) };
    let (socket, is_raw) = match Socket::new(domain, Type::DGRAM, Some(protocol)) {
        Ok(socket) => (socket, false),
        Err(error) if is_denied(&error) => (Socket::new(domain, Type::RAW, Some(protocol))?, true),
        Err(error) => return Err(error),
    };
    socket.set_nonblocking(true)?;
    Ok((socket, is_raw))
}

/// A request; nobody else's reply bears its payload.
struct Echo {
    is_v4: bool,
    identifier: u16,
    sequence: u16,
    payload: [u8; 16],
}

impl Echo {
    fn new(is_v4: bool) -> Self {
        let (number, token) = (RandomState::new().hash_one(0), RandomState::new().hash_one(1));
        let payload = (u128::from(number) << 64 | u128::from(token)).to_be_bytes();
        Self { is_v4, identifier: number as u16, sequence: token as u16, payload }
    }

    fn octets(&self) -> Vec<u8> {
        let (request, _) = if self.is_v4 { TYPES_V4 } else { TYPES_V6 };
        let mut octets = vec![request, 0, 0, 0];
        octets.extend(self.identifier.to_be_bytes());
        octets.extend(self.sequence.to_be_bytes());
        octets.extend(self.payload);
        // The kernel computes that of ICMPv6, which covers addresses that it chooses.
        if let Some(place) = octets.get(..).map(checksum).filter(|_| self.is_v4)
            && let Some(checksum) = octets.get_mut(2..4)
        {
            checksum.copy_from_slice(&place.to_be_bytes());
        }
        octets
    }

    fn is_answered_by(&self, octets: &[u8], is_raw: bool) -> bool {
        // A raw IPv4 socket gives the IP header too, whose first octet tells its length in words.
        let head = octets.first().filter(|_| self.is_v4 && is_raw).map_or(0, |first| usize::from(first & 0x0f) * 4);
        let Some((header, payload)) = octets.get(head..).and_then(|message| message.split_first_chunk::<HEADER_LENGTH>()) else {
            return false;
        };
        let (_, reply) = if self.is_v4 { TYPES_V4 } else { TYPES_V6 };
        let [kind, code, _, _, id_high, id_low, sequence @ ..] = *header;
        // The kernel gives a ping socket an identifier of its own, and replies with that one alone.
        let is_ours = !is_raw || u16::from_be_bytes([id_high, id_low]) == self.identifier;
        (kind, code) == (reply, 0) && is_ours && u16::from_be_bytes(sequence) == self.sequence && payload == self.payload
    }
}

/// RFC 1071: the ones' complement of the ones' complement sum of all words.
fn checksum(octets: &[u8]) -> u16 {
    let words = octets.chunks(2).map(|pair| match *pair {
        [high, low] => u32::from(u16::from_be_bytes([high, low])),
        [high] => u32::from(high) << 8,
        _ => 0,
    });
    let sum: u32 = words.sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !((folded & 0xffff) + (folded >> 16)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_sums_up_to_nothing() {
        // RFC 1071 §3.
        assert_eq!(checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
        assert_eq!(checksum(&Echo::new(true).octets()), 0);
    }

    #[test]
    fn only_its_own_reply_answers_a_request() {
        let request = Echo::new(true);
        let mut reply = request.octets();
        assert!(!request.is_answered_by(&reply, false), "its own request, as loopback shows it");
        reply[0] = 0;
        assert!(request.is_answered_by(&reply, false));
        let raw = [&[0x46][..], &[0; 23], &reply].concat();
        assert!(request.is_answered_by(&raw, true), "behind an IP header with options");
        for (at, is_raw) in [(4, true), (6, false), (8, false), (1, false)] {
            let mut strange = reply.clone();
            strange[at] ^= 1;
            let strange = if is_raw { [&[0x45][..], &[0; 19], &strange].concat() } else { strange };
            assert!(!request.is_answered_by(&strange, is_raw), "octet {at}");
        }
        for length in 0..reply.len() {
            assert!(!request.is_answered_by(&reply[..length], false), "cut to {length}");
        }
        assert!(!request.is_answered_by(&[0x4f; 20], true), "a header longer than the packet");
    }
}
