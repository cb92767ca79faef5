//! How one address stands: its verdict, what led to it, and what `status` shows besides.
//!
//! Plain values: `row.rs` comes to them. Nothing is known here of other addresses.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{Cause, Outcome, Verdict};

/// What is known of one address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// What its outcomes amount to.
    pub verdict: Verdict,
    /// When it came to that.
    pub since: Duration,
    /// For how long it was that before this process began.
    pub before_start: Duration,
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
    /// How often it went down again soon after it had come up; forgotten with quiet time.
    pub flaps: u32,
    /// Until when it stays down though it may pass, because it flaps.
    pub held_until: Option<Duration>,
    /// Whether the verdict is from before a restart, and no outcome confirmed it yet.
    pub remembered: bool,
    /// Since when it is up after having been down; nothing while it is down, or if it never was.
    pub recovering_since: Option<Duration>,
    /// Whether the verdict may soon be another: it fails but is not down yet, or passes but is not up yet.
    pub uneasy: bool,
    /// When the certificate that it showed last ends.
    pub certificate_ends: Option<SystemTime>,
}

/// Outcomes of one kind in a row, up to now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streak {
    /// So many passes; 0 before the first outcome.
    Passes(u32),
    /// So many failures.
    Failures(u32),
}

impl Default for Streak {
    fn default() -> Self {
        Self::Passes(0)
    }
}

impl Standing {
    pub(super) fn unknown(now: Duration) -> Self {
        Self { since: now, ..Self::default() }
    }

    /// Comes to a verdict from before the start, which it has had for so long.
    pub(super) fn remember(&mut self, verdict: Verdict, age: Duration, now: Duration) {
        self.verdict = verdict;
        self.remembered = true;
        self.since = now.saturating_sub(age);
        self.before_start = age.saturating_sub(now);
    }

    /// For how long it has had its verdict.
    pub fn age(&self, now: Duration) -> Duration {
        now.saturating_sub(self.since) + self.before_start
    }

    /// Takes an outcome; what is our own fault is noted but does not count.
    pub(super) fn count(&mut self, outcome: Outcome, now: Duration) {
        self.streak = self.streak.extended(&outcome);
        self.note(outcome, now);
    }

    /// Takes an outcome that does not count.
    pub(super) fn note(&mut self, outcome: Outcome, now: Duration) {
        self.last_outcome_at = Some(now);
        match outcome {
            Outcome::Pass { latency, certificate_ends, certificate_warning: _ } => {
                self.latency = Some(latency);
                self.certificate_ends = certificate_ends.or(self.certificate_ends);
            }
            Outcome::Fail { reason, cause: _ } => self.last_error = Some((now, reason)),
        }
    }

    /// Comes to this verdict now; whether it is another than before.
    pub(super) fn become_now(&mut self, verdict: Verdict, now: Duration) -> bool {
        let changed = verdict != self.verdict;
        if changed {
            self.recovering_since = (self.verdict == Verdict::Down && verdict == Verdict::Up).then_some(now);
            self.verdict = verdict;
            self.since = now;
            self.before_start = Duration::ZERO;
        }
        // An outcome that counts makes a memory a verdict like any other.
        self.remembered &= self.streak == Streak::Passes(0);
        self.uneasy = match (self.verdict, self.streak) {
            (Verdict::Up, Streak::Failures(_)) => true,
            (Verdict::Down, Streak::Passes(passes)) => passes > 0,
            (Verdict::Unknown | Verdict::Up, Streak::Passes(_)) | (Verdict::Unknown | Verdict::Down, Streak::Failures(_)) => {
                false
            }
        };
        changed
    }
}

impl Streak {
    fn extended(self, outcome: &Outcome) -> Self {
        match (self, outcome) {
            (streak, Outcome::Fail { cause: Cause::Ours, .. }) => streak,
            (Self::Passes(passes), Outcome::Pass { .. }) => Self::Passes(passes.saturating_add(1)),
            (Self::Failures(_), Outcome::Pass { .. }) => Self::Passes(1),
            (Self::Failures(failures), Outcome::Fail { .. }) => Self::Failures(failures.saturating_add(1)),
            (Self::Passes(_), Outcome::Fail { .. }) => Self::Failures(1),
        }
    }
}
