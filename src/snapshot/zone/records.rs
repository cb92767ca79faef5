//! A zone's records by owner and type, in the order of the file; and how one RRset of them is compiled.
//!
//! What stands at a name and where the zone ends is known here; what is made of it is decided in `compile.rs`.

use std::collections::{HashMap, HashSet};

use super::CompiledZone;
use crate::diagnostic::Diagnostic;
use crate::snapshot::body::{Bodies, Body, BodyBuilder, BodyError};
use crate::snapshot::names::{Rrset, RrsetId};
use crate::wire::rdata::folded;
use crate::wire::{Name, RrType};
use crate::zone::Record;

/// The records of one owner, by type in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Owner<'a> {
    pub(super) rrsets: Vec<(RrType, Vec<&'a Record>)>,
}

/// All records of a zone by owner. Keys are names in lower-case wire form.
#[derive(Debug)]
pub(super) struct Records<'a> {
    pub(super) apex: &'a Name,
    pub(super) apex_key: Box<[u8]>,
    owners: HashMap<Box<[u8]>, Owner<'a>>,
    /// Keys of `owners` in the order of the file, so that equal files compile to equal tables.
    order: Vec<Box<[u8]>>,
    cuts: HashSet<Box<[u8]>>,
}

impl<'a> Records<'a> {
    pub(super) fn new(parsed: &'a crate::zone::Zone) -> Self {
        let mut owners: HashMap<Box<[u8]>, Owner<'a>> = HashMap::new();
        let mut order = Vec::new();
        for record in &parsed.records {
            let key = record.owner.to_lowercase_wire();
            let owner = owners.entry(key).or_insert_with_key(|key| {
                order.push(key.clone());
                Owner::default()
            });
            match owner.rrsets.iter_mut().find(|(rtype, _)| *rtype == record.rtype) {
                Some((_, records)) => records.push(record),
                None => owner.rrsets.push((record.rtype, vec![record])),
            }
        }
        let apex_key = parsed.apex.to_lowercase_wire();
        let is_cut = |key: &[u8], owner: &Owner<'_>| *key != *apex_key && owner.rrsets.iter().any(|(t, _)| *t == RrType::NS);
        let cuts = owners.iter().filter(|(key, owner)| is_cut(key, owner)).map(|(key, _)| key.clone()).collect();
        Self { apex: &parsed.apex, apex_key, owners, order, cuts }
    }

    /// Every owner with its key, in the order of the file.
    pub(super) fn owners(&self) -> impl Iterator<Item = (&[u8], &Owner<'a>)> {
        self.order.iter().filter_map(|key| Some((&**key, self.owners.get(key)?)))
    }

    /// The keys of all names that exist: the apex first, then owners above cuts with the empty non-terminals over them.
    pub(super) fn existing(&self) -> Vec<Box<[u8]>> {
        let mut seen: HashSet<&[u8]> = HashSet::from([&*self.apex_key]);
        let mut existing = vec![self.apex_key.clone()];
        for key in &self.order {
            let mut missing: Vec<&[u8]> = Vec::new();
            let mut occluded = false;
            for ancestor in suffixes(key).take_while(|suffix| suffix.len() > self.apex_key.len()) {
                occluded |= ancestor.len() < key.len() && self.cuts.contains(ancestor);
                if !seen.contains(ancestor) {
                    missing.push(ancestor);
                }
            }
            if !occluded {
                seen.extend(missing.iter().copied());
                existing.extend(missing.into_iter().map(Box::from));
            }
        }
        existing
    }

    /// Whether the zone ends at this name.
    pub(super) fn is_cut(&self, key: &[u8]) -> bool {
        self.cuts.contains(key)
    }

    /// The records of one type at a name.
    pub(super) fn rrset(&self, key: &[u8], rtype: RrType) -> &[&'a Record] {
        let rrsets = self.owners.get(key).map(|owner| owner.rrsets.as_slice()).unwrap_or_default();
        rrsets.iter().find(|(candidate, _)| *candidate == rtype).map(|(_, records)| records.as_slice()).unwrap_or_default()
    }
}

/// Adds an RRset to a zone's list. `named` is told of each of its records where the last name in its RDATA stands in the body, if
/// pointers reach it.
pub(super) fn add_rrset<'a>(
    zone: &mut CompiledZone,
    rtype: RrType,
    records: &[&'a Record],
    mut named: impl FnMut(RrsetId, &'a Record, Option<u16>),
) -> Result<RrsetId, Diagnostic> {
    let id = RrsetId(zone.rrsets.len() as u32);
    let body = build(&mut zone.bodies, records, |record, at| named(id, record, at));
    let body = body.map_err(|BodyError::TooLong| too_long(records))?;
    zone.rrsets.push(Rrset { rtype, additional_count: 0, additional: 0, body });
    Ok(id)
}

/// Compiles the records of one RRset; its TTL is the least of its records' (RFC 2181 §5.2 wants them equal). `named` is told of each
/// record where the last name in its RDATA stands, if pointers reach it.
pub(super) fn build<'a>(
    bodies: &mut Bodies,
    records: &[&'a Record],
    mut named: impl FnMut(&'a Record, Option<u16>),
) -> Result<Body, BodyError> {
    let mut builder = BodyBuilder::new(bodies);
    let least = records.iter().map(|record| record.ttl).min().unwrap_or_default();
    let mut written = HashSet::with_capacity(records.len());
    for record in records {
        // RFC 2181 §5: an RRset holds no record twice, nor two that differ in the case of a name only.
        if written.insert(folded(record.rtype, &record.rdata)) {
            // RFC 4034 §3: a signature has the TTL of what it signs, whatever its neighbours have.
            let ttl = if record.rtype == RrType::RRSIG { record.ttl } else { least };
            let at = builder.push(record.rtype, ttl, &record.rdata)?;
            named(record, at);
        }
    }
    Ok(builder.finish())
}

fn too_long(records: &[&Record]) -> Diagnostic {
    let Some(record) = records.first() else { return Diagnostic::nowhere("an RRset does not fit a DNS message") };
    Diagnostic::error(record.span, format!("the {} records of \"{}\" do not fit a DNS message", record.rtype, record.owner))
        .label(format!("{} records", records.len()))
        .help("an answer can't be longer than 65,535 octets; spread the data over several names")
}

/// The name and its ancestors, each in wire form, longest first, the root last.
pub(super) fn suffixes(wire: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::successors(Some(wire), |rest| {
        let length = *rest.first()? as usize;
        rest.get(1 + length..).filter(|rest| !rest.is_empty())
    })
}
