//! The names of one zone: an open-addressed table of 8-byte slots over an arena of lower-case names.
//!
//! Every name that exists has an entry, empty non-terminals too (RFC 4592 §2.2.2), so a look-up tells existence exactly.
//! Names below a cut have none: the search meets the cut first.

use super::body::Body;
use super::hash::NameHash;
use crate::wire::RrType;

/// An entry's index among the names of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryId(pub u32);

/// What stands at a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Its records and nothing else.
    Plain,
    /// The binding with this index decides about addresses.
    Steered(u32),
    /// The zone ends here, with these NS records (RFC 1034 §4.2.1).
    Cut(RrsetId),
}

/// One name of the zone.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Where its lower-case wire form begins in the arena.
    name: u32,
    /// Its RRsets in the zone's list.
    pub rrsets: u32,
    /// How many.
    pub rrset_count: u16,
    /// What it is.
    pub kind: Kind,
    /// The entry of `*` below this name, if there is one.
    pub wildcard: Option<EntryId>,
    /// Whether a DNAME here moves every name below (RFC 6672).
    pub redirects: bool,
}

/// One RRset: its type and its compiled records.
#[derive(Clone, Copy, Debug)]
pub struct Rrset {
    /// The type.
    pub rtype: RrType,
    /// How many RRsets go with it into the additional section ...
    pub additional_count: u16,
    /// ... and the first of them in the zone's list.
    pub additional: u32,
    /// The records, owned by the question's name.
    pub body: Body,
}

/// An RRset's index in the zone's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RrsetId(pub u32);

/// An RRset that goes into the additional section with another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Additional {
    /// Which.
    pub rrset: RrsetId,
    /// Where its owner stands in the body of the other; nowhere if both have the same owner.
    pub owner: Option<u16>,
    /// Whether an answer without it is truncated (RFC 9471 §3.1).
    pub is_required: bool,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    tag: u32,
    entry: u32,
}

/// A slot that holds nothing.
const EMPTY: Slot = Slot { tag: 0, entry: u32::MAX };

/// The table.
#[derive(Debug)]
pub(super) struct Names {
    seed: u64,
    slots: Box<[Slot]>,
    entries: Vec<Entry>,
    arena: Vec<u8>,
}

impl Names {
    /// A table for up to `count` names.
    pub(super) fn with_capacity(seed: u64, count: usize) -> Self {
        // Load factor 0.8: probes stay short, a slot is 8 octets.
        let slots = vec![EMPTY; count + count / 4 + 1].into_boxed_slice();
        Self { seed, slots, entries: Vec::with_capacity(count), arena: Vec::new() }
    }

    /// Adds a name that is not there yet; `wire` is lower-case.
    pub(super) fn insert(&mut self, wire: &[u8]) -> EntryId {
        let id = EntryId(self.entries.len() as u32);
        let name = self.arena.len() as u32;
        self.arena.extend_from_slice(wire);
        self.entries.push(Entry { name, rrsets: 0, rrset_count: 0, kind: Kind::Plain, wildcard: None, redirects: false });
        let hash = NameHash::of(self.seed, wire);
        let mut at = hash.slot(self.slots.len());
        while let Some(slot) = self.slots.get_mut(at) {
            if slot.entry == EMPTY.entry {
                *slot = Slot { tag: hash.tag(), entry: id.0 };
                break;
            }
            at = if at + 1 == self.slots.len() { 0 } else { at + 1 };
        }
        id
    }

    /// The name's entry; `wire` is lower-case and `hash` its hash under this table's seed.
    pub(super) fn find(&self, hash: NameHash, wire: &[u8]) -> Option<EntryId> {
        let mut at = hash.slot(self.slots.len());
        loop {
            let slot = *self.slots.get(at)?;
            if slot.entry == EMPTY.entry {
                return None;
            }
            if slot.tag == hash.tag() && self.is_name_of(EntryId(slot.entry), wire) {
                return Some(EntryId(slot.entry));
            }
            at = if at + 1 == self.slots.len() { 0 } else { at + 1 };
        }
    }

    /// The entry of a lower-case name, hashed here: for compiling, not for queries.
    pub(super) fn find_slowly(&self, wire: &[u8]) -> Option<EntryId> {
        self.find(self.hash(wire), wire)
    }

    /// The hash of a lower-case name under this table's seed.
    pub(super) fn hash(&self, wire: &[u8]) -> NameHash {
        NameHash::of(self.seed, wire)
    }

    /// What stands at an entry.
    pub(super) fn entry(&self, id: EntryId) -> Option<&Entry> {
        self.entries.get(id.0 as usize)
    }

    /// What stands at an entry, to complete it while compiling.
    pub(super) fn entry_mut(&mut self, id: EntryId) -> Option<&mut Entry> {
        self.entries.get_mut(id.0 as usize)
    }

    /// Octets of all names.
    pub(super) fn octet_count(&self) -> usize {
        self.arena.len()
    }

    /// How many names exist.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether `wire`, in lower case, is the name of this entry.
    fn is_name_of(&self, id: EntryId, wire: &[u8]) -> bool {
        let Some(entry) = self.entries.get(id.0 as usize) else { return false };
        // A stored name ends in its own root label, so a longer one can't pass for a shorter.
        self.arena.get(entry.name as usize..).is_some_and(|stored| stored.starts_with(wire))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_inserted_and_nothing_else() {
        let name = |index: usize| format!("\u{4}{index:04}\u{3}com\0").into_bytes();
        let mut names = Names::with_capacity(42, 1000);
        let ids: Vec<EntryId> = (0..1000).map(|index| names.insert(&name(index))).collect();
        for (index, id) in ids.iter().enumerate() {
            assert_eq!(names.find_slowly(&name(index)), Some(*id));
        }
        assert!((1000..3000).all(|index| names.find_slowly(&name(index)).is_none()));
    }
}
