//! A zone as the checks look at it: its records by owner and by type, with look-ups that allocate nothing.
//!
//! Names are asked for by their wire octets, so that a suffix of a name, or a name inside RDATA, need not be copied first: a zone
//! may have millions. Only what the records say is here, no judgement.

use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};

use super::super::{Record, Zone};
use crate::diagnostic::Span;
use crate::limits::NAME_LENGTH_MAX;
use crate::wire::rdata::embedded_names;
use crate::wire::{Name, RrType};

/// The records of a zone by owner, owners in the order of the file.
pub(super) struct Nodes<'z> {
    pub(super) zone: &'z Zone,
    /// By owner, then by type, then in the order of the file.
    records: Vec<&'z Record>,
    /// Where each owner's records begin, and where the last one's end.
    starts: Vec<usize>,
    places: HashMap<Key<'z>, usize>,
    types: BTreeMap<RrType, Vec<&'z Record>>,
    any_cut: bool,
}

/// The records of one owner.
#[derive(Clone, Copy)]
pub(super) struct Node<'n, 'z> {
    pub(super) owner: &'z Name,
    /// By type, then in the order of the file.
    pub(super) records: &'n [&'z Record],
}

/// Wire octets of a name that compare and hash as the name does.
#[derive(Clone, Copy)]
pub(super) struct Key<'n>(pub(super) &'n [u8]);

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(other.0)
    }
}

impl Eq for Key<'_> {}

impl Hash for Key<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // One write of the whole is several times faster than one an octet.
        let mut folded = [0; NAME_LENGTH_MAX];
        for (to, from) in folded.iter_mut().zip(self.0) {
            *to = from.to_ascii_lowercase();
        }
        state.write(folded.get(..self.0.len()).unwrap_or(self.0));
    }
}

impl<'z> Nodes<'z> {
    pub(super) fn of(zone: &'z Zone) -> Self {
        let mut places = HashMap::with_capacity(zone.records.len());
        let mut place_of = Vec::with_capacity(zone.records.len());
        let mut types: BTreeMap<RrType, Vec<&Record>> = BTreeMap::new();
        // Where each owner's records begin, shifted by one: first how many there are.
        let mut starts = vec![0];
        let mut before: Option<(&Name, usize)> = None;
        for record in &zone.records {
            // Records of one owner mostly stand together.
            let known = before.filter(|(owner, _)| **owner == record.owner).map(|(_, place)| place);
            let place = known.unwrap_or_else(|| *places.entry(Key(record.owner.as_wire())).or_insert(starts.len() - 1));
            if place + 1 == starts.len() {
                starts.push(0);
            }
            if let Some(count) = starts.get_mut(place + 1) {
                *count += 1;
            }
            before = Some((&record.owner, place));
            place_of.push(place);
            types.entry(record.rtype).or_default().push(record);
        }
        for place in 1..starts.len() {
            let end = starts.get(place - 1).copied().unwrap_or_default();
            if let Some(start) = starts.get_mut(place) {
                *start += end;
            }
        }
        let records = sorted(zone, &place_of, &starts);
        let any_cut = types.get(&RrType::NS).is_some_and(|all| all.iter().any(|ns| ns.owner != zone.apex));
        Self { zone, records, starts, places, types, any_cut }
    }

    fn node(&self, place: usize) -> Option<Node<'_, 'z>> {
        let records = self.records.get(*self.starts.get(place)?..*self.starts.get(place + 1)?)?;
        Some(Node { owner: &records.first()?.owner, records })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Node<'_, 'z>> {
        (0..self.starts.len()).filter_map(|place| self.node(place))
    }

    pub(super) fn rrsets(&self) -> impl Iterator<Item = &[&'z Record]> {
        self.iter().flat_map(|node| node.records.chunk_by(|left, right| left.rtype == right.rtype))
    }

    /// All records of a type in the order of the file.
    pub(super) fn all(&self, rtype: RrType) -> &[&'z Record] {
        self.types.get(&rtype).map_or(&[], Vec::as_slice)
    }

    /// All records of these types in the order of the file.
    pub(super) fn all_of(&self, types: &[RrType]) -> Vec<&'z Record> {
        let mut records: Vec<&Record> = types.iter().flat_map(|rtype| self.all(*rtype)).copied().collect();
        records.sort_by_key(|record| (record.span.file, record.span.start));
        records
    }

    /// The place of a name's node among [`Nodes::iter`].
    pub(super) fn place_of(&self, name: &[u8]) -> Option<usize> {
        self.places.get(&Key(name)).copied()
    }

    pub(super) fn find(&self, name: &[u8]) -> Option<Node<'_, 'z>> {
        self.node(self.place_of(name)?)
    }

    pub(super) fn rrset(&self, name: &[u8], rtype: RrType) -> &[&'z Record] {
        self.find(name).map_or(&[], |node| node.rrset(rtype))
    }

    pub(super) fn apex(&self, rtype: RrType) -> &[&'z Record] {
        self.rrset(self.zone.apex.as_wire(), rtype)
    }

    pub(super) fn is_apex(&self, name: &[u8]) -> bool {
        Key(name) == Key(self.zone.apex.as_wire())
    }

    pub(super) fn is_inside(&self, name: &[u8]) -> bool {
        suffixes(name).any(|suffix| self.is_apex(suffix))
    }

    /// The name itself and what is above it, up to the apex; nothing for names outside the zone.
    pub(super) fn upwards<'n>(&self, name: &'n [u8]) -> impl Iterator<Item = &'n [u8]> {
        let apex_length = self.zone.apex.as_wire().len();
        suffixes(name).filter(|_| self.is_inside(name)).take_while(move |suffix| suffix.len() >= apex_length)
    }

    /// The NS records that cut a name off, those nearest to it.
    pub(super) fn nearest_cut(&self, name: &[u8]) -> Option<&'z Record> {
        self.cuts(name).next()
    }

    /// The NS records that cut a name off, those nearest to the apex.
    pub(super) fn highest_cut(&self, name: &[u8]) -> Option<&'z Record> {
        self.cuts(name).last()
    }

    fn cuts(&self, name: &[u8]) -> impl Iterator<Item = &'z Record> {
        let below_apex = self.upwards(name).filter(|_| self.any_cut).take_while(|suffix| !self.is_apex(suffix));
        below_apex.filter_map(|suffix| self.rrset(suffix, RrType::NS).first().copied())
    }

    /// What a wildcard directly below `encloser` has.
    pub(super) fn wildcard(&self, encloser: &[u8]) -> Option<Node<'_, 'z>> {
        self.find(&[b"\x01*", encloser].concat())
    }

    /// Where to point for what is nowhere: the SOA, else the first record.
    pub(super) fn place(&self) -> Option<Span> {
        let soa = self.apex(RrType::SOA).first().copied();
        soa.or_else(|| self.zone.records.first()).map(|record| record.span)
    }
}

/// The records by owner, then by type; `starts` tells where each owner's begin.
fn sorted<'z>(zone: &'z Zone, place_of: &[usize], starts: &[usize]) -> Vec<&'z Record> {
    let Some(first) = zone.records.first() else { return Vec::new() };
    let mut records = vec![first; zone.records.len()];
    let mut next = starts.to_vec();
    for (record, place) in zone.records.iter().zip(place_of) {
        let Some(at) = next.get_mut(*place) else { continue };
        if let Some(slot) = records.get_mut(*at) {
            *slot = record;
        }
        *at += 1;
    }
    for (start, end) in starts.iter().zip(starts.iter().skip(1)) {
        if let Some(own) = records.get_mut(*start..*end) {
            own.sort_by_key(|record| record.rtype);
        }
    }
    records
}

impl<'n, 'z> Node<'n, 'z> {
    pub(super) fn rrset(self, rtype: RrType) -> &'n [&'z Record] {
        let start = self.records.partition_point(|record| record.rtype < rtype);
        let end = self.records.partition_point(|record| record.rtype <= rtype);
        self.records.get(start..end).unwrap_or_default()
    }

    pub(super) fn has_any(self, types: &[RrType]) -> bool {
        self.records.iter().any(|record| types.contains(&record.rtype))
    }
}

/// A name, its parent, and so on to the root.
pub(super) fn suffixes(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::successors(Some(name), |name| {
        let (&length, rest) = name.split_first().filter(|(length, _)| **length > 0)?;
        rest.get(usize::from(length)..)
    })
}

/// The first host that RDATA names.
pub(super) fn target(record: &Record) -> Option<&[u8]> {
    match record.rtype {
        RrType::NS | RrType::CNAME | RrType::DNAME => Some(&record.rdata),
        RrType::MX => record.rdata.get(2..),
        RrType::SRV => record.rdata.get(6..),
        other => {
            let name = *embedded_names(other, &record.rdata).first()?;
            record.rdata.get(name.start..name.start + name.length)
        }
    }
}

/// A name for a message.
pub(super) fn shown(name: &[u8]) -> String {
    Name::from_wire(name).map_or_else(String::new, |name| name.to_string())
}
