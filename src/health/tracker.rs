//! The table of verdicts: what every probed address amounts to, and what `status` shows of it.
//!
//! Outcomes come in with their time, changes are taken out; what changes by time alone does so in [`Tracker::tick`]. A reload
//! keeps what it knows by [`ProbeKey`]. The Keeper owns the one table.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Memory, Outcome, ProbeKey, Standing, Thresholds, Verdict};

/// What every address in the plan amounts to.
#[derive(Debug, Default)]
pub struct Tracker {
    rows: BTreeMap<ProbeKey, Row>,
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

#[derive(Debug)]
struct Row {
    thresholds: Thresholds,
    standing: Standing,
}

impl Tracker {
    /// Takes a new plan: known keys keep verdict and streak, new ones are unknown, others are forgotten.
    pub fn replan(&mut self, plan: impl IntoIterator<Item = (ProbeKey, Thresholds)>, now: Duration) {
        let mut rows = BTreeMap::new();
        for (key, thresholds) in plan {
            let known = self.rows.remove(&key).or_else(|| rows.remove(&key));
            let standing = known.map_or_else(|| Standing::unknown(now), |row: Row| row.standing);
            rows.insert(key, Row { thresholds, standing });
        }
        self.rows = rows;
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
        let Some(row) = self.rows.get_mut(key) else { return };
        let standing = &mut row.standing;
        let uneasy_before = standing.uneasy;
        standing.note(outcome, now);
        standing.next_probe_at = Some(next_probe_at);
        let verdict = standing.judged(row.thresholds);
        let changed = standing.become_now(verdict, now);
        if changed || standing.uneasy != uneasy_before {
            self.changes.push(Change { key: key.clone(), verdict: changed.then_some(verdict), uneasy: standing.uneasy });
        }
    }

    /// Lets time pass: what changes by itself until `now` is told by [`Self::changes`].
    pub fn tick(&mut self, _now: Duration) {}

    /// When [`Self::tick`] will have something to do.
    pub fn next_tick(&self) -> Option<Duration> {
        None
    }

    /// What has changed since this was asked last, in order.
    pub fn changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
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

    /// Whether every key has its verdict; then warm-up is over.
    pub fn all_known(&self) -> bool {
        self.rows.values().all(|row| row.standing.verdict != Verdict::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::health::{Cause, Streak};

    fn key(check: &str, last_octet: u8) -> ProbeKey {
        ProbeKey { check: check.into(), address: [192, 0, 2, last_octet].into(), port: 443, name: None }
    }

    fn outcome(letter: char) -> Outcome {
        match letter {
            'P' => Outcome::pass(Duration::from_millis(7)),
            _ => Outcome::fail(Cause::Refused, "connection refused"),
        }
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn tracker(keys: &[ProbeKey], rise: u32, fall: u32) -> Tracker {
        let mut tracker = Tracker::default();
        tracker.replan(keys.iter().map(|key| (key.clone(), Thresholds { rise, fall })), seconds(0));
        tracker
    }

    /// Outcomes as letters to the verdicts that each one changes to: `u`, `d`, or `-` for no change.
    fn play(tracker: &mut Tracker, key: &ProbeKey, outcomes: &str) -> String {
        let mut observe = |letter| {
            tracker.observe(key, outcome(letter), seconds(2), seconds(1));
            match tracker.changes().into_iter().find_map(|change| change.verdict) {
                Some(Verdict::Up) => 'u',
                Some(Verdict::Down) => 'd',
                Some(Verdict::Unknown) => '?',
                None => '-',
            }
        };
        outcomes.chars().map(&mut observe).collect()
    }

    #[test]
    fn rise_brings_up_and_fall_takes_down() {
        for (rise, fall, outcomes, changes) in [
            (2, 3, "P", "u"),
            (2, 3, "F", "d"),
            (2, 3, "PFFF", "u--d"),
            (2, 3, "PFFPFFF", "u-----d"),
            (2, 3, "FPP", "d-u"),
            (2, 3, "FPFPP", "d---u"),
            (2, 3, "PFFFFFPPFFF", "u--d---u--d"),
            (1, 1, "PFPF", "udud"),
            (3, 1, "FPPP", "d--u"),
        ] {
            let key = key("web", 1);
            assert_eq!(play(&mut tracker(std::slice::from_ref(&key), rise, fall), &key, outcomes), changes, "{outcomes}");
        }
    }

    #[test]
    fn a_replan_keeps_what_stays_and_forgets_what_leaves() {
        let (stays, leaves, comes) = (key("web", 1), key("web", 2), key("web", 3));
        let mut tracker = tracker(&[stays.clone(), leaves.clone()], 2, 3);
        assert!(!tracker.all_known());
        assert_eq!(play(&mut tracker, &stays, "PFF"), "u--");
        assert_eq!(play(&mut tracker, &leaves, "F"), "d");
        assert!(tracker.all_known());

        let thresholds = Thresholds { rise: 2, fall: 3 };
        // The key that stays is named by two pools.
        let plan = [&stays, &comes, &stays].map(|key| (key.clone(), thresholds));
        tracker.replan(plan, seconds(9));
        assert_eq!(tracker.verdict(&comes), Verdict::Unknown);
        assert!(!tracker.all_known(), "the one that came is unknown");
        assert_eq!(tracker.verdict(&leaves), Verdict::Unknown);
        assert_eq!(play(&mut tracker, &leaves, "P"), "-", "a straggler is ignored");
        assert_eq!(play(&mut tracker, &stays, "F"), "d", "the third failure in a row");
        assert_eq!(tracker.standings().map(|(key, _)| key).collect::<Vec<_>>(), [&stays, &comes]);
    }

    #[test]
    fn a_replan_with_other_thresholds_holds_from_the_next_outcome() {
        let key = key("web", 1);
        let mut tracker = tracker(std::slice::from_ref(&key), 2, 9);
        play(&mut tracker, &key, "PFFF");
        tracker.replan([(key.clone(), Thresholds { rise: 2, fall: 2 })], seconds(2));
        assert_eq!(tracker.verdict(&key), Verdict::Up);
        assert_eq!(play(&mut tracker, &key, "F"), "d");
    }

    #[test]
    fn a_standing_tells_what_status_shows() {
        let key = key("web", 1);
        let mut tracker = tracker(std::slice::from_ref(&key), 2, 1);
        tracker.observe(&key, outcome('P'), seconds(15), seconds(10));
        tracker.observe(&key, outcome('F'), seconds(20), seconds(15));
        tracker.observe(&key, outcome('P'), seconds(25), seconds(20));
        let (_, standing) = tracker.standings().next().unwrap();
        let expected = Standing {
            verdict: Verdict::Down,
            since: seconds(15),
            streak: Streak::Passes(1),
            latency: Some(Duration::from_millis(7)),
            last_error: Some((seconds(15), "connection refused".into())),
            last_outcome_at: Some(seconds(20)),
            next_probe_at: Some(seconds(25)),
            uneasy: true,
            ..Standing::default()
        };
        assert_eq!(*standing, expected);
    }

    #[test]
    fn an_empty_plan_is_all_known() {
        assert!(Tracker::default().all_known());
    }

    proptest! {
        #[test]
        fn a_change_needs_its_streak(outcomes in "[PF]{1,60}", rise in 1_u32..5, fall in 1_u32..5) {
            let key = key("web", 1);
            let changes = play(&mut tracker(std::slice::from_ref(&key), rise, fall), &key, &outcomes);
            let ends_with = |end: usize, letter: char, count: u32| {
                outcomes[..end].chars().rev().take_while(|&other| other == letter).count() >= count as usize
            };
            let mut verdict = None;
            for (index, change) in changes.chars().enumerate() {
                if change != '-' {
                    prop_assert_ne!(Some(change), verdict, "a change changes");
                    verdict = Some(change);
                }
                // The first outcome decides alone; after it a full streak always wins and a shorter one never does.
                let (down_due, up_due) = (ends_with(index + 1, 'F', fall), ends_with(index + 1, 'P', rise));
                match (index, change) {
                    (0, _) => prop_assert_eq!(change, if outcomes.starts_with('P') { 'u' } else { 'd' }),
                    (_, 'd') => prop_assert!(down_due),
                    (_, 'u') => prop_assert!(up_due),
                    (_, _) => {
                        prop_assert!(!down_due || verdict == Some('d'), "a full streak of failures takes down");
                        prop_assert!(!up_due || verdict == Some('u'), "a full streak of passes brings up");
                    }
                }
            }
        }
    }
}
