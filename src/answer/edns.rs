//! EDNS (RFC 6891), the client subnet (RFC 7871) and the name server identifier (RFC 5001): what a query brings and what its
//! reply says to that. All other options and flags are read past (RFC 6891 §6.1.2, §6.1.4).
//!
//! The subnet option is read from the wire by ourselves, since a wrongly formed one must be refused (RFC 7871 §6) and a
//! well-formed one echoed octet for octet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::question::Question;
use crate::wire::RrType;
use crate::wire::message::HEADER_LENGTH;

/// The option code of the name server identifier.
const OPTION_NSID: u16 = 3;
/// The option code of the client subnet.
const OPTION_ECS: u16 = 8;
/// The families of a client subnet's address (RFC 7871 §6).
const FAMILY_V4: u16 = 1;
const FAMILY_V6: u16 = 2;
/// The DO bit (RFC 3225 §3), the only flag we know.
const FLAG_DO: u16 = 0x8000;
/// Octets of an OPT record without options.
const OPT_LENGTH: usize = 11;

/// What the OPT record of a query says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edns<'q> {
    /// Octets that the client can take.
    pub udp_payload: u16,
    /// The EDNS version.
    pub version: u8,
    /// DO, copied into the reply.
    pub dnssec_ok: bool,
    /// The client subnet, if one came.
    pub ecs: Option<Ecs<'q>>,
    /// Our identifier, if it is asked for and we have one.
    nsid: Option<&'q [u8]>,
}

/// A well-formed client subnet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ecs<'q> {
    /// The option's octets: family, source length, scope length, address.
    octets: &'q [u8],
    /// Bits of the address that count; 0 is a client that opts out.
    pub source: u8,
}

/// What stands behind the question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tail<'q> {
    /// The first OPT as far as it can be read: even a FORMERR must carry one where the query does (RFC 6891 §6.1.1, §7).
    pub edns: Option<Edns<'q>>,
    /// Whether all of it is as it must be.
    pub well_formed: bool,
}

/// Reads everything behind the question: at most one OPT, at the root; nothing may stand in the answer or authority section.
/// Without a question to answer there may be an OPT all the same. `identifier` is what NSID is answered with.
pub(super) fn read<'q>(message: &'q [u8], question: Option<&Question<'_>>, identifier: Option<&'q [u8]>) -> Tail<'q> {
    if let Some(question) = question
        && let Some(opt) = only_record(message, question.end)
    {
        let mut edns = Edns::new(&opt);
        let well_formed = edns.read_options(opt.rdata, identifier).is_some();
        return Tail { edns: Some(edns), well_formed };
    }
    let mut tail = Tail { edns: None, well_formed: true };
    // What is cut off, or behind the end, is malformed as well.
    tail.well_formed &= tail.read_records(message, question, identifier).is_some_and(<[u8]>::is_empty);
    tail
}

/// What nearly every query has behind its question: an OPT at the root and nothing else.
fn only_record(message: &[u8], at: usize) -> Option<Record<'_>> {
    const COUNTS: [u8; 6] = [0, 0, 0, 0, 0, 1];
    let [o0, o1] = RrType::OPT.0.to_be_bytes();
    let is_alone = message.get(6..HEADER_LENGTH)? == COUNTS;
    let (&[0, t0, t1, c0, c1, ttl @ .., l0, l1], rdata) = message.get(at..)?.split_first_chunk::<OPT_LENGTH>()? else {
        return None;
    };
    let is_whole = [t0, t1] == [o0, o1] && rdata.len() == usize::from(u16::from_be_bytes([l0, l1]));
    let (class, ttl) = (u16::from_be_bytes([c0, c1]), u32::from_be_bytes(ttl));
    (is_alone && is_whole).then_some(Record { at_root: true, rtype: RrType::OPT, class, ttl, rdata, rest: &[] })
}

impl<'q> Tail<'q> {
    /// Takes every record; what is left of the message behind them.
    fn read_records(
        &mut self,
        message: &'q [u8],
        question: Option<&Question<'_>>,
        identifier: Option<&'q [u8]>,
    ) -> Option<&'q [u8]> {
        let [questions, answers, authorities, additionals] = counts(message)?;
        // RFC 1995 §3: an IXFR says in the authority section what it has.
        let may_have = question.is_some_and(|question| question.qtype == RrType::IXFR);
        self.well_formed = answers == 0 && (authorities == 0 || may_have);
        let mut rest = match question {
            Some(question) => message.get(question.end..)?,
            None => skip_questions(message.get(HEADER_LENGTH..)?, questions)?,
        };
        for _ in 0..u32::from(answers) + u32::from(authorities) {
            let record = Record::read(rest)?;
            rest = record.rest;
            // RFC 6891 §6.1.1: the additional section is its place.
            self.well_formed &= record.rtype != RrType::OPT;
        }
        for _ in 0..additionals {
            let record = Record::read(rest)?;
            rest = record.rest;
            if record.rtype == RrType::OPT {
                self.take(&record, identifier);
            }
        }
        Some(rest)
    }

    /// RFC 6891 §6.1.1: one OPT, owned by the root.
    fn take(&mut self, opt: &Record<'q>, identifier: Option<&'q [u8]>) {
        if self.edns.is_some() {
            self.well_formed = false;
            return;
        }
        let mut edns = Edns::new(opt);
        self.well_formed &= opt.at_root && edns.read_options(opt.rdata, identifier).is_some();
        self.edns = Some(edns);
    }
}

fn counts(message: &[u8]) -> Option<[u16; 4]> {
    let (counts, _) = message.get(4..HEADER_LENGTH)?.as_chunks::<2>();
    counts.first_chunk::<4>().map(|counts| counts.map(u16::from_be_bytes))
}

/// What stands behind that many questions; each takes octets, so the message bounds them.
fn skip_questions(mut octets: &[u8], questions: u16) -> Option<&[u8]> {
    for _ in 0..questions {
        octets = octets.get(skip_name(octets)? + 4..)?;
    }
    Some(octets)
}

/// A record behind the question.
struct Record<'q> {
    at_root: bool,
    rtype: RrType,
    class: u16,
    ttl: u32,
    rdata: &'q [u8],
    rest: &'q [u8],
}

impl<'q> Record<'q> {
    fn read(octets: &'q [u8]) -> Option<Self> {
        let name_end = skip_name(octets)?;
        let (fixed, after) = octets.get(name_end..)?.split_first_chunk::<10>()?;
        let [t0, t1, c0, c1, ttl @ .., l0, l1] = *fixed;
        let (rdata, rest) = after.split_at_checked(usize::from(u16::from_be_bytes([l0, l1])))?;
        Some(Self {
            at_root: name_end == 1,
            rtype: RrType(u16::from_be_bytes([t0, t1])),
            class: u16::from_be_bytes([c0, c1]),
            ttl: u32::from_be_bytes(ttl),
            rdata,
            rest,
        })
    }
}

/// The length of a name as it stands, a pointer ending it.
fn skip_name(octets: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        match *octets.get(at)? {
            0 => return Some(at + 1),
            length @ 1..=63 => at += 1 + usize::from(length),
            0xc0.. => return Some(at + 2),
            _ => return None,
        }
    }
}

impl<'q> Edns<'q> {
    fn new(record: &Record<'q>) -> Self {
        let [_, version, flags @ ..] = record.ttl.to_be_bytes();
        let dnssec_ok = u16::from_be_bytes(flags) & FLAG_DO != 0;
        Self { udp_payload: record.class, version, dnssec_ok, ecs: None, nsid: None }
    }

    /// Reads the options of the version that we know; nothing if they are not as they must be. What was read stays.
    fn read_options(&mut self, mut options: &'q [u8], identifier: Option<&'q [u8]>) -> Option<()> {
        let mut subnets_agree = true;
        while self.version == 0 && !options.is_empty() {
            let (&[c0, c1, l0, l1], after) = options.split_first_chunk::<4>()?;
            let (data, after) = after.split_at_checked(usize::from(u16::from_be_bytes([l0, l1])))?;
            match u16::from_be_bytes([c0, c1]) {
                // RFC 6891 §6.1.2: the order of options means nothing, so neither of two subnets can count before the other.
                // They say the same, or the query contradicts itself, and neither is echoed.
                OPTION_ECS => match (Ecs::read(data), self.ecs) {
                    (ecs @ Some(_), None) if subnets_agree => self.ecs = ecs,
                    (Some(ecs), Some(first)) if ecs.octets == first.octets => {}
                    _ => (subnets_agree, self.ecs) = (false, None),
                },
                // RFC 5001 §2.2: what the query's option holds is ignored.
                OPTION_NSID => self.nsid = identifier,
                _ => {}
            }
            options = after;
        }
        subnets_agree.then_some(())
    }

    /// Octets that the reply's OPT will take.
    pub(super) fn reply_length(&self) -> usize {
        let option_length = |data: &[u8]| 4 + data.len();
        OPT_LENGTH + self.ecs.map_or(0, |ecs| option_length(ecs.octets)) + self.nsid.map_or(0, option_length)
    }

    /// Writes the reply's OPT: our size, version 0, DO copied, the subnet echoed with its scope, who we are if that is asked.
    /// Returns the octets written.
    pub(super) fn write(&self, out: &mut [u8], udp_payload: u16, rcode: u16, scope: u8) -> Option<usize> {
        let length = self.reply_length();
        let (fixed, mut options) = out.get_mut(..length)?.split_first_chunk_mut::<OPT_LENGTH>()?;
        let [p0, p1] = udp_payload.to_be_bytes();
        let [f0, f1] = if self.dnssec_ok { FLAG_DO.to_be_bytes() } else { [0; 2] };
        let [d0, d1] = (options.len() as u16).to_be_bytes();
        *fixed = [0, 0, RrType::OPT.0 as u8, p0, p1, (rcode >> 4) as u8, 0, f0, f1, d0, d1];
        if let Some(ecs) = self.ecs {
            // RFC 7871 §7.2.1: family, source and address as they came, the scope ours.
            let echo;
            (echo, options) = write_option(options, OPTION_ECS, ecs.octets)?;
            *echo.get_mut(3)? = scope;
        }
        if let Some(nsid) = self.nsid {
            write_option(options, OPTION_NSID, nsid)?;
        }
        Some(length)
    }
}

/// Writes one option; its data as written, and the room behind it.
fn write_option<'o>(room: &'o mut [u8], code: u16, data: &[u8]) -> Option<(&'o mut [u8], &'o mut [u8])> {
    let (head, room) = room.split_first_chunk_mut::<4>()?;
    let ([c0, c1], [l0, l1]) = (code.to_be_bytes(), (data.len() as u16).to_be_bytes());
    *head = [c0, c1, l0, l1];
    let (written, behind) = room.split_at_mut_checked(data.len())?;
    written.copy_from_slice(data);
    Some((written, behind))
}

impl<'q> Ecs<'q> {
    /// RFC 7871 §6: exactly the octets that the source length needs, no bit set behind it, scope 0.
    fn read(octets: &'q [u8]) -> Option<Self> {
        let (head, prefix) = octets.split_first_chunk::<4>()?;
        let [f0, f1, source, scope] = *head;
        let needed = usize::from(source).div_ceil(8);
        let bits_behind = needed as u32 * 8 - u32::from(source);
        let padding = prefix.last().is_some_and(|last| last.trailing_zeros() < bits_behind);
        if scope != 0 || prefix.len() != needed || padding {
            return None;
        }
        match (u16::from_be_bytes([f0, f1]), source) {
            (0, 0) | (FAMILY_V4, 0..=32) | (FAMILY_V6, 0..=128) => Some(Self { octets, source }),
            _ => None,
        }
    }

    /// The address, zero-extended; nothing for family 0.
    pub(super) fn address(&self) -> Option<IpAddr> {
        let (&[f0, f1, _, _], prefix) = self.octets.split_first_chunk::<4>()?;
        match u16::from_be_bytes([f0, f1]) {
            FAMILY_V4 => Some(IpAddr::V4(Ipv4Addr::from(extended(prefix)))),
            FAMILY_V6 => Some(IpAddr::V6(Ipv6Addr::from(extended(prefix)))),
            _ => None,
        }
    }
}

/// The octets of a prefix with zeros behind them.
fn extended<const N: usize>(prefix: &[u8]) -> [u8; N] {
    let mut octets = prefix.iter();
    [(); N].map(|()| octets.next().copied().unwrap_or_default())
}
