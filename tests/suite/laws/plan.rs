//! Generated configurations: pools, and policies of every kind above them, with what they promise told independently of the product.

use std::collections::BTreeSet;
use std::net::IpAddr;

use proptest::prelude::*;

/// What choices are made from: octets that proptest generates and shrinks; behind their end there are zeros.
pub(super) struct Tape<'a> {
    octets: std::slice::Iter<'a, u8>,
}

/// Octets for a tape.
pub(super) fn any_octets() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..160)
}

impl<'a> Tape<'a> {
    pub(super) fn new(octets: &'a [u8]) -> Self {
        Self { octets: octets.iter() }
    }

    /// A number below `count`.
    pub(super) fn below(&mut self, count: usize) -> usize {
        usize::from(self.octets.next().copied().unwrap_or(0)) % count
    }

    /// True once in `of` times.
    pub(super) fn once_in(&mut self, of: usize) -> bool {
        self.below(of) == of - 1
    }

    pub(super) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

/// Pools and policies, children before parents.
#[derive(Debug)]
pub(super) struct Plan {
    pub nodes: Vec<Node>,
}

#[derive(Debug)]
pub(super) struct Node {
    pub name: String,
    /// Its table in `signpost.toml`.
    text: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// The addresses of endpoints that can be chosen.
    Pool(Vec<IpAddr>),
    Policy {
        /// Those that can be chosen, `last` included.
        below: Vec<usize>,
        geo: bool,
    },
}

/// Clients of whom the world knows something, and of whom not.
pub(super) const CLIENTS: [&str; 8] = [
    "198.18.16.1",
    "198.19.0.1",
    "198.18.33.7",
    "203.0.113.53",
    "10.1.2.3",
    "2001:db8:16::1",
    "2001:db8:f::1",
    "::ffff:198.19.0.9",
];
/// Where they are.
pub(super) const WORLD: &str = "198.18.16.0/20 52.52 13.40\n198.19.0.0/17 1.35 103.82\n198.18.32.0/20 DE\n198.18.48.0/20 CN\n\
    2001:db8:16::/48 DE\n";
const NETS: [&str; 4] = ["198.18.16.0/28", "198.19.0.0/16", "10.0.0.0/9", "2001:db8::/40"];
const PLACES: [&str; 4] = ["", "location = \"FRA\"\n", "location = \"IAD\"\n", "location = \"SIN\"\n"];

impl Plan {
    pub(super) fn new(tape: &mut Tape<'_>) -> Self {
        let mut plan = Self { nodes: Vec::new() };
        for index in 0..2 + tape.below(3) {
            plan.nodes.push(pool(index, tape));
        }
        for _ in 0..1 + tape.below(4) {
            let policy = plan.policy(tape);
            plan.nodes.push(policy);
        }
        plan
    }

    pub(super) fn config(&self) -> String {
        let tables: String = self.nodes.iter().map(|node| node.text.as_str()).collect();
        format!("[check.tcp]\nkind = \"tcp\"\nport = 80\n{tables}")
    }

    /// Every address that a node may ever be answered with.
    pub(super) fn addresses(&self, node: usize) -> BTreeSet<IpAddr> {
        match &self.nodes[node].kind {
            Kind::Pool(addresses) => addresses.iter().copied().collect(),
            Kind::Policy { below, .. } => below.iter().flat_map(|child| self.addresses(*child)).collect(),
        }
    }

    /// Whether some clients never get some of them.
    pub(super) fn divides(&self, node: usize) -> bool {
        match &self.nodes[node].kind {
            Kind::Pool(_) => false,
            Kind::Policy { below, geo } => *geo || below.iter().any(|child| self.divides(*child)),
        }
    }

    fn policy(&self, tape: &mut Tape<'_>) -> Node {
        let index = self.nodes.len();
        let mut children: Vec<usize> = (0..index).collect();
        while children.len() > 1 + index.min(3) || (children.len() > 1 && tape.once_in(3)) {
            children.remove(tape.below(children.len()));
        }
        let kind = tape.one_of(&["nearest", "failover", "weighted", "hashed", "geo"]);
        let mut text = format!("[policy.n{index}]\nchoose = \"{kind}\"\n{}", tape.one_of(&PLACES));
        let mut below = match kind {
            "geo" => self.rules(&children, &mut text, tape),
            "weighted" | "hashed" => self.weighted(&children, &mut text, tape),
            _ => self.listed(kind, &children, &mut text, tape),
        };
        if tape.once_in(3) {
            let last = tape.below(index);
            text += &format!("last = \"{}\"\n", self.nodes[last].name);
            below.push(last);
        }
        if tape.once_in(4) {
            text += &format!("min_up = {}\n", tape.one_of(&["1", "\"50%\"", "\"100%\""]));
        }
        Node { name: format!("n{index}"), text, kind: Kind::Policy { below, geo: kind == "geo" } }
    }

    fn listed(&self, kind: &str, children: &[usize], text: &mut String, tape: &mut Tape<'_>) -> Vec<usize> {
        *text += &format!("from = {:?}\n", self.names(children));
        if kind == "nearest" && tape.once_in(2) {
            let order = &children[tape.below(children.len())..];
            *text += &format!("overrides = {{ net = \"{}\", use = {:?} }}\n", tape.one_of(&NETS), self.names(order));
        }
        children.to_vec()
    }

    fn weighted(&self, children: &[usize], text: &mut String, tape: &mut Tape<'_>) -> Vec<usize> {
        let mut weights: Vec<usize> = children.iter().map(|_| tape.below(4)).collect();
        weights[0] += usize::from(weights.iter().all(|weight| *weight == 0));
        let weighted = || children.iter().zip(&weights);
        let entries: Vec<String> =
            weighted().map(|(child, weight)| format!("{{ use = \"{}\", weight = {weight} }}", self.nodes[*child].name)).collect();
        *text += &format!("from = [{}]\n", entries.join(", "));
        weighted().filter(|(_, weight)| **weight > 0).map(|(child, _)| *child).collect()
    }

    fn rules(&self, children: &[usize], text: &mut String, tape: &mut Tape<'_>) -> Vec<usize> {
        let condition =
            tape.one_of(&["country = \"DE\"", "not = { country = \"CN\" }", "net = \"198.18.0.0/16\"", "continent = \"EU\""]);
        let strict = if tape.once_in(2) { ", strict = true" } else { "" };
        let (first, rest) = children.split_at(1 + tape.below(children.len()));
        let otherwise = rest.first().unwrap_or(&children[0]);
        *text += &format!("rules = {{ {condition}, use = {:?}{strict} }}\n", self.names(first));
        *text += &format!("otherwise = \"{}\"\n", self.nodes[*otherwise].name);
        first.iter().chain([otherwise]).copied().collect()
    }

    fn names(&self, nodes: &[usize]) -> Vec<&str> {
        nodes.iter().map(|node| self.nodes[*node].name.as_str()).collect()
    }
}

fn pool(index: usize, tape: &mut Tape<'_>) -> Node {
    let mut endpoints = Vec::new();
    let mut chosen = Vec::new();
    let count = 1 + tape.below(3);
    for endpoint in 0..count {
        let addresses = [format!("198.51.{index}.{endpoint}"), format!("2001:db8:{index}::{endpoint}")];
        let (v4, v6) = tape.one_of(&[(true, true), (true, false), (false, true)]);
        let families = [("v4", v4), ("v6", v6)].into_iter().zip(&addresses).filter(|((_, has), _)| *has);
        let weight = if endpoint == 0 { 1 + tape.below(3) } else { tape.below(4) };
        let written: String = families.clone().map(|((key, _), address)| format!("{key} = \"{address}\", ")).collect();
        endpoints.push(format!("{{ name = \"e{endpoint}\", {written}weight = {weight} }}"));
        chosen.extend(families.filter(|_| weight > 0).filter_map(|(_, address)| address.parse::<IpAddr>().ok()));
    }
    let choose = tape.one_of(&["weighted", "weighted", "weighted", "hashed", "all"]);
    let mut text = format!("[pool.n{index}]\ncheck = \"tcp\"\nchoose = \"{choose}\"\nendpoints = [{}]\n", endpoints.join(", "));
    text += tape.one_of(&PLACES);
    if choose != "all" && tape.once_in(3) {
        text += "answers = 2\n";
    }
    if tape.once_in(3) {
        text += &format!("min_up = {}\n", tape.one_of(&[count.to_string().as_str(), "\"50%\""]));
    }
    Node { name: format!("n{index}"), text, kind: Kind::Pool(chosen) }
}
