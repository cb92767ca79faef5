//! The life of one probed address: wait, probe, report, again, until its task is ended. A watched connection that ends cuts the
//! wait short.
//! When to probe is `health::Cadence`'s decision, what the outcome means the tracker's.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, sleep_until};

use super::client::Client;
use super::lateness::Lateness;
use super::watch::Watch;
use super::{Job, Report};
use crate::config::Check;
use crate::health::{Cadence, Cause, Outcome, ProbeKey};
use crate::limits::PROBE_STARVED_AFTER;

/// What all jobs share.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub(super) reports: mpsc::Sender<Report>,
    pub(super) started: Instant,
    pub(super) seed: u64,
    /// One for each probe that may be in flight.
    pub(super) permits: Arc<Semaphore>,
    /// One for each connection that may be watched.
    pub(super) watches: Arc<Semaphore>,
    pub(super) lateness: Arc<Lateness>,
}

/// Probes until nobody reads the reports any more.
pub(super) async fn keep_probing(job: Job, shared: Shared) {
    let Job { key, check } = job;
    let mut dice = Dice::new(&key, shared.seed);
    let mut cadence = Cadence::new(check.interval, check.recheck);
    let mut watch = Watch::new(Arc::clone(&check), key.address, Arc::clone(&shared.watches));
    let mut due = Instant::now() + cadence.first_wait(dice.throw());
    let mut client = Client::build(&check, key.address).await;
    loop {
        tokio::select! {
            biased;
            () = watch.ended() => {
                cadence.doubt();
                due = Instant::now();
            }
            () = sleep_until(due) => {}
        }
        let permit = if client.shares_places() { Some(shared.permits.acquire().await) } else { None };
        let begun = Instant::now();
        shared.lateness.note(due, begun);
        let outcome = client.run(&check, key.address).await;
        // The time of a program begins when it gets its place.
        let outcome = if permit.is_some() { unless_starved(outcome, begun + check.timeout) } else { outcome };
        drop(permit);
        let next = cadence.after(&outcome, dice.throw());
        due = if next.report { next_due(due, begun, next.wait) } else { begun + next.wait };
        let failed = matches!(outcome, Outcome::Fail { .. });
        if !failed {
            watch.passed();
        }
        let at = shared.started.elapsed();
        let next_probe_at = at.max(due.saturating_duration_since(shared.started));
        let report = Report { key: key.clone(), outcome, counts: next.report, at, next_probe_at };
        if shared.reports.send(report).await.is_err() {
            return;
        }
        if failed && rests_on_a_file(&check) {
            client = Client::build(&check, key.address).await;
        }
    }
}

/// Lateness is not handed on to the next probe, and probes that were missed are not made up for. The phase stays: after a pause of
/// the whole machine, ten thousand probes that are due at once must not march in step from then on.
fn next_due(due: Instant, begun: Instant, wait: Duration) -> Instant {
    let missed = begun.saturating_duration_since(due).as_nanos().checked_div(wait.as_nanos()).unwrap_or(0);
    due + wait.saturating_mul(u32::try_from(missed).unwrap_or(u32::MAX).saturating_add(1))
}

/// A deadline that is noticed late says that this process did not get to run: the answer may have been there in time.
fn unless_starved(outcome: Outcome, deadline: Instant) -> Outcome {
    let late = Instant::now().saturating_duration_since(deadline);
    match outcome {
        Outcome::Fail { cause: Cause::Silent, .. } if late > PROBE_STARVED_AFTER => {
            Outcome::fail(Cause::Ours, format!("this machine is too busy: the timeout was noticed {late:.1?} late"))
        }
        outcome @ (Outcome::Pass { .. } | Outcome::Fail { .. }) => outcome,
    }
}

/// A CA file may be mended or renewed without a word in signpost.toml, so after a failure it is read again.
fn rests_on_a_file(check: &Check) -> bool {
    check.kind.tls().is_some_and(|tls| tls.ca.is_some())
}

/// Enough randomness for jitter: SplitMix64, begun from the key so that no two addresses march in step.
struct Dice(u64);

impl Dice {
    fn new(key: &ProbeKey, seed: u64) -> Self {
        let mut hasher = DefaultHasher::new();
        (seed, key).hash(&mut hasher);
        Self(hasher.finish())
    }

    fn throw(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_probe_keeps_the_rhythm_and_missed_ones_keep_the_phase() {
        let due = Instant::now();
        let second = Duration::from_secs(1);
        let after = |millis| due + Duration::from_millis(millis);
        for (begun, next) in [(0, 1000), (999, 1000), (1000, 2000), (1001, 2000), (60_500, 61_000)] {
            assert_eq!(next_due(due, after(begun), second), after(next), "begun after {begun} ms");
        }
        assert_eq!(next_due(due, due, Duration::ZERO), due, "the second probe may be due at once");
    }

    #[test]
    fn a_deadline_that_is_noticed_late_is_our_own_fault() {
        let now = Instant::now();
        let silent = || Outcome::fail(Cause::Silent, "no answer within 1s");
        assert_eq!(unless_starved(silent(), now), silent());
        let starved = unless_starved(silent(), now - PROBE_STARVED_AFTER * 3);
        assert!(matches!(starved, Outcome::Fail { cause: Cause::Ours, reason } if reason.contains("too busy")));
        let refused = Outcome::fail(Cause::Refused, "connection refused");
        assert_eq!(unless_starved(refused.clone(), now - PROBE_STARVED_AFTER * 3), refused, "somebody was there");
    }
}
