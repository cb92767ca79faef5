//! Where Signpost may differ from its peers, and by which section of which RFC.
//!
//! A row that covers nothing in a run fails the test: what no longer differs needs no excuse.

use std::collections::BTreeSet;

use signpost::limits::CNAME_CHAIN_LENGTH_MAX;

use super::compare::{Part, Stand};
use super::panel::Replies;
use super::reply::Rr;
use super::world::Case;

/// A kind of difference that is meant.
pub(super) struct Exception {
    pub(super) name: &'static str,
    pub(super) rfc: &'static str,
    pub(super) why: &'static str,
    covers: fn(&Seen<'_>) -> bool,
}

/// One difference as it was seen.
pub(super) struct Seen<'a> {
    pub(super) case: &'a Case,
    pub(super) part: Part,
    pub(super) stand: Stand,
    pub(super) replies: &'a Replies,
}

pub(super) const EXCEPTIONS: &[Exception] = &[
    Exception {
        name: "one RRset for ANY",
        rfc: "RFC 8482 §4.1",
        why: "one of the name's RRsets answers ANY; so do NSD and Knot, but which one is each server's choice, and BIND gives all",
        covers: is_one_rrset_of_all,
    },
    Exception {
        name: "the end of an endless chain",
        rfc: "RFC 1034 §3.6.2, RFC 6672 §2.2",
        why: "a DNAME can make a chain without end; each server has a bound of its own, and no two have the same",
        covers: is_chain_cut_off,
    },
    Exception {
        name: "no wildcard makes glue",
        rfc: "RFC 4592 §4.2, RFC 1034 §4.3.2 step 3b",
        why: "below a cut a wildcard is the child's; NSD and Knot make addresses of name servers from it, BIND does not either",
        covers: lacks_what_wildcards_make,
    },
    Exception {
        name: "what fits the additional section",
        rfc: "RFC 2181 §9",
        why: "what goes along is left out where it does not fit; how much fits, and in which order it is tried, is each server's own",
        covers: leaves_out_what_does_not_fit,
    },
    Exception {
        name: "owners that a wildcard makes",
        rfc: "RFC 4592 §3.3.1",
        why: "addresses of an HTTPS target that a wildcard makes are owned by the target; Knot names the wildcard, BIND gives none",
        covers: owns_what_wildcards_make,
    },
];

/// The exception that covers this difference, by its place in the table.
pub(super) fn covering(seen: &Seen<'_>) -> Option<usize> {
    EXCEPTIONS.iter().position(|exception| (exception.covers)(seen))
}

fn is_one_rrset_of_all(seen: &Seen<'_>) -> bool {
    let ours = &seen.replies.signpost.sections[0];
    let [.., bind] = &seen.replies.peers;
    let Some(first) = ours.first().filter(|_| seen.part == Part::Answer && seen.case.question.rtype == 255) else { return false };
    let whole: Vec<_> = bind.sections[0].iter().filter(|record| record.rtype == first.rtype).collect();
    ours.len() < bind.sections[0].len() && whole == Vec::from_iter(ours)
}

fn is_chain_cut_off(seen: &Seen<'_>) -> bool {
    let cnames = |records: &[Rr]| records.iter().filter(|record| record.rtype == 5).count();
    let ours = cnames(&seen.replies.signpost.sections[0]);
    let lengths: BTreeSet<usize> = seen.replies.peers.iter().map(|peer| cnames(&peer.sections[0])).collect();
    let is_one_of_many = lengths.len() > 1 && !lengths.contains(&ours);
    matches!(seen.part, Part::Answer | Part::Truncation) && ours == CNAME_CHAIN_LENGTH_MAX + 1 && is_one_of_many
}

fn lacks_what_wildcards_make(seen: &Seen<'_>) -> bool {
    let [nsd, knot, bind] = seen.replies.peers.each_ref().map(|peer| &peer.sections[2]);
    let ours = &seen.replies.signpost.sections[2];
    let exists = |record: &Rr| {
        let owners = seen.case.world.zones.iter().flat_map(|zone| &zone.records).map(|record| record.owner.as_str());
        let depth_and_text = |name: &str| name.trim_end_matches('.').to_ascii_lowercase();
        owners.map(depth_and_text).any(|owner| is_numbered(&owner, &record.owner))
    };
    let is_made = |record: &&Rr| !ours.contains(record);
    let all_are_made = || nsd.iter().filter(is_made).all(|record| !exists(record));
    let loses_nothing = ours.iter().all(|record| nsd.contains(record)) && bind.iter().all(|record| ours.contains(record));
    seen.part == Part::Additional && seen.stand == Stand::Alone && nsd == knot && loses_nothing && all_are_made()
}

/// Whether all that is missing is missing for want of room.
fn leaves_out_what_does_not_fit(seen: &Seen<'_>) -> bool {
    let Replies { signpost, peers, truncated } = seen.replies;
    let ours = &signpost.sections[2];
    let all: BTreeSet<&Rr> = peers.iter().flat_map(|peer| &peer.sections[2]).collect();
    let missing = || all.iter().filter(|record| !ours.contains(record));
    let lengths = missing().map(|first| {
        let rrset = missing().filter(|record| (&record.owner, record.rtype) == (&first.owner, first.rtype));
        // A pointer, type, class, TTL and length precede the data.
        rrset.map(|record| 12 + record.data.len()).sum::<usize>()
    });
    let limit = seen.case.question.payload.map_or(512, |payload| usize::from(payload.clamp(512, 1232)));
    let shortest = lengths.min().unwrap_or_default();
    let is_full = shortest > 0 && signpost.length + shortest > limit;
    seen.part == Part::Additional && !truncated.contains(&true) && is_full && ours.iter().all(|record| all.contains(record))
}

fn owns_what_wildcards_make(seen: &Seen<'_>) -> bool {
    let [_, knot, bind] = seen.replies.peers.each_ref().map(|peer| &peer.sections[2]);
    let ours = &seen.replies.signpost.sections[2];
    let without_owner =
        |records: &[Rr]| records.iter().map(|record| (record.rtype, record.data.clone())).collect::<BTreeSet<_>>();
    let knot_names_wildcard = knot.iter().any(|record| record.owner.starts_with(b"\x01*"));
    let is_same = without_owner(ours) == without_owner(knot) && bind.iter().all(|record| ours.contains(record));
    seen.part == Part::Additional && seen.stand == Stand::Alone && knot_names_wildcard && is_same
}

/// Whether this text without its final dot is the name, whatever the world's number.
fn is_numbered(text: &str, wire: &[u8]) -> bool {
    let mut rest = wire;
    let mut labels = text.split('.');
    while let Some((&length, after)) = rest.split_first().filter(|(length, _)| **length > 0) {
        let (label, after) = after.split_at(usize::from(length));
        let Some(written) = labels.next() else { return false };
        let is_same = match written.split_once('%') {
            Some((before, _)) => label.len() == before.len() + 4 && label.starts_with(before.as_bytes()),
            None => label == written.as_bytes(),
        };
        if !is_same {
            return false;
        }
        rest = after;
    }
    labels.next().is_none()
}
