//! The Keeper on a paused clock: what it publishes, when, and what it keeps.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::{Current, Event, Keeper};
use crate::config::{self, NodeId};
use crate::diagnostic::Sources;
use crate::health::{Outcome, ProbeKey, Verdict};
use crate::snapshot::{Family, Grade, Policies, Serving, Snapshot, Steering};

/// One pool with one probed endpoint, and as many unprobed ones as asked for.
fn snapshot(unprobed: usize) -> Arc<Snapshot> {
    let pools: String = (0..unprobed)
        .map(|index| format!("[pool.p{index}]\nendpoints = [{{ name = \"a\", v4 = \"127.0.1.{index}\" }}]\n"))
        .collect();
    let text = format!(
        "[check.web]\nkind = \"tcp\"\nport = 80\n[pool.eu]\ncheck = \"web\"\nendpoints = [{{ name = \"a\", v4 = \"127.0.0.1\" }}]\n{pools}"
    );
    let mut sources = Sources::default();
    let source = sources.add("signpost.toml", text);
    let (config, _) = config::parse(&[config::Text { source: &source, folder: Path::new("") }]);
    let (policies, faults) = Policies::compile(&config.unwrap(), Arc::default(), None);
    assert_eq!(faults, []);
    Arc::new(Snapshot::new(1, Vec::new(), Arc::new(policies)))
}

fn started(snapshot: &Arc<Snapshot>) -> Arc<Current> {
    let steering = Steering::new(&snapshot.policies, |_| Verdict::Unknown, None);
    Arc::new(Current::new(Serving { generation: 1, snapshot: Arc::clone(snapshot), steering }))
}

fn probed(outcome: Outcome) -> Event {
    let key = ProbeKey { check: "web".into(), address: [127, 0, 0, 1].into(), port: 80 };
    Event::Probed { key, outcome, next_probe_at: Duration::ZERO }
}

fn is_up(current: &Current) -> bool {
    current.load().steering.state(NodeId(0)).unwrap().usable(Grade::Up, Family::V4)
}

async fn published(current: &Current, generation: u64) {
    while current.load().generation < generation {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_verdict_is_in_the_answers_at_once() {
    let current = started(&snapshot(0));
    let begun = tokio::time::Instant::now();
    let (events, mut known, _) = Keeper::start(Arc::clone(&current), Instant::now());
    assert!(is_up(&current) && !*known.borrow());
    events.send(probed(Outcome::fail("refused"))).await.unwrap();
    published(&current, 2).await;
    assert!(!is_up(&current));
    known.wait_for(|known| *known).await.unwrap();
    // No timer stands between an outcome and its publication: the paused clock has not moved.
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn outcomes_that_change_nothing_publish_nothing() {
    let current = started(&snapshot(0));
    let (events, ..) = Keeper::start(Arc::clone(&current), Instant::now());
    for _ in 0..5 {
        events.send(probed(Outcome::fail("refused"))).await.unwrap();
    }
    let (reply, survey) = oneshot::channel();
    events.send(Event::Survey(reply)).await.unwrap();
    let survey = survey.await.unwrap();
    assert_eq!(survey.serving.generation, 2);
    assert_eq!(survey.standings[0].as_ref().unwrap().last_error.as_ref().unwrap().1.as_ref(), "refused");
}

#[tokio::test(start_paused = true)]
async fn a_reload_keeps_verdicts() {
    let current = started(&snapshot(0));
    let (events, ..) = Keeper::start(Arc::clone(&current), Instant::now());
    let (done, loaded) = oneshot::channel();
    events.send(probed(Outcome::fail("refused"))).await.unwrap();
    events.send(Event::Loaded(snapshot(3), done)).await.unwrap();
    loaded.await.unwrap();
    assert_eq!(current.load().snapshot.policies.nodes().len(), 4);
    assert!(!is_up(&current), "the dead endpoint stays out");
}

#[tokio::test(start_paused = true)]
async fn a_generation_in_use_is_freed_by_the_keeper_and_not_before_its_user_lets_go() {
    let current = started(&snapshot(0));
    let (events, ..) = Keeper::start(Arc::clone(&current), Instant::now());
    let used = Arc::clone(&current.load());
    let weak = Arc::downgrade(&used);
    events.send(probed(Outcome::fail("refused"))).await.unwrap();
    published(&current, 2).await;
    drop(used);
    assert!(weak.upgrade().is_some(), "letting go frees nothing: the Keeper still holds it");
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(weak.upgrade().is_none());
}
