//! How a zone is compiled: its names, then the RRsets at each, then what goes along with them.
//!
//! Compiling knows the zone's records and which names are bound, not to what: a binding's index is resolved by the snapshot, so
//! a change of policies recompiles no zone.

use super::CompiledZone;
use super::additional::Targets;
use super::records::{Owner, Records, add_rrset, build};
use crate::diagnostic::Diagnostic;
use crate::limits::ZONE_COMPILED_LENGTH_MAX;
use crate::snapshot::binding::Binding;
use crate::snapshot::body::{Bodies, Body};
use crate::snapshot::names::{EntryId, Kind, Names, RrsetId};
use crate::wire::{Name, RrType};
use crate::zone::Record;

/// Compiles a zone whose records have passed `zone::check`, or says what can't be answered with.
pub fn compile(parsed: &crate::zone::Zone, bindings: Vec<Binding>, seed: u64) -> Result<CompiledZone, Vec<Diagnostic>> {
    let records = Records::new(parsed);
    Compiler::new(&records, seed).run(bindings)
}

struct Compiler<'r, 'a> {
    records: &'r Records<'a>,
    zone: CompiledZone,
    /// Whom the RRsets compiled so far name.
    targets: Targets<'a>,
    faults: Vec<Diagnostic>,
}

impl<'r, 'a> Compiler<'r, 'a> {
    fn new(records: &'r Records<'a>, seed: u64) -> Self {
        let existing = records.existing();
        let mut names = Names::with_capacity(seed, existing.len());
        for key in &existing {
            names.insert(key);
        }
        link_wildcards(&mut names, &existing);
        let zone = CompiledZone {
            apex: records.apex.clone(),
            apex_entry: EntryId(0),
            names,
            rrsets: Vec::new(),
            additional: Vec::new(),
            bodies: Bodies::default(),
            negative_soa: Body::default(),
            serial: 0,
            bindings: Vec::new(),
        };
        Self { records, zone, targets: Targets::default(), faults: Vec::new() }
    }

    fn run(mut self, bindings: Vec<Binding>) -> Result<CompiledZone, Vec<Diagnostic>> {
        for (key, owner) in self.records.owners() {
            if let Some(id) = self.zone.names.find_slowly(key) {
                self.compile_owner(key, owner, id);
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
        self.faults.extend(self.targets.compile(self.records, &mut self.zone));
        if self.zone.is_too_big() {
            self.faults.push(too_big(self.records.apex));
        }
        if self.faults.is_empty() { Ok(self.zone) } else { Err(self.faults) }
    }

    fn compile_owner(&mut self, key: &[u8], owner: &Owner<'a>, id: EntryId) {
        let cut = self.records.is_cut(key);
        let first = self.zone.rrsets.len() as u32;
        // RFC 4035 §3.1.4.1: at a cut the parent answers for DS alone; all else belongs to the child.
        let is_ours = |rtype: RrType| !cut || rtype == RrType::DS;
        for (rtype, records) in owner.rrsets.iter().filter(|(rtype, _)| is_ours(*rtype)) {
            self.compile_rrset(*rtype, records);
        }
        let count = self.zone.rrsets.len() - first as usize;
        let redirects = owner.rrsets.iter().any(|(rtype, _)| *rtype == RrType::DNAME);
        let servers = owner.rrsets.iter().find(|(rtype, _)| cut && *rtype == RrType::NS);
        let referral = servers.and_then(|(rtype, records)| self.compile_rrset(*rtype, records));
        if let Some(entry) = self.zone.names.entry_mut(id) {
            entry.rrsets = first;
            entry.rrset_count = u16::try_from(count).unwrap_or(u16::MAX);
            entry.kind = referral.map_or(Kind::Plain, Kind::Cut);
            entry.redirects = redirects;
        }
    }

    fn compile_rrset(&mut self, rtype: RrType, records: &[&'a Record]) -> Option<RrsetId> {
        if self.zone.is_too_big() {
            return None;
        }
        let targets = &mut self.targets;
        let added = add_rrset(&mut self.zone, rtype, records, |id, record, at| targets.note(id, record, at));
        added.map_err(|fault| self.faults.push(fault)).ok()
    }

    fn compile_soa(&mut self) {
        let Some(&soa) = self.records.rrset(&self.records.apex_key, RrType::SOA).first() else { return };
        let (Some(serial), Some(minimum)) = (word_from_end(&soa.rdata, 5), word_from_end(&soa.rdata, 1)) else { return };
        self.zone.serial = serial;
        let negative = Record { ttl: soa.ttl.min(minimum), ..soa.clone() };
        // An SOA can't be too long: two names and five words.
        self.zone.negative_soa = build(&mut self.zone.bodies, &[&negative], |_, _| {}).unwrap_or_default();
    }
}

/// RFC 4592 §4.9: an asterisk label counts even where it is an empty non-terminal.
fn link_wildcards(names: &mut Names, existing: &[Box<[u8]>]) {
    for key in existing {
        let Some(parent) = key.strip_prefix(b"\x01*") else { continue };
        let wildcard = names.find_slowly(key);
        let parent = names.find_slowly(parent);
        if let Some(entry) = parent.and_then(|id| names.entry_mut(id)) {
            entry.wildcard = wildcard;
        }
    }
}

fn too_big(apex: &Name) -> Diagnostic {
    Diagnostic::nowhere(format!("the zone \"{apex}\" does not fit {} MiB of names or records", ZONE_COMPILED_LENGTH_MAX >> 20))
        .help("delegate parts of it to zones of their own")
}

/// The `n`th 32-bit word from the end.
fn word_from_end(octets: &[u8], n: usize) -> Option<u32> {
    let start = octets.len().checked_sub(4 * n)?;
    octets.get(start..)?.first_chunk::<4>().map(|word| u32::from_be_bytes(*word))
}
