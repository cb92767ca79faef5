//! A reply as it grows: header and question first, whole RRsets or nothing after, OPT last.
//! Counts and flags are written once, at the end. What goes in is decided by `resolve.rs`.

use super::edns::Edns;
use super::question::Question;
use crate::snapshot::{Bodies, Body, POINTER_TO_QUESTION};
use crate::wire::RrType;
use crate::wire::message::{CLASS_CH, CLASS_IN, FLAG_AA, FLAG_QR, FLAG_RD, FLAG_TC, HEADER_LENGTH, OPCODE_MASK, Rcode};

/// The sections that records go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Answer,
    Authority,
    Additional,
}

/// A reply in the making.
pub(super) struct Reply<'o> {
    out: &'o mut [u8],
    /// Where the answer section begins.
    answers_at: usize,
    at: usize,
    limit: usize,
    flags: u16,
    questions: u16,
    counts: [u16; 3],
    truncated: bool,
}

impl<'o> Reply<'o> {
    /// Begins a reply: the query's id, opcode and RD, and its question as it came, case and all (RFC 1035 §4.1.1).
    pub(super) fn new(query: &[u8], question: Option<&Question<'_>>, out: &'o mut [u8]) -> Self {
        let end = question.map_or(HEADER_LENGTH, |question| question.end);
        if let (Some(room), Some(copied)) = (out.get_mut(..end), query.get(..end)) {
            room.copy_from_slice(copied);
        }
        let asked = query.get(2..).and_then(|rest| rest.first_chunk::<2>()).map_or(0, |flags| u16::from_be_bytes(*flags));
        let limit = out.len();
        Self {
            out,
            answers_at: end,
            at: end,
            limit,
            flags: FLAG_QR | asked & (OPCODE_MASK | FLAG_RD),
            questions: u16::from(question.is_some()),
            counts: [0; 3],
            truncated: false,
        }
    }

    /// Keeps the reply, its OPT included, within `length` octets.
    pub(super) fn limit_to(&mut self, length: usize, reserved: usize) {
        self.limit = length.min(self.out.len()).saturating_sub(reserved).max(self.at);
    }

    /// Marks the answer as authoritative.
    pub(super) fn set_authoritative(&mut self) {
        self.flags |= FLAG_AA;
    }

    /// Takes that back.
    pub(super) fn clear_authoritative(&mut self) {
        self.flags &= !FLAG_AA;
    }

    /// Whether something did not fit.
    pub(super) fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// Says that something did not fit (RFC 2181 §9).
    pub(super) fn set_truncated(&mut self) {
        self.truncated = true;
        self.flags |= FLAG_TC;
    }

    /// What is written so far.
    pub(super) fn octets(&self) -> &[u8] {
        self.out.get(..self.at).unwrap_or_default()
    }

    /// Adds compiled records for the name at `owner`, all or none, beginning at record `first`; where they begin, if they fit.
    pub(super) fn push(&mut self, section: Section, bodies: &Bodies, body: Body, owner: u16, first: u16) -> Option<usize> {
        let start = self.at;
        let room = self.out.get_mut(..self.limit)?;
        self.at = bodies.write(body, room, start, first)?;
        self.count(section, body.records());
        if owner != HEADER_LENGTH as u16 {
            self.reown(start, body.records(), owner);
        }
        Some(start)
    }

    /// Lets `records` records that begin at `start` and belong to the question's name belong to the name at `owner` instead.
    fn reown(&mut self, start: usize, records: u16, owner: u16) {
        let mut at = start;
        for _ in 0..records {
            let Some((pointer, rest)) = self.out.get_mut(at..).and_then(|rest| rest.split_first_chunk_mut::<2>()) else { return };
            let Some(&[l0, l1]) = rest.get(8..).and_then(|rest| rest.first_chunk::<2>()) else { return };
            *pointer = (u16::from_be_bytes(POINTER_TO_QUESTION) & 0xc000 | owner).to_be_bytes();
            at += 12 + usize::from(u16::from_be_bytes([l0, l1]));
        }
    }

    /// Adds one address record for the name at `owner`; whether it fits.
    pub(super) fn push_address(&mut self, owner: u16, ttl_seconds: u32, address: std::net::IpAddr) -> bool {
        match address {
            std::net::IpAddr::V4(v4) => self.push_record(owner, RrType::A, CLASS_IN, ttl_seconds, &v4.octets()),
            std::net::IpAddr::V6(v6) => self.push_record(owner, RrType::AAAA, CLASS_IN, ttl_seconds, &v6.octets()),
        }
    }

    /// Adds a CNAME to a name in wire form for the name at `owner`; whether it fits.
    pub(super) fn push_cname(&mut self, owner: u16, ttl_seconds: u32, target: &[u8]) -> bool {
        self.push_record(owner, RrType::CNAME, CLASS_IN, ttl_seconds, target)
    }

    /// Adds a CHAOS TXT record for the question's name, not to be kept; whether it fits.
    pub(super) fn push_chaos_text(&mut self, rdata: &[u8]) -> bool {
        self.push_record(HEADER_LENGTH as u16, RrType::TXT, CLASS_CH, 0, rdata)
    }

    /// Adds one record with the TTL of the record at `like`, for the name at `owner`; where it begins, if it fits.
    pub(super) fn push_like(&mut self, like: usize, owner: u16, rtype: RrType, rdata: &[u8]) -> Option<usize> {
        let ttl = self.out.get(like + 6..)?.first_chunk::<4>().map(|ttl| u32::from_be_bytes(*ttl))?;
        let start = self.at;
        self.push_record(owner, rtype, CLASS_IN, ttl, rdata).then_some(start)
    }

    /// The RDATA of the record at `at`, whose owner is a pointer.
    pub(super) fn rdata_at(&self, at: usize) -> Option<&[u8]> {
        let (length, rdata) = self.octets().get(at + 10..)?.split_first_chunk::<2>()?;
        rdata.get(..usize::from(u16::from_be_bytes(*length)))
    }

    /// Where the answers of one type begin.
    pub(super) fn answers_of(&self, rtype: RrType) -> impl Iterator<Item = usize> {
        let [answers, ..] = self.counts;
        let next = |at: &usize| Some(at + 12 + self.rdata_at(*at)?.len());
        let starts = std::iter::successors(Some(self.answers_at), next).take(usize::from(answers));
        let is_wanted =
            move |at: &usize| self.octets().get(at + 2..).is_some_and(|rest| rest.starts_with(&rtype.0.to_be_bytes()));
        starts.filter(is_wanted)
    }

    fn push_record(&mut self, owner: u16, rtype: RrType, class: u16, ttl_seconds: u32, rdata: &[u8]) -> bool {
        let end = self.at + 12 + rdata.len();
        let Some(room) = self.out.get_mut(self.at..end).filter(|_| end <= self.limit) else { return false };
        let Some((head, tail)) = room.split_first_chunk_mut::<12>() else { return false };
        let [o0, o1] = (0xc000 | owner).to_be_bytes();
        let [t0, t1] = rtype.0.to_be_bytes();
        let [c0, c1] = class.to_be_bytes();
        let [s0, s1, s2, s3] = ttl_seconds.to_be_bytes();
        let [l0, l1] = (rdata.len() as u16).to_be_bytes();
        *head = [o0, o1, t0, t1, c0, c1, s0, s1, s2, s3, l0, l1];
        tail.copy_from_slice(rdata);
        self.at = end;
        self.count(Section::Answer, 1);
        true
    }

    /// Takes back everything behind `at` that was added to the answer section since it had `records` records.
    pub(super) fn rewind(&mut self, at: usize, records: u16) {
        self.at = at;
        let [answers, ..] = &mut self.counts;
        *answers = records;
    }

    /// Where the next record goes, and how many answers there are: what [`Self::rewind`] takes.
    pub(super) fn mark(&self) -> (usize, u16) {
        let [answers, ..] = self.counts;
        (self.at, answers)
    }

    /// Adds the OPT, completes the header and returns the reply's length.
    pub(super) fn finish(mut self, rcode: Rcode, edns: Option<&Edns<'_>>, udp_payload: u16, scope: u8) -> usize {
        if let Some(edns) = edns
            && let Some(room) = self.out.get_mut(self.at..)
            && let Some(length) = edns.write(room, udp_payload, rcode.number(), scope)
        {
            self.at += length;
            self.count(Section::Additional, 1);
        }
        let [answers, authorities, additionals] = self.counts;
        let flags = self.flags | rcode.number() & 0x000f;
        if let Some((_, header)) = self.out.split_first_chunk_mut::<2>()
            && let Some(header) = header.first_chunk_mut::<10>()
        {
            let words = [flags, self.questions, answers, authorities, additionals];
            for (place, word) in header.as_chunks_mut::<2>().0.iter_mut().zip(words) {
                *place = word.to_be_bytes();
            }
        }
        self.at
    }

    fn count(&mut self, section: Section, records: u16) {
        let [answers, authorities, additionals] = &mut self.counts;
        let count = match section {
            Section::Answer => answers,
            Section::Authority => authorities,
            Section::Additional => additionals,
        };
        *count = count.saturating_add(records);
    }
}
