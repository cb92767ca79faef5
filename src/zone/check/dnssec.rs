//! Checks of DNSSEC's records in a zone that is served unsigned, of those by which a child speaks to its parent, and of digests.
//! No signature is verified here.

use super::super::Record;
use super::nodes::Nodes;
use super::{Found, finding};
use crate::wire::RrType;

/// Octets of a digest, by its type.
type Lengths = &'static [(u8, usize)];

/// RFC 4034 §5.1.4, RFC 4509 §2.2, RFC 5933 §4, RFC 6605 §2.
const DS_LENGTHS: Lengths = &[(1, 20), (2, 32), (3, 32), (4, 48)];
/// RFC 4255 §3.1, RFC 6594.
const SSHFP_LENGTHS: Lengths = &[(1, 20), (2, 32)];
/// RFC 6698 §2.1.3.
const TLSA_LENGTHS: Lengths = &[(1, 32), (2, 64)];
/// Types with a digest, which octet tells its type and stands before it, and how long it is.
const DIGESTS: [(RrType, usize, Lengths); 5] = [
    (RrType::DS, 3, DS_LENGTHS),
    (RrType::CDS, 3, DS_LENGTHS),
    (RrType::SSHFP, 1, SSHFP_LENGTHS),
    (RrType::TLSA, 2, TLSA_LENGTHS),
    (RrType::SMIMEA, 2, TLSA_LENGTHS),
];

/// A digest that lost its end matches nothing, and to BIND's resolver the answer that holds it is no message.
pub(super) fn digest_length(nodes: &Nodes<'_>, found: &mut Found) {
    for (rtype, at, lengths) in DIGESTS {
        for record in nodes.all(rtype) {
            let Some((&digest_type, digest)) = record.rdata.get(at..).and_then(<[u8]>::split_first) else { continue };
            let known = lengths.iter().find(|(known, _)| *known == digest_type);
            let Some((_, length)) = known.filter(|(_, length)| *length != digest.len()) else { continue };
            let message = || format!("the digest in the {rtype} record of \"{}\" has {} octets", record.owner, digest.len());
            found.add(|| {
                finding(Some(record.data), message())
                    .label(format!("one of type {digest_type} has {length}"))
                    .help("copy the whole digest")
            });
        }
    }
}

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
