//! Listens while an answer is made and writes each stage down as it comes.
//! It decides nothing: the answer is the one that every query gets.

use std::net::IpAddr;

use super::passed::{Passed, protocol};
use super::{Asked, Lines, Why, list, network, percent};
use crate::answer::trace::{Reason, Step, Trace};
use crate::config::{NodeId, PoolChoice};
use crate::geo::{Location, Point, distance_km};
use crate::snapshot::{
    CompiledPolicy, CompiledPool, Draw, Family, Grade, Link, LinkedZone, NodeKind, Order, Serving, network_length,
};
use crate::wire::Name;

/// The listener.
pub(super) struct Recorder<'a> {
    pub(super) lines: Lines,
    serving: &'a Serving,
    asked: &'a Asked<'a>,
    passed: Passed<'a>,
    zone: Option<LinkedZone>,
    bound: Option<NodeId>,
    client: Option<Client>,
    /// Whether the type asked for is one that policies decide about.
    decided: bool,
    /// How the policy or pool that was asked last has to answer.
    asked_grade: Grade,
    /// Whether its members are listed.
    listed: bool,
    /// How far down the answer has to reach by now.
    grade: Grade,
    /// Whether that is still to be said: only where something comes of it.
    grade_untold: bool,
    ordered: Vec<NodeId>,
    scope: u8,
}

/// The client as the decision sees it.
#[derive(Clone, Copy)]
struct Client {
    family: Family,
    hashed: IpAddr,
    point: Option<Point>,
}

impl Trace for Recorder<'_> {
    fn note(&mut self, step: Step<'_>) {
        match step {
            Step::Zone(linked) => {
                self.lines.line("zone", format_args!("{} (serial {})", linked.zone.apex(), linked.zone.serial()));
                self.zone = Some(linked.clone());
            }
            Step::Followed(wire) => {
                if let Some(name) = Name::from_wire(wire) {
                    self.lines.line("cname", format_args!("leads on to {name}"));
                }
            }
            Step::Bound { link, binding } => self.bound(link, binding),
            Step::Client { family, address, by_subnet, hashed } => self.client(family, address, by_subnet, hashed),
            Step::Asked { grade, .. } => self.asked(grade),
            Step::Ordered { node, order, reason } => self.ordered(node, order, reason),
            Step::Everywhere(family) => {
                let said = format_args!("no rule leads this client to an {} address: every pool is asked", protocol(family));
                self.lines.line("fallback", said);
            }
            Step::Passed(node) => self.passed(node),
            Step::Drawn { node, member, r, sum } => self.drawn(node, member, r, sum),
            Step::Answered { pool, endpoint } => {
                self.list_members(pool);
                self.edge(pool, endpoint);
            }
            Step::Own(family) => {
                self.decided = true;
                let said = format_args!("no endpoint has an {} address: the zone's own records answer", protocol(family));
                self.lines.line("family", said);
            }
            Step::Scope(scope) => self.scope = scope,
        }
    }
}

impl<'a> Recorder<'a> {
    pub(super) fn new(serving: &'a Serving, asked: &'a Asked<'a>, why: &'a Why<'a>) -> Self {
        Self {
            lines: Lines::default(),
            serving,
            asked,
            passed: Passed::new(serving, why),
            zone: None,
            bound: None,
            client: None,
            decided: false,
            asked_grade: Grade::Up,
            listed: false,
            grade: Grade::Up,
            grade_untold: false,
            ordered: Vec::new(),
            scope: 0,
        }
    }

    /// The account so far and the scope, once the answer is made.
    pub(super) fn finish(mut self) -> (Lines, u8) {
        match (&self.zone, self.bound) {
            (None, _) => self.lines.line("zone", "none of ours holds this name in class IN, or this type can't be asked for"),
            (Some(_), None) => self.lines.line("binding", "none: the name is not steered"),
            (Some(_), Some(_)) if !self.decided => {
                self.lines.line("", format_args!("addresses alone are steered: {} is answered from the zone", self.asked.qtype));
            }
            (Some(_), Some(_)) => {}
        }
        (self.lines, self.scope)
    }

    fn bound(&mut self, link: Link, binding: u32) {
        let bindings = self.zone.as_ref().map(|linked| linked.zone.bindings()).unwrap_or_default();
        let name = bindings.get(binding as usize).map_or_else(String::new, |binding| binding.name.to_string());
        let said = match self.kind(link.node) {
            Some(NodeKind::Policy(policy)) => format!("{name} -> policy \"{}\" ({})", self.name(link.node), kind_of(policy)),
            Some(NodeKind::Pool(_)) | None => format!("{name} -> pool \"{}\"", self.name(link.node)),
        };
        self.lines.line("binding", said);
        if !link.ecs && self.asked.subnet.is_some() {
            self.lines.line("", "the subnet does not count: \"ecs\" is false there");
        }
        self.bound = Some(link.node);
    }

    fn client(&mut self, family: Family, address: IpAddr, by_subnet: bool, hashed: IpAddr) {
        let world = self.serving.snapshot.policies.world();
        let resolver = self.asked.client;
        let [here, there] = [address, resolver].map(|address| world.locate(address).value);
        let by = if by_subnet { ", by subnet" } else { "" };
        let said = match (here, there.filter(|_| by_subnet)) {
            (Some(here), _) => format!("{address} in {}{by}", place(here)),
            (None, Some(there)) => format!("{address} is not located{by}; its resolver {resolver} is in {}", place(there)),
            (None, None) => format!("{address} is not located{by}"),
        };
        self.lines.line("client", said);
        let point = here.or(there).and_then(|location| location.point);
        self.client = Some(Client { family, hashed, point });
        self.decided = true;
    }

    fn asked(&mut self, grade: Grade) {
        self.asked_grade = grade;
        self.listed = false;
        // What `last` names is asked for what is up, though the rest is not.
        let is_last = self.grade == Grade::Last && grade == Grade::Up;
        if grade != self.grade && !is_last {
            self.grade = grade;
            self.grade_untold = true;
        }
    }

    fn tell_grade(&mut self) {
        if std::mem::take(&mut self.grade_untold) {
            match self.grade {
                Grade::Up => {}
                Grade::Last => self.lines.line("fallback", "nothing is up: what \"last\" names answers"),
                Grade::Remnant => {
                    self.lines.line("fallback", "nothing is up: endpoints that are up answer, though their pool is not")
                }
                Grade::Allowed => self.lines.line("fallback", "nothing is up: everything answers, up or not"),
                Grade::All => self.lines.line("fallback", "nothing else is left: even what orders keep out answers"),
            }
        }
    }

    fn ordered(&mut self, node: NodeId, order: &[u16], reason: Reason) {
        if reason == Reason::Weight {
            return self.list_members(node);
        }
        let Some(NodeKind::Policy(policy)) = self.kind(node) else { return };
        // What `last` names comes before any order.
        let takes_last = |client: Client| self.serving.steering.state(node).is_some_and(|state| state.takes_last(client.family));
        let last_is_asked = self.asked_grade == Grade::Last && policy.last.is_some() && self.client.is_some_and(takes_last);
        if last_is_asked || self.ordered.contains(&node) {
            return;
        }
        self.ordered.push(node);
        self.tell_grade();
        let names = |order: &[u16]| list(order.iter().map(|child| self.child_name(policy, *child)));
        let all: Vec<u16> = (0..policy.children.len() as u16).collect();
        let rest: Vec<u16> = all.iter().copied().filter(|child| !order.contains(child)).collect();
        let then = if rest.is_empty() { String::new() } else { format!("; then {}", names(&rest)) };
        let said = match reason {
            Reason::Written | Reason::Weight => names(&all),
            Reason::Unlocated => format!("{} (as written: the client is not located)", names(&all)),
            Reason::Override => format!("{} (an override holds for this network){then}", names(order)),
            Reason::Distance => format!("{}{then}", self.distances(policy, order)),
            Reason::Hash => format!("{} (by hash of {})", names(order), self.hashed_network()),
            Reason::Rule(rule) => self.rule(policy, rule, &names(order)),
            Reason::Otherwise => format!("no rule matches: {}", self.otherwise(policy)),
        };
        self.lines.line("order", self.prefixed(node, said));
    }

    fn distances(&self, policy: &CompiledPolicy, order: &[u16]) -> String {
        let Order::Nearest { points, .. } = &policy.order else { return String::new() };
        let from = self.client.and_then(|client| client.point);
        list(order.iter().map(|child| {
            let name = self.child_name(policy, *child);
            let bias = policy.children.get(usize::from(*child)).map_or(0, |child| child.bias);
            let places = points.get(usize::from(*child)).map(|points| &**points).unwrap_or_default();
            let nearest = from.and_then(|from| places.iter().map(|place| distance_km(from, *place)).min_by(f64::total_cmp));
            let bias = if bias == 0 { String::new() } else { format!(" (bias {bias:+})") };
            nearest.map_or_else(|| name.clone(), |km| format!("{name} {km:.0} km{bias}"))
        }))
    }

    fn rule(&self, policy: &CompiledPolicy, rule: usize, names: &str) -> String {
        let Order::Geo { rules, otherwise, .. } = &policy.order else { return String::new() };
        let strict = rules.get(rule).is_some_and(|(_, strict)| *strict);
        let after = match otherwise {
            _ if strict => String::from(", strict"),
            Some(child) => format!("; then {}", self.child_name(policy, *child)),
            None => String::new(),
        };
        format!("rule {} matches: {names}{after}", rule + 1)
    }

    fn otherwise(&self, policy: &CompiledPolicy) -> String {
        match &policy.order {
            Order::Geo { otherwise: Some(child), .. } => self.child_name(policy, *child),
            Order::Geo { otherwise: None, .. } => String::from("and there is no \"otherwise\""),
            Order::Failover | Order::Weighted | Order::Hashed(_) | Order::Nearest { .. } => String::new(),
        }
    }

    fn passed(&mut self, node: NodeId) {
        let Some(client) = self.client else { return };
        if !self.passed.is_told(node) {
            self.tell_grade();
            self.passed.tell(node, client.family, &mut self.lines);
        }
    }

    /// The throw, after the shares it was thrown among: one throw is not the rule.
    fn drawn(&mut self, node: NodeId, member: u16, r: u32, sum: u32) {
        self.list_members(node);
        let again = if self.shares(node).is_some_and(|shares| !shares.members().any(|(candidate, _)| candidate == member)) {
            let family = self.client.map_or("", |client| protocol(client.family));
            format!(", which has no {family} address to give: drawn again")
        } else {
            String::new()
        };
        self.lines.line("drawn", format_args!("{} ({r} of {sum}){again}", self.member_name(node, member)));
    }

    /// The members that may be drawn with their real odds, and why the others may not; once for each time that it is asked.
    fn list_members(&mut self, node: NodeId) {
        if std::mem::replace(&mut self.listed, true) {
            return;
        }
        self.tell_grade();
        let Some((client, shares)) = self.client.zip(self.shares(node)) else { return };
        let weighted = || {
            let share = |(member, weight)| format!("{} {}", self.member_name(node, member), percent(weight, shares.sum()));
            list(shares.members().map(share))
        };
        match self.kind(node) {
            Some(NodeKind::Pool(pool)) => {
                let said = match (pool.choose, &pool.ranks) {
                    (PoolChoice::All, _) => format!("all of {}", list(shares.members().map(|(m, _)| self.member_name(node, m)))),
                    (PoolChoice::Hashed, Some(ranks)) => {
                        let suits = |member: &&u16| shares.members().any(|(candidate, _)| candidate == **member);
                        let order = ranks.order(client.hashed).iter().filter(suits).map(|member| self.member_name(node, *member));
                        format!("{} (by hash of {}){}", list(order), self.hashed_network(), answers(pool))
                    }
                    (PoolChoice::Weighted | PoolChoice::Hashed, _) => format!("{}{}", weighted(), answers(pool)),
                };
                self.lines.line("pool", format_args!("{}: {said}", self.name(node)));
                if !self.passed.is_told(node) {
                    self.passed.tell_endpoints(node, pool, self.asked_grade, client.family, &mut self.lines);
                }
            }
            Some(NodeKind::Policy(policy)) => {
                self.lines.line("weights", self.prefixed(node, weighted()));
                let others =
                    policy.children.iter().zip(0..).filter(|(_, index)| shares.members().all(|(member, _)| member != *index));
                for (child, _) in others {
                    match child.weight {
                        0 => self.lines.line("passed", format_args!("{}: weight 0", self.name(child.node))),
                        _ => self.passed(child.node),
                    }
                }
            }
            None => {}
        }
    }

    /// What an endpoint that is a name is answered with.
    fn edge(&mut self, node: NodeId, endpoint: u16) {
        let Some(NodeKind::Pool(pool)) = self.kind(node) else { return };
        let Some(edge) = pool.endpoints.get(usize::from(endpoint)).and_then(|endpoint| endpoint.edge.as_ref()) else { return };
        let serving = self.serving;
        let up = self.client.zip(serving.steering.state(node)).map(|(client, state)| state.flattened(endpoint, client.family));
        let said = match up.filter(|_| edge.flat) {
            Some(addresses) => format!("resolved to {}", list(addresses.iter().map(ToString::to_string))),
            None => String::from("answered as a CNAME"),
        };
        self.lines.line("edge", format_args!("{} {said}", edge.name));
    }

    /// Whom the node draws from for the client's family.
    fn shares(&self, node: NodeId) -> Option<&'a Draw> {
        let serving = self.serving;
        Some(serving.steering.state(node)?.draw(self.asked_grade, Some(self.client?.family)))
    }

    /// What is said of a node that is not the bound one begins with its name and kind.
    fn prefixed(&self, node: NodeId, said: String) -> String {
        match self.kind(node) {
            Some(NodeKind::Policy(policy)) if self.bound != Some(node) => {
                format!("{} ({}): {said}", self.name(node), kind_of(policy))
            }
            Some(NodeKind::Policy(_) | NodeKind::Pool(_)) | None => said,
        }
    }

    fn hashed_network(&self) -> String {
        let Some(client) = self.client else { return String::new() };
        let length = network_length(client.hashed);
        format!("{}/{length}", network(client.hashed, length))
    }

    fn kind(&self, id: NodeId) -> Option<&'a NodeKind> {
        let serving = self.serving;
        serving.snapshot.policies.node(id).map(|node| &node.kind)
    }

    fn name(&self, id: NodeId) -> &'a str {
        let serving = self.serving;
        serving.snapshot.policies.node(id).map_or("", |node| &node.name)
    }

    fn child_name(&self, policy: &CompiledPolicy, child: u16) -> String {
        policy.children.get(usize::from(child)).map_or("", |child| self.name(child.node)).to_owned()
    }

    /// The name of a child of a policy or of an endpoint of a pool.
    fn member_name(&self, node: NodeId, member: u16) -> String {
        match self.kind(node) {
            Some(NodeKind::Policy(policy)) => self.child_name(policy, member),
            Some(NodeKind::Pool(pool)) => {
                pool.endpoints.get(usize::from(member)).map_or_else(String::new, |endpoint| endpoint.name.clone())
            }
            None => String::new(),
        }
    }
}

fn kind_of(policy: &CompiledPolicy) -> &'static str {
    match policy.order {
        Order::Failover => "failover",
        Order::Weighted => "weighted",
        Order::Hashed(_) => "hashed",
        Order::Nearest { .. } => "nearest",
        Order::Geo { .. } => "geo",
    }
}

/// How many addresses an answer holds, where that is not the usual one.
fn answers(pool: &CompiledPool) -> String {
    if pool.answers == 1 { String::new() } else { format!("; {} in one answer, each another", pool.answers) }
}

/// Where a client is, as exactly as is known.
fn place(location: &Location) -> String {
    let code = |code: [u8; 2]| String::from_utf8_lossy(&code).into_owned();
    let area = location.subdivision.clone().or_else(|| location.country.map(code)).or_else(|| location.continent.map(code));
    let network = location.asn.map(|asn| format!("AS{asn}"));
    let known: Vec<String> = area.into_iter().chain(network).collect();
    if known.is_empty() { String::from("a known place") } else { known.join(", ") }
}
