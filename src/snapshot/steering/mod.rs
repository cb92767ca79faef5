//! What health and orders make of the policies: for each node what may be used, and the tables to draw from.
//!
//! Renewed at each change, node by node; a node to which nothing changed shares its state with the generation before. What the
//! change comes from is told by `circumstances.rs`; how a node's state follows is in `state.rs`.

mod circumstances;
mod draw;
mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::policies::{Kind, Policies};
use crate::config::NodeId;

pub use circumstances::{Circumstances, Share, Stance, Treatment};
pub use draw::Draw;
pub use state::NodeState;

/// How far down an answer has to reach; tried in this order (DESIGN 1.2, "When nothing is up").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// What is up.
    Up,
    /// What `last` names.
    Last,
    /// Endpoints that are up though their pool is not.
    Remnant,
    /// Everything that no order forbids, up or not.
    Allowed,
    /// Everything.
    All,
}

impl Grade {
    /// All grades, best first.
    pub const ALL: [Self; 5] = [Self::Up, Self::Last, Self::Remnant, Self::Allowed, Self::All];

    const fn index(self) -> usize {
        match self {
            Self::Up => 0,
            Self::Last => 1,
            Self::Remnant => 2,
            Self::Allowed => 3,
            Self::All => 4,
        }
    }
}

/// The states of all nodes by [`NodeId`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Steering {
    states: Box<[Arc<NodeState>]>,
}

impl Steering {
    /// The steering under these circumstances; states equal to those of `previous` are shared with it.
    pub fn new(policies: &Policies, circumstances: &Circumstances, previous: Option<&Self>) -> Self {
        let mut states: Vec<Arc<NodeState>> = Vec::with_capacity(policies.nodes().len());
        for (id, node) in (0..).map(NodeId).zip(policies.nodes()) {
            let previous = previous.and_then(|previous| previous.states.get(states.len()));
            let state = match &node.kind {
                Kind::Pool(pool) => NodeState::of_pool(id, node, pool, circumstances, previous.map(Arc::as_ref)),
                Kind::Policy(policy) => NodeState::of_policy(id, node, policy, &states, circumstances),
            };
            let before = previous.filter(|before| ***before == state);
            states.push(before.cloned().unwrap_or_else(|| Arc::new(state)));
        }
        Self { states: states.into() }
    }

    /// What health and orders make of a node.
    pub fn state(&self, id: NodeId) -> Option<&NodeState> {
        self.states.get(id.0 as usize).map(Arc::as_ref)
    }
}
