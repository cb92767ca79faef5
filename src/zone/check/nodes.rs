//! A zone as the checks look at it: its records by owner and by type, with look-ups that allocate nothing.
//!
//! Names are asked for by their wire octets, so that a suffix of a name, or a name inside RDATA, need not be copied first: a zone
//! may have millions. Only what the records say is here, no judgement.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use super::super::{Owned, Record, Zone};
use crate::diagnostic::Span;
use crate::limits::NAME_LENGTH_MAX;
use crate::wire::rdata::embedded_names;
use crate::wire::{Name, RrType};

/// The records of a zone by owner, owners in the order of the file.
pub(super) struct Nodes<'z> {
    pub(super) zone: &'z Zone,
    /// By owner, then by type, then in the order of the file.
    records: Vec<&'z Record>,
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
        let records: Vec<&Record> = zone.owners().flat_map(Owned::records).collect();
        let mut types: BTreeMap<RrType, Vec<&Record>> = BTreeMap::new();
        for rrset in zone.records.chunk_by(|left, right| left.rtype == right.rtype) {
            let Some(first) = rrset.first() else { continue };
            types.entry(first.rtype).or_default().extend(rrset);
        }
        let any_cut = types.get(&RrType::NS).is_some_and(|all| all.iter().any(|ns| ns.owner != zone.apex));
        Self { zone, records, types, any_cut }
    }

    fn node(&self, place: usize) -> Option<Node<'_, 'z>> {
        let records = self.records.get(self.zone.index.range(place)?)?;
        Some(Node { owner: &records.first()?.owner, records })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Node<'_, 'z>> {
        (0..self.zone.index.len()).filter_map(|place| self.node(place))
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
        self.zone.index.find(&self.zone.records, name)
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
        RrType::NS | RrType::CNAME | RrType::DNAME | RrType::PTR => Some(&record.rdata),
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
