//! One zone compiled: names, RRsets, referrals and the SOA of negative answers, all as ready octets.
//! Here is what a query asks of it; how it is made is `compile.rs`'s matter.

mod additional;
mod compile;
mod holders;
mod records;
mod rrset;

use std::sync::Arc;

use super::binding::Binding;
use super::body::{Bodies, Body};
use super::names::{Additional, Entry, EntryId, Names, Rrset, RrsetId, Rrsets};
use crate::limits::ZONE_COMPILED_LENGTH_MAX;
use crate::wire::Name;

pub use compile::compile;

/// Everything that answers for one zone.
#[derive(Debug)]
pub struct CompiledZone {
    apex: Name,
    /// The same in lower-case wire form.
    apex_key: Arc<[u8]>,
    names: Names,
    additional: Vec<Additional>,
    /// The arena: entries, each with its RRsets behind it; then the SOA of negative answers, and glue.
    bodies: Bodies,
    negative_soa: Body,
    serial: u32,
    bindings: Vec<Binding>,
}

/// The entry of the apex: it is compiled first.
const APEX: EntryId = EntryId(0);

/// Where a name leads in its zone (RFC 1034 §4.3.2 step 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The name exists.
    Name(EntryId),
    /// A wildcard makes it (RFC 4592 §3.3.1).
    Wildcard(EntryId),
    /// It is at or below this cut of `labels` labels.
    Cut {
        /// The cut.
        at: EntryId,
        /// Its labels, without the root.
        labels: usize,
    },
    /// It is below this name of `labels` labels, whose DNAME moves it (RFC 6672 §3.2).
    Moved {
        /// The name with the DNAME.
        by: EntryId,
        /// Its labels, without the root.
        labels: usize,
    },
    /// It does not exist.
    Nothing,
}

impl CompiledZone {
    /// Looks a name up; `suffix(n)` is its suffix of `n` labels in lower-case wire form, `labels` the whole name's count,
    /// `apex_labels` the zone's.
    pub fn find<'q>(&self, labels: usize, apex_labels: usize, suffix: impl Fn(usize) -> &'q [u8]) -> Found {
        let whole = suffix(labels);
        if let Some(id) = self.find_name(whole) {
            return if self.is_cut(id) { Found::Cut { at: id, labels } } else { Found::Name(id) };
        }
        // RFC 4592 §3.3.1: the closest encloser is the last name that exists on the way down.
        let mut encloser = APEX;
        for count in apex_labels..labels {
            if count > apex_labels {
                let Some(id) = self.find_name(suffix(count)) else { break };
                encloser = id;
            }
            if self.is_cut(encloser) {
                return Found::Cut { at: encloser, labels: count };
            }
            if self.entry(encloser).is_some_and(|entry| entry.redirects) {
                return Found::Moved { by: encloser, labels: count };
            }
        }
        match self.entry(encloser).and_then(|entry| entry.wildcard) {
            Some(id) => Found::Wildcard(id),
            None => Found::Nothing,
        }
    }

    /// What stands at an entry.
    pub fn entry(&self, id: EntryId) -> Option<Entry> {
        Entry::read(self.bodies.octets(), id)
    }

    /// The RRsets of an entry.
    pub fn rrsets(&self, entry: &Entry) -> Rrsets<'_> {
        entry.rrsets(self.bodies.octets())
    }

    /// One RRset, such as that of a cut.
    pub fn rrset(&self, id: RrsetId) -> Option<Rrset> {
        Rrset::read(self.bodies.octets(), id)
    }

    /// What goes into the additional section with an RRset, the most useful first.
    pub fn additional(&self, rrset: &Rrset) -> &[Additional] {
        let first = rrset.additional as usize;
        self.additional.get(first..first + usize::from(rrset.additional_count)).unwrap_or_default()
    }

    /// The octets behind every [`Body`] of this zone.
    pub fn bodies(&self) -> &Bodies {
        &self.bodies
    }

    /// The SOA as negative answers carry it: TTL cut to the minimum (RFC 2308 §3).
    pub fn negative_soa(&self) -> Body {
        self.negative_soa
    }

    /// The zone's name.
    pub fn apex(&self) -> &Name {
        &self.apex
    }

    /// The same in lower-case wire form: every snapshot has it at hand.
    pub fn apex_key(&self) -> &Arc<[u8]> {
        &self.apex_key
    }

    /// The SOA's serial.
    pub fn serial(&self) -> u32 {
        self.serial
    }

    /// The bound names by the index in [`EntryKind::Steered`](crate::snapshot::EntryKind).
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// How many names exist, empty non-terminals included.
    pub fn name_count(&self) -> usize {
        self.names.len()
    }

    fn find_name(&self, name: &[u8]) -> Option<EntryId> {
        let labels = name.get(..name.len().checked_sub(self.apex.as_wire().len())?)?;
        self.names.find(self.bodies.octets(), labels)
    }

    /// Whether offsets into it would no longer be true.
    fn is_too_big(&self) -> bool {
        self.bodies.octets().len() > ZONE_COMPILED_LENGTH_MAX
    }

    fn is_cut(&self, id: EntryId) -> bool {
        Entry::is_cut(self.bodies.octets(), id)
    }
}
