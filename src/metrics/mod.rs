//! Counters fed by facts: one block for each worker thread, summed up when somebody asks.
//!
//! **The law** (DESIGN.md section 5, 10): once nothing is in hand, queries received = replies by RCODE + drops by reason. Queries
//! are counted as they come, replies and drops as they are done, so the law is a check and no definition; what is in hand
//! is a [`Tally`], which accounts for every query it took even if the worker panics or is cut off.
//!
//! A worker never waits for a reader or for another worker. Nothing here knows a format of exposition.

mod counter;

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

pub use counter::{CONNECTIONS_ENDED, COUNTERS, Counter, DROPS, QUERIES, REPLIES, Row, TABLE};

use crate::answer::{Outcome, Transport};

/// Every worker's counters.
#[derive(Debug, Default)]
pub struct Registry {
    blocks: Mutex<Vec<Arc<Block>>>,
}

impl Registry {
    /// Counters for one more thread; they stay in the totals when the thread is gone.
    pub fn worker(&self) -> Worker {
        let block = Arc::new(Block::default());
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&block));
        Worker { block, one_thread: PhantomData }
    }

    /// The sums over all workers, about now.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals { counts: [0; COUNTERS] };
        for block in self.blocks.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            for (total, cell) in totals.counts.iter_mut().zip(&block.cells) {
                *total += cell.load(Ordering::Relaxed);
            }
        }
        totals
    }
}

/// Two cache lines apart from the next one: prefetchers fetch lines in pairs.
#[derive(Debug)]
#[repr(align(128))]
struct Block {
    cells: [AtomicU64; COUNTERS],
}

impl Default for Block {
    fn default() -> Self {
        Self { cells: [const { AtomicU64::new(0) }; COUNTERS] }
    }
}

/// The counters of one thread, which alone writes them.
#[derive(Debug)]
pub struct Worker {
    block: Arc<Block>,
    /// `Cell` is not `Sync`: a worker moves to its thread and is never shared, so a load and a store lose nothing.
    one_thread: PhantomData<Cell<()>>,
}

impl Worker {
    /// Counts one.
    pub fn count(&self, counter: Counter) {
        self.add(counter, 1);
    }

    /// Takes queries in hand; those that the tally never hears of again are drops for the reason `otherwise`.
    pub fn received(&self, transport: Transport, queries: usize, otherwise: Loss) -> Tally<'_> {
        let mut tally = Tally { worker: self, transport, open: 0, otherwise };
        tally.receive(queries);
        tally
    }

    fn add(&self, counter: Counter, count: u64) {
        if let Some(cell) = self.block.cells.get(counter as usize) {
            cell.store(cell.load(Ordering::Relaxed).wrapping_add(count), Ordering::Relaxed);
        }
    }
}

/// Why a transport drops a query on its own account; [`crate::answer::DropReason`] has the reasons that lie in the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// It came from source port 0, where nobody can listen.
    SourcePort,
    /// It is longer than we read.
    TooLong,
    /// A fault of ours.
    Panic,
    /// The network did not take the reply.
    Send,
}

impl From<Loss> for Counter {
    fn from(loss: Loss) -> Self {
        match loss {
            Loss::SourcePort => Self::DropsSourcePort,
            Loss::TooLong => Self::DropsTooLong,
            Loss::Panic => Self::DropsPanic,
            Loss::Send => Self::DropsSend,
        }
    }
}

/// Queries in hand.
#[derive(Debug)]
#[must_use = "queries whose tally is dropped count as lost"]
pub struct Tally<'worker> {
    worker: &'worker Worker,
    transport: Transport,
    open: u64,
    otherwise: Loss,
}

impl Tally<'_> {
    /// Takes more queries in hand.
    pub fn receive(&mut self, queries: usize) {
        self.open += queries as u64;
        self.worker.add(self.transport.into(), queries as u64);
    }

    /// One query is done: its reply is with the network, or it gets none.
    pub fn record(&mut self, outcome: &Outcome) {
        match *outcome {
            Outcome::Reply { length: _, facts } => {
                self.close(facts.rcode.into());
                let facets =
                    [(facts.steered, Counter::Steered), (facts.truncated, Counter::Truncated), (facts.ecs, Counter::Ecs)];
                for (_, counter) in facets.into_iter().filter(|(happened, _)| *happened) {
                    self.worker.count(counter);
                }
            }
            Outcome::Drop(reason) => self.close(reason.into()),
        }
    }

    /// One query is lost by the transport.
    pub fn lose(&mut self, loss: Loss) {
        self.close(loss.into());
    }

    fn close(&mut self, counter: Counter) {
        debug_assert!(self.open > 0, "no query is accounted for twice");
        self.open = self.open.saturating_sub(1);
        self.worker.count(counter);
    }
}

impl Drop for Tally<'_> {
    fn drop(&mut self) {
        if self.open > 0 {
            self.worker.add(self.otherwise.into(), self.open);
        }
    }
}

/// The sums over all workers at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    counts: [u64; COUNTERS],
}

impl Totals {
    /// The count of one counter.
    pub fn of(&self, counter: impl Into<Counter>) -> u64 {
        self.counts.get(counter.into() as usize).copied().unwrap_or_default()
    }

    /// The sum of all counters of this name.
    pub fn sum(&self, name: &str) -> u64 {
        TABLE.iter().filter(|row| row.name == name).map(|row| self.of(row.counter)).sum()
    }

    /// Queries received and not yet done: none while nothing happens.
    pub fn in_hand(&self) -> i128 {
        i128::from(self.sum(QUERIES)) - i128::from(self.sum(REPLIES)) - i128::from(self.sum(DROPS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{DropReason, Facts};
    use crate::wire::message::Rcode;

    const RCODES: [Rcode; 7] =
        [Rcode::NoError, Rcode::FormErr, Rcode::ServFail, Rcode::NxDomain, Rcode::NotImp, Rcode::Refused, Rcode::BadVers];

    fn reply(rcode: Rcode) -> Outcome {
        Outcome::Reply { length: 12, facts: Facts { rcode, steered: true, truncated: false, ecs: true } }
    }

    #[test]
    fn queries_are_replies_and_drops() {
        let registry = Registry::default();
        for transport in [Transport::Udp, Transport::Stream] {
            let worker = registry.worker();
            let mut tally = worker.received(transport, 20, Loss::Panic);
            assert_eq!(registry.totals().in_hand(), 20);
            for rcode in RCODES {
                tally.record(&reply(rcode));
            }
            tally.record(&Outcome::Drop(DropReason::Short));
            tally.record(&Outcome::Drop(DropReason::Response));
            for loss in [Loss::SourcePort, Loss::TooLong, Loss::Panic, Loss::Send] {
                tally.lose(loss);
            }
            drop(tally);
            assert_eq!(registry.totals().in_hand(), 0);
        }
        let totals = registry.totals();
        assert_eq!((totals.sum(QUERIES), totals.sum(REPLIES), totals.sum(DROPS)), (40, 14, 26));
        assert_eq!((totals.of(Rcode::NxDomain), totals.of(DropReason::Short)), (2, 2));
        assert_eq!((totals.of(Loss::Panic), totals.of(Loss::Send)), (2 * (1 + 7), 2));
        assert_eq!((totals.of(Counter::Steered), totals.of(Counter::Truncated), totals.of(Counter::Ecs)), (14, 0, 14));
    }

    #[test]
    fn totals_outlive_workers_and_sum_over_threads() {
        let registry = Registry::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let worker = registry.worker();
                scope.spawn(move || (0..1000).for_each(|_| worker.count(Counter::Connections)));
            }
        });
        assert_eq!(registry.totals().of(Counter::Connections), 4000);
    }

    #[test]
    fn every_row_is_one_series_with_a_help() {
        let mut series: Vec<_> = TABLE.iter().map(|row| (row.name, row.label)).collect();
        series.sort_unstable();
        series.dedup();
        assert_eq!(series.len(), COUNTERS);
        assert!(TABLE.iter().all(|row| row.name.starts_with("signpost_") && row.name.ends_with("_total")));
        assert!(TABLE.iter().all(|row| !row.help.is_empty() && !row.help.ends_with('.')));
    }

    #[test]
    fn blocks_of_two_threads_share_no_pair_of_cache_lines() {
        assert_eq!((align_of::<Block>(), size_of::<Block>() % 128), (128, 0));
    }
}
