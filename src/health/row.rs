//! One address's way from outcomes to a verdict.
//!
//! The first outcome decides alone; after that `rise` passes in a row bring up and `fall` failures in a row take down. Silence
//! takes down only who is silent alone, and who flaps is held down. Other addresses come in as what [`Sight`] hears of them.

use std::time::Duration;

use super::flaps::Flaps;
use super::sight::{Sight, Silence};
use super::{Cause, HoldDown, Outcome, Planned, Standing, Streak, Thresholds, Verdict};

/// What is known of one address, and how it is judged.
#[derive(Debug)]
pub(super) struct Row {
    thresholds: Thresholds,
    hold_down: Option<HoldDown>,
    timeout: Duration,
    pub(super) standing: Standing,
    flaps: Flaps,
    /// What its silence is like, while it is silent or out of reach.
    missed: Option<Missed>,
    /// Since when nothing is wanting for it to be down but that somebody else is heard.
    pending_since: Option<Duration>,
    /// Whether it failed while the prober was blind and had no verdict: then no single failure decides.
    doubted: bool,
}

/// Silence of one address, and whether others are heard meanwhile.
#[derive(Clone, Copy, Debug)]
struct Missed {
    /// When the first run that came to it began.
    since: Duration,
    /// Whether others were heard after that and before the latest run began: no cut lasted through both.
    alone: bool,
    /// Whether they were heard by the end of the latest run.
    alone_by_now: bool,
}

impl Row {
    pub(super) fn new(planned: &Planned, now: Duration) -> Self {
        Self {
            thresholds: planned.thresholds,
            hold_down: planned.hold_down,
            timeout: planned.timeout,
            standing: Standing::unknown(now),
            flaps: Flaps::default(),
            missed: None,
            pending_since: None,
            doubted: false,
        }
    }

    /// The same address under another check's rules.
    pub(super) fn judged_by(self, planned: &Planned) -> Self {
        let Planned { thresholds, hold_down, timeout, .. } = *planned;
        Self { thresholds, hold_down, timeout, ..self }
    }

    /// Takes an outcome that counts.
    pub(super) fn count(&mut self, outcome: Outcome, sight: &Sight, now: Duration) {
        self.hint(&outcome, sight, now);
        self.standing.count(outcome, now);
    }

    /// Takes an outcome while the prober is blind: only a pass counts.
    pub(super) fn count_blindly(&mut self, outcome: Outcome, sight: &Sight, now: Duration) {
        match outcome {
            Outcome::Pass { .. } => self.count(outcome, sight, now),
            Outcome::Fail { .. } => {
                self.doubted |= self.is_new();
                self.standing.note(outcome, now);
            }
        }
    }

    /// Takes a failure that is being repeated, or any other outcome: was it silence?
    pub(super) fn hint(&mut self, outcome: &Outcome, sight: &Sight, now: Duration) {
        let begun = match outcome {
            // Silence is known at the end of the time that an answer may take.
            Outcome::Fail { cause: Cause::Silent, .. } => now.saturating_sub(self.timeout),
            Outcome::Fail { cause: Cause::Unreachable, .. } => now,
            Outcome::Fail { cause: Cause::Ours, .. } => return,
            Outcome::Pass { .. } | Outcome::Fail { cause: Cause::Refused | Cause::Wrong, .. } => {
                self.missed = None;
                return;
            }
        };
        let before = self.missed.unwrap_or(Missed { since: begun, alone: false, alone_by_now: false });
        let alone_by_now = before.alone_by_now || sight.hears_since(before.since);
        self.missed = Some(Missed { alone: before.alone_by_now, alone_by_now, ..before });
    }

    /// The prober went blind: failures of late may be part of it, and do not count.
    pub(super) fn forget_failures(&mut self, now: Duration) -> bool {
        self.missed = None;
        self.pending_since = None;
        self.doubted |= self.is_new();
        match (self.standing.verdict, self.standing.streak) {
            (Verdict::Up | Verdict::Unknown, Streak::Failures(_)) => {
                self.standing.streak = Streak::default();
                let uneasy = self.standing.uneasy;
                self.standing.become_now(self.standing.verdict, now);
                uneasy
            }
            (Verdict::Up | Verdict::Unknown | Verdict::Down, Streak::Passes(_)) | (Verdict::Down, Streak::Failures(_)) => false,
        }
    }

    /// Comes to a verdict; whether it is another than before.
    pub(super) fn judge(&mut self, sight: &Sight, now: Duration) -> bool {
        self.flaps.forget(self.hold_down, now);
        self.standing.held_until = self.standing.held_until.filter(|until| now < *until && self.hold_down.is_some());
        let before = self.standing.verdict;
        let wanted = self.wanted();
        let goes_down = wanted == Verdict::Down && before != Verdict::Down;
        self.pending_since = self.pending_since.filter(|_| goes_down && self.missed.is_some());
        let verdict = match wanted {
            Verdict::Down if goes_down && !self.believes(sight, now) => before,
            Verdict::Up if before == Verdict::Down && self.standing.held_until.is_some() => before,
            Verdict::Unknown | Verdict::Up | Verdict::Down => wanted,
        };
        match (before, verdict) {
            (Verdict::Down, Verdict::Up) => self.flaps.came_up(self.hold_down, now),
            (Verdict::Up, Verdict::Down) => {
                let hold = self.flaps.went_down(self.hold_down, now);
                self.standing.held_until = hold.map(|hold| now.saturating_add(hold));
            }
            _ => {}
        }
        self.standing.flaps = self.flaps.count();
        self.standing.become_now(verdict, now)
    }

    /// Whether it would be down, but nobody else has been heard yet.
    pub(super) fn is_pending(&self) -> bool {
        self.pending_since.is_some()
    }

    /// When time alone will change something.
    pub(super) fn due(&self, sight: &Sight) -> Option<Duration> {
        let pending = self.pending_since.map(|since| since.saturating_add(sight.round()));
        [self.standing.held_until, self.flaps.forgets_at(), pending].into_iter().flatten().min()
    }

    /// Whether no outcome has come to its verdict: a memory is as good as nothing as soon as there is one.
    fn is_new(&self) -> bool {
        self.standing.remembered || self.standing.verdict == Verdict::Unknown
    }

    /// What thresholds alone make of the outcomes.
    fn wanted(&self) -> Verdict {
        let Thresholds { rise, fall } = self.thresholds;
        let verdict = if self.is_new() { Verdict::Unknown } else { self.standing.verdict };
        match (verdict, self.standing.streak) {
            (Verdict::Unknown, Streak::Passes(0)) => self.standing.verdict,
            (Verdict::Unknown, Streak::Passes(_)) => Verdict::Up,
            (Verdict::Unknown, Streak::Failures(failures)) if failures >= fall || !self.doubted => Verdict::Down,
            (Verdict::Down, Streak::Passes(passes)) if passes >= rise => Verdict::Up,
            (Verdict::Up, Streak::Failures(failures)) if failures >= fall => Verdict::Down,
            (_, Streak::Passes(_) | Streak::Failures(_)) => self.standing.verdict,
        }
    }

    /// Whether the failures are the endpoint's own. When nobody has been heard for a whole round and the prober is not blind all
    /// the same, nobody is left to be heard.
    fn believes(&mut self, sight: &Sight, now: Duration) -> bool {
        let Some(missed) = self.missed else { return true };
        let since = *self.pending_since.get_or_insert(now);
        let is_its_own = match sight.silence() {
            Silence::ProvesNothing => false,
            Silence::IsWeighed => missed.alone,
            Silence::IsBelieved => true,
        };
        let believed = is_its_own || now >= since.saturating_add(sight.round());
        if believed {
            self.pending_since = None;
        }
        believed
    }
}
