//! The generator over UDP: batches out, batches in, every reply checked.
//!
//! At saturation a fixed number of queries is outstanding; at a fixed rate each query has its moment, and its reply is timed.
//! The id of a query is its place among those outstanding, so that a reply finds its question without a search.

use std::io::{IoSlice, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmmsg};

use crate::Failure;
use crate::work::{Judge, Query};

/// Queries outstanding at saturation.
const WINDOW: usize = 192;
/// Messages of one system call.
const BATCH: usize = 64;
/// Octets of a reply that we take.
const ROOM: usize = 1500;
/// Octets of a query that fit.
const QUERY: usize = 128;
/// After this long without any reply, what is outstanding is lost.
const PATIENCE: Duration = Duration::from_millis(100);
/// The same for a server under a tool that makes it fifty times slower.
const MUCH_PATIENCE: Duration = Duration::from_secs(20);

/// What came of asking.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Right replies.
    pub answered: u64,
    /// Wrong ones.
    pub wrong: u64,
    /// Queries without a reply.
    pub lost: u64,
    /// From the first query to the last reply.
    pub seconds: f64,
    /// Microseconds from query to reply, in order; at a fixed rate only.
    pub latencies: Vec<f64>,
}

impl Tally {
    /// The latency that this share of the replies does not exceed.
    pub fn percentile(&self, share: f64) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies.get((last as f64 * share) as usize).copied().unwrap_or(f64::NAN)
    }
}

/// When a load ends.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// After this long.
    Elapsed(Duration),
    /// After this many queries.
    Asked(u64),
}

impl Until {
    /// Whether it is time to end.
    pub fn is_over(self, begun: Instant, asked: u64) -> bool {
        match self {
            Self::Elapsed(duration) => begun.elapsed() >= duration,
            Self::Asked(count) => asked >= count,
        }
    }

    /// How many more may be asked.
    fn left(self, asked: u64) -> usize {
        match self {
            Self::Elapsed(_) => usize::MAX,
            Self::Asked(count) => count.saturating_sub(asked) as usize,
        }
    }
}

/// A source of queries, with what is outstanding.
pub struct Load<'q> {
    /// Each is another client to the server: the kernel gives all queries of one to the same worker.
    sockets: Vec<UdpSocket>,
    /// Whose turn it is to send.
    turn: usize,
    queries: &'q [Query],
    judge: Judge,
    /// The next query.
    next: usize,
    /// By id, the query that waits for its reply and when it was sent.
    waiting: Vec<Option<(usize, Instant)>>,
    /// Ids that are free.
    free: Vec<u16>,
    patience: Duration,
    /// When the last reply came.
    heard: Instant,
    tally: Tally,
    rooms: Box<[[u8; ROOM]; BATCH]>,
    messages: Box<[[u8; QUERY]; BATCH]>,
    incoming: MultiHeaders<SockaddrIn>,
    outgoing: MultiHeaders<SockaddrIn>,
}

impl<'q> Load<'q> {
    /// Queries to one server from so many sockets.
    pub fn new(address: SocketAddr, sockets: usize, queries: &'q [Query], judge: Judge) -> Result<Self, Failure> {
        let socket = |_| {
            let socket = UdpSocket::bind("127.0.0.1:0")?;
            socket.connect(address)?;
            socket.set_read_timeout(Some(PATIENCE))?;
            Ok(socket)
        };
        let sockets: std::io::Result<Vec<UdpSocket>> = (0..sockets).map(socket).collect();
        Ok(Self {
            sockets: sockets.map_err(|error| format!("{address}: {error}"))?,
            turn: 0,
            queries,
            judge,
            next: 0,
            waiting: vec![None; WINDOW],
            free: (0..WINDOW as u16).collect(),
            patience: PATIENCE,
            heard: Instant::now(),
            tally: Tally::default(),
            rooms: Box::new([[0; ROOM]; BATCH]),
            messages: Box::new([[0; QUERY]; BATCH]),
            incoming: MultiHeaders::preallocate(BATCH, None),
            outgoing: MultiHeaders::preallocate(BATCH, None),
        })
    }

    /// Makes it wait longer before it gives up.
    pub fn patient(mut self) -> Result<Self, Failure> {
        self.patience = MUCH_PATIENCE;
        let waits = self.sockets.iter().try_for_each(|socket| socket.set_read_timeout(Some(MUCH_PATIENCE)));
        waits.map(|()| self).map_err(|error| error.to_string())
    }

    /// Asks as fast as the server answers.
    pub fn saturate(&mut self, until: Until) -> Result<Tally, Failure> {
        // Small batches would make small batches of the server's work, too: wait until a whole one is free.
        let batch = BATCH.min(WINDOW / self.sockets.len());
        let begun = Instant::now();
        let mut asked = 0;
        while !until.is_over(begun, asked) {
            if self.free.len() >= batch {
                asked += self.send(batch.min(until.left(asked)))?;
            }
            self.wait()?;
        }
        self.finish(begun)
    }

    /// Asks at a fixed rate and times the replies.
    pub fn pace(&mut self, rate: f64, duration: Duration) -> Result<Tally, Failure> {
        let begun = Instant::now();
        let mut asked = 0u64;
        while begun.elapsed() < duration {
            let due = (begun.elapsed().as_secs_f64() * rate) as u64;
            if asked < due && !self.free.is_empty() {
                asked += self.send(1)?;
            }
            self.receive(0, MsgFlags::MSG_DONTWAIT)?;
        }
        let mut tally = self.finish(begun)?;
        tally.latencies.sort_by(f64::total_cmp);
        Ok(tally)
    }

    fn finish(&mut self, begun: Instant) -> Result<Tally, Failure> {
        let lost = self.tally.lost;
        while self.free.len() < WINDOW && self.tally.lost == lost {
            self.wait()?;
        }
        let until_heard = self.heard.saturating_duration_since(begun);
        self.tally.seconds = if until_heard.is_zero() { begun.elapsed() } else { until_heard }.as_secs_f64();
        Ok(std::mem::take(&mut self.tally))
    }

    /// Waits for replies and takes those there are.
    fn wait(&mut self) -> Result<(), Failure> {
        if self.sockets.len() == 1 {
            if self.receive(0, MsgFlags::MSG_WAITFORONE)? == 0 {
                self.give_up();
            }
            return Ok(());
        }
        let mut received = 0;
        for socket in 0..self.sockets.len() {
            received += self.receive(socket, MsgFlags::MSG_DONTWAIT)?;
        }
        if received == 0 {
            // The server may need this core.
            std::thread::yield_now();
            if self.heard.elapsed() > self.patience {
                self.give_up();
            }
        }
        Ok(())
    }

    fn send(&mut self, count: usize) -> Result<u64, Failure> {
        let now = Instant::now();
        let mut lengths = [0; BATCH];
        let mut prepared = 0;
        for (message, length) in self.messages.iter_mut().zip(&mut lengths).take(count.min(self.free.len())) {
            let (Some(id), Some(query)) = (self.free.pop(), self.queries.get(self.next)) else { break };
            *length = query.octets.len();
            let Some(room) = message.get_mut(..*length) else { return Err("a query is too long".to_owned()) };
            room.copy_from_slice(&query.octets);
            room[..2].copy_from_slice(&id.to_be_bytes());
            self.waiting[usize::from(id)] = Some((self.next, now));
            self.next = (self.next + 1) % self.queries.len();
            prepared += 1;
        }
        let slices = self.messages.iter().zip(lengths).take(prepared);
        let slices: Vec<[IoSlice<'_>; 1]> = slices.map(|(message, length)| [IoSlice::new(&message[..length])]).collect();
        let addresses = [const { None::<SockaddrIn> }; BATCH];
        let socket = self.sockets[self.turn].as_raw_fd();
        self.turn = (self.turn + 1) % self.sockets.len();
        let mut sent = 0;
        while sent < prepared {
            match sendmmsg(socket, &mut self.outgoing, &slices[sent..], &addresses[sent..prepared], [], MsgFlags::empty()) {
                Ok(results) => sent += results.count(),
                Err(Errno::EINTR | Errno::ECONNREFUSED) => {}
                Err(error) => return Err(format!("sendmmsg: {error}")),
            }
        }
        Ok(sent as u64)
    }

    fn receive(&mut self, socket: usize, flags: MsgFlags) -> Result<usize, Failure> {
        let mut lengths = [0usize; BATCH];
        let socket = self.sockets[socket].as_raw_fd();
        let count = {
            let mut slices: Vec<[IoSliceMut<'_>; 1]> = self.rooms.iter_mut().map(|room| [IoSliceMut::new(room)]).collect();
            match recvmmsg(socket, &mut self.incoming, slices.iter_mut(), flags, None) {
                Ok(results) => results.zip(&mut lengths).map(|(message, length)| *length = message.bytes).count(),
                Err(Errno::EAGAIN | Errno::EINTR | Errno::ECONNREFUSED) => return Ok(0),
                Err(error) => return Err(format!("recvmmsg: {error}")),
            }
        };
        self.heard = Instant::now();
        for (place, length) in lengths.into_iter().enumerate().take(count) {
            self.take(place, length);
        }
        Ok(count)
    }

    fn take(&mut self, place: usize, length: usize) {
        let reply = &self.rooms[place][..length];
        let Some(id) = reply.first_chunk::<2>().map(|id| u16::from_be_bytes(*id)) else { return };
        // A late reply to a query that was given up finds its place empty, or taken by a younger one, whose check it fails.
        let Some((query, sent)) = self.waiting.get_mut(usize::from(id)).and_then(Option::take) else { return };
        self.free.push(id);
        if self.queries.get(query).is_some_and(|query| query.accepts(reply, self.judge)) {
            self.tally.answered += 1;
            self.tally.latencies.push((self.heard - sent).as_secs_f64() * 1e6);
        } else {
            self.tally.wrong += 1;
        }
    }

    fn give_up(&mut self) {
        for (id, place) in self.waiting.iter_mut().enumerate() {
            if place.take().is_some() {
                self.tally.lost += 1;
                self.free.push(id as u16);
            }
        }
    }
}
