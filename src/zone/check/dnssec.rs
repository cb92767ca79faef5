//! Checks of DNSSEC's records in a zone that is served unsigned, and of those by which a child speaks to its parent.
//! No signature is verified here.

use super::super::Record;
use super::nodes::Nodes;
use super::{Found, finding};
use crate::wire::RrType;

/// One message for all of them: a signed zone has thousands.
pub(super) fn dnssec_data(nodes: &Nodes<'_>, found: &mut Found) {
    let types = [RrType::RRSIG, RrType::NSEC, RrType::NSEC3, RrType::NSEC3PARAM];
    let count: usize = types.iter().map(|rtype| nodes.all(*rtype).len()).sum();
    let Some(first) = nodes.all_of(&types).first().copied() else { return };
    let records = if count == 1 { "a DNSSEC record".to_owned() } else { format!("{count} DNSSEC records") };
    let message = format!("the zone holds {records}, but is served unsigned");
    found.add(|| {
        finding(Some(first.span), message)
            .label(format!("the first, {}; served as plain data", first.rtype))
            .help("give Signpost the unsigned zone, and see that the parent has no DS record for it")
    });
}

/// RFC 7344 §4.1, RFC 7477 §2, RFC 8976 §2, RFC 5155 §4.
pub(super) fn apex_only(nodes: &Nodes<'_>, found: &mut Found) {
    let elsewhere = |record: &&Record| record.owner != nodes.zone.apex;
    for record in nodes
        .all_of(&[RrType::DNSKEY, RrType::NSEC3PARAM, RrType::CDS, RrType::CDNSKEY, RrType::CSYNC, RrType::ZONEMD])
        .into_iter()
        .filter(elsewhere)
    {
        // Below a cut it is hidden, which has a message of its own.
        if nodes.highest_cut(record.owner.as_wire()).is_some() {
            continue;
        }
        let message = || format!("the {} record of \"{}\" is not at the apex", record.rtype, record.owner);
        found.add(|| {
            finding(Some(record.span), message())
                .label("it means something at the apex only")
                .help(format!("write it at \"{}\", or remove it", nodes.zone.apex))
        });
    }
}

/// RFC 7344 §4.1: what is announced to the parent is a key of the zone. BIND refuses a zone without.
pub(super) fn cds_without_key(nodes: &Nodes<'_>, found: &mut Found) {
    let announced = [RrType::CDS, RrType::CDNSKEY].into_iter().flat_map(|rtype| nodes.apex(rtype));
    let Some(first) = announced.copied().find(|record| !is_delete(record)) else { return };
    if nodes.apex(RrType::DNSKEY).is_empty() {
        let message = format!("the {} record announces a key, but the zone has no DNSKEY record", first.rtype);
        found.add(|| {
            finding(Some(first.span), message)
                .label("no parent can act on it")
                .help("remove it, or add the DNSKEY record that it is made from")
        });
    }
}

/// RFC 8078 §4: "delete all" has no other beside it.
pub(super) fn cds_delete(nodes: &Nodes<'_>, found: &mut Found) {
    for rtype in [RrType::CDS, RrType::CDNSKEY] {
        let all = nodes.apex(rtype);
        let Some(delete) = all.iter().find(|record| is_delete(record)) else { continue };
        if let Some(other) = all.iter().find(|record| !is_delete(record)) {
            let message = || format!("one {rtype} record asks the parent to delete its DS records, another to set them");
            found.add(|| {
                finding(Some(delete.span), message())
                    .label("algorithm 0 deletes")
                    .related("one that sets is", other.span)
                    .help("keep one or the other")
            });
        }
    }
}

/// Whether the algorithm is 0; it is the third octet of a CDS and the fourth of a CDNSKEY.
fn is_delete(record: &Record) -> bool {
    let at = if record.rtype == RrType::CDS { 2 } else { 3 };
    record.rdata.get(at) == Some(&0)
}
