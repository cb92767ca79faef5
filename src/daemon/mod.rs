//! The server's life: load, first verdicts, open doors, reloads, ordered shutdown. The only file that sees all doors.
//! What doors tell each other passes through here, as events and calls; no decision about an answer or a verdict is made here.

mod command;
mod demo;
mod descriptors;
mod edges;
mod log;
mod memory;
mod notices;
mod orders;
mod signals;
mod survey;
mod terminal;
mod watching;

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};
use tracing::{error, info, warn};

use edges::Looked;
use memory::MemoryWriter;
use notices::Notifier;
use orders::OrderDesk;
use signals::{Signals, Told};

pub use command::run;
pub use log::begin_log;

use crate::config::{Check, CheckId, Config, Host, Server};
use crate::control::{Listening, Query, Reply, Request, listen};
use crate::diagnostic::Severity;
use crate::limits::PROBE_REPORTS_QUEUED_MAX;
use crate::load::{Loaded, Loader, Look, Report, Watch};
use crate::metrics::Registry;
use crate::probe::{Job, Prober};
use crate::serving::{Current, Event, Survey, keep};
use crate::snapshot::{Circumstances, Serving, Snapshot, Steering};
use crate::transport::{self, Caps, Transport};

/// Why the server did not start, or ended.
#[derive(Debug)]
pub enum Failure {
    /// What the operator wrote can't be served.
    Bad(Report),
    /// The machine does not let us.
    CouldNotRun(String),
}

/// A server that loads, probes and answers.
pub struct Daemon {
    loader: Loader,
    /// Since when every load has been refused whole; nothing where the last one was not.
    refused: Option<Instant>,
    config: Arc<Config>,
    /// What was written at the start, which holds for what needs a restart.
    at_start: Server,
    /// What was loaded last, with the addresses of edges as they are known.
    snapshot: Arc<Snapshot>,
    looked: Looked,
    current: Arc<Current>,
    registry: Registry,
    events: mpsc::Sender<Event>,
    all_known: watch::Receiver<bool>,
    prober: Prober,
    started: Instant,
    watch: Option<Watch>,
    transport: Option<Transport>,
    requests: mpsc::Receiver<(Request, oneshot::Sender<Reply>)>,
    signals: Signals,
    orders: OrderDesk,
    memory: MemoryWriter,
    notifier: Notifier,
    /// Removes the socket when dropped.
    _control: Listening,
}

impl Daemon {
    /// Loads everything, begins to probe and to listen to operators; no query is answered yet.
    pub async fn prepare(path: &Path) -> Result<Self, Failure> {
        let started = Instant::now();
        let signals = Signals::new().map_err(could_not)?;
        let mut loader = Loader::new(path, unguessable());
        let loaded = loader.load().map_err(Failure::Bad)?;
        // A start has no last good version to fall back on: one bad zone would be a zone that is silently gone.
        if loaded.report.errors() > 0 {
            return Err(Failure::Bad(loaded.report));
        }
        tell(&loaded.report);
        info!("loaded: {}", loaded.report.summary());
        let Loaded { config, snapshot, .. } = loaded;
        let mut looked = Looked::new();
        let (snapshot, _) = looked.replan(&config, snapshot);
        // Whether we may listen is found out before the warm-up; the doors open after it.
        drop(bind(&config)?);
        let (requests_in, requests) = mpsc::channel(1);
        let control = listen(&config.server.control, requests_in).await;
        let control = control.map_err(|error| Failure::CouldNotRun(error.to_string()))?;
        let steering = Steering::new(&snapshot.policies, &Circumstances::default(), None);
        let current = Arc::new(Current::new(Serving { generation: 1, snapshot: Arc::clone(&snapshot), steering }));
        let (events, all_known) = keep(Arc::clone(&current), started);
        let mut notifier = Notifier::new(&events);
        notifier.replan(&config).await;
        // What was ordered and what is remembered holds from the first answer on.
        let orders = OrderDesk::open(&config, &events).await;
        let memory = MemoryWriter::begin(&config.server.state, &events).await;
        let descriptors = descriptors::claimed() / 2;
        let prober = Prober::new(forward(events.clone()), started.into(), unguessable(), descriptors);
        let mut prober = prober.with_thread().map_err(could_not)?;
        prober.replan(jobs(&config, &snapshot));
        let mut daemon = Self {
            loader,
            refused: None,
            at_start: config.server.clone(),
            config,
            snapshot,
            looked,
            current,
            registry: Registry::default(),
            events,
            all_known,
            prober,
            started,
            watch: None,
            transport: None,
            requests,
            signals,
            orders,
            memory,
            notifier,
            _control: control,
        };
        daemon.watch_files();
        Ok(daemon)
    }

    /// Waits for the first verdicts, or for `warmup`, and opens the doors; they stay closed if it is told to end meanwhile.
    pub async fn open(&mut self) -> Result<(), Failure> {
        let deadline = tokio::time::Instant::now() + self.config.server.warmup;
        loop {
            tokio::select! {
                () = all_known(&mut self.all_known), if self.looked.is_ready() => break,
                findings = self.looked.next() => self.take_findings(findings).await,
                () = tokio::time::sleep_until(deadline) => {
                    warn!(warmup = ?self.config.server.warmup, "not every endpoint has its first verdict; what is unknown counts as up");
                    break;
                }
                told = self.signals.next() => match told {
                    Told::Reload => drop(self.reload().await),
                    Told::End => return Ok(()),
                },
                Some((request, reply)) = self.requests.recv() => self.serve_request(request, reply).await,
            }
        }
        let bound = bind(&self.config)?;
        let opened = bound.start(&self.current, &self.registry, caps(&self.config));
        let transport = opened.map_err(|error| Failure::CouldNotRun(format!("can't start to answer: {error}")))?;
        let addresses: Vec<String> = transport.local_addrs().iter().map(ToString::to_string).collect();
        info!(listen = addresses.join(" "), "answering");
        self.transport = Some(transport);
        Ok(())
    }

    /// Answers until told to end.
    pub async fn run(&mut self) {
        loop {
            tokio::select! {
                told = self.signals.next() => match told {
                    Told::Reload => drop(self.reload().await),
                    Told::End => return,
                },
                findings = self.looked.next() => self.take_findings(findings).await,
                seen = settled(&mut self.watch, self.config.server.settle, &self.loader) => if self.loader.is_changed(seen) { drop(self.reload().await) },
                () = self.orders.looks(self.config.server.watch) => self.look_at_orders().await,
                Some((request, reply)) = self.requests.recv() => self.serve_request(request, reply).await,
            }
        }
    }

    /// Does what an operator asks for over the control socket.
    async fn serve_request(&mut self, request: Request, reply: oneshot::Sender<Reply>) {
        let text = match request {
            Request::Reload => {
                let report = self.reload().await;
                Reply { exit: u8::from(report.errors() > 0), out: report.outcome(), err: report.text() }
            }
            Request::Status(request) => self
                .survey()
                .await
                .map_or_else(|| Reply::could_not_run("the Keeper has ended"), |survey| self.status(&request, &survey)),
            Request::Explain(question) => match (Query::read(&question), self.survey().await) {
                (Err(reply), _) => reply,
                (Ok(_), None) => Reply::could_not_run("the Keeper has ended"),
                (Ok(query), Some(survey)) => Reply::done(self.explain(&query, &survey)),
            },
            Request::Order(order) => self.order(&order).await,
            Request::Orders(json) => self.list_orders(json),
        };
        // Whoever asked may have gone.
        let _ = reply.send(text);
    }

    /// Reads everything again; what was good goes on until the new stands, and longer if the new is bad.
    pub async fn reload(&mut self) -> Report {
        let started = Instant::now();
        let loaded = tokio::task::block_in_place(|| self.loader.load());
        let Loaded { config, snapshot, mut report } = match loaded {
            Ok(loaded) => loaded,
            Err(report) => {
                tell(&report);
                // What was bad may lie where nothing lay before.
                self.watch_files();
                error!("reload {}", report.outcome());
                self.refused.get_or_insert(started);
                return report;
            }
        };
        self.refused = None;
        report.findings.extend(self.waits_for_restart(&config).map(|text| (Severity::Warning, text)));
        tell(&report);
        let (snapshot, gone) = self.looked.replan(&config, snapshot);
        for name in gone {
            self.tell_trouble(&name, None).await;
        }
        let before = Arc::clone(&self.current.load().snapshot);
        self.config = config;
        self.publish(snapshot).await;
        report.took = Some(started.elapsed());
        if let Some(transport) = &self.transport {
            transport.set_caps(caps(&self.config));
        }
        self.notifier.replan(&self.config).await;
        self.review_orders(&before).await;
        self.watch_files();
        match report.errors() {
            0 => info!("reloaded: {}", report.outcome()),
            _ => warn!("reloaded: {}", report.outcome()),
        }
        report
    }

    /// How things stand.
    pub async fn survey(&self) -> Option<Survey> {
        survey(&self.events).await
    }

    /// Where queries are answered.
    pub fn local_addrs(&self) -> &[std::net::SocketAddr] {
        self.transport.as_ref().map(Transport::local_addrs).unwrap_or_default()
    }

    /// Closes the doors in order: no new queries, then no more look-ups and probes.
    pub async fn shutdown(self) {
        if let Some(transport) = self.transport {
            transport.stop().await;
        }
        self.looked.shutdown().await;
        self.prober.shutdown().await;
        self.memory.end().await;
        self.notifier.end().await;
        info!("ended");
    }

    /// Watches the folders of what was loaded, as far as the operator and the machine allow.
    fn watch_files(&mut self) {
        if !self.config.server.watch {
            self.watch = None;
            return;
        }
        if self.watch.is_none() {
            self.watch = Watch::new().map_err(|why| warn!("{why}; use \"signpost reload\"")).ok();
        }
        if let Some(watch) = &mut self.watch {
            watch.replan(&self.loader).into_iter().for_each(|why| warn!("{why}; use \"signpost reload\""));
        }
    }

    /// What was changed, but holds only after a restart.
    fn waits_for_restart(&self, new: &Config) -> impl Iterator<Item = String> + use<> {
        let (old, new) = (&self.at_start, &new.server);
        let changed = [
            ("listen", old.listen != new.listen),
            ("threads", old.threads != new.threads),
            ("control", old.control != new.control),
            ("state", old.state != new.state),
        ];
        changed.into_iter().filter(|(_, changed)| *changed).map(|(key, _)| {
            format!("warning: a change of \"{key}\" in [server] needs a restart; the value from the start holds until then\n")
        })
    }
}

/// Waits until every probed address has its verdict, or the Keeper is gone: then waiting is no use either.
async fn all_known(known: &mut watch::Receiver<bool>) {
    let _ = known.wait_for(|known| *known).await;
}

/// Asks the Keeper how things stand; `None` if it has ended.
async fn survey(events: &mpsc::Sender<Event>) -> Option<Survey> {
    let (reply, survey) = oneshot::channel();
    events.send(Event::Survey(reply)).await.ok()?;
    survey.await.ok()
}

/// Waits for changed files to rest; for ever if nothing is watched.
async fn settled(watch: &mut Option<Watch>, settle: Duration, loader: &Loader) -> Look {
    match watch {
        Some(watch) => watch.settled(settle, loader).await,
        None => std::future::pending().await,
    }
}

/// Logs every finding with its place; where there is none, it is not told twice how bad it is.
fn tell(report: &Report) {
    for (severity, text) in &report.findings {
        let text = text.trim_end();
        match severity {
            Severity::Error => error!("{}", text.strip_prefix("error: ").unwrap_or(text)),
            Severity::Warning => warn!("{}", text.strip_prefix("warning: ").unwrap_or(text)),
        }
    }
}

/// One job for each probe of the snapshot, and one for each reference.
fn jobs(config: &Config, snapshot: &Snapshot) -> Vec<Job> {
    let checks: Vec<_> = config.checks.iter().cloned().map(Arc::new).collect();
    // A check is made once for each host that it asks for.
    let mut made: HashMap<(CheckId, &Host), Arc<Check>> = HashMap::new();
    let mut jobs = Vec::with_capacity(snapshot.policies.probes().len());
    for crate::snapshot::Probe { key, check: id, host, .. } in snapshot.policies.probes() {
        let Some(written) = checks.get(id.0 as usize) else { continue };
        let asking = |host: &Host| Arc::new(Check::clone(written).with_host(host.clone()));
        let check = host.as_ref().map(|host| Arc::clone(made.entry((*id, host)).or_insert_with(|| asking(host))));
        jobs.push(Job { key: key.clone(), check: check.unwrap_or_else(|| Arc::clone(written)) });
    }
    jobs.extend(snapshot.policies.references().iter().map(|reference| Job::reference(*reference)));
    jobs
}

/// Passes the prober's reports on to the Keeper as events.
fn forward(events: mpsc::Sender<Event>) -> mpsc::Sender<crate::probe::Report> {
    let (sender, mut reports) = mpsc::channel::<crate::probe::Report>(PROBE_REPORTS_QUEUED_MAX);
    tokio::spawn(async move {
        while let Some(report) = reports.recv().await {
            let crate::probe::Report { key, outcome, counts, at: _, next_probe_at } = report;
            let event = if counts { Event::Probed { key, outcome, next_probe_at } } else { Event::Doubted { key, outcome } };
            if events.send(event).await.is_err() {
                return;
            }
        }
    });
    sender
}

fn caps(config: &Config) -> Caps {
    Caps {
        udp_payload: usize::from(config.server.udp_payload),
        connections: config.server.tcp_connections,
        connections_per_source: config.server.tcp_connections_per_source,
    }
}

fn bind(config: &Config) -> Result<transport::Bound, Failure> {
    let cores = std::thread::available_parallelism().ok();
    let threads = config.server.threads.or(cores).unwrap_or(NonZeroUsize::MIN);
    transport::bind(&config.server.listen, threads).map_err(|error| Failure::CouldNotRun(error.to_string()))
}

/// A number that nobody outside can know: `RandomState` takes its keys from the system.
fn unguessable() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

/// Serves the configuration at `path` until told to end.
pub fn serve(path: PathBuf) -> Result<(), Failure> {
    begin_log();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(could_not)?;
    runtime.block_on(async {
        let mut daemon = Daemon::prepare(&path).await?;
        daemon.open().await?;
        daemon.run().await;
        daemon.shutdown().await;
        Ok(())
    })
}

fn could_not(error: io::Error) -> Failure {
    Failure::CouldNotRun(error.to_string())
}
