//! What `status` shows: how the server is, its alarms, and what is known of each address of each endpoint.
//!
//! These structs are the JSON of `status --json`, and they are documented in the README: fields may be added, but keep their
//! names and meanings. `gather.rs` fills them on the server, `text.rs` makes lines of them at the operator's end, `changes.rs`
//! compares two of them.

mod changes;
mod filter;
mod gather;
#[cfg(test)]
mod tests;
mod text;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::protocol::Reply;

pub use changes::{Changes, EndpointKey};
pub use filter::Filter;
pub use gather::Clock;
pub use text::Paint;

/// The number of this form; another one only if a field ever changes its name or meaning.
pub const STATUS_FORMAT: u32 = 1;

/// How the server and its endpoints are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// [`STATUS_FORMAT`]
    pub format: u32,
    /// The program's version.
    pub version: String,
    /// The time of all this, in UTC (RFC 3339).
    pub now: String,
    /// When the process began.
    pub started: Moment,
    /// The generation that answers.
    pub generation: u64,
    /// Zones served.
    pub zones: usize,
    /// Names in all of them.
    pub names: usize,
    /// Pools and policies.
    pub policies: usize,
    /// Since when every reload has been refused whole; nothing if the last one was not.
    pub reload_refused: Option<Moment>,
    /// Zones that serve an older version than their file holds.
    pub older_zones: Vec<OlderZone>,
    /// The geo databases, in the order in which they are asked.
    pub geo: Vec<GeoStatus>,
    /// Queries that got a reply.
    pub answered: u64,
    /// Queries that got none.
    pub dropped: u64,
    /// How many probes there were of late, and how punctual.
    pub probes: ProbesStatus,
    /// The families for which the prober doubts itself: IPv4, IPv6.
    pub blind: Vec<String>,
    /// The alarms that are on.
    pub alarms: Vec<AlarmStatus>,
    /// All addresses of all endpoints, shown or not, by how they are.
    pub count: Count,
    /// Those that were asked for, the worst first.
    pub endpoints: Vec<EndpointStatus>,
}

impl Status {
    /// As one line of JSON.
    pub fn json(&self) -> String {
        // Plain numbers, texts and lists can't fail to be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The status that a reply brings, if it does.
    pub fn of(reply: &Reply) -> Option<Self> {
        serde_json::from_str(&reply.out).ok().filter(|_| reply.exit == 0)
    }
}

/// A moment, on the calendar and from now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// In UTC (RFC 3339), to the second.
    pub at: String,
    /// Seconds from now; negative is past.
    pub seconds: f64,
}

/// A zone that serves an older version than its file holds, because the file is refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OlderZone {
    /// Its name.
    pub zone: String,
    /// The serial that serves.
    pub serial: u32,
    /// Since when its file has been refused.
    pub refused: Moment,
}

/// The probes of the last ten seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProbesStatus {
    /// Begun in a second.
    pub per_second: f64,
    /// Half of them began no later than this after they were due.
    pub half_within_seconds: f64,
    /// 99 of 100 did.
    pub most_within_seconds: f64,
}

/// One geo database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GeoStatus {
    /// Its file.
    pub file: String,
    /// When it was built, if it says so.
    pub built: Option<Moment>,
}

/// An alarm that is on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlarmStatus {
    /// Its stable name.
    pub name: String,
    /// What it is about.
    pub subject: String,
    /// Since when.
    pub since: Moment,
    /// What it means and what helps.
    pub text: String,
}

/// Addresses by how they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// All of them.
    pub addresses: usize,
    /// Up.
    pub up: usize,
    /// Down.
    pub down: usize,
    /// Without a verdict so far.
    pub unknown: usize,
    /// Without a check.
    pub unprobed: usize,
    /// Kept out by an order, whatever the verdict is.
    pub out: usize,
}

/// One address of an endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EndpointStatus {
    /// Its pool.
    pub pool: String,
    /// Its name in the pool.
    pub endpoint: String,
    /// The name whose address it is, where the endpoint is one.
    pub cname: Option<String>,
    /// The address.
    pub address: IpAddr,
    /// Its weight, by order or as configured.
    pub weight: u16,
    /// How much of its weight it gets now, in percent: 0 is drained, in between it drains or starts slowly.
    pub share_percent: f64,
    /// Whether an order keeps it out.
    pub out: bool,
    /// Whether it stays in though it is down, because `max_removed` is used up.
    pub spared: bool,
    /// The orders that are for it.
    pub orders: Vec<OrderStatus>,
    /// What its probes amount to.
    pub verdict: Seen,
    /// How it is probed and what came of it; nothing if it is not.
    pub probe: Option<ProbeStatus>,
}

/// A verdict, or that there is none to expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Seen {
    /// It takes clients.
    Up,
    /// It takes none, unless nothing else is left.
    Down,
    /// No outcome yet.
    Unknown,
    /// It has no check, and counts as up.
    Unprobed,
}

/// What is known from probing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbeStatus {
    /// The check's name.
    pub check: String,
    /// The port; 0 where the check has none.
    pub port: u16,
    /// The name whose verdict it is, where each has its own.
    pub name: Option<String>,
    /// Since when the verdict holds.
    pub since: Moment,
    /// Whether the verdict may soon be another: it fails but is not down yet, or passes but is not up yet.
    pub uneasy: bool,
    /// Whether the verdict is from before a restart, and no outcome has confirmed it yet.
    pub remembered: bool,
    /// How often it went down again soon after it had come up; forgotten with quiet time.
    pub flaps: u32,
    /// Until when it stays down though it may pass, because it flaps.
    pub held_until: Option<Moment>,
    /// How long the latest pass took.
    pub latency_seconds: Option<f64>,
    /// When the latest outcome came.
    pub last_outcome: Option<Moment>,
    /// When it failed last, and why.
    pub last_error: Option<LastError>,
    /// When the next probe is due.
    pub next_probe: Option<Moment>,
    /// When the certificate that it showed last ends.
    pub certificate_ends: Option<Moment>,
}

/// The latest failure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LastError {
    /// When.
    pub when: Moment,
    /// Why, in plain words.
    pub reason: String,
}

/// An order that is for an endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderStatus {
    /// `drain`, `force up`, `force down` or `weight`.
    pub order: String,
    /// For whom it was given: a name or a pattern.
    pub on: String,
    /// Why, in the operator's words.
    pub reason: Option<String>,
    /// When it was given.
    pub since: Option<Moment>,
    /// When a drain is complete.
    pub complete: Option<Moment>,
    /// When it ends by itself.
    pub until: Option<Moment>,
}
