//! One life of a server on virtual time: probes run to their cadence against a network that fails, operators order and reload,
//! the process restarts. After each step the answers are judged.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use signpost::health::{Act, Cadence, Cause, Forced, Order, Orders, Outcome, Pattern, ProbeKey, read_memories, write_memories};
use signpost::serving::{Current, Keeper};
use signpost::snapshot::{Circumstances, Serving, Snapshot, Steering};

use super::chance::Chance;
use super::judge::Judge;
use super::model::Model;
use crate::scenario::world::Texts;

/// How often something happens, in percent of the steps.
const INCIDENTS: usize = 12;
/// The interval and the recheck of the check, as they are by default.
const INTERVAL: Duration = Duration::from_secs(5);
const RECHECK: Duration = Duration::from_millis(250);
/// What the calendar shows at the beginning.
const CALENDAR: Duration = Duration::from_secs(1_700_000_000);

/// What becomes of probes of an address.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Fine,
    Refuses,
    Silent,
    Wrong,
    /// Lost in so many percent.
    Lossy(usize),
}

/// An order as the oracle knows it.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub pool: usize,
    pub endpoint: String,
    pub act: Act,
    pub since: Duration,
    pub until: Option<Duration>,
}

/// Everything at one moment.
pub(super) struct Life {
    chance: Chance,
    pub now: Duration,
    pub model: Model,
    pub snapshot: Arc<Snapshot>,
    pub current: Arc<Current>,
    pub keeper: Keeper,
    probes: BTreeMap<ProbeKey, (Cadence, Duration)>,
    fates: BTreeMap<IpAddr, Fate>,
    /// Whether our own network is cut, by family.
    cut: [bool; 2],
    pub orders: Vec<Given>,
    judge: Judge,
    story: Vec<String>,
}

/// Lives a life of so many steps: runs of probes, or something that happens. What went wrong, with the story up to there.
pub(super) fn live(seed: u64, steps: u64) -> Result<(), String> {
    let mut life = Life::new(seed);
    let outcome = (0..steps).try_for_each(|_| life.step());
    outcome.map_err(|fault| format!("{}\n{}\nat {:?}: {fault}", life.model.config(), life.story.join("\n"), life.now))
}

impl Life {
    fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let model = Model::new(&mut chance);
        let snapshot = compile(&model);
        let (current, keeper) = begin(&snapshot, Duration::ZERO);
        let mut life = Self {
            chance,
            now: Duration::ZERO,
            model,
            snapshot,
            current,
            keeper,
            probes: BTreeMap::new(),
            fates: BTreeMap::new(),
            cut: [false; 2],
            orders: Vec::new(),
            judge: Judge::default(),
            story: Vec::new(),
        };
        life.plan();
        life
    }

    fn step(&mut self) -> Result<(), String> {
        if self.chance.percent(INCIDENTS) {
            self.incident();
        } else {
            self.pass_time();
        }
        self.keeper.publish(self.now);
        let seed = self.chance.number();
        let mut judge = std::mem::take(&mut self.judge);
        let verdict = judge.judge(self, seed);
        self.judge = judge;
        verdict
    }

    /// Time passes until something is due, and what is due is done.
    fn pass_time(&mut self) {
        let due = self.probes.values().map(|(_, due)| *due).chain(self.keeper.next_tick()).min();
        self.now = due.map_or(self.now + INTERVAL, |due| due.max(self.now));
        let due: Vec<ProbeKey> =
            self.probes.iter().filter(|(_, (_, due))| *due <= self.now).map(|(key, _)| key.clone()).collect();
        for key in due {
            let outcome = self.outcome(key.address);
            let dice = self.chance.dice();
            let Some((cadence, due)) = self.probes.get_mut(&key) else { continue };
            let next = cadence.after(&outcome, dice);
            *due = self.now + next.wait.max(Duration::from_millis(1));
            let due = *due;
            self.take(&key, outcome, next.report, due);
        }
    }

    fn take(&mut self, key: &ProbeKey, outcome: Outcome, counts: bool, due: Duration) {
        if counts {
            self.keeper.observe(key, outcome, due, self.now);
        }
    }

    fn outcome(&mut self, address: IpAddr) -> Outcome {
        let fate = self.fates.get(&address).copied().unwrap_or(Fate::Fine);
        let fate = if self.cut[usize::from(address.is_ipv6())] { Fate::Silent } else { fate };
        let lost = |chance: &mut Chance, percent| chance.percent(percent);
        match fate {
            Fate::Refuses => Outcome::fail(Cause::Refused, "refused"),
            Fate::Silent => Outcome::fail(self.chance.one_of(&[Cause::Silent, Cause::Unreachable]), "silent"),
            Fate::Wrong => Outcome::fail(Cause::Wrong, "status 500"),
            Fate::Lossy(percent) if lost(&mut self.chance, percent) => Outcome::fail(Cause::Silent, "lost"),
            Fate::Fine if lost(&mut self.chance, 1) => Outcome::fail(Cause::Ours, "no descriptor"),
            Fate::Fine | Fate::Lossy(_) => Outcome::pass(Duration::from_millis(3)),
        }
    }

    fn incident(&mut self) {
        match self.chance.below(20) {
            0..=7 => self.befall_one(),
            8 => self.befall_all(),
            9 | 10 => self.cut_network(),
            11..=14 => self.order(),
            15 => {
                self.tell("all orders are taken back".to_owned());
                self.orders.clear();
                self.give_orders();
            }
            16 => self.reload(),
            17 => self.restart(),
            _ => {
                // Nobody probes for a while: the machine was asleep.
                self.now += Duration::from_secs(self.chance.below(90) as u64);
                self.judge.oversleep();
                self.tell("time passes".to_owned());
            }
        }
    }

    fn befall_one(&mut self) {
        let addresses = self.addresses();
        let address = self.chance.one_of(&addresses);
        let fate = self.chance.one_of(&[Fate::Fine, Fate::Fine, Fate::Refuses, Fate::Silent, Fate::Wrong, Fate::Lossy(50)]);
        self.fates.insert(address, fate);
        self.tell(format!("{address}: {fate:?}"));
    }

    fn befall_all(&mut self) {
        let fate = self.chance.one_of(&[Fate::Fine, Fate::Fine, Fate::Refuses, Fate::Lossy(30)]);
        self.fates = self.addresses().into_iter().map(|address| (address, fate)).collect();
        self.tell(format!("all: {fate:?}"));
    }

    fn cut_network(&mut self) {
        self.cut = self.chance.one_of(&[[false, false], [false, false], [true, false], [false, true], [true, true]]);
        self.tell(format!("network cut: {:?}", self.cut));
    }

    fn order(&mut self) {
        let endpoints: Vec<(usize, String)> =
            self.model.endpoints().map(|(pool, endpoint)| (pool, endpoint.name.clone())).collect();
        let (pool, endpoint) = endpoints[self.chance.below(endpoints.len())].clone();
        let act = match self.chance.below(6) {
            0 => Act::Drain { over: Duration::from_secs(60) },
            1 => Act::Drain { over: Duration::ZERO },
            2 => Act::Force(Forced::Up),
            3 => Act::Weight(NonZeroU16::new(7).expect("not zero")),
            _ => Act::Force(Forced::Down),
        };
        let until = self.chance.percent(50).then(|| self.now + Duration::from_secs(1 + self.chance.below(120) as u64));
        self.orders.retain(|given| (given.pool, &given.endpoint) != (pool, &endpoint));
        self.tell(format!("n{pool}/{endpoint}: {act:?} until {until:?}"));
        self.orders.push(Given { pool, endpoint, act, since: self.now, until });
        self.give_orders();
    }

    fn give_orders(&mut self) {
        let order = |given: &Given| Order {
            on: Pattern::read(&format!("n{}/{}", given.pool, given.endpoint)).expect("a pattern"),
            act: given.act,
            reason: None,
            since: Some(moment(given.since)),
            until: given.until.map(moment),
        };
        self.keeper.order(Arc::new(Orders::new(self.orders.iter().map(order))));
    }

    fn reload(&mut self) {
        self.model = self.model.changed(&mut self.chance);
        self.snapshot = compile(&self.model);
        self.keeper.load(Arc::clone(&self.snapshot), self.now);
        self.judge.reload(&self.model);
        self.tell(format!("reload\n{}", self.model.config()));
        self.plan();
    }

    fn restart(&mut self) {
        let (memories, _) = self.keeper.memories(None, self.now).expect("all of them");
        let text = write_memories(&memories, moment(self.now));
        self.now += Duration::from_secs(self.chance.below(30) as u64);
        let memories = read_memories(text.as_bytes(), moment(self.now)).expect("what was written");
        (self.current, self.keeper) = begin(&self.snapshot, self.now);
        self.give_orders();
        let torn = self.chance.percent(20);
        if !torn {
            self.keeper.remember(&memories, self.now);
        }
        self.judge = Judge::default();
        self.probes.clear();
        self.plan();
        self.tell(format!("restart, memory {}", if torn { "lost" } else { "kept" }));
    }

    /// A cadence for each probe; those that are known go on.
    fn plan(&mut self) {
        let mut before = std::mem::take(&mut self.probes);
        for probe in self.snapshot.policies.probes() {
            let known = before.remove(&probe.key).unwrap_or_else(|| {
                let cadence = Cadence::new(INTERVAL, RECHECK);
                let wait = cadence.first_wait(self.chance.dice());
                (cadence, self.now + wait)
            });
            self.probes.insert(probe.key.clone(), known);
        }
    }

    fn addresses(&self) -> Vec<IpAddr> {
        self.model.endpoints().flat_map(|(_, endpoint)| endpoint.addresses).flatten().collect()
    }

    fn tell(&mut self, what: String) {
        self.story.push(format!("{:?} {what}", self.now));
    }
}

fn compile(model: &Model) -> Arc<Snapshot> {
    let compiled = Texts::new(&model.config(), &model.zone()).compile();
    compiled.unwrap_or_else(|fault| panic!("{fault}\n{}", model.config())).snapshot
}

fn begin(snapshot: &Arc<Snapshot>, now: Duration) -> (Arc<Current>, Keeper) {
    let steering = Steering::new(&snapshot.policies, &Circumstances::default(), None);
    let current = Arc::new(Current::new(Serving { generation: 1, snapshot: Arc::clone(snapshot), steering }));
    let mut keeper = Keeper::new(Arc::clone(&current), now);
    keeper.set_calendar(moment(now), now);
    (current, keeper)
}

fn moment(now: Duration) -> SystemTime {
    SystemTime::UNIX_EPOCH + CALENDAR + now
}
