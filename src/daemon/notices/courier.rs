//! A courier: it gathers news for a moment, delivers all of it at once, and rests before the next round.
//! How a program is run or a server spoken to is known elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use super::webhook;
use crate::config::CommandCheck;
use crate::control::Notices;
use crate::health::Alarm;
use crate::limits::{NOTICES_MAX, NOTIFY_GATHER, NOTIFY_PACE, WEBHOOK_RETRY_PAUSE, WEBHOOK_TRIES};
use crate::probe::run_program;
use crate::serving::{Event, Told};

/// Who is told.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// A program, on its standard input.
    Command(CommandCheck),
    /// A server, by POST.
    Webhook(String),
}

impl Target {
    fn name(&self) -> &'static str {
        match self {
            Self::Command(_) => "command",
            Self::Webhook(_) => "webhook",
        }
    }

    /// A server that is restarting deserves another try; a program that has failed may have told half of it.
    fn tries(&self) -> u32 {
        match self {
            Self::Command(_) => 1,
            Self::Webhook(_) => WEBHOOK_TRIES,
        }
    }
}

/// One courier.
#[derive(Debug)]
pub(super) struct Courier {
    pub(super) target: Target,
    /// How the server calls itself.
    pub(super) server: Option<String>,
    pub(super) timeout: Duration,
    /// News that found no room, or was lost on the way.
    pub(super) left_out: Arc<AtomicU64>,
    pub(super) events: mpsc::Sender<Event>,
}

impl Courier {
    /// Delivers until nobody tells any more.
    pub(super) async fn work(self, mut news: mpsc::Receiver<Arc<Told>>) {
        let mut batch: Vec<Arc<Told>> = Vec::new();
        while news.recv_many(&mut batch, NOTICES_MAX).await > 0 {
            let begun = Instant::now();
            sleep(NOTIFY_GATHER).await;
            while let (true, Ok(told)) = (batch.len() < NOTICES_MAX, news.try_recv()) {
                batch.push(told);
            }
            let left_out = self.left_out.swap(0, Ordering::Relaxed);
            let told = batch.iter().map(Arc::as_ref);
            let notices = Notices::new(self.server.as_deref(), SystemTime::now(), left_out, told);
            let delivered = self.deliver(&notices).await;
            if delivered.is_err() {
                self.left_out.fetch_add(left_out + batch.len() as u64, Ordering::Relaxed);
            }
            self.tell(delivered.err()).await;
            batch.clear();
            sleep_until(begun + NOTIFY_PACE).await;
        }
    }

    async fn deliver(&self, notices: &Notices) -> Result<(), String> {
        let mut tried = 0;
        loop {
            let delivered = match &self.target {
                Target::Command(program) => {
                    run_program(program, &notices.variables(), notices.json().into_bytes(), self.timeout).await
                }
                Target::Webhook(url) => webhook::post(url, notices.json(), self.timeout).await,
            };
            tried += 1;
            if delivered.is_ok() || tried >= self.target.tries() {
                return delivered;
            }
            sleep(WEBHOOK_RETRY_PAUSE * tried).await;
        }
    }

    /// Raises the alarm with what went wrong, or clears it.
    async fn tell(&self, fault: Option<String>) {
        let text = fault.map(|fault| Arc::from(format!("notices are lost: {fault}; look after [notify] or who takes them")));
        let event = Event::Alarm { alarm: Alarm::NoticesUndelivered, subject: Arc::from(self.target.name()), text };
        // An error means that the Keeper ended, and with it the process.
        let _ = self.events.send(event).await;
    }
}
