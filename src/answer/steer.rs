//! The decision: from a binding down the policies to a pool and its endpoints, for one client and one throw of the dice.
//!
//! One function decides for every type (invariant 9); the family only passes over what has no address of it. Health is read
//! from the steering, geography from the tables; the scope of a decision never depends on health (invariant 11).

use std::net::IpAddr;

use super::dice::Dice;
use super::subject::Subject;
use super::trace::{Reason, Step, Trace};
use crate::config::{NodeId, PoolChoice};
use crate::geo::{PlacesTable, RuleTable};
use crate::limits::ANSWERS_MAX;
use crate::snapshot::{
    CompiledNode, CompiledPolicy, CompiledPool, Draw, Family, Grade, NodeKind, NodeState, Order, Overrides, Serving,
    network_length,
};

/// The endpoints of one answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chosen {
    /// Their pool.
    pub pool: NodeId,
    endpoints: [u16; ANSWERS_MAX],
    count: usize,
}

impl Chosen {
    fn new(pool: NodeId) -> Self {
        Self { pool, endpoints: [0; ANSWERS_MAX], count: 0 }
    }

    fn push(&mut self, endpoint: u16) {
        if let Some(place) = self.endpoints.get_mut(self.count) {
            *place = endpoint;
            self.count += 1;
        }
    }

    /// Their indices in the pool.
    pub(super) fn endpoints(&self) -> &[u16] {
        self.endpoints.get(..self.count).unwrap_or_default()
    }
}

/// What a node is asked for.
#[derive(Clone, Copy, Debug)]
struct Want {
    grade: Grade,
    family: Family,
    /// How deep below the binding: the slot of the throw.
    depth: u32,
}

impl Want {
    /// The same of a node one level deeper.
    fn below(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }
}

/// Where a policy sends the client, whatever health says.
#[derive(Clone, Copy)]
struct Lead<'a> {
    /// Who comes first, as indices of the policy's children.
    first: &'a [u16],
    rest: Rest,
    reason: Reason,
    /// The bits of the client's address that decided it; nothing if none could.
    length: Option<u8>,
    /// Whether more bits may decide below.
    tailors_below: bool,
}

/// Who is asked when those that come first are used up.
#[derive(Clone, Copy)]
enum Rest {
    /// Nobody, ever: what comes first answers, up or not.
    Strict,
    Nobody,
    One(u16),
    AsWritten,
}

/// One decision's surroundings.
pub(super) struct Decision<'a, T> {
    serving: &'a Serving,
    subject: Subject,
    dice: Dice<'a>,
    trace: &'a mut T,
    /// Where the bound policy leads, once it was asked.
    bound: Option<Lead<'a>>,
    /// Whom the walk came to, once it says so.
    pub chosen: Chosen,
}

impl<'a, T: Trace> Decision<'a, T> {
    /// A decision for this subject.
    pub(super) fn new(serving: &'a Serving, subject: Subject, dice: Dice<'a>, trace: &'a mut T) -> Self {
        Self { serving, subject, dice, trace, bound: None, chosen: Chosen::new(NodeId(0)) }
    }

    /// Chooses endpoints for a bound node; it is told that there are none only if no endpoint below it has the family.
    pub(super) fn choose(&mut self, bound: NodeId, family: Family) -> bool {
        let wants = || Grade::ALL.into_iter().map(|grade| Want { grade, family, depth: 0 });
        let mut found = wants().any(|want| self.walk(bound, want));
        if !found {
            // Rules may lead a client to nobody who has the family, though it exists for others, and so for everybody (invariant 2).
            self.trace.note(Step::Everywhere(family));
            found = wants().any(|want| self.walk_everywhere(bound, want));
        }
        found
    }

    /// How widely the decision may be reused, in bits of the client subnet: the longest prefix over every table that the
    /// configuration lets the client reach, whatever health picks.
    pub(super) fn scope(&mut self, bound: NodeId) -> u8 {
        let reached = match self.bound {
            Some(lead) if !lead.tailors_below => lead.length,
            lead => self.reach(bound, lead),
        };
        // RFC 7871 §7.2.1: an answer that is the same for everybody has scope 0, whatever the address.
        let scope = reached.map_or(0, |length| {
            let length = length.max(self.subject.alike.length);
            length.saturating_add(self.subject.bits_before).min(128)
        });
        self.trace.note(Step::Scope(scope));
        scope
    }

    fn node(&self, id: NodeId) -> Option<(&'a CompiledNode, &'a NodeState)> {
        Some((self.serving.snapshot.policies.node(id)?, self.serving.steering.state(id)?))
    }

    /// Whether a node answers; then whom it chose is in `chosen`.
    fn walk(&mut self, id: NodeId, want: Want) -> bool {
        let Some((node, state)) = self.node(id) else { return false };
        self.trace.note(Step::Asked { node: id, grade: want.grade });
        let answers = match &node.kind {
            _ if !state.usable(want.grade, want.family) => false,
            NodeKind::Pool(pool) => self.draw_endpoints(id, pool, state, want),
            NodeKind::Policy(policy) => self.ask(id, policy, state, want),
        };
        if !answers {
            self.trace.note(Step::Passed(id));
        }
        answers
    }

    fn ask(&mut self, id: NodeId, policy: &'a CompiledPolicy, state: &'a NodeState, want: Want) -> bool {
        let Lead { mut first, rest, reason, .. } = self.lead_at(policy, want.depth);
        let drawn;
        if let Order::Weighted = policy.order {
            drawn = self.draw(id, state, want, want.depth, &[]);
            first = drawn.as_slice();
        }
        self.trace.note(Step::Ordered { node: id, order: first, reason });
        let rest = match rest {
            Rest::Strict => return self.ask_strictly(policy, first, want),
            Rest::Nobody => 0..0,
            Rest::One(child) => child..child + 1,
            Rest::AsWritten => 0..policy.children.len() as u16,
        };
        if let Some(last) = policy.last.filter(|_| want.grade == Grade::Last && state.takes_last(want.family))
            && [Grade::Up, Grade::Last].into_iter().any(|grade| self.walk(last, Want { grade, ..want.below() }))
        {
            return true;
        }
        let mut asked = first.iter().copied();
        if asked.any(|child| self.walk_child(policy, child, want))
            || rest.into_iter().any(|child| !first.contains(&child) && self.walk_child(policy, child, want))
        {
            return true;
        }
        // A family that `last` alone has must be answered though `last` is not up either (invariant 1).
        let remains = policy.last.filter(|_| match want.grade {
            Grade::Up | Grade::Last => false,
            Grade::Remnant => state.takes_last(want.family),
            Grade::Allowed | Grade::All => true,
        });
        remains.is_some_and(|last| self.walk(last, want.below()))
    }

    /// Asks every pool below a node, whatever rules say. A strict list is not left by it: that has the family itself.
    fn walk_everywhere(&mut self, id: NodeId, want: Want) -> bool {
        // What an edge has is not known for certain, and a strict list is not left for it.
        let has = |node: &CompiledNode| node.families[want.family] || node.edges && !node.strict;
        let Some((node, _)) = self.node(id).filter(|(node, _)| has(node)) else { return false };
        match &node.kind {
            NodeKind::Pool(_) => self.walk(id, want),
            NodeKind::Policy(policy) => {
                let below = policy.children.iter().map(|child| child.node).chain(policy.last);
                below.into_iter().any(|child| self.walk_everywhere(child, want.below()))
            }
        }
    }

    /// A strict list is never left for health's sake: whatever grade is asked for, all are tried inside it. The policy's own
    /// `last` is elsewhere; that of a policy in the list is inside.
    fn ask_strictly(&mut self, policy: &CompiledPolicy, order: &[u16], want: Want) -> bool {
        let mut grades = Grade::ALL.into_iter();
        grades.any(|grade| order.iter().any(|&child| self.walk_child(policy, child, Want { grade, ..want })))
    }

    fn walk_child(&mut self, policy: &CompiledPolicy, child: u16, want: Want) -> bool {
        policy.children.get(usize::from(child)).is_some_and(|child| self.walk(child.node, want.below()))
    }

    /// Where a policy leads; that of the bound one, which the scope asks for again, is remembered.
    fn lead_at(&mut self, policy: &'a CompiledPolicy, depth: u32) -> Lead<'a> {
        if depth > 0 {
            return self.lead(policy);
        }
        let lead = self.bound.unwrap_or_else(|| self.lead(policy));
        self.bound = Some(lead);
        lead
    }

    fn lead(&self, policy: &'a CompiledPolicy) -> Lead<'a> {
        let tailors_below = policy.tailors_below;
        let lead = |first, rest, reason, length| Lead { first, rest, reason, length, tailors_below };
        match &policy.order {
            Order::Failover => lead(&[], Rest::AsWritten, Reason::Written, None),
            Order::Weighted => lead(&[], Rest::AsWritten, Reason::Weight, None),
            Order::Hashed(ranks) => {
                let (first, length) = (ranks.order(self.subject.hashed()), network_length(self.subject.address));
                lead(first, Rest::Nobody, Reason::Hash, Some(length))
            }
            Order::Nearest { places, overrides, .. } => {
                let (first, reason, length) = self.region(places, overrides.as_deref());
                lead(first, Rest::AsWritten, reason, Some(length))
            }
            Order::Geo { table, rules, otherwise } => {
                let (matched, length) = self.matched(table);
                let reason = matched.map_or(Reason::Otherwise, Reason::Rule);
                let otherwise = otherwise.map_or(Rest::Nobody, Rest::One);
                match matched.and_then(|rule| rules.get(rule)) {
                    Some((order, true)) => lead(order, Rest::Strict, reason, Some(length)),
                    Some((order, false)) => lead(order, otherwise, reason, Some(length)),
                    None => lead(&[], otherwise, reason, Some(length)),
                }
            }
        }
    }

    /// The order of children where the client is, and the bits that told: by override, else by distance; asked of the subnet
    /// first, then of the resolver.
    fn region(&self, places: &'a PlacesTable, overrides: Option<&'a Overrides>) -> (&'a [u16], Reason, u8) {
        let ask = |address: IpAddr| {
            let place = places.lookup(address);
            let by_distance = place.value.map(|order| (order, Reason::Distance));
            let Some(overrides) = overrides else { return (by_distance, place.length) };
            let net = overrides.nets.lookup(address);
            let order = net.value.and_then(|number| overrides.orders.get(number as usize));
            (order.map(|order| (&**order, Reason::Override)).or(by_distance), place.length.max(net.length))
        };
        let (known, length) = ask(self.subject.address);
        let known = known.or_else(|| ask(self.subject.resolver?).0);
        let (first, reason) = known.unwrap_or((&[], Reason::Unlocated));
        (first, reason, length)
    }

    /// The first rule that matches the client, and the bits that told; a subnet of which nothing is known counts as the resolver
    /// that sent it.
    fn matched(&self, table: &RuleTable) -> (Option<usize>, u8) {
        let (place, net) = (table.place(self.subject.address), table.net(self.subject.address));
        let resolver = self.subject.resolver.filter(|_| place.value.is_none());
        let place_value = place.value.or_else(|| table.place(resolver?).value);
        let net_value = net.value.or_else(|| table.net(resolver?).value);
        (table.first_match(place_value, net_value), place.length.max(net.length))
    }

    /// A member by weight. The first draw is among members of either family, so that A and AAAA fall to the same one; only if
    /// that has no address of the family, a second draw is among those that have.
    fn draw(&mut self, id: NodeId, state: &NodeState, want: Want, slot: u32, taken: &[u16]) -> Option<u16> {
        let throw = self.dice.throw(slot);
        let either = state.draw(want.grade, None);
        let suited = state.draw(want.grade, Some(want.family));
        let (r, sum, member) = pick(either, taken, |sum| throw.pick(sum))?;
        self.trace.note(Step::Drawn { node: id, member, r, sum });
        if suited.contains(member) {
            return Some(member);
        }
        let (r, sum, member) = pick(suited, taken, |sum| throw.repick(sum))?;
        self.trace.note(Step::Drawn { node: id, member, r, sum });
        Some(member)
    }

    fn draw_endpoints(&mut self, id: NodeId, pool: &'a CompiledPool, state: &'a NodeState, want: Want) -> bool {
        let suited = state.draw(want.grade, Some(want.family));
        let mut chosen = Chosen::new(id);
        match (pool.choose, &pool.ranks) {
            (PoolChoice::All, _) => suited.members().for_each(|(member, _)| chosen.push(member)),
            (PoolChoice::Hashed, Some(ranks)) => {
                let ranks = state.ranks(want.grade).unwrap_or(ranks);
                let order = ranks.order(self.subject.hashed()).iter().copied();
                order.filter(|member| suited.contains(*member)).take(pool.answers).for_each(|member| chosen.push(member));
            }
            (PoolChoice::Weighted | PoolChoice::Hashed, _) => {
                for slot in 0..pool.answers as u32 {
                    let Some(member) = self.draw(id, state, want, Dice::POOL_SLOT + slot, chosen.endpoints()) else { break };
                    chosen.push(member);
                }
            }
        }
        for &endpoint in chosen.endpoints() {
            self.trace.note(Step::Answered { pool: id, endpoint });
        }
        self.chosen = chosen;
        chosen.count > 0
    }

    /// The longest prefix over the tables at and below a node that the client's address may reach; `lead` is where the node leads,
    /// if that is known. Nothing where the client does not matter.
    fn reach(&self, id: NodeId, lead: Option<Lead<'_>>) -> Option<u8> {
        let node = self.serving.snapshot.policies.node(id).filter(|node| node.tailored)?;
        let policy = match &node.kind {
            NodeKind::Pool(_) => return Some(network_length(self.subject.address)),
            NodeKind::Policy(policy) => policy,
        };
        let lead = lead.unwrap_or_else(|| self.lead(policy));
        if !lead.tailors_below {
            return lead.length;
        }
        let below = |child: u16| self.reach(policy.children.get(usize::from(child))?.node, None);
        let all = 0..policy.children.len() as u16;
        let (otherwise, last) = match lead.rest {
            Rest::Strict => (None, None),
            Rest::One(child) => (Some(child), policy.last),
            Rest::Nobody | Rest::AsWritten => (None, policy.last),
        };
        let last_length = last.and_then(|last| self.reach(last, None));
        let led = || lead.first.iter().copied().chain(otherwise);
        let node_of = |child: u16| policy.children.get(usize::from(child)).map(|child| child.node);
        // Rules lead to some only; but who has a family is asked everywhere if nobody has it where they lead.
        let is_led =
            matches!(policy.order, Order::Geo { .. }) && self.has_families_of(node, led().filter_map(node_of).chain(last));
        let reached = if is_led { led().map(below).max() } else { all.map(below).max() };
        lead.length.max(reached.flatten()).max(last_length)
    }

    /// Whether these nodes together have every family that a node has.
    fn has_families_of(&self, node: &CompiledNode, among: impl Iterator<Item = NodeId> + Clone) -> bool {
        let has = |id: NodeId, family| self.node(id).is_some_and(|(node, _)| node.families[family]);
        Family::ALL.into_iter().all(|family| !node.may_have(family) || among.clone().any(|id| has(id, family)))
    }
}

/// Throws among the members that are not taken yet: the number thrown, the sum it was thrown in, and whom it falls to.
fn pick(draw: &Draw, taken: &[u16], throw: impl FnOnce(u32) -> u32) -> Option<(u32, u32, u16)> {
    if taken.is_empty() {
        let sum = draw.sum();
        let r = throw(sum);
        // What is thrown for one alone nobody needs, but for a trace.
        return Some((r, sum, draw.only().or_else(|| draw.pick(r))?));
    }
    let left = || draw.members().filter(|(member, _)| !taken.contains(member));
    let sum = left().map(|(_, weight)| weight).sum();
    let r = throw(sum);
    let mut end = 0;
    let fallen = left().find(|(_, weight)| {
        end += weight;
        r < end
    });
    fallen.map(|(member, _)| (r, sum, member))
}
