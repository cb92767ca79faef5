//! `[check.NAME]`: how endpoints are probed. What is said and expected over HTTP is read in `http.rs`.
//! Which endpoints use it is not known here.

use std::net::IpAddr;
use std::time::Duration;

use super::keys::CHECK;
use super::spec::Placed;
use super::table::{Item, Table};
use super::{Check, CheckKind, TlsCheck, damping, http, value};
use crate::diagnostic::Diagnostic;
use crate::limits::{CHECK_INTERVAL_MAX, CHECK_INTERVAL_MIN, CHECK_STREAK_MAX};

const INTERVAL: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(2);
const TIMEOUT_MIN: Duration = Duration::from_millis(1);
const RISE: u32 = 2;
const FALL: u32 = 3;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Http,
    Https,
    Tcp,
}

const KINDS: [(&str, Kind); 3] = [("http", Kind::Http), ("https", Kind::Https), ("tcp", Kind::Tcp)];
/// Known, and refused by name.
const LATER_KINDS: [&str; 5] = ["tls", "icmp", "dns", "grpc", "command"];
const HTTP_KEYS: [&str; 5] = ["host", "path", "method", "headers", "expect"];
const TLS_KEYS: [&str; 2] = ["verify", "ca"];

/// Reads the check called `name`.
pub(super) fn read(name: Placed<&str>, item: Item<'_>) -> Option<Check> {
    name.report_unless_noun(item);
    let table = item.named_table(&CHECK, "check", name)?;
    let kind = table.require("kind", "write kind = \"https\", \"http\" or \"tcp\"").and_then(kind);
    let (interval, timeout) = interval_and_timeout(&table);
    let streak = |key: &str| table.read(key, |item| item.whole(1, i64::from(CHECK_STREAK_MAX)));
    Some(Check {
        name: name.value.to_owned(),
        span: name.span,
        kind: details(&table, kind),
        port: port(&table, kind).unwrap_or_default(),
        interval,
        timeout,
        rise: streak("rise").unwrap_or(RISE),
        fall: streak("fall").unwrap_or(FALL),
        recheck: damping::recheck(&table, interval),
        hold_down: table.read("hold_down", damping::hold_down),
        source: table.read("source", source),
    })
}

fn kind(item: Item<'_>) -> Option<Kind> {
    if let Some(later) = item.value.as_str().filter(|word| LATER_KINDS.contains(word)) {
        let message = format!("this version can't probe by \"{later}\" yet");
        item.report(item.fault(message).help("it can probe by \"https\", \"http\" and \"tcp\""));
        return None;
    }
    item.one_of("a kind of check", &KINDS)
}

/// What the kind adds; where the kind is not known every key is read, so that each fault is found.
fn details(table: &Table<'_>, kind: Option<Kind>) -> CheckKind {
    match kind {
        Some(Kind::Tcp) => {
            let keys: Vec<&str> = HTTP_KEYS.into_iter().chain(TLS_KEYS).collect();
            table.refuse(&keys, "a check of kind \"tcp\"", "remove it, or probe by \"https\" or \"http\"");
            CheckKind::Tcp
        }
        Some(Kind::Http) => {
            table.refuse(&TLS_KEYS, "a check of kind \"http\"", "remove it, or probe by \"https\"");
            CheckKind::Http(http::read(table))
        }
        Some(Kind::Https) | None => {
            let verify = table.read("verify", Item::boolean).unwrap_or(true);
            let ca = table.read("ca", Item::path);
            if !verify && ca.is_some() {
                let warning = Diagnostic::warning(table.key_span("ca"), "\"ca\" has no effect while \"verify\" is false");
                table.report(warning.help("remove one of the two"));
            }
            // Few certificates name an address; those that do are mostly signed by a CA of one's own.
            if kind.is_some() && verify && table.lacks("ca") && table.lacks("host") {
                let message = format!("{} verifies certificates, but has no \"host\" that they must name", table.subject());
                let warning =
                    Diagnostic::warning(table.span, message).label("passes only if a certificate names the address itself");
                table.report(warning.help("write host = \"www.example.com\", or verify = false"));
            }
            CheckKind::Https(http::read(table), TlsCheck { verify, ca })
        }
    }
}

fn port(table: &Table<'_>, kind: Option<Kind>) -> Option<u16> {
    if kind == Some(Kind::Tcp) {
        table.require("port", "write the port to connect to: port = 5432")?;
    }
    let by_kind = if kind == Some(Kind::Http) { 80 } else { 443 };
    table.get("port").map_or(Some(by_kind), |item| item.whole(1, 65_535))
}

fn interval_and_timeout(table: &Table<'_>) -> (Duration, Duration) {
    let interval = table.read("interval", |item| item.duration(CHECK_INTERVAL_MIN, CHECK_INTERVAL_MAX));
    let timeout = table.read("timeout", |item| item.duration(TIMEOUT_MIN, CHECK_INTERVAL_MAX));
    let broken = interval.is_none() && table.get("interval").is_some();
    let interval = interval.unwrap_or(INTERVAL);
    if let (Some(item), Some(long), false) = (table.get("timeout"), timeout.filter(|timeout| *timeout > interval), broken) {
        let fault =
            item.fault(format!("the timeout \"{}\" is over the interval \"{}\"", value::shown(long), value::shown(interval)));
        let fault =
            if table.get("interval").is_some() { fault.related("the interval is", table.key_span("interval")) } else { fault };
        item.report(fault.help("a probe must end before the next one starts: shorten the timeout or lengthen the interval"));
    }
    (interval, timeout.unwrap_or_else(|| TIMEOUT.min(interval)))
}

fn source(item: Item<'_>) -> Option<IpAddr> {
    const EXPECTED: &str = "a local address such as \"192.0.2.1\"";
    const HELP: &str = "write an address of this machine without a port, or leave \"source\" out";
    let address: Option<IpAddr> = item.text(EXPECTED, HELP)?.parse().ok();
    let address = address.filter(|address| !address.is_unspecified() && !address.is_multicast());
    if address.is_none() {
        item.wrong_value(EXPECTED, HELP);
    }
    address
}
