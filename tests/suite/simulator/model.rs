//! What a simulated operator configures: pools and policies over them, as plain data for the oracle and as text for the product.
//! No policy here asks where a client is: whom it may be answered with is then the same for all.

use std::net::IpAddr;

use super::chance::Chance;

/// Pools and policies, children before parents.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub nodes: Vec<Node>,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub name: String,
    pub kind: Kind,
    pub min_up: MinUp,
    /// Seconds while steady, and while uneasy.
    pub ttl: [u32; 2],
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum MinUp {
    Count(usize),
    Percent(u64),
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Pool(Pool),
    Policy(Policy),
}

#[derive(Clone, Debug)]
pub(super) struct Pool {
    pub choose: &'static str,
    /// In seconds.
    pub slow_start: Option<u64>,
    pub endpoints: Vec<Endpoint>,
}

#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    pub name: String,
    pub weight: u64,
    /// IPv4, IPv6.
    pub addresses: [Option<IpAddr>; 2],
}

#[derive(Clone, Debug)]
pub(super) struct Policy {
    pub choose: &'static str,
    /// Nodes with their weights; weight 0 takes no part.
    pub children: Vec<(usize, u64)>,
    pub last: Option<usize>,
    /// In percent.
    pub max_removed: Option<u64>,
}

impl Model {
    pub(super) fn new(chance: &mut Chance) -> Self {
        let mut model = Self { nodes: Vec::new() };
        for number in 0..2 + chance.below(3) {
            let node = model.pool(number, chance);
            model.nodes.push(node);
        }
        for _ in 0..1 + chance.below(3) {
            let node = model.policy(chance);
            model.nodes.push(node);
        }
        model
    }

    /// The same after an operator changed something: an endpoint more or less, a weight, a `ttl` or a `min_up`.
    pub(super) fn changed(&self, chance: &mut Chance) -> Self {
        let mut model = self.clone();
        let at = chance.below(model.nodes.len());
        let node = &mut model.nodes[at];
        node.ttl = ttl(chance);
        let members = match &mut node.kind {
            Kind::Policy(policy) => policy.children.len(),
            Kind::Pool(pool) => {
                match chance.below(3) {
                    0 if pool.endpoints.len() > 1 => drop(pool.endpoints.pop()),
                    1 => pool.endpoints.push(endpoint(at, pool.endpoints.len(), chance)),
                    _ => pool.endpoints[0].weight = 1 + chance.below(9) as u64,
                }
                pool.endpoints.len()
            }
        };
        node.min_up = min_up(members, chance);
        model
    }

    /// As the operator writes it.
    pub(super) fn config(&self) -> String {
        let nodes: String = self.nodes.iter().map(|node| self.text(node)).collect();
        format!("[check.tcp]\nkind = \"tcp\"\nport = 80\n{nodes}")
    }

    pub(super) fn zone(&self) -> String {
        let head = "$TTL 3600\n@ IN SOA ns1 host 1 7200 3600 1209600 300\n@ IN NS ns1\nns1 IN A 192.0.2.53\n";
        let bound = |node: &Node| format!("{0} IN A {OWN}\n_steer.{0} IN TXT \"{0}\"\n", node.name);
        head.to_owned() + &self.nodes.iter().map(bound).collect::<String>()
    }

    /// All endpoints with the numbers of their pools.
    pub(super) fn endpoints(&self) -> impl Iterator<Item = (usize, &Endpoint)> {
        let pools = self.nodes.iter().enumerate().filter_map(|(at, node)| Some((at, node.pool()?)));
        pools.flat_map(|(at, pool)| pool.endpoints.iter().map(move |endpoint| (at, endpoint)))
    }

    fn text(&self, node: &Node) -> String {
        let [steady, uneasy] = node.ttl;
        let min_up = match node.min_up {
            MinUp::Count(count) => count.to_string(),
            MinUp::Percent(percent) => format!("\"{percent}%\""),
        };
        let common = format!("min_up = {min_up}\nttl = {{ steady = \"{steady}s\", uneasy = \"{uneasy}s\" }}\n");
        match &node.kind {
            Kind::Pool(pool) => {
                let slow_start = pool.slow_start.map_or(String::new(), |seconds| format!("slow_start = \"{seconds}s\"\n"));
                let endpoints: Vec<String> = pool.endpoints.iter().map(Endpoint::text).collect();
                let list = endpoints.join(", ");
                format!(
                    "[pool.{}]\ncheck = \"tcp\"\nchoose = \"{}\"\n{slow_start}{common}endpoints = [{list}]\n",
                    node.name, pool.choose
                )
            }
            Kind::Policy(policy) => {
                let weighs = ["weighted", "hashed"].contains(&policy.choose);
                let child = |(at, weight): &(usize, u64)| {
                    let name = &self.nodes[*at].name;
                    if weighs { format!("{{ use = \"{name}\", weight = {weight} }}") } else { format!("\"{name}\"") }
                };
                let from = policy.children.iter().map(child).collect::<Vec<_>>().join(", ");
                let last = policy.last.map_or(String::new(), |last| format!("last = \"{}\"\n", self.nodes[last].name));
                let max = policy.max_removed.map_or(String::new(), |percent| format!("max_removed = \"{percent}%\"\n"));
                format!("[policy.{}]\nchoose = \"{}\"\nfrom = [{from}]\n{last}{max}{common}", node.name, policy.choose)
            }
        }
    }

    fn pool(&self, number: usize, chance: &mut Chance) -> Node {
        let count = 1 + chance.below(4);
        let mut endpoints: Vec<Endpoint> = (0..count).map(|index| endpoint(number, index, chance)).collect();
        endpoints[0].weight = endpoints[0].weight.max(1);
        // A hashed pool is dear to compile.
        let choose = if chance.percent(5) { "hashed" } else { chance.one_of(&["weighted", "weighted", "all"]) };
        let slow_start = chance.percent(50).then(|| chance.one_of(&[30, 60, 120]));
        let kind = Kind::Pool(Pool { choose, slow_start, endpoints });
        Node { name: format!("n{number}"), kind, min_up: min_up(count, chance), ttl: ttl(chance) }
    }

    fn policy(&self, chance: &mut Chance) -> Node {
        let number = self.nodes.len();
        let mut below: Vec<usize> = (0..number).collect();
        while below.len() > 1 && (below.len() > 4 || chance.percent(30)) {
            below.remove(chance.below(below.len()));
        }
        let mut children: Vec<(usize, u64)> = below.into_iter().map(|at| (at, chance.below(4) as u64)).collect();
        children[0].1 = children[0].1.max(1);
        let choose = if chance.percent(4) { "hashed" } else { chance.one_of(&["failover", "weighted"]) };
        let last = chance.percent(40).then(|| chance.below(number));
        let max_removed = chance.percent(50).then(|| chance.one_of(&[20, 34, 50, 75]));
        let min_up = min_up(children.len(), chance);
        let kind = Kind::Policy(Policy { choose, children, last, max_removed });
        Node { name: format!("n{number}"), kind, min_up, ttl: ttl(chance) }
    }
}

/// What any other name server would answer.
pub(super) const OWN: &str = "192.0.2.10";

fn endpoint(pool: usize, index: usize, chance: &mut Chance) -> Endpoint {
    let v4 = IpAddr::from([198, 51, pool as u8, index as u8 + 1]);
    let v6 = IpAddr::from([0x2001, 0xdb8, pool as u16, 0, 0, 0, 0, index as u16 + 1]);
    let addresses = chance.one_of(&[[Some(v4), Some(v6)], [Some(v4), Some(v6)], [Some(v4), None], [None, Some(v6)]]);
    Endpoint { name: format!("e{index}"), weight: chance.one_of(&[0, 1, 1, 2, 70]), addresses }
}

fn ttl(chance: &mut Chance) -> [u32; 2] {
    chance.one_of(&[[30, 30], [60, 10], [20, 5]])
}

fn min_up(members: usize, chance: &mut Chance) -> MinUp {
    match chance.below(4) {
        0 => MinUp::Count(1 + chance.below(members)),
        1 => MinUp::Percent(chance.one_of(&[30, 50, 90, 100])),
        _ => MinUp::Count(1),
    }
}

impl Node {
    pub(super) fn pool(&self) -> Option<&Pool> {
        match &self.kind {
            Kind::Pool(pool) => Some(pool),
            Kind::Policy(_) => None,
        }
    }
}

impl Policy {
    /// The children that may be chosen.
    pub(super) fn chosen_from(&self) -> impl Iterator<Item = (usize, u64)> {
        let weighs = ["weighted", "hashed"].contains(&self.choose);
        self.children.iter().map(move |(at, weight)| (*at, if weighs { *weight } else { 1 })).filter(|(_, weight)| *weight > 0)
    }
}

impl Endpoint {
    fn text(&self) -> String {
        let families = ["v4", "v6"].into_iter().zip(self.addresses);
        let addresses: String = families.filter_map(|(key, address)| Some(format!("{key} = \"{}\", ", address?))).collect();
        format!("{{ name = \"{}\", {addresses}weight = {} }}", self.name, self.weight)
    }
}
