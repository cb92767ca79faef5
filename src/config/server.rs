//! `[server]`: the process, with a default for every key.
//! Paths are made relative to the file's folder; nothing is opened or bound.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use super::keys::SERVER;
use super::table::{Item, Table};
use super::{GeoFile, RrsetOrder, Server, references, resolvers};
use crate::diagnostic::{Diagnostic, Span};
use crate::limits::{
    GEO_AGE_MAX, GEO_AGE_MIN, SERVER_TEXT_LENGTH_MAX, SERVER_WAIT_MAX, TCP_CONNECTIONS_MAX, THREADS_MAX, UDP_PAYLOAD_LENGTH_MAX,
    UDP_PAYLOAD_LENGTH_MIN, UDP_QUERY_LENGTH_MAX,
};

const DNS_PORT: u16 = 53;
/// Who renews a database monthly has long missed it by then.
const GEO_AGE: Duration = Duration::from_secs(365 * 86_400);
const TCP_CONNECTIONS: usize = 1024;
const TCP_CONNECTIONS_PER_SOURCE: usize = 20;

impl Server {
    /// What holds where nothing is written; `folder` is that of `signpost.toml`.
    pub(super) fn with_defaults(folder: &Path) -> Self {
        Self {
            listen: vec![
                SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), DNS_PORT),
                SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), DNS_PORT),
            ],
            threads: None,
            zones: folder.join("zones"),
            zones_span: None,
            geoip: Vec::new(),
            geoip_age: GEO_AGE,
            control: folder.join("signpost.sock"),
            references: Vec::new(),
            resolvers: Vec::new(),
            warmup: Duration::from_secs(5),
            settle: Duration::from_secs(1),
            watch: true,
            udp_payload: u16::try_from(UDP_PAYLOAD_LENGTH_MAX).unwrap_or(u16::MAX),
            rrset_order: RrsetOrder::Stable,
            tcp_connections: TCP_CONNECTIONS,
            tcp_connections_per_source: TCP_CONNECTIONS_PER_SOURCE,
            identity: None,
            version: None,
            state: folder.join("state"),
        }
    }
}

/// Reads the table `[server]`.
pub(super) fn read(item: Item<'_>) -> Option<Server> {
    let table = item.table(&SERVER)?;
    let default = Server::with_defaults(item.file.text.folder);
    let wait = |key: &str| table.read(key, |item| item.duration(Duration::ZERO, SERVER_WAIT_MAX));
    let (tcp_connections, tcp_connections_per_source) = tcp_connections(&table);
    let server = Server {
        listen: table.read("listen", listen).unwrap_or(default.listen),
        threads: table.read("threads", |item| item.whole::<usize>(1, in_i64(THREADS_MAX))).and_then(NonZeroUsize::new),
        zones: table.read("zones", Item::path).unwrap_or(default.zones),
        zones_span: table.get("zones").map(|item| item.span),
        geoip: table.read("geoip", geoip).unwrap_or(default.geoip),
        geoip_age: table.read("geoip_age", |item| item.duration(GEO_AGE_MIN, GEO_AGE_MAX)).unwrap_or(default.geoip_age),
        control: table.read("control", Item::path).unwrap_or(default.control),
        references: table.read("references", references::read).unwrap_or_default(),
        resolvers: table.read("resolvers", resolvers::read).unwrap_or_default(),
        warmup: wait("warmup").unwrap_or(default.warmup),
        settle: wait("settle").unwrap_or(default.settle),
        watch: table.read("watch", Item::boolean).unwrap_or(default.watch),
        udp_payload: table
            .read("udp_payload", |item| item.whole(in_i64(UDP_PAYLOAD_LENGTH_MIN), in_i64(UDP_QUERY_LENGTH_MAX)))
            .unwrap_or(default.udp_payload),
        rrset_order: table.read("rrset_order", rrset_order).unwrap_or(default.rrset_order),
        tcp_connections,
        tcp_connections_per_source,
        identity: table.read("identity", told),
        version: table.read("version", told),
        state: table.read("state", Item::path).unwrap_or(default.state),
    };
    Some(server)
}

fn rrset_order(item: Item<'_>) -> Option<RrsetOrder> {
    item.one_of("an order of records", &[("stable", RrsetOrder::Stable), ("rotated", RrsetOrder::Rotated)])
}

fn in_i64(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// In all, and from one source: never more than in all.
fn tcp_connections(table: &Table<'_>) -> (usize, usize) {
    let count = |key: &str| table.read(key, |item| item.whole::<usize>(1, in_i64(TCP_CONNECTIONS_MAX)));
    let in_all = count("tcp_connections").unwrap_or(TCP_CONNECTIONS);
    let per_source = count("tcp_connections_per_source");
    if let Some(item) = table.get("tcp_connections_per_source").filter(|_| per_source.is_some_and(|count| count > in_all)) {
        let message = format!("\"tcp_connections_per_source\" is over \"tcp_connections\", which is {in_all}");
        item.report(item.fault(message).help(format!("write at most {in_all}")));
    }
    (in_all, per_source.unwrap_or_else(|| TCP_CONNECTIONS_PER_SOURCE.min(in_all)))
}

/// A text that strangers are told: it must fit one string of a TXT record and print anywhere.
fn told(item: Item<'_>) -> Option<String> {
    let expected = format!("a text of 1 to {SERVER_TEXT_LENGTH_MAX} printable ASCII characters");
    let printable = |text: &str| text.bytes().all(|octet| (b' '..=b'~').contains(&octet));
    let accept = |text: &str| (1..=SERVER_TEXT_LENGTH_MAX).contains(&text.len()) && printable(text);
    item.text_such_that(&expected, "whoever asks is told this: write a short name, or leave the key out to tell nothing", accept)
        .map(str::to_owned)
}

fn geoip(item: Item<'_>) -> Option<Vec<GeoFile>> {
    let file = |item: Item<'_>| Some(GeoFile { path: item.path()?, span: item.span });
    Some(item.list().into_iter().filter_map(file).collect())
}

fn listen(item: Item<'_>) -> Option<Vec<SocketAddr>> {
    let mut addresses: Vec<(SocketAddr, Span)> = Vec::new();
    let items = item.list();
    if items.is_empty() {
        item.report(
            item.fault("expected an address to listen on, but found an empty list")
                .help("leave \"listen\" out for port 53 of all"),
        );
    }
    for item in items {
        let Some(address) = listen_address(item) else {
            continue;
        };
        match addresses.iter().find(|(other, _)| *other == address && address.port() != 0) {
            Some((_, first)) => item.report(
                item.fault(format!("the address {address} is listed twice"))
                    .related("first listed", *first)
                    .help("remove one of them"),
            ),
            None => addresses.push((address, item.span)),
        }
    }
    Some(addresses.into_iter().map(|(address, _)| address).collect())
}

/// `ADDRESS:PORT`, or an address alone for port 53.
fn listen_address(item: Item<'_>) -> Option<SocketAddr> {
    const EXPECTED: &str = "an address such as \"0.0.0.0:53\", \"[::]:53\" or \"192.0.2.1\"";
    const HELP: &str = "write the address of an interface, not a host name, and [ ] around IPv6 before a port";
    let text = item.text(EXPECTED, HELP)?;
    let alone = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = text.parse().or_else(|_| alone.parse().map(|address| SocketAddr::new(address, DNS_PORT))).ok();
    match address {
        None => item.wrong_value(EXPECTED, HELP),
        Some(address) if address.port() == 0 => item.report(
            Diagnostic::warning(item.span, "port 0 lets the system choose a port, a new one at every start")
                .help("write port 53 where resolvers shall find the server"),
        ),
        Some(_) => {}
    }
    address
}
