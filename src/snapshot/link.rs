//! From the name in a binding to the pool or policy that it leads to, and why it may not lead there.
//!
//! Done again at every load, for zones that did not change too: policies may have. What a bound name needs for itself is made
//! later, in `policies/bound.rs`.

use std::sync::Arc;

use super::LinkedZone;
use super::binding::Binding;
use super::policies::Policies;
use super::zone::CompiledZone;
use crate::config::{Check, Config, Host, MadeFor, Node, NodeId, ZoneRules};
use crate::diagnostic::{Diagnostic, bounded, did_you_mean};
use crate::wire::Name;

/// Where a binding leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The pool or policy.
    pub node: NodeId,
    /// Whether the client's subnet counts.
    pub ecs: bool,
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
            links.push(Link { node: id, ecs: node.ecs });
        }
        let allowed = rules.and_then(|rules| rules.policies.as_ref());
        if allowed.is_some_and(|allowed| !allowed.contains(&id)) {
            return Some(forbidden(binding, config, rules));
        }
        hostless(binding, apex, config, id)
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
