//! What changed between two looks: for a live view that lets news stand out, and for lines that tell news alone.
//! Times and latencies change always and are no news; what an operator would act on is.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::{EndpointStatus, OrderStatus, Seen, Status};

/// Which row it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EndpointKey(String, IpAddr, Option<(String, Option<String>)>);

impl EndpointKey {
    /// The key of a row.
    pub fn of(row: &EndpointStatus) -> Self {
        let check = row.probe.as_ref().map(|probe| (probe.check.clone(), probe.name.clone()));
        Self(format!("{}/{}", row.pool, row.endpoint), row.address, check)
    }

    fn words(&self) -> String {
        let name = self.2.as_ref().and_then(|(_, name)| name.as_deref()).map(|name| format!(" {name}"));
        format!("{} {}{}", self.0, self.1, name.unwrap_or_default())
    }
}

/// What was seen last, to compare the next look with.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    seen: Option<Known>,
}

#[derive(Clone, Debug, Default)]
struct Known {
    rows: BTreeMap<EndpointKey, State>,
    alarms: BTreeMap<(String, String), String>,
}

/// What of a row is news when it changes.
#[derive(Clone, Debug, PartialEq)]
struct State {
    verdict: Seen,
    words: String,
    orders: Vec<String>,
    reason: Option<String>,
}

impl State {
    fn of(row: &EndpointStatus) -> Self {
        let probe = row.probe.as_ref();
        let held = probe.is_some_and(|probe| probe.held_until.is_some()).then_some("held");
        let remembered = probe.is_some_and(|probe| probe.remembered).then_some("remembered");
        let verdict = match row.verdict {
            Seen::Up => "up",
            Seen::Down => "down",
            Seen::Unknown => "unknown",
            Seen::Unprobed => "unprobed",
        };
        let words: Vec<&str> = [Some(verdict), held, remembered].into_iter().flatten().collect();
        let is_down = row.verdict == Seen::Down;
        let reason = probe.and_then(|probe| probe.last_error.as_ref()).filter(|_| is_down).map(|error| error.reason.clone());
        Self { verdict: row.verdict, words: words.join(", "), orders: row.orders.iter().map(lasting).collect(), reason }
    }
}

/// An order without what only time changes.
fn lasting(order: &OrderStatus) -> String {
    let reason = order.reason.as_ref().map(|reason| format!(" ({reason})"));
    format!("{}{}", order.order, reason.unwrap_or_default())
}

impl Changes {
    /// Takes the next look: a line for each change, with the rows that changed. The first look changes nothing.
    pub fn take(&mut self, status: &Status) -> Vec<(Option<EndpointKey>, String)> {
        let next = Known {
            rows: status.endpoints.iter().map(|row| (EndpointKey::of(row), State::of(row))).collect(),
            alarms: status.alarms.iter().map(|a| ((a.name.clone(), a.subject.clone()), a.text.clone())).collect(),
        };
        let changes = self.seen.as_ref().map(|before| before.changes_to(&next)).unwrap_or_default();
        self.seen = Some(next);
        changes
    }
}

impl Known {
    fn changes_to(&self, next: &Self) -> Vec<(Option<EndpointKey>, String)> {
        let mut changes = Vec::new();
        for ((name, subject), text) in &next.alarms {
            if !self.alarms.contains_key(&(name.clone(), subject.clone())) {
                changes.push((None, format!("alarm {name} {subject} is on: {text}")));
            }
        }
        for (name, subject) in self.alarms.keys().filter(|alarm| !next.alarms.contains_key(alarm)) {
            changes.push((None, format!("alarm {name} {subject} is over")));
        }
        for (key, state) in &next.rows {
            let Some(before) = self.rows.get(key) else {
                changes.push((Some(key.clone()), format!("{} is new: {}", key.words(), state.words)));
                continue;
            };
            changes.extend(before.changes_of(state).map(|words| (Some(key.clone()), format!("{} {words}", key.words()))));
        }
        changes.extend(
            self.rows.keys().filter(|key| !next.rows.contains_key(key)).map(|key| (None, format!("{} is gone", key.words()))),
        );
        changes
    }
}

impl State {
    /// What changed from this to the next, in words.
    fn changes_of(&self, next: &Self) -> impl Iterator<Item = String> + use<> {
        let reason = next.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let verdict = (self.words != next.words).then(|| format!("was {}, is {}{reason}", self.words, next.words));
        let is_other_reason = self.verdict == next.verdict && self.words == next.words && self.reason != next.reason;
        let reason = next.reason.as_ref().filter(|_| is_other_reason).map(|reason| format!("is still down: {reason}"));
        let given = next.orders.iter().filter(|order| !self.orders.contains(order)).map(|order| format!("is ordered: {order}"));
        let ended = self
            .orders
            .iter()
            .filter(|order| !next.orders.contains(order))
            .map(|order| format!("has no such order any more: {order}"));
        let all: Vec<String> = verdict.into_iter().chain(reason).chain(given).chain(ended).collect();
        all.into_iter()
    }
}
