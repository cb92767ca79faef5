//! Edges: what the resolver finds goes into the answers and the probes, as a reload would, and into alarms.
//! Nothing is read for it but what it found: zones and policies are those of the last load.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::{Daemon, jobs};
use crate::config::Config;
use crate::health::Alarm;
use crate::limits::EDGE_FINDINGS_QUEUED_MAX;
use crate::resolve::{Finding, Resolver};
use crate::serving::Event;
use crate::snapshot::{Edges, Snapshot};
use crate::wire::Name;

/// What is known of edges.
pub(super) struct Looked {
    resolver: Resolver,
    findings: mpsc::Receiver<Finding>,
    known: Edges,
    /// Those that were not looked up yet.
    waiting: BTreeSet<Name>,
    /// Those that could not be.
    troubled: BTreeSet<Name>,
}

impl Looked {
    /// Nothing is known yet.
    pub(super) fn new() -> Self {
        let (sender, findings) = mpsc::channel(EDGE_FINDINGS_QUEUED_MAX);
        let (waiting, troubled) = (BTreeSet::new(), BTreeSet::new());
        Self { resolver: Resolver::new(sender), findings, known: Edges::default(), waiting, troubled }
    }

    /// Whether each edge was looked up once, well or not.
    pub(super) fn is_ready(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Waits for what is found next.
    pub(super) async fn next(&mut self) -> Vec<Finding> {
        let mut found = Vec::new();
        self.findings.recv_many(&mut found, EDGE_FINDINGS_QUEUED_MAX).await;
        found
    }

    /// Looks up what this snapshot names; gives it with what is known already, and the names whose trouble is nobody's any more.
    pub(super) fn replan(&mut self, config: &Config, snapshot: Arc<Snapshot>) -> (Arc<Snapshot>, Vec<Name>) {
        let names = snapshot.policies.edges();
        self.known.keep(&names);
        let is_gone = |name: &&Name| !names.contains(*name);
        let gone: Vec<Name> = self.troubled.iter().filter(is_gone).cloned().collect();
        self.waiting = names
            .iter()
            .filter(|name| self.known.all(name).is_empty() && !self.troubled.contains(**name))
            .map(|name| (*name).clone())
            .collect();
        self.resolver.replan(&config.server.resolvers, &names, |name| self.known.all(name));
        let snapshot = snapshot.with_edges(config, &self.known).map_or(snapshot, Arc::new);
        (snapshot, gone)
    }

    pub(super) async fn shutdown(self) {
        self.resolver.shutdown().await;
    }
}

impl Daemon {
    /// Takes what was found: new addresses are answered and probed at once.
    pub(super) async fn take_findings(&mut self, findings: Vec<Finding>) {
        let mut changed = false;
        for Finding { name, addresses, trouble } in findings {
            self.looked.waiting.remove(&name);
            self.tell_trouble(&name, trouble).await;
            changed |= self.looked.known.set(name, &addresses);
        }
        if !changed {
            return;
        }
        let Some(snapshot) = self.snapshot.with_edges(&self.config, &self.looked.known) else { return };
        self.publish(Arc::new(snapshot)).await;
    }

    /// Lets a snapshot answer, and probes what it names.
    pub(super) async fn publish(&mut self, snapshot: Arc<Snapshot>) {
        let (done, published) = oneshot::channel();
        if self.events.send(Event::Loaded(Arc::clone(&snapshot), done)).await.is_ok() {
            // An error means that the Keeper ended, and with it the process.
            let _ = published.await;
        }
        self.prober.replan(jobs(&self.config, &snapshot));
        self.snapshot = snapshot;
    }

    /// Raises or clears the alarm of an edge, where that is news.
    pub(super) async fn tell_trouble(&mut self, name: &Name, trouble: Option<Arc<str>>) {
        let is_news = match &trouble {
            Some(_) => true,
            None => self.looked.troubled.remove(name),
        };
        if !is_news {
            return;
        }
        let text = trouble.map(|why| {
            self.looked.troubled.insert(name.clone());
            format!(
                "can't look up an edge: {why}; its last good addresses serve on, if there are any: see \"resolvers\" in [server]"
            )
            .into()
        });
        let _ = self.events.send(Event::Alarm { alarm: Alarm::CnameUnresolved, subject: name.to_string().into(), text }).await;
    }
}
