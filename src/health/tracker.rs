//! The table of verdicts: what every probed address amounts to, and what `status` shows of it.
//!
//! The first outcome of an address decides alone; after that `rise` passes in a row bring up and `fall` failures in a row take
//! down. A reload keeps what it knows by [`ProbeKey`]. The Keeper owns the one table.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Outcome, ProbeKey, Thresholds, Verdict};

/// What every address in the plan amounts to.
#[derive(Debug, Default)]
pub struct Tracker {
    rows: BTreeMap<ProbeKey, Row>,
}

/// What is known of one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What its outcomes amount to.
    pub verdict: Verdict,
    /// When it came to that.
    pub since: Duration,
    /// Outcomes of one kind in a row.
    pub streak: Streak,
    /// How long the latest pass took.
    pub latency: Option<Duration>,
    /// When it failed last, and why.
    pub last_error: Option<(Duration, Arc<str>)>,
    /// When the latest outcome came.
    pub last_outcome_at: Option<Duration>,
    /// When the next probe is due.
    pub next_probe_at: Option<Duration>,
}

/// Outcomes of one kind in a row, up to now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streak {
    /// So many passes; 0 before the first outcome.
    Passes(u32),
    /// So many failures.
    Failures(u32),
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

    /// Takes an outcome; the verdict if this changed it. An outcome for a key that is not in the plan is ignored.
    pub fn observe(&mut self, key: &ProbeKey, outcome: Outcome, next_probe_at: Duration, now: Duration) -> Option<Verdict> {
        let row = self.rows.get_mut(key)?;
        row.standing.note(outcome, now);
        row.standing.next_probe_at = Some(next_probe_at);
        let verdict = row.standing.judged(row.thresholds);
        if verdict == row.standing.verdict {
            return None;
        }
        row.standing.verdict = verdict;
        row.standing.since = now;
        Some(verdict)
    }

    /// The verdict on a key; what is not in the plan is unknown.
    pub fn verdict(&self, key: &ProbeKey) -> Verdict {
        self.rows.get(key).map_or(Verdict::Unknown, |row| row.standing.verdict)
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

impl Standing {
    fn unknown(now: Duration) -> Self {
        Self {
            verdict: Verdict::Unknown,
            since: now,
            streak: Streak::Passes(0),
            latency: None,
            last_error: None,
            last_outcome_at: None,
            next_probe_at: None,
        }
    }

    fn note(&mut self, outcome: Outcome, now: Duration) {
        self.last_outcome_at = Some(now);
        self.streak = self.streak.extended(&outcome);
        match outcome {
            Outcome::Pass { latency } => self.latency = Some(latency),
            Outcome::Fail { reason } => self.last_error = Some((now, reason)),
        }
    }

    fn judged(&self, thresholds: Thresholds) -> Verdict {
        match (self.verdict, self.streak) {
            (Verdict::Unknown, Streak::Passes(_)) => Verdict::Up,
            (Verdict::Unknown, Streak::Failures(_)) => Verdict::Down,
            (Verdict::Down, Streak::Passes(passes)) if passes >= thresholds.rise => Verdict::Up,
            (Verdict::Up, Streak::Failures(failures)) if failures >= thresholds.fall => Verdict::Down,
            (verdict @ (Verdict::Up | Verdict::Down), Streak::Passes(_) | Streak::Failures(_)) => verdict,
        }
    }
}

impl Streak {
    fn extended(self, outcome: &Outcome) -> Self {
        match (self, outcome) {
            (Self::Passes(passes), Outcome::Pass { .. }) => Self::Passes(passes.saturating_add(1)),
            (Self::Failures(_), Outcome::Pass { .. }) => Self::Passes(1),
            (Self::Failures(failures), Outcome::Fail { .. }) => Self::Failures(failures.saturating_add(1)),
            (Self::Passes(_), Outcome::Fail { .. }) => Self::Failures(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(check: &str, last_octet: u8) -> ProbeKey {
        ProbeKey { check: check.into(), address: [192, 0, 2, last_octet].into(), port: 443, name: None }
    }

    fn outcome(letter: char) -> Outcome {
        match letter {
            'P' => Outcome::Pass { latency: Duration::from_millis(7) },
            _ => Outcome::fail("connection refused"),
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
        let mut observe = |letter| match tracker.observe(key, outcome(letter), seconds(2), seconds(1)) {
            Some(Verdict::Up) => 'u',
            Some(Verdict::Down) => 'd',
            Some(Verdict::Unknown) => '?',
            None => '-',
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
        assert_eq!(tracker.observe(&leaves, outcome('P'), seconds(2), seconds(1)), None, "a straggler is ignored");
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
