//! The lines that an operator reads, the worst first. Columns in which nobody has anything are left out.
//! Made from the same facts that `--json` prints; colours only where the caller says that there is a terminal.

use std::time::Duration;

use super::{AlarmStatus, EndpointStatus, LastError, Moment, OrderStatus, ProbeStatus, ProbesStatus, Seen, Status};
use crate::control::span::brief;

/// How lines are painted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Not at all.
    None,
    /// For a terminal.
    Colours,
}

const RED: &str = "31;1";
const YELLOW: &str = "33";
/// What has just changed.
const INVERSE: &str = "7";

const COLUMNS: [&str; 12] =
    ["ENDPOINT", "ADDRESS", "CHECK", "VERDICT", "FOR", "ORDER", "SHARE", "LATENCY", "NEXT", "FLAPS", "CERTIFICATE", "LAST ERROR"];
/// These stand even where they are empty.
const ALWAYS: [&str; 5] = ["ENDPOINT", "ADDRESS", "CHECK", "VERDICT", "FOR"];

impl Status {
    /// The text for the operator.
    pub fn text(&self, paint: Paint) -> String {
        self.lines(paint, |_| false).into_iter().map(|line| line + "\n").collect()
    }

    /// The same as lines; rows that are news stand out.
    pub fn lines(&self, paint: Paint, is_news: impl Fn(&EndpointStatus) -> bool) -> Vec<String> {
        let mut lines = self.head(paint);
        if !self.endpoints.is_empty() {
            lines.push(String::new());
            lines.extend(table(&self.endpoints, paint, is_news));
        }
        lines
    }

    fn head(&self, paint: Paint) -> Vec<String> {
        let mut lines = vec![format!("signpost {}, up {}, generation {}", self.version, span(&self.started), self.generation)];
        let zones = if self.zones == 1 { "zone" } else { "zones" };
        lines.push(format!("  {} {zones}, {} names, {} pools and policies", self.zones, self.names, self.policies));
        if let Some(refused) = &self.reload_refused {
            let refused = span(refused);
            lines.push(format!("  reload refused for {refused}: everything serves on as it was; \"signpost reload\" tells why"));
        }
        for older in &self.older_zones {
            let (zone, serial, refused) = (&older.zone, older.serial, span(&older.refused));
            lines.push(format!("  {zone} serves serial {serial}, older than its file, which has been refused for {refused}"));
        }
        for geo in &self.geo {
            let age = geo.built.as_ref().map_or_else(String::new, |built| format!(", built {} ago", span(built)));
            lines.push(format!("  geo {}{age}", geo.file));
        }
        lines.push(format!("  {} queries answered, {} dropped", self.answered, self.dropped));
        let ProbesStatus { per_second, half_within_seconds, most_within_seconds } = self.probes;
        if per_second > 0.0 {
            let (half, most) = (brief(seconds_of(half_within_seconds)), brief(seconds_of(most_within_seconds)));
            lines.push(format!("  {per_second:.1} probes a second, half of them begun within {half}, 99 of 100 within {most}"));
        }
        if self.count.addresses > 0 {
            lines.push(format!("  {}", self.counted()));
        }
        lines.extend(self.alarms.iter().map(|alarm| painted(&alarm.line(), RED, paint)));
        lines
    }

    fn counted(&self) -> String {
        let count = &self.count;
        let addresses = if count.addresses == 1 { "address" } else { "addresses" };
        let parts = [
            (count.up, "up"),
            (count.down, "down"),
            (count.unknown, "unknown"),
            (count.unprobed, "unprobed"),
            (count.out, "out by order"),
        ];
        let parts = parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
        format!("{} {addresses}: {}", count.addresses, parts.collect::<Vec<_>>().join(", "))
    }
}

impl AlarmStatus {
    fn line(&self) -> String {
        format!("  ALARM {} {} for {}: {}", self.name, self.subject, span(&self.since), self.text)
    }
}

fn table(endpoints: &[EndpointStatus], paint: Paint, is_news: impl Fn(&EndpointStatus) -> bool) -> Vec<String> {
    let rows: Vec<[Option<String>; 12]> = endpoints.iter().map(cells).collect();
    let shown = |column: usize| rows.iter().any(|row| row.get(column).is_some_and(Option::is_some));
    let columns: Vec<usize> = (0..COLUMNS.len())
        .filter(|&column| COLUMNS.get(column).is_some_and(|name| ALWAYS.contains(name)) || shown(column))
        .collect();
    let head = COLUMNS.map(|name| Some(name.to_owned()));
    let width = |column: usize| {
        let cells = std::iter::once(&head).chain(&rows).filter_map(|row| row.get(column));
        cells.map(|cell| cell.as_deref().unwrap_or("-").chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<(usize, usize)> = columns.into_iter().map(|column| (column, width(column))).collect();
    let line = |row: &[Option<String>; 12]| {
        let cell = |column: usize| row.get(column).and_then(Option::as_deref).unwrap_or("-");
        let cells: String = widths.iter().map(|&(column, width)| format!("{:<width$}  ", cell(column))).collect();
        cells.trim_end().to_owned()
    };
    let mut lines = vec![line(&head)];
    for (endpoint, row) in endpoints.iter().zip(&rows) {
        let colour = if is_news(endpoint) { Some(INVERSE) } else { colour(endpoint) };
        lines.push(colour.map_or_else(|| line(row), |colour| painted(&line(row), colour, paint)));
    }
    lines
}

fn colour(row: &EndpointStatus) -> Option<&'static str> {
    let is_unsure = row.probe.as_ref().is_some_and(|probe| probe.uneasy || probe.remembered);
    match row.verdict {
        Seen::Up | Seen::Unknown | Seen::Unprobed | Seen::Down if row.out => Some(YELLOW),
        Seen::Down => Some(RED),
        Seen::Unknown => Some(YELLOW),
        Seen::Up | Seen::Unprobed => is_unsure.then_some(YELLOW),
    }
}

fn cells(row: &EndpointStatus) -> [Option<String>; 12] {
    let probe = row.probe.as_ref();
    let orders: Vec<String> = row.orders.iter().map(OrderStatus::words).collect();
    let share = || {
        let percent = format!("{:.1}", row.share_percent);
        format!("{}%", percent.strip_suffix(".0").unwrap_or(&percent))
    };
    [
        Some(format!("{}/{}", row.pool, row.endpoint)),
        Some(row.address.to_string()),
        probe.map(|probe| probe.name.as_ref().map_or_else(|| probe.check.clone(), |name| format!("{} {name}", probe.check))),
        Some(row.verdict_words()),
        probe.map(|probe| span(&probe.since)),
        (!orders.is_empty()).then(|| orders.join("; ")),
        (row.share_percent < 100.0).then(share),
        probe.and_then(|probe| probe.latency_seconds).map(|seconds| brief(seconds_of(seconds))),
        probe
            .and_then(|probe| probe.next_probe.as_ref())
            .map(|next| if next.seconds > 0.0 { span(next) } else { "now".to_owned() }),
        probe.map(|probe| probe.flaps).filter(|flaps| *flaps > 0).map(|flaps| flaps.to_string()),
        probe.and_then(|probe| probe.certificate_ends.as_ref()).map(ends),
        probe.and_then(|probe| probe.last_error.as_ref()).map(LastError::words),
    ]
}

impl EndpointStatus {
    /// The verdict and what it hangs on.
    pub(super) fn verdict_words(&self) -> String {
        let verdict = match self.verdict {
            Seen::Up => "up",
            Seen::Down => "down",
            Seen::Unknown => "unknown",
            Seen::Unprobed => "unprobed",
        };
        let mut words = vec![verdict.to_owned()];
        words.extend(self.probe.as_ref().map(|probe| probe.doubts(self.verdict)).unwrap_or_default());
        words.extend(self.spared.then(|| "stays in".to_owned()));
        words.join(", ")
    }
}

impl ProbeStatus {
    fn doubts(&self, verdict: Seen) -> Vec<String> {
        let uneasy = match verdict {
            Seen::Up => "failing",
            Seen::Down | Seen::Unknown | Seen::Unprobed => "passing",
        };
        let uneasy = self.uneasy.then(|| uneasy.to_owned());
        let remembered = self.remembered.then(|| "remembered".to_owned());
        let held = self.held_until.as_ref().map(|until| format!("held for {}", span(until)));
        uneasy.into_iter().chain(remembered).chain(held).collect()
    }
}

impl OrderStatus {
    /// What is ordered, until when and why.
    pub(super) fn words(&self) -> String {
        let complete = self.complete.as_ref().filter(|complete| complete.seconds > 0.0);
        let complete = complete.map(|complete| format!("complete in {}", span(complete)));
        let until = self.until.as_ref().map(|until| format!("ends in {}", span(until)));
        let reason = self.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        let parts = [Some(self.order.clone()), complete, until].into_iter().flatten();
        parts.collect::<Vec<_>>().join(", ") + &reason
    }
}

impl LastError {
    fn words(&self) -> String {
        format!("{} ({} ago)", self.reason, span(&self.when))
    }
}

fn ends(moment: &Moment) -> String {
    if moment.seconds > 0.0 { format!("ends in {}", span(moment)) } else { format!("ended {} ago", span(moment)) }
}

/// How far away a moment is.
fn span(moment: &Moment) -> String {
    brief(seconds_of(moment.seconds.abs()))
}

fn seconds_of(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

fn painted(text: &str, colour: &str, paint: Paint) -> String {
    match paint {
        Paint::None => text.to_owned(),
        Paint::Colours => format!("\x1b[{colour}m{text}\x1b[0m"),
    }
}
