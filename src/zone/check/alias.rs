//! Checks of names that lead to other names: CNAME and DNAME, and what may not stand beside or below them.
//! Where they lead, as far as somebody else must be there, is in `targets.rs`.

use super::super::Record;
use super::nodes::{Nodes, target};
use super::{Found, finding};
use crate::limits::CNAME_CHAIN_LENGTH_MAX;
use crate::wire::RrType;
use crate::wire::rdata::folded;

/// What may stand beside a CNAME (RFC 4035 §2.5). NSD and Knot refuse the KEY; it is served as plain data.
const BESIDE_CNAME: [RrType; 3] = [RrType::KEY, RrType::RRSIG, RrType::NSEC];

/// RFC 1034 §3.6.2, RFC 2181 §10.1.
pub(super) fn cname_beside_data(nodes: &Nodes<'_>, found: &mut Found) {
    if nodes.all(RrType::CNAME).is_empty() {
        return;
    }
    for node in nodes.iter().filter(|node| node.records.len() > 1) {
        let Some(cname) = node.rrset(RrType::CNAME).first() else { continue };
        let beside = |record: &&&Record| record.rtype != RrType::CNAME && !BESIDE_CNAME.contains(&record.rtype);
        let Some(other) = node.records.iter().find(beside) else { continue };
        let message = || format!("\"{}\" has a CNAME record and other data", node.owner);
        let help = if nodes.is_apex(node.owner.as_wire()) {
            "an apex can't be a CNAME: write addresses (@ IN A 192.0.2.10) and steer them (_steer IN TXT \"web\")"
        } else {
            "remove the CNAME or the other records"
        };
        found.add(|| {
            finding(Some(cname.span), message())
                .label("a CNAME stands alone")
                .related(format!("its {} record is", other.rtype), other.span)
                .help(help)
        });
    }
}

/// RFC 2181 §10.1 for CNAME, RFC 6672 §2.4 for DNAME.
pub(super) fn alias_twice(nodes: &Nodes<'_>, found: &mut Found) {
    if nodes.all(RrType::CNAME).len() + nodes.all(RrType::DNAME).len() < 2 {
        return;
    }
    for node in nodes.iter() {
        for rrset in [RrType::CNAME, RrType::DNAME].map(|rtype| node.rrset(rtype)) {
            let Some((first, more)) = rrset.split_first() else { continue };
            let differs = |second: &&&Record| folded(second.rtype, &second.rdata) != folded(first.rtype, &first.rdata);
            for second in more.iter().filter(differs) {
                let message = || format!("\"{}\" has two {} records", first.owner, first.rtype);
                found.add(|| {
                    finding(Some(second.span), message()).label("second").related("the first is", first.span).help("keep one")
                });
            }
        }
    }
}

/// RFC 6672 §2.4: nothing exists below a DNAME.
pub(super) fn below_dname(nodes: &Nodes<'_>, found: &mut Found) {
    if nodes.all(RrType::DNAME).is_empty() {
        return;
    }
    for node in nodes.iter() {
        let above = nodes.upwards(node.owner.as_wire()).skip(1);
        let dname = above.filter_map(|above| nodes.rrset(above, RrType::DNAME).first()).next();
        if let (Some(dname), Some(record)) = (dname, node.records.first()) {
            let message = || format!("\"{}\" is below the DNAME record of \"{}\"", node.owner, dname.owner);
            found.add(|| {
                finding(Some(record.span), message())
                    .label("this owner")
                    .related("the DNAME is", dname.span)
                    .help("remove it, or the DNAME: a DNAME moves every name below it")
            });
        }
    }
}

/// Each circle is told once, at its first name in the file. One that is longer than what is followed anyway is not sought.
pub(super) fn alias_loop(nodes: &Nodes<'_>, found: &mut Found) {
    if nodes.all(RrType::CNAME).is_empty() {
        return;
    }
    // Each name is looked up once, not once for every chain that leads over it.
    let aliases: Vec<(Option<&Record>, Option<usize>)> = nodes
        .iter()
        .map(|node| {
            let cname = node.rrset(RrType::CNAME).first().copied();
            (cname, cname.and_then(target).and_then(|target| nodes.place_of(target)))
        })
        .collect();
    for (start, (cname, next)) in aliases.iter().enumerate() {
        let (Some(first), Some(mut at)) = (cname, *next) else { continue };
        let mut last = first;
        for more in 0..CNAME_CHAIN_LENGTH_MAX {
            if at == start {
                let message = || match more {
                    0 => format!("the CNAME of \"{}\" leads to itself", first.owner),
                    more => format!("the CNAME of \"{}\" leads back to it over {more} more", first.owner),
                };
                found.add(|| {
                    finding(Some(first.data), message())
                        .label("here the circle begins")
                        .related("it closes", last.span)
                        .help("let one of them lead to a name with addresses")
                });
            }
            // A circle over an earlier name is told there.
            let Some((Some(cname), Some(next))) = aliases.get(at).filter(|_| at > start) else { break };
            (last, at) = (cname, *next);
        }
    }
}

/// RFC 4592 §4.4.
pub(super) fn wildcard_dname(nodes: &Nodes<'_>, found: &mut Found) {
    for dname in nodes.all(RrType::DNAME).iter().filter(|dname| dname.owner.as_wire().starts_with(b"\x01*")) {
        let message = || format!("the wildcard \"{}\" has a DNAME record", dname.owner);
        found.add(|| {
            finding(Some(dname.span), message())
                .label("servers disagree about what it makes")
                .help("write a DNAME without \"*\" one label higher, or a CNAME at the wildcard")
        });
    }
}
