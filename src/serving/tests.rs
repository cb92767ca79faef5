//! The Keeper with events but without probes or queries: what is published, and when.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};

use super::*;
use crate::config::{Text, parse};
use crate::diagnostic::Sources;
use crate::health::{Cause, Outcome, ProbeKey};
use crate::snapshot::{Circumstances, Family, Grade, Policies, Serving, Snapshot, Steering};

/// A snapshot of one pool whose endpoints have these last octets.
fn snapshot(octets: &[u8]) -> Arc<Snapshot> {
    let endpoint = |octet: &u8| format!("{{ name = \"e{octet}\", v4 = \"192.0.2.{octet}\" }}");
    let endpoints: Vec<String> = octets.iter().map(endpoint).collect();
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[check.web]\nkind = \"tcp\"\nport = 80\n[pool.eu]\ncheck = \"web\"\nendpoints = [{}]\n",
        endpoints.join(", ")
    );
    let source = Sources::default().add("signpost.toml", text);
    let (config, faults) = parse(&[Text { source: &source, folder: "".as_ref() }]);
    let (policies, _) = Policies::compile(&config.unwrap_or_else(|| panic!("{faults:?}")), Arc::default(), None);
    Arc::new(Snapshot::new(1, Vec::new(), Arc::new(policies)))
}

struct Kept {
    current: Arc<Current>,
    events: mpsc::Sender<Event>,
    known: watch::Receiver<bool>,
}

impl Kept {
    fn start(snapshot: Arc<Snapshot>) -> Self {
        let steering = Steering::new(&snapshot.policies, &Circumstances::default(), None);
        let current = Arc::new(Current::new(Serving { generation: 1, snapshot, steering }));
        let (events, known) = keep(Arc::clone(&current), Instant::now());
        Self { current, events, known }
    }

    /// Queues an outcome without waiting for it to be taken.
    fn probed(&self, octet: u8, passed: bool) {
        let key = ProbeKey { check: "web".into(), address: [192, 0, 2, octet].into(), port: 80, name: None };
        let outcome = if passed { Outcome::pass(Duration::ZERO) } else { Outcome::fail(Cause::Refused, "connection refused") };
        self.events.try_send(Event::Probed { key, outcome, next_probe_at: Duration::ZERO }).unwrap();
    }

    fn loaded(&self, snapshot: Arc<Snapshot>) -> oneshot::Receiver<()> {
        let (done, published) = oneshot::channel();
        self.events.try_send(Event::Loaded(snapshot, done)).unwrap();
        published
    }

    /// Waits until everything queued is taken; the generation, and the endpoints that answer for A while they are up.
    async fn told(&self) -> (u64, Vec<String>) {
        let (reply, survey) = oneshot::channel();
        self.events.send(Event::Survey(reply)).await.unwrap();
        let serving = survey.await.unwrap().serving;
        let policies = &serving.snapshot.policies;
        let state = serving.steering.state(policies.find("eu").unwrap()).unwrap();
        let name = |(member, _)| policies.endpoints_of(u32::from(member)).concat();
        (serving.generation, state.draw(Grade::Up, Some(Family::V4)).members().map(name).collect())
    }
}

fn names(octets: &[u8]) -> Vec<String> {
    octets.iter().map(|octet| format!("eu/e{octet}")).collect()
}

#[tokio::test(start_paused = true)]
async fn a_verdict_is_in_the_answers_at_once() {
    let kept = Kept::start(snapshot(&[1, 2]));
    let begun = tokio::time::Instant::now();
    assert_eq!(kept.told().await, (1, names(&[1, 2])));
    kept.probed(1, false);
    assert_eq!(kept.told().await, (2, names(&[2])));
    // No timer stands between an outcome and its publication: the paused clock has not moved.
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn outcomes_that_change_no_verdict_publish_nothing() {
    let kept = Kept::start(snapshot(&[1, 2]));
    kept.probed(1, false);
    assert_eq!(kept.told().await, (2, names(&[2])));
    kept.probed(1, false);
    kept.probed(1, true);
    assert_eq!(kept.told().await, (2, names(&[2])), "one pass is not enough to rise");
}

#[tokio::test(start_paused = true)]
async fn changes_that_wait_together_are_published_once() {
    let kept = Kept::start(snapshot(&[1, 2, 3]));
    kept.probed(1, false);
    kept.probed(2, false);
    kept.probed(3, true);
    assert_eq!(kept.told().await, (2, names(&[3])));
}

/// Old and new verdicts around a reload, all in one batch: what stays keeps its verdict, what comes counts as up.
#[tokio::test(start_paused = true)]
async fn a_reload_among_outcomes_keeps_verdicts_by_key() {
    let kept = Kept::start(snapshot(&[1, 2]));
    kept.probed(2, false);
    let published = kept.loaded(snapshot(&[3, 2, 1]));
    kept.probed(1, false);
    assert_eq!(kept.told().await, (2, names(&[3])));
    assert!(published.await.is_ok());
    kept.probed(3, false);
    let published = kept.loaded(snapshot(&[1, 2]));
    kept.probed(3, true);
    assert_eq!(kept.told().await, (3, Vec::new()), "none is up, so that worse grades answer");
    assert!(published.await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn all_is_known_at_once_where_nothing_is_probed() {
    assert!(*Kept::start(Arc::default()).known.borrow());
    let kept = Kept::start(snapshot(&[1, 2]));
    assert!(!*kept.known.borrow());
    for (octet, known) in [(1, false), (2, true)] {
        kept.probed(octet, true);
        kept.told().await;
        assert_eq!(*kept.known.borrow(), known);
    }
}

/// A worker must never be the one who frees a generation: it waits with the Keeper until nobody looks at it.
#[tokio::test(start_paused = true)]
async fn a_generation_lives_until_its_last_reader_has_gone_and_not_much_longer() {
    let kept = Kept::start(snapshot(&[1, 2]));
    let view = kept.current.load();
    let first = Arc::downgrade(&view);
    kept.probed(1, false);
    kept.told().await;
    drop(view);
    assert!(first.upgrade().is_some(), "the reader let go of it, the Keeper has it");
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(first.upgrade().is_none(), "the Keeper freed it");
}
