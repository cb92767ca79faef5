//! What must hold from one moment to the next: how much health takes out in a minute, how weights grow, and that the blind
//! judge nobody.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use super::model::{Kind, Model};
use super::oracle::{Scene, Stand, below};

/// The time over which `max_removed` counts.
const WINDOW: Duration = Duration::from_secs(60);
/// What sums of rounded parts may be off.
const EPSILON: f64 = 1e-6;

/// By pool, endpoint and family.
type Key = (usize, String, usize);

/// What was seen so far.
#[derive(Default)]
pub(super) struct Watch {
    /// Verdicts as they were.
    before: BTreeMap<Key, Before>,
    blind: [bool; 2],
    /// When an endpoint came back after all of it had been out.
    recovered: BTreeMap<(usize, String), Duration>,
    /// The part of its weight that an endpoint had, and since when.
    grown: BTreeMap<(usize, String), (f64, Duration)>,
    /// Whether a reload gave other weights to what is gone already.
    reweighed: bool,
    /// Those of the configuration, reckoned once.
    limits: Option<Rc<[Limit]>>,
}

#[derive(Clone, Copy, Default)]
struct Before {
    known: bool,
    down: bool,
    /// Out by health, and when that took it from a policy.
    out: Option<Option<Duration>>,
}

impl Watch {
    /// Forgets what a reload took away.
    pub(super) fn reload(&mut self, model: &Model) {
        let exists = |pool: usize, name: &str| model.endpoints().any(|(at, endpoint)| at == pool && endpoint.name == name);
        let has = |(pool, name, family): &Key| {
            model.endpoints().any(|(at, endpoint)| at == *pool && endpoint.name == *name && endpoint.addresses[*family].is_some())
        };
        self.before.retain(|key, _| has(key));
        self.recovered.retain(|(pool, name), _| exists(*pool, name));
        self.limits = None;
        self.reweighed = true;
        // Other answers, other steps.
        self.grown.clear();
    }

    /// Looks at a new moment; what is wrong with it.
    pub(super) fn look(&mut self, scene: &Scene<'_>) -> Result<(), String> {
        let limits = Rc::clone(self.limits.get_or_insert_with(|| limits(scene.model).into()));
        let was_out: Vec<(usize, String)> = scene
            .model
            .endpoints()
            .filter(|(pool, endpoint)| self.is_out(*pool, &endpoint.name, endpoint.addresses.map(|address| address.is_some())))
            .map(|(pool, endpoint)| (pool, endpoint.name.clone()))
            .collect();
        let mut held = Vec::new();
        for (pool, endpoint) in scene.model.endpoints() {
            let stand = scene.stand(pool, endpoint);
            for family in [0, 1].into_iter().filter(|family| endpoint.addresses[*family].is_some()) {
                let key = (pool, endpoint.name.clone(), family);
                let before = self.before.get(&key).copied().unwrap_or_default();
                if self.blind[family] && scene.blind[family] && before.known && !before.down && stand.down[family] {
                    return Err(format!("{key:?} went down while the prober is blind"));
                }
                if stand.held[family] {
                    held.push(key.clone());
                }
                self.before.insert(
                    key,
                    before.after(
                        stand,
                        family,
                        scene.now,
                        |limit: &Limit| limit.part(pool, &endpoint.name, family) > 0.0,
                        &limits,
                    ),
                );
            }
        }
        self.blind = scene.blind;
        self.look_at_limits(&limits, &held, scene.now)?;
        self.reweighed = false;
        for (pool, endpoint) in scene.model.endpoints() {
            let key = (pool, endpoint.name.clone());
            let is_out = self.is_out(pool, &endpoint.name, endpoint.addresses.map(|address| address.is_some()));
            if is_out || scene.stand(pool, endpoint).forced_up {
                self.recovered.remove(&key);
                self.grown.remove(&key);
            } else if was_out.contains(&key) {
                self.recovered.insert(key.clone(), scene.now);
                self.grown.remove(&key);
            }
        }
        Ok(())
    }

    /// A part of a weight that the product draws with; what is wrong with it.
    pub(super) fn look_at_part(&mut self, scene: &Scene<'_>, pool: usize, endpoint: &str, part: f64) -> Result<(), String> {
        let key = (pool, endpoint.to_owned());
        let Kind::Pool(kind) = &scene.model.nodes[pool].kind else { return Ok(()) };
        let answers = longest_answer(scene.model, pool);
        let before = self.grown.get(&key).copied();
        if part < 1.0 {
            let whole = kind.slow_start.map(|seconds| Duration::from_secs(seconds).max(answers));
            let since = self.recovered.get(&key).copied();
            let Some((whole, since)) = whole.zip(since) else {
                return Err(format!("{key:?} has {part} of its weight without a slow start"));
            };
            if scene.now >= since + whole {
                return Err(format!("{key:?} has {part} of its weight {:?} after it came back", scene.now - since));
            }
        }
        if let Some((last, since)) = before {
            if part < last {
                return Err(format!("the part of {key:?} falls from {last} to {part}"));
            }
            if last < part && scene.now - since < answers {
                return Err(format!("{key:?} grows after {:?}, but answers live {answers:?}", scene.now - since));
            }
        }
        if before.is_none_or(|(last, _)| last != part) {
            let is_fresh = before.is_some() || self.recovered.get(&key) == Some(&scene.now);
            self.grown.insert(key, (part, if is_fresh { scene.now } else { scene.now.saturating_sub(answers) }));
        }
        Ok(())
    }

    /// Time passed in which nobody could look: a step may have come late.
    pub(super) fn oversleep(&mut self) {
        self.grown.clear();
    }

    /// Nothing can be said of its part for now.
    pub(super) fn overlook_part(&mut self, pool: usize, endpoint: &str) {
        self.grown.remove(&(pool, endpoint.to_owned()));
    }

    fn is_out(&self, pool: usize, endpoint: &str, has: [bool; 2]) -> bool {
        let out =
            |family: usize| self.before.get(&(pool, endpoint.to_owned(), family)).is_some_and(|before| before.out.is_some());
        [0, 1].into_iter().all(|family| !has[family] || out(family))
    }

    fn look_at_limits(&self, limits: &[Limit], held: &[Key], now: Duration) -> Result<(), String> {
        let sums: Vec<[(f64, usize, bool); 2]> =
            limits.iter().map(|limit| [0, 1].map(|family| self.removed(limit, family, now))).collect();
        for (limit, sums) in limits.iter().zip(&sums) {
            for (sum, count, is_new) in sums {
                if *is_new && !self.reweighed && *count > 1 && *sum > limit.share + EPSILON {
                    return Err(format!("\"{}\" lost {sum:.3} of its weight in a minute", limit.name));
                }
            }
        }
        for (pool, name, family) in held {
            let needs = |(limit, sums): (&Limit, &[(f64, usize, bool); 2])| {
                let part = limit.part(*pool, name, *family);
                part > 0.0 && sums[*family].0 > 0.0 && sums[*family].0 + part > limit.share - EPSILON
            };
            if !limits.iter().zip(&sums).any(needs) {
                return Err(format!("n{pool}/{name} is held in, but no limit needs it"));
            }
        }
        Ok(())
    }

    /// What a limit lost within the window and still lacks: how much, of how many, and whether some of it just now.
    fn removed(&self, limit: &Limit, family: usize, now: Duration) -> (f64, usize, bool) {
        let mut lost = (0.0, 0, false);
        for ((pool, name, _), before) in self.before.iter().filter(|((_, _, of), _)| *of == family) {
            let part = limit.part(*pool, name, family);
            if let Some(Some(since)) = before.out
                && now - since < WINDOW
                && part > 0.0
            {
                lost = (lost.0 + part, lost.1 + 1, lost.2 || since == now);
            }
        }
        lost
    }
}

impl Before {
    fn after(self, stand: Stand, family: usize, now: Duration, has_part: impl Fn(&Limit) -> bool, limits: &[Limit]) -> Self {
        let out = match (stand.down[family], self.out) {
            (false, _) => None,
            (true, _) if stand.forced_up => None,
            (true, Some(since)) => Some(since),
            (true, None) if stand.held[family] => None,
            (true, None) if !self.known || stand.out => Some(None),
            (true, None) => Some(limits.iter().any(has_part).then_some(now)),
        };
        Self { known: stand.known[family], down: stand.down[family], out }
    }
}

/// A policy that limits removals, and the parts of it.
struct Limit {
    name: String,
    share: f64,
    parts: BTreeMap<Key, f64>,
}

impl Limit {
    fn part(&self, pool: usize, endpoint: &str, family: usize) -> f64 {
        self.parts.get(&(pool, endpoint.to_owned(), family)).copied().unwrap_or(0.0)
    }
}

fn limits(model: &Model) -> Vec<Limit> {
    let mut limits = Vec::new();
    for (at, node) in model.nodes.iter().enumerate() {
        if let Kind::Policy(policy) = &node.kind
            && let Some(percent) = policy.max_removed
        {
            let mut parts = BTreeMap::new();
            [0, 1].into_iter().for_each(|family| add_parts(model, at, family, 1.0, &mut parts));
            limits.push(Limit { name: node.name.clone(), share: percent as f64 / 100.0, parts });
        }
    }
    limits
}

/// The parts of a node's endpoints: by weight where it draws by weight, else alike; of those that have the family.
fn add_parts(model: &Model, node: usize, family: usize, of: f64, parts: &mut BTreeMap<Key, f64>) {
    match &model.nodes[node].kind {
        Kind::Pool(pool) => {
            let having = pool.endpoints.iter().filter(|endpoint| endpoint.addresses[family].is_some());
            let sum: u64 = having.clone().map(|endpoint| endpoint.weight).sum();
            for endpoint in having.filter(|endpoint| endpoint.weight > 0) {
                *parts.entry((node, endpoint.name.clone(), family)).or_default() += of * endpoint.weight as f64 / sum as f64;
            }
        }
        Kind::Policy(policy) => {
            let having: Vec<(usize, u64)> = policy.chosen_from().filter(|(child, _)| has_family(model, *child, family)).collect();
            let sum: u64 = having.iter().map(|(_, weight)| weight).sum();
            for (child, weight) in having {
                add_parts(model, child, family, of * weight as f64 / sum as f64, parts);
            }
        }
    }
}

fn has_family(model: &Model, node: usize, family: usize) -> bool {
    match &model.nodes[node].kind {
        Kind::Pool(pool) => pool.endpoints.iter().any(|endpoint| endpoint.weight > 0 && endpoint.addresses[family].is_some()),
        Kind::Policy(policy) => below(policy).any(|child| has_family(model, child, family)),
    }
}

/// How long an answer from a pool lives at most while it is uneasy, whatever name it is for: every node has one.
fn longest_answer(model: &Model, pool: usize) -> Duration {
    let reaches = |from: usize| reaches(model, from, pool);
    let over = model.nodes.iter().enumerate().filter(|(at, _)| reaches(*at)).map(|(_, node)| node.ttl[1]);
    Duration::from_secs(over.max().unwrap_or(0).into())
}

fn reaches(model: &Model, from: usize, to: usize) -> bool {
    from == to
        || match &model.nodes[from].kind {
            Kind::Pool(_) => false,
            Kind::Policy(policy) => below(policy).any(|child| reaches(model, child, to)),
        }
}
