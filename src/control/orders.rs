//! Orders as an operator types them, and what is said of them: given, taken back, listed.
//!
//! What was typed is read on both ends of the socket, so that a slip needs no server to be found. Nothing is decided here.

use std::fmt::Write;
use std::num::NonZeroU16;
use std::time::{Duration, SystemTime};

use super::protocol::{Deed, OrderRequest, Reply, fault};
use super::span::brief;
use super::time::{clock, read_moment};
use crate::config::orders::Wish;
use crate::config::{parse_duration, shown_duration};
use crate::health::{Act, Forced, Order, OrderKind, Orders, Pattern};
use crate::limits::{DRAIN_OVER_MAX, ORDER_REASON_LENGTH_MAX, ORDER_UNTIL_MAX};

/// How many names are written out before the rest is only counted.
const NAMES_MAX: usize = 6;

/// Reads what was typed; the reply that says what is wrong with it.
pub fn read_wish(request: &OrderRequest, now: SystemTime) -> Result<Wish, Reply> {
    let refuse = |message: String, help: &str| Reply::bad_input(fault(message, help));
    let on = Pattern::read(&request.name).ok_or_else(|| {
        let message = format!("expected a pool or an endpoint, but found \"{}\"", request.name.escape_debug());
        refuse(
            message,
            "\"eu/fra-1\" is one endpoint, \"eu\" all of a pool, and \"*\" stands for any part of a name: \"eu/fra-*\"",
        )
    })?;
    let act = match &request.deed {
        Deed::Drain => Act::Drain { over: over(request.over.as_deref())? },
        Deed::Undrain => return Ok(Wish::TakeBack(OrderKind::Drain, on)),
        Deed::Force(to) => match to.as_str() {
            "up" => Act::Force(Forced::Up),
            "down" => Act::Force(Forced::Down),
            "off" => return Ok(Wish::TakeBack(OrderKind::Force, on)),
            other => {
                let message = format!("expected up, down or off, but found \"{}\"", other.escape_debug());
                return Err(refuse(message, "\"off\" takes the order back: then the verdict counts again"));
            }
        },
        Deed::Weight(to) => match (to.as_str(), to.parse::<NonZeroU16>()) {
            ("off", _) => return Ok(Wish::TakeBack(OrderKind::Weight, on)),
            (_, Ok(weight)) => Act::Weight(weight),
            ("0", Err(_)) => {
                return Err(refuse("weight 0 would take it out at once".into(), "\"signpost drain\" takes an endpoint out"));
            }
            (other, Err(_)) => {
                let message = format!("expected a weight from 1 to 65535 or off, but found \"{}\"", other.escape_debug());
                return Err(refuse(message, "\"off\" takes the order back: then the configured weight counts again"));
            }
        },
    };
    let reason = request.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    if reason.is_some_and(|reason| reason.len() > ORDER_REASON_LENGTH_MAX || reason.chars().any(char::is_control)) {
        let message = format!("expected a reason of one line, of at most {ORDER_REASON_LENGTH_MAX} octets");
        return Err(refuse(message, "write why in a few words, or the number of a ticket"));
    }
    let until = request.until.as_deref().map(|text| until(text, now)).transpose()?;
    if let (Act::Drain { over }, Some(until)) = (act, until)
        && now.checked_add(over).is_none_or(|complete| until <= complete)
    {
        return Err(refuse(
            "--until ends the drain before --over completes it".into(),
            "give a later --until, or a shorter --over",
        ));
    }
    Ok(Wish::Give(Order { on, act, reason: reason.map(Into::into), since: Some(now), until }))
}

fn over(text: Option<&str>) -> Result<Duration, Reply> {
    let Some(text) = text else { return Ok(Duration::ZERO) };
    parse_duration(text).filter(|over| *over <= DRAIN_OVER_MAX).ok_or_else(|| {
        let message = format!(
            "expected a duration of at most {} after --over, but found \"{}\"",
            shown_duration(DRAIN_OVER_MAX),
            text.escape_debug()
        );
        Reply::bad_input(fault(message, "write numbers with units: \"90s\", \"10m\", \"1h30m\""))
    })
}

fn until(text: &str, now: SystemTime) -> Result<SystemTime, Reply> {
    let latest = now.checked_add(ORDER_UNTIL_MAX);
    let moment = read_moment(text, now).filter(|moment| now < *moment && latest.is_none_or(|latest| *moment <= latest));
    moment.ok_or_else(|| {
        let message = format!("expected a moment within a year after --until, but found \"{}\"", text.escape_debug());
        Reply::bad_input(fault(message, "write how long, \"2h\", or until when, \"18:00\" or \"2026-11-25 06:00\""))
    })
}

/// What became of a wish.
#[derive(Clone, Debug)]
pub struct Done {
    /// The wish.
    pub wish: Wish,
    /// The endpoints that it is for, as `pool/endpoint`.
    pub endpoints: Vec<String>,
    /// When it was done.
    pub now: SystemTime,
    /// The orders that hold now.
    pub orders: Orders,
    /// For a drain or a force down, when the last answer that names one of them will have run out.
    pub safe: Option<Safety>,
    /// What an operator should know besides.
    pub notes: Vec<String>,
    /// What went wrong without undoing it.
    pub warnings: Vec<String>,
}

/// When machines may be stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Safety {
    /// When the last answer that names one of them will have run out; nothing where none did.
    pub at: Option<SystemTime>,
    /// The longest that such an answer lives.
    pub ttl_seconds: u32,
    /// Pools and policies that go on answering with one of them, because nothing else is left.
    pub last_resort_of: Vec<String>,
    /// Names that hold one of the addresses in records of their own, with their TTL.
    pub fixed: Vec<(String, u32)>,
}

impl Done {
    /// What to say of it.
    pub fn reply(&self) -> Reply {
        let whose = if self.endpoints.is_empty() { self.wish.on().to_string() } else { names(&self.endpoints) };
        let mut out = format!("{whose} {}\n", self.deed());
        let mut err = String::new();
        for note in &self.notes {
            let _ = writeln!(out, "{note}");
        }
        if let Some(safe) = &self.safe {
            safe.tell(self.now, &mut out, &mut err);
        }
        for warning in &self.warnings {
            let _ = writeln!(err, "warning: {warning}");
        }
        Reply { exit: 0, out, err }
    }

    fn deed(&self) -> String {
        let several = self.endpoints.len() > 1;
        let verb = |one: &str, more: &str| (if several { more } else { one }).to_owned();
        let Wish::Give(order) = &self.wish else {
            let Wish::TakeBack(kind, _) = &self.wish else { return String::new() };
            return match kind {
                OrderKind::Drain => verb("is no longer drained", "are no longer drained"),
                OrderKind::Force => verb("is no longer forced", "are no longer forced"),
                OrderKind::Weight => verb("has its configured weight again", "have their configured weights again"),
            };
        };
        // A drain that ran already goes on as it was.
        let holds = self.orders.find(order.act.kind(), &order.on).unwrap_or(order);
        let deed = match (holds.act, holds.complete_at().filter(|complete| *complete > self.now)) {
            (Act::Drain { over }, Some(complete)) => {
                format!("{} over {}, until {}", verb("drains", "drain"), shown_duration(over), clock(complete, self.now))
            }
            (Act::Drain { .. }, None) => verb("is drained", "are drained"),
            (Act::Force(Forced::Up), _) => verb("is forced up", "are forced up"),
            (Act::Force(Forced::Down), _) => verb("is forced down", "are forced down"),
            (Act::Weight(weight), _) => verb(&format!("has the weight {weight}"), &format!("have the weight {weight} each")),
        };
        let end = holds.until.map(|until| format!("; the order ends by itself at {}", clock(until, self.now)));
        deed + &end.unwrap_or_default()
    }
}

impl Safety {
    fn tell(&self, now: SystemTime, out: &mut String, err: &mut String) {
        if !self.last_resort_of.is_empty() {
            let whose = names(&self.last_resort_of);
            let message =
                format!("orders leave nothing else for {whose}: it is answered there all the same, and not safe to stop");
            err.push_str(&fault(message, "take an order back for some other endpoint, or add one"));
        } else {
            let _ = match self.at {
                None => writeln!(out, "safe to stop now: no name leads to it"),
                Some(at) if at <= now => writeln!(out, "safe to stop now, since {}", clock(at, now)),
                Some(at) => writeln!(out, "safe to stop at {} (answers live for {}s)", clock(at, now), self.ttl_seconds),
            };
        }
        if !self.fixed.is_empty() {
            let held: Vec<String> = self.fixed.iter().map(|(name, ttl)| format!("{name} (TTL {ttl}s)")).collect();
            let message = format!("records of their own go on naming it: {}", names(&held));
            err.push_str(&fault(message, "no order changes a record; edit the zone if clients must not come that way"));
        }
    }
}

fn names(names: &[String]) -> String {
    let shown = names.iter().take(NAMES_MAX).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMES_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// The order that keeps an endpoint out, with its reason; nothing where none does.
pub fn kept_out(orders: &Orders, pool: &str, endpoint: &str, now: SystemTime) -> Option<String> {
    let is_out = orders.on(pool, endpoint, now).is_out;
    let mut here = orders.for_endpoint(pool, endpoint, now).filter(|_| is_out);
    here.find_map(|order| {
        let word = match order.act {
            Act::Drain { .. } if order.share(now) == 0 => "drained",
            Act::Force(Forced::Down) => "forced down",
            Act::Drain { .. } | Act::Force(Forced::Up) | Act::Weight(_) => return None,
        };
        let reason = order.reason.as_deref().map(|reason| format!(" ({reason})"));
        Some(format!("{word}{}", reason.unwrap_or_default()))
    })
}

/// All orders in a table, in the order of their file; `endpoints` tells for how many endpoints a pattern is.
pub fn list(orders: &Orders, now: SystemTime, endpoints: impl Fn(&Pattern) -> usize) -> String {
    if orders.is_empty() {
        return "no order holds\n".to_owned();
    }
    let row = |order: &Order| {
        let act = match order.act {
            Act::Drain { .. } => "drain".to_owned(),
            Act::Force(Forced::Up) => "force up".to_owned(),
            Act::Force(Forced::Down) => "force down".to_owned(),
            Act::Weight(weight) => format!("weight {weight}"),
        };
        let state = match order.act {
            _ if !order.holds(now) => "ended".to_owned(),
            _ if endpoints(&order.on) == 0 => "for nobody".to_owned(),
            Act::Drain { .. } if order.share(now) > 0 => format!("{} % left", order.share(now).div_ceil(10)),
            Act::Drain { .. } | Act::Force(_) | Act::Weight(_) => "holds".to_owned(),
        };
        let since = order.since.and_then(|since| now.duration_since(since).ok()).map(brief);
        let until = order.until.map(|until| clock(until, now));
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let reason = order.reason.as_deref().map(str::to_owned);
        [order.on.to_string(), act, state, or_dash(since), or_dash(until), or_dash(reason)]
    };
    let head = ["ON", "ORDER", "STATE", "FOR", "UNTIL", "REASON"].map(str::to_owned);
    let rows: Vec<[String; 6]> = std::iter::once(head).chain(orders.iter().map(row)).collect();
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..6).map(width).collect();
    let line = |row: &[String; 6]| {
        let cells: String = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}  ")).collect();
        format!("{}\n", cells.trim_end())
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_530_127 + seconds)
    }

    fn request(deed: Deed, name: &str) -> OrderRequest {
        OrderRequest { deed, name: name.into(), over: None, reason: None, until: None, json: false }
    }

    #[test]
    fn what_is_typed_becomes_a_wish() {
        let on = |name: &str| Pattern::read(name).unwrap();
        let typed = OrderRequest {
            over: Some("10m".into()),
            reason: Some(" new kernel ".into()),
            until: Some("2h".into()),
            ..request(Deed::Drain, "eu/fra-*")
        };
        let act = Act::Drain { over: Duration::from_secs(600) };
        let order =
            Order { on: on("eu/fra-*"), act, reason: Some("new kernel".into()), since: Some(at(0)), until: Some(at(7200)) };
        assert_eq!(read_wish(&typed, at(0)), Ok(Wish::Give(order)));
        for (deed, kind) in [
            (Deed::Undrain, OrderKind::Drain),
            (Deed::Force("off".into()), OrderKind::Force),
            (Deed::Weight("off".into()), OrderKind::Weight),
        ] {
            assert_eq!(read_wish(&request(deed, "eu"), at(0)), Ok(Wish::TakeBack(kind, on("eu"))));
        }
    }

    #[test]
    fn a_slip_is_named_with_what_would_be_right() {
        let drain = request(Deed::Drain, "eu/fra-1");
        let long = OrderRequest { over: Some("2h".into()), until: Some("1h".into()), ..drain.clone() };
        for (typed, message) in [
            (request(Deed::Drain, "eu/fra/1"), "expected a pool or an endpoint, but found \"eu/fra/1\""),
            (request(Deed::Force("dwn".into()), "eu"), "expected up, down or off, but found \"dwn\""),
            (request(Deed::Weight("0".into()), "eu"), "weight 0 would take it out at once"),
            (request(Deed::Weight("70000".into()), "eu"), "expected a weight from 1 to 65535 or off, but found \"70000\""),
            (
                OrderRequest { over: Some("10".into()), ..drain.clone() },
                "expected a duration of at most 7d after --over, but found \"10\"",
            ),
            (
                OrderRequest { until: Some("0s".into()), ..drain.clone() },
                "expected a moment within a year after --until, but found \"0s\"",
            ),
            (OrderRequest { reason: Some("a\nb".into()), ..drain }, "expected a reason of one line, of at most 200 octets"),
            (long, "--until ends the drain before --over completes it"),
        ] {
            let reply = read_wish(&typed, at(0)).unwrap_err();
            assert_eq!((reply.exit, reply.err.lines().next()), (1, Some(format!("error: {message}").as_str())), "{}", reply.err);
            assert!(reply.err.contains("  help: "), "{}", reply.err);
        }
    }

    #[test]
    fn orders_are_listed_in_a_table() {
        let order = |on: &str, act| Order { on: Pattern::read(on).unwrap(), act, reason: None, since: Some(at(0)), until: None };
        let orders = Orders::new([
            Order { reason: Some("new kernel".into()), ..order("eu/fra-1", Act::Drain { over: Duration::from_secs(600) }) },
            Order { until: Some(at(100)), ..order("us", Act::Force(Forced::Down)) },
            Order { since: None, ..order("ap/sin-1", Act::Weight(NonZeroU16::new(7).unwrap())) },
        ]);
        let expected = "\
ON        ORDER       STATE       FOR   UNTIL  REASON
eu/fra-1  drain       50 % left   5m    -      new kernel
us        force down  ended       5m    CLOCK  -
ap/sin-1  weight 7    for nobody  -     -      -
";
        let listed = list(&orders, at(300), |on| usize::from(on.as_str() != "ap/sin-1"));
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(squeezed(&listed), squeezed(&expected.replace("CLOCK", &clock(at(100), at(300)))), "{listed}");
        assert_eq!(list(&Orders::default(), at(0), |_| 0), "no order holds\n");
    }
}
