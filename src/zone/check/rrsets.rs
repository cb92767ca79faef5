//! Checks of the records of one RRset among themselves, whatever their type.
//! RRsets that must have one record only are in `apex.rs` and `alias.rs`.

use std::borrow::Cow;
use std::collections::HashMap;

use super::super::Record;
use super::nodes::Nodes;
use super::{Found, finding};
use crate::wire::RrType;
use crate::wire::rdata::folded;

/// RFC 2181 §5.2: the records of an RRset have one TTL. Signatures have that of what they sign (RFC 4034 §3).
pub(super) fn ttl_differs(nodes: &Nodes<'_>, found: &mut Found) {
    for rrset in nodes.rrsets() {
        let Some((first, more)) = rrset.split_first().filter(|(first, _)| first.rtype != RrType::RRSIG) else { continue };
        if let Some(other) = more.iter().find(|record| record.ttl != first.ttl) {
            let lowest = rrset.iter().map(|record| record.ttl).min().unwrap_or_default();
            let message = || format!("the {} records of \"{}\" have different TTLs", first.rtype, first.owner);
            found.add(|| {
                finding(Some(other.span), message())
                    .label(format!("here {}; the lowest, {lowest}, is used for all of them", other.ttl))
                    .related(format!("{} is given", first.ttl), first.span)
                    .help("give all of them the same TTL")
            });
        }
    }
}

/// RFC 2181 §5: an RRset has no record twice.
pub(super) fn duplicate(nodes: &Nodes<'_>, found: &mut Found) {
    for rrset in nodes.rrsets().filter(|rrset| rrset.len() > 1) {
        let mut seen: HashMap<Cow<'_, [u8]>, &Record> = HashMap::with_capacity(rrset.len());
        for record in rrset {
            let first = *seen.entry(folded(record.rtype, &record.rdata)).or_insert(record);
            if !std::ptr::eq(first, *record) {
                let message = || format!("the {} record of \"{}\" is given twice", record.rtype, record.owner);
                found.add(|| {
                    finding(Some(record.span), message())
                        .label("again here")
                        .related("the first is", first.span)
                        .help("remove one")
                });
            }
        }
    }
}
