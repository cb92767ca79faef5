//! The resolver: looks up the names of edges in the background, again whenever their TTL is over, and tells what it found.
//!
//! What was good is kept while nothing better is known, for ever if need be: an old address is more than none, and there is an
//! alarm. Nothing is decided here about answers or verdicts. `edge.rs` is the life of one name, `client.rs` asks for it.
#![warn(clippy::indexing_slicing)]

mod client;
mod edge;

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use crate::limits::EDGE_LOOKUPS_IN_FLIGHT_MAX;
use crate::wire::Name;

/// What is known of a name after it was looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The name.
    pub name: Name,
    /// Its addresses: those found, or the last good ones.
    pub addresses: Vec<IpAddr>,
    /// Why they are not those of now, if they are not.
    pub trouble: Option<Arc<str>>,
}

/// Owns one task a name. When it goes, they go.
#[derive(Debug)]
pub struct Resolver {
    findings: mpsc::Sender<Finding>,
    permits: Arc<Semaphore>,
    tasks: JoinSet<()>,
}

impl Resolver {
    /// Looks up nothing yet.
    pub fn new(findings: mpsc::Sender<Finding>) -> Self {
        let permits = Arc::new(Semaphore::new(EDGE_LOOKUPS_IN_FLIGHT_MAX));
        Self { findings, permits, tasks: JoinSet::new() }
    }

    /// Takes a new plan, and looks every name up anew: whoever loads everything again wants to see it as it is now. Without servers,
    /// those of resolv.conf are asked; `last_good` gives what is known of a name already.
    pub fn replan(&mut self, servers: &[SocketAddr], names: &BTreeSet<&Name>, last_good: impl Fn(&Name) -> Vec<IpAddr>) {
        self.tasks.abort_all();
        while self.tasks.try_join_next().is_some() {}
        let servers: Arc<[SocketAddr]> = servers.into();
        for name in names {
            let edge = edge::Edge::new(Name::clone(name), last_good(name), Arc::clone(&servers));
            self.tasks.spawn(edge.keep_looking(self.findings.clone(), Arc::clone(&self.permits)));
        }
    }

    /// Ends all look-ups and waits until they have ended.
    pub async fn shutdown(mut self) {
        self.tasks.shutdown().await;
    }
}
