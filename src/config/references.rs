//! `[server] references`: who is asked whether our own network works.
//! Only addresses and ports are read here; what their silence means is the tracker's matter.

use std::net::SocketAddr;

use super::table::Item;
use crate::diagnostic::Span;
use crate::limits::REFERENCES_MAX;

const EXPECTED: &str = "an address with a port, such as \"192.0.2.1:443\" or \"[2001:db8::1]:443\"";
const HELP: &str = "write who takes TCP connections there, outside your own network: no host name, and [ ] around IPv6";

/// The references, each once.
pub(super) fn read(item: Item<'_>) -> Option<Vec<SocketAddr>> {
    let mut references: Vec<(SocketAddr, Span)> = Vec::new();
    let items = item.list();
    if items.len() > REFERENCES_MAX {
        let message = format!("expected at most {REFERENCES_MAX} references, but found {}", items.len());
        item.report(item.fault(message).help("a few in different networks tell as much"));
    }
    for item in items {
        let Some(reference) = reference(item) else { continue };
        match references.iter().find(|(other, _)| *other == reference) {
            Some((_, first)) => item.report(
                item.fault(format!("the reference {reference} is listed twice"))
                    .related("first listed", *first)
                    .help("remove one of them"),
            ),
            None => references.push((reference, item.span)),
        }
    }
    Some(references.into_iter().map(|(reference, _)| reference).collect())
}

fn reference(item: Item<'_>) -> Option<SocketAddr> {
    let usable = |address: &SocketAddr| address.port() != 0 && !address.ip().is_unspecified() && !address.ip().is_multicast();
    let reference = item.text(EXPECTED, HELP)?.parse().ok().filter(usable);
    if reference.is_none() {
        item.wrong_value(EXPECTED, HELP);
    }
    reference
}
