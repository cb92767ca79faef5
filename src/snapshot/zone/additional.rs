//! Which RRsets go into the additional section with which others: addresses of the hosts that RDATA names (RFC 1034 §4.3.2
//! step 6), and the glue of cuts.
//!
//! Found once, when the zone is compiled: a query only copies them. A steered name's addresses are a policy's to choose, so they
//! are never here.

use std::collections::{HashMap, HashSet};

use super::records::{Records, suffixes};
use super::rrset::{NAMING_TYPES, add_rrset, set_additional};
use super::{CompiledZone, Found};
use crate::diagnostic::Diagnostic;
use crate::limits::ADDITIONAL_TARGETS_MAX;
use crate::snapshot::names::{Additional, Kind, RrsetId};
use crate::wire::RrType;
use crate::wire::rdata::embedded_names;
use crate::zone::Record;

/// What the RRsets compiled so far name, in their order.
#[derive(Debug, Default)]
pub(super) struct Targets<'a> {
    noted: Vec<Target<'a>>,
}

/// The search for what goes along.
struct Finder<'r, 'a> {
    records: &'r Records<'a>,
    zone: &'r mut CompiledZone,
    /// RRsets of addresses at and below cuts, once somebody names them.
    glue: HashMap<(Box<[u8]>, RrType), Option<RrsetId>>,
    faults: Vec<Diagnostic>,
}

/// A record that names a host.
#[derive(Debug)]
struct Target<'a> {
    from: RrsetId,
    record: &'a Record,
    /// Where the name stands in the RRset's body, if pointers reach it.
    at: Option<u16>,
}

impl<'a> Targets<'a> {
    /// Takes note of one record of an RRset.
    pub(super) fn note(&mut self, from: RrsetId, record: &'a Record, at: Option<u16>) {
        if NAMING_TYPES.contains(&record.rtype) {
            self.noted.push(Target { from, record, at });
        }
    }

    /// Finds for every RRset that names hosts what is known of these.
    pub(super) fn compile(&self, records: &Records<'_>, zone: &mut CompiledZone) -> Vec<Diagnostic> {
        let mut finder = Finder { records, zone, glue: HashMap::new(), faults: Vec::new() };
        for targets in self.noted.chunk_by(|one, other| one.from == other.from) {
            let Some(from) = targets.first().map(|target| target.from) else { continue };
            let found = finder.additional_of(targets);
            let first = finder.zone.additional.len();
            set_additional(&mut finder.zone.bodies, from, first, found.len());
            finder.zone.additional.extend(found);
        }
        finder.faults
    }
}

impl Target<'_> {
    fn is_service(&self) -> bool {
        [RrType::SVCB, RrType::HTTPS].contains(&self.record.rtype)
    }

    /// The host, in lower case, and where its name stands; that of the record itself stands nowhere else.
    fn host(&self) -> Option<(Box<[u8]>, Option<u16>)> {
        let name = *embedded_names(self.record.rtype, &self.record.rdata).last()?;
        let wire = self.record.rdata.get(name.start..name.start + name.length)?;
        if wire == [0] {
            // RFC 9460 §2.5.2: in service mode the root stands for the owner; elsewhere it says that there is no such host.
            let is_owner = self.is_service() && !self.record.rdata.starts_with(&[0, 0]);
            return is_owner.then(|| (self.record.owner.to_lowercase_wire(), None));
        }
        // Behind hundreds of servers pointers no longer reach. Such a set fits no datagram, and over TCP there is no TC to set
        // (RFC 9471 §3.1); the glue of those before is enough to go on.
        self.at.map(|at| (wire.to_ascii_lowercase().into(), Some(at)))
    }
}

impl Finder<'_, '_> {
    fn additional_of(&mut self, targets: &[Target<'_>]) -> Vec<Additional> {
        let (mut required, mut useful) = (Vec::new(), Vec::new());
        let mut seen = HashSet::new();
        let mut useful_targets = 0;
        for target in targets {
            let Some((host, at)) = target.host().filter(|(host, _)| !seen.contains(host)) else { continue };
            let owner = target.record.owner.to_lowercase_wire();
            let owner = self.records.key_of(&owner).unwrap_or_default();
            let is_servers = target.record.rtype == RrType::NS;
            let is_below = || self.records.key_of(&host).is_some_and(|host| suffixes(host).any(|above| *above == *owner));
            // RFC 9471 §3.1: without the glue of its own servers nobody finds a zone; all else only saves queries.
            let is_required = is_servers && self.records.is_cut(owner) && is_below();
            let services = (target.is_service() && at.is_some()).then_some(target.record.rtype);
            let types = [RrType::A, RrType::AAAA].into_iter().chain(services);
            // A target may be its own owner, by name or by wildcard: what is the answer is not repeated.
            let found = types.filter_map(|rtype| self.find(&host, rtype, is_servers));
            let rrsets: Vec<_> = found.filter(|rrset| *rrset != target.from).collect();
            useful_targets += usize::from(!is_required && !rrsets.is_empty());
            let found = rrsets.into_iter().map(|rrset| Additional { rrset, owner: at, is_required });
            if is_required {
                required.extend(found);
            } else if useful_targets <= ADDITIONAL_TARGETS_MAX {
                useful.extend(found);
            }
            seen.insert(host);
        }
        required.append(&mut useful);
        required
    }

    /// An RRset of a host of this zone that no policy decides about; behind a cut only as glue.
    fn find(&mut self, host: &[u8], rtype: RrType, glue: bool) -> Option<RrsetId> {
        let key = self.records.key_of(host)?;
        let suffixes: Vec<&[u8]> = suffixes(key).collect();
        let apex_labels = self.zone.apex.label_count();
        let labels = apex_labels + suffixes.len();
        let suffix = |count: usize| {
            let above = suffixes.get(labels - count).map_or(0, |above| above.len());
            host.get(key.len() - above..).unwrap_or_default()
        };
        match self.zone.find(labels, apex_labels, suffix) {
            Found::Name(id) | Found::Wildcard(id) => {
                let entry = self.zone.entry(id).filter(|entry| entry.kind == Kind::Plain)?;
                self.zone.rrsets(&entry).iter().find(|rrset| rrset.rtype == rtype).map(|rrset| rrset.id)
            }
            Found::Cut { .. } if glue => self.glue(key, rtype),
            Found::Cut { .. } | Found::Moved { .. } | Found::Nothing => None,
        }
    }

    /// An RRset at or below a cut, compiled when it is first asked for. No wildcard makes one: it would be the child's.
    fn glue(&mut self, host: &[u8], rtype: RrType) -> Option<RrsetId> {
        let key = (Box::from(host), rtype);
        if let Some(known) = self.glue.get(&key) {
            return *known;
        }
        let records = self.records.at(host).rrset(rtype);
        let compiled = if records.count() == 0 || self.zone.is_too_big() {
            None
        } else {
            let added = add_rrset(&mut self.zone.bodies, rtype, records, |_, _, _| {});
            added.map_err(|fault| self.faults.push(fault)).ok()
        };
        self.glue.insert(key, compiled);
        compiled
    }
}
