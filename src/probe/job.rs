//! The life of one probed address: wait, probe, report, again, until its task is ended.
//! When to probe is `health::Cadence`'s decision, what the outcome means the tracker's.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, sleep_until};

use super::client::Client;
use super::{Job, Report};
use crate::config::Check;
use crate::health::{Cadence, Outcome, ProbeKey};

/// What all jobs share.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub(super) reports: mpsc::Sender<Report>,
    pub(super) started: Instant,
    pub(super) seed: u64,
    /// One for each probe that may be in flight.
    pub(super) permits: Arc<Semaphore>,
}

/// Probes until nobody reads the reports any more.
pub(super) async fn keep_probing(job: Job, shared: Shared) {
    let Job { key, check } = job;
    let mut dice = Dice::new(&key, shared.seed);
    let mut cadence = Cadence::new(check.interval, check.recheck);
    let mut due = Instant::now() + cadence.first_wait(dice.throw());
    let mut client = Client::build(&check, key.address).await;
    loop {
        sleep_until(due).await;
        let permit = if client.shares_places() { Some(shared.permits.acquire().await) } else { None };
        let begun = Instant::now();
        let outcome = client.run(&check, key.address).await;
        drop(permit);
        let next = cadence.after(&outcome, dice.throw());
        due = begun + next.wait;
        let failed = matches!(outcome, Outcome::Fail { .. });
        if next.report {
            let at = shared.started.elapsed();
            let next_probe_at = at.max(due.saturating_duration_since(shared.started));
            let report = Report { key: key.clone(), outcome, at, next_probe_at };
            if shared.reports.send(report).await.is_err() {
                return;
            }
        } else {
            tracing::debug!(check = check.name, address = %key.address, ?outcome, "a first failure is repeated");
        }
        if failed && rests_on_a_file(&check) {
            client = Client::build(&check, key.address).await;
        }
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
