//! The prober: asks the endpoints how they are, on tokio, one task an address.
//!
//! It reports outcomes into a bounded channel and judges nothing: verdicts are made in [`crate::health`], published by the Keeper.
//! `job.rs` is the life of one task, `watch.rs` the wait for a connection's end; each kind of check has a file (tls is `handshake.rs`) that is one run of it; `tls` says who is
//! trusted; `reason.rs` puts a failure into plain words.
#![warn(clippy::indexing_slicing)]

mod client;
mod command;
mod connection;
mod dns;
mod gather;
mod grpc;
mod handshake;
mod http;
mod icmp;
mod job;
mod lateness;
mod reason;
mod search;
mod tcp;
mod thread;
mod tls;
mod watch;

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

pub use command::run_program;
use lateness::Lateness;
pub use lateness::Punctuality;
pub use reason::plain as plain_reason;
use thread::Thread;
pub use tls::for_webhook as client_tls;

use crate::config::{Check, CheckKind, TcpCheck};
use crate::diagnostic::Span;
use crate::health::{Outcome, ProbeKey};
use crate::limits::{PROBE_DESCRIPTORS_MAX, PROBE_REPORTS_QUEUED_MAX, RECHECK_DELAY, REFERENCE_INTERVAL};

/// As we call ourselves.
pub const USER_AGENT: &str = concat!("signpost/", env!("CARGO_PKG_VERSION"));

/// What to probe: an address, and how.
#[derive(Clone, Debug)]
pub struct Job {
    /// What the outcomes belong to.
    pub key: ProbeKey,
    /// How it is asked.
    pub check: Arc<Check>,
}

impl Job {
    /// A connection to a reference, at an interval so short that a cut shows before endpoints go down.
    pub fn reference(reference: SocketAddr) -> Self {
        let check = Check {
            name: "references".into(),
            span: Span::NOWHERE,
            kind: CheckKind::Tcp(TcpCheck::default()),
            port: reference.port(),
            interval: REFERENCE_INTERVAL,
            timeout: REFERENCE_INTERVAL,
            rise: 1,
            fall: 1,
            recheck: RECHECK_DELAY,
            hold_down: None,
            source: None,
            watch: false,
        };
        Self { key: ProbeKey::reference(reference), check: Arc::new(check) }
    }
}

/// What came of a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What was probed.
    pub key: ProbeKey,
    /// What came of it.
    pub outcome: Outcome,
    /// Whether it counts: a first failure is repeated before it does.
    pub counts: bool,
    /// When, since the start of the process.
    pub at: Duration,
    /// When the next probe is due, since the start of the process.
    pub next_probe_at: Duration,
}

/// Owns one task a job. When it goes, they go.
#[derive(Debug)]
pub struct Prober {
    shared: job::Shared,
    /// For the probes that only wait, if they have one.
    thread: Option<Thread>,
    tasks: JoinSet<()>,
    running: HashMap<ProbeKey, Running>,
}

#[derive(Debug)]
struct Running {
    check: Arc<Check>,
    task: AbortHandle,
}

impl Prober {
    /// Probes nothing yet. `started` is the start of the process, `seed` makes the jitter of this process its own, and
    /// `descriptors` are the files that it may open: half for probes in flight, half for connections that are watched.
    pub fn new(reports: mpsc::Sender<Report>, started: Instant, seed: u64, descriptors: usize) -> Self {
        let places = (descriptors.min(PROBE_DESCRIPTORS_MAX) / 2).max(1);
        let shared = job::Shared {
            reports,
            started,
            seed,
            permits: Arc::new(Semaphore::new(places)),
            watches: Arc::new(Semaphore::new(places)),
            lateness: Arc::new(Lateness::new(started)),
        };
        Self { shared, thread: None, tasks: JoinSet::new(), running: HashMap::new() }
    }

    /// The same with a thread of its own for the probes that only wait; reports come in company.
    pub fn with_thread(mut self) -> io::Result<Self> {
        let thread = Thread::start()?;
        let (sender, receiver) = mpsc::channel(PROBE_REPORTS_QUEUED_MAX);
        let on = std::mem::replace(&mut self.shared.reports, sender);
        thread.handle.spawn(gather::gather(receiver, on));
        self.thread = Some(thread);
        Ok(self)
    }

    /// How punctual the probes of late were.
    pub fn punctuality(&self) -> Punctuality {
        self.shared.lateness.punctuality(Instant::now())
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
        let thread = self.thread.as_ref().filter(|_| only_waits(&check.kind));
        let life = job::keep_probing(job, self.shared.clone());
        let task = match thread {
            Some(thread) => self.tasks.spawn_on(life, &thread.handle),
            None => self.tasks.spawn(life),
        };
        Running { check, task }
    }
}

impl Running {
    fn goes_on_with(&self, check: &Check) -> bool {
        !self.task.is_finished() && asks_the_same(&self.check, check)
    }
}

/// Whether a probe needs no time of a core to speak of.
fn only_waits(kind: &CheckKind) -> bool {
    match kind {
        CheckKind::Tcp(_) | CheckKind::Icmp | CheckKind::Dns(_) => true,
        CheckKind::Tls(..) | CheckKind::Http(_) | CheckKind::Https(..) | CheckKind::Grpc(..) | CheckKind::Command(_) => false,
    }
}

/// Thresholds are the tracker's, and a check that only moved in its file is the same check.
fn asks_the_same(one: &Check, other: &Check) -> bool {
    let Check { name: _, span: _, kind, port, interval, timeout, rise: _, fall: _, source, recheck, hold_down: _, watch } = one;
    (kind, port, interval, timeout, source, recheck, watch)
        == (&other.kind, &other.port, &other.interval, &other.timeout, &other.source, &other.recheck, &other.watch)
}

/// One run of a check against an address, ready-making included.
pub async fn probe_once(check: &Check, address: IpAddr) -> Outcome {
    client::Client::build(check, address).await.run(check, address).await
}

#[cfg(test)]
mod tests;
