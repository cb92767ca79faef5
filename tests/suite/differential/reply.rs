//! A reply by its meaning: what its header says, and the records of each section in an order of their own, names spelt out and in
//! lower case. Knows the names within RDATA that a server may compress, and nothing of the product.

use std::fmt::Write;

use signpost::diagnostic::Sources;
use signpost::wire::{Name, RrType};
use signpost::zone::{Record, record_line};

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) head: Head,
    pub(super) truncated: bool,
    /// Octets.
    pub(super) length: usize,
    /// Answer, authority and additional, the last one without its OPT record.
    pub(super) sections: [Vec<Rr>; 3],
}

/// The header, the question and whether there is an OPT record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) rcode: u8,
    pub(super) authoritative: bool,
    pub(super) recursion_desired: bool,
    pub(super) recursion_available: bool,
    pub(super) edns: bool,
    /// The octets, whose case is the client's.
    pub(super) question: Vec<u8>,
}

/// A record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rr {
    pub(super) owner: Vec<u8>,
    pub(super) rtype: u16,
    pub(super) ttl: u32,
    pub(super) data: Vec<u8>,
}

const OPT: u16 = 41;
/// What dig calls the sections and the first response codes.
const SECTIONS: [&str; 3] = ["ANSWER", "AUTHORITY", "ADDITIONAL"];
const RCODES: [&str; 7] = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN"];

impl Reply {
    /// Reads a whole reply; `None` if it is cut off.
    pub(super) fn read(octets: &[u8]) -> Option<Self> {
        let mut reader = Reader { octets, at: 12 };
        let counts = [word(octets, 4)?, word(octets, 6)?, word(octets, 8)?, word(octets, 10)?];
        for _ in 0..counts[0] {
            reader.name()?;
            reader.take(4)?;
        }
        let question = octets.get(12..reader.at)?.to_vec();
        let mut sections = [Vec::new(), Vec::new(), Vec::new()];
        for (section, count) in sections.iter_mut().zip(&counts[1..]) {
            for _ in 0..*count {
                section.push(reader.record()?);
            }
            section.sort_unstable();
        }
        let all = sections[2].len();
        sections[2].retain(|record| record.rtype != OPT);
        let (flags, codes) = (octets[2], octets[3]);
        let head = Head {
            rcode: codes & 0x0f,
            authoritative: flags & 0x04 != 0,
            recursion_desired: flags & 0x01 != 0,
            recursion_available: codes & 0x80 != 0,
            edns: sections[2].len() < all,
            question,
        };
        let truncated = flags & 0x02 != 0;
        (reader.at == octets.len()).then_some(Self { head, truncated, length: octets.len(), sections })
    }

    /// Without repeated records (RFC 2181 §5), also where the second one goes along with the first.
    pub(super) fn into_sets(mut self) -> Self {
        self.sections.iter_mut().for_each(Vec::dedup);
        let [answer, _, additional] = &mut self.sections;
        additional.retain(|record| !answer.contains(record));
        self
    }

    /// Much as dig prints it.
    pub(super) fn text(&self) -> String {
        let head = &self.head;
        let flag = |is_set, name| if is_set { name } else { "" };
        let rcode =
            RCODES.get(usize::from(head.rcode)).map_or_else(|| format!("RCODE {}", head.rcode), |name| (*name).to_owned());
        let flags = [flag(head.authoritative, " aa"), flag(self.truncated, " tc"), flag(head.recursion_desired, " rd")].concat();
        let flags = [flags.as_str(), flag(head.recursion_available, " ra"), flag(head.edns, " edns")].concat();
        let mut text = format!("{rcode}{flags}\n");
        for (section, name) in self.sections.iter().zip(SECTIONS).filter(|(section, _)| !section.is_empty()) {
            writeln!(text, "  {name}").unwrap();
            section.iter().for_each(|record| writeln!(text, "    {}", record.text()).unwrap());
        }
        text
    }
}

impl Rr {
    fn text(&self) -> String {
        let nowhere = Sources::default().add("reply", "").span(0, 0);
        let owner = Name::from_wire(&self.owner).unwrap_or_else(Name::root);
        let rdata = self.data.clone().into();
        record_line(&Record { owner, rtype: RrType(self.rtype), ttl: self.ttl, rdata, span: nowhere, data: nowhere })
    }
}

struct Reader<'m> {
    octets: &'m [u8],
    at: usize,
}

impl<'m> Reader<'m> {
    fn take(&mut self, count: usize) -> Option<&'m [u8]> {
        let taken = self.octets.get(self.at..self.at + count)?;
        self.at += count;
        Some(taken)
    }

    fn record(&mut self) -> Option<Rr> {
        let owner = self.name()?;
        let fixed = self.take(10)?;
        let rtype = word(fixed, 0)?;
        let end = self.at + usize::from(word(fixed, 8)?);
        let data = self.data(rtype, end)?;
        (self.at == end).then_some(Rr { owner, rtype, ttl: u32::from(word(fixed, 4)?) << 16 | u32::from(word(fixed, 6)?), data })
    }

    /// RDATA with its names spelt out: so many octets, so many names, and the rest.
    fn data(&mut self, rtype: u16, end: usize) -> Option<Vec<u8>> {
        let (before, names) = match rtype {
            2 | 5 | 12 | 39 => (0, 1),
            6 => (0, 2),
            15 => (2, 1),
            33 => (6, 1),
            _ => (0, 0),
        };
        let mut data = self.take(before)?.to_vec();
        for _ in 0..names {
            data.extend(self.name()?);
        }
        data.extend(self.take(end.checked_sub(self.at)?)?);
        Some(data)
    }

    /// A name, spelt out and in lower case.
    fn name(&mut self) -> Option<Vec<u8>> {
        let mut name = Vec::with_capacity(32);
        let (mut at, mut end) = (self.at, None);
        loop {
            let length = *self.octets.get(at)?;
            if length >= 0xc0 {
                end.get_or_insert(at + 2);
                let target = usize::from(length & 0x3f) << 8 | usize::from(*self.octets.get(at + 1)?);
                // RFC 1035 §4.1.4: a pointer leads to a prior occurrence.
                at = Some(target).filter(|target| *target < at)?;
                continue;
            }
            name.extend(self.octets.get(at..=at + usize::from(length))?.iter().map(u8::to_ascii_lowercase));
            at += 1 + usize::from(length);
            if length == 0 {
                self.at = end.unwrap_or(at);
                return Some(name);
            }
        }
    }
}

fn word(octets: &[u8], at: usize) -> Option<u16> {
    octets.get(at..)?.first_chunk().map(|word| u16::from_be_bytes(*word))
}
