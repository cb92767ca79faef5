//! `[check.NAME]`: how endpoints are probed. What a kind says and expects is read in the file of that kind.
//! Which endpoints use it is not known here.

use std::net::IpAddr;
use std::time::Duration;

use super::keys::CHECK;
use super::spec::Placed;
use super::table::{Item, Table};
use super::{Check, CheckKind, GrpcCheck, command, damping, dns, host, http, tcp, tls, value};
use crate::limits::{CHECK_INTERVAL_MAX, CHECK_INTERVAL_MIN, CHECK_STREAK_MAX, CHECK_TEXT_LENGTH_MAX};

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
    Tls,
    Icmp,
    Dns,
    Grpc,
    Command,
}

use Kind::{Command, Dns, Grpc, Http, Https, Icmp, Tcp, Tls};

const KINDS: [(&str, Kind); 8] = [
    ("http", Http),
    ("https", Https),
    ("tcp", Tcp),
    ("tls", Tls),
    ("icmp", Icmp),
    ("dns", Dns),
    ("grpc", Grpc),
    ("command", Command),
];

/// The keys that not every kind has, and the kinds that have them.
const KEYS_OF_KINDS: [(&str, &[Kind]); 16] = [
    ("port", &[Http, Https, Tcp, Tls, Dns, Grpc, Command]),
    ("source", &[Http, Https, Tcp, Tls, Icmp, Dns, Grpc]),
    ("host", &[Http, Https, Tls, Grpc]),
    ("path", &[Http, Https]),
    ("method", &[Http, Https]),
    ("headers", &[Http, Https]),
    ("expect", &[Http, Https, Tcp, Dns]),
    ("verify", TLS_KINDS),
    ("ca", TLS_KINDS),
    ("certificate", TLS_KINDS),
    ("watch", &[Http, Https, Tcp, Tls, Grpc]),
    ("send", &[Tcp]),
    ("query", &[Dns]),
    ("service", &[Grpc]),
    ("tls", &[Grpc]),
    ("command", &[Command]),
];
const TLS_KINDS: &[Kind] = &[Https, Tls, Grpc];

/// Reads the check called `name`.
pub(super) fn read(name: Placed<&str>, item: Item<'_>) -> Option<Check> {
    name.report_unless_noun(item);
    let table = item.named_table(&CHECK, "check", name)?;
    let kind = table.require("kind", "write kind = \"https\", \"http\", \"tcp\" or another").and_then(kind);
    kind.inspect(|kind| refuse_keys(&table, *kind));
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
        watch: table.read("watch", Item::boolean).unwrap_or(false),
    })
}

fn kind(item: Item<'_>) -> Option<Kind> {
    item.one_of("a kind of check", &KINDS)
}

/// Reports the keys that only other kinds have.
fn refuse_keys(table: &Table<'_>, kind: Kind) {
    let word = |kind: Kind| KINDS.iter().find(|(_, known)| *known == kind).map_or("", |(word, _)| word);
    for (key, kinds) in KEYS_OF_KINDS.into_iter().filter(|(_, kinds)| !kinds.contains(&kind)) {
        let words: Vec<String> = kinds.iter().map(|kind| format!("\"{}\"", word(*kind))).collect();
        let others = match words.split_last() {
            Some((last, before)) if !before.is_empty() => format!("{} or {last}", before.join(", ")),
            _ => words.concat(),
        };
        table.refuse(&[key], &format!("a check of kind \"{}\"", word(kind)), &format!("remove it, or probe by {others}"));
    }
}

/// What the kind adds; where the kind is not known, what is about TLS is read, so that its faults are found too.
fn details(table: &Table<'_>, kind: Option<Kind>) -> CheckKind {
    match kind {
        Some(Tcp) => CheckKind::Tcp(tcp::read(table)),
        Some(Tls) => CheckKind::Tls(table.read("host", host::read), tls::read(table)),
        Some(Http) => CheckKind::Http(http::read(table)),
        Some(Https) => CheckKind::Https(http::read(table), tls::read(table)),
        Some(Icmp) | None => CheckKind::Icmp,
        Some(Dns) => CheckKind::Dns(dns::read(table)),
        Some(Grpc) => grpc(table),
        // A fault has been reported where there is no command.
        Some(Command) => command::read(table).map_or(CheckKind::Icmp, CheckKind::Command),
    }
}

fn grpc(table: &Table<'_>) -> CheckKind {
    let is_service = |text: &str| text.len() <= CHECK_TEXT_LENGTH_MAX && text.bytes().all(|byte| byte.is_ascii_graphic());
    let service = table.read("service", |item| {
        item.text_such_that(
            "a service such as \"shop.v1.Basket\"",
            "write its full name, or leave it out for the whole server",
            is_service,
        )
    });
    let check = GrpcCheck { host: table.read("host", host::read), service: service.unwrap_or_default().to_owned() };
    let tls = table.read("tls", Item::boolean).unwrap_or(false);
    if !tls {
        table.refuse(&["verify", "ca", "certificate"], "grpc without TLS", "remove it, or write tls = true");
    }
    CheckKind::Grpc(check, tls.then(|| tls::read(table)))
}

/// The usual port; there is none where every service has its own.
fn port(table: &Table<'_>, kind: Option<Kind>) -> Option<u16> {
    let usual = match kind? {
        Http => 80,
        Https | Tls => 443,
        Dns => 53,
        Icmp => return Some(0),
        Command => 0,
        Tcp => return table.require("port", "write the port to connect to: port = 5432")?.whole(1, 65_535),
        Grpc => return table.require("port", "write the port to connect to: port = 50051")?.whole(1, 65_535),
    };
    table.get("port").map_or(Some(usual), |item| item.whole(1, 65_535))
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
