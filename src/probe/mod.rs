//! The prober: asks the endpoints how they are, on tokio, one task an address.
//!
//! It reports outcomes into a bounded channel and judges nothing: verdicts are made in [`crate::health`], published by the Keeper.
//! `job.rs` is the life of one task; each kind of check has a file (tls is `handshake.rs`) that is one run of it; `tls` says who is
//! trusted; `reason.rs` puts a failure into plain words.
#![warn(clippy::indexing_slicing)]

mod client;
mod command;
mod connection;
mod dns;
mod grpc;
mod handshake;
mod http;
mod icmp;
mod job;
mod reason;
mod search;
mod tcp;
mod tls;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use crate::config::{Check, CheckKind};
use crate::health::{Outcome, ProbeKey};
use crate::limits::PROBES_IN_FLIGHT_MAX;

/// As we call ourselves.
const USER_AGENT: &str = concat!("signpost/", env!("CARGO_PKG_VERSION"));

/// What to probe: an address, and how.
#[derive(Clone, Debug)]
pub struct Job {
    /// What the outcomes belong to.
    pub key: ProbeKey,
    /// How it is asked.
    pub check: Arc<Check>,
}

/// What came of a probe, once it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What was probed.
    pub key: ProbeKey,
    /// What came of it.
    pub outcome: Outcome,
    /// When, since the start of the process.
    pub at: Duration,
    /// When the next probe is due, since the start of the process.
    pub next_probe_at: Duration,
}

/// Owns one task a job. When it goes, they go.
#[derive(Debug)]
pub struct Prober {
    shared: job::Shared,
    tasks: JoinSet<()>,
    running: HashMap<ProbeKey, Running>,
}

#[derive(Debug)]
struct Running {
    check: Arc<Check>,
    task: AbortHandle,
}

impl Prober {
    /// Probes nothing yet. `started` is the start of the process, `seed` makes the jitter of this process its own.
    pub fn new(reports: mpsc::Sender<Report>, started: Instant, seed: u64) -> Self {
        let permits = Arc::new(Semaphore::new(PROBES_IN_FLIGHT_MAX));
        let shared = job::Shared { reports, started, seed, permits };
        Self { shared, tasks: JoinSet::new(), running: HashMap::new() }
    }

    /// Takes a new plan: begins what is new, ends what left (in flight too), begins anew where the check asks something else,
    /// and leaves the rest alone. A key that comes twice is probed once.
    pub fn replan(&mut self, jobs: Vec<Job>) {
        while self.tasks.try_join_next().is_some() {}
        if let Some(why) = icmp::forbidden().filter(|_| jobs.iter().any(|job| job.check.kind == CheckKind::Icmp)) {
            tracing::warn!("icmp checks can't run: {why}; their endpoints count as up");
        }
        let mut before = std::mem::take(&mut self.running);
        for job in jobs {
            if self.running.contains_key(&job.key) {
                continue;
            }
            let running = match before.remove(&job.key) {
                Some(running) if running.goes_on_with(&job.check) => running,
                Some(running) => {
                    running.task.abort();
                    self.begin(job.clone())
                }
                None => self.begin(job.clone()),
            };
            self.running.insert(job.key, running);
        }
        before.into_values().for_each(|left| left.task.abort());
    }

    /// Ends all probes and waits until they have ended.
    pub async fn shutdown(mut self) {
        self.tasks.shutdown().await;
    }

    fn begin(&mut self, job: Job) -> Running {
        let check = Arc::clone(&job.check);
        let task = self.tasks.spawn(job::keep_probing(job, self.shared.clone()));
        Running { check, task }
    }
}

impl Running {
    fn goes_on_with(&self, check: &Check) -> bool {
        !self.task.is_finished() && asks_the_same(&self.check, check)
    }
}

/// Thresholds are the tracker's, and a check that only moved in its file is the same check.
fn asks_the_same(one: &Check, other: &Check) -> bool {
    let Check { name: _, span: _, kind, port, interval, timeout, rise: _, fall: _, source, recheck, hold_down: _ } = one;
    (kind, port, interval, timeout, source, recheck)
        == (&other.kind, &other.port, &other.interval, &other.timeout, &other.source, &other.recheck)
}

/// One run of a check against an address, ready-making included.
pub async fn probe_once(check: &Check, address: IpAddr) -> Outcome {
    client::Client::build(check, address).await.run(check, address).await
}

#[cfg(test)]
mod tests;
