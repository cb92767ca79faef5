//! One connection: two-octet lengths, queries in, replies out (RFC 7766 §6 and §8).
//!
//! All queries that are whole are answered in order and their replies written together. A client that is idle, slow to send, slow to
//! take its replies, or that sends what is not answered, is closed; nothing it does makes us keep more than one buffer
//! of queries and one of replies. Works over any stream of octets; `stream.rs` brings TCP.

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use super::answering::{self, Seeds};
use crate::answer::{Client, Outcome, Transport};
use crate::limits::{
    MESSAGE_LENGTH_MAX, STREAM_IDLE, STREAM_LIFE, STREAM_OUTPUT_LENGTH, STREAM_QUERY_DEADLINE, STREAM_QUERY_LENGTH_MAX,
    STREAM_ROOM_LENGTH, STREAM_WRITE_DEADLINE,
};
use crate::metrics::{Counter, Loss, Registry, Tally, Worker as Counters};
use crate::serving::Current;
use crate::snapshot::Serving;

/// What the connections of one thread share.
pub(super) struct Worker {
    current: Arc<Current>,
    /// Written by the tasks of one thread only.
    pub(super) counters: Counters,
    seeds: Seeds,
    /// Where a reply is written before its length is known.
    room: RefCell<Box<[u8]>>,
}

/// Why a connection is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The client closed or broke it.
    Closed,
    /// No query for [`STREAM_IDLE`].
    Idle,
    /// A query was not whole within [`STREAM_QUERY_DEADLINE`].
    Slow,
    /// Replies were not taken within [`STREAM_WRITE_DEADLINE`].
    Unread,
    /// A query got no reply; where sources can't be forged that is the client's own doing, or our fault and better tried anew.
    Unanswered,
    /// It was open for [`STREAM_LIFE`].
    Expired,
    /// We had to.
    Cut,
}

impl From<Ending> for Counter {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Closed => Self::ConnectionsClosed,
            Ending::Idle => Self::ConnectionsIdle,
            Ending::Slow => Self::ConnectionsSlow,
            Ending::Unread => Self::ConnectionsUnread,
            Ending::Unanswered => Self::ConnectionsUnanswered,
            Ending::Expired => Self::ConnectionsExpired,
            Ending::Cut => Self::ConnectionsCut,
        }
    }
}

/// One client's connection.
pub(super) struct Connection<S> {
    worker: Rc<Worker>,
    stream: S,
    client: Client,
    /// Octets received and not yet answered: the first `filled`.
    input: Box<[u8]>,
    filled: usize,
    output: Vec<u8>,
    /// The outcomes of the replies in `output`.
    replied: Vec<Outcome>,
}

/// What is left after some queries are answered.
enum Rest {
    /// No whole query.
    Partial,
    /// Whole queries for which there was no room.
    More,
    /// Nothing that will be read.
    Nothing,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub(super) fn new(worker: Rc<Worker>, stream: S, peer: IpAddr) -> Self {
        Self {
            worker,
            stream,
            client: answering::client(peer, Transport::Stream, MESSAGE_LENGTH_MAX),
            input: vec![0; 2 + STREAM_QUERY_LENGTH_MAX].into(),
            filled: 0,
            output: Vec::new(),
            replied: Vec::new(),
        }
    }

    /// Answers until the connection is over; calls `used` after each write of replies. Once `stop` is true, what has arrived is
    /// answered and no more.
    pub(super) async fn serve(mut self, mut stop: watch::Receiver<bool>, used: impl Fn()) -> Ending {
        let born = Instant::now();
        let mut patience = (born + STREAM_QUERY_DEADLINE, Ending::Slow);
        let mut stopping = false;
        loop {
            let (until, ending) = if stopping { (Instant::now(), Ending::Cut) } else { patience };
            let read = tokio::select! {
                read = timeout_at(until.min(born + STREAM_LIFE), self.read()) => read,
                _ = stop.wait_for(|stop| *stop), if !stopping => {
                    stopping = true;
                    continue;
                }
            };
            match read {
                Ok(Ok(0)) | Ok(Err(_)) => return Ending::Closed,
                Ok(Ok(octets)) => self.filled += octets,
                Err(_) if born.elapsed() >= STREAM_LIFE => return Ending::Expired,
                Err(_) => return ending,
            }
            let answered = match self.answer_input().await {
                Err(ending) => return ending,
                Ok(_) if stopping => return Ending::Cut,
                Ok(_) if born.elapsed() >= STREAM_LIFE => return Ending::Expired,
                Ok(answered) => answered,
            };
            if answered > 0 {
                used();
            }
            let waits_on = answered == 0 && ending == Ending::Slow;
            if !waits_on {
                patience = self.patience();
            }
        }
    }

    /// How long from now the next query may take, and what it means if it takes longer.
    fn patience(&self) -> (Instant, Ending) {
        match self.filled {
            0 => (Instant::now() + STREAM_IDLE, Ending::Idle),
            _ => (Instant::now() + STREAM_QUERY_DEADLINE, Ending::Slow),
        }
    }

    async fn read(&mut self) -> std::io::Result<usize> {
        self.stream.read(self.input.get_mut(self.filled..).unwrap_or_default()).await
    }

    /// Answers all queries that are whole and says how many.
    async fn answer_input(&mut self) -> Result<usize, Ending> {
        let worker = Rc::clone(&self.worker);
        let mut answered = 0;
        loop {
            // If the write fails, or the connection is cut meanwhile, the tally is dropped with the replies.
            let mut tally = worker.counters.received(Transport::Stream, 0, Loss::Send);
            let rest = self.answer_some(&worker, &mut tally);
            if !self.output.is_empty() {
                self.write().await?;
            }
            answered += self.replied.len();
            self.replied.drain(..).for_each(|outcome| tally.record(&outcome));
            match rest {
                Rest::Partial => return Ok(answered),
                Rest::More => {}
                Rest::Nothing => return Err(Ending::Unanswered),
            }
        }
    }

    /// Answers whole queries as long as there is room for replies; holds a view meanwhile, and so does not wait.
    fn answer_some(&mut self, worker: &Worker, tally: &mut Tally<'_>) -> Rest {
        let serving = worker.current.load();
        let mut input = self.input.get(..self.filled).unwrap_or_default();
        let rest = loop {
            let Some((length, behind)) = input.split_first_chunk() else { break Rest::Partial };
            let length = usize::from(u16::from_be_bytes(*length));
            if length > STREAM_QUERY_LENGTH_MAX {
                tally.receive(1);
                tally.lose(Loss::TooLong);
                break Rest::Nothing;
            }
            let Some((query, behind)) = behind.split_at_checked(length) else { break Rest::Partial };
            if self.output.len() >= STREAM_OUTPUT_LENGTH {
                break Rest::More;
            }
            input = behind;
            tally.receive(1);
            match worker.answer(&serving, query, &self.client, &mut self.output) {
                Some(outcome @ Outcome::Reply { .. }) => self.replied.push(outcome),
                Some(outcome @ Outcome::Drop(_)) => {
                    tally.record(&outcome);
                    break Rest::Nothing;
                }
                None => {
                    tally.lose(Loss::Panic);
                    break Rest::Nothing;
                }
            }
        };
        let left = input.len();
        self.input.copy_within(self.filled - left..self.filled, 0);
        self.filled = left;
        rest
    }

    async fn write(&mut self) -> Result<(), Ending> {
        match timeout(STREAM_WRITE_DEADLINE, self.stream.write_all(&self.output)).await {
            Ok(Ok(())) => {
                self.output.clear();
                self.output.shrink_to(STREAM_ROOM_LENGTH);
                Ok(())
            }
            Ok(Err(_)) => Err(Ending::Closed),
            Err(_) => Err(Ending::Unread),
        }
    }
}

impl Worker {
    pub(super) fn new(current: Arc<Current>, registry: &Registry) -> Self {
        let room = vec![0; MESSAGE_LENGTH_MAX].into();
        Self { current, counters: registry.worker(), seeds: Seeds::new(), room: RefCell::new(room) }
    }

    /// Answers one query, the reply with its length behind what is in `output`; `None` if that was too much for us.
    fn answer(&self, serving: &Serving, query: &[u8], client: &Client, output: &mut Vec<u8>) -> Option<Outcome> {
        let view = answering::view(serving, &self.seeds);
        let mut room = self.room.borrow_mut();
        let outcome = answering::answer_guarded(&view, query, client, &mut room)?;
        if let Outcome::Reply { length, facts: _ } = outcome {
            let reply = room.get(..length)?;
            output.extend_from_slice(&u16::try_from(length).ok()?.to_be_bytes());
            output.extend_from_slice(reply);
        }
        Some(outcome)
    }
}
