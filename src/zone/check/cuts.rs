//! Checks around delegations: name servers that can be found, and what stands at and below a cut.
//! What is served there is decided in `snapshot`; here it is only told.

use std::collections::HashSet;

use super::super::Record;
use super::nodes::{Key, Node, Nodes, shown, target};
use super::targets::{is_told, missing_help};
use super::{Found, finding};
use crate::wire::RrType;

const ADDRESSES: [RrType; 2] = [RrType::A, RrType::AAAA];
/// What the parent has at a cut (RFC 4035 §2.5, §2.6).
const AT_CUT: [RrType; 4] = [RrType::NS, RrType::DS, RrType::RRSIG, RrType::NSEC];

/// A name server below its own cut without glue: nobody could find it (RFC 1034 §4.2.1).
pub(super) fn glue_missing(nodes: &Nodes<'_>, found: &mut Found) {
    for (ns, host, _) in unaddressed(nodes).filter(|(.., is_glue)| *is_glue) {
        let message = || format!("the name server \"{}\" of \"{}\" has no glue: an A or AAAA record", shown(host), ns.owner);
        let help = || format!("add its address: {} IN A ADDRESS", shown(host));
        found.add(|| finding(Some(ns.data), message()).label("named here").help(help()));
    }
}

/// A name server inside the zone without an address.
pub(super) fn address_missing(nodes: &Nodes<'_>, found: &mut Found) {
    for (ns, host, _) in unaddressed(nodes).filter(|(.., is_glue)| !is_glue) {
        if !found.is_full() && is_told(nodes, host) {
            continue;
        }
        let message = || format!("the name server \"{}\" of \"{}\" has no A or AAAA record", shown(host), ns.owner);
        found.add(|| finding(Some(ns.data), message()).label("named here").help(missing_help(nodes, ns.rtype, &shown(host))));
    }
}

/// The NS records whose host has no address though it is ours to give, with the host, and whether the address would be glue.
fn unaddressed<'n, 'z>(nodes: &'n Nodes<'z>) -> impl Iterator<Item = (&'z Record, &'z [u8], bool)> + use<'n, 'z> {
    let is_addressed = |node: Option<Node<'_, '_>>| node.is_some_and(|node| node.has_any(&ADDRESSES));
    // A CNAME has a message of its own.
    let is_alias = |host: &[u8]| !nodes.rrset(host, RrType::CNAME).is_empty();
    nodes.all(RrType::NS).iter().filter_map(move |ns| {
        let host = target(ns).filter(|host| nodes.is_inside(host) && !is_addressed(nodes.find(host)) && !is_alias(host))?;
        match nodes.nearest_cut(host) {
            // Below somebody else's cut its address is not ours to give.
            Some(cut) => (cut.owner == ns.owner).then_some((*ns, host, true)),
            None => {
                let covered = nodes.upwards(host).skip(1).any(|encloser| is_addressed(nodes.wildcard(encloser)));
                (!covered).then_some((*ns, host, false))
            }
        }
    })
}

/// What the zone says of names that belong to another: only glue is ever given out (RFC 1034 §4.2.1).
pub(super) fn occluded(nodes: &Nodes<'_>, found: &mut Found) {
    let cuts = nodes.all(RrType::NS).iter().filter(|ns| ns.owner != nodes.zone.apex);
    let hosts: HashSet<Key<'_>> = cuts.filter_map(|ns| target(ns)).map(Key).collect();
    if hosts.is_empty() {
        return;
    }
    for node in nodes.iter() {
        let Some(cut) = nodes.highest_cut(node.owner.as_wire()) else { continue };
        let is_cut = cut.owner == *node.owner;
        let is_glue = |rtype: RrType| ADDRESSES.contains(&rtype) && hosts.contains(&Key(node.owner.as_wire()));
        let is_told = node.owner.labels().next().is_some_and(|label| label.eq_ignore_ascii_case(b"_steer"));
        let is_ours = |rtype: RrType| is_glue(rtype) || (is_cut && AT_CUT.contains(&rtype));
        let Some(record) = node.records.iter().find(|record| !is_ours(record.rtype)).filter(|_| !is_told) else { continue };
        let place = if is_cut { "at" } else { "below" };
        let message =
            || format!("the {} record of \"{}\" is {place} the cut \"{}\" and not served", record.rtype, node.owner, cut.owner);
        found.add(|| {
            finding(Some(record.span), message())
                .label("it belongs to the zone behind the cut, and is no glue")
                .related("the cut is made", cut.span)
                .help(format!("move it to the servers of \"{0}\", or remove the NS records of \"{0}\"", cut.owner))
        });
    }
}

/// RFC 4592 §4.2.
pub(super) fn wildcard_ns(nodes: &Nodes<'_>, found: &mut Found) {
    let mut told: Option<&Record> = None;
    let wildcards = nodes.all(RrType::NS).iter().filter(|ns| ns.owner.as_wire().starts_with(b"\x01*"));
    for ns in wildcards.filter(|ns| ns.owner != nodes.zone.apex) {
        if told.is_none_or(|told| told.owner != ns.owner) {
            let message = || format!("the wildcard \"{}\" has an NS record", ns.owner);
            found.add(|| {
                finding(Some(ns.span), message())
                    .label("servers disagree about what it delegates")
                    .help("delegate each name with NS records of its own")
            });
        }
        told = Some(ns);
    }
}

/// RFC 4035 §2.4: a DS stands where NS records delegate, in the parent.
pub(super) fn ds_without_cut(nodes: &Nodes<'_>, found: &mut Found) {
    for ds in nodes.all(RrType::DS) {
        let owner = ds.owner.as_wire();
        if nodes.is_apex(owner) {
            let message = || format!("the DS record of \"{}\" is in the zone itself", ds.owner);
            let help = "give it to the parent zone's operator, and remove it here";
            found.add(|| finding(Some(ds.span), message()).label("it speaks of this zone, in the parent").help(help));
        } else if nodes.highest_cut(owner).is_none() {
            let message = || format!("\"{}\" has a DS record, but no NS record", ds.owner);
            let help = "add the NS records of the child zone, or remove the DS record";
            found.add(|| finding(Some(ds.span), message()).label("nothing is delegated here").help(help));
        }
    }
}
