//! What a zone's records make exist: names above the cuts with the empty non-terminals over them (RFC 4592 §2.2.2), and where it ends.
//!
//! Nothing is copied or remembered a record: all is asked of the zone, whose records are grouped by owner already. Keys are
//! lower-case labels before the apex. What is made of the records is decided in `compile.rs`.

use crate::wire::{Name, RrType};
use crate::zone::{Owned, Zone};

/// The records of a zone as the compiler asks for them.
#[derive(Debug)]
pub(super) struct Records<'a> {
    pub(super) zone: &'a Zone,
    pub(super) apex_key: Box<[u8]>,
    /// Whether the zone ends anywhere: most do not, and then no name need be asked.
    has_cuts: bool,
}

impl<'a> Records<'a> {
    pub(super) fn new(zone: &'a Zone) -> Self {
        let has_cuts = zone.records.iter().any(|record| record.rtype == RrType::NS && record.owner != zone.apex);
        Self { zone, apex_key: zone.apex.to_lowercase_wire(), has_cuts }
    }

    pub(super) fn apex(&self) -> &'a Name {
        &self.zone.apex
    }

    /// Every owner below the apex that exists, in the order of the file; `each` is given its key.
    pub(super) fn for_each_owner(&self, mut each: impl FnMut(&[u8], Owned<'a>)) {
        let mut key = Vec::new();
        for owned in self.zone.owners() {
            let relative = owned.name().and_then(|owner| owner.relative_to(&self.zone.apex));
            let Some(relative) = relative.filter(|relative| !relative.is_empty()) else { continue };
            key.clear();
            key.extend_from_slice(relative);
            key.make_ascii_lowercase();
            if !self.is_occluded(&key) {
                each(&key, owned);
            }
        }
    }

    /// Whether the zone ends at this name.
    pub(super) fn is_cut(&self, key: &[u8]) -> bool {
        self.has_cuts && !key.is_empty() && self.at(key).rrset(RrType::NS).count() > 0
    }

    /// Whether the zone ends above this name.
    fn is_occluded(&self, key: &[u8]) -> bool {
        self.has_cuts && suffixes(key).skip(1).any(|above| self.is_cut(above))
    }

    /// The key of a name in lower-case wire form, if it is at or below the apex.
    pub(super) fn key_of<'n>(&self, name: &'n [u8]) -> Option<&'n [u8]> {
        let key = name.strip_suffix(&*self.apex_key)?;
        let whole = suffixes(key).map(|above| 1 + above.first().map_or(0, |length| usize::from(*length))).sum::<usize>();
        (whole == key.len()).then_some(key)
    }

    /// The records at a name.
    pub(super) fn at(&self, key: &[u8]) -> Owned<'a> {
        self.zone.at(&[key, &self.apex_key].concat())
    }
}

/// The name and what is above it, longest first, up to the apex, which is not among them.
pub(super) fn suffixes(key: &[u8]) -> impl Iterator<Item = &[u8]> {
    let more = |rest: &&[u8]| !rest.is_empty();
    std::iter::successors(Some(key).filter(more), move |rest| rest.get(1 + usize::from(*rest.first()?)..).filter(more))
}
