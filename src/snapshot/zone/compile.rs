//! How a zone is compiled: one entry a name, each with its RRsets behind it, then what goes along with them.
//!
//! Compiling knows the zone's records and which names are bound, not to what: a binding's index is resolved by the snapshot, so
//! a change of policies recompiles no zone.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::CompiledZone;
use super::additional::Targets;
use super::records::{Records, suffixes};
use super::rrset::{add_rrset, build};
use crate::diagnostic::Diagnostic;
use crate::limits::ZONE_COMPILED_LENGTH_MAX;
use crate::snapshot::binding::Binding;
use crate::snapshot::body::{Bodies, Body};
use crate::snapshot::names::{CUT, EntryId, NOWHERE, Names, REDIRECTS, RrsetId, STEERED, WILDCARD};
use crate::wire::{Name, RrType};
use crate::zone::{Owned, Record, Zone};

/// Octets that an entry with one address takes besides its name, its records' heads included.
const ENTRY_LENGTH_USUAL: usize = 30;

/// Compiles a zone whose records have passed `zone::check`, or says what can't be answered with.
pub fn compile(parsed: &Zone, bindings: Vec<Binding>, seed: u64) -> Result<CompiledZone, Vec<Diagnostic>> {
    let records = Records::new(parsed);
    Compiler::new(&records, &bindings, seed).run(bindings)
}

struct Compiler<'r, 'a> {
    records: &'r Records<'a>,
    zone: CompiledZone,
    /// The binding of each bound name.
    bound: HashMap<Box<[u8]>, u32>,
    /// Names that may have a wildcard directly below them.
    enclosers: HashSet<Box<[u8]>>,
    /// Names without records, which exist because others exist below them (RFC 4592 §2.2.2).
    empty: Vec<Box<[u8]>>,
    /// Whom the RRsets compiled so far name.
    targets: Targets<'a>,
    faults: Vec<Diagnostic>,
}

impl<'r, 'a> Compiler<'r, 'a> {
    fn new(records: &'r Records<'a>, bindings: &[Binding], seed: u64) -> Self {
        let apex = records.apex();
        let (mut empty, mut seen, mut enclosers) = (Vec::new(), HashSet::new(), HashSet::new());
        let (mut count, mut octets) = (1, 0);
        records.for_each_owner(|key, owned| {
            count += 1;
            for above in suffixes(key).skip(1) {
                if !seen.contains(above) && records.at(above).count() == 0 {
                    seen.insert(Box::from(above));
                    empty.push(Box::from(above));
                }
            }
            octets += key.len() + owned.records().map(|record| ENTRY_LENGTH_USUAL + record.rdata.len()).sum::<usize>();
            if key.contains(&b'*') {
                enclosers.extend(suffixes(key).filter_map(|above| above.strip_prefix(b"\x01*")).map(Box::from));
            }
        });
        let mut bodies = Bodies::default();
        bodies.reserve(octets);
        let zone = CompiledZone {
            apex: apex.clone(),
            apex_key: Arc::from(&*records.apex_key),
            names: Names::with_capacity(seed, count + empty.len()),
            additional: Vec::new(),
            bodies,
            negative_soa: Body::default(),
            serial: 0,
            bindings: Vec::new(),
        };
        let key = |binding: &Binding| binding.name.relative_to(apex).map(|key| key.to_ascii_lowercase().into());
        let bound = (0..).zip(bindings).filter_map(|(index, binding)| Some((key(binding)?, index))).collect();
        Self { records, zone, bound, enclosers, empty, targets: Targets::default(), faults: Vec::new() }
    }

    fn run(mut self, bindings: Vec<Binding>) -> Result<CompiledZone, Vec<Diagnostic>> {
        let records = self.records;
        // The apex comes first: the search for a closest encloser begins there.
        self.add_entry(&[], records.at(&[]));
        records.for_each_owner(|key, owned| self.add_entry(key, owned));
        for key in std::mem::take(&mut self.empty) {
            self.add_entry(&key, records.at(&key));
        }
        self.link_wildcards();
        self.compile_soa();
        self.zone.bindings = bindings;
        self.faults.extend(self.targets.compile(self.records, &mut self.zone));
        if self.zone.is_too_big() {
            self.faults.push(too_big(self.records.apex()));
        }
        self.zone.bodies.shrink();
        self.zone.additional.shrink_to_fit();
        if self.faults.is_empty() { Ok(self.zone) } else { Err(self.faults) }
    }

    fn add_entry(&mut self, key: &[u8], owned: Owned<'a>) {
        if self.zone.is_too_big() {
            return;
        }
        let id = EntryId(self.zone.bodies.end());
        self.zone.names.insert(key, id);
        let rrsets = in_order_of_file(owned);
        let cut = if self.records.is_cut(key) { CUT } else { 0 };
        let binding = self.bound.get(key).copied();
        let wildcard = if self.enclosers.contains(key) { WILDCARD } else { 0 };
        let redirects = if rrsets.iter().any(|(rtype, _)| *rtype == RrType::DNAME) { REDIRECTS } else { 0 };
        // RFC 4035 §3.1.4.1: at a cut the parent answers for DS alone; all else belongs to the child.
        let is_ours = |rtype: RrType| cut == 0 || rtype == RrType::DS;
        let count = rrsets.iter().filter(|(rtype, _)| is_ours(*rtype)).count();
        let [c0, c1] = u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes();
        let steered = if binding.is_some() { STEERED } else { 0 };
        self.zone.bodies.extend(&[cut | steered | wildcard | redirects, c0, c1, key.len() as u8]);
        self.zone.bodies.extend(key);
        let word_at = self.zone.bodies.end() as usize;
        if cut | steered != 0 {
            self.zone.bodies.extend(&binding.unwrap_or(NOWHERE).to_le_bytes());
        }
        if wildcard != 0 {
            self.zone.bodies.extend(&NOWHERE.to_le_bytes());
        }
        for (rtype, records) in rrsets.iter().filter(|(rtype, _)| is_ours(*rtype)) {
            self.compile_rrset(*rtype, *records);
        }
        let servers = rrsets.iter().find(|(rtype, _)| cut != 0 && *rtype == RrType::NS);
        if let Some(RrsetId(referral)) = servers.and_then(|(rtype, records)| self.compile_rrset(*rtype, *records)) {
            self.zone.bodies.replace(word_at, &referral.to_le_bytes());
        }
    }

    fn compile_rrset(&mut self, rtype: RrType, records: Owned<'a>) -> Option<RrsetId> {
        let targets = &mut self.targets;
        let added = add_rrset(&mut self.zone.bodies, rtype, records, |id, record, at| targets.note(id, record, at));
        added.map_err(|fault| self.faults.push(fault)).ok()
    }

    fn compile_soa(&mut self) {
        let Some(soa) = self.records.at(&[]).rrset(RrType::SOA).records().next() else { return };
        let (Some(serial), Some(minimum)) = (word_from_end(&soa.rdata, 5), word_from_end(&soa.rdata, 1)) else { return };
        self.zone.serial = serial;
        let negative = Record { ttl: soa.ttl.min(minimum), ..soa.clone() };
        // An SOA can't be too long: two names and five words.
        self.zone.negative_soa = build(&mut self.zone.bodies, [&negative].into_iter(), 1, |_, _| {}).unwrap_or_default();
    }

    /// RFC 4592 §4.9: an asterisk label counts even where it is an empty non-terminal.
    fn link_wildcards(&mut self) {
        for encloser in &self.enclosers {
            let at = |key: &[u8]| self.zone.names.find(self.zone.bodies.octets(), key);
            let (Some(above), Some(wildcard)) = (at(encloser), at(&[b"\x01*", &**encloser].concat())) else { continue };
            if let Some(entry) = self.zone.entry(above) {
                // The last word before its RRsets.
                self.zone.bodies.replace(entry.rrsets.0 as usize - 4, &wildcard.0.to_le_bytes());
            }
        }
    }
}

/// The RRsets of a name, that which the file has first before the others.
fn in_order_of_file(owned: Owned<'_>) -> Vec<(RrType, Owned<'_>)> {
    let mut rrsets: Vec<_> = owned.rrsets().collect();
    rrsets.sort_by_key(|(_, rrset)| rrset.first());
    rrsets
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
