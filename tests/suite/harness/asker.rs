//! Asks in the background, again and again, and writes down what came of each query: what a client sees while things change.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hickory_proto::op::{Message, ResponseCode};

use super::{client, until};

/// A query that has no reply after this is lost.
const LOST: Duration = Duration::from_secs(3);
/// The server shares its queries out to threads by the client's port, so several ports meet all of them.
const PORTS: usize = 8;

/// A client that does not stop asking until it is told to.
#[derive(Debug)]
pub(crate) struct Asker {
    stop: Arc<AtomicBool>,
    story: Arc<Mutex<Vec<Asked>>>,
    thread: JoinHandle<()>,
}

/// What came of one query.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) sent: Instant,
    /// How long it took; `None` for a query that was lost.
    pub(crate) took: Option<Duration>,
    pub(crate) rcode: ResponseCode,
    pub(crate) addresses: Vec<IpAddr>,
}

impl Asker {
    /// Asks this, the next query after each reply but no sooner than after `pause`.
    pub(crate) fn start(server: SocketAddr, query: &Message, pause: Duration) -> Self {
        let (stop, story) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let asking = Asking { query: query.to_vec().unwrap(), stop: Arc::clone(&stop), story: Arc::clone(&story), pause };
        let thread = std::thread::spawn(move || asking.go_on(server));
        Self { stop, story, thread }
    }

    /// Waits for the first query sent after `moment` of which this is true; how long after it was that?
    #[track_caller]
    pub(crate) fn time_from(&self, moment: Instant, what: &str, is_true: impl Fn(&Asked) -> bool) -> Duration {
        until(what, || {
            let story = self.story.lock().unwrap();
            let after = story.iter().rev().take_while(|asked| asked.sent > moment);
            after.filter(|asked| is_true(asked)).last().map(|asked| asked.sent - moment)
        })
    }

    /// Waits until it has asked so many more times.
    pub(crate) fn wait_for(&self, queries: usize) {
        let before = self.story.lock().unwrap().len();
        until("more queries", || (self.story.lock().unwrap().len() >= before + queries).then_some(()));
    }

    /// Stops, and gives every query in the order in which they were sent. Not one is lost or empty.
    #[track_caller]
    pub(crate) fn finish(self) -> Vec<Asked> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
        let story = std::mem::take(&mut *self.story.lock().unwrap());
        let bad: Vec<_> = story.iter().filter(|asked| !asked.is_good()).collect();
        assert!(bad.is_empty(), "{} of {} queries lost or empty: {bad:?}", bad.len(), story.len());
        story
    }
}

impl Asked {
    pub(crate) fn is_only(&self, address: IpAddr) -> bool {
        self.addresses == [address]
    }

    fn is_good(&self) -> bool {
        self.took.is_some() && self.rcode == ResponseCode::NoError && !self.addresses.is_empty()
    }
}

/// The longest that a reply took.
pub(crate) fn slowest(story: &[Asked]) -> Duration {
    story.iter().filter_map(|asked| asked.took).max().unwrap_or_default()
}

struct Asking {
    query: Vec<u8>,
    stop: Arc<AtomicBool>,
    story: Arc<Mutex<Vec<Asked>>>,
    pause: Duration,
}

impl Asking {
    fn go_on(mut self, server: SocketAddr) {
        let sockets: Vec<UdpSocket> = (0..PORTS).map(|_| client::udp(server)).collect();
        sockets.iter().for_each(|socket| socket.set_read_timeout(Some(LOST)).unwrap());
        for (number, socket) in sockets.iter().cycle().enumerate() {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            let asked = self.ask(socket, number as u16);
            let rest = self.pause.saturating_sub(asked.sent.elapsed());
            self.story.lock().unwrap().push(asked);
            std::thread::sleep(rest);
        }
    }

    fn ask(&mut self, socket: &UdpSocket, id: u16) -> Asked {
        self.query[..2].copy_from_slice(&id.to_be_bytes());
        let sent = Instant::now();
        socket.send(&self.query).unwrap();
        let mut room = [0; 4096];
        // A late reply to a query that counts as lost has another number.
        while let Ok(length) = socket.recv(&mut room) {
            let Ok(reply) = Message::from_vec(&room[..length]) else { continue };
            if reply.metadata.id == id {
                let addresses = client::addresses(&reply).into_iter().collect();
                return Asked { sent, took: Some(sent.elapsed()), rcode: reply.metadata.response_code, addresses };
            }
        }
        Asked { sent, took: None, rcode: ResponseCode::ServFail, addresses: Vec::new() }
    }
}
