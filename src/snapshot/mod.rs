//! Everything compiled: zones to wire answers, pools and policies to what a query walks over.
//!
//! Configuration, zones and geo data meet here and nowhere else. `load` decides what is compiled again after a change and what
//! keeps its last good version; this room does no IO and knows no time. Readers see it through [`Serving`].

mod bind;
mod binding;
mod blind;
mod body;
mod expiry;
mod hash;
mod identity;
mod link;
mod lint;
mod names;
mod policies;
mod rendezvous;
mod steering;
mod zone;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::config::{Config, RrsetOrder};

pub use bind::bind;
pub use binding::{Binding, bindings};
pub use blind::blind;
pub use body::{Bodies, Body, POINTER_TO_QUESTION};
pub use expiry::{Lifetimes, fixed, last_resorts};
pub use hash::NameHash;
pub use identity::Identity;
pub use link::{Link, link, resolve};
pub use lint::{LINTS, Lint, lint, lint_load};
pub use names::{Additional, Entry, EntryId, Kind as EntryKind, Rrset, RrsetId, Rrsets};
pub use policies::{
    CompiledEndpoint, CompiledNode, CompiledPolicy, CompiledPool, Edge, Edges, Family, Kind as NodeKind, Needs, Order, Overrides,
    PerFamily, Policies, Probe, Probed,
};
pub use rendezvous::network_length;
pub use steering::{Circumstances, Draw, Grade, NodeState, Share, Stance, Steering, Treatment};
pub use zone::{CompiledZone, Found, compile as compile_zone};

/// What answers now: one snapshot and the steering that follows from health. Readers take it from `serving`, once per batch.
#[derive(Clone, Debug, Default)]
pub struct Serving {
    /// Counts up with every publication, by reload or by health.
    pub generation: u64,
    /// Zones and policies.
    pub snapshot: Arc<Snapshot>,
    /// What health makes of the policies.
    pub steering: Steering,
}

/// All compiled zones and policies.
#[derive(Debug, Default)]
pub struct Snapshot {
    seed: u64,
    zones: Box<[LinkedZone]>,
    /// Apexes by their hash.
    slots: Box<[ApexSlot]>,
    /// The most labels of an apex: no longer suffix need be looked up.
    apex_labels_max: usize,
    /// Whether answers of several addresses begin at any of them, not at the first of the file.
    rotates: bool,
    /// Pools and policies.
    pub policies: Arc<Policies>,
    /// What is told about the server itself.
    pub identity: Identity,
}

/// A zone with its bindings resolved.
#[derive(Clone, Debug)]
pub struct LinkedZone {
    /// The zone.
    pub zone: Arc<CompiledZone>,
    /// What each of its bindings leads to.
    pub links: Box<[Link]>,
    /// The apex in lower-case wire form.
    pub apex_key: Arc<[u8]>,
    /// Its labels.
    pub apex_labels: usize,
}

/// Where an apex leads.
#[derive(Clone, Copy, Debug)]
struct ApexSlot {
    tag: u32,
    zone: u32,
}

/// A slot that leads nowhere.
const EMPTY: ApexSlot = ApexSlot { tag: 0, zone: u32::MAX };

impl Snapshot {
    /// Puts zones and policies together, of a server that tells nothing about itself. `seed` is the one that all zones were
    /// compiled with.
    pub fn new(seed: u64, zones: Vec<LinkedZone>, policies: Arc<Policies>) -> Self {
        let mut slots = vec![EMPTY; zones.len() * 2 + 1].into_boxed_slice();
        for (index, linked) in zones.iter().enumerate() {
            let hash = NameHash::of(seed, &linked.apex_key);
            let mut at = hash.slot(slots.len());
            while slots[at].zone != EMPTY.zone {
                at = (at + 1) % slots.len();
            }
            slots[at] = ApexSlot { tag: hash.tag(), zone: index as u32 };
        }
        let apex_labels_max = zones.iter().map(|linked| linked.apex_labels).max().unwrap_or_default();
        Self { seed, zones: zones.into(), slots, apex_labels_max, rotates: false, policies, identity: Identity::default() }
    }

    /// The same where edges have these addresses now; nothing where that makes no difference.
    pub fn with_edges(&self, config: &Config, edges: &Edges) -> Option<Self> {
        if self.policies.edges().is_empty() {
            return None;
        }
        let mut zones = self.zones.to_vec();
        // What could be bound once can be bound again: an edge has no part in any limit.
        let policies = bind(Policies::clone(&self.policies), config, &mut zones, edges).ok()?;
        let identity = self.identity.clone();
        Some(Self { rotates: self.rotates, identity, ..Self::new(self.seed, zones, Arc::new(policies)) })
    }

    /// The same of a server that is this one.
    pub fn with_identity(self, identity: Identity) -> Self {
        Self { identity, ..self }
    }

    /// The same, with addresses in this order.
    pub fn with_order(self, order: RrsetOrder) -> Self {
        Self { rotates: order == RrsetOrder::Rotated, ..self }
    }

    /// Whether answers of several addresses begin at any of them.
    pub fn rotates(&self) -> bool {
        self.rotates
    }

    /// The seed of every name hash in here.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// All zones.
    pub fn zones(&self) -> &[LinkedZone] {
        &self.zones
    }

    /// The zone nearest above a name; `suffix(n)` is the name's suffix of `n` labels in lower-case wire form, `labels` its count.
    pub fn zone<'q>(&self, labels: usize, suffix: impl Fn(usize) -> &'q [u8]) -> Option<&LinkedZone> {
        (0..=labels.min(self.apex_labels_max)).rev().find_map(|count| self.zone_at(suffix(count)))
    }

    fn zone_at(&self, apex: &[u8]) -> Option<&LinkedZone> {
        let hash = NameHash::of(self.seed, apex);
        let mut at = hash.slot(self.slots.len());
        loop {
            let slot = self.slots.get(at)?;
            let linked = self.zones.get(slot.zone as usize)?;
            if slot.tag == hash.tag() && *linked.apex_key == *apex {
                return Some(linked);
            }
            at = if at + 1 == self.slots.len() { 0 } else { at + 1 };
        }
    }
}

impl LinkedZone {
    /// A zone whose bindings lead there.
    pub fn new(zone: Arc<CompiledZone>, links: Vec<Link>) -> Self {
        let (apex_key, apex_labels) = (Arc::clone(zone.apex_key()), zone.apex().label_count());
        Self { zone, links: links.into(), apex_key, apex_labels }
    }
}
