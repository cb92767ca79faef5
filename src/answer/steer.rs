//! The decision: from a binding down the policies to a pool and its endpoints, for one client and one throw of the dice.
//!
//! One function decides for every type (invariant 9); the family only passes over what has no address of it. Health is read
//! from the steering, geography from the tables; the scope of a decision never depends on health (invariant 11).

use std::net::IpAddr;

use super::dice::Dice;
use super::trace::{Reason, Step, Trace};
use crate::config::{NodeId, PoolChoice};
use crate::geo::{PlacesTable, RuleTable, alike_length, embedded_v4, private_block};
use crate::limits::ANSWERS_MAX;
use crate::snapshot::{
    CompiledNode, CompiledPolicy, CompiledPool, Draw, Family, Grade, NodeKind, NodeState, Order, Overrides, Serving,
    network_length,
};

/// The client as policies see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject {
    /// Whose place and network count: the client subnet's address, or where the query came from.
    address: IpAddr,
    /// The resolver's address, asked where nothing is known of a subnet (RFC 7871 §10, §11.3).
    resolver: Option<IpAddr>,
    /// Whether the subnet lies in a private block.
    is_private: bool,
    /// The shortest scope: as far as addresses are read like the subnet's.
    alike: u8,
    /// Bits of the subnet's address before the IPv4 address that it embeds.
    bits_before: u8,
}

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

impl Subject {
    /// The client of a query from `source`, with the subnet's address if one came that counts.
    pub(super) fn new(source: IpAddr, subnet: Option<IpAddr>) -> Self {
        let (source, _) = unmapped(source);
        let Some(subnet) = subnet else {
            return Self { address: source, resolver: None, is_private: false, alike: 0, bits_before: 0 };
        };
        let (address, bits_before) = unmapped(subnet);
        let (is_private, alike) = (private_block(address).is_some(), alike_length(address));
        Self { address, resolver: Some(source), is_private, alike, bits_before }
    }

    /// Whose place counts.
    pub(super) fn address(&self) -> IpAddr {
        self.address
    }

    /// The address that the hashed choice goes by: a private subnet says nothing (RFC 7871 §10).
    pub(super) fn hashed(&self) -> IpAddr {
        self.resolver.filter(|_| self.is_private).unwrap_or(self.address)
    }
}

/// IPv4 in IPv6 clothes is IPv4; with the bits before it.
fn unmapped(address: IpAddr) -> (IpAddr, u8) {
    let embedded = match address {
        IpAddr::V4(_) => None,
        IpAddr::V6(v6) => embedded_v4(v6),
    };
    embedded.map_or((address, 0), |(v4, bits_before)| (IpAddr::V4(v4), bits_before))
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

/// Who is asked when those that come first are used up.
enum Rest {
    /// Nobody, ever: what comes first answers, up or not.
    Strict,
    Nobody,
    One(u16),
    AsWritten,
}

/// One decision's surroundings.
pub(super) struct Decision<'a, T> {
    pub serving: &'a Serving,
    pub subject: Subject,
    pub dice: Dice<'a>,
    pub trace: &'a mut T,
}

impl<'a, T: Trace> Decision<'a, T> {
    /// Chooses endpoints for a bound node; nothing only if no endpoint below it has the family.
    pub(super) fn choose(&mut self, bound: NodeId, family: Family) -> Option<Chosen> {
        let wants = Grade::ALL.map(|grade| Want { grade, family, depth: 0 });
        let chosen = wants.into_iter().find_map(|want| self.walk(bound, want));
        // Rules may lead a client to nobody who has the family, though it exists for others, and so for everybody (invariant 2).
        chosen.or_else(|| {
            self.trace.note(Step::Everywhere(family));
            wants.into_iter().find_map(|want| self.walk_everywhere(bound, want))
        })
    }

    /// How widely the decision may be reused, in bits of the client subnet: the longest prefix over every table that the
    /// configuration lets the client reach, whatever health picks.
    pub(super) fn scope(&self, bound: NodeId) -> u8 {
        // RFC 7871 §7.2.1: an answer that is the same for everybody has scope 0, whatever the address.
        if self.serving.snapshot.policies.node(bound).is_none_or(|node| !node.tailored) {
            return 0;
        }
        self.reach(bound).max(self.subject.alike).saturating_add(self.subject.bits_before).min(128)
    }

    fn node(&self, id: NodeId) -> Option<(&'a CompiledNode, &'a NodeState)> {
        Some((self.serving.snapshot.policies.node(id)?, self.serving.steering.state(id)?))
    }

    fn walk(&mut self, id: NodeId, want: Want) -> Option<Chosen> {
        let (node, state) = self.node(id)?;
        self.trace.note(Step::Asked { node: id, grade: want.grade });
        let chosen = match &node.kind {
            _ if !state.usable(want.grade, want.family) => None,
            NodeKind::Pool(pool) => self.draw_endpoints(id, pool, state, want),
            NodeKind::Policy(policy) => self.ask(id, policy, state, want),
        };
        if chosen.is_none() {
            self.trace.note(Step::Passed(id));
        }
        chosen
    }

    fn ask(&mut self, id: NodeId, policy: &'a CompiledPolicy, state: &'a NodeState, want: Want) -> Option<Chosen> {
        let drawn;
        let (first, rest, reason): (&[u16], Rest, Reason) = match &policy.order {
            Order::Failover => (&[], Rest::AsWritten, Reason::Written),
            Order::Weighted => {
                drawn = self.draw(id, state, want, want.depth, &[]);
                (drawn.as_slice(), Rest::AsWritten, Reason::Weight)
            }
            Order::Hashed(ranks) => (ranks.order(self.subject.hashed()), Rest::Nobody, Reason::Hash),
            Order::Nearest { places, overrides, .. } => {
                let (order, reason) = self.region(places, overrides.as_deref());
                (order, Rest::AsWritten, reason)
            }
            Order::Geo { table, rules, otherwise } => {
                let matched = self.matched(table);
                let reason = matched.map_or(Reason::Otherwise, Reason::Rule);
                match matched.and_then(|rule| rules.get(rule)) {
                    Some((order, true)) => (order, Rest::Strict, reason),
                    Some((order, false)) => (order, otherwise.map_or(Rest::Nobody, Rest::One), reason),
                    None => (&[], otherwise.map_or(Rest::Nobody, Rest::One), reason),
                }
            }
        };
        self.trace.note(Step::Ordered { node: id, order: first, reason });
        let rest = match rest {
            Rest::Strict => return self.ask_strictly(policy, first, want),
            Rest::Nobody => 0..0,
            Rest::One(child) => child..child + 1,
            Rest::AsWritten => 0..policy.children.len() as u16,
        };
        if let Some(last) = policy.last.filter(|_| want.grade == Grade::Last && state.takes_last(want.family))
            && let Some(chosen) =
                [Grade::Up, Grade::Last].into_iter().find_map(|grade| self.walk(last, Want { grade, ..want.below() }))
        {
            return Some(chosen);
        }
        let rest = rest.filter(|child| !first.contains(child));
        let chosen = first.iter().copied().chain(rest).find_map(|child| self.walk_child(policy, child, want));
        // A family that `last` alone has must be answered though `last` is not up either (invariant 1).
        let remains = policy.last.filter(|_| match want.grade {
            Grade::Up | Grade::Last => false,
            Grade::Remnant => state.takes_last(want.family),
            Grade::Allowed | Grade::All => true,
        });
        chosen.or_else(|| self.walk(remains?, want.below()))
    }

    /// Asks every pool below a node, whatever rules say. A strict list is not left by it: that has the family itself.
    fn walk_everywhere(&mut self, id: NodeId, want: Want) -> Option<Chosen> {
        let (node, _) = self.node(id).filter(|(node, _)| node.families[want.family])?;
        match &node.kind {
            NodeKind::Pool(_) => self.walk(id, want),
            NodeKind::Policy(policy) => {
                let below = policy.children.iter().map(|child| child.node).chain(policy.last);
                below.into_iter().find_map(|child| self.walk_everywhere(child, want.below()))
            }
        }
    }

    /// A strict list is never left for health's sake: whatever grade is asked for, all are tried inside it. The policy's own
    /// `last` is elsewhere; that of a policy in the list is inside.
    fn ask_strictly(&mut self, policy: &CompiledPolicy, order: &[u16], want: Want) -> Option<Chosen> {
        Grade::ALL
            .into_iter()
            .find_map(|grade| order.iter().find_map(|&child| self.walk_child(policy, child, Want { grade, ..want })))
    }

    fn walk_child(&mut self, policy: &CompiledPolicy, child: u16, want: Want) -> Option<Chosen> {
        let node = policy.children.get(usize::from(child))?.node;
        self.walk(node, want.below())
    }

    /// The order of children where the client is: by override, else by distance; asked of the subnet first, then of the resolver.
    fn region(&self, places: &'a PlacesTable, overrides: Option<&'a Overrides>) -> (&'a [u16], Reason) {
        let ask = |address: IpAddr| {
            let overridden = overrides.and_then(|overrides| overrides.orders.get(overrides.nets.lookup(address).value? as usize));
            match overridden {
                Some(order) => Some((&**order, Reason::Override)),
                None => places.lookup(address).value.map(|order| (order, Reason::Distance)),
            }
        };
        let known = ask(self.subject.address).or_else(|| ask(self.subject.resolver?));
        known.unwrap_or((&[], Reason::Unlocated))
    }

    /// The first rule that matches the client; a subnet of which nothing is known counts as the resolver that sent it.
    fn matched(&self, table: &RuleTable) -> Option<usize> {
        let place = table.place(self.subject.address).value;
        let net = table.net(self.subject.address).value;
        let resolver = self.subject.resolver.filter(|_| place.is_none());
        let place = place.or_else(|| table.place(resolver?).value);
        let net = net.or_else(|| table.net(resolver?).value);
        table.first_match(place, net)
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

    fn draw_endpoints(&mut self, id: NodeId, pool: &'a CompiledPool, state: &'a NodeState, want: Want) -> Option<Chosen> {
        let suited = state.draw(want.grade, Some(want.family));
        let mut chosen = Chosen::new(id);
        match (pool.choose, &pool.ranks) {
            (PoolChoice::All, _) => suited.members().for_each(|(member, _)| chosen.push(member)),
            (PoolChoice::Hashed, Some(ranks)) => {
                let order = ranks.order(self.subject.hashed()).iter().copied();
                order.filter(|member| suited.contains(*member)).take(pool.answers).for_each(|member| chosen.push(member));
            }
            (PoolChoice::Weighted | PoolChoice::Hashed, _) => {
                for slot in 0..pool.answers as u32 {
                    let taken = chosen;
                    let Some(member) = self.draw(id, state, want, Dice::POOL_SLOT + slot, taken.endpoints()) else {
                        break;
                    };
                    chosen.push(member);
                }
            }
        }
        for &endpoint in chosen.endpoints() {
            self.trace.note(Step::Answered { pool: id, endpoint });
        }
        (chosen.count > 0).then_some(chosen)
    }

    /// The longest prefix over the tables at and below a node that the client's address may reach.
    fn reach(&self, id: NodeId) -> u8 {
        let Some(node) = self.serving.snapshot.policies.node(id).filter(|node| node.tailored) else { return 0 };
        let policy = match &node.kind {
            NodeKind::Pool(_) => return network_length(self.subject.address),
            NodeKind::Policy(policy) => policy,
        };
        let address = self.subject.address;
        let below = |child: u16| policy.children.get(usize::from(child)).map_or(0, |child| self.reach(child.node));
        let all = || (0..policy.children.len() as u16).map(below).max().unwrap_or_default();
        let last = policy.last.map_or(0, |last| self.reach(last));
        match &policy.order {
            Order::Failover | Order::Weighted => all().max(last),
            Order::Hashed(_) => all().max(last).max(network_length(address)),
            Order::Nearest { places, overrides, .. } => {
                let overridden = overrides.as_ref().map_or(0, |overrides| overrides.nets.lookup(address).length);
                all().max(last).max(places.lookup(address).length).max(overridden)
            }
            Order::Geo { table, rules, otherwise } => {
                let own = table.place(address).length.max(table.net(address).length);
                let matched = self.matched(table).and_then(|rule| rules.get(rule));
                let (listed, strict): (&[u16], bool) = matched.map_or((&[], false), |(order, strict)| (order, *strict));
                let otherwise = otherwise.filter(|_| !strict);
                let last = policy.last.filter(|_| !strict);
                let led = || listed.iter().copied().chain(otherwise);
                let node_of = |child: u16| policy.children.get(usize::from(child)).map(|child| child.node);
                // Who has a family is asked everywhere if nobody has it where the rules lead.
                let everywhere = !self.has_families_of(node, led().filter_map(node_of).chain(last));
                let reached = if everywhere { all() } else { led().map(below).max().unwrap_or_default() };
                own.max(reached).max(last.map_or(0, |last| self.reach(last)))
            }
        }
    }

    /// Whether these nodes together have every family that a node has.
    fn has_families_of(&self, node: &CompiledNode, among: impl Iterator<Item = NodeId> + Clone) -> bool {
        let has = |id: NodeId, family| self.node(id).is_some_and(|(node, _)| node.families[family]);
        Family::ALL.into_iter().all(|family| !node.families[family] || among.clone().any(|id| has(id, family)))
    }
}

/// Throws among the members that are not taken yet: the number thrown, the sum it was thrown in, and whom it falls to.
fn pick(draw: &Draw, taken: &[u16], throw: impl FnOnce(u32) -> u32) -> Option<(u32, u32, u16)> {
    if taken.is_empty() {
        let sum = draw.sum();
        let r = throw(sum);
        return Some((r, sum, draw.pick(r)?));
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
