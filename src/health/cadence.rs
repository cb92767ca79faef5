//! The rhythm of one probe: when it runs next, and whether an outcome counts.
//!
//! A first failure is repeated once, soon, before it counts: a lost packet or a worker's restart is no news. Jitter keeps
//! thousands of endpoints from being probed at the same moment. Time and dice are the caller's.

use std::time::Duration;

use super::{Cause, Outcome};
use crate::limits::{PROBE_JITTER_DIVISOR, PROBE_START_SPREAD};

/// The state of one probe's rhythm.
#[derive(Clone, Debug)]
pub struct Cadence {
    interval: Duration,
    /// How soon a first failure is repeated.
    recheck: Duration,
    last: Last,
    /// Whether an outcome was reported before.
    begun: bool,
}

/// What to do after a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next {
    /// Whether the outcome counts.
    pub report: bool,
    /// From the start of this run to the start of the next; if that is past, the next is due at once.
    pub wait: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    /// It passed, or there was none.
    Pass,
    /// The first failure, which is being repeated.
    Doubt,
    /// A failure that counted.
    Failure,
}

impl Cadence {
    /// Begins with no run yet.
    pub fn new(interval: Duration, recheck: Duration) -> Self {
        Self { interval, recheck: recheck.min(interval), last: Last::Pass, begun: false }
    }

    /// The wait before the first run: short, because somebody waits for the verdict.
    pub fn first_wait(&self, dice: u32) -> Duration {
        share(PROBE_START_SPREAD.min(self.interval), dice)
    }

    /// Takes a run's outcome.
    pub fn after(&mut self, outcome: &Outcome, dice: u32) -> Next {
        match (self.last, outcome) {
            // Our own fault says nothing of the endpoint: it neither begins a doubt nor ends one.
            (_, Outcome::Fail { cause: Cause::Ours, .. }) => Next { report: true, wait: self.next_wait(dice) },
            (Last::Pass, Outcome::Fail { .. }) => {
                self.last = Last::Doubt;
                Next { report: false, wait: self.recheck }
            }
            (Last::Doubt | Last::Failure, Outcome::Fail { .. }) => {
                self.last = Last::Failure;
                Next { report: true, wait: self.next_wait(dice) }
            }
            (Last::Pass | Last::Doubt | Last::Failure, Outcome::Pass { .. }) => {
                self.last = Last::Pass;
                Next { report: true, wait: self.next_wait(dice) }
            }
        }
    }

    /// Takes news that the endpoint may have died: the next run is the repeat of a first failure.
    pub fn doubt(&mut self) {
        if self.last == Last::Pass {
            self.last = Last::Doubt;
        }
    }

    /// Full jitter once, so that endpoints that began together are spread over the interval; a little ever after.
    fn next_wait(&mut self, dice: u32) -> Duration {
        if !std::mem::replace(&mut self.begun, true) {
            return share(self.interval, dice);
        }
        let swing = self.interval / PROBE_JITTER_DIVISOR;
        self.interval - swing + share(swing * 2, dice)
    }
}

/// The part of a duration that 32 random bits fall on.
fn share(whole: Duration, dice: u32) -> Duration {
    whole.mul_f64(f64::from(dice) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const INTERVAL: Duration = Duration::from_secs(5);
    const RECHECK: Duration = Duration::from_millis(250);
    const MIDDLE: u32 = u32::MAX / 2;

    fn outcome(letter: char) -> Outcome {
        match letter {
            'P' => Outcome::pass(Duration::from_millis(1)),
            'O' => Outcome::fail(Cause::Ours, "no descriptor"),
            _ => Outcome::fail(Cause::Refused, "refused"),
        }
    }

    /// Runs as letters to what happens: a capital is reported, `.` is not; `!` after it means that the next run comes soon.
    fn play(interval: Duration, runs: &str) -> String {
        let mut cadence = Cadence::new(interval, RECHECK);
        let mut story = String::new();
        for letter in runs.chars() {
            let next = cadence.after(&outcome(letter), MIDDLE);
            story.push(if next.report { letter } else { '.' });
            if next.wait == RECHECK {
                story.push('!');
            }
        }
        story
    }

    #[test]
    fn a_first_failure_is_repeated_before_it_counts() {
        for (runs, story) in [
            ("P", "P"),
            ("PPP", "PPP"),
            ("F", ".!"),
            ("FF", ".!F"),
            ("FP", ".!P"),
            ("FFFF", ".!FFF"),
            ("PFPFP", "P.!P.!P"),
            ("PFFFPFF", "P.!FFP.!F"),
            ("POPFOF", "POP.!OF"),
        ] {
            assert_eq!(play(INTERVAL, runs), story, "{runs}");
        }
    }

    #[test]
    fn after_a_doubt_the_next_failure_counts() {
        let mut cadence = Cadence::new(INTERVAL, RECHECK);
        for (letter, report) in [('P', true), ('F', true), ('F', true), ('P', true)] {
            cadence.doubt();
            assert_eq!(cadence.after(&outcome(letter), MIDDLE).report, report);
        }
        assert!(!cadence.after(&outcome('F'), MIDDLE).report, "a pass ends the doubt");
    }

    #[test]
    fn a_short_interval_is_the_repeats_wait() {
        let interval = Duration::from_millis(100);
        let mut cadence = Cadence::new(interval, RECHECK);
        assert_eq!(cadence.after(&outcome('F'), MIDDLE), Next { report: false, wait: interval });
    }

    #[test]
    fn the_first_waits_are_full_jitter() {
        let half = Duration::from_millis(500);
        for (interval, dice, first) in
            [(INTERVAL, 0, Duration::ZERO), (INTERVAL, u32::MAX, PROBE_START_SPREAD), (half, u32::MAX, half)]
        {
            let mut cadence = Cadence::new(interval, RECHECK);
            assert_eq!(cadence.first_wait(dice), first);
            let second = if dice == 0 { Duration::ZERO } else { interval };
            assert_eq!(cadence.after(&outcome('P'), dice).wait, second);
        }
    }

    proptest! {
        #[test]
        fn waits_stay_near_the_interval(millis in 100_u64..3_600_000, runs in "[PF]{1,20}", dice: u32) {
            let interval = Duration::from_millis(millis);
            let mut cadence = Cadence::new(interval, RECHECK);
            cadence.after(&outcome('P'), dice);
            let mut previous = 'P';
            for letter in runs.chars() {
                let next = cadence.after(&outcome(letter), dice);
                if next.report {
                    prop_assert!(next.wait >= interval.mul_f64(0.949) && next.wait <= interval.mul_f64(1.051));
                } else {
                    prop_assert_eq!((previous, letter), ('P', 'F'), "only a first failure is held back");
                }
                previous = letter;
            }
        }
    }
}
