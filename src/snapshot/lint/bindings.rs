//! Lints of bound names: what a plain name server would answer, and what we do.
//! They need zone and policies together, so they are found when the two are linked.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use super::super::policies::{Family, Kind, Policies};
use super::super::{Binding, LinkedZone};
use crate::config::NodeId;
use crate::diagnostic::Diagnostic;
use crate::wire::{Name, RrType};
use crate::zone::{Record, Zone};

/// The keys of address hints in SVCB and HTTPS records (RFC 9460 §7.3).
const HINT_KEYS: [u16; 2] = [4, 6];

/// A binding with all that is known of it.
pub(super) struct Bound<'a> {
    pub(super) binding: &'a Binding,
    /// The records of the bound name.
    pub(super) own: &'a [&'a Record],
    /// The addresses of all endpoints that it may be answered with.
    pub(super) endpoints: &'a HashSet<IpAddr>,
    pub(super) policies: &'a Policies,
    /// What it is bound to.
    pub(super) node: NodeId,
}

/// The records of bound names.
pub(super) fn own_records<'a>(parsed: &'a Zone, linked: &'a LinkedZone) -> HashMap<&'a Name, Vec<&'a Record>> {
    // One pass over what may be a million records.
    let mut own: HashMap<&Name, Vec<&Record>> =
        linked.zone.bindings().iter().map(|binding| (&binding.name, Vec::new())).collect();
    if own.is_empty() {
        return own;
    }
    for record in &parsed.records {
        if let Some(records) = own.get_mut(&record.owner) {
            records.push(record);
        }
    }
    own
}

/// The addresses of all endpoints at and below a node.
pub(super) fn endpoints(policies: &Policies, id: NodeId) -> HashSet<IpAddr> {
    match policies.node(id).map(|node| &node.kind) {
        Some(Kind::Pool(pool)) => {
            pool.endpoints.iter().flat_map(|endpoint| Family::ALL.map(|family| endpoint.addresses[family])).flatten().collect()
        }
        Some(Kind::Policy(policy)) => {
            let below = policy.children.iter().map(|child| child.node).chain(policy.last);
            below.flat_map(|child| endpoints(policies, child)).collect()
        }
        None => HashSet::new(),
    }
}

/// A secondary that can't steer sends everybody to the name's own address: better one that serves.
pub(super) fn fallback_elsewhere(bound: &Bound<'_>) -> Vec<Diagnostic> {
    let Bound { binding, own, endpoints, policies, node } = bound;
    // Which addresses a name has is not known here.
    if policies.node(*node).is_some_and(|node| node.names || node.edges) {
        return Vec::new();
    }
    let strangers = own.iter().filter_map(|record| Some((record, address(record)?))).filter(|(_, own)| !endpoints.contains(own));
    strangers
        .map(|(record, own)| {
            Diagnostic::warning(record.span, format!("{own} is no endpoint of \"{}\"", binding.target))
                .label("other name servers answer this")
                .related(format!("\"{}\" is bound", binding.name), binding.span)
                .help("use the address of an endpoint, so that clients of a plain secondary are served too")
        })
        .collect()
}

/// A type that exists here, but not on a plain secondary, flickers for resolvers that ask both.
pub(super) fn family_in_pools_alone(bound: &Bound<'_>) -> Vec<Diagnostic> {
    let Bound { binding, own, .. } = bound;
    // A CNAME is of no family, and of an edge only those are answered that the name has of its own.
    let Some(node) = bound.policies.node(bound.node).filter(|node| !node.names) else { return Vec::new() };
    let has = |rtype| own.iter().any(|record| record.rtype == rtype || record.rtype == RrType::CNAME);
    let types = [(Family::V4, RrType::A), (Family::V6, RrType::AAAA)];
    types
        .into_iter()
        .filter(|(family, rtype)| node.families[*family] && !has(*rtype))
        .map(|(_, rtype)| {
            Diagnostic::warning(
                binding.span,
                format!("\"{}\" has no {rtype} record of its own, but \"{}\" has", binding.name, binding.target),
            )
            .label("bound here")
            .help(format!("add an {rtype} record, so that a plain secondary has the type too"))
        })
        .collect()
}

/// A type exists for everybody or for nobody: where only `last` has the family, its clients are sent there while all is well.
pub(super) fn family_in_last_alone(bound: &Bound<'_>) -> Vec<Diagnostic> {
    let Bound { binding, policies, node: id, .. } = *bound;
    let only_last =
        |family: &Family| policies.node(id).is_some_and(|node| node.families[*family]) && !has_beside_last(policies, id, *family);
    Family::ALL
        .into_iter()
        .filter(only_last)
        .map(|family| {
            let family = match family {
                Family::V4 => "IPv4",
                Family::V6 => "IPv6",
            };
            Diagnostic::warning(binding.target_span, format!("only \"last\" of \"{}\" has {family} endpoints", binding.target))
                .label(format!("{family} clients always go there"))
                .help(format!("give the pools {family} addresses too, or take them from the last one"))
        })
        .collect()
}

/// Whether an endpoint below a node, other than those of a `last`, has the family.
fn has_beside_last(policies: &Policies, id: NodeId, family: Family) -> bool {
    match policies.node(id).map(|node| (&node.kind, node.families[family])) {
        Some((Kind::Pool(_), has)) => has,
        Some((Kind::Policy(policy), true)) => policy.children.iter().any(|child| has_beside_last(policies, child.node, family)),
        Some((Kind::Policy(_), false)) | None => false,
    }
}

/// A client that takes the hints never asks for the addresses, which are steered.
pub(super) fn hints_stand(bound: &Bound<'_>) -> Vec<Diagnostic> {
    let name = &bound.binding.name;
    let warning = |record: &&Record| {
        Diagnostic::warning(record.span, format!("address hints at the steered name \"{name}\" are served as they stand"))
            .label("hints are not steered")
            .help("leave out ipv4hint and ipv6hint; clients then use the A and AAAA answers, which are steered")
    };
    bound.own.iter().filter(|record| has_hints(record)).map(warning).collect()
}

fn address(record: &Record) -> Option<IpAddr> {
    match record.rtype {
        RrType::A => record.rdata.first_chunk::<4>().map(|octets| IpAddr::from(*octets)),
        RrType::AAAA => record.rdata.first_chunk::<16>().map(|octets| IpAddr::from(*octets)),
        _ => None,
    }
}

/// Whether SVCB or HTTPS parameters hold an address hint.
fn has_hints(record: &Record) -> bool {
    if ![RrType::SVCB, RrType::HTTPS].contains(&record.rtype) {
        return false;
    }
    let names = crate::wire::rdata::embedded_names(record.rtype, &record.rdata);
    let mut rest = names.first().and_then(|name| record.rdata.get(name.start + name.length..)).unwrap_or_default();
    while let Some((&[k0, k1, l0, l1], after)) = rest.split_first_chunk::<4>() {
        if HINT_KEYS.contains(&u16::from_be_bytes([k0, k1])) {
            return true;
        }
        rest = after.get(usize::from(u16::from_be_bytes([l0, l1]))..).unwrap_or_default();
    }
    false
}
