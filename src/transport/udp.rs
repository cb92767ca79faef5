//! UDP: plain threads, each with a socket of its own, that answer queries in batches.
//!
//! In steady state a worker makes two system calls for a batch and holds a view of what answers only between them. It decides
//! nothing about an answer; it drops what can't have one (source port 0) or is not whole. A worker that dies would take
//! its share of the clients with it, because the kernel goes on to give them to its socket: it starts again at once.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use socket2::Socket;

use super::SharedCaps;
use super::answering::{self, Seeds, Throttle};
use super::mmsg::{Batch, Message};
use crate::answer::{self, DropReason, Outcome, View};
use crate::limits::{DOOR_REST, UDP_BATCH_LENGTH, UDP_REPLY_LENGTH_MAX};
use crate::metrics::{Counter, Loss, Registry, Tally, Worker as Counters};
use crate::serving::Current;

/// The running workers.
#[derive(Debug)]
pub(super) struct Udp {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Udp {
    /// Starts a worker for each socket.
    pub(super) fn start(
        sockets: Vec<Socket>,
        current: &Arc<Current>,
        registry: &Registry,
        caps: &Arc<SharedCaps>,
    ) -> io::Result<Self> {
        let mut udp = Self { stop: Arc::default(), threads: Vec::new() };
        for (number, socket) in sockets.into_iter().enumerate() {
            let worker = Worker {
                socket,
                current: Arc::clone(current),
                counters: registry.worker(),
                caps: Arc::clone(caps),
                stop: Arc::clone(&udp.stop),
                seeds: Seeds::new(),
                failures: Throttle::new(),
            };
            udp.threads.push(
                thread::Builder::new()
                    .name(format!("udp-{number}"))
                    .spawn(move || supervise(&worker.counters, || worker.run()))?,
            );
        }
        Ok(udp)
    }

    /// Tells the workers to stop; they do within [`crate::limits::UDP_STOP_INTERVAL`], with the batch in hand finished.
    pub(super) fn signal(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Stops the workers and waits for them.
    pub(super) fn stop(mut self) {
        self.signal();
        for thread in self.threads.drain(..) {
            // A worker's panics are caught and counted; there is no more to learn from its end.
            let _ = thread.join();
        }
    }
}

impl Drop for Udp {
    fn drop(&mut self) {
        self.signal();
    }
}

struct Worker {
    socket: Socket,
    current: Arc<Current>,
    counters: Counters,
    caps: Arc<SharedCaps>,
    stop: Arc<AtomicBool>,
    seeds: Seeds,
    failures: Throttle,
}

/// Runs it until it ends by itself.
fn supervise(counters: &Counters, mut run: impl FnMut()) {
    answering::enter();
    while answering::guarded(&mut run).is_none() {
        counters.count(Counter::Restarts);
    }
}

impl Worker {
    fn run(&self) {
        let mut batch = Batch::new();
        let mut outcomes = [Outcome::Drop(DropReason::Short); UDP_BATCH_LENGTH];
        while !self.stop.load(Ordering::Relaxed) {
            match batch.receive(self.socket.as_fd()) {
                Ok(0) => {}
                Ok(received) => self.answer_batch(&mut batch, received, &mut outcomes),
                Err(error) => self.rest(&error),
            }
        }
    }

    /// `outcomes` is room for what becomes of each query; what is in it before means nothing.
    fn answer_batch(&self, batch: &mut Batch, received: usize, outcomes: &mut [Outcome; UDP_BATCH_LENGTH]) {
        let size_limit = self.caps.udp_payload().min(UDP_REPLY_LENGTH_MAX);
        let mut tally = self.counters.received(answer::Transport::Udp, received, Loss::Panic);
        let serving = self.current.load();
        let messages = batch.messages().zip(outcomes.iter_mut());
        // A query that was too much is what the tally finds open at its end.
        answering::guarded_each(messages, |(message, outcome)| {
            let view = answering::view(&serving, &self.seeds);
            if let Some(reply) = answer_message(&view, message, size_limit, &mut tally) {
                *outcome = reply;
            }
        });
        // Sending may take a while, and whoever holds a view keeps its generation alive.
        drop(serving);
        batch.send(self.socket.as_fd(), |place, sent| match outcomes.get(place) {
            Some(outcome) if sent => tally.record(outcome),
            _ => tally.lose(Loss::Send),
        });
    }

    /// What fails now would fail again at once: lack of memory, an interface that is gone.
    fn rest(&self, error: &io::Error) {
        if self.failures.passes(Instant::now()) {
            tracing::warn!(%error, "queries can't be received over UDP; the worker goes on trying");
        }
        thread::sleep(DOOR_REST);
    }
}

/// Answers one query; its outcome if there is a reply to send, else it is accounted for.
fn answer_message(view: &View<'_>, message: Message<'_>, size_limit: usize, tally: &mut Tally<'_>) -> Option<Outcome> {
    let Message { query, truncated, peer, reply, reply_length } = message;
    // Nobody can listen on port 0, so the source is forged (DESIGN.md section 5, 6).
    let Some(peer) = peer.filter(|peer| peer.port() != 0) else {
        tally.lose(Loss::SourcePort);
        return None;
    };
    if truncated {
        tally.lose(Loss::TooLong);
        return None;
    }
    let client = answering::client(peer.ip(), answer::Transport::Udp, size_limit);
    let outcome = answer::answer(view, query, &client, reply);
    match outcome {
        Outcome::Reply { length, facts: _ } => {
            *reply_length = length;
            Some(outcome)
        }
        Outcome::Drop(_) => {
            tally.record(&outcome);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::net::{SocketAddr, UdpSocket};
    use std::num::NonZeroUsize;

    use allocation_counter::measure;

    use super::super::bind;
    use super::*;
    use crate::metrics::Totals;
    use crate::snapshot::Serving;

    fn totals_after(query: &[u8], truncated: bool, peer: Option<SocketAddr>) -> (Totals, usize) {
        let (registry, serving) = (Registry::default(), Serving::default());
        let counters = registry.worker();
        let mut tally = counters.received(answer::Transport::Udp, 1, Loss::Send);
        let (mut reply, mut reply_length) = ([0; 512], 0);
        let message = Message { query, truncated, peer, reply: &mut reply, reply_length: &mut reply_length };
        let outcome = answer_message(&answering::view(&serving, &Seeds::new()), message, 512, &mut tally);
        assert_eq!(outcome.is_some(), reply_length > 0);
        drop(tally);
        assert_eq!(registry.totals().in_hand(), 0);
        (registry.totals(), reply_length)
    }

    #[test]
    fn source_port_0_and_cut_queries_get_no_reply() {
        let query = [0; 17];
        let peer = |port| Some(SocketAddr::from(([192, 0, 2, 1], port)));
        let (totals, length) = totals_after(&query, false, peer(0));
        assert_eq!((totals.of(Loss::SourcePort), length), (1, 0));
        let (totals, length) = totals_after(&query, false, None);
        assert_eq!((totals.of(Loss::SourcePort), length), (1, 0));
        let (totals, length) = totals_after(&query, true, peer(53));
        assert_eq!((totals.of(Loss::TooLong), length), (1, 0));
        let (totals, length) = totals_after(&query[..11], false, peer(53));
        assert_eq!((totals.of(DropReason::Short), length), (1, 0));
        assert!(totals_after(&query, false, peer(53)).1 > 0);
    }

    #[test]
    fn a_batch_allocates_nothing() {
        let registry = Registry::default();
        let mut bound = bind(&["127.0.0.1:0".parse().unwrap()], NonZeroUsize::MIN).unwrap();
        let worker = Worker {
            socket: bound.udp.remove(0),
            current: Arc::new(Current::new(Serving::default())),
            counters: registry.worker(),
            caps: Arc::new(SharedCaps { udp_payload: 1232.into(), ..SharedCaps::default() }),
            stop: Arc::default(),
            seeds: Seeds::new(),
            failures: Throttle::new(),
        };
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (mut batch, mut outcomes) = (Batch::new(), [Outcome::Drop(DropReason::Short); UDP_BATCH_LENGTH]);
        let mut answered = |queries: usize| {
            (0..queries).for_each(|_| assert!(client.send_to(&[0; 17], bound.addresses[0]).is_ok()));
            let mut left = queries;
            let info = measure(|| {
                while left > 0 {
                    let received = batch.receive(worker.socket.as_fd()).unwrap();
                    worker.answer_batch(&mut batch, received, &mut outcomes);
                    left -= received;
                }
            });
            (0..queries).for_each(|_| assert!(client.recv(&mut [0; 512]).unwrap() > 0));
            info.count_total
        };
        // A thread's first look at what answers makes it known to the pointer; that happens once.
        answered(1);
        assert_eq!([1, 2, 100].map(&mut answered), [0; 3]);
    }

    #[test]
    fn a_worker_that_dies_starts_again() {
        let registry = Registry::default();
        let counters = registry.worker();
        let runs = Cell::new(0);
        supervise(&counters, || {
            runs.set(runs.get() + 1);
            assert!(runs.get() > 2, "a fault of ours");
        });
        assert_eq!((runs.get(), registry.totals().of(Counter::Restarts)), (3, 2));
    }
}
