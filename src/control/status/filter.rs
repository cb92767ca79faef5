//! Which endpoints an operator wants to see: by pool, policy, endpoint, pattern, address, zone or bound name, and by how they are.
//! What a word means is looked up in what answers, so that a slip is told and not shown as an empty table.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::{EndpointStatus, Seen};
use crate::config::NodeId;
use crate::control::protocol::{Reply, StatusRequest, fault};
use crate::diagnostic::did_you_mean;
use crate::health::Pattern;
use crate::limits::SUGGESTION_CANDIDATES_MAX;
use crate::snapshot::{NodeKind, Policies, Snapshot};
use crate::wire::Name;

/// Which endpoints are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Any of these; all endpoints if there is none.
    wanted: Vec<Wanted>,
    /// Only what takes no clients, or may soon take none.
    trouble: bool,
    /// No endpoint at all.
    none: bool,
}

#[derive(Clone, Debug)]
enum Wanted {
    Address(IpAddr),
    Named(Pattern),
    Below(BTreeSet<NodeId>),
}

impl Filter {
    /// The filter that was typed, or what is wrong with it.
    pub fn read(request: &StatusRequest, snapshot: &Snapshot) -> Result<Self, Reply> {
        let wanted = request.wanted.iter().map(|word| Wanted::read(word, snapshot).ok_or_else(|| nobody(word, snapshot)));
        Ok(Self { wanted: wanted.collect::<Result<_, _>>()?, trouble: request.down, none: request.alarms })
    }

    /// Whether this row of this pool is wanted.
    pub(super) fn takes(&self, policies: &Policies, pool: NodeId, row: &EndpointStatus) -> bool {
        let is_wanted = |wanted: &Wanted| match wanted {
            Wanted::Address(address) => row.address == *address,
            Wanted::Named(pattern) => pattern.matches(&row.pool, &row.endpoint),
            Wanted::Below(nodes) => nodes.contains(&pool) || nodes.contains(&policies.origin(pool)),
        };
        let in_trouble = || {
            let is_uneasy = row.probe.as_ref().is_some_and(|probe| probe.uneasy);
            row.verdict == Seen::Down || row.out || is_uneasy
        };
        !self.none && (self.wanted.is_empty() || self.wanted.iter().any(is_wanted)) && (!self.trouble || in_trouble())
    }
}

impl Wanted {
    fn read(word: &str, snapshot: &Snapshot) -> Option<Self> {
        let policies = &snapshot.policies;
        if let Ok(address) = word.parse::<IpAddr>() {
            return Some(Self::Address(address));
        }
        if let Some(node) = policies.find(word) {
            return Some(Self::Below(below(policies, [node])));
        }
        let pattern =
            Pattern::read(word).filter(|pattern| pools(policies).any(|(pool, endpoint)| pattern.matches(pool, endpoint)));
        if let Some(pattern) = pattern {
            return Some(Self::Named(pattern));
        }
        let name = Name::parse(word.as_bytes(), Some(&Name::root())).ok()?;
        let mut bound = Vec::new();
        for linked in snapshot.zones() {
            let is_zone = *linked.zone.apex() == name;
            let links = linked.zone.bindings().iter().zip(&linked.links);
            bound.extend(links.filter(|(binding, _)| is_zone || binding.name == name).map(|(_, link)| link.node));
        }
        (!bound.is_empty()).then(|| Self::Below(below(policies, bound)))
    }
}

/// These nodes and all that they may hand a client to.
fn below(policies: &Policies, nodes: impl IntoIterator<Item = NodeId>) -> BTreeSet<NodeId> {
    let mut found = BTreeSet::new();
    let mut open: Vec<NodeId> = nodes.into_iter().collect();
    while let Some(id) = open.pop() {
        let Some(node) = policies.node(id).filter(|_| found.insert(id)) else { continue };
        if let NodeKind::Policy(policy) = &node.kind {
            open.extend(policy.children.iter().map(|child| child.node).chain(policy.last));
        }
    }
    found
}

/// Every endpoint with its pool.
fn pools(policies: &Policies) -> impl Iterator<Item = (&str, &str)> {
    policies.written().iter().flat_map(|node| {
        let endpoints = match &node.kind {
            NodeKind::Pool(pool) => pool.endpoints.as_ref(),
            NodeKind::Policy(_) => &[],
        };
        endpoints.iter().map(|endpoint| (node.name.as_str(), endpoint.name.as_str()))
    })
}

fn nobody(word: &str, snapshot: &Snapshot) -> Reply {
    let policies = &snapshot.policies;
    let message = format!(
        "expected a pool, a policy, an endpoint, an address, a zone or a bound name, but found \"{}\"",
        word.escape_debug()
    );
    let endpoints = pools(policies).map(|(pool, endpoint)| format!("{pool}/{endpoint}"));
    let bound = snapshot.zones().iter().flat_map(|linked| linked.zone.bindings()).map(|binding| binding.name.to_string());
    let nodes = policies.written().iter().map(|node| node.name.clone());
    let known: Vec<String> = nodes.chain(endpoints).chain(bound).take(SUGGESTION_CANDIDATES_MAX).collect();
    let near = did_you_mean(word, known.iter().map(String::as_str));
    let help = near.map_or_else(
        || {
            "\"signpost status\" shows all; \"eu\" is a pool, \"eu/fra-1\" an endpoint, and \"*\" stands for any part: 'eu/fra-*'"
                .to_owned()
        },
        |near| format!("did you mean \"{near}\"?"),
    );
    Reply::bad_input(fault(message, help))
}
