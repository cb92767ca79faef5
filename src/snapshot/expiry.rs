//! For how long answers may still name an endpoint after it was taken out: what `drain` promises an operator.
//!
//! The bindings that reach its pool tell how long resolvers keep such an answer; where an order leaves nothing else, and where a
//! record of a zone holds the address as it stands, it is named for ever. Nothing is known here of the time.

use std::collections::HashMap;
use std::net::IpAddr;

use super::policies::{Family, Kind, Policies};
use super::steering::{Circumstances, Grade, Stance, Steering, Treatment};
use super::{LinkedZone, Snapshot};
use crate::config::NodeId;

/// How long answers live that may name an endpoint of each pool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lifetimes {
    seconds: HashMap<String, u32>,
}

impl Lifetimes {
    /// Those of all pools that a binding reaches.
    pub fn of(snapshot: &Snapshot) -> Self {
        let policies = &snapshot.policies;
        let mut by_node: HashMap<NodeId, u32> = HashMap::new();
        for id in bound(snapshot) {
            by_node.entry(id).or_insert_with(|| policies.node(id).map_or(0, |node| node.ttl.steady.max(node.ttl.uneasy)));
        }
        let mut seconds: HashMap<String, u32> = HashMap::new();
        for (bound, ttl) in by_node {
            for pool in reached(policies, bound) {
                let Some(node) = policies.node(pool) else { continue };
                let longest = seconds.entry(node.name.clone()).or_default();
                *longest = ttl.max(*longest);
            }
        }
        Self { seconds }
    }

    /// The longest of a pool, in seconds; nothing where no binding reaches it.
    pub fn longest(&self, pool: &str) -> Option<u32> {
        self.seconds.get(pool).copied()
    }

    /// The pools whose answers lived longer here than by another one, and for how many seconds.
    pub fn longer_than<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = (&'a str, u32)> {
        let longer = |(pool, seconds): &(&String, &u32)| other.longest(pool).is_none_or(|other| other < **seconds);
        self.seconds.iter().filter(longer).map(|(pool, seconds)| (pool.as_str(), *seconds))
    }
}

/// The pools and policies that are bound, one for each binding.
fn bound(snapshot: &Snapshot) -> impl Iterator<Item = NodeId> {
    snapshot.zones().iter().flat_map(|linked| linked.links.iter().map(|link| link.node))
}

/// All pools at and below a node, each once.
fn reached(policies: &Policies, id: NodeId) -> Vec<NodeId> {
    let (mut pools, mut seen, mut next) = (Vec::new(), vec![id], vec![id]);
    while let Some(id) = next.pop() {
        match policies.node(id).map(|node| &node.kind) {
            Some(Kind::Policy(policy)) => {
                for child in policy.children.iter().map(|child| child.node).chain(policy.last) {
                    if !seen.contains(&child) {
                        seen.push(child);
                        next.push(child);
                    }
                }
            }
            Some(Kind::Pool(_)) => pools.push(id),
            None => {}
        }
    }
    pools
}

/// The bound pools and policies that may have to answer with one of these endpoints (pool and name), although it is out, because
/// orders leave nothing else of its kind. `is_out` tells of every endpoint. Where that depends on the client, it counts.
pub fn last_resorts(snapshot: &Snapshot, endpoints: &[(&str, &str)], is_out: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let policies = &snapshot.policies;
    let steering = Steering::new(policies, &without(policies, is_out), None);
    let others_answer = |id: NodeId, family| steering.state(id).is_some_and(|state| state.usable(Grade::Allowed, family));
    // Pools that have nobody else for a family that one of the endpoints has.
    let bare: Vec<(NodeId, Family)> = endpoints
        .iter()
        .flat_map(|(pool, endpoint)| addressed(policies, pool, endpoint))
        .filter(|(pool, family)| !others_answer(*pool, *family))
        .collect();
    let mut names: Vec<String> = Vec::new();
    for bound in bound(snapshot) {
        let Some(node) = policies.node(bound).filter(|node| !names.contains(&node.name)) else { continue };
        let left = |family| !node.strict && others_answer(bound, family);
        let mut needed = bare.iter().filter(|(_, family)| !left(*family)).peekable();
        if needed.peek().is_none() {
            continue;
        }
        let reached = reached(policies, bound);
        if needed.any(|(pool, _)| reached.contains(pool)) {
            names.push(node.name.clone());
        }
    }
    names
}

/// How things stand while these endpoints are out and nothing else is known.
fn without(policies: &Policies, is_out: impl Fn(&str, &str) -> bool) -> Circumstances {
    let mut circumstances = Circumstances::default();
    for (id, node) in (0..).map(NodeId).zip(policies.nodes()) {
        let Kind::Pool(pool) = &node.kind else { continue };
        let out = (0..).zip(&pool.endpoints).filter(|(_, endpoint)| is_out(&node.name, &endpoint.name));
        let out = out.map(|(index, _)| ((id, index), Treatment { stance: Stance::Out, ..Treatment::default() }));
        circumstances.treatments.extend(out);
    }
    circumstances
}

/// The pool of an endpoint, with each family that it has an address of.
fn addressed(policies: &Policies, pool: &str, endpoint: &str) -> Vec<(NodeId, Family)> {
    let found = policies.find(pool).and_then(|id| match &policies.node(id)?.kind {
        Kind::Pool(pool) => Some((id, pool.endpoints.iter().find(|own| own.name == endpoint)?)),
        Kind::Policy(_) => None,
    });
    let Some((id, endpoint)) = found else { return Vec::new() };
    Family::ALL.into_iter().filter(|family| endpoint.addresses[*family].is_some()).map(|family| (id, family)).collect()
}

/// Names whose own records hold one of these addresses, whatever is steered, with their TTL; at most `count_max`.
pub fn fixed(snapshot: &Snapshot, addresses: &[IpAddr], count_max: usize) -> Vec<(String, u32)> {
    let steered = |linked: &LinkedZone, binding: u32, family| {
        let node = linked.links.get(binding as usize).and_then(|link| snapshot.policies.node(link.node));
        node.is_some_and(|node| node.families[family])
    };
    let held = |linked: &LinkedZone| {
        let found = linked.zone.holders(addresses, |binding, family| steered(linked, binding, family));
        found.take(count_max).collect::<Vec<_>>()
    };
    snapshot.zones().iter().flat_map(held).take(count_max).collect()
}
