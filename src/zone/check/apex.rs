//! Checks of what makes a zone a zone: one SOA and the name servers, at the apex.
//! Whether those servers can be found is in `cuts.rs`.

use super::nodes::Nodes;
use super::{Found, finding};
use crate::wire::RrType;
use crate::wire::rdata::folded;

pub(super) fn soa_missing(nodes: &Nodes<'_>, found: &mut Found) {
    if nodes.apex(RrType::SOA).is_empty() {
        let help = "write as the first record: @ IN SOA ns1 hostmaster 1 7200 3600 1209600 300";
        found.add(|| finding(nodes.place(), format!("the zone \"{}\" has no SOA record", nodes.zone.apex)).help(help));
    }
}

pub(super) fn soa_twice(nodes: &Nodes<'_>, found: &mut Found) {
    let Some((first, more)) = nodes.apex(RrType::SOA).split_first() else { return };
    for second in more.iter().filter(|second| folded(second.rtype, &second.rdata) != folded(first.rtype, &first.rdata)) {
        let message = || format!("the zone \"{}\" has two SOA records", nodes.zone.apex);
        found
            .add(|| finding(Some(second.span), message()).label("second").related("the first is", first.span).help("remove one"));
    }
}

pub(super) fn soa_below_apex(nodes: &Nodes<'_>, found: &mut Found) {
    for soa in nodes.all(RrType::SOA).iter().filter(|soa| soa.owner != nodes.zone.apex) {
        let message = || format!("the SOA record of \"{}\" is not at the zone's apex \"{}\"", soa.owner, nodes.zone.apex);
        found.add(|| {
            finding(Some(soa.span), message()).label("this owner").help("write \"@\" as its owner, behind no other $ORIGIN")
        });
    }
}

pub(super) fn ns_missing(nodes: &Nodes<'_>, found: &mut Found) {
    if nodes.apex(RrType::NS).is_empty() {
        let message = || format!("the zone \"{}\" has no NS record at its apex", nodes.zone.apex);
        found.add(|| finding(nodes.place(), message()).help("add one for each of its name servers: @ IN NS ns1"));
    }
}

/// RFC 1912 §2.2: after a refresh that failed there must be time for another try.
pub(super) fn soa_expire_short(nodes: &Nodes<'_>, found: &mut Found) {
    let Some(soa) = nodes.apex(RrType::SOA).first() else { return };
    let Some(&[.., r0, r1, r2, r3, t0, t1, t2, t3, e0, e1, e2, e3, _, _, _, _]) = soa.rdata.last_chunk::<16>() else { return };
    let refresh = u32::from_be_bytes([r0, r1, r2, r3]);
    let retry = u32::from_be_bytes([t0, t1, t2, t3]);
    let expire = u32::from_be_bytes([e0, e1, e2, e3]);
    if u64::from(expire) < u64::from(refresh) + u64::from(retry) {
        let message = format!("the SOA's expire, {expire}, is shorter than its refresh and retry together");
        found.add(|| {
            finding(Some(soa.data), message)
                .label(format!("refresh {refresh}, retry {retry}"))
                .help("write an expire of one to four weeks: 1209600")
        });
    }
}
