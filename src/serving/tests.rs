//! The Keeper with events but without probes or queries: what is published, and when.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::{mpsc, oneshot, watch};

use super::*;
use crate::config::{Text, parse};
use crate::diagnostic::Sources;
use crate::health::{Act, Alarm, Cause, Forced, Memory, Order, Orders, Outcome, Pattern, ProbeKey, Raised, Verdict};
use crate::snapshot::{Circumstances, Family, Grade, Policies, Serving, Snapshot, Steering};

/// A snapshot of one pool whose endpoints have these last octets.
fn snapshot(octets: &[u8]) -> Arc<Snapshot> {
    snapshot_with(octets, "")
}

/// The same with more tables.
fn snapshot_with(octets: &[u8], more: &str) -> Arc<Snapshot> {
    let endpoint = |octet: &u8| format!("{{ name = \"e{octet}\", v4 = \"192.0.2.{octet}\" }}");
    let endpoints: Vec<String> = octets.iter().map(endpoint).collect();
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[check.web]\nkind = \"tcp\"\nport = 80\n[pool.eu]\ncheck = \"web\"\nendpoints = [{}]\n{more}",
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
        let name = |(member, _)| policies.endpoints_by_probe()[usize::from(member)].concat();
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

/// A Keeper of one pool with these orders, without a clock.
struct Ordered {
    current: Arc<Current>,
    keeper: Keeper,
}

impl Ordered {
    fn new(octets: &[u8]) -> Self {
        let snapshot = snapshot(octets);
        let steering = Steering::new(&snapshot.policies, &Circumstances::default(), None);
        let current = Arc::new(Current::new(Serving { generation: 1, snapshot, steering }));
        let mut keeper = Keeper::new(Arc::clone(&current), Duration::ZERO);
        keeper.set_calendar(moment(0), Duration::ZERO);
        Self { current, keeper }
    }

    fn order(&mut self, orders: impl IntoIterator<Item = Order>, now: u64) {
        self.keeper.order(Arc::new(Orders::new(orders)));
        self.keeper.publish(Duration::from_secs(now));
    }

    fn probed(&mut self, octet: u8, outcome: Outcome, now: u64) {
        let key = ProbeKey { check: "web".into(), address: [192, 0, 2, octet].into(), port: 80, name: None };
        let now = Duration::from_secs(now);
        self.keeper.observe(&key, outcome, now, now);
        self.keeper.publish(now);
    }

    /// The parts that each endpoint gets of what is up, in thousandths.
    fn parts(&self, grade: Grade) -> Vec<(u16, u32)> {
        let serving = self.current.load();
        let state = serving.steering.state(serving.snapshot.policies.find("eu").unwrap()).unwrap();
        let draw = state.draw(grade, Some(Family::V4));
        draw.members().map(|(member, weight)| (member, (weight * 1000 + draw.sum() / 2) / draw.sum())).collect()
    }
}

fn moment(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_530_127 + seconds)
}

fn order(on: &str, act: Act) -> Order {
    Order { on: Pattern::read(on).unwrap(), act, reason: None, since: Some(moment(0)), until: None }
}

fn drain(on: &str, over: u64) -> Order {
    order(on, Act::Drain { over: Duration::from_secs(over) })
}

#[test]
fn a_drain_publishes_its_steps_at_their_time_and_nothing_between() {
    let mut ordered = Ordered::new(&[1, 2]);
    ordered.order([drain("eu/e1", 4)], 0);
    let mut story = Vec::new();
    let mut now = Duration::ZERO;
    loop {
        let generation = ordered.current.load().generation;
        story.push((now.as_secs(), generation, ordered.parts(Grade::Up)[0]));
        let Some(next) = ordered.keeper.next_tick() else { break };
        ordered.keeper.publish(next - Duration::from_millis(1));
        assert_eq!(ordered.current.load().generation, generation, "nothing changes before its time");
        now = next;
        ordered.keeper.publish(now);
    }
    // The weights are 7 to 8, 5 to 8, 3 to 8 and 1 to 8; then the other is alone.
    let shares = [(0, 467), (0, 385), (0, 273), (0, 111), (1, 1000)];
    let expected: Vec<_> = (0..).zip(2..).zip(shares).map(|((second, generation), share)| (second, generation, share)).collect();
    assert_eq!(story, expected);
}

/// The order stands beside the verdict: the probe goes on, and what it found counts as soon as the order is gone.
#[test]
fn after_an_order_the_verdict_of_meanwhile_counts_at_once() {
    let refused = || Outcome::fail(Cause::Refused, "connection refused");
    let mut ordered = Ordered::new(&[1, 2]);
    ordered.order([drain("eu/e1", 0)], 0);
    ordered.probed(1, refused(), 1);
    ordered.order([], 2);
    assert_eq!(ordered.parts(Grade::Up), [(1, 1000)], "it went down while it was drained");
    ordered.order([order("eu/e1", Act::Force(Forced::Up))], 3);
    assert_eq!(ordered.parts(Grade::Up), [(0, 500), (1, 500)]);
    ordered.order([Order { until: Some(moment(9)), ..order("eu", Act::Force(Forced::Down)) }], 4);
    assert_eq!(ordered.parts(Grade::Up), []);
    assert_eq!(ordered.parts(Grade::All), [(0, 500), (1, 500)], "what nobody else can answer is answered all the same");
    assert_eq!(ordered.keeper.next_tick(), Some(Duration::from_secs(9)));
    ordered.keeper.publish(Duration::from_secs(9));
    assert_eq!(ordered.parts(Grade::Up), [(1, 1000)]);
    ordered.order([order("eu/e2", Act::Weight(3.try_into().unwrap())), order("eu/e1", Act::Force(Forced::Up))], 10);
    assert_eq!(ordered.parts(Grade::Up), [(0, 250), (1, 750)]);
}

/// Nothing else is up, but not everything is forbidden: the drained one stays out.
#[test]
fn a_drained_endpoint_stays_out_while_any_other_is_left_even_a_dead_one() {
    let mut ordered = Ordered::new(&[1, 2]);
    ordered.order([drain("eu/e1", 0)], 0);
    ordered.probed(2, Outcome::fail(Cause::Refused, "connection refused"), 1);
    assert_eq!((ordered.parts(Grade::Up), ordered.parts(Grade::Allowed)), (vec![], vec![(1, 1000)]));
}

/// Orders go by names, so a reload that moves endpoints about moves no order.
#[test]
fn orders_follow_their_names_through_a_reload_and_the_calendar_when_it_is_set() {
    let mut ordered = Ordered::new(&[1, 2]);
    ordered.order([drain("eu/e1", 0), Order { until: Some(moment(100)), ..drain("eu/e3", 0) }], 0);
    ordered.keeper.load(snapshot(&[3, 2, 1]), Duration::from_secs(1));
    ordered.keeper.publish(Duration::from_secs(1));
    assert_eq!(ordered.parts(Grade::Up), [(1, 1000)]);
    ordered.keeper.set_calendar(moment(100), Duration::from_secs(2));
    ordered.keeper.publish(Duration::from_secs(2));
    assert_eq!(ordered.parts(Grade::Up), [(0, 500), (1, 500)]);
    ordered.keeper.set_calendar(moment(50), Duration::from_secs(3));
    ordered.keeper.publish(Duration::from_secs(3));
    assert_eq!(ordered.parts(Grade::Up), [(1, 1000)]);
}

#[tokio::test(start_paused = true)]
async fn what_is_remembered_answers_at_once_and_nobody_waits_for_it() {
    let kept = Kept::start(snapshot(&[1, 2]));
    let memory = |octet, verdict| {
        let key = ProbeKey { check: "web".into(), address: [192, 0, 2, octet].into(), port: 80, name: None };
        Memory { key, verdict, age: Duration::from_secs(60) }
    };
    let (done, taken) = oneshot::channel();
    let memories = vec![memory(1, Verdict::Down), memory(2, Verdict::Up)];
    kept.events.send(Event::Remembered(memories.clone(), done)).await.unwrap();
    taken.await.unwrap();
    assert_eq!((kept.told().await, *kept.known.borrow()), ((2, names(&[2])), true));
    let ask = async |since| {
        let (reply, memories) = oneshot::channel();
        kept.events.send(Event::Memories(since, reply)).await.unwrap();
        memories.await.unwrap()
    };
    let (found, count) = ask(None).await.unwrap();
    let verdicts = |memories: &[Memory]| memories.iter().map(|memory| (memory.key.clone(), memory.verdict)).collect::<Vec<_>>();
    assert_eq!(verdicts(&found), verdicts(&memories));
    assert_eq!(ask(Some(count)).await, None, "nothing has changed since");
    kept.probed(1, true);
    assert_eq!(kept.told().await, (3, names(&[1, 2])), "the first outcome decides");
    assert!(ask(Some(count)).await.is_some());
}

#[test]
fn what_a_limit_holds_in_is_an_alarm_until_it_goes() {
    let web = "[policy.web]\nchoose = \"failover\"\nfrom = \"eu\"\nmax_removed = \"50%\"\n";
    let snapshot = snapshot_with(&[1, 2, 3], web);
    let steering = Steering::new(&snapshot.policies, &Circumstances::default(), None);
    let current = Arc::new(Current::new(Serving { generation: 1, snapshot, steering }));
    let mut keeper = Keeper::new(Arc::clone(&current), Duration::ZERO);
    let mut probed = |second: u64, outcome: Outcome| {
        let now = Duration::from_secs(second);
        for octet in [1, 2, 3] {
            let key = ProbeKey { check: "web".into(), address: [192, 0, 2, octet].into(), port: 80, name: None };
            keeper.observe(&key, outcome.clone(), now, now);
        }
        keeper.publish(now);
        let text = |(alarm, policy, raised): (Alarm, &Arc<str>, &Raised)| format!("{} {policy}: {}", alarm.name(), raised.text);
        let alarms: Vec<String> = keeper.survey(now).alarms.raised().map(text).collect();
        let state = current.load().steering.state(crate::config::NodeId(0)).unwrap().clone();
        (state.draw(Grade::Up, Some(Family::V4)).members().count(), alarms, keeper.next_tick().map(|next| next.as_secs()))
    };
    let failure = Outcome::fail(Cause::Refused, "connection refused");
    assert_eq!(probed(1, Outcome::pass(Duration::ZERO)), (3, vec![], None));
    probed(10, failure.clone());
    probed(11, failure.clone());
    let held = "in, because health may take out at most 50 % of the policy in a minute";
    let two = format!("removal-limited web: 2 addresses are down but stay {held}");
    assert_eq!(probed(12, failure.clone()), (2, vec![two], Some(72)));
    let one = format!("removal-limited web: 1 address is down but stays {held}");
    assert_eq!(probed(72, failure.clone()), (1, vec![one], Some(132)));
    assert_eq!(probed(132, failure), (0, vec![], None));
}
