//! The table of verdicts: what every probed address amounts to, and what `status` shows of it.
//!
//! Outcomes come in with their time, changes are taken out; what changes by time alone does so in [`Tracker::tick`]. A reload
//! keeps what it knows by [`ProbeKey`]. While a family is blind, its failures do not count. The Keeper owns the one table.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use super::row::Row;
use super::sight::{Blindness, Sight};
use super::{Cause, Memory, Outcome, Planned, ProbeKey, Standing, Verdict};
use crate::wire::{Family, PerFamily};

/// What every address in the plan amounts to.
#[derive(Debug, Default)]
pub struct Tracker {
    rows: BTreeMap<ProbeKey, Row>,
    sights: PerFamily<Sight>,
    /// When time alone changes something of a row.
    due: BTreeSet<(Duration, ProbeKey)>,
    /// Who would be down if somebody else were heard.
    pending: BTreeSet<ProbeKey>,
    changes: Vec<Change>,
}

/// That one address stands otherwise than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which.
    pub key: ProbeKey,
    /// The verdict, if it is another.
    pub verdict: Option<Verdict>,
    /// Whether the verdict may soon be another.
    pub uneasy: bool,
}

impl Tracker {
    /// Takes a new plan: known keys keep verdict and streak, new ones are unknown, others are forgotten.
    pub fn replan(&mut self, plan: &[Planned], references: &[SocketAddr], now: Duration) {
        let mut before = std::mem::take(&mut self.rows);
        // A key that comes twice is asked once.
        let mut asked = Vec::with_capacity(plan.len());
        for planned in plan {
            if let Entry::Vacant(entry) = self.rows.entry(planned.key.clone()) {
                let known = before.remove(&planned.key).map(|row| row.judged_by(planned));
                entry.insert(known.unwrap_or_else(|| Row::new(planned, now)));
                asked.push(planned);
            }
        }
        for family in Family::ALL {
            let asked = asked.iter().copied().filter(|planned| Family::of(planned.key.address) == family);
            let references = references.iter().copied().filter(|reference| Family::of(reference.ip()) == family);
            self.sights[family].replan(asked, references);
        }
        self.pending.retain(|key| self.rows.contains_key(key));
        let due = |(key, row): (&ProbeKey, &Row)| Some((row.due(&self.sights[Family::of(key.address)])?, key.clone()));
        self.due = self.rows.iter().filter_map(due).collect();
    }

    /// Takes verdicts from before a restart for what has none yet; for how many.
    pub fn remember(&mut self, memories: &[Memory], now: Duration) -> usize {
        let mut count = 0;
        for Memory { key, verdict, age } in memories {
            if let Some(row) = self.rows.get_mut(key).filter(|row| row.standing.verdict == Verdict::Unknown) {
                row.standing.remember(*verdict, *age, now);
                count += 1;
            }
        }
        count
    }

    /// What is worth remembering after a restart.
    pub fn memories(&self, now: Duration) -> Vec<Memory> {
        let known = self.rows.iter().filter(|(_, row)| row.standing.verdict != Verdict::Unknown);
        let memory = |(key, row): (&ProbeKey, &Row)| Memory {
            key: key.clone(),
            verdict: row.standing.verdict,
            age: row.standing.age(now),
        };
        known.map(memory).collect()
    }

    /// Takes an outcome; what it changes is told by [`Self::changes`]. One for a key that is not in the plan is ignored.
    pub fn observe(&mut self, key: &ProbeKey, outcome: Outcome, next_probe_at: Duration, now: Duration) {
        if let Some(reference) = key.as_reference() {
            return self.refer(reference, &outcome, now);
        }
        if !self.rows.contains_key(key) {
            return;
        }
        self.look(key, &outcome, now);
        if let Some(row) = self.rows.get_mut(key) {
            let sight = &self.sights[Family::of(key.address)];
            if sight.blind().is_some() {
                row.count_blindly(outcome, sight, now);
            } else {
                row.count(outcome, sight, now);
            }
            row.standing.next_probe_at = Some(next_probe_at);
        }
        self.settle(key, now);
    }

    /// Takes a first failure, which is being repeated: it does not count, but tells whether anybody is heard.
    pub fn doubt(&mut self, key: &ProbeKey, outcome: &Outcome, now: Duration) {
        if !self.rows.contains_key(key) {
            return;
        }
        self.look(key, outcome, now);
        let sight = &self.sights[Family::of(key.address)];
        if let Some(row) = self.rows.get_mut(key).filter(|_| sight.blind().is_none()) {
            row.hint(outcome, sight, now);
        }
    }

    /// Lets time pass: what changes by itself until `now` is told by [`Self::changes`].
    pub fn tick(&mut self, now: Duration) {
        for family in Family::ALL {
            self.sights[family].tick(now);
        }
        while let Some((due, key)) = self.due.first().filter(|(due, _)| *due <= now).cloned() {
            self.due.remove(&(due, key.clone()));
            self.settle(&key, now);
        }
    }

    /// When [`Self::tick`] will have something to do.
    pub fn next_tick(&self) -> Option<Duration> {
        let sights = Family::ALL.map(|family| self.sights[family].next_tick());
        sights.into_iter().flatten().chain(self.due.first().map(|(due, _)| *due)).min()
    }

    /// What has changed since this was asked last, in order.
    pub fn changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// Why the prober does not trust itself for a family, and since when.
    pub fn blind(&self, family: Family) -> Option<(Blindness, Duration)> {
        self.sights[family].blind()
    }

    /// Whether a family has references of which none answers, though its endpoints do.
    pub fn references_are_silent(&self, family: Family) -> bool {
        self.sights[family].disbelieves_references()
    }

    /// The verdict on a key; what is not in the plan is unknown.
    pub fn verdict(&self, key: &ProbeKey) -> Verdict {
        self.rows.get(key).map_or(Verdict::Unknown, |row| row.standing.verdict)
    }

    /// How a key stands, if it is in the plan.
    pub fn standing(&self, key: &ProbeKey) -> Option<&Standing> {
        self.rows.get(key).map(|row| &row.standing)
    }

    /// Everything known, by check, address and port.
    pub fn standings(&self) -> impl Iterator<Item = (&ProbeKey, &Standing)> {
        self.rows.iter().map(|(key, row)| (key, &row.standing))
    }

    /// Whether every key has its verdict; then warm-up is over. Nobody waits for a family that is out of reach while the other is
    /// not: a machine without IPv6 starts as fast as any.
    pub fn all_known(&self) -> bool {
        let sees = |key: &ProbeKey| self.sights[Family::of(key.address)].blind().is_none();
        let mut unknown = self.rows.iter().filter(|(_, row)| row.standing.verdict == Verdict::Unknown).peekable();
        unknown.peek().is_none() || (self.rows.keys().any(sees) && !unknown.any(|(key, _)| sees(key)))
    }

    fn refer(&mut self, reference: SocketAddr, outcome: &Outcome, now: Duration) {
        let family = Family::of(reference.ip());
        let before = self.sights[family].blind().is_some();
        match outcome {
            Outcome::Fail { cause, .. } if cause.may_be_a_cut() => self.sights[family].refer(reference, false, now),
            Outcome::Fail { cause: Cause::Ours, .. } => {}
            Outcome::Pass { .. } | Outcome::Fail { .. } => self.sights[family].refer(reference, true, now),
        }
        self.after_a_look(family, before, now);
    }

    /// What an outcome says of our own network.
    fn look(&mut self, key: &ProbeKey, outcome: &Outcome, now: Duration) {
        let family = Family::of(key.address);
        let sight = &mut self.sights[family];
        let before = sight.blind().is_some();
        match outcome {
            Outcome::Fail { cause, .. } if cause.may_be_a_cut() => sight.miss(key, now),
            Outcome::Fail { cause: Cause::Ours, .. } => sight.try_in_vain(key, now),
            Outcome::Pass { .. } | Outcome::Fail { .. } => sight.hear(key, now),
        }
        self.after_a_look(family, before, now);
    }

    /// Who goes blind forgets the failures that led to it; who hears somebody may believe who is silent.
    fn after_a_look(&mut self, family: Family, blind_before: bool, now: Duration) {
        if !blind_before && self.sights[family].blind().is_some() {
            for (key, row) in self.rows.iter_mut().filter(|(key, _)| Family::of(key.address) == family) {
                if row.forget_failures(now) {
                    self.changes.push(Change { key: key.clone(), verdict: None, uneasy: row.standing.uneasy });
                }
            }
            self.pending.retain(|key| Family::of(key.address) != family);
        }
        let pending: Vec<ProbeKey> = self.pending.iter().filter(|key| Family::of(key.address) == family).cloned().collect();
        pending.iter().for_each(|key| self.settle(key, now));
    }

    /// Brings a row to its verdict, and notes when to look again.
    fn settle(&mut self, key: &ProbeKey, now: Duration) {
        let Some(row) = self.rows.get_mut(key) else { return };
        let sight = &self.sights[Family::of(key.address)];
        let uneasy_before = row.standing.uneasy;
        let changed = row.judge(sight, now);
        if changed || row.standing.uneasy != uneasy_before {
            let verdict = changed.then_some(row.standing.verdict);
            self.changes.push(Change { key: key.clone(), verdict, uneasy: row.standing.uneasy });
        }
        if row.standing.verdict == Verdict::Down {
            self.sights[Family::of(key.address)].bury(key.address);
        }
        let sight = &self.sights[Family::of(key.address)];
        if row.is_pending() {
            self.pending.insert(key.clone());
        } else {
            self.pending.remove(key);
        }
        if let Some(due) = row.due(sight) {
            self.due.insert((due, key.clone()));
        }
    }
}
