//! What `status` shows: the server in a few lines, then a table with a row for each address of each endpoint.
//! Filled by the daemon; only the words and columns are made here.

use std::collections::HashSet;
use std::fmt::Write;
use std::net::IpAddr;
use std::time::Duration;

use super::span::brief;
use crate::health::{ProbeKey, Standing, Verdict};
use crate::load::Older;
use crate::snapshot::{Family, NodeKind, Policies};

/// How the server and its endpoints are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// The program's version.
    pub version: String,
    /// Since the start of the process.
    pub uptime: Duration,
    /// The generation that answers.
    pub generation: u64,
    /// Zones served.
    pub zones: usize,
    /// Those that serve an older version than their file holds.
    pub older: Vec<Older>,
    /// For how long every reload has been refused whole; nothing if the last one was not.
    pub refused_for: Option<Duration>,
    /// Names in all of them.
    pub names: usize,
    /// Pools and policies.
    pub policies: usize,
    /// The geo databases, in the order in which they are asked.
    pub geo: Vec<GeoStatus>,
    /// Queries that got a reply.
    pub answered: u64,
    /// Queries that got none.
    pub dropped: u64,
    /// How many probes there were of late, and how punctual.
    pub probes: ProbesStatus,
    /// Every address of every endpoint.
    pub endpoints: Vec<EndpointStatus>,
}

/// The probes of the last ten seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ProbesStatus {
    /// Begun in a second.
    pub per_second: f64,
    /// Half of them began no later than this after they were due.
    pub half: Duration,
    /// 99 of 100 did.
    pub most: Duration,
}

/// One geo database.
#[derive(Clone, Debug, PartialEq)]
pub struct GeoStatus {
    /// Its file.
    pub file: String,
    /// How long ago it was built, if it says so.
    pub age: Option<Duration>,
}

/// One address of an endpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct EndpointStatus {
    /// Its pool.
    pub pool: String,
    /// Its name in the pool.
    pub endpoint: String,
    /// The address.
    pub address: IpAddr,
    /// How it is probed and what came of it; nothing if it is not.
    pub probe: Option<ProbeStatus>,
}

/// What is known from probing.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeStatus {
    /// The check's name.
    pub check: String,
    /// The name whose verdict it is, where each has its own.
    pub name: Option<String>,
    /// What it amounts to.
    pub verdict: Verdict,
    /// For how long.
    pub since: Duration,
    /// How long the latest pass took.
    pub latency: Option<Duration>,
    /// How soon the next probe is due.
    pub next: Option<Duration>,
    /// How long ago it failed last, and why.
    pub last_error: Option<(Duration, String)>,
}

/// A row for each address of each endpoint, in the order of the configuration; standings go by the index of the probe.
pub fn endpoints(policies: &Policies, standings: &[Option<Standing>], now: Duration) -> Vec<EndpointStatus> {
    let status_of = |probe: Option<u32>| {
        let index = probe? as usize;
        Some(ProbeStatus::new(&policies.probes().get(index)?.key, standings.get(index)?.as_ref()?, now))
    };
    let mut rows = Vec::new();
    let mut told = HashSet::new();
    // A pattern is never answered with: the copies made from it are, each for a name; what they have alike is told once.
    for node in policies.nodes().iter().filter(|node| !node.needs.is_any()) {
        let NodeKind::Pool(pool) = &node.kind else { continue };
        for endpoint in &pool.endpoints {
            for (address, probe) in Family::ALL.into_iter().flat_map(|family| endpoint.known(family)) {
                if told.insert((&node.name, &endpoint.name, address, probe)) {
                    let (pool, endpoint) = (node.name.clone(), endpoint.name.clone());
                    rows.push(EndpointStatus { pool, endpoint, address, probe: status_of(probe) });
                }
            }
        }
    }
    rows
}

impl ProbeStatus {
    fn new(key: &ProbeKey, standing: &Standing, now: Duration) -> Self {
        let ago = |then: Duration| now.saturating_sub(then);
        Self {
            check: key.check.to_string(),
            name: key.name.as_deref().map(str::to_owned),
            verdict: standing.verdict,
            since: ago(standing.since),
            latency: standing.latency,
            next: standing.next_probe_at.map(|at| at.saturating_sub(now)),
            last_error: standing.last_error.as_ref().map(|(at, reason)| (ago(*at), reason.to_string())),
        }
    }
}

impl Status {
    /// The text for the operator.
    pub fn render(&self) -> String {
        let mut text = String::new();
        // Writing into a String can't fail.
        let _ = writeln!(text, "signpost {}, up {}, generation {}", self.version, brief(self.uptime), self.generation);
        let zones = if self.zones == 1 { "zone" } else { "zones" };
        let _ = writeln!(text, "  {} {zones}, {} names, {} pools and policies", self.zones, self.names, self.policies);
        if let Some(refused_for) = self.refused_for.map(brief) {
            let _ = writeln!(
                text,
                "  reload refused for {refused_for}: everything serves on as it was; \"signpost reload\" tells why"
            );
        }
        for Older { apex, serial, refused_for } in &self.older {
            let refused_for = brief(*refused_for);
            let _ =
                writeln!(text, "  {apex} serves serial {serial}, older than its file, which has been refused for {refused_for}");
        }
        for geo in &self.geo {
            let age = geo.age.map_or_else(String::new, |age| format!(", built {} ago", brief(age)));
            let _ = writeln!(text, "  geo {}{age}", geo.file);
        }
        let _ = writeln!(text, "  {} queries answered, {} dropped", self.answered, self.dropped);
        let ProbesStatus { per_second, half, most } = self.probes;
        if per_second > 0.0 {
            let (half, most) = (brief(half), brief(most));
            let _ =
                writeln!(text, "  {per_second:.1} probes a second, half of them begun within {half}, 99 of 100 within {most}");
        }
        if !self.endpoints.is_empty() {
            text.push('\n');
            table(&mut text, &self.endpoints);
        }
        text
    }
}

const COLUMNS: [&str; 8] = ["ENDPOINT", "ADDRESS", "CHECK", "VERDICT", "FOR", "LATENCY", "NEXT", "LAST ERROR"];

fn table(text: &mut String, endpoints: &[EndpointStatus]) {
    let rows: Vec<[String; 8]> = std::iter::once(COLUMNS.map(String::from)).chain(endpoints.iter().map(cells)).collect();
    let mut widths = [0; 8];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    for row in &rows {
        let line: String = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}  ")).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

fn cells(row: &EndpointStatus) -> [String; 8] {
    let nothing = || String::from("-");
    let endpoint = format!("{}/{}", row.pool, row.endpoint);
    let Some(probe) = &row.probe else {
        let verdict = String::from("unprobed");
        return [endpoint, row.address.to_string(), nothing(), verdict, nothing(), nothing(), nothing(), nothing()];
    };
    let verdict = match probe.verdict {
        Verdict::Unknown => "unknown",
        Verdict::Up => "up",
        Verdict::Down => "down",
    };
    [
        endpoint,
        row.address.to_string(),
        probe.name.as_ref().map_or_else(|| probe.check.clone(), |name| format!("{} {name}", probe.check)),
        verdict.to_owned(),
        brief(probe.since),
        probe.latency.map_or_else(nothing, brief),
        probe.next.map_or_else(nothing, brief),
        probe.last_error.as_ref().map_or_else(nothing, |(ago, reason)| format!("{reason} ({} ago)", brief(*ago))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Name;

    #[test]
    fn the_table_is_aligned_and_in_words() {
        let probe = ProbeStatus {
            check: "web".into(),
            name: None,
            verdict: Verdict::Up,
            since: Duration::from_secs(192),
            latency: Some(Duration::from_micros(1_240)),
            next: Some(Duration::from_secs(4)),
            last_error: None,
        };
        let sick = ProbeStatus {
            verdict: Verdict::Down,
            since: Duration::from_secs(12),
            latency: None,
            name: Some("www.example.com".into()),
            last_error: Some((Duration::from_millis(900), "connection refused".into())),
            ..probe.clone()
        };
        let row = |endpoint: &str, address: &str, probe| EndpointStatus {
            pool: "eu".into(),
            endpoint: endpoint.into(),
            address: address.parse().unwrap(),
            probe,
        };
        let status = Status {
            version: "0.1.0".into(),
            uptime: Duration::from_secs(11_520),
            generation: 41,
            zones: 2,
            older: vec![Older {
                apex: Name::parse(b"example.net", Some(&Name::root())).unwrap(),
                serial: 2_026_112_300,
                refused_for: Duration::from_secs(192),
            }],
            refused_for: Some(Duration::from_secs(12)),
            names: 1042,
            policies: 5,
            geo: vec![GeoStatus { file: "geoip/country.mmdb".into(), age: Some(Duration::from_secs(12 * 86_400)) }],
            answered: 1200,
            dropped: 3,
            probes: ProbesStatus { per_second: 0.4, half: Duration::from_micros(640), most: Duration::from_millis(2) },
            endpoints: vec![
                row("fra-1", "192.0.2.10", Some(probe)),
                row("fra-1", "2001:db8::10", Some(sick)),
                row("fra-2", "192.0.2.11", None),
            ],
        };
        let expected = "\
signpost 0.1.0, up 3h12m, generation 41
  2 zones, 1042 names, 5 pools and policies
  reload refused for 12s: everything serves on as it was; \"signpost reload\" tells why
  example.net. serves serial 2026112300, older than its file, which has been refused for 3m12s
  geo geoip/country.mmdb, built 12d ago
  1200 queries answered, 3 dropped
  0.4 probes a second, half of them begun within 0.6ms, 99 of 100 within 2.0ms

ENDPOINT  ADDRESS       CHECK                VERDICT   FOR    LATENCY  NEXT  LAST ERROR
eu/fra-1  192.0.2.10    web                  up        3m12s  1.2ms    4s    -
eu/fra-1  2001:db8::10  web www.example.com  down      12s    -        4s    connection refused (900ms ago)
eu/fra-2  192.0.2.11    -                    unprobed  -      -        -     -
";
        assert_eq!(status.render(), expected);
    }
}
