//! `[notify]`: news of the Keeper to a program of the operator's own, to a server over HTTP, or both.
//!
//! Each has a courier with a bounded queue, one delivery at a time and a batch a second at most: the Keeper never waits, and
//! neither waits for the other. What can't be delivered raises an alarm, and the next batch says how much was lost.

mod courier;
mod webhook;

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use courier::{Courier, Target};

use crate::config::{Config, Notify};
use crate::health::Alarm;
use crate::serving::{Event, Listener};

/// The couriers.
#[derive(Debug)]
pub(super) struct Notifier {
    events: mpsc::Sender<Event>,
    current: Option<(Notify, Option<String>)>,
    couriers: JoinSet<()>,
}

impl Notifier {
    /// Tells nobody yet.
    pub(super) fn new(events: &mpsc::Sender<Event>) -> Self {
        Self { events: events.clone(), current: None, couriers: JoinSet::new() }
    }

    /// Takes a new configuration; couriers whose work is the same go on with it.
    pub(super) async fn replan(&mut self, config: &Config) {
        let next = config.notify.clone().map(|notify| (notify, config.server.identity.clone()));
        if next == self.current {
            return;
        }
        self.couriers.shutdown().await;
        let mut listeners = Vec::new();
        let (notify, server) = next.clone().unzip();
        for target in notify.iter().flat_map(targets) {
            let (listener, news, left_out) = Listener::new();
            listeners.push(listener);
            let timeout = notify.as_ref().map(|notify| notify.timeout).unwrap_or_default();
            let server = server.clone().flatten();
            let courier = Courier { target, server, timeout, left_out, events: self.events.clone() };
            self.couriers.spawn(courier.work(news));
        }
        self.current = next;
        for subject in ["command", "webhook"] {
            let event = Event::Alarm { alarm: Alarm::NoticesUndelivered, subject: Arc::from(subject), text: None };
            // An error means that the Keeper ended, and with it the process.
            let _ = self.events.send(event).await;
        }
        let _ = self.events.send(Event::Listen(listeners)).await;
    }

    /// Lets go of what is being delivered.
    pub(super) async fn end(mut self) {
        self.couriers.shutdown().await;
    }
}

fn targets(notify: &Notify) -> impl Iterator<Item = Target> {
    let command = notify.command.clone().map(Target::Command);
    command.into_iter().chain(notify.webhook.clone().map(Target::Webhook))
}
