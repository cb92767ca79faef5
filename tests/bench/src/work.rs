//! The kinds of work: what is asked, and which answer is right.
//!
//! Queries are made before the clock runs. All carry an OPT record; those for the geo name also a client subnet. Random numbers
//! come from a fixed seed (`question.rs`), so every server gets the same questions in the same order.

use std::fmt;
use std::net::Ipv4Addr;

use clap::ValueEnum;

use crate::atlas::Atlas;
use crate::names::{self, BIG_ZONE, PLAIN, SITES, WEIGHTED, ZONE};
use crate::question::{Random, message};

/// Queries prepared for one kind of work; they are asked round and round.
const PREPARED: usize = 100_000;
/// The type of an address.
const A: u16 = 1;

/// A kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Work {
    /// A of 1,000 plain names.
    Static,
    /// A of a name with weights.
    Weighted,
    /// A of a name by nearness, for random client subnets.
    Geo,
    /// Random names that do not exist.
    Nxdomain,
    /// 60 % static, 20 % weighted, 10 % geo, 10 % not existing.
    Mix,
    /// A of plain names over TCP, pipelined.
    Tcp,
    /// A of the names of the big zone.
    Big,
}

impl Work {
    /// All but the big zone.
    pub const SMALL: [Self; 6] = [Self::Static, Self::Weighted, Self::Geo, Self::Nxdomain, Self::Mix, Self::Tcp];

    /// Whether it needs the geo database.
    pub fn is_about_places(self) -> bool {
        matches!(self, Self::Geo | Self::Mix)
    }
}

impl fmt::Display for Work {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Static => "static",
            Self::Weighted => "weighted",
            Self::Geo => "geo",
            Self::Nxdomain => "nxdomain",
            Self::Mix => "mix",
            Self::Tcp => "tcp",
            Self::Big => "big",
        })
    }
}

/// One prepared query.
#[derive(Debug)]
pub struct Query {
    /// Its octets; the id is written when it is sent.
    pub octets: Vec<u8>,
    /// The right answers.
    expected: Expected,
}

#[derive(Debug)]
enum Expected {
    /// NOERROR with this address.
    Address(Ipv4Addr),
    /// NOERROR with one of the weighted ones.
    Weighted,
    /// NOERROR with one of these places.
    Place(Vec<Ipv4Addr>),
    /// NXDOMAIN.
    Nothing,
}

/// How much of a reply is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judge {
    /// Nothing but the id: it is no answer.
    Id,
    /// The rcode and the answer; any of the places is right.
    Answer,
    /// The same, and the place must be the nearest.
    Nearest,
}

impl Query {
    /// A query for the address of a name.
    pub fn of(name: &str, address: Ipv4Addr) -> Self {
        Self { octets: message(name, A, None), expected: Expected::Address(address) }
    }

    /// Whether its name begins with this label.
    pub fn asks_for(&self, label: &str) -> bool {
        self.octets.get(13..13 + label.len()) == Some(label.as_bytes())
    }

    /// Whether this is a right reply, the id aside.
    pub fn accepts(&self, reply: &[u8], judge: Judge) -> bool {
        let rcode = reply.get(3).map(|flags| flags & 15);
        let address = || first_address(reply, self.octets.len());
        match &self.expected {
            _ if judge == Judge::Id => true,
            Expected::Nothing => rcode == Some(3),
            _ if rcode != Some(0) => false,
            Expected::Address(expected) => address() == Some(*expected),
            Expected::Weighted => address().is_some_and(|found| WEIGHTED.iter().any(|(known, _)| *known == found)),
            Expected::Place(nearest) if judge == Judge::Nearest => address().is_some_and(|found| nearest.contains(&found)),
            Expected::Place(_) => address().is_some_and(|found| SITES.iter().any(|site| site.address == found)),
        }
    }
}

/// The address in the first answer of a reply to a query of this length, whose OPT record is the last thing in it.
fn first_address(reply: &[u8], query_length: usize) -> Option<Ipv4Addr> {
    let question_end = 12 + reply.get(12..query_length)?.iter().position(|&octet| octet == 0)? + 5;
    // An owner is a pointer, or, from a server that does not compress, the name again.
    let owner = if reply.get(question_end)? & 0xc0 == 0xc0 { 2 } else { question_end - 16 };
    let octets = reply.get(question_end + owner + 10..)?.first_chunk::<4>()?;
    Some(Ipv4Addr::from(*octets))
}

/// The queries of a kind of work, in the order in which they are asked.
pub fn queries(work: Work, big_names: u32, atlas: &Atlas) -> Vec<Query> {
    let mut random = Random::new();
    (0..PREPARED).map(|index| query(work, index, big_names, atlas, &mut random)).collect()
}

/// The last of the plain names: a server that answers it has read everything before.
pub fn last_name(work: Work, names: u32) -> Query {
    plain(if work == Work::Big { BIG_ZONE } else { ZONE }, names - 1)
}

fn query(work: Work, index: usize, big_names: u32, atlas: &Atlas, random: &mut Random) -> Query {
    match work {
        Work::Static | Work::Tcp => plain(ZONE, random.below(PLAIN)),
        Work::Big => plain(BIG_ZONE, random.below(big_names)),
        Work::Weighted => Query { octets: message(&format!("w.{ZONE}"), A, None), expected: Expected::Weighted },
        Work::Geo => {
            let subnet = random.subnet();
            Query { octets: message(&format!("g.{ZONE}"), A, Some(subnet)), expected: Expected::Place(atlas.nearest(subnet)) }
        }
        Work::Nxdomain => {
            Query { octets: message(&format!("x{:08x}.{ZONE}", random.next()), A, None), expected: Expected::Nothing }
        }
        Work::Mix => {
            let kind = match index % 10 {
                0..6 => Work::Static,
                6..8 => Work::Weighted,
                8 => Work::Geo,
                _ => Work::Nxdomain,
            };
            query(kind, index, big_names, atlas, random)
        }
    }
}

fn plain(zone: &str, number: u32) -> Query {
    let name = format!("{}.{zone}", names::label(number));
    Query { octets: message(&name, A, None), expected: Expected::Address(names::address(number)) }
}
