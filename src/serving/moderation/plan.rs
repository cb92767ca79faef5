//! What the configuration wants softened, compiled once per load: who starts slowly, whose removal is limited, who needs a margin.
//! Nothing here changes with time or health.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::config::{MinUp, NodeId};
use crate::limits::SLOW_START_MIN;
use crate::snapshot::{CompiledNode, CompiledPool, Family, NodeKind, Order, PerFamily, Policies, Snapshot};

/// The whole weight of a policy, of which its endpoints have parts.
pub(super) const WHOLE: u64 = 1_000_000_000;

/// All that is softened under one configuration.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Endpoints that start slowly or whose removal is limited, pool by pool.
    pub(super) endpoints: Vec<Watched>,
    /// Policies that limit removals.
    pub(super) limits: Vec<Limit>,
    /// Pools and policies that need a margin after a fall.
    pub(super) edges: Vec<(NodeId, Arc<str>)>,
}

/// An endpoint whose changes are softened.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) pool: NodeId,
    pub(super) index: u16,
    /// `pool/endpoint`, by which a reload knows it.
    pub(super) key: Arc<str>,
    pub(super) has: PerFamily<bool>,
    /// The probes of which one that is up is enough; none where nobody probes.
    pub(super) probes: PerFamily<Box<[u32]>>,
    /// How its weight grows.
    pub(super) steps: Option<Steps>,
    /// Its parts of the policies that limit removals, by index into [`Plan::limits`].
    pub(super) parts: Vec<(usize, PerFamily<u64>)>,
}

/// How a weight grows: so many steps, each so long; it is whole after the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Steps {
    pub(super) count: u32,
    pub(super) each: Duration,
}

/// A policy that limits how much health may take out of it.
#[derive(Debug)]
pub(super) struct Limit {
    pub(super) name: Arc<str>,
    pub(super) percent: u8,
}

impl Steps {
    /// `whole` in steps that no answer outlives: as many as go into it, and one at least.
    fn new(whole: Duration, answer: Duration) -> Self {
        let least = answer.max(SLOW_START_MIN);
        let count = u32::try_from(whole.as_nanos() / least.as_nanos().max(1)).unwrap_or(u32::MAX).max(1);
        Self { count, each: (whole / count).max(least) }
    }

    pub(super) fn whole(self) -> Duration {
        self.each.saturating_mul(self.count)
    }
}

impl Plan {
    pub(super) fn new(snapshot: &Snapshot) -> Self {
        let policies = &*snapshot.policies;
        let answers = answers_live(snapshot);
        let keys = keys(policies);
        let key = |id: NodeId| keys.get(id.0 as usize).cloned().unwrap_or_default();
        let mut plan = Self::default();
        let mut parts: Vec<Vec<PerFamily<u64>>> = Vec::new();
        for (id, node) in (0..).map(NodeId).zip(policies.nodes()) {
            let has_edge = match node.min_up {
                MinUp::Count(least) => least.get() > 1,
                MinUp::Percent(_) => true,
            };
            if has_edge {
                plan.edges.push((id, key(id)));
            }
            if let NodeKind::Policy(policy) = &node.kind
                && let Some(percent) = policy.max_removed
            {
                plan.limits.push(Limit { name: node.name.as_str().into(), percent });
                parts.push(parts_of(policies, id));
            }
        }
        for (id, node) in (0..).map(NodeId).zip(policies.nodes()) {
            let NodeKind::Pool(pool) = &node.kind else { continue };
            let at = id.0 as usize;
            let limits = parts.iter().enumerate().filter_map(|(limit, parts)| Some((limit, *parts.get(at)?)));
            let limits: Vec<(usize, PerFamily<u64>)> = limits.filter(|(_, part)| *part != PerFamily::default()).collect();
            let live = answers.get(at).copied().unwrap_or_default();
            let steps = pool.slow_start.map(|whole| Steps::new(whole, live));
            if steps.is_some() || !limits.is_empty() {
                plan.endpoints.extend(watched(id, key(id), pool, steps, &limits));
            }
        }
        plan
    }
}

fn watched<'a>(
    id: NodeId,
    name: Arc<str>,
    pool: &'a CompiledPool,
    steps: Option<Steps>,
    limits: &'a [(usize, PerFamily<u64>)],
) -> impl Iterator<Item = Watched> + 'a {
    let sums = PerFamily::new(|family| {
        let having = pool.endpoints.iter().filter(|endpoint| endpoint.has(family));
        having.map(|endpoint| u64::from(endpoint.weight)).sum::<u64>().max(1)
    });
    (0..).zip(&pool.endpoints).map(move |(index, endpoint)| {
        let has = PerFamily::new(|family| endpoint.has(family));
        let probes = PerFamily::new(|family| endpoint.judges(family).collect());
        let own = |whole: u64, family| if has[family] { whole * u64::from(endpoint.weight) / sums[family] } else { 0 };
        let part = |(limit, of): &(usize, PerFamily<u64>)| (*limit, PerFamily::new(|family| own(of[family], family)));
        let key = format!("{name}/{}", endpoint.name).into();
        Watched { pool: id, index, key, has, probes, steps, parts: limits.iter().map(part).collect() }
    })
}

/// By what a reload knows each node: its name, with the bound name that it was made for, if it was.
fn keys(policies: &Policies) -> Vec<Arc<str>> {
    let mut made_for: Vec<Option<Arc<str>>> = Vec::with_capacity(policies.nodes().len());
    for node in policies.nodes() {
        let host = match &node.kind {
            NodeKind::Pool(pool) => {
                let mut probes = pool.endpoints.iter().flat_map(|endpoint| endpoint.probes());
                probes.find_map(|probe| policies.probes().get(probe as usize)?.key.name.clone())
            }
            NodeKind::Policy(policy) => {
                let below = policy.children.iter().map(|child| child.node).chain(policy.last);
                below.into_iter().find_map(|id| made_for.get(id.0 as usize).cloned().flatten())
            }
        };
        made_for.push(host);
    }
    let key = |(node, host): (&CompiledNode, Option<Arc<str>>)| match host {
        Some(host) => format!("{} {host}", node.name).into(),
        None => node.name.as_str().into(),
    };
    policies.nodes().iter().zip(made_for).map(key).collect()
}

/// The part that each pool has of a policy: children share by weight where the policy draws by it, else alike. What `last` names
/// has none.
fn parts_of(policies: &Policies, top: NodeId) -> Vec<PerFamily<u64>> {
    let by_family = PerFamily::new(|family| {
        let mut parts = vec![0_u64; top.0 as usize + 1];
        if let Some(whole) = parts.last_mut() {
            *whole = WHOLE;
        }
        // Children come before their parents.
        for at in (0..parts.len()).rev() {
            let (Some(node), Some(&part)) = (policies.nodes().get(at), parts.get(at)) else { continue };
            let NodeKind::Policy(policy) = &node.kind else { continue };
            let weighs = matches!(policy.order, Order::Weighted | Order::Hashed(_));
            let has = |id: NodeId| policies.node(id).is_some_and(|node| node.may_have(family));
            let children = policy.children.iter().filter(|child| has(child.node));
            let children: Vec<_> = children.map(|child| (child.node, if weighs { u64::from(child.weight) } else { 1 })).collect();
            let sum = children.iter().map(|(_, weight)| weight).sum::<u64>().max(1);
            for (child, weight) in children {
                if let Some(below) = parts.get_mut(child.0 as usize) {
                    *below += part * weight / sum;
                }
            }
        }
        parts
    });
    (0..=top.0 as usize).map(|at| PerFamily::new(|family| by_family[family].get(at).copied().unwrap_or_default())).collect()
}

/// How long answers from each node live at most while it is uneasy: by the bindings over it, or by its own `ttl` where none is.
fn answers_live(snapshot: &Snapshot) -> Vec<Duration> {
    let policies = &snapshot.policies;
    let bound: BTreeSet<NodeId> = snapshot.zones().iter().flat_map(|zone| zone.links.iter().map(|link| link.node)).collect();
    let mut longest: Vec<Option<u32>> = vec![None; policies.nodes().len()];
    for at in (0..longest.len()).rev() {
        let Some(node) = policies.nodes().get(at) else { continue };
        let Some(own) = longest.get_mut(at) else { continue };
        if bound.contains(&NodeId(at as u32)) {
            *own = (*own).max(Some(node.ttl.uneasy));
        }
        let own = *own;
        let NodeKind::Policy(policy) = &node.kind else { continue };
        for child in policy.children.iter().map(|child| child.node).chain(policy.last) {
            if let Some(below) = longest.get_mut(child.0 as usize) {
                *below = (*below).max(own);
            }
        }
    }
    let seconds = longest.iter().zip(policies.nodes()).map(|(longest, node)| longest.unwrap_or(node.ttl.uneasy));
    seconds.map(|seconds| Duration::from_secs(seconds.into())).collect()
}

/// Whether any of both.
pub(super) fn any(of: PerFamily<bool>) -> bool {
    Family::ALL.into_iter().any(|family| of[family])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_start_is_cut_into_steps_that_no_answer_outlives() {
        for (whole, answer, count, each) in
            [(120, 30, 4, 30), (120, 50, 2, 60), (120, 300, 1, 300), (120, 0, 120, 1), (7, 7, 1, 7)]
        {
            let steps = Steps::new(Duration::from_secs(whole), Duration::from_secs(answer));
            assert_eq!((steps.count, steps.each.as_secs()), (count, each), "{whole} s, answers of {answer} s");
            assert_eq!(steps.whole().as_secs(), whole.max(answer));
        }
    }
}
