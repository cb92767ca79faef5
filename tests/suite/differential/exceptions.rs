//! Where Signpost may differ from its peers, and by which section of which RFC.
//!
//! A row that covers nothing in a run fails the test: what no longer differs needs no excuse.

use std::collections::BTreeSet;

use signpost::limits::ADDITIONAL_TARGETS_MAX;

use super::compare::{Part, Stand};
use super::panel::Replies;
use super::reply::Rr;
use super::world::{Case, Record, Zone};

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

/// CNAMEs after which the first of the peers, Knot, gives a chain up.
const LEAST_BOUND: usize = 5;

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
        name: "addresses of thirteen hosts",
        rfc: "RFC 1034 §4.3.2 step 6, RFC 2181 §9",
        why: "addresses that go along are a courtesy, and those of thousands of hosts would cost more than the query",
        covers: stops_after_enough_hosts,
    },
    Exception {
        name: "no glue beside an answer",
        rfc: "RFC 1034 §4.3.2 step 6, RFC 2181 §5.4.1",
        why: "what lies behind a cut goes along with the referral that needs it; Knot adds it to answers too, BIND and NSD do not",
        covers: adds_no_glue_to_answers,
    },
    Exception {
        name: "what goes along with HTTPS",
        rfc: "RFC 9460 §4.1, RFC 4592 §3.3.1",
        why: "A, AAAA and HTTPS records of every target in the zone; Knot and BIND give fewer, and Knot lets a wildcard own what it makes",
        covers: gives_all_of_service_targets,
    },
    Exception {
        name: "less room for the same",
        rfc: "RFC 1035 §4.1.4, RFC 2181 §9",
        why: "names are compressed as far as they can be, so that some answers fit for which the peers set TC",
        covers: fits_what_peers_truncate,
    },
];

/// The exception that covers this difference, by its place in the table.
pub(super) fn covering(seen: &Seen<'_>) -> Option<usize> {
    EXCEPTIONS.iter().position(|exception| (exception.covers)(seen))
}

fn is_one_rrset_of_all(seen: &Seen<'_>) -> bool {
    let ours = &seen.replies.signpost.sections[0];
    let [.., bind] = &seen.replies.peers;
    let Some(first) = ours.first().filter(|_| seen.case.question.rtype == 255) else { return false };
    let whole: Vec<_> = bind.sections[0].iter().filter(|record| record.rtype == first.rtype).collect();
    let is_less = ours.len() < bind.sections[0].len() && whole == Vec::from_iter(ours);
    // Another RRset may be one that does not fit.
    matches!(seen.part, Part::Answer | Part::Truncation) && is_less
}

/// Whether all went the same way, and only how far they went differs.
fn is_chain_cut_off(seen: &Seen<'_>) -> bool {
    let Replies { signpost, peers, .. } = seen.replies;
    let cnames = |records: &[Rr]| records.iter().filter(|record| record.rtype == 5).count();
    let [ours, ..] = &signpost.sections;
    let lengths: BTreeSet<usize> = peers.iter().map(|peer| cnames(&peer.sections[0])).collect();
    let is_one_of_many = lengths.len() > 1 && !lengths.contains(&cnames(ours));
    let holds = |more: &[Rr], less: &[Rr]| less.iter().all(|record| more.contains(record));
    let is_same_way = peers.iter().all(|peer| holds(ours, &peer.sections[0]) || holds(&peer.sections[0], ours));
    let is_cut_off = is_one_of_many && is_same_way && cnames(ours) > LEAST_BOUND;
    matches!(seen.part, Part::Head | Part::Answer | Part::Truncation) && is_cut_off
}

fn lacks_what_wildcards_make(seen: &Seen<'_>) -> bool {
    let [nsd, knot, bind] = seen.replies.peers.each_ref().map(|peer| &peer.sections[2]);
    let ours = &seen.replies.signpost.sections[2];
    let exists = |record: &Rr| {
        let mut owners = seen.case.world.zones.iter().flat_map(|zone| &zone.records).map(|record| record.owner.as_str());
        owners.any(|owner| is_owner(owner, &record.owner))
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
    let shortest = lengths.min().unwrap_or_default();
    let is_full = shortest > 0 && signpost.length + shortest > limit(seen);
    seen.part == Part::Additional && !truncated.contains(&true) && is_full && ours.iter().all(|record| all.contains(record))
}

/// Whether the addresses of the hosts that we name are whole, and only further hosts are missing.
fn stops_after_enough_hosts(seen: &Seen<'_>) -> bool {
    let Replies { signpost, peers, .. } = seen.replies;
    let [answer, _, ours] = &signpost.sections;
    let all: BTreeSet<&Rr> = peers.iter().flat_map(|peer| &peer.sections[2]).collect();
    let hosts: BTreeSet<&Vec<u8>> = ours.iter().map(|record| &record.owner).collect();
    let of_hosts = all.iter().copied().filter(|record| hosts.contains(&record.owner));
    let is_whole = of_hosts.eq(ours);
    let is_enough = hosts.len() == ADDITIONAL_TARGETS_MAX && all.len() > ours.len();
    seen.part == Part::Additional && !answer.is_empty() && is_enough && is_whole
}

fn adds_no_glue_to_answers(seen: &Seen<'_>) -> bool {
    let [_, knot, bind] = seen.replies.peers.each_ref().map(|peer| &peer.sections[2]);
    let Replies { signpost, .. } = seen.replies;
    let ours = &signpost.sections[2];
    let zones = || seen.case.world.zones.iter();
    let cuts = || {
        let servers = |zone: &Zone, record: &Record| record.rtype == "NS" && !record.owner.eq_ignore_ascii_case(&zone.apex);
        zones().flat_map(move |zone| zone.records.iter().filter(move |record| servers(zone, record)))
    };
    let is_glue = |record: &Rr| suffixes_of(&record.owner).any(|above| cuts().any(|cut| is_owner(&cut.owner, above)));
    let more_is_glue = knot.iter().filter(|record| !ours.contains(record)).all(is_glue);
    let is_less = ours.iter().all(|record| knot.contains(record)) && bind.iter().all(|record| ours.contains(record));
    seen.part == Part::Additional && !signpost.sections[0].is_empty() && is_less && more_is_glue
}

fn gives_all_of_service_targets(seen: &Seen<'_>) -> bool {
    let Replies { signpost, peers, .. } = seen.replies;
    let [answer, _, ours] = &signpost.sections;
    let target = |service: &Rr| {
        let end = service.data.get(2..)?.iter().position(|octet| *octet == 0)?;
        service.data.get(2..=2 + end).map(<[u8]>::to_ascii_lowercase)
    };
    let targets: Vec<_> = answer.iter().filter(|record| record.rtype == 65).filter_map(target).collect();
    let is_targets = ours.iter().all(|record| targets.contains(&record.owner));
    let is_ours = |record: &Rr| ours.contains(record) || record.owner.starts_with(b"\x01*");
    let is_all = peers.iter().all(|peer| peer.sections[2].iter().all(is_ours));
    seen.part == Part::Additional && !ours.is_empty() && is_targets && is_all
}

fn fits_what_peers_truncate(seen: &Seen<'_>) -> bool {
    let Replies { signpost, peers, truncated } = seen.replies;
    let is_same = peers.iter().all(|peer| peer.sections[0] == signpost.sections[0]);
    seen.part == Part::Truncation && *truncated == [false, true, true, true] && signpost.length <= limit(seen) && is_same
}

/// Octets that the reply may have over UDP.
fn limit(seen: &Seen<'_>) -> usize {
    seen.case.question.payload.map_or(512, |payload| usize::from(payload.clamp(512, 1232)))
}

/// The name in wire form and its ancestors.
fn suffixes_of(wire: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::successors(Some(wire), |wire| wire.get(1 + usize::from(*wire.first()?)..).filter(|rest| !rest.is_empty()))
}

/// Whether the text of a world is this name in wire form, whatever the world's number.
fn is_owner(text: &str, wire: &[u8]) -> bool {
    let mut rest = wire;
    for written in text.to_ascii_lowercase().split_terminator('.') {
        let Some((&length, after)) = rest.split_first() else { return false };
        let (label, after) = after.split_at(usize::from(length));
        let is_same = match written.split_once('%') {
            Some((before, _)) => label.len() == before.len() + 4 && label.starts_with(before.as_bytes()),
            None => label == written.as_bytes(),
        };
        if !is_same {
            return false;
        }
        rest = after;
    }
    rest == [0]
}

#[test]
fn a_name_is_known_in_both_forms() {
    let wire = b"\x01*\x01b\x05w0017\x04test\x00";
    assert!(is_owner("*.B.w%.test.", wire));
    assert!(!is_owner("b.w%.test.", wire) && !is_owner("*.b.o%.test.", wire) && !is_owner("a.*.b.w%.test.", wire));
    assert_eq!(suffixes_of(wire).filter(|above| is_owner("b.w%.test.", above)).count(), 1);
}
