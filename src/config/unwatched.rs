//! Warnings about pools that nobody probes beside pools that are probed: a forgotten `check` shows only when the place is down.
//! A pool for when all else failed needs none: `last`, or the end of a failover. It never refuses anything.

use super::{Child, Choose, Config, Node, NodeId, Pool};
use crate::diagnostic::Diagnostic;

/// Warns of every pool without a check that is chosen among pools of which one has a check, each pool once.
pub fn unwatched(config: &Config) -> Vec<Diagnostic> {
    let mut warned: Vec<NodeId> = Vec::new();
    let mut diagnostics = Vec::new();
    for node in &config.nodes {
        let (watched, unwatched): (Vec<_>, Vec<_>) =
            rivals(node).into_iter().filter_map(|id| Some((id, pool(config, id)?))).partition(|(_, pool)| pool.check.is_some());
        let Some((_, example)) = watched.first() else { continue };
        for (id, pool) in unwatched {
            if warned.contains(&id) {
                continue;
            }
            warned.push(id);
            diagnostics.push(warning(config, pool, example));
        }
    }
    diagnostics
}

fn warning(config: &Config, pool: &Pool, example: &Pool) -> Diagnostic {
    let name = &pool.common.name;
    let check = example.check.and_then(|id| config.checks.get(id.0 as usize)).map_or("web", |check| check.name.as_str());
    Diagnostic::warning(pool.common.span, format!("pool \"{name}\" has no check, so it counts as up even when it is dead"))
        .label("never probed")
        .related(format!("pool \"{}\" beside it has one and is defined", example.common.name), example.common.span)
        .help(format!("write check = \"{check}\" in [pool.{name}]"))
}

/// The children that must be able to go down for another to be chosen.
fn rivals(node: &Node) -> Vec<NodeId> {
    let Node::Policy(policy) = node else { return Vec::new() };
    let ids = |children: &[Child]| children.iter().map(|child| child.node).collect();
    match &policy.choose {
        Choose::Failover(from) => ids(from.split_last().map(|(_, before)| before).unwrap_or_default()),
        Choose::Nearest { from, .. } | Choose::Weighted(from) | Choose::Hashed(from) => ids(from),
        Choose::Geo { .. } => Vec::new(),
    }
}

fn pool(config: &Config, id: NodeId) -> Option<&Pool> {
    match config.nodes.get(id.0 as usize)? {
        Node::Pool(pool) => Some(pool),
        Node::Policy(_) => None,
    }
}
