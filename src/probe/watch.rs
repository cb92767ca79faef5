//! A connection that is kept open to an endpoint only to see it end (`watch = true`).
//!
//! Nothing is sent over it, so it proves nothing while it stands; its end is news: a process that dies takes its connections with it
//! at once. Whether the end means anything is for the recheck to say, since servers close idle connections too. Where they do so
//! soon, it is opened again ever more rarely. It is opened only after a pass.

use std::future::{Future, pending};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout};

use super::{connection, reason};
use crate::config::Check;
use crate::health::Cause;
use crate::limits::{WATCH_OCTETS_MAX, WATCH_PAUSE_MAX};

/// The watch over one endpoint.
pub(super) struct Watch {
    check: Arc<Check>,
    address: IpAddr,
    /// One for each connection that may be kept.
    places: Arc<Semaphore>,
    state: State,
    /// When the next connection may be opened, and how long the one after it has to wait if that ends soon.
    opens_at: Instant,
    pause: Duration,
}

enum State {
    /// There is no connection and none is wanted: the check asks for none, or the endpoint has not passed since.
    Off,
    Wanted,
    Opening(Pin<Box<dyn Future<Output = Opened> + Send>>),
    Open(Box<Open>),
}

enum Opened {
    Stands(Box<Open>),
    /// Somebody said no, though a probe has passed just before.
    Refused,
    /// No news about the endpoint.
    Failed,
}

struct Open {
    stream: TcpStream,
    since: Instant,
    taken: usize,
    _place: OwnedSemaphorePermit,
}

impl Watch {
    pub(super) fn new(check: Arc<Check>, address: IpAddr, places: Arc<Semaphore>) -> Self {
        let pause = check.interval;
        Self { check, address, places, state: State::Off, opens_at: Instant::now(), pause }
    }

    /// The endpoint has passed: from now on its end is waited for.
    pub(super) fn passed(&mut self) {
        if self.check.watch && matches!(self.state, State::Off) {
            self.state = State::Wanted;
        }
    }

    /// Waits until the connection ends, or is refused; for ever where there is none. Whoever stops waiting may come back.
    pub(super) async fn ended(&mut self) {
        loop {
            match &mut self.state {
                State::Off => pending().await,
                State::Wanted => {
                    sleep_until(self.opens_at).await;
                    let opening = open(Arc::clone(&self.check), self.address, Arc::clone(&self.places));
                    self.state = State::Opening(Box::pin(opening));
                }
                State::Opening(opening) => {
                    let begun_at = Instant::now();
                    match opening.await {
                        Opened::Stands(open) => self.state = State::Open(open),
                        Opened::Refused => return self.end(begun_at),
                        Opened::Failed => self.end(begun_at),
                    }
                }
                State::Open(open) => {
                    let since = open.since;
                    let is_flood = !open.ended().await;
                    self.end(since);
                    if !is_flood {
                        return;
                    }
                }
            }
        }
    }

    /// A connection that lived for a while is opened again at once; one that did not, after a pause that doubles each time.
    fn end(&mut self, since: Instant) {
        let now = Instant::now();
        if now.saturating_duration_since(since) >= self.check.interval * 2 {
            self.pause = self.check.interval;
            self.opens_at = now;
        } else {
            self.opens_at = now + self.pause;
            self.pause = WATCH_PAUSE_MAX.min(self.pause * 2);
        }
        self.state = State::Off;
    }
}

impl Open {
    /// Waits for the end; false if the endpoint says so much that listening to it would be work.
    async fn ended(&mut self) -> bool {
        let mut room = [0; 64];
        while self.taken < WATCH_OCTETS_MAX {
            match self.stream.read(&mut room).await {
                Ok(0) | Err(_) => return true,
                // A greeting, as of SMTP.
                Ok(length) => self.taken += length,
            }
        }
        false
    }
}

async fn open(check: Arc<Check>, address: IpAddr, places: Arc<Semaphore>) -> Opened {
    let Ok(place) = places.try_acquire_owned() else { return Opened::Failed };
    match timeout(check.timeout, connection::tcp_to_watch(&check, address)).await {
        Ok(Ok(stream)) => Opened::Stands(Box::new(Open { stream, since: Instant::now(), taken: 0, _place: place })),
        Ok(Err(error)) if reason::of_error(&error).cause == Cause::Refused => Opened::Refused,
        Ok(Err(_)) | Err(_) => Opened::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{CheckKind, TcpCheck};
    use crate::probe::tests::check;

    const INTERVAL: Duration = Duration::from_secs(5);

    fn watch() -> Watch {
        let check = Check { watch: true, ..check(CheckKind::Tcp(TcpCheck::default()), 80, INTERVAL) };
        Watch::new(check.into(), [127, 0, 0, 1].into(), Semaphore::new(1).into())
    }

    #[test]
    fn connections_that_end_soon_are_opened_ever_more_rarely() {
        let mut watch = watch();
        let mut pauses = Vec::new();
        for _ in 0..6 {
            let now = Instant::now();
            watch.end(now);
            pauses.push(watch.opens_at.duration_since(now).as_secs());
        }
        assert_eq!(pauses, [5, 10, 20, 40, 60, 60]);
        let now = Instant::now();
        watch.end(now - INTERVAL * 2);
        assert!(watch.opens_at <= Instant::now(), "one that lived for a while is opened again at once");
        watch.end(now);
        assert!(watch.opens_at < now + INTERVAL * 2, "and the pauses begin anew");
    }

    #[test]
    fn only_what_is_to_be_watched_is() {
        let mut asked = watch();
        assert!(matches!(asked.state, State::Off), "before a pass there is nothing to watch");
        asked.passed();
        assert!(matches!(asked.state, State::Wanted));
        let mut unasked = Watch { check: check(CheckKind::Tcp(TcpCheck::default()), 80, INTERVAL).into(), ..watch() };
        unasked.passed();
        assert!(matches!(unasked.state, State::Off));
    }
}
