//! Pools and policies compiled: what a query walks over, with every table that a client's address may reach.
//!
//! Nothing here depends on health; what does is in `steering.rs`, node by node in the same order. `compile.rs` makes all of it
//! from the configuration.

mod compile;
mod edge;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use super::rendezvous::Ranks;
use crate::config::{CheckId, Child, Host, MinUp, NodeId, PoolChoice, Ttl};
use crate::geo::{Match, NetTable, Placed, PlacesTable, Point, RuleTable, World};
use crate::health::{HoldDown, Planned, ProbeKey, Thresholds};
pub use crate::wire::{Family, PerFamily};

pub(super) use compile::{Contents, Probes};
pub use edge::{Edge, Edges, Probed};

/// All nodes by [`NodeId`], children before parents, and what is to be probed for them.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    pub(super) nodes: Box<[CompiledNode]>,
    names: HashMap<String, NodeId>,
    /// The node that each was made from, of those made for bound names; they stand behind all others.
    pub(super) patterns: Box<[NodeId]>,
    pub(super) probes: Box<[Probe]>,
    /// How many of them are of what is written; those behind them come with bound names and with edges.
    pub(super) probes_written: usize,
    references: Box<[SocketAddr]>,
    world: Arc<World>,
    /// Every table by what it was made from, so that the next generation can share it.
    places_tables: HashMap<Vec<Placed>, Arc<PlacesTable>>,
    rule_tables: HashMap<Vec<Match>, Arc<RuleTable>>,
}

/// One (check, address, port, name): probed once, however many pools name it.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// What the verdict belongs to.
    pub key: ProbeKey,
    /// How outcomes become verdicts.
    pub thresholds: Thresholds,
    /// How long it is held down if it flaps.
    pub hold_down: Option<HoldDown>,
    /// How long one run may take.
    pub timeout: Duration,
    /// Within this, one more outcome comes.
    pub round: Duration,
    /// How it is asked: an index into [`crate::config::Config::checks`].
    pub check: CheckId,
    /// The host that it asks for, where that is made for the bound name.
    pub host: Option<Host>,
}

/// What has to be known of a bound name before a node can answer for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Which name it is.
    pub name: bool,
    /// Which zone it is in.
    pub zone: bool,
}

/// A pool or policy.
#[derive(Clone, Debug)]
pub struct CompiledNode {
    /// Its name.
    pub name: String,
    /// Which families its endpoints have for certain, a CNAME both; configuration alone (invariant 2).
    pub families: PerFamily<bool>,
    /// Whether an answer may differ by client below it.
    pub tailored: bool,
    /// Whether a strict rule may be reached below it: then health must not pass it over.
    pub strict: bool,
    /// The place written at it.
    pub location: Option<Point>,
    /// When it is up.
    pub min_up: MinUp,
    /// How long answers live where it is bound.
    pub ttl: Ttl,
    /// Whether ECS counts where it is bound.
    pub ecs: bool,
    /// Which families endpoints with addresses of their own have below it.
    pub fixed: PerFamily<bool>,
    /// Whether names are answered with CNAMEs below it; then all have both families, as far as the choice goes.
    pub names: bool,
    /// Whether names are answered with their addresses below it; which families these have is not known beforehand.
    pub edges: bool,
    /// What is still to be known; then it is a pattern, and the nodes that answer are made from it.
    pub needs: Needs,
    /// What it is.
    pub kind: Kind,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Endpoints.
    Pool(CompiledPool),
    /// A choice among nodes.
    Policy(CompiledPolicy),
}

/// A pool ready to draw from.
#[derive(Clone, Debug)]
pub struct CompiledPool {
    /// How.
    pub choose: PoolChoice,
    /// How its endpoints are probed.
    pub check: Option<CheckId>,
    /// Addresses in one answer.
    pub answers: usize,
    /// How long the weight of an endpoint grows after it recovered.
    pub slow_start: Option<Duration>,
    /// Endpoints in the order of the file.
    pub endpoints: Box<[CompiledEndpoint]>,
    /// The orders of the hashed choice.
    pub ranks: Option<Ranks>,
}

/// An endpoint ready to be answered with.
#[derive(Clone, Debug, PartialEq)]
pub struct CompiledEndpoint {
    /// Its name in its pool.
    pub name: String,
    /// Its share.
    pub weight: u16,
    /// Its addresses; a name's are in `edge`.
    pub addresses: PerFamily<Option<IpAddr>>,
    /// The probes of its addresses; `None` is never probed and counts as up.
    pub probes: PerFamily<Option<u32>>,
    /// Whose name it is, where it has one in place of addresses.
    pub edge: Option<Box<Edge>>,
}

/// A policy ready to walk.
#[derive(Clone, Debug)]
pub struct CompiledPolicy {
    /// Its children in the order of `from`, without those of weight 0; for `geo` those of all rules and `otherwise`, each once.
    pub children: Box<[Child]>,
    /// How it orders them.
    pub order: Order,
    /// Who answers when no child is up.
    pub last: Option<NodeId>,
    /// Whether an answer may differ by client at a child, or at `last`.
    pub tailors_below: bool,
    /// Percent of its weight that health may take out in a minute.
    pub max_removed: Option<u8>,
}

/// How a policy orders its children; numbers are indices of `children`.
#[derive(Clone, Debug)]
pub enum Order {
    /// As written.
    Failover,
    /// Drawn by weight.
    Weighted,
    /// By the client's network.
    Hashed(Ranks),
    /// By distance, overrides first.
    Nearest {
        /// Shared by all policies over the same places.
        places: Arc<PlacesTable>,
        /// Where children stand, for `explain`.
        points: Box<[Box<[Point]>]>,
        /// Networks with an order of their own, and those orders.
        overrides: Option<Arc<Overrides>>,
    },
    /// By the first rule that matches.
    Geo {
        /// Shared by all policies with the same rules.
        table: Arc<RuleTable>,
        /// Orders and strictness by rule.
        rules: Box<[(Box<[u16]>, bool)]>,
        /// After them.
        otherwise: Option<u16>,
    },
}

/// The overrides of a nearest policy.
#[derive(Debug)]
pub struct Overrides {
    /// From networks to places in `orders`.
    pub nets: NetTable,
    /// Indices of children in order of choice.
    pub orders: Box<[Box<[u16]>]>,
}

impl Policies {
    /// The node with this id.
    pub fn node(&self, id: NodeId) -> Option<&CompiledNode> {
        self.nodes.get(id.0 as usize)
    }

    /// All nodes, children before parents.
    pub fn nodes(&self) -> &[CompiledNode] {
        &self.nodes
    }

    /// All probes; verdicts go by their index.
    pub fn probes(&self) -> &[Probe] {
        &self.probes
    }

    /// Pools and policies as the operator knows them: without those made for bound names.
    pub fn written(&self) -> &[CompiledNode] {
        self.nodes.get(..self.nodes.len() - self.patterns.len()).unwrap_or_default()
    }

    /// The pool or policy that this node is, or was made from for a bound name.
    pub fn origin(&self, id: NodeId) -> NodeId {
        let made = (id.0 as usize).checked_sub(self.written().len());
        made.and_then(|made| self.patterns.get(made)).copied().unwrap_or(id)
    }

    /// Whether any answer lives longer or shorter by how sure health is.
    pub fn follow_confidence(&self) -> bool {
        self.nodes.iter().any(|node| node.ttl.steady != node.ttl.uneasy)
    }

    /// Who is asked whether our own network works.
    pub fn references(&self) -> &[SocketAddr] {
        &self.references
    }

    /// What the tracker has to know of each probe. A place is a location, or a pool without one; an address that several pools
    /// name stands in the place of the first.
    pub fn plan(&self) -> Vec<Planned> {
        let mut places: Vec<Option<u32>> = vec![None; self.probes.len()];
        let mut located: HashMap<(u64, u64), u32> = HashMap::new();
        for (index, node) in (0..).zip(&self.nodes) {
            let Kind::Pool(pool) = &node.kind else { continue };
            let point = node.location.map(|point| (point.latitude.to_bits(), point.longitude.to_bits()));
            let place = point.map_or_else(|| self.origin(NodeId(index)).0, |point| *located.entry(point).or_insert(index));
            for probe in pool.endpoints.iter().flat_map(CompiledEndpoint::probes) {
                if let Some(known) = places.get_mut(probe as usize) {
                    known.get_or_insert(place);
                }
            }
        }
        let planned = |(probe, place): (&Probe, Option<u32>)| Planned {
            key: probe.key.clone(),
            thresholds: probe.thresholds,
            hold_down: probe.hold_down,
            timeout: probe.timeout,
            round: probe.round,
            place: place.unwrap_or(u32::MAX),
        };
        self.probes.iter().zip(places).map(planned).collect()
    }

    /// The endpoints that each probe judges, as `pool/endpoint`.
    pub fn endpoints_by_probe(&self) -> Vec<Vec<String>> {
        let mut names = vec![Vec::new(); self.probes.len()];
        for node in &self.nodes {
            let Kind::Pool(pool) = &node.kind else { continue };
            for endpoint in &pool.endpoints {
                for probe in endpoint.probes() {
                    if let Some(names) = names.get_mut(probe as usize) {
                        names.push(format!("{}/{}", node.name, endpoint.name));
                    }
                }
            }
        }
        for names in &mut names {
            // One pool may be made for several names that the same host is asked of.
            names.sort();
            names.dedup();
        }
        names
    }

    /// Where addresses are.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// The node with this name.
    pub fn find(&self, name: &str) -> Option<NodeId> {
        self.names.get(name).copied()
    }
}

impl Needs {
    /// Whether anything has to be known.
    pub fn is_any(self) -> bool {
        self.name || self.zone
    }

    /// What either has to know.
    fn or(self, other: Self) -> Self {
        Self { name: self.name || other.name, zone: self.zone || other.zone }
    }
}

impl Order {
    fn is_tailored(&self) -> bool {
        match self {
            Self::Failover | Self::Weighted => false,
            Self::Hashed(_) | Self::Nearest { .. } | Self::Geo { .. } => true,
        }
    }

    fn has_strict(&self) -> bool {
        match self {
            Self::Geo { rules, .. } => rules.iter().any(|(_, strict)| *strict),
            Self::Failover | Self::Weighted | Self::Hashed(_) | Self::Nearest { .. } => false,
        }
    }
}

impl CompiledNode {
    /// Whether a name bound to it is answered with a CNAME, unless that name is the apex of its zone.
    pub fn answers_names(&self) -> bool {
        self.names && !self.edges && self.fixed == PerFamily::default()
    }

    /// Whether it may have an address of this family, by what is configured.
    pub fn may_have(&self, family: Family) -> bool {
        self.families[family] || self.edges
    }
}

impl CompiledEndpoint {
    /// Its addresses of a family, each with its probe; those of a name as they are known.
    pub fn known(&self, family: Family) -> impl Iterator<Item = (IpAddr, Option<u32>)> {
        let own = self.addresses[family].map(|address| (address, self.probes[family]));
        own.into_iter().chain(self.edge.iter().flat_map(move |edge| edge.addresses[family].iter().copied()))
    }

    /// Whether it is answered with a CNAME.
    pub fn is_name(&self) -> bool {
        self.edge.as_ref().is_some_and(|edge| !edge.flat)
    }

    /// Whether it can be chosen for a family: a CNAME for either.
    pub fn has(&self, family: Family) -> bool {
        self.is_name() || self.known(family).next().is_some()
    }

    /// The probes of which one that is up is enough for a family; behind a CNAME are addresses of either.
    pub fn judges(&self, family: Family) -> impl Iterator<Item = u32> {
        let counts = move |each: &Family| *each == family || self.is_name();
        Family::ALL.into_iter().filter(counts).flat_map(|family| self.known(family)).filter_map(|(_, probe)| probe)
    }

    /// All its probes.
    pub fn probes(&self) -> impl Iterator<Item = u32> {
        Family::ALL.into_iter().flat_map(|family| self.known(family)).filter_map(|(_, probe)| probe)
    }
}

impl CompiledPool {
    /// The endpoints that can be chosen.
    fn serving(&self) -> impl Iterator<Item = &CompiledEndpoint> {
        self.endpoints.iter().filter(|endpoint| endpoint.weight > 0)
    }
}
