//! Plans that change under a running prober. Time is real, but nothing sleeps: each step waits for what it needs to see.

use tokio::sync::watch;
use tokio::time::timeout;

use super::*;

const INTERVAL: Duration = Duration::from_millis(100);

fn job(endpoint: SocketAddr, interval: Duration) -> Job {
    let check = Check { interval, ..check(CheckKind::Http(http()), endpoint.port(), LONG) };
    Job { key: ProbeKey { check: "web".into(), address: endpoint.ip(), port: endpoint.port(), name: None }, check: check.into() }
}

fn prober(queue: usize) -> (Prober, mpsc::Receiver<Report>) {
    let (reports, receiver) = mpsc::channel(queue);
    (Prober::new(reports, Instant::now(), 7, 512), receiver)
}

async fn next(reports: &mut mpsc::Receiver<Report>) -> Report {
    timeout(LONG, reports.recv()).await.expect("no report comes").unwrap()
}

#[tokio::test]
async fn outcomes_are_reported_one_by_one_without_loss() {
    let endpoints = [Endpoint::new(Answer::Say(OK)).await, Endpoint::new(Answer::Say(OK)).await];
    let (_socket, dead) = nobody();
    let (mut prober, mut reports) = prober(1);
    let addresses = [endpoints[0].address, endpoints[1].address, dead];
    // The same key twice, as two pools would name it.
    prober.replan(addresses.iter().chain(&addresses[..1]).map(|&address| job(address, LONG)).collect());
    let mut seen = HashMap::new();
    assert_eq!(prober.running.len(), addresses.len(), "one task an address");
    while seen.len() < addresses.len() {
        let report = next(&mut reports).await;
        assert!(report.next_probe_at >= report.at);
        seen.insert(report.key.port, reason_of(report.outcome));
    }
    let refused = Some("connection refused".to_owned());
    assert_eq!(seen, [(addresses[0].port(), None), (addresses[1].port(), None), (dead.port(), refused)].into());
    prober.shutdown().await;
    // Second outcomes may have come already: the phase of an endpoint is drawn after its first.
    while reports.try_recv().is_ok() {}
    assert!(reports.recv().await.is_none(), "no task is left that could report");
}

#[tokio::test]
async fn a_job_that_leaves_is_probed_no_more() {
    let mut leaves = Endpoint::new(Answer::SayAndHold("")).await;
    let stays = Endpoint::new(Answer::Say(OK)).await;
    let (mut prober, mut reports) = prober(8);
    prober.replan(vec![job(leaves.address, LONG), job(stays.address, INTERVAL)]);
    leaves.request().await;
    prober.replan(vec![job(stays.address, INTERVAL)]);
    assert_eq!(leaves.saw().await, Seen::Closed, "the probe in flight is broken off");
    for _ in 0..3 {
        assert_eq!(next(&mut reports).await.key.port, stays.address.port());
    }
    assert!(!leaves.saw_more());
}

#[tokio::test]
async fn a_job_that_stays_is_left_alone() {
    let (release, released) = watch::channel(false);
    let mut stays = Endpoint::new(Answer::SayWhenReleased(OK, released)).await;
    let (mut prober, mut reports) = prober(8);
    let before = job(stays.address, LONG);
    prober.replan(vec![before.clone()]);
    stays.request().await;
    // The check moved in its file and has another threshold; it asks the same.
    let moved = Sources::default().add("signpost.toml", "# a new first line\n").span(5, 9);
    prober.replan(vec![Job { check: Check { span: moved, fall: 9, ..(*before.check).clone() }.into(), ..before }]);
    release.send(true).unwrap();
    assert_eq!(reason_of(next(&mut reports).await.outcome), None, "the probe in flight went on");
    assert!(!stays.saw_more());
}

#[tokio::test]
async fn a_job_whose_check_asks_something_else_begins_anew() {
    let mut endpoint = Endpoint::new(Answer::SayAndHold("")).await;
    let (mut prober, _reports) = prober(8);
    let before = job(endpoint.address, INTERVAL);
    prober.replan(vec![before.clone()]);
    endpoint.request().await;
    let kind = CheckKind::Http(HttpCheck { path: "/other".into(), ..http() });
    prober.replan(vec![Job { check: Check { kind, ..(*before.check).clone() }.into(), ..before }]);
    assert_eq!(endpoint.saw().await, Seen::Closed);
    assert!(endpoint.request().await.starts_with("GET /other "));
}

#[tokio::test]
async fn a_dropped_prober_leaves_nothing_behind() {
    let mut endpoint = Endpoint::new(Answer::SayAndHold("")).await;
    let (mut prober, mut reports) = prober(8);
    prober.replan(vec![job(endpoint.address, INTERVAL)]);
    endpoint.request().await;
    drop(prober);
    assert_eq!(endpoint.saw().await, Seen::Closed);
    assert!(reports.recv().await.is_none());
}

#[tokio::test]
async fn no_more_probes_run_than_there_are_places() {
    let (release, released) = watch::channel(false);
    let mut holds = Endpoint::new(Answer::SayWhenReleased(OK, released)).await;
    let mut waits = Endpoint::new(Answer::Say(OK)).await;
    let (mut prober, mut reports) = prober(8);
    prober.shared.permits = Semaphore::new(1).into();
    let first = job(holds.address, LONG);
    prober.replan(vec![first.clone()]);
    holds.request().await;
    prober.replan(vec![first, job(waits.address, SHORT / 10)]);
    assert!(timeout(SHORT, waits.saw()).await.is_err(), "there is one place, and it is taken");
    release.send(true).unwrap();
    for endpoint in [&holds, &waits] {
        let report = next(&mut reports).await;
        assert_eq!((report.key.port, reason_of(report.outcome)), (endpoint.address.port(), None));
    }
}
