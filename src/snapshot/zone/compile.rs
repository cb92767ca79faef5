//! How a zone is compiled: owners and their RRsets to names and bodies. What goes with them is found in `additional.rs`.
//!
//! Compiling knows the zone's records and which names are bound, not to what: a binding's index is resolved by the snapshot, so
//! a change of policies recompiles no zone.

use std::collections::{HashMap, HashSet};

use super::CompiledZone;
use super::additional::Targets;
use crate::diagnostic::Diagnostic;
use crate::limits::ZONE_COMPILED_LENGTH_MAX;
use crate::snapshot::binding::Binding;
use crate::snapshot::body::{Bodies, Body, BodyBuilder, BodyError};
use crate::snapshot::names::{EntryId, Kind, Names, Rrset, RrsetId};
use crate::wire::rdata::folded;
use crate::wire::{Name, RrType};
use crate::zone::Record;

/// Compiles a zone whose records have passed `zone::check`, or says what can't be answered with.
pub fn compile(parsed: &crate::zone::Zone, bindings: Vec<Binding>, seed: u64) -> Result<CompiledZone, Vec<Diagnostic>> {
    Compiler::new(parsed, seed).run(bindings)
}

/// The records of one owner, by type in the order of the file.
#[derive(Debug, Default)]
struct Owner<'a> {
    rrsets: Vec<(RrType, Vec<&'a Record>)>,
}

/// A zone in the making.
pub(super) struct Compiler<'a> {
    apex: &'a Name,
    pub(super) apex_key: Box<[u8]>,
    owners: HashMap<Box<[u8]>, Owner<'a>>,
    /// Keys of `owners` in the order of the file, so that equal files compile to equal tables.
    order: Vec<Box<[u8]>>,
    cuts: HashSet<Box<[u8]>>,
    /// Whom the RRsets compiled so far name.
    pub(super) targets: Targets<'a>,
    pub(super) zone: CompiledZone,
    faults: Vec<Diagnostic>,
}

impl<'a> Compiler<'a> {
    fn new(parsed: &'a crate::zone::Zone, seed: u64) -> Self {
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
        let zone = CompiledZone {
            apex: parsed.apex.clone(),
            apex_entry: EntryId(0),
            // Empty non-terminals are rare; a wrong guess would only lengthen probes, so count them.
            names: Names::with_capacity(seed, 0),
            rrsets: Vec::new(),
            additional: Vec::new(),
            bodies: Bodies::default(),
            negative_soa: Body::default(),
            serial: 0,
            bindings: Vec::new(),
        };
        let mut compiler =
            Self { apex: &parsed.apex, apex_key, owners, order, cuts, targets: Targets::default(), zone, faults: Vec::new() };
        let existing = compiler.existing();
        compiler.zone.names = Names::with_capacity(seed, existing.len());
        for key in &existing {
            compiler.zone.names.insert(key);
        }
        compiler.link_wildcards(&existing);
        compiler
    }

    fn run(mut self, bindings: Vec<Binding>) -> Result<CompiledZone, Vec<Diagnostic>> {
        for key in std::mem::take(&mut self.order) {
            if let Some(id) = self.zone.names.find_slowly(&key) {
                self.compile_owner(&key, id);
            }
        }
        self.compile_soa();
        for (index, binding) in bindings.iter().enumerate() {
            let id = self.zone.names.find_slowly(&binding.name.to_lowercase_wire());
            if let Some(entry) = id.and_then(|id| self.zone.names.entry_mut(id)) {
                entry.kind = Kind::Steered(index as u32);
            }
        }
        self.zone.bindings = bindings;
        self.compile_additional();
        if self.zone.is_too_big() {
            self.faults.push(too_big(self.apex));
        }
        if self.faults.is_empty() { Ok(self.zone) } else { Err(self.faults) }
    }

    /// The keys of all names that exist: the apex first, then owners above cuts with the empty non-terminals over them.
    fn existing(&self) -> Vec<Box<[u8]>> {
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

    /// RFC 4592 §4.9: an asterisk label counts even where it is an empty non-terminal.
    fn link_wildcards(&mut self, existing: &[Box<[u8]>]) {
        for key in existing {
            let Some(parent) = key.strip_prefix(b"\x01*") else { continue };
            let wildcard = self.zone.names.find_slowly(key);
            let parent = self.zone.names.find_slowly(parent);
            if let Some(entry) = parent.and_then(|id| self.zone.names.entry_mut(id)) {
                entry.wildcard = wildcard;
            }
        }
    }

    fn compile_owner(&mut self, key: &[u8], id: EntryId) {
        // Taken for a while, because compiling changes all else.
        let Some(rrsets) = self.owners.get_mut(key).map(|owner| std::mem::take(&mut owner.rrsets)) else { return };
        let cut = self.cuts.contains(key);
        let first = self.zone.rrsets.len() as u32;
        // RFC 4035 §3.1.4.1: at a cut the parent answers for DS alone; all else belongs to the child.
        let is_ours = |rtype: RrType| !cut || rtype == RrType::DS;
        for (rtype, records) in rrsets.iter().filter(|(rtype, _)| is_ours(*rtype)) {
            self.compile_rrset(*rtype, records);
        }
        let count = self.zone.rrsets.len() - first as usize;
        let redirects = rrsets.iter().any(|(rtype, _)| *rtype == RrType::DNAME);
        let servers = rrsets.iter().find(|(rtype, _)| cut && *rtype == RrType::NS);
        let referral = servers.and_then(|(rtype, records)| self.compile_rrset(*rtype, records));
        if let Some(entry) = self.zone.names.entry_mut(id) {
            entry.rrsets = first;
            entry.rrset_count = u16::try_from(count).unwrap_or(u16::MAX);
            entry.kind = referral.map_or(Kind::Plain, Kind::Cut);
            entry.redirects = redirects;
        }
        if let Some(owner) = self.owners.get_mut(key) {
            owner.rrsets = rrsets;
        }
    }

    /// Adds an RRset to the list, with whom it names.
    pub(super) fn compile_rrset(&mut self, rtype: RrType, records: &[&'a Record]) -> Option<RrsetId> {
        if self.zone.is_too_big() {
            return None;
        }
        let id = RrsetId(self.zone.rrsets.len() as u32);
        match build(&mut self.zone.bodies, records, |record, at| self.targets.note(id, record, at)) {
            Ok(body) => {
                self.zone.rrsets.push(Rrset { rtype, additional_count: 0, additional: 0, body });
                Some(id)
            }
            Err(BodyError::TooLong) => {
                self.faults.push(too_long(records));
                None
            }
        }
    }

    fn compile_soa(&mut self) {
        let Some(&soa) = self.records(&self.apex_key, RrType::SOA).first() else { return };
        let (Some(serial), Some(minimum)) = (word_from_end(&soa.rdata, 5), word_from_end(&soa.rdata, 1)) else { return };
        self.zone.serial = serial;
        let negative = Record { ttl: soa.ttl.min(minimum), ..soa.clone() };
        // An SOA can't be too long: two names and five words.
        self.zone.negative_soa = build(&mut self.zone.bodies, &[&negative], |_, _| {}).unwrap_or_default();
    }

    /// Whether the zone ends at this name, in lower case.
    pub(super) fn is_cut(&self, key: &[u8]) -> bool {
        self.cuts.contains(key)
    }

    /// The records of one type at a name, in lower case.
    pub(super) fn records(&self, key: &[u8], rtype: RrType) -> &[&'a Record] {
        let rrsets = self.owners.get(key).map(|owner| owner.rrsets.as_slice()).unwrap_or_default();
        rrsets.iter().find(|(candidate, _)| *candidate == rtype).map(|(_, records)| records.as_slice()).unwrap_or_default()
    }
}

/// Compiles one RRset; its TTL is the least of its records' (RFC 2181 §5.2 wants them equal). `named` is told of each record
/// where the last name in its RDATA stands, if pointers reach it.
fn build<'a>(
    bodies: &mut Bodies,
    records: &[&'a Record],
    mut named: impl FnMut(&'a Record, Option<u16>),
) -> Result<Body, BodyError> {
    let mut builder = BodyBuilder::new(bodies);
    let ttl = records.iter().map(|record| record.ttl).min().unwrap_or_default();
    let mut written = HashSet::with_capacity(records.len());
    for record in records {
        // RFC 2181 §5: an RRset holds no record twice, nor two that differ in the case of a name only.
        if written.insert(folded(record.rtype, &record.rdata)) {
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

fn too_big(apex: &Name) -> Diagnostic {
    Diagnostic::nowhere(format!("the zone \"{apex}\" does not fit {} MiB of names or records", ZONE_COMPILED_LENGTH_MAX >> 20))
        .help("delegate parts of it to zones of their own")
}

/// The name and its ancestors, each in wire form, longest first, the root last.
pub(super) fn suffixes(wire: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::successors(Some(wire), |rest| {
        let length = *rest.first()? as usize;
        rest.get(1 + length..).filter(|rest| !rest.is_empty())
    })
}

/// The `n`th 32-bit word from the end.
fn word_from_end(octets: &[u8], n: usize) -> Option<u32> {
    let start = octets.len().checked_sub(4 * n)?;
    octets.get(start..)?.first_chunk::<4>().map(|word| u32::from_be_bytes(*word))
}
