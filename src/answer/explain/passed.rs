//! Why pools, policies and endpoints are passed over: what is down below them and why, or what they lack.
//!
//! Each node is accounted for once; a node that is passed over again has nothing new to say.

use super::{Lines, Why};
use crate::config::{MinUp, NodeId};
use crate::limits::EXPLAIN_MEMBERS_SHOWN_MAX;
use crate::snapshot::{
    CompiledEndpoint, CompiledNode, CompiledPolicy, CompiledPool, Family, Grade, NodeKind, NodeState, Serving,
};

/// Accounts for what is passed over.
pub(super) struct Passed<'a> {
    serving: &'a Serving,
    why: &'a Why<'a>,
    told: Vec<NodeId>,
}

impl<'a> Passed<'a> {
    pub(super) fn new(serving: &'a Serving, why: &'a Why<'a>) -> Self {
        Self { serving, why, told: Vec::new() }
    }

    /// Whether a node was accounted for already.
    pub(super) fn is_told(&self, id: NodeId) -> bool {
        self.told.contains(&id)
    }

    /// Why a node can't answer, and what is down below it.
    pub(super) fn tell(&mut self, id: NodeId, family: Family, lines: &mut Lines) {
        let mut rows = Vec::new();
        self.node(id, family, 0, &mut rows);
        lines.rows("passed", &rows);
    }

    /// Why endpoints of a pool that answers are not drawn from.
    pub(super) fn tell_endpoints(&self, id: NodeId, pool: &CompiledPool, grade: Grade, family: Family, lines: &mut Lines) {
        let Some(state) = self.serving.steering.state(id) else { return };
        let name = self.serving.snapshot.policies.node(id).map_or("", |node| node.name.as_str());
        let drawn = |index: usize| state.draw(grade, Some(family)).members().any(|(member, _)| usize::from(member) == index);
        let others = pool.endpoints.iter().enumerate().filter(|(index, _)| !drawn(*index));
        let rows = others.map(|(_, endpoint)| match &endpoint.edge {
            _ if endpoint.weight == 0 => format!("{}: weight 0", endpoint.name),
            _ if endpoint.has(family) => self.down(name, endpoint, family),
            Some(edge) => format!("{}: no {} address of {} is known", endpoint.name, protocol(family), edge.name),
            None => format!("{}: no {} address", endpoint.name, protocol(family)),
        });
        lines.rows("passed", &shortened(rows.collect()));
    }

    fn node(&mut self, id: NodeId, family: Family, indent: usize, rows: &mut Vec<String>) {
        let serving = self.serving;
        if self.is_told(id) {
            return;
        }
        self.told.push(id);
        let Some((node, state)) = serving.snapshot.policies.node(id).zip(serving.steering.state(id)) else { return };
        let reason = reason(node, state, family, serving);
        rows.push(format!("{:indent$}{}: {reason}", "", node.name));
        match &node.kind {
            NodeKind::Pool(pool) => {
                let down = pool.endpoints.iter().enumerate().filter(|(index, endpoint)| is_down(*index, endpoint, state, family));
                let below = down.map(|(_, endpoint)| format!("{:indent$}  {}", "", self.down(&node.name, endpoint, family)));
                rows.extend(shortened(below.collect()));
            }
            NodeKind::Policy(policy) => {
                for child in policy.children.iter().map(|child| child.node).chain(policy.last) {
                    if serving.steering.state(child).is_some_and(|state| !state.usable(Grade::Up, family)) {
                        self.node(child, family, indent + 2, rows);
                    }
                }
            }
        }
    }

    fn down(&self, pool: &str, endpoint: &CompiledEndpoint, family: Family) -> String {
        if let Some(order) = (self.why.ordered)(pool, &endpoint.name) {
            return format!("{}: {order}", endpoint.name);
        }
        match endpoint.judges(family).find_map(self.why.down) {
            Some(why) => format!("{}: down ({why})", endpoint.name),
            None => format!("{}: down", endpoint.name),
        }
    }
}

/// The family as operators call it.
pub(super) const fn protocol(family: Family) -> &'static str {
    match family {
        Family::V4 => "IPv4",
        Family::V6 => "IPv6",
    }
}

/// An address is down if it could be drawn, but is not.
fn is_down(index: usize, endpoint: &CompiledEndpoint, state: &NodeState, family: Family) -> bool {
    let up = state.draw(Grade::Up, Some(family)).members().any(|(member, _)| usize::from(member) == index);
    endpoint.weight > 0 && endpoint.has(family) && !up
}

fn reason(node: &CompiledNode, state: &NodeState, family: Family, serving: &Serving) -> String {
    if !node.may_have(family) {
        return format!("no {} address", protocol(family));
    }
    let (up, all, members) = match &node.kind {
        NodeKind::Pool(pool) if !pool.endpoints.iter().any(|endpoint| endpoint.has(family)) => {
            return format!("no {} address of its names is known", protocol(family));
        }
        NodeKind::Pool(_) => {
            let count = |grade| state.draw(grade, None).members().count();
            (count(Grade::Up), count(Grade::All), "endpoint")
        }
        NodeKind::Policy(policy) => (children_up(policy, serving), policy.children.len(), "child"),
    };
    match node.min_up {
        _ if state.usable(Grade::Up, family) => "nothing that this client may have can answer".to_owned(),
        _ if up == 0 => format!("no {members} is up"),
        _ if state.up => format!("no {members} with an {} address is up", protocol(family)),
        MinUp::Count(least) => format!("{up} of {all} up, but min_up is {least}"),
        MinUp::Percent(least) => format!("{up} of {all} up, but min_up is {least} % of the weight"),
    }
}

fn children_up(policy: &CompiledPolicy, serving: &Serving) -> usize {
    policy.children.iter().filter(|child| serving.steering.state(child.node).is_some_and(|state| state.up)).count()
}

/// As many rows as a screen bears.
fn shortened(mut rows: Vec<String>) -> Vec<String> {
    let more = rows.len().saturating_sub(EXPLAIN_MEMBERS_SHOWN_MAX);
    if more > 0 {
        rows.truncate(EXPLAIN_MEMBERS_SHOWN_MAX);
        rows.push(format!("and {more} more"));
    }
    rows
}
