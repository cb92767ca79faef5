//! The Keeper's shell: it takes events from a bounded channel, gives them to the Keeper with the time, and publishes once for
//! all that wait together. No decision is made here.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::{mpsc, oneshot, watch};

use super::{Current, Keeper, Listener, Survey, Told};
use crate::health::{Alarm, Memory, Orders, Outcome, ProbeKey};
use crate::limits::EVENTS_QUEUED_MAX;
use crate::snapshot::Snapshot;

/// How often retired generations are looked at, besides at each event.
const RETIREMENT_INTERVAL: Duration = Duration::from_secs(1);

/// Everything that may change what answers.
#[derive(Debug)]
pub enum Event {
    /// A probe came to an outcome.
    Probed {
        /// Which.
        key: ProbeKey,
        /// What came of it.
        outcome: Outcome,
        /// When the next one is due, since the start.
        next_probe_at: Duration,
    },
    /// A probe failed for the first time and is being repeated: it does not count yet.
    Doubted {
        /// Which.
        key: ProbeKey,
        /// What came of it.
        outcome: Outcome,
    },
    /// A new snapshot was compiled; told when it answers.
    Loaded(Arc<Snapshot>, oneshot::Sender<()>),
    /// Other orders hold; told when they do.
    Ordered(Arc<Orders>, oneshot::Sender<()>),
    /// Verdicts from before a restart; told when they answer.
    Remembered(Vec<Memory>, oneshot::Sender<()>),
    /// Somebody wants to remember the verdicts, if one has changed since so many had.
    Memories(Option<u64>, oneshot::Sender<Option<(Vec<Memory>, u64)>>),
    /// An alarm of another room is up, with its subject and what helps, or over.
    Alarm {
        /// Which.
        alarm: Alarm,
        /// What it is about.
        subject: Arc<str>,
        /// Its words; none if it is over.
        text: Option<Arc<str>>,
    },
    /// Who is told the news from now on, instead of those before.
    Listen(Vec<Listener>),
    /// Somebody wants to know how things stand.
    Survey(oneshot::Sender<Survey>),
}

/// Begins to keep `current`; `started` is where all times count from. Gives the way to send events, and what tells when every
/// probed address has its verdict. The Keeper ends when nobody can send any more.
pub fn keep(current: Arc<Current>, started: Instant) -> (mpsc::Sender<Event>, watch::Receiver<bool>) {
    let (sender, events) = mpsc::channel(EVENTS_QUEUED_MAX);
    let keeper = Keeper::new(current, started.elapsed());
    // Where nothing is checked, nobody need wait.
    let (known, all_known) = watch::channel(keeper.all_known());
    tokio::spawn(Shell { keeper, started, known, listeners: Vec::new() }.run(events));
    (sender, all_known)
}

struct Shell {
    keeper: Keeper,
    started: Instant,
    known: watch::Sender<bool>,
    listeners: Vec<Listener>,
}

impl Shell {
    async fn run(mut self, mut events: mpsc::Receiver<Event>) {
        let mut batch = Vec::new();
        loop {
            let due = self.keeper.next_tick().map_or(RETIREMENT_INTERVAL, |due| due.saturating_sub(self.started.elapsed()));
            let wait = RETIREMENT_INTERVAL.min(due);
            let wait = tokio::time::timeout(wait, events.recv_many(&mut batch, EVENTS_QUEUED_MAX));
            if wait.await == Ok(0) {
                return;
            }
            self.take(batch.drain(..));
        }
    }

    /// Takes all events that have come and publishes once.
    fn take(&mut self, events: impl Iterator<Item = Event>) {
        let now = self.started.elapsed();
        let mut waiting = Vec::new();
        let mut surveys = Vec::new();
        let mut memories = Vec::new();
        self.keeper.set_calendar(SystemTime::now(), now);
        // Once all is known, only another plan makes it otherwise; to look at each of ten thousand costs more than an outcome.
        let mut may_be_unknown = !*self.known.borrow();
        for event in events {
            match event {
                Event::Probed { key, outcome, next_probe_at } => self.keeper.observe(&key, outcome, next_probe_at, now),
                Event::Doubted { key, outcome } => self.keeper.doubt(&key, &outcome, now),
                Event::Loaded(snapshot, done) => {
                    self.keeper.load(snapshot, now);
                    waiting.push(done);
                    may_be_unknown = true;
                }
                Event::Ordered(orders, done) => {
                    self.keeper.order(orders);
                    waiting.push(done);
                }
                Event::Remembered(memories, done) => {
                    self.keeper.remember(&memories, now);
                    waiting.push(done);
                }
                Event::Memories(since, reply) => memories.push((since, reply)),
                Event::Alarm { alarm, subject, text: Some(text) } => self.keeper.raise(alarm, &subject, &text, now),
                Event::Alarm { alarm, subject, text: None } => self.keeper.clear(alarm, &subject, now),
                Event::Listen(listeners) => self.listeners = listeners,
                Event::Survey(reply) => surveys.push(reply),
            }
        }
        self.keeper.publish(now);
        self.tell_news();
        if may_be_unknown {
            self.known.send_replace(self.keeper.all_known());
        }
        // Whoever has gone meanwhile needs no answer.
        for done in waiting {
            let _ = done.send(());
        }
        for (since, reply) in memories {
            let _ = reply.send(self.keeper.memories(since, now));
        }
        for reply in surveys {
            let _ = reply.send(self.keeper.survey(now));
        }
    }

    /// Tells what changed; nobody is waited for.
    fn tell_news(&mut self) {
        let at = SystemTime::now();
        for news in self.keeper.news() {
            let told = Arc::new(Told { at, news });
            self.listeners.iter().for_each(|listener| listener.tell(&told));
        }
    }
}
