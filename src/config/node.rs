//! What pools and policies have alike: name, place, thresholds, `ttl` and `ecs`, and the rules for weights.
//! Used by the readers of both; references stay names until `resolve.rs`.

use std::num::NonZeroU16;
use std::time::Duration;

use super::keys::{LOCATION, TTL};
use super::spec::Placed;
use super::table::{Item, Table};
use super::{Common, MinUp, Ttl};
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::geo::{Point, airport, airports};
use crate::limits::{STEERED_TTL_SECONDS_USUAL_MAX, TTL_SECONDS_MAX, WEIGHT_SUM_MAX};

/// Reads the keys that pools and policies share.
pub(super) fn read(name: Placed<&str>, table: &Table<'_>) -> Common {
    Common {
        name: name.value.to_owned(),
        span: name.span,
        location: table.read("location", location),
        min_up: table.read("min_up", min_up).unwrap_or(MinUp::Count(NonZeroU16::MIN)),
        ttl: table.read("ttl", ttl),
        ecs: table.read("ecs", |item| Some((item.boolean()?, item.span))),
    }
}

/// Reports a `min_up` that can never be reached by so many `members`, which are of the kind `noun`.
pub(super) fn report_min_up_over(table: &Table<'_>, min_up: MinUp, members: usize, noun: &str) {
    if let (MinUp::Count(count), Some(item)) = (min_up, table.get("min_up"))
        && usize::from(count.get()) > members
        && members > 0
    {
        let fault = item.fault(format!("{} needs {count} {noun} up, but has {members}", table.subject()));
        item.report(fault.label("never reached").help(format!("write at most {members}, or a share such as \"50%\"")));
    }
}

/// Reports weights of which none can ever be drawn, or too many to draw from; `key` lists what they belong to.
pub(super) fn report_weights(table: &Table<'_>, key: &str, weights: impl Iterator<Item = u16> + Clone) {
    let sum: u64 = weights.clone().map(u64::from).sum();
    let at = |message: String| Diagnostic::error(table.key_span(key), message);
    if sum == 0 && weights.clone().next().is_some() {
        let help = "weight 0 is never chosen; give one of them a weight of 1 or more";
        table.report(at(format!("all weights of {} are 0", table.subject())).help(help));
    } else if sum > u64::from(WEIGHT_SUM_MAX) {
        let message = format!("the weights of {} sum to {sum}, expected at most {WEIGHT_SUM_MAX}", table.subject());
        table.report(at(message).help("divide all of them by the same number"));
    }
}

/// The weight of an endpoint or child.
pub(super) fn weight(item: Item<'_>) -> Option<u16> {
    item.whole(0, i64::from(u16::MAX))
}

/// A count, or a share of the weight as `"50%"`.
fn min_up(item: Item<'_>) -> Option<MinUp> {
    const EXPECTED: &str = "a count such as 2 or a share such as \"50%\"";
    const HELP: &str = "a share is a whole number from \"1%\" to \"100%\", a count has no quotes";
    if item.integer().is_some() {
        return item.whole::<u16>(1, i64::from(u16::MAX)).and_then(NonZeroU16::new).map(MinUp::Count);
    }
    percent(item, EXPECTED, HELP).map(MinUp::Percent)
}

/// A share of the weight as `"50%"`.
pub(super) fn percent(item: Item<'_>, expected: &str, help: &str) -> Option<u8> {
    let text = item.text(expected, help)?;
    let digits = text.strip_suffix('%').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let percent = digits.and_then(|digits| digits.parse().ok()).filter(|percent| (1..=100).contains(percent));
    if percent.is_none() {
        item.wrong_value(expected, help);
    }
    percent
}

/// An IATA code, or coordinates.
fn location(item: Item<'_>) -> Option<Point> {
    if item.value.is_table() {
        return coordinates(item);
    }
    let code = item.text("a place", "write an IATA code such as \"FRA\", or { lat = 50.1, lon = 8.7 }")?;
    let point = airport(&code.to_ascii_uppercase());
    if point.is_none() {
        // One wrong letter of three has dozens of neighbours; only those that begin alike are worth a guess.
        let begin = code.get(..2).unwrap_or_default();
        let alike = airports().filter(|other| other.get(..2).is_some_and(|other| other.eq_ignore_ascii_case(begin)));
        let coordinates = "{ lat = 50.1, lon = 8.7 }";
        let help = match did_you_mean(code, alike) {
            Some(near) => format!("did you mean \"{near}\"? coordinates work for any place: {coordinates}"),
            None => format!("write the IATA code of an airport nearby, or coordinates: {coordinates}"),
        };
        item.report(item.fault(format!("no airport has the IATA code \"{}\"", code.escape_debug())).help(help));
    }
    point
}

fn coordinates(item: Item<'_>) -> Option<Point> {
    let table = item.table(&LOCATION)?;
    let expected = |limit: f64| format!("degrees from -{limit} to {limit}");
    let degrees = |key: &str, limit: f64| {
        let item = table.require(key, "write both: { lat = 50.1, lon = 8.7 }")?;
        Some((item, item.number(&expected(limit))?))
    };
    let (latitude, longitude) = (degrees("lat", 90.0), degrees("lon", 180.0));
    let number = |degrees: Option<(Item<'_>, f64)>| degrees.map_or(f64::NAN, |(_, number)| number.abs());
    let swapped = (90.0..=180.0).contains(&number(latitude)) && number(longitude) <= 90.0;
    let within = |degrees: Option<(Item<'_>, f64)>, limit: f64| {
        let (item, number) = degrees?;
        let within = (-limit..=limit).contains(&number);
        if !within {
            let help = "north and east are positive, south and west negative";
            item.wrong_value(&expected(limit), if swapped { "are \"lat\" and \"lon\" swapped?" } else { help });
        }
        within.then_some(number)
    };
    let (latitude, longitude) = (within(latitude, 90.0), within(longitude, 180.0));
    Point::new(latitude?, longitude?)
}

/// One duration, or one for each confidence.
fn ttl(item: Item<'_>) -> Option<(Ttl, Span)> {
    if !item.value.is_table() {
        let seconds = ttl_seconds(item)?;
        return Some((Ttl { steady: seconds, uneasy: seconds }, item.span));
    }
    let table = item.table(&TTL)?;
    let seconds = |key: &str| {
        let item = table.require(key, "write both: { steady = \"60s\", uneasy = \"10s\" }")?;
        Some((item, ttl_seconds(item)?))
    };
    let (steady, uneasy) = (seconds("steady"), seconds("uneasy"));
    let ((_, steady), (uneasy_item, uneasy)) = (steady?, uneasy?);
    if uneasy > steady {
        let message = format!("\"uneasy\" is longer than \"steady\", which is {steady} s");
        let help = "an answer should live shorter while an endpoint is failing or recovering: exchange the two";
        uneasy_item.report(uneasy_item.fault(message).help(help));
        return None;
    }
    Some((Ttl { steady, uneasy }, item.span))
}

/// Whole seconds.
fn ttl_seconds(item: Item<'_>) -> Option<u32> {
    let duration = item.duration(Duration::ZERO, Duration::from_secs(u64::from(TTL_SECONDS_MAX)))?;
    if duration.subsec_millis() != 0 {
        item.wrong_value("whole seconds", "a TTL counts seconds: write \"30s\"");
        return None;
    }
    let seconds = u32::try_from(duration.as_secs()).ok()?;
    if seconds > STEERED_TTL_SECONDS_USUAL_MAX {
        let message = "resolvers keep an answer with this TTL for more than a day, whatever health says meanwhile";
        item.report(Diagnostic::warning(item.span, message).help("steered answers usually live for 30 to 300 seconds"));
    }
    Some(seconds)
}
