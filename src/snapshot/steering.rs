//! What health makes of the policies: for each node what may be used, and the tables to draw from.
//!
//! Renewed at each change of health, node by node; a node to which nothing changed shares its state with the generation before.

use std::sync::Arc;

use super::policies::{CompiledNode, CompiledPolicy, CompiledPool, Family, Kind, PerFamily, Policies};
use crate::config::{MinUp, NodeId};
use crate::health::Verdict;

/// How far down an answer has to reach; tried in this order (DESIGN 1.2, "When nothing is up").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// What is up.
    Up,
    /// What `last` names.
    Last,
    /// Endpoints that are up though their pool is not.
    Remnant,
    /// Everything, up or not.
    All,
}

impl Grade {
    /// All grades, best first.
    pub const ALL: [Self; 4] = [Self::Up, Self::Last, Self::Remnant, Self::All];

    const fn index(self) -> usize {
        match self {
            Self::Up => 0,
            Self::Last => 1,
            Self::Remnant => 2,
            Self::All => 3,
        }
    }
}

/// The states of all nodes by [`NodeId`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Steering {
    states: Box<[Arc<NodeState>]>,
}

/// What health makes of one node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeState {
    /// Whether it is up, whatever the family.
    pub up: bool,
    /// Whether it can answer, by grade and family.
    usable: [PerFamily<bool>; 4],
    /// Endpoints or children that may be drawn, by grade.
    shares: [Shares; 4],
}

/// Members that may be drawn: all of them, and those of one family.
#[derive(Clone, Debug, Default, PartialEq)]
struct Shares {
    either: Draw,
    family: PerFamily<Draw>,
}

/// Members with cumulated weights: a draw of r in `0..sum` finds the first whose end is over r.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draw {
    ends: Box<[(u32, u16)]>,
}

impl Draw {
    fn new(members: impl Iterator<Item = (u16, u16)>) -> Self {
        let mut end = 0;
        let cumulate = |(member, weight): (u16, u16)| {
            end += u32::from(weight);
            (end, member)
        };
        Self { ends: members.filter(|(_, weight)| *weight > 0).map(cumulate).collect() }
    }

    /// The sum of all weights.
    pub fn sum(&self) -> u32 {
        self.ends.last().map_or(0, |(end, _)| *end)
    }

    /// The member that a draw of `r` in `0..sum` falls to.
    pub fn pick(&self, r: u32) -> Option<u16> {
        self.ends.iter().find(|(end, _)| r < *end).map(|(_, member)| *member)
    }

    /// The members with their weights.
    pub fn members(&self) -> impl Iterator<Item = (u16, u32)> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|(end, _)| *end));
        self.ends.iter().zip(starts).map(|((end, member), start)| (*member, end - start))
    }

    /// Whether this member may be drawn.
    pub fn contains(&self, member: u16) -> bool {
        self.ends.iter().any(|(_, candidate)| *candidate == member)
    }

    /// Whether there is nobody to draw.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

impl NodeState {
    /// Whether the node can answer at this grade for this family.
    pub fn usable(&self, grade: Grade, family: Family) -> bool {
        self.usable[grade.index()][family]
    }

    /// Whom to draw from at this grade: of one family, or of either.
    pub fn draw(&self, grade: Grade, family: Option<Family>) -> &Draw {
        let shares = &self.shares[grade.index()];
        family.map_or(&shares.either, |family| &shares.family[family])
    }
}

impl Steering {
    /// The steering for these verdicts (by probe index); states equal to those of `previous` are shared with it.
    pub fn new(policies: &Policies, verdict: impl Fn(u32) -> Verdict, previous: Option<&Self>) -> Self {
        let mut states: Vec<Arc<NodeState>> = Vec::with_capacity(policies.nodes().len());
        for (index, node) in policies.nodes().iter().enumerate() {
            let state = match &node.kind {
                Kind::Pool(pool) => pool_state(pool, node.min_up, &verdict),
                Kind::Policy(policy) => policy_state(node, policy, &states),
            };
            let before = previous.and_then(|previous| previous.states.get(index)).filter(|before| ***before == state);
            states.push(before.cloned().unwrap_or_else(|| Arc::new(state)));
        }
        Self { states: states.into() }
    }

    /// What health makes of a node.
    pub fn state(&self, id: NodeId) -> Option<&NodeState> {
        self.states.get(id.0 as usize).map(Arc::as_ref)
    }
}

fn pool_state(pool: &CompiledPool, min_up: MinUp, verdict: &impl Fn(u32) -> Verdict) -> NodeState {
    let is_up = |probe: Option<u32>| probe.is_none_or(|probe| verdict(probe).counts_as_up());
    let weights = || pool.endpoints.iter().map(|endpoint| endpoint.weight);
    let has_address =
        |index: usize, family| pool.endpoints.get(index).is_some_and(|endpoint| endpoint.addresses[family].is_some());
    let address_up = |index: usize, family| {
        has_address(index, family) && pool.endpoints.get(index).is_some_and(|endpoint| is_up(endpoint.probes[family]))
    };
    let live = Shares::new(weights(), address_up);
    let all = Shares::new(weights(), has_address);
    let up = enough(min_up, live.either.members().count(), live.either.sum(), all.either.sum());
    let usable = [
        PerFamily::new(|family| up && !live.family[family].is_empty()),
        PerFamily::default(),
        PerFamily::new(|family| !live.family[family].is_empty()),
        PerFamily::new(|family| !all.family[family].is_empty()),
    ];
    NodeState { up, usable, shares: [live.clone(), Shares::default(), live, all] }
}

fn policy_state(node: &CompiledNode, policy: &CompiledPolicy, states: &[Arc<NodeState>]) -> NodeState {
    let state = |id: NodeId| states.get(id.0 as usize).map(Arc::as_ref);
    let children: Vec<(u16, &NodeState)> =
        policy.children.iter().filter_map(|child| Some((child.weight, state(child.node)?))).collect();
    let weight_of = |chosen: &dyn Fn(&NodeState) -> bool| {
        children.iter().filter(|(_, child)| chosen(child)).map(|(weight, _)| u32::from(*weight)).sum::<u32>()
    };
    let up_count = children.iter().filter(|(_, child)| child.up).count();
    let up = enough(node.min_up, up_count, weight_of(&|child| child.up), weight_of(&|_| true));

    let usable = Grade::ALL.map(|grade| {
        PerFamily::new(|family| {
            let below = children.iter().any(|(_, child)| child.usable(grade, family));
            let last = |grade| policy.last.and_then(state).is_some_and(|last| last.usable(grade, family));
            let answers = match grade {
                Grade::Up => up && below,
                Grade::Last => below || last(Grade::Up) || last(Grade::Last),
                Grade::Remnant | Grade::All => below || last(grade),
            };
            // Whether a strict rule answers depends on the client: the walk has to look.
            answers || (node.strict && node.families[family])
        })
    });
    let weights = || children.iter().map(|(weight, _)| *weight);
    let shares = Grade::ALL.map(|grade| {
        Shares::new(weights(), |index, family| children.get(index).is_some_and(|(_, child)| child.usable(grade, family)))
    });
    NodeState { up, usable, shares }
}

impl Shares {
    /// The shares of members with these weights, as far as `has` says that they have the family.
    fn new(weights: impl Iterator<Item = u16> + Clone, has: impl Fn(usize, Family) -> bool) -> Self {
        let draw =
            |test: &dyn Fn(usize) -> bool| Draw::new((0..).zip(weights.clone()).filter(|(index, _)| test(usize::from(*index))));
        Self {
            either: draw(&|index| Family::ALL.into_iter().any(|family| has(index, family))),
            family: PerFamily::new(|family| draw(&|index| has(index, family))),
        }
    }
}

fn enough(min_up: MinUp, count: usize, weight: u32, weight_sum: u32) -> bool {
    match min_up {
        MinUp::Count(least) => count >= usize::from(least.get()),
        MinUp::Percent(least) => weight > 0 && u64::from(weight) * 100 >= u64::from(weight_sum) * u64::from(least),
    }
}
