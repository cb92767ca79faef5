//! Warnings that need the bindings of the zones: nouns that nothing uses, and keys that are read at bound nodes only.
//! Called after the zones are linked; it never refuses anything.

use std::collections::HashSet;

use super::{Common, Config, Node, NodeId};
use crate::diagnostic::{Diagnostic, Span};

/// Warns of every pool and policy that neither the configuration names nor a zone binds, and of `ttl` and `ecs` at one that is
/// only named by others. `bound` are those that records of zones bind; bindings of the configuration count besides.
pub fn unused(config: &Config, bound: &[NodeId]) -> Vec<Diagnostic> {
    let steered = config.zones.iter().flat_map(|zone| &zone.steer).flatten().map(|steer| steer.node);
    let allowed = config.zones.iter().flat_map(|zone| &zone.policies).flatten().copied();
    // What records may name may be bound tomorrow.
    let bound: HashSet<NodeId> = bound.iter().copied().chain(steered).chain(allowed).collect();
    let named: HashSet<NodeId> = config.nodes.iter().flat_map(children).collect();
    let mut diagnostics = Vec::new();
    for (id, node) in (0..).map(NodeId).zip(&config.nodes) {
        if bound.contains(&id) {
            continue;
        }
        if named.contains(&id) {
            diagnostics.extend(unread(node.common()));
        } else {
            diagnostics.push(unnamed(node));
        }
    }
    diagnostics
}

fn unnamed(node: &Node) -> Diagnostic {
    let noun = match node {
        Node::Pool(_) => "pool",
        Node::Policy(_) => "policy",
    };
    let name = &node.common().name;
    let message = format!("no name is steered by the {noun} \"{name}\", and no policy names it");
    let help = format!("bind a name in its zone: _steer.www IN TXT \"{name}\"");
    Diagnostic::warning(node.common().span, message).help(help)
}

/// `ttl` and `ecs` are read at the node that a name is bound to.
fn unread(common: &Common) -> impl Iterator<Item = Diagnostic> {
    let written: [(&str, Option<Span>); 2] =
        [("ttl", common.ttl.map(|(_, span)| span)), ("ecs", common.ecs.map(|(_, span)| span))];
    let name = common.name.clone();
    written.into_iter().filter_map(move |(key, span)| {
        let message = format!("\"{key}\" has no effect here, because no name is bound to \"{name}\" itself");
        Some(Diagnostic::warning(span?, message).help("write it at the policy that names are bound to"))
    })
}

/// The nodes that a node names.
fn children(node: &Node) -> Vec<NodeId> {
    let Node::Policy(policy) = node else {
        return Vec::new();
    };
    let mut named = policy.children();
    named.extend(policy.last);
    named
}
