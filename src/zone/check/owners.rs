//! Checks of owners that nobody will ask for: services without their underscores, and addresses that are none.
//! A name that is only unusual is left alone.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::Record;
use super::nodes::Nodes;
use super::{Found, finding};
use crate::wire::{Name, RrType};

/// What stands behind the service's name; other words behind it may be a host's.
const TRANSPORTS: [&[u8]; 4] = [b"tcp", b"udp", b"sctp", b"tls"];

/// RFC 2782: `_SERVICE._PROTOCOL`. One underscore too few is told only where the second label is a protocol without doubt.
pub(super) fn srv_owner(nodes: &Nodes<'_>, found: &mut Found) {
    let mut told: Option<&Record> = None;
    for srv in nodes.all(RrType::SRV) {
        let mut labels = srv.owner.labels();
        let (Some(service), Some(transport)) = (labels.next(), labels.next()) else { continue };
        let bare = transport.strip_prefix(b"_").unwrap_or(transport);
        let is_transport = TRANSPORTS.iter().any(|known| known.eq_ignore_ascii_case(bare));
        // Without its underscore, the zone's own first label is no protocol.
        let is_own = transport != bare || srv.owner.label_count() > nodes.zone.apex.label_count() + 1;
        let lacks = service != b"*" && !(service.starts_with(b"_") && transport.starts_with(b"_"));
        if !(is_transport && is_own && lacks) || told.is_some_and(|told| told.owner == srv.owner) {
            continue;
        }
        told = Some(srv);
        let [service, transport] = [service, bare].map(|label| String::from_utf8_lossy(label).into_owned());
        found.add(|| {
            finding(Some(srv.span), format!("the SRV record of \"{}\" is at no service's name", srv.owner))
                .label("both labels of it begin with an underscore (RFC 2782)")
                .help(format!("write \"_{}._{transport}\"", service.trim_start_matches('_')))
        });
    }
}

/// Whether the names of a zone are addresses.
pub(super) fn is_reverse(apex: &Name) -> bool {
    is_below(apex, b"\x07in-addr\x04arpa\x00") || is_below(apex, b"\x03ip6\x04arpa\x00")
}

fn is_below(name: &Name, suffix: &[u8]) -> bool {
    Name::from_wire(suffix).is_some_and(|suffix| name.is_at_or_below(&suffix))
}

/// RFC 1035 §3.5, RFC 3596 §2.5: what can be part of an address. Labels that are no numbers may be anything (RFC 2317).
pub(super) fn reverse_owner(nodes: &Nodes<'_>, found: &mut Found) {
    let apex = &nodes.zone.apex;
    if !is_reverse(apex) {
        return;
    }
    for node in nodes.iter() {
        let own = || node.owner.labels().take(node.owner.label_count().saturating_sub(apex.label_count()));
        let is_large = |label: &[u8]| label.iter().all(u8::is_ascii_digit) && octet(label).is_none();
        let (label, help) = match address(apex, own()) {
            Some(help) => ("an address is written as the owner", help),
            None if own().any(is_large) => ("the numbers of an address are from 0 to 255", "correct the number".to_owned()),
            None => continue,
        };
        let Some(record) = node.records.first() else { continue };
        found.add(|| finding(Some(record.span), format!("\"{}\" is no address's name", node.owner)).label(label).help(help));
    }
}

fn octet(label: &[u8]) -> Option<u8> {
    std::str::from_utf8(label).ok().and_then(|digits| digits.parse().ok())
}

/// What to write in place of an address that is the owner, if the labels below the apex are one.
fn address<'n>(apex: &Name, mut own: impl Iterator<Item = &'n [u8]>) -> Option<String> {
    let first = own.next()?;
    if first.contains(&b':') {
        let text = std::str::from_utf8(first).ok()?;
        return text.parse().ok().map(|address| format!("write \"{}\"", ip6_name(address)));
    }
    let mut octets = [octet(first)?, 0, 0, 0];
    for place in octets.iter_mut().skip(1) {
        *place = octet(own.next()?)?;
    }
    // Four octets are all that a name below in-addr.arpa has.
    let is_whole = own.next().is_none() && apex.label_count() > 2 && is_below(apex, b"\x07in-addr\x04arpa\x00");
    if !is_whole {
        return None;
    }
    let mut reversed = octets;
    reversed.reverse();
    let name = |octets: [u8; 4]| format!("{}.in-addr.arpa.", Ipv4Addr::from(octets));
    let fits = |text: &String| Name::parse(text.as_bytes(), None).is_ok_and(|name| name.is_at_or_below(apex));
    match [name(reversed), name(octets)].into_iter().find(fits) {
        Some(whole) => Some(format!("write \"{whole}\", or only what of it stands before \"{apex}\"")),
        None => Some(format!("it is not in \"{apex}\": move it to the zone of its address")),
    }
}

/// The name of an IPv6 address: its digits, the last one first.
fn ip6_name(address: Ipv6Addr) -> String {
    let digits = format!("{:032x}", u128::from(address));
    let labels: String = digits.chars().rev().flat_map(|digit| [digit, '.']).collect();
    format!("{labels}ip6.arpa.")
}
