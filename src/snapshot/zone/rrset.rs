//! One RRset into the arena of its zone: a head, what few RRsets have besides, and the compiled records.
//!
//! Which RRsets there are is known in `records.rs`; how they are read again is in `names.rs`.

use std::collections::HashSet;

use crate::diagnostic::Diagnostic;
use crate::snapshot::body::{Bodies, Body, BodyBuilder, BodyError};
use crate::snapshot::names::{EXTRAS, EXTRAS_LENGTH, RRSET_HEAD_LENGTH, RrsetId};
use crate::wire::RrType;
use crate::wire::rdata::folded;
use crate::zone::{Owned, Record};

/// Types whose last name is a host that a client asks for next: RFC 1035 §3.3.9 and §3.3.11, RFC 1183 §1, RFC 2230 §3, RFC 2782, and
/// RFC 9460 §4.1.
pub(super) const NAMING_TYPES: [RrType; 7] =
    [RrType::NS, RrType::MX, RrType::AFSDB, RrType::SRV, RrType::KX, RrType::SVCB, RrType::HTTPS];

/// Adds an RRset to the arena. `named` is told of each of its records where the last name in its RDATA stands in the body, if
/// pointers reach it.
pub(super) fn add_rrset<'a>(
    bodies: &mut Bodies,
    rtype: RrType,
    records: Owned<'a>,
    mut named: impl FnMut(RrsetId, &'a Record, Option<u16>),
) -> Result<RrsetId, Diagnostic> {
    let id = RrsetId(bodies.end());
    bodies.extend(&[0; RRSET_HEAD_LENGTH]);
    let body = build(bodies, records.records(), records.count(), |record, at| named(id, record, at));
    let body = body.map_err(|BodyError::TooLong| too_long(records))?;
    let has_extras = body.patch_count > 0 || NAMING_TYPES.contains(&rtype);
    let [t0, t1] = rtype.0.to_le_bytes();
    // The builder holds a body to what fits a message.
    let [l0, l1] = (body.length() as u16).to_le_bytes();
    let [r0, r1] = (body.records() | if has_extras { EXTRAS } else { 0 }).to_le_bytes();
    bodies.replace(id.0 as usize, &[t0, t1, l0, l1, r0, r1]);
    if has_extras {
        let mut extras = [0; EXTRAS_LENGTH];
        if let Some((_, [n0, n1, p0, p1, p2, p3])) = extras.split_last_chunk_mut::<6>() {
            [*n0, *n1] = body.patch_count.to_le_bytes();
            [*p0, *p1, *p2, *p3] = body.patches.to_le_bytes();
        }
        bodies.insert(id.0 as usize + RRSET_HEAD_LENGTH, &extras);
    }
    Ok(id)
}

/// Says which RRsets go with one that names hosts.
pub(super) fn set_additional(bodies: &mut Bodies, id: RrsetId, first: usize, count: usize) {
    let at = id.0 as usize + RRSET_HEAD_LENGTH;
    bodies.replace(at, &(first as u32).to_le_bytes());
    bodies.replace(at + 4, &u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes());
}

/// Compiles the records of one RRset; its TTL is the least of its records' (RFC 2181 §5.2 wants them equal). `named` is told of each record
/// where the last name in its RDATA stands, if pointers reach it.
pub(super) fn build<'a>(
    bodies: &mut Bodies,
    records: impl Iterator<Item = &'a Record> + Clone,
    count: usize,
    mut named: impl FnMut(&'a Record, Option<u16>),
) -> Result<Body, BodyError> {
    let mut builder = BodyBuilder::new(bodies);
    let least = records.clone().map(|record| record.ttl).min().unwrap_or_default();
    let mut written = HashSet::new();
    for record in records {
        // RFC 2181 §5: an RRset holds no record twice, nor two that differ in the case of a name only.
        if count == 1 || written.insert(folded(record.rtype, &record.rdata)) {
            // RFC 4034 §3: a signature has the TTL of what it signs, whatever its neighbours have.
            let ttl = if record.rtype == RrType::RRSIG { record.ttl } else { least };
            let at = builder.push(record.rtype, ttl, &record.rdata)?;
            named(record, at);
        }
    }
    Ok(builder.finish())
}

fn too_long(records: Owned<'_>) -> Diagnostic {
    let Some(record) = records.records().next() else { return Diagnostic::nowhere("an RRset does not fit a DNS message") };
    Diagnostic::error(record.span, format!("the {} records of \"{}\" do not fit a DNS message", record.rtype, record.owner))
        .label(format!("{} records", records.count()))
        .help("an answer can't be longer than 65,535 octets; spread the data over several names")
}
