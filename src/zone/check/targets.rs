//! Checks of the hosts that records lead to, as far as they are in the zone.
//! Name servers are in `cuts.rs`: theirs is a matter of glue.

use std::collections::HashSet;
use std::net::IpAddr;

use super::super::Record;
use super::nodes::{Key, Nodes, shown, suffixes, target};
use super::owners::is_reverse;
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

/// What leads to a name, which has to be there.
const LEADING: [RrType; 6] = [RrType::CNAME, RrType::DNAME, RrType::MX, RrType::SRV, RrType::SVCB, RrType::HTTPS];

/// An alias or service that leads to a name of this zone where nothing is: most often its final dot is missing.
pub(super) fn target_missing(nodes: &Nodes<'_>, found: &mut Found) {
    let inhabited = inhabited(nodes);
    // Elsewhere a PTR may name what is no host (RFC 6763 §4.1).
    let reverse = is_reverse(&nodes.zone.apex).then_some(RrType::PTR);
    let types: Vec<RrType> = LEADING.into_iter().chain(reverse).collect();
    for record in nodes.all_of(&types) {
        let Some(target) = target(record).filter(|target| nodes.is_inside(target)) else { continue };
        if nodes.find(target).is_some() || nodes.highest_cut(target).is_some() || is_made(nodes, target) {
            continue;
        }
        if record.rtype == RrType::DNAME && inhabited.contains(&Key(target)) {
            continue;
        }
        // What can't be shown any more is only counted.
        if !found.is_full() && is_told(nodes, target) {
            continue;
        }
        let target = shown(target);
        let message = || format!("the {} record of \"{}\" names \"{target}\", which has no records", record.rtype, record.owner);
        found.add(|| {
            finding(Some(record.data), message()).label("leads nowhere").help(missing_help(nodes, record.rtype, &target))
        });
    }
}

/// The targets of DNAMEs below which there are names: a DNAME leads to them, whether or not the target has records.
fn inhabited<'z>(nodes: &Nodes<'z>) -> HashSet<Key<'z>> {
    let targets: HashSet<Key<'_>> = nodes.all(RrType::DNAME).iter().filter_map(|dname| target(dname)).map(Key).collect();
    if targets.is_empty() {
        return targets;
    }
    let names = nodes.iter().flat_map(|node| suffixes(node.owner.as_wire()).skip(1));
    names.filter_map(|name| targets.get(&Key(name)).copied()).collect()
}

/// Whether a wildcard or a DNAME makes the name.
fn is_made(nodes: &Nodes<'_>, name: &[u8]) -> bool {
    let makes = |above: &[u8]| nodes.wildcard(above).is_some() || !nodes.rrset(above, RrType::DNAME).is_empty();
    nodes.upwards(name).skip(1).any(makes)
}

/// An address, or a name whose final dot is plainly missing, has had its own message.
pub(super) fn is_told(nodes: &Nodes<'_>, target: &[u8]) -> bool {
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

/// The next step where a record of this type names what is not there.
pub(super) fn missing_help(nodes: &Nodes<'_>, rtype: RrType, target: &str) -> String {
    let whole = written(nodes, target).filter(|written| written.trim_end_matches('.').contains('.'));
    let is_host = ![RrType::PTR, RrType::DNAME].contains(&rtype);
    match whole {
        Some(whole) if is_host => {
            format!("write \"{whole}\" with its final dot if that is the whole name, else add an address for it")
        }
        Some(whole) => format!("write \"{whole}\" with its final dot if that is the whole name, else correct it"),
        None if rtype == RrType::NS => format!("add its address: {target} IN A ADDRESS"),
        None if is_host => format!("correct the name, or add its address: {target} IN A ADDRESS"),
        None => "write the whole name with its final dot, such as \"www.example.com.\"".to_owned(),
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
