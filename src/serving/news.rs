//! News: what changed for an operator, as the Keeper tells it to whoever listens. Verdicts and alarms; orders are his own.
//!
//! Telling never waits: a listener that does not keep up loses news and is told how many.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use tokio::sync::mpsc;

use crate::health::{Alarm, ProbeKey, Verdict};
use crate::limits::NEWS_QUEUED_MAX;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A verdict is another one. The first one of an address is news only if it is down.
    Verdict {
        /// What it belongs to.
        key: ProbeKey,
        /// The endpoints with this address, as `pool/endpoint`.
        endpoints: String,
        /// What it is now.
        verdict: Verdict,
        /// Why, if it is down.
        reason: Option<Arc<str>>,
    },
    /// An alarm is on or over.
    Alarm {
        /// Which.
        alarm: Alarm,
        /// What it is about.
        subject: Arc<str>,
        /// Whether it is on.
        on: bool,
        /// What it means and what helps.
        text: Arc<str>,
    },
}

/// News and when it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// On the calendar.
    pub at: SystemTime,
    /// What.
    pub news: News,
}

/// Whoever is told.
#[derive(Clone, Debug)]
pub struct Listener {
    sender: mpsc::Sender<Arc<Told>>,
    left_out: Arc<AtomicU64>,
}

impl Listener {
    /// A listener, where its news comes in, and the number of those that found no room.
    pub fn new() -> (Self, mpsc::Receiver<Arc<Told>>, Arc<AtomicU64>) {
        let (sender, news) = mpsc::channel(NEWS_QUEUED_MAX);
        let left_out = Arc::new(AtomicU64::new(0));
        (Self { sender, left_out: Arc::clone(&left_out) }, news, left_out)
    }

    /// Tells it, or counts what it has no room for.
    pub(super) fn tell(&self, told: &Arc<Told>) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.sender.try_send(Arc::clone(told)) {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_that_does_not_keep_up_is_told_how_much_it_missed() {
        let (listener, mut news, left_out) = Listener::new();
        let told = |text: &str| {
            let news = News::Alarm { alarm: Alarm::ProberBlind, subject: "IPv4".into(), on: true, text: text.into() };
            Arc::new(Told { at: SystemTime::UNIX_EPOCH, news })
        };
        (0..NEWS_QUEUED_MAX + 3).for_each(|index| listener.tell(&told(&index.to_string())));
        assert_eq!(left_out.load(Ordering::Relaxed), 3);
        assert_eq!(news.try_recv().unwrap(), told("0"), "the oldest are kept, in their order");
        drop(news);
        listener.tell(&told("nobody hears it, and nobody minds"));
        assert_eq!(left_out.load(Ordering::Relaxed), 3);
    }
}
