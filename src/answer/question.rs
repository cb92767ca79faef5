//! The question of a query (RFC 1035 §4.1.2): read once, folded to lower case, with the hash of every suffix of its name.
//! A compressed or cut-off name is no question. Nothing is looked up here.

use crate::limits::{LABEL_LENGTH_MAX, LABELS_MAX, NAME_LENGTH_MAX};
use crate::snapshot::{NameHash, Suffix};
use crate::wire::RrType;
use crate::wire::message::HEADER_LENGTH;

/// What is asked.
pub(super) struct Question {
    /// The name.
    pub name: FoldedName,
    /// The type, query types included.
    pub qtype: RrType,
    /// The class.
    pub qclass: u16,
    /// The offset behind the question.
    pub end: usize,
}

/// A name in lower-case wire form that can give any of its suffixes.
pub(super) struct FoldedName {
    octets: [u8; NAME_LENGTH_MAX],
    length: usize,
    /// Where the suffix of n labels begins, by n; 0 labels is the root.
    starts: [u8; LABELS_MAX + 1],
    /// Its hash, by n.
    hashes: [NameHash; LABELS_MAX + 1],
    labels: usize,
}

impl Question {
    /// Reads the one question of a message; a compressed or cut-off name is no question.
    pub(super) fn read(message: &[u8], seed: u64) -> Option<Self> {
        let name = FoldedName::read(message, HEADER_LENGTH, seed)?;
        let name_end = HEADER_LENGTH + name.length;
        let (qtype, rest) = message.get(name_end..)?.split_first_chunk::<2>()?;
        let qclass = rest.first_chunk::<2>()?;
        Some(Self { name, qtype: RrType(u16::from_be_bytes(*qtype)), qclass: u16::from_be_bytes(*qclass), end: name_end + 4 })
    }
}

impl FoldedName {
    /// Reads an uncompressed name at `at`.
    fn read(message: &[u8], at: usize, seed: u64) -> Option<Self> {
        let mut name = Self::empty(seed);
        let mut rest = message.get(at..)?;
        while let Some((&length, after)) = rest.split_first() {
            if length == 0 {
                return name.finish();
            }
            let (label, after) = after.split_at_checked(usize::from(length))?;
            name.push(label)?;
            rest = after;
        }
        None
    }

    /// Reads a name in a message that we wrote, following its pointers; only for chains.
    pub(super) fn read_compressed(message: &[u8], at: usize, seed: u64) -> Option<Self> {
        let mut name = Self::empty(seed);
        let mut at = at;
        // Each step takes a label or a pointer, and no name has more of both than octets.
        for _ in 0..NAME_LENGTH_MAX {
            let (&length, after) = message.get(at..)?.split_first()?;
            match length {
                0 => return name.finish(),
                0xc0.. => at = usize::from(length & 0x3f) << 8 | usize::from(*after.first()?),
                _ => {
                    name.push(after.get(..usize::from(length))?)?;
                    at += 1 + usize::from(length);
                }
            }
        }
        None
    }

    fn empty(seed: u64) -> Self {
        Self {
            octets: [0; NAME_LENGTH_MAX],
            length: 0,
            starts: [0; LABELS_MAX + 1],
            hashes: [NameHash::root(seed); LABELS_MAX + 1],
            labels: 0,
        }
    }

    /// Adds a label at the right; until `finish`, `starts` counts from the left.
    fn push(&mut self, label: &[u8]) -> Option<()> {
        let end = self.length + 1 + label.len();
        if label.len() > LABEL_LENGTH_MAX || end + 1 > NAME_LENGTH_MAX {
            return None;
        }
        *self.starts.get_mut(self.labels)? = self.length as u8;
        let (length, room) = self.octets.get_mut(self.length..end)?.split_first_mut()?;
        *length = label.len() as u8;
        room.copy_from_slice(label);
        room.make_ascii_lowercase();
        self.labels += 1;
        self.length = end;
        Some(())
    }

    /// Adds the root label, turns `starts` round and hashes from right to left.
    fn finish(mut self) -> Option<Self> {
        *self.starts.get_mut(self.labels)? = self.length as u8;
        self.length += 1;
        self.starts.get_mut(..=self.labels)?.reverse();
        let mut hash = *self.hashes.first()?;
        for count in 1..=self.labels {
            let start = usize::from(*self.starts.get(count)?);
            let length = usize::from(*self.octets.get(start)?);
            hash = hash.prepend(self.octets.get(start + 1..start + 1 + length)?);
            *self.hashes.get_mut(count)? = hash;
        }
        Some(self)
    }

    /// How many labels, without the root.
    pub(super) fn labels(&self) -> usize {
        self.labels
    }

    /// Octets, the root label included.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// The hash of the whole name.
    pub(super) fn hash(&self) -> NameHash {
        self.suffix(self.labels).hash
    }

    /// The suffix of `count` labels; of none for more than there are.
    pub(super) fn suffix(&self, count: usize) -> Suffix<'_> {
        let start = self.starts.get(count).copied().map_or(self.length, usize::from);
        let wire = self.octets.get(start..self.length).unwrap_or_default();
        Suffix { wire, hash: self.hashes.get(count).copied().unwrap_or_else(|| NameHash::root(0)) }
    }

    /// Whether the name is at or below an apex in wire form with this many labels.
    pub(super) fn is_at_or_below(&self, apex: &[u8], apex_labels: usize) -> bool {
        apex_labels <= self.labels && self.suffix(apex_labels).wire.eq_ignore_ascii_case(apex)
    }
}
