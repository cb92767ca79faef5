//! Checks of the hosts that records lead to, as far as they are in the zone.
//! Name servers are in `cuts.rs`: theirs is a matter of glue.

use std::net::IpAddr;

use super::super::Record;
use super::nodes::{Nodes, shown, target};
use super::{Found, finding};
use crate::wire::RrType;

const ROOT: &[u8] = &[0];

/// RFC 2181 §10.3, RFC 2782: what NS, MX, SOA and SRV name is no alias.
pub(super) fn target_is_alias(nodes: &Nodes<'_>, found: &mut Found) {
    if nodes.all(RrType::CNAME).is_empty() {
        return;
    }
    for record in nodes.all_of(&[RrType::SOA, RrType::NS, RrType::MX, RrType::SRV]) {
        let Some(target) = target(record) else { continue };
        if let Some(cname) = nodes.rrset(target, RrType::CNAME).first() {
            let message =
                || format!("the {} record of \"{}\" names \"{}\", which is a CNAME", record.rtype, record.owner, shown(target));
            found.add(|| {
                finding(Some(record.span), message())
                    .label("named here")
                    .related("the CNAME is", cname.span)
                    .help("name the host that the CNAME leads to")
            });
        }
    }
}

/// An alias or service that leads to a name of this zone where nothing is: most often its final dot is missing.
pub(super) fn target_missing(nodes: &Nodes<'_>, found: &mut Found) {
    for record in nodes.all_of(&[RrType::CNAME, RrType::MX, RrType::SRV, RrType::SVCB, RrType::HTTPS]) {
        let Some(target) = target(record).filter(|target| nodes.is_inside(target)) else { continue };
        if nodes.find(target).is_some() || nodes.highest_cut(target).is_some() || is_made(nodes, target) {
            continue;
        }
        // What can't be shown any more is only counted.
        if !found.is_full() && is_told(nodes, target) {
            continue;
        }
        let target = shown(target);
        let message = || format!("the {} record of \"{}\" names \"{target}\", which has no records", record.rtype, record.owner);
        found.add(|| finding(Some(record.data), message()).label("leads nowhere").help(missing_help(nodes, &target)));
    }
}

/// Whether a wildcard or a DNAME makes the name.
fn is_made(nodes: &Nodes<'_>, name: &[u8]) -> bool {
    let makes = |above: &[u8]| nodes.wildcard(above).is_some() || !nodes.rrset(above, RrType::DNAME).is_empty();
    nodes.upwards(name).skip(1).any(makes)
}

/// An address, or a name whose final dot is plainly missing, has had its own message.
fn is_told(nodes: &Nodes<'_>, target: &[u8]) -> bool {
    let apex = nodes.zone.apex.to_string();
    let Some(written) = written(nodes, &shown(target)) else { return false };
    let written = written.trim_end_matches('.');
    let repeated = written.strip_suffix(apex.trim_end_matches('.'));
    repeated.is_some_and(|before| before.is_empty() || before.ends_with('.')) || written.parse::<IpAddr>().is_ok()
}

/// A name of the zone as it was probably written, with a final dot instead of the apex.
fn written(nodes: &Nodes<'_>, target: &str) -> Option<String> {
    target.strip_suffix(&nodes.zone.apex.to_string()).map(str::to_owned)
}

fn missing_help(nodes: &Nodes<'_>, target: &str) -> String {
    match written(nodes, target).filter(|written| written.trim_end_matches('.').contains('.')) {
        Some(written) => format!("write \"{written}\" with its final dot if that is the whole name, else add an address for it"),
        None => format!("correct the name, or add its address: {target} IN A ADDRESS"),
    }
}

/// A host that is there, but has neither address nor alias.
pub(super) fn target_without_address(nodes: &Nodes<'_>, found: &mut Found) {
    for record in nodes.all_of(&[RrType::MX, RrType::SRV]) {
        let Some(target) = target(record).filter(|target| nodes.is_inside(target)) else { continue };
        let Some(node) = nodes.find(target).filter(|_| nodes.highest_cut(target).is_none()) else { continue };
        if !node.has_any(&[RrType::A, RrType::AAAA, RrType::CNAME]) {
            let message =
                || format!("the {} record of \"{}\" names \"{}\", which has no address", record.rtype, record.owner, node.owner);
            found.add(|| {
                finding(Some(record.data), message())
                    .label("nobody can connect there")
                    .help(format!("correct the name, or add its address: {} IN A ADDRESS", node.owner))
            });
        }
    }
}

/// RFC 7505 §3, RFC 2782: the target "." stands alone.
pub(super) fn null_target(nodes: &Nodes<'_>, found: &mut Found) {
    let is_null = |record: &Record| target(record) == Some(ROOT);
    for null in nodes.all_of(&[RrType::MX, RrType::SRV]).into_iter().filter(|record| is_null(record)) {
        let beside = nodes.rrset(null.owner.as_wire(), null.rtype).iter().find(|other| !is_null(other));
        let Some(beside) = beside else { continue };
        let message =
            || format!("\"{}\" has {1} records with hosts and one that says that there is none", null.owner, null.rtype);
        found.add(|| {
            finding(Some(null.data), message())
                .label("\".\" means no service")
                .related("a host is named", beside.span)
                .help("remove this one if there is a service, else the others")
        });
    }
}
