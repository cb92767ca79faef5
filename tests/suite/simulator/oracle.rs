//! What must be answered, told from the design's words and not from the product's code: who is up, and the ladder for when
//! nothing is. What the product says is taken for the verdicts alone, and for who `max_removed` holds in (which `watch.rs` judges).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use super::model::{Endpoint, Kind, MinUp, Model, Policy, Pool};

/// How one endpoint stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stand {
    /// By family; what is unknown is not down.
    pub down: [bool; 2],
    /// Whether there is a verdict.
    pub known: [bool; 2],
    /// Never seen by a prober that is blind: taken to be as the other family is.
    pub unseen: [bool; 2],
    /// Failing but not yet down, or passing but not yet up.
    pub uneasy: [bool; 2],
    /// Held in though it is down.
    pub held: [bool; 2],
    /// Drained or forced down.
    pub out: bool,
    pub forced_up: bool,
    pub weight: Option<u64>,
    /// Whether a drain is under way.
    pub leaving: bool,
    /// Whether its weight grows after a recovery.
    pub growing: bool,
}

/// All that decides an answer at one moment.
pub(super) struct Scene<'a> {
    pub model: &'a Model,
    pub stands: BTreeMap<(usize, &'a str), Stand>,
    pub blind: [bool; 2],
    pub now: Duration,
}

/// The steps of the ladder, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rung {
    Up,
    Last,
    Remnant,
    Allowed,
    All,
}

const LADDER: [Rung; 5] = [Rung::Up, Rung::Last, Rung::Remnant, Rung::Allowed, Rung::All];
/// After a fall, as much more than `min_up` must be up...
const MARGIN_PERCENT: u64 = 10;
/// ...unless just that lasts so long.
const PATIENCE: Duration = Duration::from_secs(120);

/// The pools that may answer, each with all of its addresses that may be in the answer.
pub(super) type Permitted = Vec<(usize, Vec<IpAddr>)>;

/// Which nodes fell, and since when they have what `min_up` asks for.
#[derive(Debug, Default)]
pub(super) struct Fallen(BTreeMap<String, Option<Duration>>);

impl Scene<'_> {
    /// Who may answer for a node and family, and on which rung; nothing where the configuration has no such address.
    pub(super) fn permitted(&self, node: usize, family: usize, up: &BTreeSet<usize>) -> Option<(Rung, Permitted)> {
        if !self.has_family(node, family) {
            return None;
        }
        let rungs = LADDER.into_iter().map(|rung| (rung, self.on(rung, node, family, up)));
        rungs.into_iter().find(|(_, permitted)| !permitted.is_empty())
    }

    /// Whether the type exists: by configuration alone.
    pub(super) fn has_family(&self, node: usize, family: usize) -> bool {
        match &self.model.nodes[node].kind {
            Kind::Pool(pool) => pool.endpoints.iter().any(|endpoint| endpoint.weight > 0 && endpoint.addresses[family].is_some()),
            Kind::Policy(policy) => below(policy).any(|child| self.has_family(child, family)),
        }
    }

    fn on(&self, rung: Rung, node: usize, family: usize, up: &BTreeSet<usize>) -> Permitted {
        if rung == Rung::Up && !up.contains(&node) {
            return Vec::new();
        }
        let policy = match &self.model.nodes[node].kind {
            Kind::Pool(pool) => {
                let members: Vec<IpAddr> = self.members(rung, node, pool, family);
                return if members.is_empty() { Vec::new() } else { vec![(node, members)] };
            }
            Kind::Policy(policy) => policy,
        };
        if let Some(last) = policy.last.filter(|_| rung == Rung::Last && !self.blind[family]) {
            let best = [Rung::Up, Rung::Last].map(|rung| self.on(rung, last, family, up));
            if let Some(best) = best.into_iter().find(|permitted| !permitted.is_empty()) {
                return best;
            }
        }
        let children = policy.chosen_from().map(|(child, _)| self.on(rung, child, family, up));
        let able: Vec<Permitted> = children.filter(|permitted| !permitted.is_empty()).collect();
        let answers = match policy.choose {
            "failover" => able.into_iter().next().unwrap_or_default(),
            _ => able.concat(),
        };
        let last_counts = match rung {
            Rung::Up | Rung::Last => false,
            // It was passed over already.
            Rung::Remnant => !self.blind[family],
            Rung::Allowed | Rung::All => true,
        };
        match policy.last {
            Some(last) if answers.is_empty() && last_counts => self.on(rung, last, family, up),
            Some(_) | None => answers,
        }
    }

    fn members(&self, rung: Rung, node: usize, pool: &Pool, family: usize) -> Vec<IpAddr> {
        let fits = |endpoint: &&Endpoint| {
            let stand = self.stand(node, endpoint);
            match rung {
                Rung::Last => false,
                Rung::Up | Rung::Remnant => is_live(endpoint, stand, family),
                Rung::Allowed => !stand.out && weight(endpoint, stand) > 0,
                Rung::All => endpoint.weight > 0,
            }
        };
        pool.endpoints.iter().filter(fits).filter_map(|endpoint| endpoint.addresses[family]).collect()
    }

    pub(super) fn stand(&self, pool: usize, endpoint: &Endpoint) -> Stand {
        self.stands[&(pool, endpoint.name.as_str())]
    }

    /// Whether answers of a node are uneasy.
    pub(super) fn is_uneasy(&self, node: usize) -> bool {
        match &self.model.nodes[node].kind {
            Kind::Pool(pool) => pool.endpoints.iter().any(|endpoint| {
                let stand = self.stand(node, endpoint);
                let family = |family: usize| endpoint.addresses[family].is_some() && (stand.uneasy[family] || stand.held[family]);
                weight(endpoint, stand) > 0 && !stand.out && (stand.leaving || stand.growing || family(0) || family(1))
            }),
            Kind::Policy(policy) => below(policy).any(|child| self.is_uneasy(child)),
        }
    }

    /// Which nodes are up. Who fell is seen on the way.
    pub(super) fn up(&self, fallen: &mut Fallen) -> BTreeSet<usize> {
        let mut up = BTreeSet::new();
        for (at, node) in self.model.nodes.iter().enumerate() {
            let members: Vec<(u64, bool, bool)> = match &node.kind {
                Kind::Pool(pool) => pool.endpoints.iter().filter_map(|endpoint| self.count(at, endpoint)).collect(),
                Kind::Policy(policy) => policy
                    .chosen_from()
                    .map(|(child, weight)| (weight, up.contains(&child), self.is_allowed(child, &up)))
                    .collect(),
            };
            if fallen.is_up(&node.name, node.min_up, &members, self.now) {
                up.insert(at);
            }
        }
        up
    }

    /// Weight, whether it is up, and whether it might be.
    fn count(&self, pool: usize, endpoint: &Endpoint) -> Option<(u64, bool, bool)> {
        let stand = self.stand(pool, endpoint);
        let weight = weight(endpoint, stand);
        let live = [0, 1].into_iter().any(|family| is_live(endpoint, stand, family));
        (weight > 0).then_some((weight, live, !stand.out))
    }

    fn is_allowed(&self, node: usize, up: &BTreeSet<usize>) -> bool {
        [0, 1].into_iter().any(|family| !self.on(Rung::Allowed, node, family, up).is_empty())
    }
}

impl Fallen {
    fn is_up(&mut self, name: &str, min_up: MinUp, members: &[(u64, bool, bool)], now: Duration) -> bool {
        let sum = |test: fn(&(u64, bool, bool)) -> bool| {
            members.iter().filter(|member| test(member)).map(|(weight, ..)| weight).sum::<u64>()
        };
        let count = |test: fn(&(u64, bool, bool)) -> bool| members.iter().filter(|member| test(member)).count();
        let (enough, more) = match min_up {
            MinUp::Count(1) => {
                // There is no edge beside which it could stay; a reload that makes one begins anew.
                self.0.remove(name);
                return count(|member| member.1) >= 1;
            }
            MinUp::Count(least) => {
                let up = count(|member| member.1);
                (up >= least, up > least || up == count(|member| member.2))
            }
            MinUp::Percent(least) => {
                let (up, all) = (sum(|member| member.1), sum(|_| true));
                (up > 0 && up * 100 >= all * least, up * 100 >= all * (least + MARGIN_PERCENT) || up == sum(|member| member.2))
            }
        };
        let waited = self.0.get(name).map(|since| since.is_some_and(|since| now >= since + PATIENCE));
        let is_up = enough && (more || waited != Some(false));
        match (is_up, enough) {
            (true, _) => drop(self.0.remove(name)),
            (false, true) => drop(self.0.entry(name.to_owned()).or_default().get_or_insert(now)),
            (false, false) => drop(self.0.insert(name.to_owned(), None)),
        }
        is_up
    }
}

/// Whom a policy may hand a client to.
pub(super) fn below(policy: &Policy) -> impl Iterator<Item = usize> {
    policy.chosen_from().map(|(child, _)| child).chain(policy.last)
}

/// The weight that holds.
pub(super) fn weight(endpoint: &Endpoint, stand: Stand) -> u64 {
    stand.weight.unwrap_or(endpoint.weight)
}

fn is_live(endpoint: &Endpoint, stand: Stand, family: usize) -> bool {
    let judged_by = if stand.unseen[family] && endpoint.addresses[1 - family].is_some() { 1 - family } else { family };
    let healthy = stand.forced_up || stand.held[family] || !stand.down[judged_by];
    weight(endpoint, stand) > 0 && endpoint.addresses[family].is_some() && !stand.out && healthy
}
