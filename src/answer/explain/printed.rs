//! A reply read back from the wire and printed as zone files write it.
//! Only our own replies come here; names in them may be compressed.

use crate::limits::NAME_LENGTH_MAX;
use crate::wire::message::{FLAG_AA, HEADER_LENGTH};
use crate::wire::rdata::{Field, layout};
use crate::wire::{Name, RrType};
use crate::zone::data_text;

/// The records of a reply, a line each, the OPT record left out.
#[derive(Debug, Default)]
pub(super) struct Printed {
    pub authoritative: bool,
    pub answers: Vec<String>,
    pub authorities: Vec<String>,
    pub additionals: Vec<String>,
}

impl Printed {
    /// Reads a reply of ours.
    pub(super) fn read(message: &[u8]) -> Option<Self> {
        let header = message.first_chunk::<HEADER_LENGTH>()?;
        let mut words = header.as_chunks::<2>().0.iter().map(|word| u16::from_be_bytes(*word));
        let (_, flags, questions) = (words.next()?, words.next()?, words.next()?);
        let mut reader = Reader { message, at: HEADER_LENGTH };
        for _ in 0..questions {
            reader.name()?;
            reader.take(4)?;
        }
        let mut section = |count: Option<u16>| -> Option<Vec<String>> {
            let records: Option<Vec<_>> = (0..count?).map(|_| reader.record()).collect();
            Some(records?.into_iter().flatten().collect())
        };
        Some(Self {
            authoritative: flags & FLAG_AA != 0,
            answers: section(words.next())?,
            authorities: section(words.next())?,
            additionals: section(words.next())?,
        })
    }
}

/// Where one reads in a message.
#[derive(Clone)]
struct Reader<'m> {
    message: &'m [u8],
    at: usize,
}

impl<'m> Reader<'m> {
    /// One record as a line; nothing for OPT, which is no data.
    fn record(&mut self) -> Option<Option<String>> {
        let owner = self.name()?;
        let rtype = RrType(self.number(2)? as u16);
        self.take(2)?;
        let ttl_seconds = self.number(4)?;
        let end = self.number(2)? as usize + self.at;
        let rdata = self.rdata(rtype, end)?;
        self.at = end;
        Some((rtype != RrType::OPT).then(|| format!("{owner} {ttl_seconds} IN {rtype} {}", data_text(rtype, &rdata))))
    }

    /// The octets up to `end`, compressed names written out.
    fn rdata(&mut self, rtype: RrType, end: usize) -> Option<Vec<u8>> {
        let mut octets = Vec::new();
        // Only the types of RFC 1035 have compressed names, and only numbers stand before the first one.
        for field in layout(rtype).map_or(&[][..], |layout| layout.fields) {
            if *field == Field::Name {
                octets.extend_from_slice(self.name()?.as_wire());
            } else if *field == Field::U16 {
                octets.extend_from_slice(self.take(2)?);
            } else {
                break;
            }
        }
        octets.extend_from_slice(self.rest(end)?);
        Some(octets)
    }

    /// A name, with pointers (RFC 1035 §4.1.4).
    fn name(&mut self) -> Option<Name> {
        let mut wire = Vec::new();
        let mut ahead = self.clone();
        let mut after_pointer = None;
        // Each step takes a label or a pointer, and no name has more of both than octets.
        for _ in 0..NAME_LENGTH_MAX {
            let length = ahead.number(1)? as usize;
            match length {
                0 => {
                    wire.push(0);
                    self.at = after_pointer.unwrap_or(ahead.at);
                    return Name::from_wire(&wire);
                }
                0xc0.. => {
                    let target = (length & 0x3f) << 8 | ahead.number(1)? as usize;
                    after_pointer.get_or_insert(ahead.at);
                    ahead.at = target;
                }
                _ => {
                    wire.push(length as u8);
                    wire.extend_from_slice(ahead.take(length)?);
                }
            }
        }
        None
    }

    fn rest(&mut self, end: usize) -> Option<&'m [u8]> {
        self.take(end.checked_sub(self.at)?)
    }

    /// A number of so many octets, at most four.
    fn number(&mut self, octets: usize) -> Option<u32> {
        Some(self.take(octets)?.iter().fold(0, |number, octet| number << 8 | u32::from(*octet)))
    }

    fn take(&mut self, length: usize) -> Option<&'m [u8]> {
        let taken = self.message.get(self.at..self.at + length)?;
        self.at += length;
        Some(taken)
    }
}
