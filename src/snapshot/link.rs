//! From the name in a binding to the pool or policy that it leads to, and why it may not lead there.
//!
//! Done again at every load, for zones that did not change too: policies may have. What a bound name needs for itself is made
//! later, in `bind.rs`.

use std::sync::Arc;

use super::LinkedZone;
use super::binding::Binding;
use super::policies::{CompiledNode, Family, PerFamily, Policies};
use super::zone::CompiledZone;
use crate::config::{Check, Config, Endpoint, Host, MadeFor, Node, NodeId, Pool, ZoneRules};
use crate::diagnostic::{Diagnostic, bounded, did_you_mean};
use crate::wire::{Name, RrType};

/// Where a binding leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The pool or policy.
    pub node: NodeId,
    /// Whether the client's subnet counts.
    pub ecs: bool,
    /// Whether the answer is a CNAME, to every type.
    pub is_cname: bool,
    /// Whether policies decide about a family; else the zone's own records stand. By configuration alone (invariant 2).
    pub decides: PerFamily<bool>,
}

impl Link {
    /// The link of a binding of the zone `apex` to a node.
    pub(super) fn new(id: NodeId, node: &CompiledNode, binding: &Binding, apex: &Name) -> Self {
        // Which families an edge has may change: a type exists if the name has it of its own, which answers where the edge has none.
        let own = |family| binding.has(RrType::CNAME) || binding.has(rtype_of(family));
        Self {
            node: id,
            ecs: node.ecs,
            is_cname: answers_name(node, binding, apex),
            decides: PerFamily::new(|family| node.families[family] || node.edges && own(family)),
        }
    }
}

/// Whether a name bound to this node is answered with a CNAME: never beside the apex's SOA and NS (RFC 1034 §3.6.2).
pub(super) fn answers_name(node: &CompiledNode, binding: &Binding, apex: &Name) -> bool {
    node.answers_names() && binding.name != *apex
}

fn rtype_of(family: Family) -> RrType {
    match family {
        Family::V4 => RrType::A,
        Family::V6 => RrType::AAAA,
    }
}

/// Resolves a zone's bindings against the policies; every one that can't be is reported.
pub fn link(
    zone: Arc<CompiledZone>,
    rules: Option<&ZoneRules>,
    config: &Config,
    policies: &Policies,
) -> Result<LinkedZone, Vec<Diagnostic>> {
    let links = resolve(zone.apex(), zone.bindings(), rules, config, policies)?;
    Ok(LinkedZone::new(zone, links))
}

/// What each of these bindings of the zone `apex` leads to; every one that may not be is reported.
pub fn resolve(
    apex: &Name,
    bindings: &[Binding],
    rules: Option<&ZoneRules>,
    config: &Config,
    policies: &Policies,
) -> Result<Vec<Link>, Vec<Diagnostic>> {
    let mut links = Vec::with_capacity(bindings.len());
    let refused = bindings.iter().filter_map(|binding| {
        let Some(id) = policies.find(&binding.target) else { return Some(undefined(binding, config)) };
        if let Some(node) = policies.node(id) {
            links.push(Link::new(id, node, binding, apex));
        }
        let allowed = rules.and_then(|rules| rules.policies.as_ref());
        if allowed.is_some_and(|allowed| !allowed.contains(&id)) {
            return Some(forbidden(binding, config, rules));
        }
        let named =
            policies.node(id).filter(|node| answers_name(node, binding, apex)).and_then(|_| beside_cname(binding, config, id));
        hostless(binding, apex, config, id).or(named).or_else(|| loops(binding, config, id))
    });
    let faults = bounded(refused);
    if faults.is_empty() { Ok(links) } else { Err(faults) }
}

fn undefined(binding: &Binding, config: &Config) -> Diagnostic {
    let names = config.nodes.iter().map(|node| node.common().name.as_str());
    let fault =
        Diagnostic::error(binding.target_span, format!("policy \"{}\" is not defined", binding.target)).label("used here");
    match did_you_mean(&binding.target, names).and_then(|near| config.find(near)).and_then(|id| config.nodes.get(id.0 as usize)) {
        Some(near) => {
            let common = near.common();
            fault
                .related(format!("a {} \"{}\" is defined", kind_of(near), common.name), common.span)
                .help(format!("did you mean \"{}\"?", common.name))
        }
        None => fault
            .help(format!("define [policy.{0}] or [pool.{0}] in signpost.toml, or bind the name to one that is", binding.target)),
    }
}

fn forbidden(binding: &Binding, config: &Config, rules: Option<&ZoneRules>) -> Diagnostic {
    let fault = Diagnostic::error(binding.target_span, format!("policy \"{}\" may not be used in this zone", binding.target))
        .label("used here");
    let Some(rules) = rules else { return fault };
    let names = rules.policies.iter().flatten().filter_map(|id| config.nodes.get(id.0 as usize));
    let allowed: Vec<String> = names.map(|node| format!("\"{}\"", node.common().name)).collect();
    fault
        .related("the zone's policies are listed", rules.span)
        .help(format!("use one of {}, or add it to \"policies\"", allowed.join(", ")))
}

/// A check asks each name by a host of its own, and this name makes none.
fn hostless(binding: &Binding, apex: &Name, config: &Config, id: NodeId) -> Option<Diagnostic> {
    let (check, host) = hosts_below(config, id).into_iter().find(|(_, host)| host.for_name(&binding.name, apex).is_none())?;
    let (name, check_name) = (&binding.name, &check.name);
    let is_wildcard = name.labels().next() == Some(b"*") && host.made_for() == Some(MadeFor::Name);
    let why = if is_wildcard { "stands for many names" } else { "makes no host name there" };
    let message = format!("check \"{check_name}\" asks for the host \"{host}\" of each bound name, but \"{name}\" {why}");
    Some(
        Diagnostic::error(binding.target_span, message)
            .label("bound here")
            .related(format!("check \"{check_name}\" is defined"), check.span)
            .help("bind it to pools whose check has one host for all, such as host = \"www.example.com\" or \"www.{zone}\""),
    )
}

/// Who has a CNAME has nothing else (RFC 2181 §10.1); signatures of what it replaces go with that.
fn beside_cname(binding: &Binding, config: &Config, id: NodeId) -> Option<Diagnostic> {
    const HIDDEN: [RrType; 5] = [RrType::A, RrType::AAAA, RrType::CNAME, RrType::RRSIG, RrType::NSEC];
    let (rtype, span) = binding.own.iter().find(|(rtype, _)| !HIDDEN.contains(rtype))?;
    let (pool, _) = names_below(config, id).into_iter().next()?;
    let message = format!("\"{}\" would be a CNAME by \"{}\", but has a record of type {rtype}", binding.name, binding.target);
    Some(
        Diagnostic::error(binding.target_span, message)
            .label("bound here; beside a CNAME there is no other type")
            .related(format!("the {rtype} record is written"), *span)
            .help(format!("write flatten = true in [pool.{}] to answer with the addresses of the name", pool.common.name)),
    )
}

/// Who looks an edge up by the bound name's own answer looks for ever.
fn loops(binding: &Binding, config: &Config, id: NodeId) -> Option<Diagnostic> {
    let (_, endpoint) =
        names_below(config, id).into_iter().find(|(_, endpoint)| endpoint.cname.as_ref() == Some(&binding.name))?;
    let message = format!("\"{}\" leads back to itself by the endpoint \"{}\"", binding.name, endpoint.name);
    let fault = Diagnostic::error(binding.target_span, message).label("bound here");
    let fault = fault.related(format!("endpoint \"{}\" is defined", endpoint.name), endpoint.span);
    Some(fault.help("write the name that the edge's provider gave, or the edge's addresses"))
}

/// The endpoints at and below a node that have names.
fn names_below(config: &Config, id: NodeId) -> Vec<(&Pool, &Endpoint)> {
    match config.nodes.get(id.0 as usize) {
        Some(Node::Pool(pool)) => {
            pool.endpoints.iter().filter(|endpoint| endpoint.cname.is_some()).map(|endpoint| (pool, endpoint)).collect()
        }
        Some(Node::Policy(policy)) => {
            policy.children().into_iter().chain(policy.last).flat_map(|child| names_below(config, child)).collect()
        }
        None => Vec::new(),
    }
}

/// The checks at and below a node whose host is made for each bound name, with that host.
fn hosts_below(config: &Config, id: NodeId) -> Vec<(&Check, &Host)> {
    match config.nodes.get(id.0 as usize) {
        Some(Node::Pool(pool)) => {
            let check = pool.check.and_then(|check| config.checks.get(check.0 as usize));
            let made = check.and_then(|check| Some((check, check.host().filter(|host| host.made_for().is_some())?)));
            made.into_iter().collect()
        }
        Some(Node::Policy(policy)) => {
            policy.children().into_iter().chain(policy.last).flat_map(|child| hosts_below(config, child)).collect()
        }
        None => Vec::new(),
    }
}

fn kind_of(node: &Node) -> &'static str {
    match node {
        Node::Pool(_) => "pool",
        Node::Policy(_) => "policy",
    }
}
