//! From what the Keeper knows to what `status` shows: a row for each address of each endpoint, the worst first.
//! Nothing is decided here but the order of the rows; the words are made in `text.rs`.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use super::{AlarmStatus, Count, EndpointStatus, Filter, LastError, Moment, OrderStatus, ProbeStatus, Seen};
use crate::config::NodeId;
use crate::control::time::utc;
use crate::health::{Act, Alarm, Forced, Order, ProbeKey, Standing, Verdict};
use crate::serving::Survey;
use crate::snapshot::{Family, NodeKind, Stance};

/// The calendar and the time since the start, at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// What the calendar shows.
    pub moment: SystemTime,
    /// Since the start.
    pub now: Duration,
}

impl Clock {
    /// The time in UTC.
    pub fn utc(&self) -> String {
        utc(self.moment)
    }

    /// A moment since the start.
    pub fn since_start(&self, at: Duration) -> Moment {
        match at.checked_sub(self.now) {
            Some(ahead) => self.calendar(self.moment + ahead),
            None => self.ago(self.now - at),
        }
    }

    /// A moment that was so long ago.
    pub fn ago(&self, span: Duration) -> Moment {
        self.calendar(self.moment.checked_sub(span).unwrap_or(SystemTime::UNIX_EPOCH))
    }

    /// A moment on the calendar.
    pub fn calendar(&self, at: SystemTime) -> Moment {
        let seconds = match at.duration_since(self.moment) {
            Ok(ahead) => ahead.as_secs_f64(),
            Err(past) => -past.duration().as_secs_f64(),
        };
        Moment { at: utc(at), seconds: rounded(seconds) }
    }
}

/// To a microsecond: more digits say nothing.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}

impl super::Status {
    /// Fills in what the Keeper knows, with the endpoints that the filter lets through.
    pub fn fill(&mut self, survey: &Survey, filter: &Filter) {
        let clock = Clock { moment: survey.moment, now: survey.now };
        self.generation = survey.serving.generation;
        for (alarm, subject, raised) in survey.alarms.raised() {
            self.alarms.push(AlarmStatus {
                name: alarm.name().to_owned(),
                subject: subject.to_string(),
                since: clock.since_start(raised.since),
                text: raised.text.to_string(),
            });
            if alarm == Alarm::ProberBlind {
                self.blind.push(subject.to_string());
            }
        }
        for (node, row) in rows(survey, clock) {
            self.count.add(&row);
            if filter.takes(&survey.serving.snapshot.policies, node, &row) {
                self.endpoints.push(row);
            }
        }
        self.endpoints.sort_by_key(badness);
    }
}

impl Count {
    fn add(&mut self, row: &EndpointStatus) {
        self.addresses += 1;
        self.out += usize::from(row.out);
        let count = match row.verdict {
            Seen::Up => &mut self.up,
            Seen::Down => &mut self.down,
            Seen::Unknown => &mut self.unknown,
            Seen::Unprobed => &mut self.unprobed,
        };
        *count += 1;
    }
}

/// Smaller is worse; what is out by order is no surprise to anybody.
fn badness(row: &EndpointStatus) -> u8 {
    let is_uneasy = row.probe.as_ref().is_some_and(|probe| probe.uneasy);
    let is_remembered = row.probe.as_ref().is_some_and(|probe| probe.remembered);
    match row.verdict {
        Seen::Down if !row.out => 0,
        Seen::Up | Seen::Unknown | Seen::Unprobed if is_uneasy && !row.out => 1,
        Seen::Unknown => 2,
        Seen::Down | Seen::Up | Seen::Unprobed if row.out => 3,
        Seen::Down | Seen::Up | Seen::Unprobed if is_remembered || row.share_percent < 100.0 || !row.orders.is_empty() => 4,
        Seen::Down | Seen::Up | Seen::Unprobed => 5,
    }
}

/// A row for each address of each endpoint, in the order of the configuration, with its pool.
fn rows(survey: &Survey, clock: Clock) -> Vec<(NodeId, EndpointStatus)> {
    let policies = &survey.serving.snapshot.policies;
    let mut rows = Vec::new();
    let mut told = HashSet::new();
    // A pattern is never answered with: the copies made from it are, each for a name; what they have alike is told once.
    for (id, node) in (0..).map(NodeId).zip(policies.nodes()).filter(|(_, node)| !node.needs.is_any()) {
        let NodeKind::Pool(pool) = &node.kind else { continue };
        for (index, endpoint) in (0..).zip(&pool.endpoints) {
            let here = survey.orders.for_endpoint(&node.name, &endpoint.name, survey.moment);
            let orders: Vec<OrderStatus> = here.map(|order| OrderStatus::new(order, clock)).collect();
            let treatment = survey.treatments.get(&(id, index)).copied().unwrap_or_default();
            let out = treatment.stance == Stance::Out;
            let known = Family::ALL.into_iter().flat_map(|family| endpoint.known(family).map(move |known| (family, known)));
            for (family, (address, probe)) in known {
                if !told.insert((&node.name, &endpoint.name, address, probe)) {
                    continue;
                }
                let (verdict, probe) = seen(survey, probe, clock);
                let row = EndpointStatus {
                    pool: node.name.clone(),
                    endpoint: endpoint.name.clone(),
                    cname: endpoint.edge.as_ref().map(|edge| edge.name.to_string()),
                    address,
                    weight: treatment.weight.unwrap_or(endpoint.weight),
                    share_percent: if out { 0.0 } else { f64::from(treatment.share.parts()) / 10.0 },
                    out,
                    spared: treatment.spared[family],
                    orders: orders.clone(),
                    verdict,
                    probe,
                };
                rows.push((id, row));
            }
        }
    }
    rows
}

/// What the probe of this index came to.
fn seen(survey: &Survey, probe: Option<u32>, clock: Clock) -> (Seen, Option<ProbeStatus>) {
    let Some(index) = probe.map(|probe| probe as usize) else { return (Seen::Unprobed, None) };
    let probes = survey.serving.snapshot.policies.probes();
    let standing = survey.standings.get(index).and_then(Option::as_ref);
    let (Some(probe), Some(standing)) = (probes.get(index), standing) else { return (Seen::Unknown, None) };
    let verdict = match standing.verdict {
        Verdict::Unknown => Seen::Unknown,
        Verdict::Up => Seen::Up,
        Verdict::Down => Seen::Down,
    };
    (verdict, Some(ProbeStatus::new(&probe.key, standing, clock)))
}

impl ProbeStatus {
    fn new(key: &ProbeKey, standing: &Standing, clock: Clock) -> Self {
        let moment = |at: Duration| clock.since_start(at);
        Self {
            check: key.check.to_string(),
            port: key.port,
            name: key.name.as_deref().map(str::to_owned),
            since: clock.ago(standing.age(clock.now)),
            uneasy: standing.uneasy,
            remembered: standing.remembered,
            flaps: standing.flaps,
            held_until: standing.held_until.filter(|until| *until > clock.now).map(moment),
            latency_seconds: standing.latency.map(|latency| rounded(latency.as_secs_f64())),
            last_outcome: standing.last_outcome_at.map(moment),
            last_error: standing
                .last_error
                .as_ref()
                .map(|(at, reason)| LastError { when: moment(*at), reason: reason.to_string() }),
            next_probe: standing.next_probe_at.map(moment),
            certificate_ends: standing.certificate_ends.map(|ends| clock.calendar(ends)),
        }
    }
}

impl OrderStatus {
    fn new(order: &Order, clock: Clock) -> Self {
        let deed = match order.act {
            Act::Drain { .. } => "drain".to_owned(),
            Act::Force(Forced::Up) => "force up".to_owned(),
            Act::Force(Forced::Down) => "force down".to_owned(),
            Act::Weight(weight) => format!("weight {weight}"),
        };
        Self {
            order: deed,
            on: order.on.to_string(),
            reason: order.reason.as_deref().map(str::to_owned),
            since: order.since.map(|since| clock.calendar(since)),
            complete: order.complete_at().map(|at| clock.calendar(at)),
            until: order.until.map(|until| clock.calendar(until)),
        }
    }
}
