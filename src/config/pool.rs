//! `[pool.NAME]`: endpoints in one place.
//! Each endpoint has an address (or the name of an edge in its place) and a name of its own; the check stays a name until `resolve.rs`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::keys::{ENDPOINT, POOL};
use super::spec::{Placed, PoolSpec};
use super::table::{Item, Table};
use super::{Endpoint, Pool, PoolChoice, node};
use crate::diagnostic::{Diagnostic, Span};
use crate::limits::{ANSWERS_MAX, POOL_ENDPOINTS_MAX, SLOW_START_MAX, SLOW_START_MIN};
use crate::wire::Name;

const CHOICES: [(&str, PoolChoice); 3] =
    [("weighted", PoolChoice::Weighted), ("hashed", PoolChoice::Hashed), ("all", PoolChoice::All)];
const WEIGHT: u16 = 1;

/// Reads the pool called `name`.
pub(super) fn read(name: Placed<&str>, item: Item<'_>) -> Option<PoolSpec> {
    name.report_unless_noun(item);
    let table = item.named_table(&POOL, "pool", name)?;
    let common = node::read(name, &table);
    let list = endpoint_items(&table);
    node::report_min_up_over(&table, common.min_up, list.len(), "endpoints");
    let endpoints = endpoints(&table, &list);
    let choose = table.read("choose", |item| item.one_of("a way to choose in a pool", &CHOICES)).unwrap_or(PoolChoice::Weighted);
    let answers = answers(&table, choose, list.len());
    let flatten = flatten(&table, choose, answers, &endpoints);
    let check = table.read("check", |item| item.reference("the name of a check"));
    let slow_start = table.read("slow_start", |item| item.duration(SLOW_START_MIN, SLOW_START_MAX));
    if check.is_none()
        && let Some(item) = table.get("slow_start")
    {
        let message = format!("{} has no check, so nothing in it ever recovers", table.subject());
        item.report(Diagnostic::warning(item.span, message).help("write check = \"NAME\", or remove \"slow_start\""));
    }
    Some(PoolSpec { pool: Pool { common, check: None, choose, answers, flatten, slow_start, endpoints }, check })
}

fn endpoint_items<'a>(table: &Table<'a>) -> Vec<Item<'a>> {
    const HELP: &str = "write endpoints = [{ name = \"fra-1\", v4 = \"192.0.2.10\" }]";
    let Some(item) = table.require("endpoints", HELP) else {
        return Vec::new();
    };
    let mut list = item.list();
    if list.is_empty() {
        item.report(item.fault(format!("{} has no endpoints", table.subject())).help(HELP));
    } else if list.len() > POOL_ENDPOINTS_MAX {
        let message = format!("{} has {} endpoints, expected at most {POOL_ENDPOINTS_MAX}", table.subject(), list.len());
        let at = Diagnostic::error(table.key_span("endpoints"), message);
        item.report(at.help("split it into several pools under a policy with choose = \"weighted\""));
        list.truncate(POOL_ENDPOINTS_MAX);
    }
    list
}

/// Addresses in one answer.
fn answers(table: &Table<'_>, choose: PoolChoice, endpoints: usize) -> usize {
    let max = i64::try_from(ANSWERS_MAX).unwrap_or(i64::MAX);
    let written = table.read("answers", |item| item.whole(1, max));
    match choose {
        PoolChoice::All => {
            table.refuse(&["answers"], "a pool that chooses \"all\"", "remove it: every endpoint that is up is in the answer");
            if endpoints > ANSWERS_MAX {
                let message = format!("an answer holds at most {ANSWERS_MAX} addresses, but {} has {endpoints}", table.subject());
                let at = Diagnostic::error(table.key_span("choose"), message);
                table.report(at.help(format!("write choose = \"weighted\" and answers = {ANSWERS_MAX} at most")));
            }
            endpoints
        }
        PoolChoice::Weighted | PoolChoice::Hashed => {
            if written.is_some_and(|count| count > endpoints)
                && endpoints > 0
                && let Some(item) = table.get("answers")
            {
                let message = format!("\"answers\" is over the number of endpoints, which is {endpoints}");
                item.report(Diagnostic::warning(item.span, message).help(format!("write {endpoints}, or choose = \"all\"")));
            }
            written.unwrap_or(1)
        }
    }
}

/// Whether names are answered as addresses; a CNAME, which names are answered with else, is always one alone (RFC 2181 §10.1).
fn flatten(table: &Table<'_>, choose: PoolChoice, answers: usize, endpoints: &[Endpoint]) -> bool {
    const HELP: &str = "write flatten = true to answer with the addresses of the names";
    let written = table.read("flatten", Item::boolean);
    let names = endpoints.iter().filter(|endpoint| endpoint.cname.is_some()).count();
    if names == 0
        && let Some(item) = table.get("flatten").filter(|_| written.is_some())
    {
        let warning = Diagnostic::warning(item.span, "\"flatten\" has no effect in a pool whose endpoints are all addresses");
        item.report(warning.help("remove it"));
    }
    let flatten = written.unwrap_or_default();
    if !flatten && names == endpoints.len() && names > 0 {
        if choose == PoolChoice::All {
            let fault =
                Diagnostic::error(table.key_span("choose"), "an answer can't be several CNAMEs, but this pool answers all");
            table.report(fault.help(HELP));
        } else if answers > 1 {
            let message = format!("an answer can't be {answers} CNAMEs");
            table.report(Diagnostic::error(table.key_span("answers"), message).help(HELP));
        }
    }
    flatten
}

fn endpoints(table: &Table<'_>, list: &[Item<'_>]) -> Vec<Endpoint> {
    let mut endpoints: Vec<Endpoint> = Vec::new();
    let mut addresses: Vec<Placed<IpAddr>> = Vec::new();
    for (endpoint, own) in list.iter().filter_map(|item| endpoint(*item)) {
        if let Some(first) = endpoints.iter().find(|other| !endpoint.name.is_empty() && other.name == endpoint.name) {
            let message = format!("{} has two endpoints called \"{}\"", table.subject(), endpoint.name.escape_debug());
            table.report(
                Diagnostic::error(endpoint.span, message).related("first defined", first.span).help("rename one of them"),
            );
        }
        if let Some(first) = endpoints.iter().find(|other| endpoint.cname.is_some() && other.cname == endpoint.cname) {
            let name = endpoint.cname.iter().map(ToString::to_string).collect::<String>();
            let fault = Diagnostic::error(endpoint.span, format!("{} has the name \"{name}\" twice", table.subject()));
            let fault = fault.related("first used", first.span);
            table.report(fault.help("remove one of them; for a bigger share raise its \"weight\""));
        }
        for address in own {
            match addresses.iter().find(|other| other.value == address.value) {
                Some(first) => report_same_address(table, address, first.span),
                None => addresses.push(address),
            }
        }
        endpoints.push(endpoint);
    }
    // A weight that could not be read says nothing about the others.
    if endpoints.len() == list.len() {
        node::report_weights(table, "endpoints", endpoints.iter().map(|endpoint| endpoint.weight));
    }
    endpoints
}

fn report_same_address(table: &Table<'_>, address: Placed<IpAddr>, first: Span) {
    let message = format!("{} has the address {} twice", table.subject(), address.value);
    let fault = Diagnostic::error(address.span, message).related("first used", first);
    table.report(fault.help("remove one of them; for a bigger share raise its \"weight\""));
}

/// The endpoint, and its addresses with their places; `None` where it is no table or its weight could not be read.
fn endpoint(item: Item<'_>) -> Option<(Endpoint, Vec<Placed<IpAddr>>)> {
    let table = item.table(&ENDPOINT)?;
    let name = table.require("name", "write name = \"fra-1\"").and_then(|item| {
        let name = Placed { value: item.text("the name of the endpoint", "write name = \"fra-1\"")?, span: item.span };
        name.report_unless_noun(item);
        Some(name)
    });
    let v4 = table.read("v4", v4);
    let v6 = table.read("v6", v6);
    let cname = table.read("cname", cname);
    if ["v4", "v6", "cname"].iter().all(|key| table.get(key).is_none()) {
        table.report(table.fault("the endpoint has no address").help("write v4 = \"192.0.2.10\", v6 = \"2001:db8::10\" or both"));
    }
    let what = "an endpoint with a name of its own in \"cname\"";
    if table.get("cname").is_some() {
        table.refuse(&["v4", "v6"], what, "write the addresses or the name; for both, write two endpoints");
    }
    let weight = table.get("weight").map_or(Some(WEIGHT), node::weight)?;
    let addresses = [("v4", v4.map(IpAddr::V4)), ("v6", v6.map(IpAddr::V6))];
    let placed = addresses.into_iter().filter_map(|(key, address)| Some(Placed { value: address?, span: table.get(key)?.span }));
    let (name, span) = name.map_or((String::new(), table.span), |name| (name.value.to_owned(), name.span));
    Some((Endpoint { name, span, v4, v6, cname, weight }, placed.collect()))
}

fn v4(item: Item<'_>) -> Option<Ipv4Addr> {
    const EXPECTED: &str = "an IPv4 address such as \"192.0.2.10\"";
    const HELP: &str = "write the address of one host, without port and prefix length";
    let address = match item.text(EXPECTED, HELP)?.parse() {
        Ok(IpAddr::V4(address)) => Some(address).filter(|address| !is_no_host_v4(*address)),
        Ok(IpAddr::V6(address)) => {
            item.wrong_value(EXPECTED, format!("write v6 = \"{address}\""));
            return None;
        }
        Err(_) => None,
    };
    if address.is_none() {
        item.wrong_value(EXPECTED, help_for(item, "v4", HELP));
    }
    address
}

fn v6(item: Item<'_>) -> Option<Ipv6Addr> {
    const EXPECTED: &str = "an IPv6 address such as \"2001:db8::10\"";
    const HELP: &str = "write the address of one host, without brackets, port and prefix length";
    let address = match item.text(EXPECTED, HELP)?.parse() {
        Ok(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
            None => Some(address).filter(|address| !address.is_unspecified() && !address.is_multicast()),
            Some(mapped) => {
                item.wrong_value(EXPECTED, format!("write v4 = \"{mapped}\""));
                return None;
            }
        },
        Ok(IpAddr::V4(address)) => {
            item.wrong_value(EXPECTED, format!("write v4 = \"{address}\""));
            return None;
        }
        Err(_) => None,
    };
    if address.is_none() {
        item.wrong_value(EXPECTED, help_for(item, "v6", HELP));
    }
    address
}

/// A host's name; the configuration has no origin, so each is whole.
fn cname(item: Item<'_>) -> Option<Name> {
    const EXPECTED: &str = "the name of a host such as \"d111.cdn.example.\"";
    const HELP: &str = "write the whole name, without scheme, port and path";
    let text = item.text(EXPECTED, HELP)?;
    if let Ok(address) = text.parse::<IpAddr>() {
        let key = if address.is_ipv4() { "v4" } else { "v6" };
        item.wrong_value(EXPECTED, format!("write {key} = \"{address}\""));
        return None;
    }
    // A CDN's names may have underscores; nothing else that a host's name does not have.
    let is_name = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let name = Name::parse(text.as_bytes(), Some(&Name::root())).ok();
    let name = name.filter(|name| is_name(text) && name.label_count() > 1);
    if name.is_none() {
        item.wrong_value(EXPECTED, HELP);
    }
    name
}

/// The next step for a text that is no address: what it is instead is often plain to see.
fn help_for(item: Item<'_>, key: &str, otherwise: &str) -> String {
    let text = item.value.as_str().unwrap_or_default();
    if let Ok(with_port) = text.parse::<SocketAddr>() {
        let (address, port) = (with_port.ip(), with_port.port());
        return format!("write {key} = \"{address}\"; the port belongs to the check: port = {port}");
    }
    if !text.contains(':') && text.contains(|letter: char| letter.is_ascii_alphabetic()) {
        return format!("a host name goes into a key of its own: cname = \"{}\"", text.escape_debug());
    }
    otherwise.to_owned()
}

fn is_no_host_v4(address: Ipv4Addr) -> bool {
    address.is_unspecified() || address.is_multicast() || address.is_broadcast()
}
