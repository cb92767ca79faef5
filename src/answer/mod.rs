//! Query bytes to answer bytes. Pure: never fails, allocates, waits, or reads a clock, dice or file.
//!
//! [`answer`] is the one door for every transport. What it can't answer is an RCODE, decided in one place below, or a counted
//! drop. `resolve.rs` finds what stands at the name, `steer.rs` decides where policies do, `reply.rs` writes.
#![warn(clippy::indexing_slicing)]

mod chaos;
mod dice;
mod dname;
mod edns;
mod explain;
mod question;
mod reply;
mod resolve;
mod steer;
mod subject;
mod trace;

use std::net::IpAddr;

pub use dice::{Dice, Throw};
pub use explain::{Asked, Why, explain};
pub use trace::{Reason, Silent, Step, Trace};

use edns::{Edns, Tail};
use question::{FoldedName, Question};
use reply::Reply;
use resolve::Resolution;

use crate::limits::UDP_PAYLOAD_LENGTH_MIN;
use crate::snapshot::Serving;
use crate::wire::message::{CLASS_ANY, CLASS_CH, CLASS_IN, FLAG_QR, HEADER_LENGTH, OPCODE_MASK, Rcode};

/// What one query sees.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// What answers now; loaded once per batch.
    pub serving: &'a Serving,
    /// The throws of this query.
    pub dice: Dice<'a>,
}

/// Who asks, and what fits the way back.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    /// The address that the query came from, IPv4-mapped ones as IPv4.
    pub address: IpAddr,
    /// How it came.
    pub transport: Transport,
    /// Octets of a reply at most, whatever the query allows: the configured `udp_payload`, or 65,535 on a stream.
    pub size_limit: usize,
}

/// What a message came by; it decides about truncation only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Datagrams: 512 octets unless EDNS allows more.
    Udp,
    /// TCP and whatever else has lengths of its own.
    Stream,
}

/// What became of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A reply of `length` octets is in `out`.
    Reply {
        /// Its octets.
        length: usize,
        /// What happened on the way.
        facts: Facts,
    },
    /// No reply is sent.
    Drop(DropReason),
}

/// What happened to an answered query, for the counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The reply's RCODE.
    pub rcode: Rcode,
    /// Whether a policy chose.
    pub steered: bool,
    /// Whether TC is set.
    pub truncated: bool,
    /// Whether the query brought a client subnet (RFC 7871).
    pub ecs: bool,
}

/// Why a message gets no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// Less than a header.
    Short,
    /// It is a response itself (QR=1).
    Response,
}

/// Answers one query: bytes in, bytes out.
///
/// `out` has room for `client.size_limit` octets at least.
pub fn answer(view: &View<'_>, query: &[u8], client: &Client, out: &mut [u8]) -> Outcome {
    answer_traced(view, query, client, out, &mut Silent)
}

/// As [`answer`], telling `trace` each stage on the way.
pub fn answer_traced(view: &View<'_>, query: &[u8], client: &Client, out: &mut [u8], trace: &mut impl Trace) -> Outcome {
    let Some(header) = query.first_chunk::<HEADER_LENGTH>() else { return Outcome::Drop(DropReason::Short) };
    let &[_, _, f0, f1, q0, q1, ..] = header;
    let flags = u16::from_be_bytes([f0, f1]);
    if flags & FLAG_QR != 0 {
        return Outcome::Drop(DropReason::Response);
    }
    // RFC 9619: a query has at most one question; without one it asks nothing.
    let mut name = FoldedName::empty();
    let question = if [q0, q1] == [0, 1] { Question::read(query, &mut name) } else { None };
    let mut reply = Reply::new(query, question.as_ref(), out);
    let refuse = |reply: Reply<'_>, rcode, edns: Option<&Edns<'_>>| finish(reply, rcode, edns, client, Resolution::default());

    let identity = &view.serving.snapshot.identity;
    let Tail { edns, well_formed } = edns::read(query, question.as_ref(), identity.nsid());
    let edns = edns.as_ref();
    if well_formed && edns.is_some_and(|edns| edns.version > 0) {
        // RFC 6891 §6.1.3: an unknown version is answered with the one we know, whatever else is asked.
        return refuse(reply, Rcode::BadVers, edns);
    }
    if flags & OPCODE_MASK != 0 {
        return refuse(reply, Rcode::NotImp, edns);
    }
    let Some(question) = question.filter(|_| well_formed) else { return refuse(reply, Rcode::FormErr, edns) };
    reply.limit_to(size_limit(edns, client), edns.map_or(0, Edns::reply_length));
    if question.qclass == CLASS_CH {
        let rcode = chaos::answer(identity, &question, &mut reply);
        return refuse(reply, rcode, edns);
    }
    if question.qclass != CLASS_IN && question.qclass != CLASS_ANY {
        return refuse(reply, Rcode::Refused, edns);
    }
    let ecs = edns.and_then(|edns| edns.ecs);
    let resolution = resolve::resolve(view, &question, client.address, ecs, &mut reply, trace);
    if question.qclass == CLASS_ANY {
        // RFC 1035 §6.2: nobody knows all classes, so nobody is authoritative for all of them.
        reply.clear_authoritative();
    }
    finish(reply, resolution.rcode, edns, client, resolution)
}

/// RFC 1035 §4.2.1 without EDNS, RFC 6891 §6.2.3 with it: a size below 512 counts as 512.
fn size_limit(edns: Option<&Edns<'_>>, client: &Client) -> usize {
    match client.transport {
        Transport::Stream => client.size_limit,
        Transport::Udp => {
            let asked = edns.map_or(UDP_PAYLOAD_LENGTH_MIN, |edns| usize::from(edns.udp_payload).max(UDP_PAYLOAD_LENGTH_MIN));
            asked.min(client.size_limit)
        }
    }
}

fn finish(reply: Reply<'_>, rcode: Rcode, edns: Option<&Edns<'_>>, client: &Client, resolution: Resolution) -> Outcome {
    let facts = Facts {
        rcode,
        steered: resolution.steered,
        truncated: reply.is_truncated(),
        ecs: edns.is_some_and(|edns| edns.ecs.is_some()),
    };
    let announced = client.size_limit.clamp(UDP_PAYLOAD_LENGTH_MIN, crate::limits::UDP_PAYLOAD_LENGTH_MAX) as u16;
    Outcome::Reply { length: reply.finish(rcode, edns, announced, resolution.scope), facts }
}
