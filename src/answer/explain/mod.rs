//! Why a client gets what it gets: one query through the same path as every other, each stage in an operator's words.
//!
//! The query is written here, octet for octet as a resolver would send it; a [`Recorder`] listens on the way, and the reply is
//! read back from the wire. Nothing is decided here, and why an endpoint is down is the caller's to know.

mod passed;
mod printed;
mod recorder;

use std::fmt::{Display, Write};
use std::net::IpAddr;

use super::{Client, Dice, Outcome, Transport, View, answer_traced};
use crate::limits::{EXPLAIN_MEMBERS_SHOWN_MAX, UDP_PAYLOAD_LENGTH_MAX};
use crate::snapshot::Serving;
use crate::wire::message::{CLASS_IN, Rcode};
use crate::wire::{Name, RrType};

use printed::Printed;
use recorder::Recorder;

/// The question to be explained.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// The name.
    pub name: Name,
    /// The type.
    pub qtype: RrType,
    /// Who sends the query: the client itself, or its resolver if there is a subnet.
    pub client: IpAddr,
    /// The client subnet that the query carries (RFC 7871); bits behind its length are not sent.
    pub subnet: Option<(IpAddr, u8)>,
    /// The throws.
    pub dice: Dice<'a>,
}

/// What answers do not know.
#[derive(Clone, Copy)]
pub struct Why<'a> {
    /// Why the address behind a probe (by index) is down, such as `check "web": connection refused, for 12s`; `None` where it
    /// is not, or nobody knows.
    pub down: &'a dyn Fn(u32) -> Option<String>,
    /// The order that keeps an endpoint (by pool and name) out, such as `drained (new kernel)`.
    pub ordered: &'a dyn Fn(&str, &str) -> Option<String>,
}

/// Asks, and tells each stage of the answer in lines of two columns.
pub fn explain(serving: &Serving, asked: &Asked<'_>, why: &Why<'_>) -> String {
    let mut out = vec![0; UDP_PAYLOAD_LENGTH_MAX];
    let client = Client { address: asked.client, transport: Transport::Udp, size_limit: out.len() };
    let view = View { serving, dice: asked.dice };
    let mut recorder = Recorder::new(serving, asked, why);
    recorder.lines.headline(asked);
    let outcome = answer_traced(&view, &query(asked), &client, &mut out, &mut recorder);
    let (mut lines, scope) = recorder.finish();
    match outcome {
        Outcome::Drop(_) => lines.line("answer", "none: the query is dropped"),
        Outcome::Reply { length, facts } => {
            let printed = out.get(..length).and_then(Printed::read).unwrap_or_default();
            let flags = [(printed.authoritative, " aa"), (facts.truncated, " tc")];
            let [aa, tc] = flags.map(|(is_set, flag)| if is_set { flag } else { "" });
            let meaning = meaning(&printed, facts.rcode);
            lines.line("answer", format_args!("{}{aa}{tc}{meaning}", facts.rcode.mnemonic()));
            for (word, section) in [("", &printed.answers), ("authority", &printed.authorities), ("glue", &printed.additionals)] {
                lines.rows(word, section);
            }
        }
    }
    if asked.subnet.is_some() {
        let note = if scope == 0 { " (the answer may be reused for every client)" } else { "" };
        lines.line("scope", format_args!("/{scope}{note}"));
    }
    lines.text
}

/// What an answer without records means (RFC 2308 §2.2, RFC 1034 §4.2.1).
fn meaning(printed: &Printed, rcode: Rcode) -> &'static str {
    match (printed.answers.is_empty(), printed.authorities.is_empty(), printed.authoritative) {
        (true, false, true) if rcode == Rcode::NoError => " (the name exists, but not with this type)",
        (true, false, false) => " (a referral: the zone ends here)",
        _ => "",
    }
}

/// A query with EDNS, and the subnet if there is one.
fn query(asked: &Asked<'_>) -> Vec<u8> {
    let mut query = vec![0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1];
    query.extend_from_slice(asked.name.as_wire());
    query.extend_from_slice(&asked.qtype.0.to_be_bytes());
    query.extend_from_slice(&CLASS_IN.to_be_bytes());
    let subnet = asked.subnet.map(|(address, length)| subnet_option(address, length)).unwrap_or_default();
    query.push(0);
    query.extend_from_slice(&RrType::OPT.0.to_be_bytes());
    query.extend_from_slice(&(UDP_PAYLOAD_LENGTH_MAX as u16).to_be_bytes());
    query.extend_from_slice(&[0; 4]);
    query.extend_from_slice(&(subnet.len() as u16).to_be_bytes());
    query.extend_from_slice(&subnet);
    query
}

/// RFC 7871 §6: code 8, family, source length, scope 0, and as many octets as the length needs.
fn subnet_option(address: IpAddr, length: u8) -> Vec<u8> {
    let (family, octets) = match network(address, length) {
        IpAddr::V4(v4) => (1, v4.octets().to_vec()),
        IpAddr::V6(v6) => (2, v6.octets().to_vec()),
    };
    let octets = octets.get(..usize::from(length).div_ceil(8)).unwrap_or(&octets);
    let mut option = vec![0, 8, 0, 4 + octets.len() as u8, 0, family, length, 0];
    option.extend_from_slice(octets);
    option
}

/// The address with every bit behind the prefix cleared.
fn network(address: IpAddr, length: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(length.min(32))).unwrap_or_default();
            IpAddr::V4((v4.to_bits() & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(length.min(128))).unwrap_or_default();
            IpAddr::V6((v6.to_bits() & mask).into())
        }
    }
}

/// The account as it grows: a word, and what there is to say about it.
#[derive(Debug, Default)]
struct Lines {
    text: String,
}

impl Lines {
    fn headline(&mut self, asked: &Asked<'_>) {
        let subnet = asked.subnet.map(|(address, length)| format!(" (subnet {}/{length})", network(address, length)));
        // Writing into a String can't fail.
        let _ = writeln!(self.text, "{} {} for {}{}", asked.name, asked.qtype, asked.client, subnet.unwrap_or_default());
    }

    fn line(&mut self, word: &str, said: impl Display) {
        let _ = writeln!(self.text, "  {word:<9} {said}");
    }

    /// One line for each row, of which the first carries the word.
    fn rows(&mut self, word: &str, rows: &[String]) {
        for (index, row) in rows.iter().enumerate() {
            self.line(if index == 0 { word } else { "" }, row);
        }
    }
}

/// Items with commas between, as many as a line bears.
fn list(items: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = items.collect();
    let shown = all.get(..EXPLAIN_MEMBERS_SHOWN_MAX).unwrap_or(&all);
    let more = all.len() - shown.len();
    let joined = shown.join(", ");
    if more == 0 { joined } else { format!("{joined} and {more} more") }
}

/// A share in percent, to a tenth where it is no whole number.
fn percent(weight: u32, sum: u32) -> String {
    let sum = u64::from(sum.max(1));
    let tenths = (u64::from(weight) * 1000 + sum / 2) / sum;
    if tenths % 10 == 0 { format!("{} %", tenths / 10) } else { format!("{}.{} %", tenths / 10, tenths % 10) }
}

#[cfg(test)]
mod tests;
