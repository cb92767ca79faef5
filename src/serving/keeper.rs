//! The Keeper: the one writer of what answers. It takes outcomes, loads and alarms with their time, and publishes.
//!
//! It holds the table of verdicts, so that a reload keeps them by key, and every retired generation until nobody uses it, so
//! that no worker ever frees one. It waits for nothing and knows no clock: `shell.rs` drives it, and so can a simulation on
//! virtual time. Verdict changes and alarms are logged here, where they become true.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tracing::{info, warn};

use super::in_force::InForce;
use super::moderation::Moderation;
use super::names::Names;
use super::news::News;
use super::renewals::{Renewal, Renewals};
use super::{Current, doubt};
use crate::config::NodeId;
use crate::health::{Alarm, Alarms, Blindness, Change, Memory, Orders, Outcome, ProbeKey, Standing, Tracker, Verdict};
use crate::limits::NEWS_QUEUED_MAX;
use crate::snapshot::{Circumstances, Serving, Snapshot, Steering, Treatment};
use crate::wire::{Family, PerFamily};

/// How things stand, for `status` and `explain`.
#[derive(Debug)]
pub struct Survey {
    /// What answers.
    pub serving: Arc<Serving>,
    /// The time of the survey, since the start.
    pub now: Duration,
    /// What every probe came to, by its index.
    pub standings: Vec<Option<Standing>>,
    /// The alarms that are up.
    pub alarms: Alarms,
    /// The orders that hold, or have ended and are not swept away yet.
    pub orders: Arc<Orders>,
    /// What the calendar shows at the time of the survey.
    pub moment: SystemTime,
    /// How single endpoints are treated beside their verdicts, by pool and index.
    pub treatments: BTreeMap<(NodeId, u16), Treatment>,
}

/// The one writer.
#[derive(Debug)]
pub struct Keeper {
    current: Arc<Current>,
    tracker: Tracker,
    alarms: Alarms,
    in_force: InForce,
    moderation: Moderation,
    renewals: Renewals,
    /// How often a verdict has changed.
    changes: u64,
    /// Why the prober does not trust itself, and whether it does not trust its references.
    doubts: PerFamily<(Option<Blindness>, bool)>,
    /// What orders and moderation make of single endpoints in what answers.
    treatments: BTreeMap<(NodeId, u16), Treatment>,
    /// What probes are called.
    names: Names,
    /// What nobody was told yet.
    news: Vec<News>,
    retired: Vec<Arc<Serving>>,
    /// A snapshot that does not answer yet.
    loaded: Option<Arc<Snapshot>>,
    /// Whether what answers is not what follows from the verdicts.
    stale: bool,
}

impl Keeper {
    /// Begins to keep `current`.
    pub fn new(current: Arc<Current>, now: Duration) -> Self {
        let mut keeper = Self {
            current,
            tracker: Tracker::default(),
            alarms: Alarms::default(),
            in_force: InForce::new(),
            moderation: Moderation::default(),
            renewals: Renewals::default(),
            changes: 0,
            doubts: PerFamily::default(),
            treatments: BTreeMap::new(),
            names: Names::default(),
            news: Vec::new(),
            retired: Vec::new(),
            loaded: None,
            stale: false,
        };
        let snapshot = Arc::clone(&keeper.current.load().snapshot);
        keeper.replan(&snapshot, now);
        keeper.moderation.replan(&snapshot);
        keeper
    }

    /// Takes an outcome.
    pub fn observe(&mut self, key: &ProbeKey, outcome: Outcome, next_probe_at: Duration, now: Duration) {
        match self.renewals.observe(key, &outcome) {
            Some(Renewal::Due(subject, text)) => self.raise(Alarm::CertificateEnds, &subject, &text, now),
            Some(Renewal::Done(subject)) => self.clear(Alarm::CertificateEnds, &subject, now),
            None => {}
        }
        self.tracker.observe(key, outcome, next_probe_at, now);
        self.take_changes(now);
    }

    /// Takes a first failure, which is being repeated before it counts.
    pub fn doubt(&mut self, key: &ProbeKey, outcome: &Outcome, now: Duration) {
        self.tracker.doubt(key, outcome, now);
        self.take_changes(now);
    }

    /// Takes a new snapshot: verdicts live on by key; what is no longer probed is forgotten.
    pub fn load(&mut self, snapshot: Arc<Snapshot>, now: Duration) {
        self.replan(&snapshot, now);
        self.loaded = Some(snapshot);
        self.stale = true;
    }

    /// Takes other orders.
    pub fn order(&mut self, orders: Arc<Orders>) {
        self.in_force.take(orders);
    }

    /// The calendar shows this now; orders end by it.
    pub fn set_calendar(&mut self, shows: SystemTime, now: Duration) {
        self.in_force.set_calendar(shows, now);
    }

    /// Takes verdicts from before a restart for what has none yet.
    pub fn remember(&mut self, memories: &[Memory], now: Duration) {
        let remembered = self.tracker.remember(memories, now);
        if remembered > 0 {
            self.stale = true;
            info!(remembered, "verdicts from before the restart hold until there are new ones");
        }
    }

    /// All verdicts, to be remembered, and how often one has changed; nothing if none has since it was so often.
    pub fn memories(&self, since: Option<u64>, now: Duration) -> Option<(Vec<Memory>, u64)> {
        (since != Some(self.changes)).then(|| (self.tracker.memories(now), self.changes))
    }

    /// Raises an alarm, with what it is about and what helps.
    pub fn raise(&mut self, alarm: Alarm, subject: &Arc<str>, text: &Arc<str>, now: Duration) {
        if self.alarms.raise(alarm, subject, Arc::clone(text), now) {
            warn!(alarm = alarm.name(), %subject, "{text}");
            self.note(News::Alarm { alarm, subject: Arc::clone(subject), on: true, text: Arc::clone(text) });
        }
    }

    /// Clears an alarm.
    pub fn clear(&mut self, alarm: Alarm, subject: &Arc<str>, now: Duration) {
        if let Some(raised) = self.alarms.clear(alarm, subject) {
            let lasted = now.saturating_sub(raised.since);
            info!(alarm = alarm.name(), %subject, ?lasted, "the alarm is over");
            self.note(News::Alarm { alarm, subject: Arc::clone(subject), on: false, text: raised.text });
        }
    }

    /// Lets time pass, and makes all that was taken answer: one generation, or none if nothing changed.
    pub fn publish(&mut self, now: Duration) {
        self.tracker.tick(now);
        self.take_changes(now);
        if self.loaded.is_some() || self.in_force.is_due(now) {
            let current = self.current.load();
            let snapshot = self.loaded.as_ref().unwrap_or(&current.snapshot);
            self.stale |= self.in_force.renew(&snapshot.policies, now);
        }
        let moderation_is_due = self.moderation.next().is_some_and(|next| next <= now);
        if std::mem::take(&mut self.stale) || moderation_is_due {
            self.publish_next(now);
            self.tell_limits(now);
        }
        // A generation that only we hold is freed here, never by a worker in the middle of its queries.
        self.retired.retain(|serving| Arc::strong_count(serving) > 1);
    }

    /// When time alone will change something, since the start.
    pub fn next_tick(&self) -> Option<Duration> {
        let ticks = [self.tracker.next_tick(), self.in_force.next_tick(), self.moderation.next()];
        ticks.into_iter().flatten().min()
    }

    /// Whether every probed address has its verdict.
    pub fn all_known(&self) -> bool {
        self.tracker.all_known()
    }

    /// How things stand.
    pub fn survey(&self, now: Duration) -> Survey {
        let serving = self.current.load();
        let standings: HashMap<_, _> = self.tracker.standings().collect();
        let probes = serving.snapshot.policies.probes().iter();
        Survey {
            now,
            standings: probes.map(|probe| standings.get(&probe.key).map(|standing| (*standing).clone())).collect(),
            alarms: self.alarms.clone(),
            orders: Arc::clone(self.in_force.orders()),
            moment: self.in_force.moment(now),
            treatments: self.treatments.clone(),
            serving: Arc::clone(&serving),
        }
    }

    fn replan(&mut self, snapshot: &Snapshot, now: Duration) {
        self.tracker.replan(&snapshot.policies.plan(), snapshot.policies.references(), now);
        for subject in self.renewals.replan(snapshot.policies.probes().iter().map(|probe| &probe.key)) {
            self.clear(Alarm::CertificateEnds, &subject, now);
        }
        self.changes += 1;
        self.take_changes(now);
    }

    /// What changed since this was asked last.
    pub fn news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }

    /// Where nobody asks for the news, it is not kept for ever.
    fn note(&mut self, news: News) {
        if self.news.len() < NEWS_QUEUED_MAX {
            self.news.push(news);
        }
    }

    fn take_changes(&mut self, now: Duration) {
        self.take_blindness(now);
        for Change { key, verdict, uneasy: _ } in self.tracker.changes() {
            self.stale = self.stale || verdict.is_some() || self.current.load().snapshot.policies.follow_confidence();
            let Some(verdict) = verdict else { continue };
            self.changes += 1;
            let ProbeKey { check, address, port, name } = &key;
            let (port, name) = (Some(*port).filter(|port| *port != 0), name.as_deref());
            let endpoint = self.names.of(&self.current.load().snapshot.policies, &key);
            let standing = self.tracker.standing(&key);
            let reason = standing.and_then(|standing| standing.last_error.as_ref()).map(|(_, why)| Arc::clone(why));
            // At a start everything comes up, which nobody needs to be told.
            let came_back = standing.is_some_and(|standing| standing.recovering_since.is_some());
            match verdict {
                Verdict::Down => {
                    warn!(endpoint, %check, %address, port, name, reason = reason.as_deref(), "endpoint is down");
                    self.note(News::Verdict { key, endpoints: endpoint, verdict, reason });
                }
                Verdict::Up | Verdict::Unknown => {
                    info!(endpoint, %check, %address, port, name, "endpoint is up");
                    if came_back {
                        self.note(News::Verdict { key, endpoints: endpoint, verdict, reason: None });
                    }
                }
            }
        }
    }

    /// Raises and clears the alarms of each family that the prober does not trust itself for.
    fn take_blindness(&mut self, now: Duration) {
        for family in Family::ALL {
            let blind = self.tracker.blind(family).map(|(why, _)| why);
            let dumb = self.tracker.references_are_silent(family);
            if (blind, dumb) == self.doubts[family] {
                continue;
            }
            self.doubts[family] = (blind, dumb);
            self.stale = true;
            let subject = Arc::from(family.name());
            self.tell(Alarm::ProberBlind, &subject, blind.map(|why| doubt::of_itself(why, family)), now);
            self.tell(Alarm::ReferencesSilent, &subject, dumb.then(|| doubt::of_references(family)), now);
        }
    }

    fn tell(&mut self, alarm: Alarm, subject: &Arc<str>, text: Option<Arc<str>>, now: Duration) {
        match text {
            Some(text) => self.raise(alarm, subject, &text, now),
            None => self.clear(alarm, subject, now),
        }
    }

    fn publish_next(&mut self, now: Duration) {
        let before = self.current.load();
        let loaded = self.loaded.take();
        // States are shared with the generation before only while the policies are the same ones.
        let same_policies = loaded.is_none();
        if let Some(loaded) = &loaded {
            self.moderation.replan(loaded);
        }
        let snapshot = loaded.unwrap_or_else(|| Arc::clone(&before.snapshot));
        let mut circumstances = self.circumstances(&snapshot);
        self.moderation.soften(&mut circumstances, now);
        let steering = Steering::new(&snapshot.policies, &circumstances, same_policies.then_some(&before.steering));
        self.moderation.note(&steering, now);
        self.treatments = circumstances.treatments;
        let next = Arc::new(Serving { generation: before.generation + 1, snapshot, steering });
        drop(before);
        self.retired.extend(self.current.publish(&next));
    }

    /// What the verdicts are and how sure, and what orders make of them.
    fn circumstances(&self, snapshot: &Snapshot) -> Circumstances {
        let standings = snapshot.policies.probes().iter().map(|probe| self.tracker.standing(&probe.key));
        let mut circumstances = Circumstances {
            treatments: self.in_force.treatments().clone(),
            blind: PerFamily::new(|family| self.tracker.blind(family).is_some()),
            ..Circumstances::default()
        };
        for (probe, standing) in (0..).zip(standings) {
            circumstances.verdicts.push(standing.map_or(Verdict::Unknown, |standing| standing.verdict));
            if standing.is_some_and(|standing| standing.uneasy) {
                circumstances.uneasy.insert(probe);
            }
        }
        circumstances
    }

    /// Raises and clears the alarms about `max_removed`.
    fn tell_limits(&mut self, now: Duration) {
        let limited = self.moderation.limited();
        let raised = self.alarms.raised().filter(|(alarm, ..)| *alarm == Alarm::RemovalLimited);
        let gone: Vec<Arc<str>> =
            raised.filter(|(_, policy, _)| !limited.contains_key(*policy)).map(|(_, policy, _)| Arc::clone(policy)).collect();
        for subject in gone {
            self.clear(Alarm::RemovalLimited, &subject, now);
        }
        for (name, (percent, count)) in &limited {
            let addresses =
                if *count == 1 { "1 address is down but stays" } else { &format!("{count} addresses are down but stay") };
            let text = format!("{addresses} in, because health may take out at most {percent} % of the policy in a minute");
            self.raise(Alarm::RemovalLimited, name, &text.into(), now);
        }
    }
}
