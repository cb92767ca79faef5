//! What kinds of replies a run has met. A comparison that never meets a wildcard, a cut or a chain proves nothing about them.

use std::collections::BTreeMap;

use super::reply::Reply;
use super::world::{Case, is_within};

/// A kind of reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Data,
    NoData,
    NxDomain,
    Referral,
    /// A CNAME, and more of them behind it.
    Alias,
    Chain,
    /// A chain whose end does not exist, or is another's.
    ChainToNothing,
    ChainToCut,
    Moved,
    TooLong,
    Wildcard,
    DsAtCut,
    Large,
    Refused,
}

/// Every kind, and of how many replies in a thousand it is at least.
const LEAST_PER_MILLE: [(Kind, usize); 14] = [
    (Kind::Data, 80),
    (Kind::NoData, 80),
    (Kind::NxDomain, 80),
    (Kind::Referral, 80),
    (Kind::Alias, 40),
    (Kind::Chain, 5),
    (Kind::ChainToNothing, 5),
    (Kind::ChainToCut, 2),
    (Kind::Moved, 20),
    (Kind::TooLong, 1),
    (Kind::Wildcard, 20),
    (Kind::DsAtCut, 1),
    (Kind::Large, 1),
    (Kind::Refused, 1),
];

#[derive(Debug, Default)]
pub(super) struct Variety(BTreeMap<Kind, usize>);

impl Variety {
    /// Counts a reply to a case.
    pub(super) fn count(&mut self, case: &Case, reply: &Reply, truncated: bool) {
        let [answer, authority, _] = &reply.sections;
        let has = |rtype: u16| answer.iter().filter(|record| record.rtype == rtype).count();
        let (cnames, moved) = (has(5), has(39));
        let is_referral = authority.iter().any(|record| record.rtype == 2);
        let positive = reply.head.rcode == 0 && !answer.is_empty();
        let kinds = [
            (Kind::Data, positive && cnames == 0),
            (Kind::NoData, reply.head.rcode == 0 && answer.is_empty() && reply.head.authoritative),
            (Kind::NxDomain, reply.head.rcode == 3),
            (Kind::Referral, is_referral && answer.is_empty()),
            (Kind::Alias, cnames == 1),
            (Kind::Chain, cnames > 1),
            (Kind::ChainToNothing, reply.head.rcode == 3 && cnames > 0),
            (Kind::ChainToCut, is_referral && cnames > 0),
            (Kind::Moved, moved > 0),
            (Kind::TooLong, reply.head.rcode == 6),
            (Kind::Wildcard, positive && is_made(case)),
            (Kind::DsAtCut, has(43) > 0),
            (Kind::Large, truncated),
            (Kind::Refused, reply.head.rcode == 5),
        ];
        for (kind, _) in kinds.into_iter().filter(|(_, is)| *is) {
            *self.0.entry(kind).or_default() += 1;
        }
    }

    pub(super) fn text(&self) -> String {
        self.0.iter().map(|(kind, count)| format!("{kind:?} {count}")).collect::<Vec<_>>().join(", ")
    }

    /// Kinds that a run of so many questions has met too rarely.
    pub(super) fn lacking(&self, questions: usize) -> Vec<Kind> {
        let is_rare = |(kind, least): &&(Kind, usize)| self.0.get(kind).unwrap_or(&0) * 1000 < least * questions;
        LEAST_PER_MILLE.iter().filter(is_rare).map(|(kind, _)| *kind).collect()
    }
}

/// Whether the name that was asked for is nobody's owner and below no DNAME: then a wildcard has made it.
fn is_made(case: &Case) -> bool {
    let asked = &case.question.name;
    let records = || case.world.zones.iter().flat_map(|zone| &zone.records);
    let is_owner = records().any(|record| record.owner.eq_ignore_ascii_case(asked));
    let is_moved = records().any(|record| record.rtype == "DNAME" && is_within(asked, &record.owner));
    !is_owner && !is_moved
}
