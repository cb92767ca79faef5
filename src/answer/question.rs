//! The question of a query (RFC 1035 §4.1.2): read once, folded to lower case, with every suffix of its name at hand.
//! A compressed or cut-off name is no question. Nothing is looked up here.

use crate::limits::{LABEL_LENGTH_MAX, LABELS_MAX, NAME_LENGTH_MAX};
use crate::wire::RrType;
use crate::wire::message::HEADER_LENGTH;

/// What is asked.
pub(super) struct Question<'n> {
    /// The name.
    pub name: &'n FoldedName,
    /// The type, query types included.
    pub qtype: RrType,
    /// The class.
    pub qclass: u16,
    /// The offset behind the question.
    pub end: usize,
}

/// A name in lower-case wire form that can give any of its suffixes.
pub(super) struct FoldedName {
    /// As long as a name may be, and a multiple of [`STRIDE`].
    octets: [u8; NAME_LENGTH_MAX + 1],
    length: usize,
    /// Where each label begins, from left to right, the root's included.
    starts: [u8; LABELS_MAX + 1],
    labels: usize,
}

/// Octets that are folded in one step.
const STRIDE: usize = 16;

impl<'n> Question<'n> {
    /// Reads the one question of a message, whose name finds its place in `name`; a compressed or cut-off name is no question.
    pub(super) fn read(message: &[u8], name: &'n mut FoldedName) -> Option<Self> {
        name.read(message.get(HEADER_LENGTH..)?)?;
        let name_end = HEADER_LENGTH + name.length;
        let &[t0, t1, c0, c1] = message.get(name_end..)?.first_chunk()?;
        Some(Self { name, qtype: RrType(u16::from_be_bytes([t0, t1])), qclass: u16::from_be_bytes([c0, c1]), end: name_end + 4 })
    }
}

impl FoldedName {
    /// No name yet.
    pub(super) fn empty() -> Self {
        Self { octets: [0; NAME_LENGTH_MAX + 1], length: 0, starts: [0; LABELS_MAX + 1], labels: 0 }
    }

    /// Reads the uncompressed name at the front of `octets`.
    fn read(&mut self, octets: &[u8]) -> Option<()> {
        let mut at = 0;
        loop {
            let length = usize::from(*octets.get(at)?);
            *self.starts.get_mut(self.labels)? = at as u8;
            at += 1 + length;
            if length == 0 {
                break;
            }
            if length > LABEL_LENGTH_MAX {
                return None;
            }
            self.labels += 1;
        }
        self.length = at;
        self.octets.get_mut(..NAME_LENGTH_MAX)?.get_mut(..at)?.copy_from_slice(octets.get(..at)?);
        self.fold();
        Some(())
    }

    /// Reads a name in a message that we wrote, following its pointers; only for chains.
    pub(super) fn read_compressed(message: &[u8], at: usize) -> Option<Self> {
        let mut name = Self::empty();
        let mut at = at;
        // Each step takes a label or a pointer, and no name has more of both than octets.
        for _ in 0..NAME_LENGTH_MAX {
            let (&length, after) = message.get(at..)?.split_first()?;
            match length {
                0 => {
                    *name.starts.get_mut(name.labels)? = name.length as u8;
                    name.length += 1;
                    name.fold();
                    return Some(name);
                }
                0xc0.. => at = usize::from(length & 0x3f) << 8 | usize::from(*after.first()?),
                _ => {
                    let label = message.get(at..=at + usize::from(length))?;
                    name.push(label)?;
                    at += label.len();
                }
            }
        }
        None
    }

    /// Adds a label with its length at the right.
    fn push(&mut self, label: &[u8]) -> Option<()> {
        let end = self.length + label.len();
        // The root label has to fit as well.
        self.octets.get_mut(..NAME_LENGTH_MAX - 1)?.get_mut(self.length..end)?.copy_from_slice(label);
        *self.starts.get_mut(self.labels)? = self.length as u8;
        self.labels += 1;
        self.length = end;
        Some(())
    }

    /// Turns all letters to lower case.
    fn fold(&mut self) {
        // Length octets are at most 63, below any letter, and behind the name are zeros.
        let (strides, _) = self.octets.as_chunks_mut::<STRIDE>();
        strides.iter_mut().take(self.length.div_ceil(STRIDE)).for_each(|stride| stride.make_ascii_lowercase());
    }

    /// Where the suffix of `count` labels begins.
    fn start(&self, count: usize) -> Option<usize> {
        self.starts.get(self.labels.wrapping_sub(count)).map(|start| usize::from(*start))
    }

    /// How many labels, without the root.
    pub(super) fn labels(&self) -> usize {
        self.labels
    }

    /// Octets, the root label included.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// The whole name.
    pub(super) fn whole(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }

    /// The suffix of `count` labels; of none for more than there are.
    pub(super) fn suffix(&self, count: usize) -> &[u8] {
        let start = self.start(count).unwrap_or(self.length);
        self.octets.get(start..self.length).unwrap_or_default()
    }

    /// Whether the name is at or below an apex in lower-case wire form with this many labels.
    pub(super) fn is_at_or_below(&self, apex: &[u8], apex_labels: usize) -> bool {
        apex_labels <= self.labels && self.suffix(apex_labels) == apex
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deep_name_has_every_suffix() {
        let message = [&[0; HEADER_LENGTH][..], &b"\x03Foo\x01B".repeat(20), b"\x00\x00\x01\x00\x01"].concat();
        let mut name = FoldedName::empty();
        let question = Question::read(&message, &mut name).unwrap();
        assert_eq!((question.name.labels(), question.name.length(), question.end), (40, 121, 12 + 121 + 4));
        for count in 0..=40 {
            let wire = question.name.suffix(count);
            assert_eq!(wire.iter().filter(|octet| **octet <= 3).count(), count + 1);
            assert!(!wire.iter().any(u8::is_ascii_uppercase));
        }
        assert_eq!(question.name.whole(), question.name.suffix(40));
        assert!(question.name.suffix(41).is_empty());
    }

    #[test]
    fn a_name_that_is_too_long_or_cut_off_is_no_question() {
        let read = |name: &[u8]| {
            let message = [&[0; HEADER_LENGTH][..], name, &[0, 1, 0, 1]].concat();
            Question::read(&message, &mut FoldedName::empty()).map(|question| question.name.labels())
        };
        let labels = |count: usize, tail: &[u8]| [b"\x01a".repeat(count), tail.to_vec()].concat();
        assert_eq!(read(&labels(127, b"\x00")), Some(127));
        assert_eq!(read(&labels(128, b"\x00")), None);
        assert_eq!(read(&labels(126, b"\x02bc\x00")), None);
        assert_eq!(read(b"\xc0\x0c"), None);
        assert_eq!(read(&[64; 66]), None);
        assert_eq!(read(b"\x03ab"), None);
    }
}
