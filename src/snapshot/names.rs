//! The names of one zone: an open-addressed table of 8-byte slots that lead into the zone's arena.
//!
//! In the arena a name stands right before what is answered for it: flags, its labels before the apex in lower case, then each
//! RRset with its compiled records. So a look-up touches a slot and one run of octets, whatever the zone's size. Every name that
//! exists has an entry, empty non-terminals too (RFC 4592 §2.2.2), so a look-up tells existence exactly. Names below a cut have
//! none: the search meets the cut first. How entries are written is `entries.rs`'s matter.

use super::body::Body;
use super::hash::NameHash;
use crate::room;
use crate::wire::RrType;

/// An entry's place in the arena of its zone.
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
    /// Its first RRset in the arena; the others follow.
    pub(super) rrsets: RrsetId,
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
    /// Its place.
    pub id: RrsetId,
    /// The type.
    pub rtype: RrType,
    /// How many RRsets go with it into the additional section ...
    pub additional_count: u16,
    /// ... and the first of them in the zone's list.
    pub additional: u32,
    /// The records, owned by the question's name.
    pub body: Body,
}

/// An RRset's place in the arena of its zone.
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

/// RRsets that stand side by side.
#[derive(Clone, Copy, Debug)]
pub struct Rrsets<'a> {
    arena: &'a [u8],
    next: RrsetId,
    left: u16,
}

/// What the first octet of an entry tells: a word for the binding or cut follows the name, one for the wildcard follows that.
pub(super) const STEERED: u8 = 1;
pub(super) const CUT: u8 = 2;
pub(super) const WILDCARD: u8 = 4;
pub(super) const REDIRECTS: u8 = 8;
/// Octets of an entry before its name: flags, count of RRsets, length of the name.
pub(super) const ENTRY_HEAD_LENGTH: usize = 4;
/// Octets of an RRset before its extras and records: type, length, and count of records with [`EXTRAS`].
pub(super) const RRSET_HEAD_LENGTH: usize = 6;
/// Whether first additional, their count, count of patches and first patch follow: of few RRsets there is any.
pub(super) const EXTRAS: u16 = 1 << 15;
pub(super) const EXTRAS_LENGTH: usize = 12;
/// What a word holds that is not known yet, or never will be.
pub(super) const NOWHERE: u32 = u32::MAX;

impl Entry {
    /// Reads the entry at a place of the arena.
    pub(super) fn read(arena: &[u8], id: EntryId) -> Option<Self> {
        let (&[flags, c0, c1, length], rest) = arena.get(id.0 as usize..)?.split_first_chunk::<ENTRY_HEAD_LENGTH>()?;
        let mut at = id.0 + ENTRY_HEAD_LENGTH as u32 + u32::from(length);
        let (mut kind, mut wildcard) = (Kind::Plain, None);
        if flags & (STEERED | CUT | WILDCARD) != 0 {
            let mut words = rest.get(usize::from(length)..)?.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word));
            let mut word = || {
                at += 4;
                words.next()
            };
            if flags & STEERED != 0 {
                kind = Kind::Steered(word()?);
            } else if flags & CUT != 0 {
                kind = Kind::Cut(RrsetId(word()?));
            }
            if flags & WILDCARD != 0 {
                wildcard = word().filter(|word| *word != NOWHERE).map(EntryId);
            }
        }
        let rrset_count = u16::from_le_bytes([c0, c1]);
        Some(Self { rrsets: RrsetId(at), rrset_count, kind, wildcard, redirects: flags & REDIRECTS != 0 })
    }

    /// Whether the zone ends at the entry of this place.
    pub(super) fn is_cut(arena: &[u8], id: EntryId) -> bool {
        arena.get(id.0 as usize).is_some_and(|flags| flags & (CUT | STEERED) == CUT)
    }

    /// Its RRsets.
    pub(super) fn rrsets<'a>(&self, arena: &'a [u8]) -> Rrsets<'a> {
        Rrsets { arena, next: self.rrsets, left: self.rrset_count }
    }
}

impl Rrset {
    /// Reads the RRset at a place of the arena.
    pub(super) fn read(arena: &[u8], id: RrsetId) -> Option<Self> {
        let (&[t0, t1, l0, l1, r0, r1], rest) = arena.get(id.0 as usize..)?.split_first_chunk::<RRSET_HEAD_LENGTH>()?;
        let records = u16::from_le_bytes([r0, r1]);
        let mut body = Body {
            start: id.0 + RRSET_HEAD_LENGTH as u32,
            length: u16::from_le_bytes([l0, l1]).into(),
            records: records & !EXTRAS,
            ..Body::default()
        };
        let (mut additional, mut additional_count) = (0, 0);
        if records & EXTRAS != 0 {
            let &[a0, a1, a2, a3, c0, c1, n0, n1, p0, p1, p2, p3] = rest.first_chunk::<EXTRAS_LENGTH>()?;
            additional = u32::from_le_bytes([a0, a1, a2, a3]);
            additional_count = u16::from_le_bytes([c0, c1]);
            body.patch_count = u16::from_le_bytes([n0, n1]);
            body.patches = u32::from_le_bytes([p0, p1, p2, p3]);
            body.start += EXTRAS_LENGTH as u32;
        }
        Some(Self { id, rtype: RrType(u16::from_le_bytes([t0, t1])), additional_count, additional, body })
    }
}

impl<'a> Rrsets<'a> {
    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Rrset> + 'a {
        self
    }
}

impl Iterator for Rrsets<'_> {
    type Item = Rrset;

    fn next(&mut self) -> Option<Rrset> {
        self.left = self.left.checked_sub(1)?;
        let rrset = Rrset::read(self.arena, self.next)?;
        self.next = RrsetId(rrset.body.end());
        Some(rrset)
    }
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    tag: u32,
    entry: u32,
}

/// A slot that holds nothing.
const EMPTY: Slot = Slot { tag: 0, entry: NOWHERE };

/// The table. Names are given as their lower-case labels before the apex.
#[derive(Debug)]
pub(super) struct Names {
    seed: u64,
    slots: Vec<Slot>,
    count: usize,
}

impl Names {
    /// A table for up to `count` names at and below an apex.
    pub(super) fn with_capacity(seed: u64, count: usize) -> Self {
        // Half of the slots stay empty: a name that does not exist is known by the third on average, where of four fifths full
        // it would take thirteen, and some that exist as many (Knuth, volume 3, section 6.4). A slot is 8 octets.
        let slots = room::vec_of(EMPTY, 2 * count + 1);
        Self { seed, slots, count: 0 }
    }

    /// Adds a name that is not there yet, with the place of its entry.
    pub(super) fn insert(&mut self, name: &[u8], id: EntryId) {
        let hash = NameHash::of(self.seed, name);
        let mut at = hash.slot(self.slots.len());
        while let Some(slot) = self.slots.get_mut(at) {
            if slot.entry == EMPTY.entry {
                *slot = Slot { tag: hash.tag(), entry: id.0 };
                self.count += 1;
                break;
            }
            at = if at + 1 == self.slots.len() { 0 } else { at + 1 };
        }
    }

    /// The name's entry.
    pub(super) fn find(&self, arena: &[u8], name: &[u8]) -> Option<EntryId> {
        let hash = NameHash::of(self.seed, name);
        let mut at = hash.slot(self.slots.len());
        loop {
            let slot = *self.slots.get(at)?;
            if slot.entry == EMPTY.entry {
                return None;
            }
            if slot.tag == hash.tag() && is_name_of(arena, slot.entry, name) {
                return Some(EntryId(slot.entry));
            }
            at = if at + 1 == self.slots.len() { 0 } else { at + 1 };
        }
    }

    /// All names, as their lower-case labels before the apex, in no order.
    pub(super) fn entries<'a>(&'a self, arena: &'a [u8]) -> impl Iterator<Item = (&'a [u8], EntryId)> {
        self.slots.iter().filter(|slot| slot.entry != EMPTY.entry).filter_map(|slot| {
            let rest = arena.get(slot.entry as usize + ENTRY_HEAD_LENGTH - 1..)?;
            let (length, rest) = rest.split_first()?;
            Some((rest.get(..usize::from(*length))?, EntryId(slot.entry)))
        })
    }

    /// How many names exist.
    pub(super) fn len(&self) -> usize {
        self.count
    }
}

/// Whether these labels are the name of the entry at `at`.
fn is_name_of(arena: &[u8], at: u32, name: &[u8]) -> bool {
    let rest = arena.get(at as usize + ENTRY_HEAD_LENGTH - 1..).and_then(<[u8]>::split_first);
    rest.is_some_and(|(length, stored)| usize::from(*length) == name.len() && stored.starts_with(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_inserted_and_nothing_else() {
        let name = |index: usize| format!("\u{4}{index:04}\u{1}a").into_bytes();
        let mut names = Names::with_capacity(42, 1000);
        let mut arena = Vec::new();
        let mut ids = Vec::new();
        for index in 0..1000 {
            let id = EntryId(arena.len() as u32);
            arena.extend([0, 0, 0, 7]);
            arena.extend(name(index));
            names.insert(&name(index), id);
            ids.push(id);
        }
        for (index, id) in ids.iter().enumerate() {
            assert_eq!(names.find(&arena, &name(index)), Some(*id));
        }
        assert!((1000..3000).all(|index| names.find(&arena, &name(index)).is_none()));
    }
}
