//! From names to ids: the last stage of reading, after which nothing can be missing.
//!
//! Reports duplicates, missing references, loops and checks that nothing uses; makes a [`Config`] only where there is no error.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;

use super::document::Faults;
use super::spec::{
    ChildSpec, ChooseSpec, NodeSpec, OverrideSpec, Placed, PolicySpec, PoolSpec, Reference, RuleSpec, Spec, ZoneSpec,
};
use super::{
    Check, CheckId, Child, Choose, Config, Node, NodeId, Notify, Override, Policy, Pool, Rule, Server, Steer, ZoneRules, topology,
};
use crate::diagnostic::{Diagnostic, Span, did_you_mean};

/// Joins what the files say; `folder` is that of `signpost.toml`. Notices refer to nothing else.
pub(super) fn resolve(spec: Spec, notify: Option<Notify>, folder: &Path, faults: &Faults) -> Option<Config> {
    let checks = index(spec.checks.iter().map(|check| ("check", check.name.as_str(), check.span)), faults);
    let nodes = index(spec.nodes.iter().map(|node| (noun(node), node.common().name.as_str(), node.common().span)), faults);
    report_zone_duplicates(&spec.zones, faults);
    let names = Names { checks, nodes, all_checks: &spec.checks, all_nodes: &spec.nodes, faults };
    let targets: Vec<Vec<usize>> = spec.nodes.iter().map(|node| names.targets(node)).collect();
    names.report_missing_elsewhere(&spec.zones);
    let order = topology::order(&spec.nodes, &targets, faults);
    if faults.any_error() {
        return None;
    }
    report_checks(&spec, faults);
    let ids = Ids::new(&spec, &order);
    let mut specs: Vec<Option<NodeSpec>> = spec.nodes.into_iter().map(Some).collect();
    Some(Config {
        server: spec.server.unwrap_or_else(|| Server::with_defaults(folder)),
        notify,
        nodes: order.iter().map(|&at| ids.node(specs.get_mut(at)?.take()?)).collect::<Option<_>>()?,
        zones: spec.zones.into_iter().map(|zone| ids.zone(zone)).collect::<Option<_>>()?,
        checks: spec.checks,
    })
}

fn noun(node: &NodeSpec) -> &'static str {
    match node {
        NodeSpec::Pool(_) => "pool",
        NodeSpec::Policy(_) => "policy",
    }
}

/// Which place in the list each name has; the first of several.
fn index<'a>(named: impl Iterator<Item = (&'static str, &'a str, Span)>, faults: &Faults) -> HashMap<&'a str, usize> {
    let mut first: HashMap<&str, (usize, &str, Span)> = HashMap::new();
    for (at, (noun, name, span)) in named.enumerate() {
        if let Some((_, other_noun, other)) = first.get(name) {
            let shown = name.escape_debug();
            let message = format!("the name \"{shown}\" of this {noun} is taken");
            let fault = Diagnostic::error(span, message).related(format!("{other_noun} \"{shown}\" is defined"), *other);
            faults.report(fault.help(if noun == "check" {
                "rename one"
            } else {
                "rename one; pools and policies share one space of names"
            }));
        } else {
            first.insert(name, (at, noun, span));
        }
    }
    first.into_iter().map(|(name, (at, ..))| (name, at)).collect()
}

fn report_zone_duplicates(zones: &[ZoneSpec], faults: &Faults) {
    let mut first: HashMap<&crate::wire::Name, Span> = HashMap::new();
    for Placed { value: apex, span } in zones.iter().map(|zone| &zone.apex) {
        if let Some(other) = first.get(apex) {
            let fault = Diagnostic::error(*span, format!("the zone {apex} has two tables")).related("the first is", *other);
            faults.report(fault.help("write all of it in one table"));
        } else {
            first.insert(apex, *span);
        }
    }
}

/// All names that are defined.
struct Names<'a> {
    checks: HashMap<&'a str, usize>,
    nodes: HashMap<&'a str, usize>,
    all_checks: &'a [Check],
    all_nodes: &'a [NodeSpec],
    faults: &'a Faults,
}

impl Names<'_> {
    /// What a node refers to, as indices; reports what is not defined.
    fn targets(&self, node: &NodeSpec) -> Vec<usize> {
        if let NodeSpec::Pool(PoolSpec { check: Some(check), .. }) = node {
            self.report_missing_check(check);
        }
        node.references().into_iter().filter_map(|reference| self.find_or_report(reference)).collect()
    }

    fn report_missing_elsewhere(&self, zones: &[ZoneSpec]) {
        let steered = zones.iter().flat_map(|zone| &zone.steer).flatten().map(|(_, node)| node);
        for reference in steered.chain(zones.iter().flat_map(|zone| &zone.policies).flatten()) {
            self.find_or_report(reference);
        }
    }

    fn find_or_report(&self, reference: &Reference) -> Option<usize> {
        let found = self.nodes.get(reference.value.as_str()).copied();
        if found.is_none() {
            let name = reference.value.escape_debug();
            let fault = Diagnostic::error(reference.span, format!("no pool or policy is called \"{name}\"")).label("used here");
            let near = did_you_mean(&reference.value, self.all_nodes.iter().map(|node| node.common().name.as_str()));
            let near = near.and_then(|near| self.all_nodes.get(*self.nodes.get(near)?));
            self.faults.report(match near {
                Some(near) => suggest(fault, noun(near), &near.common().name, near.common().span),
                None if self.checks.contains_key(reference.value.as_str()) => {
                    fault.help(format!("\"{name}\" is a check; name a pool or policy here"))
                }
                None => fault.help(format!("define [pool.{name}] or [policy.{name}]")),
            });
        }
        found
    }

    fn report_missing_check(&self, reference: &Reference) {
        if self.checks.contains_key(reference.value.as_str()) {
            return;
        }
        let name = reference.value.escape_debug();
        let fault = Diagnostic::error(reference.span, format!("no check is called \"{name}\"")).label("used here");
        let near = did_you_mean(&reference.value, self.all_checks.iter().map(|check| check.name.as_str()));
        let near = near.and_then(|near| self.all_checks.get(*self.checks.get(near)?));
        self.faults.report(match near {
            Some(near) => suggest(fault, "check", &near.name, near.span),
            None => fault.help(format!("define [check.{name}]")),
        });
    }
}

fn suggest(fault: Diagnostic, noun: &str, name: &str, span: Span) -> Diagnostic {
    fault.related(format!("{noun} \"{name}\" is defined"), span).help(format!("did you mean \"{name}\"?"))
}

/// Warns of checks that no pool uses, and of pools that a check's own address can't reach.
fn report_checks(spec: &Spec, faults: &Faults) {
    for check in &spec.checks {
        let pools: Vec<&Pool> = spec.nodes.iter().filter_map(|node| probed_by(node, &check.name)).collect();
        if pools.is_empty() {
            let warning = Diagnostic::warning(check.span, format!("no pool uses the check \"{}\"", check.name));
            faults.report(warning.help(format!("write check = \"{}\" in a pool, or remove it", check.name)));
        }
        let (family, other) = match check.source {
            None => continue,
            Some(IpAddr::V4(_)) => ("IPv4", "IPv6"),
            Some(IpAddr::V6(_)) => ("IPv6", "IPv4"),
        };
        let of_other =
            |pool: &&&Pool| pool.endpoints.iter().any(|one| if family == "IPv4" { one.v6.is_some() } else { one.v4.is_some() });
        if let Some(pool) = pools.iter().find(of_other) {
            let message =
                format!("check \"{}\" probes from an {family} address, which can't reach {other} addresses", check.name);
            let warning = Diagnostic::warning(check.span, message)
                .related(format!("pool \"{}\", which has some, is defined", pool.common.name), pool.common.span);
            faults.report(warning.help(format!("leave \"source\" out, or give {other} endpoints a check of their own")));
        }
    }
}

fn probed_by<'a>(node: &'a NodeSpec, check: &str) -> Option<&'a Pool> {
    match node {
        NodeSpec::Pool(PoolSpec { pool, check: Some(used) }) if used.value == check => Some(pool),
        NodeSpec::Pool(_) | NodeSpec::Policy(_) => None,
    }
}

/// The ids of all names. Every name that a node or zone refers to has been found before.
struct Ids {
    checks: HashMap<String, CheckId>,
    nodes: HashMap<String, NodeId>,
}

impl Ids {
    fn new(spec: &Spec, order: &[usize]) -> Self {
        let sorted = order.iter().filter_map(|&at| spec.nodes.get(at)).map(|node| node.common().name.clone());
        Self {
            checks: (0..).zip(&spec.checks).map(|(id, check)| (check.name.clone(), CheckId(id))).collect(),
            nodes: sorted.zip(0..).map(|(name, id)| (name, NodeId(id))).collect(),
        }
    }

    fn id(&self, reference: &Reference) -> Option<NodeId> {
        self.nodes.get(&reference.value).copied()
    }

    fn ids(&self, references: &[Reference]) -> Option<Vec<NodeId>> {
        references.iter().map(|reference| self.id(reference)).collect()
    }

    /// `Some(None)` where nothing is written, `None` where it is not found.
    fn optional(&self, reference: Option<&Reference>) -> Option<Option<NodeId>> {
        reference.map_or(Some(None), |reference| self.id(reference).map(Some))
    }

    fn node(&self, spec: NodeSpec) -> Option<Node> {
        Some(match spec {
            NodeSpec::Pool(PoolSpec { pool, check }) => {
                let check = check.and_then(|check| self.checks.get(&check.value).copied());
                Node::Pool(Pool { check, ..pool })
            }
            NodeSpec::Policy(PolicySpec { common, choose, last, max_removed }) => {
                Node::Policy(Policy { common, choose: self.choose(choose)?, last: self.optional(last.as_ref())?, max_removed })
            }
        })
    }

    fn choose(&self, spec: ChooseSpec) -> Option<Choose> {
        Some(match spec {
            ChooseSpec::Nearest { from, overrides } => Choose::Nearest {
                from: self.children(&from)?,
                overrides: overrides.into_iter().map(|one| self.one_override(one)).collect::<Option<_>>()?,
            },
            ChooseSpec::Failover(from) => Choose::Failover(self.children(&from)?),
            ChooseSpec::Weighted(from) => Choose::Weighted(self.children(&from)?),
            ChooseSpec::Hashed(from) => Choose::Hashed(self.children(&from)?),
            ChooseSpec::Geo { rules, otherwise } => Choose::Geo {
                rules: rules.into_iter().map(|rule| self.rule(rule)).collect::<Option<_>>()?,
                otherwise: self.optional(otherwise.as_ref())?,
            },
        })
    }

    fn children(&self, from: &[ChildSpec]) -> Option<Vec<Child>> {
        let child = |spec: &ChildSpec| Some(Child { node: self.id(&spec.node)?, weight: spec.weight, bias: spec.bias });
        from.iter().map(child).collect()
    }

    fn one_override(&self, spec: OverrideSpec) -> Option<Override> {
        let nets = spec.nets.into_iter().map(|net| net.value).collect();
        Some(Override { nets, order: self.ids(&spec.order)?, span: spec.span })
    }

    fn rule(&self, spec: RuleSpec) -> Option<Rule> {
        Some(Rule { matches: spec.matches, order: self.ids(&spec.order)?, strict: spec.strict, span: spec.span })
    }

    fn zone(&self, spec: ZoneSpec) -> Option<ZoneRules> {
        let steer =
            |(name, node): (Placed<_>, Reference)| Some(Steer { name: name.value, node: self.id(&node)?, span: node.span });
        let steer = spec.steer.map(|bindings| bindings.into_iter().map(steer).collect::<Option<_>>());
        Some(ZoneRules {
            apex: spec.apex.value,
            span: spec.apex.span,
            steer: steer.map_or(Some(None), |found: Option<Vec<Steer>>| found.map(Some))?,
            policies: spec.policies.map_or(Some(None), |names| self.ids(&names).map(Some))?,
        })
    }
}
