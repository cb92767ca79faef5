//! `[server] resolvers`: who looks up the names of edges.
//! Only addresses are read here; whether anybody listens there is seen when they are asked.

use std::net::{IpAddr, SocketAddr};

use super::table::Item;
use crate::limits::RESOLVERS_MAX;

const EXPECTED: &str = "the address of a resolver such as \"192.0.2.53\" or \"[2001:db8::53]:5353\"";
const HELP: &str = "write an address, with a port where that is not 53; leave \"resolvers\" out for those of resolv.conf";
const PORT: u16 = 53;

/// The resolvers in the order in which they are asked.
pub(super) fn read(item: Item<'_>) -> Option<Vec<SocketAddr>> {
    let items = item.list();
    if items.is_empty() {
        item.report(item.fault("expected a resolver, but found an empty list").help(HELP));
    } else if items.len() > RESOLVERS_MAX {
        let message = format!("expected at most {RESOLVERS_MAX} resolvers, but found {}", items.len());
        item.report(item.fault(message).help("two or three are enough"));
    }
    Some(items.into_iter().filter_map(resolver).collect())
}

fn resolver(item: Item<'_>) -> Option<SocketAddr> {
    let text = item.text(EXPECTED, HELP)?;
    let with_port = || text.parse::<IpAddr>().map(|address| SocketAddr::new(address, PORT));
    let usable = |address: &SocketAddr| address.port() != 0 && !address.ip().is_unspecified() && !address.ip().is_multicast();
    let resolver = text.parse().or_else(|_| with_port()).ok().filter(usable);
    if resolver.is_none() {
        item.wrong_value(EXPECTED, HELP);
    }
    resolver
}
