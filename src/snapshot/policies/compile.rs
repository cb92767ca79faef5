//! Pools and policies from configuration to compiled nodes, children before parents.
//!
//! Equal tables are made once: policies over the same places share one, and so does the generation before.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;

use super::{
    CompiledEndpoint, CompiledNode, CompiledPolicy, CompiledPool, Edge, Family, Kind, Needs, Order, Overrides, PerFamily,
    Policies, Probe,
};
use crate::config::{Check, CheckId, Child, Choose, Config, Host, MadeFor, Node, NodeId, PoolChoice, Ttl};
use crate::diagnostic::{Diagnostic, Span};
use crate::geo::{Match, NetTable, Placed, PlacesTable, Point, RuleTable, World};
use crate::health::{ProbeKey, Thresholds};
use crate::limits::PROBE_JITTER_DIVISOR;
use crate::snapshot::rendezvous::Ranks;

impl Policies {
    /// Compiles all pools and policies; tables that `previous` has for the same world are shared with it.
    pub fn compile(config: &Config, world: Arc<World>, previous: Option<&Self>) -> (Self, Vec<Diagnostic>) {
        let mut compiler = Compiler {
            config,
            previous: previous.filter(|previous| previous.world.identity() == world.identity()),
            policies: Self { world, ..Self::default() },
            nodes: Vec::with_capacity(config.nodes.len()),
            probes: Probes::default(),
            points: Vec::with_capacity(config.nodes.len()),
            faults: Vec::new(),
        };
        for node in &config.nodes {
            compiler.push(node);
        }
        let Compiler { mut policies, nodes, probes, faults, .. } = compiler;
        policies.names = (0..).map(NodeId).zip(&nodes).map(|(id, node)| (node.name.clone(), id)).collect();
        policies.nodes = nodes.into();
        policies.probes_written = probes.list.len();
        policies.probes = probes.list.into();
        policies.references = config.server.references.as_slice().into();
        (policies, faults)
    }
}

struct Compiler<'a> {
    config: &'a Config,
    previous: Option<&'a Policies>,
    policies: Policies,
    nodes: Vec<CompiledNode>,
    probes: Probes,
    /// Where each node stands: its own place, or those of its located leaves.
    points: Vec<Vec<Point>>,
    faults: Vec<Diagnostic>,
}

impl Compiler<'_> {
    fn push(&mut self, node: &Node) {
        let common = node.common();
        let (kind, points) = match node {
            Node::Pool(pool) => (Kind::Pool(self.pool(pool)), Vec::new()),
            Node::Policy(policy) => {
                let compiled = self.policy(policy);
                let points = compiled.children.iter().flat_map(|child| self.points_of(child.node).to_vec()).collect();
                (Kind::Policy(compiled), points)
            }
        };
        self.points.push(common.location.map_or(points, |point| vec![point]));
        let below: Vec<NodeId> = match &kind {
            Kind::Pool(_) => Vec::new(),
            Kind::Policy(policy) => policy.children.iter().map(|child| child.node).chain(policy.last).collect(),
        };
        let any_below =
            |test: &dyn Fn(&CompiledNode) -> bool| below.iter().any(|id| self.nodes.get(id.0 as usize).is_some_and(test));
        let (tailored, own_strict) = match &kind {
            Kind::Pool(pool) => (pool.ranks.is_some(), false),
            Kind::Policy(policy) => (policy.order.is_tailored() || policy.tailors_below, policy.order.has_strict()),
        };
        let contents = Contents::of(&kind, &self.nodes);
        let Contents { fixed, names, edges } = contents;
        let strict = own_strict || any_below(&|node| node.strict);
        let needs = match node {
            Node::Pool(pool) => pool.check.and_then(|id| self.config.checks.get(id.0 as usize)).map(needs).unwrap_or_default(),
            Node::Policy(_) => {
                let below = below.iter().filter_map(|id| self.nodes.get(id.0 as usize));
                below.fold(Needs::default(), |needs, node| needs.or(node.needs))
            }
        };
        self.nodes.push(CompiledNode {
            name: common.name.clone(),
            families: contents.families(),
            fixed,
            names,
            edges,
            tailored,
            strict,
            location: common.location,
            min_up: common.min_up,
            ttl: common.ttl.map_or(Ttl::DEFAULT, |(ttl, _)| ttl),
            ecs: common.ecs.is_none_or(|(honoured, _)| honoured),
            needs,
            kind,
        });
        self.refuse_strict_without_family(NodeId(self.nodes.len() as u32 - 1));
    }

    fn pool(&mut self, pool: &crate::config::Pool) -> CompiledPool {
        let check = pool.check.and_then(|id| Some((id, self.config.checks.get(id.0 as usize)?)));
        // A CNAME is never one answer of several, so beside addresses names are addresses, too, even if an order alone gives these weight.
        let flat = pool.flatten || pool.endpoints.iter().any(|endpoint| endpoint.cname.is_none());
        let endpoints = pool.endpoints.iter().map(|endpoint| {
            let addresses = PerFamily::new(|family| match family {
                Family::V4 => endpoint.v4.map(IpAddr::V4),
                Family::V6 => endpoint.v6.map(IpAddr::V6),
            });
            // A check that asks each bound name by a host of its own has nothing to ask yet.
            let check = check.filter(|(_, check)| needs(check) == Needs::default());
            let probes = PerFamily::new(|family| Some(self.probes.index(check?, None, addresses[family]?)));
            let edge = endpoint.cname.clone().map(|name| Edge::new(name, flat).into());
            CompiledEndpoint { name: endpoint.name.clone(), weight: endpoint.weight, addresses, probes, edge }
        });
        let endpoints: Box<[_]> = endpoints.collect();
        let members = endpoints.iter().map(|endpoint| (endpoint.name.as_str(), endpoint.weight));
        let ranks = (pool.choose == PoolChoice::Hashed).then(|| Ranks::new(members));
        CompiledPool {
            choose: pool.choose,
            check: pool.check,
            answers: pool.answers,
            slow_start: pool.slow_start,
            endpoints,
            ranks,
        }
    }

    fn policy(&mut self, policy: &crate::config::Policy) -> CompiledPolicy {
        let (children, order) = match &policy.choose {
            Choose::Failover(from) => (from.clone(), Order::Failover),
            Choose::Weighted(from) => (weighing(from), Order::Weighted),
            Choose::Hashed(from) => {
                let children = weighing(from);
                let members: Vec<(String, u16)> = children.iter().map(|child| (self.name_of(child.node), child.weight)).collect();
                let ranks = Ranks::new(members.iter().map(|(name, weight)| (name.as_str(), *weight)));
                (children, Order::Hashed(ranks))
            }
            Choose::Nearest { from, overrides } => (from.clone(), self.nearest(from, overrides)),
            Choose::Geo { rules, otherwise } => self.geo(rules, *otherwise),
        };
        let mut below = children.iter().map(|child| child.node).chain(policy.last);
        let tailors_below = below.any(|id| self.nodes.get(id.0 as usize).is_some_and(|node| node.tailored));
        CompiledPolicy { children: children.into(), order, last: policy.last, tailors_below, max_removed: policy.max_removed }
    }

    fn nearest(&mut self, from: &[Child], overrides: &[crate::config::Override]) -> Order {
        let placed: Vec<Placed> =
            from.iter().map(|child| Placed { points: self.points_of(child.node).to_vec(), bias: child.bias }).collect();
        let indices: HashMap<NodeId, u16> = (0..).zip(from).map(|(index, child)| (child.node, index)).collect();
        let index_of = |node: &NodeId| indices.get(node).copied();
        // Overrides of the same order are one, so that networks side by side become one prefix, with one scope.
        let mut lists = HashMap::new();
        let lists = (0..).zip(overrides).map(|(index, entry)| (*lists.entry(&entry.order).or_insert(index), &entry.nets));
        let entries: Vec<_> = lists.flat_map(|(list, nets)| nets.iter().map(move |net| (*net, list))).collect();
        let orders = overrides.iter().map(|entry| entry.order.iter().filter_map(index_of).collect()).collect();
        Order::Nearest {
            points: placed.iter().map(|child| child.points.clone().into()).collect(),
            places: {
                let before = self.previous.map(|previous| &previous.places_tables);
                let world = &self.policies.world;
                shared(&mut self.policies.places_tables, before, placed, |placed| PlacesTable::compile(world, placed))
            },
            overrides: (!entries.is_empty()).then(|| Overrides { nets: NetTable::compile(&entries), orders }.into()),
        }
    }

    fn geo(&mut self, rules: &[crate::config::Rule], otherwise: Option<NodeId>) -> (Vec<Child>, Order) {
        let mut children: Vec<Child> = Vec::new();
        let mut index_of = |node: NodeId| {
            let known = children.iter().position(|child| child.node == node);
            known.unwrap_or_else(|| {
                children.push(Child { node, weight: 1, bias: 0 });
                children.len() - 1
            }) as u16
        };
        let orders = rules.iter().map(|rule| (rule.order.iter().map(|node| index_of(*node)).collect(), rule.strict)).collect();
        let otherwise = otherwise.map(&mut index_of);
        let matches: Vec<Match> = rules.iter().map(|rule| rule.matches.clone()).collect();
        let before = self.previous.map(|previous| &previous.rule_tables);
        let world = &self.policies.world;
        let table = shared(&mut self.policies.rule_tables, before, matches, |matches| RuleTable::compile(world, matches));
        (children, Order::Geo { table, rules: orders, otherwise })
    }

    /// A strict rule promises that a client never leaves its list, and a type exists for everybody or for nobody: so each
    /// family that a policy has must be in each strict list it reaches, by an endpoint with an address: names promise none.
    fn refuse_strict_without_family(&mut self, id: NodeId) {
        let Some(node) = self.nodes.get(id.0 as usize).filter(|node| node.strict) else { return };
        let families = node.fixed;
        let mut waiting = vec![id];
        while let Some(id) = waiting.pop() {
            let Some(Node::Policy(policy)) = self.config.nodes.get(id.0 as usize) else { continue };
            let Some(Kind::Policy(compiled)) = self.nodes.get(id.0 as usize).map(|node| &node.kind) else { continue };
            waiting.extend(compiled.children.iter().map(|child| child.node).chain(compiled.last));
            let Choose::Geo { rules, .. } = &policy.choose else { continue };
            for rule in rules.iter().filter(|rule| rule.strict) {
                let has =
                    |family| rule.order.iter().any(|id| self.nodes.get(id.0 as usize).is_some_and(|node| node.fixed[family]));
                let missing = Family::ALL.into_iter().filter(|family| families[*family] && !has(*family));
                self.faults.extend(missing.map(|family| strict_without(rule.span, family)));
            }
        }
        self.faults.dedup();
    }

    fn points_of(&self, id: NodeId) -> &[Point] {
        self.points.get(id.0 as usize).map(Vec::as_slice).unwrap_or_default()
    }

    fn name_of(&self, id: NodeId) -> String {
        self.nodes.get(id.0 as usize).map(|node| node.name.clone()).unwrap_or_default()
    }
}

/// All probes, each once.
#[derive(Default)]
pub(in crate::snapshot) struct Probes {
    pub(in crate::snapshot) list: Vec<Probe>,
    indices: HashMap<ProbeKey, u32>,
}

impl Probes {
    /// These probes, to go on from.
    pub(in crate::snapshot) fn begun_with(list: Vec<Probe>) -> Self {
        let indices = (0..).zip(&list).map(|(index, probe)| (probe.key.clone(), index)).collect();
        Self { list, indices }
    }

    /// The index of the probe for an address, made at its first mention; `host` is what is asked for in the check's place.
    pub(in crate::snapshot) fn index(&mut self, (id, check): (CheckId, &Check), host: Option<&Host>, address: IpAddr) -> u32 {
        let name = host.map(|host| Arc::from(&**host));
        let key = ProbeKey { check: check.name.as_str().into(), address, port: check.port, name };
        if let Some(known) = self.indices.get(&key) {
            return *known;
        }
        let index = self.list.len() as u32;
        let thresholds = Thresholds { rise: check.rise, fall: check.fall };
        let round = check.interval + check.interval / PROBE_JITTER_DIVISOR + check.timeout;
        let (hold_down, timeout) = (check.hold_down, check.timeout);
        self.list.push(Probe { key: key.clone(), thresholds, hold_down, timeout, round, check: id, host: host.cloned() });
        self.indices.insert(key, index);
        index
    }
}

/// What endpoints are at and below a node.
#[derive(Clone, Copy, Default)]
pub(in crate::snapshot) struct Contents {
    pub(in crate::snapshot) fixed: PerFamily<bool>,
    pub(in crate::snapshot) names: bool,
    pub(in crate::snapshot) edges: bool,
}

impl Contents {
    /// The families that are there for certain.
    pub(in crate::snapshot) fn families(self) -> PerFamily<bool> {
        PerFamily::new(|family| self.names || self.fixed[family])
    }

    /// What is below a node of this kind; those that it names are among `nodes`.
    pub(in crate::snapshot) fn of(kind: &Kind, nodes: &[CompiledNode]) -> Self {
        match kind {
            Kind::Pool(pool) => {
                let is_name = |endpoint: &CompiledEndpoint, flat| endpoint.edge.as_ref().is_some_and(|edge| edge.flat == flat);
                Self {
                    fixed: PerFamily::new(|family| pool.serving().any(|endpoint| endpoint.addresses[family].is_some())),
                    names: pool.serving().any(|endpoint| is_name(endpoint, false)),
                    edges: pool.serving().any(|endpoint| is_name(endpoint, true)),
                }
            }
            Kind::Policy(policy) => {
                let below = policy.children.iter().map(|child| child.node).chain(policy.last);
                below.filter_map(|id| nodes.get(id.0 as usize)).fold(Self::default(), |all, node| Self {
                    fixed: PerFamily::new(|family| all.fixed[family] || node.fixed[family]),
                    names: all.names || node.names,
                    edges: all.edges || node.edges,
                })
            }
        }
    }
}

/// What a check has to know of a bound name.
fn needs(check: &Check) -> Needs {
    let made_for = check.host().and_then(Host::made_for);
    Needs { name: made_for == Some(MadeFor::Name), zone: made_for == Some(MadeFor::Zone) }
}

/// The children that can be chosen: weight 0 takes no part, neither in what is up nor in which types exist.
fn weighing(from: &[Child]) -> Vec<Child> {
    from.iter().filter(|child| child.weight > 0).copied().collect()
}

/// The table for `key`: known from this generation or the one before, else compiled.
fn shared<K: Eq + Hash, T>(
    known: &mut HashMap<K, Arc<T>>,
    before: Option<&HashMap<K, Arc<T>>>,
    key: K,
    compile: impl Fn(&K) -> T,
) -> Arc<T> {
    if let Some(table) = known.get(&key) {
        return Arc::clone(table);
    }
    let table = before.and_then(|before| before.get(&key)).map_or_else(|| Arc::new(compile(&key)), Arc::clone);
    known.insert(key, Arc::clone(&table));
    table
}

fn strict_without(span: Span, family: Family) -> Diagnostic {
    let (family, rtype) = match family {
        Family::V4 => ("IPv4", "A"),
        Family::V6 => ("IPv6", "AAAA"),
    };
    Diagnostic::error(span, format!("a strict rule's list has no {family} endpoint, but the policy has"))
        .label(format!("its clients would find no {rtype} record"))
        .help(format!("add an endpoint with an {family} address to the list, or leave out \"strict\""))
}
