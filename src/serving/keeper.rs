//! The Keeper: the one writer of what answers. It takes events, coalesces them, and publishes.
//!
//! It holds the table of verdicts, so that a reload keeps them by key, and every retired generation until nobody uses it, so
//! that no worker ever frees one. Verdict changes are logged here, where they become true.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};
use tracing::{info, warn};

use super::Current;
use crate::health::{Outcome, ProbeKey, Standing, Tracker, Verdict};
use crate::limits::EVENTS_QUEUED_MAX;
use crate::snapshot::{Serving, Snapshot, Steering};

/// How often retired generations are looked at, besides at each event.
const RETIREMENT_INTERVAL: Duration = Duration::from_secs(1);

/// Everything that may change what answers.
#[derive(Debug)]
pub enum Event {
    /// A probe came to an outcome.
    Probed {
        /// Which.
        key: ProbeKey,
        /// What came of it.
        outcome: Outcome,
        /// When the next one is due, since the start.
        next_probe_at: Duration,
    },
    /// A new snapshot was compiled; told when it answers.
    Loaded(Arc<Snapshot>, oneshot::Sender<()>),
    /// Somebody wants to know how things stand.
    Survey(oneshot::Sender<Survey>),
}

/// How things stand, for `status` and `explain`.
#[derive(Debug)]
pub struct Survey {
    /// What answers.
    pub serving: Arc<Serving>,
    /// The time of the survey, since the start.
    pub now: Duration,
    /// What every probe came to, by its index.
    pub standings: Vec<Option<Standing>>,
}

/// The one writer.
#[derive(Debug)]
pub struct Keeper {
    current: Arc<Current>,
    tracker: Tracker,
    started: Instant,
    retired: Vec<Arc<Serving>>,
    known: watch::Sender<bool>,
}

impl Keeper {
    /// Begins to keep `current`; `started` is where all times count from. Gives the way to send events, and what tells when
    /// every probed address has its verdict. The Keeper ends when nobody can send any more.
    pub fn start(current: Arc<Current>, started: Instant) -> (mpsc::Sender<Event>, watch::Receiver<bool>) {
        let (sender, events) = mpsc::channel(EVENTS_QUEUED_MAX);
        let (known, all_known) = watch::channel(false);
        let mut keeper = Self { current, tracker: Tracker::default(), started, retired: Vec::new(), known };
        let snapshot = Arc::clone(&keeper.current.load().snapshot);
        keeper.replan(&snapshot);
        // Where nothing is checked, nobody need wait.
        keeper.known.send_replace(keeper.tracker.all_known());
        tokio::spawn(keeper.run(events));
        (sender, all_known)
    }

    async fn run(mut self, mut events: mpsc::Receiver<Event>) {
        let mut batch = Vec::new();
        loop {
            let wait = tokio::time::timeout(RETIREMENT_INTERVAL, events.recv_many(&mut batch, EVENTS_QUEUED_MAX));
            if wait.await == Ok(0) {
                return;
            }
            self.take(batch.drain(..));
            // A generation that only we hold is freed here, never by a worker in the middle of its queries.
            self.retired.retain(|serving| Arc::strong_count(serving) > 1);
        }
    }

    /// Takes all events that have come and publishes once.
    fn take(&mut self, events: impl Iterator<Item = Event>) {
        let mut loaded = None;
        let mut waiting = Vec::new();
        let mut surveys = Vec::new();
        let mut changed = false;
        for event in events {
            match event {
                Event::Probed { key, outcome, next_probe_at } => changed |= self.observe(&key, outcome, next_probe_at),
                Event::Loaded(snapshot, done) => {
                    self.replan(&snapshot);
                    loaded = Some(snapshot);
                    waiting.push(done);
                }
                Event::Survey(reply) => surveys.push(reply),
            }
        }
        if changed || loaded.is_some() {
            self.publish(loaded);
        }
        self.known.send_replace(self.tracker.all_known());
        // Whoever has gone meanwhile needs no answer.
        for done in waiting {
            let _ = done.send(());
        }
        for reply in surveys {
            let _ = reply.send(self.survey());
        }
    }

    fn observe(&mut self, key: &ProbeKey, outcome: Outcome, next_probe_at: Duration) -> bool {
        let reason = match &outcome {
            Outcome::Pass { .. } => None,
            Outcome::Fail { reason } => Some(Arc::clone(reason)),
        };
        let Some(verdict) = self.tracker.observe(key, outcome, next_probe_at, self.started.elapsed()) else { return false };
        let ProbeKey { check, address, port, name } = key;
        let name = name.as_deref();
        let endpoint = self.names_of(key);
        match (verdict, reason) {
            (Verdict::Down, reason) => {
                warn!(endpoint, %check, %address, port, name, reason = reason.as_deref(), "endpoint is down")
            }
            (Verdict::Up | Verdict::Unknown, _) => info!(endpoint, %check, %address, port, name, "endpoint is up"),
        }
        true
    }

    /// The endpoints that a key judges, for the log.
    fn names_of(&self, key: &ProbeKey) -> String {
        let serving = self.current.load();
        let policies = &serving.snapshot.policies;
        let index = (0..).zip(policies.probes()).find(|(_, probe)| probe.key == *key).map(|(index, _)| index);
        index.map(|index| policies.endpoints_of(index).join(" ")).unwrap_or_default()
    }

    /// Verdicts live on by key; what is no longer probed is forgotten.
    fn replan(&mut self, snapshot: &Snapshot) {
        let plan = snapshot.policies.probes().iter().map(|probe| (probe.key.clone(), probe.thresholds));
        self.tracker.replan(plan, self.started.elapsed());
    }

    fn publish(&mut self, loaded: Option<Arc<Snapshot>>) {
        let before = self.current.load();
        // States are shared with the generation before only while the policies are the same ones.
        let same_policies = loaded.is_none();
        let snapshot = loaded.unwrap_or_else(|| Arc::clone(&before.snapshot));
        let probes = snapshot.policies.probes();
        let verdict = |index: u32| probes.get(index as usize).map_or(Verdict::Unknown, |probe| self.tracker.verdict(&probe.key));
        let steering = Steering::new(&snapshot.policies, verdict, same_policies.then_some(&before.steering));
        let next = Arc::new(Serving { generation: before.generation + 1, snapshot, steering });
        drop(before);
        self.retired.extend(self.current.publish(&next));
    }

    fn survey(&self) -> Survey {
        let serving = self.current.load();
        let standings: HashMap<_, _> = self.tracker.standings().collect();
        let probes = serving.snapshot.policies.probes().iter();
        Survey {
            now: self.started.elapsed(),
            standings: probes.map(|probe| standings.get(&probe.key).map(|standing| (*standing).clone())).collect(),
            serving: Arc::clone(&serving),
        }
    }
}
