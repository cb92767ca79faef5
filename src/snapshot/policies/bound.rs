//! What bound names need for themselves: copies of pools and policies whose checks ask each name by a host of its own.
//!
//! A verdict then belongs to a name, and so does what follows from it. Steering and answers need not know: to them a copy is a
//! pool or policy like any other. Tables are shared with the pattern; what nothing of the name changes is not copied.

use std::collections::HashMap;
use std::sync::Arc;

use super::compile::Probes;
use super::{CompiledNode, CompiledPool, Kind, Needs, PerFamily, Policies};
use crate::config::{Config, Host, NodeId};
use crate::diagnostic::Diagnostic;
use crate::limits::BOUND_ENDPOINTS_MAX;
use crate::snapshot::LinkedZone;
use crate::wire::Name;

/// The policies with copies for all names that need their own; the zones' links lead there after it.
pub fn bind(policies: Policies, config: &Config, zones: &mut [LinkedZone]) -> Result<Policies, Diagnostic> {
    if policies.patterns.is_empty() && !policies.nodes.iter().any(|node| node.needs.is_any()) {
        // Most configurations, and the largest.
        return Ok(policies);
    }
    let written = policies.written().len();
    let origins: Vec<NodeId> = (0..policies.nodes.len() as u32).map(|id| policies.origin(NodeId(id))).collect();
    let mut nodes = Vec::from(policies.nodes);
    nodes.truncate(written);
    let mut binder = Binder {
        config,
        nodes,
        patterns: Vec::new(),
        probes: Probes::begun_with(policies.probes.into()),
        made: HashMap::new(),
        endpoints: 0,
    };
    for linked in zones {
        let zone = Arc::clone(&linked.zone);
        for (binding, link) in zone.bindings().iter().zip(&mut linked.links) {
            let origin = origins.get(link.node.0 as usize).copied().unwrap_or(link.node);
            link.node = binder.node_for(origin, &binding.name, zone.apex());
            if binder.endpoints > BOUND_ENDPOINTS_MAX {
                return Err(too_many(config));
            }
        }
    }
    let Binder { nodes, patterns, probes, .. } = binder;
    Ok(Policies { nodes: nodes.into(), patterns: patterns.into(), probes: probes.list.into(), ..policies })
}

/// What is made so far.
struct Binder<'a> {
    config: &'a Config,
    nodes: Vec<CompiledNode>,
    patterns: Vec<NodeId>,
    probes: Probes,
    made: HashMap<Made, NodeId>,
    /// Endpoints of all copies.
    endpoints: usize,
}

/// What a copy is for: names that it knows alike share it.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Made {
    pattern: NodeId,
    name: Option<Name>,
    apex: Option<Name>,
}

impl Binder<'_> {
    /// The node that answers for a name bound to this one. Children have smaller numbers than their parents, copies too.
    fn node_for(&mut self, id: NodeId, name: &Name, apex: &Name) -> NodeId {
        let Some(pattern) = self.nodes.get(id.0 as usize).filter(|node| node.needs.is_any()) else { return id };
        let Needs { name: needs_name, zone: needs_zone } = pattern.needs;
        let known = |needed: bool, name: &Name| needed.then(|| name.clone());
        let made = Made { pattern: id, name: known(needs_name, name), apex: known(needs_zone, apex) };
        if let Some(known) = self.made.get(&made) {
            return *known;
        }
        let mut copy = CompiledNode { needs: Needs::default(), ..pattern.clone() };
        match &mut copy.kind {
            Kind::Pool(pool) => self.ask_for(pool, name, apex),
            Kind::Policy(policy) => {
                for child in &mut policy.children {
                    child.node = self.node_for(child.node, name, apex);
                }
                policy.last = policy.last.map(|last| self.node_for(last, name, apex));
            }
        }
        let copy_id = NodeId(self.nodes.len() as u32);
        self.nodes.push(copy);
        self.patterns.push(id);
        self.made.insert(made, copy_id);
        copy_id
    }

    /// Lets the check of a pool ask for the host of this name.
    fn ask_for(&mut self, pool: &mut CompiledPool, name: &Name, apex: &Name) {
        self.endpoints += pool.endpoints.len();
        let check = pool.check.and_then(|id| Some((id, self.config.checks.get(id.0 as usize)?)));
        let host = check.and_then(|(_, check)| check.host()?.for_name(name, apex));
        let Some((check, host)) = check.zip(host) else { return };
        for endpoint in &mut pool.endpoints {
            let addresses = endpoint.addresses;
            endpoint.probes = PerFamily::new(|family| Some(self.probes.index(check, Some(&host), addresses[family]?)));
        }
    }
}

/// Nothing of it can be served: which names would go without is not ours to choose.
fn too_many(config: &Config) -> Diagnostic {
    let made = |check: &&crate::config::Check| check.host().and_then(Host::made_for).is_some();
    let message =
        format!("checks whose host is made for each bound name would probe more than {BOUND_ENDPOINTS_MAX} endpoints of names");
    let span = config.checks.iter().find(made).map(|check| check.span);
    Diagnostic { span, ..Diagnostic::nowhere(message) }
        .label("asks each bound name by a host of its own")
        .help("write one host for all names, or bind fewer names to pools with this check")
}
