//! The prober on virtual time: each endpoint has its cadence, each run its fate, and the tracker is told what comes of it.
//! What happens to whom is a function of address and time that the test writes.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::BinaryHeap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::{millis, seconds};
use crate::health::{Cadence, Cause, HoldDown, Outcome, Planned, ProbeKey, Thresholds, Tracker, Verdict};
use crate::limits::{PROBE_JITTER_DIVISOR, RECHECK_DELAY, REFERENCE_INTERVAL};
use crate::wire::Family;

/// What becomes of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Answers,
    Refuses,
    Silent,
    NoRoute,
    Ours,
}

/// How all endpoints of a world are asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Check {
    pub(super) interval: Duration,
    pub(super) timeout: Duration,
    pub(super) rise: u32,
    pub(super) fall: u32,
    pub(super) hold_down: Option<HoldDown>,
}

pub(super) const CHECK: Check = Check { interval: seconds(1), timeout: millis(500), rise: 2, fall: 2, hold_down: None };

/// A prober without sockets, and what it found.
pub(super) struct World<F> {
    pub(super) tracker: Tracker,
    pub(super) now: Duration,
    /// What verdicts changed to, with the time.
    pub(super) story: Vec<(Duration, IpAddr, Verdict)>,
    fate: F,
    check: Check,
    runs: BinaryHeap<Reverse<(Duration, usize)>>,
    asked: Vec<(ProbeKey, Cadence, Duration)>,
    /// Outcomes on their way, by when they arrive.
    arriving: BTreeMap<(Duration, usize), Outcome>,
    dice: u64,
}

impl<F: FnMut(IpAddr, Duration) -> Fate> World<F> {
    /// Endpoints with their places, and references; `fate` decides every run.
    pub(super) fn new(check: Check, endpoints: &[(IpAddr, u32)], references: &[SocketAddr], seed: u64, fate: F) -> Self {
        let mut tracker = Tracker::default();
        let key = |address| ProbeKey { check: "web".into(), address, port: 443, name: None };
        let planned = |&(address, place): &(IpAddr, u32)| Planned {
            key: key(address),
            thresholds: Thresholds { rise: check.rise, fall: check.fall },
            hold_down: check.hold_down,
            place,
            timeout: check.timeout,
            round: check.interval + check.interval / PROBE_JITTER_DIVISOR + check.timeout,
        };
        let plan: Vec<Planned> = endpoints.iter().map(planned).collect();
        tracker.replan(&plan, references, Duration::ZERO);
        let endpoints = plan.into_iter().map(|planned| (planned.key, Cadence::new(check.interval, RECHECK_DELAY), check.timeout));
        let references = references.iter().map(|reference| {
            (ProbeKey::reference(*reference), Cadence::new(REFERENCE_INTERVAL, RECHECK_DELAY), REFERENCE_INTERVAL)
        });
        let mut world = Self {
            tracker,
            now: Duration::ZERO,
            story: Vec::new(),
            fate,
            check,
            runs: BinaryHeap::new(),
            asked: endpoints.chain(references).collect(),
            arriving: BTreeMap::new(),
            dice: seed,
        };
        for index in 0..world.asked.len() {
            let dice = world.throw();
            world.runs.push(Reverse((world.asked[index].1.first_wait(dice), index)));
        }
        world
    }

    /// Lets everything happen until `end`.
    pub(super) fn run_until(&mut self, end: Duration) {
        loop {
            let run = self.runs.peek().map(|Reverse((at, _))| *at);
            let arrival = self.arriving.keys().next().map(|(at, _)| *at);
            let tick = self.tracker.next_tick();
            let Some(next) = [run, arrival, tick].into_iter().flatten().min().filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            if tick == Some(next) {
                self.tracker.tick(self.now);
                assert!(self.tracker.next_tick().is_none_or(|tick| tick > self.now), "a tick does what was due");
            } else if arrival == Some(next) {
                let ((_, index), outcome) = self.arriving.pop_first().unwrap();
                self.arrive(index, outcome);
            } else {
                let Reverse((_, index)) = self.runs.pop().unwrap();
                self.begin(index);
            }
            self.note_changes();
        }
        self.now = end;
    }

    pub(super) fn is_blind(&self, family: Family) -> bool {
        self.tracker.blind(family).is_some()
    }

    /// Who is down now.
    pub(super) fn down(&self) -> Vec<IpAddr> {
        let down = self.tracker.standings().filter(|(_, standing)| standing.verdict == Verdict::Down);
        down.map(|(key, _)| key.address).collect()
    }

    /// How many have the verdict.
    pub(super) fn count(&self, verdict: Verdict) -> usize {
        self.tracker.standings().filter(|(_, standing)| standing.verdict == verdict).count()
    }

    fn begin(&mut self, index: usize) {
        let (key, _, timeout) = &self.asked[index];
        let lasts = millis(5);
        let (lasts, outcome) = match (self.fate)(key.address, self.now) {
            Fate::Answers => (lasts, Outcome::pass(lasts)),
            Fate::Refuses => (lasts, Outcome::fail(Cause::Refused, "connection refused")),
            Fate::Silent => (*timeout, Outcome::fail(Cause::Silent, "no answer")),
            Fate::NoRoute => (Duration::ZERO, Outcome::fail(Cause::Unreachable, "network unreachable")),
            Fate::Ours => (Duration::ZERO, Outcome::fail(Cause::Ours, "too many open files")),
        };
        self.arriving.insert((self.now + lasts, index), outcome);
    }

    fn arrive(&mut self, index: usize, outcome: Outcome) {
        let dice = self.throw();
        let (key, cadence, timeout) = &mut self.asked[index];
        let silent = matches!(outcome, Outcome::Fail { cause: Cause::Silent, .. });
        let begun = self.now.saturating_sub(if silent { *timeout } else { Duration::ZERO });
        let next = cadence.after(&outcome, dice);
        let due = (begun + next.wait).max(self.now);
        if next.report {
            self.tracker.observe(key, outcome, due, self.now);
        } else {
            self.tracker.doubt(key, &outcome, self.now);
        }
        self.runs.push(Reverse((due, index)));
    }

    fn note_changes(&mut self) {
        for change in self.tracker.changes() {
            let standing = self.tracker.standing(&change.key).unwrap();
            assert_eq!(change.uneasy, standing.uneasy);
            if let Some(verdict) = change.verdict {
                let in_a_row = standing.streak;
                assert_eq!(verdict, standing.verdict, "{in_a_row:?} with {:?}", self.check);
                self.story.push((self.now, change.key.address, verdict));
            }
        }
    }

    /// SplitMix64.
    fn throw(&mut self) -> u32 {
        self.dice = self.dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.dice ^ (self.dice >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed >> 32) as u32
    }
}

/// So many IPv4 endpoints in each of so many places: 10.0.PLACE.NUMBER.
pub(super) fn endpoints(places: u8, each: u8) -> Vec<(IpAddr, u32)> {
    let in_place = |place: u8| (1..=each).map(move |number| (IpAddr::from([10, 0, place, number]), u32::from(place)));
    (0..places).flat_map(in_place).collect()
}

/// The place of an address that [`endpoints`] made.
pub(super) fn place(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(address) => address.octets()[2],
        IpAddr::V6(address) => address.octets()[14],
    }
}

/// The IPv6 address of the same endpoint.
pub(super) fn in_v6(endpoints: &[(IpAddr, u32)]) -> Vec<(IpAddr, u32)> {
    let number = |address: IpAddr| match address {
        IpAddr::V4(address) => address.octets()[3],
        IpAddr::V6(_) => 0,
    };
    let twin = |&(address, of): &(IpAddr, u32)| {
        let group = u16::from(place(address)) << 8 | u16::from(number(address));
        (IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, group]), of)
    };
    endpoints.iter().map(twin).collect()
}
