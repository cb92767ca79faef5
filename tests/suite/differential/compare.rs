//! Where replies differ, part by part, so that one difference hides no other.

use super::panel::{PEERS, Replies};
use super::reply::{Reply, Rr};

/// A part of a reply that is compared by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// The response code, the flags but TC, the question.
    Head,
    /// Whether it was truncated over UDP.
    Truncation,
    Answer,
    Authority,
    Additional,
}

/// How Signpost stands among the peers in one part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stand {
    /// All say the same.
    Agreed,
    /// The peers disagree, and Signpost says what one of them says.
    Sided,
    /// The peers disagree, and Signpost says something else.
    Alone,
    /// The peers agree, and Signpost says something else.
    Against,
}

impl Part {
    pub(super) const ALL: [Self; 5] = [Self::Head, Self::Truncation, Self::Answer, Self::Authority, Self::Additional];
}

/// How Signpost stands in one part.
pub(super) fn stand(part: Part, replies: &Replies) -> Stand {
    let Replies { signpost, peers, truncated } = replies;
    match part {
        Part::Head => among(&signpost.head, peers.each_ref().map(|peer| Some(&peer.head))),
        Part::Truncation => {
            let [ours, theirs @ ..] = truncated;
            among(ours, theirs.each_ref().map(Some))
        }
        Part::Answer => among(&signpost.sections[0], peers.each_ref().map(|peer| Some(&peer.sections[0]))),
        Part::Authority => among(&signpost.sections[1], peers.each_ref().map(|peer| Some(&peer.sections[1]))),
        Part::Additional => among(&signpost.sections[2], additional(peers)),
    }
}

/// The additional sections of those who had a choice: as we run it, NSD adds to referrals only.
pub(super) fn additional(peers: &[Reply; PEERS]) -> [Option<&Vec<Rr>>; PEERS] {
    let [nsd, knot, bind] = peers;
    let is_referral = nsd.sections[0].is_empty() && !nsd.head.authoritative;
    [is_referral.then_some(&nsd.sections[2]), Some(&knot.sections[2]), Some(&bind.sections[2])]
}

fn among<T: PartialEq>(ours: &T, theirs: [Option<&T>; PEERS]) -> Stand {
    let mut theirs = theirs.into_iter().flatten();
    let first = theirs.next();
    let (agreed, sided) =
        theirs.fold((true, first == Some(ours)), |(agreed, sided), next| (agreed && first == Some(next), sided || next == ours));
    match (agreed, sided) {
        (true, true) => Stand::Agreed,
        (true, false) => Stand::Against,
        (false, true) => Stand::Sided,
        (false, false) => Stand::Alone,
    }
}

#[test]
fn how_one_stands_among_three() {
    let stands = [([1, 1, 1], Stand::Agreed), ([1, 2, 3], Stand::Sided), ([2, 3, 2], Stand::Alone), ([2, 2, 2], Stand::Against)];
    for (theirs, stand) in stands {
        assert_eq!(among(&1, theirs.each_ref().map(Some)), stand, "{theirs:?}");
    }
    // Who does not vote is not needed, and can't be sided with.
    assert_eq!(among(&1, [None, Some(&2), Some(&2)]), Stand::Against);
    assert_eq!(among(&1, [None, Some(&2), Some(&3)]), Stand::Alone);
}
