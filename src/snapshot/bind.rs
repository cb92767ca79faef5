//! What bound names need for themselves: copies of pools and policies, where a check asks each name by a host of its own (a verdict
//! then belongs to a name, and so does what follows from it), and where endpoints that are names are answered with addresses.
//!
//! Steering and answers need not know: to them a copy is a pool or policy like any other. Tables are shared with the pattern;
//! what nothing of the name changes is not copied.

use std::collections::HashMap;
use std::sync::Arc;

use super::LinkedZone;
use super::link::{Link, answers_name};
use super::policies::{CompiledNode, CompiledPool, Contents, Edges, Kind, Needs, PerFamily, Policies, Probes};
use crate::config::{Config, Host, NodeId};
use crate::diagnostic::Diagnostic;
use crate::limits::BOUND_ENDPOINTS_MAX;
use crate::wire::Name;

/// The policies with copies for all names that need their own and with the addresses of edges; the zones' links lead there after
/// it. What was bound before may be bound again, with other addresses.
pub fn bind(mut policies: Policies, config: &Config, zones: &mut [LinkedZone], edges: &Edges) -> Result<Policies, Diagnostic> {
    if !policies.written().iter().any(|node| node.needs.is_any() || node.names || node.edges) {
        // Most configurations, and the largest.
        return Ok(policies);
    }
    let written = policies.written().len();
    let origins: Vec<NodeId> = (0..policies.nodes.len() as u32).map(|id| policies.origin(NodeId(id))).collect();
    let mut nodes = Vec::from(std::mem::take(&mut policies.nodes));
    nodes.truncate(written);
    let mut probes = Vec::from(std::mem::take(&mut policies.probes));
    probes.truncate(policies.probes_written);
    let probes = Probes::begun_with(probes);
    let mut binder = Binder { config, edges, nodes, patterns: Vec::new(), probes, made: HashMap::new(), endpoints: 0 };
    binder.look_up_written();
    for linked in zones {
        let zone = Arc::clone(&linked.zone);
        for (binding, link) in zone.bindings().iter().zip(&mut linked.links) {
            let origin = origins.get(link.node.0 as usize).copied().unwrap_or(link.node);
            let is_flat = binder.nodes.get(origin.0 as usize).is_some_and(|node| !answers_name(node, binding, zone.apex()));
            link.node = binder.node_for(origin, Bound { name: &binding.name, apex: zone.apex(), is_flat });
            if binder.endpoints > BOUND_ENDPOINTS_MAX {
                return Err(too_many(config));
            }
            if let Some(node) = binder.nodes.get(link.node.0 as usize) {
                *link = Link::new(link.node, node, binding, zone.apex());
            }
        }
    }
    let Binder { nodes, patterns, probes, .. } = binder;
    (policies.nodes, policies.patterns, policies.probes) = (nodes.into(), patterns.into(), probes.list.into());
    Ok(policies)
}

/// What is made so far.
struct Binder<'a> {
    config: &'a Config,
    edges: &'a Edges,
    nodes: Vec<CompiledNode>,
    patterns: Vec<NodeId>,
    probes: Probes,
    made: HashMap<Made, NodeId>,
    /// Endpoints of all copies that know a name or zone.
    endpoints: usize,
}

/// A bound name.
#[derive(Clone, Copy)]
struct Bound<'a> {
    name: &'a Name,
    apex: &'a Name,
    /// Whether it is answered with addresses, whatever has a name.
    is_flat: bool,
}

/// What a copy is for: names that it knows alike share it.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Made {
    pattern: NodeId,
    name: Option<Name>,
    apex: Option<Name>,
    flat: bool,
}

impl Binder<'_> {
    /// The node that answers for a name bound to this one. Children have smaller numbers than their parents, copies too.
    fn node_for(&mut self, id: NodeId, bound: Bound<'_>) -> NodeId {
        let Some(pattern) = self.nodes.get(id.0 as usize) else { return id };
        let (needs, flat) = (pattern.needs, bound.is_flat && pattern.names);
        if !needs.is_any() && !flat {
            return id;
        }
        let known = |needed: bool, name: &Name| needed.then(|| name.clone());
        let made = Made { pattern: id, name: known(needs.name, bound.name), apex: known(needs.zone, bound.apex), flat };
        if let Some(known) = self.made.get(&made) {
            return *known;
        }
        let mut copy = CompiledNode { needs: Needs::default(), ..pattern.clone() };
        match &mut copy.kind {
            Kind::Pool(pool) => {
                self.endpoints += if needs.is_any() { pool.endpoints.len() } else { 0 };
                self.fit(pool, Some(bound));
            }
            Kind::Policy(policy) => {
                for child in &mut policy.children {
                    child.node = self.node_for(child.node, bound);
                }
                policy.last = policy.last.map(|last| self.node_for(last, bound));
            }
        }
        let contents = Contents::of(&copy.kind, &self.nodes);
        let Contents { fixed, names, edges } = contents;
        let copy_id = NodeId(self.nodes.len() as u32);
        self.nodes.push(CompiledNode { families: contents.families(), fixed, names, edges, ..copy });
        self.patterns.push(id);
        self.made.insert(made, copy_id);
        copy_id
    }

    /// Puts the addresses of edges into the pools as they are written.
    fn look_up_written(&mut self) {
        let mut nodes = std::mem::take(&mut self.nodes);
        for node in nodes.iter_mut().filter(|node| !node.needs.is_any()) {
            if let Kind::Pool(pool) = &mut node.kind {
                self.fit(pool, None);
            }
        }
        self.nodes = nodes;
    }

    /// Fits a pool to what is bound to it: what its check asks for, how its edges answer, and where these are.
    fn fit(&mut self, pool: &mut CompiledPool, bound: Option<Bound<'_>>) {
        let check = pool.check.and_then(|id| Some((id, self.config.checks.get(id.0 as usize)?)));
        let host = check.and_then(|(_, check)| {
            let host = check.host().filter(|host| host.made_for().is_some())?;
            host.for_name(bound?.name, bound?.apex)
        });
        let mut probe = |address| check.map(|check| self.probes.index(check, host.as_ref(), address));
        for endpoint in &mut pool.endpoints {
            let addresses = endpoint.addresses;
            if let Some(edge) = &mut endpoint.edge {
                edge.flat |= bound.is_some_and(|bound| bound.is_flat);
                let (edges, name) = (self.edges, &edge.name);
                edge.addresses =
                    PerFamily::new(|family| edges.of(name, family).iter().map(|address| (*address, probe(*address))).collect());
            } else if host.is_some() {
                endpoint.probes = PerFamily::new(|family| probe(addresses[family]?));
            }
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
