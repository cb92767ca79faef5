//! The records of a zone by owner: grouped once, for the checks and for the compiler.
//!
//! A zone may have millions of records, and each is looked at here: an owner costs one slot of a hash table, a record one number.
//! Owners that follow each other in the file, as they mostly do, cost no look-up at all.

use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

use super::Record;
use crate::limits::NAME_LENGTH_MAX;
use crate::room;

/// Numbers of records, by owner, then by type, then in the order of the file.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    order: Vec<u32>,
    /// Where each owner's records begin in `order`, and where the last one's end; owners in the order of the file.
    starts: Vec<u32>,
    owners: Owners,
}

/// Owners by their hash: an open-addressed table of their places.
#[derive(Clone, Debug, Default)]
struct Owners {
    hasher: RandomState,
    slots: Vec<Slot>,
    /// The first record of each in the file.
    firsts: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    tag: u32,
    place: u32,
}

/// A slot that holds nothing.
const EMPTY: Slot = Slot { tag: 0, place: u32::MAX };

// How an index was made is no part of what a zone says.
impl PartialEq for Index {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order && self.starts == other.starts
    }
}

impl Eq for Index {}

impl Index {
    pub(super) fn of(records: &[Record]) -> Self {
        let mut owners = Owners {
            slots: room::vec_of(EMPTY, records.len() + records.len() / 4 + 1),
            firsts: room::vec_for(records.len()),
            ..Owners::default()
        };
        let mut places: Vec<u32> = room::vec_for(records.len());
        let mut is_grouped = true;
        let mut before: Option<(&Record, u32)> = None;
        for (number, record) in (0..).zip(records) {
            let known = before.filter(|(before, _)| before.owner == record.owner).map(|(_, place)| place);
            let place = known.unwrap_or_else(|| owners.place_of(records, number, record.owner.as_wire()));
            is_grouped &=
                before.is_none_or(|(last, last_place)| last_place < place || last_place == place && last.rtype <= record.rtype);
            before = Some((record, place));
            places.push(place);
        }
        let starts = starts(&places, owners.firsts.len());
        let order = if is_grouped {
            let mut order = room::vec_for(records.len());
            order.extend(0..records.len() as u32);
            order
        } else {
            sorted(records, &places, &starts)
        };
        Self { order, starts, owners }
    }

    /// How many owners there are.
    pub(super) fn len(&self) -> usize {
        self.owners.firsts.len()
    }

    /// Which records in this order are those of the owner at a place.
    pub(super) fn range(&self, place: usize) -> Option<Range<usize>> {
        let bound = |place: usize| self.starts.get(place).map(|start| *start as usize);
        Some(bound(place)?..bound(place + 1)?)
    }

    /// The records of the owner at a place.
    pub(super) fn owner(&self, place: usize) -> &[u32] {
        self.range(place).and_then(|range| self.order.get(range)).unwrap_or_default()
    }

    /// The place of the owner with this name.
    pub(super) fn find(&self, records: &[Record], name: &[u8]) -> Option<usize> {
        self.owners.find(records, name, self.owners.hash(name)).1.map(|place| place as usize)
    }
}

impl Owners {
    /// The place of a record's owner, a new one if it has none yet.
    fn place_of(&mut self, records: &[Record], number: u32, owner: &[u8]) -> u32 {
        let hash = self.hash(owner);
        let (at, found) = self.find(records, owner, hash);
        if let Some(place) = found {
            return place;
        }
        let place = self.firsts.len() as u32;
        self.firsts.push(number);
        let tag = hash as u32;
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = Slot { tag, place };
        }
        place
    }

    /// The place of a name with this hash, and the slot where it is or would be.
    fn find(&self, records: &[Record], name: &[u8], hash: u64) -> (usize, Option<u32>) {
        let mut at = ((u128::from(hash) * self.slots.len() as u128) >> 64) as usize;
        while let Some(slot) = self.slots.get(at).filter(|slot| slot.place != EMPTY.place) {
            let owner = || records.get(*self.firsts.get(slot.place as usize)? as usize).map(|record| record.owner.as_wire());
            if slot.tag == hash as u32 && owner().is_some_and(|owner| owner.eq_ignore_ascii_case(name)) {
                return (at, Some(slot.place));
            }
            at = if at + 1 >= self.slots.len() { 0 } else { at + 1 };
        }
        (at, None)
    }

    fn hash(&self, name: &[u8]) -> u64 {
        let mut folded = [0; NAME_LENGTH_MAX];
        let (Some(folded), Some(name)) = (folded.get_mut(..name.len()), name.get(..name.len().min(NAME_LENGTH_MAX))) else {
            return 0;
        };
        folded.copy_from_slice(name);
        folded.make_ascii_lowercase();
        self.hasher.hash_one(&*folded)
    }
}

/// Where each place's records begin, and where the last one's end.
fn starts(places: &[u32], count: usize) -> Vec<u32> {
    let mut starts = room::vec_of(0, count + 1);
    for place in places {
        if let Some(start) = starts.get_mut(*place as usize + 1) {
            *start += 1;
        }
    }
    let mut sum = 0;
    for start in &mut starts {
        sum += *start;
        *start = sum;
    }
    starts
}

/// The numbers of the records by place, then by type.
fn sorted(records: &[Record], places: &[u32], starts: &[u32]) -> Vec<u32> {
    let mut order = room::vec_of(0, records.len());
    let mut next = room::vec_for(starts.len());
    next.extend_from_slice(starts);
    for (number, place) in (0..).zip(places) {
        let Some(at) = next.get_mut(*place as usize) else { continue };
        if let Some(slot) = order.get_mut(*at as usize) {
            *slot = number;
        }
        *at += 1;
    }
    for (start, end) in starts.iter().zip(starts.iter().skip(1)).filter(|(start, end)| **end - **start > 1) {
        if let Some(own) = order.get_mut(*start as usize..*end as usize) {
            own.sort_by_key(|number| records.get(*number as usize).map(|record| record.rtype));
        }
    }
    order
}
