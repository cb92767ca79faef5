//! What health and orders make of one node: whether it is up, and whom to draw from at each grade.
//! A policy's state follows from those of its children; clients, places and dice are the answer's matter.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Circumstances, Draw, Grade, Share, Stance};
use crate::config::{MinUp, NodeId};
use crate::health::Verdict;
use crate::limits::MIN_UP_MARGIN_PERCENT;
use crate::snapshot::policies::{CompiledEndpoint, CompiledNode, CompiledPolicy, CompiledPool, Family, PerFamily};
use crate::snapshot::rendezvous::Ranks;

/// What health and orders make of one node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeState {
    /// Whether it is up, whatever the family.
    pub up: bool,
    /// Whether enough of it is up for `min_up`; after a fall it is up only with a margin.
    pub reaches_min_up: bool,
    /// Whether a member that may answer is failing but not yet down, or on its way up or down.
    pub uneasy: bool,
    /// Seconds that answers live where it is bound.
    pub ttl_seconds: u32,
    /// The orders of the hashed choice while weights are not those of the configuration.
    reranked: Option<Arc<Reranked>>,
    /// Whether `last` may be taken.
    takes_last: PerFamily<bool>,
    /// Whether it can answer, by grade and family.
    usable: [PerFamily<bool>; GRADES],
    /// Endpoints or children that may be drawn, by grade.
    shares: [Shares; GRADES],
    /// The addresses to answer with for each endpoint of a pool in which edges are answered with addresses; else none.
    flattened: Box<[PerFamily<Box<[IpAddr]>>]>,
}

/// Ranks by other weights than the configured ones.
#[derive(Debug, PartialEq)]
struct Reranked {
    weights: Box<[u32]>,
    ranks: Ranks,
}

const GRADES: usize = Grade::ALL.len();

/// Members that may be drawn: all of them, and those of one family.
#[derive(Clone, Debug, Default, PartialEq)]
struct Shares {
    either: Draw,
    family: PerFamily<Draw>,
}

/// A member as it takes part in a draw.
#[derive(Clone, Copy)]
struct Member {
    index: u16,
    weight: u32,
    share: Share,
    has: PerFamily<bool>,
}

/// An endpoint under the circumstances.
struct Judged<'a> {
    endpoint: &'a CompiledEndpoint,
    index: u16,
    /// Whether an order keeps it out.
    out: bool,
    weight: u16,
    share: Share,
    has: PerFamily<bool>,
    up: PerFamily<bool>,
    uneasy: bool,
}

/// Members and weights that are up, that might be, and in all.
#[derive(Clone, Copy, Default)]
struct Tally {
    up: usize,
    up_weight: u64,
    allowed: usize,
    allowed_weight: u64,
    all_weight: u64,
}

impl NodeState {
    /// Whether the node can answer at this grade for this family.
    pub fn usable(&self, grade: Grade, family: Family) -> bool {
        self.usable[grade.index()][family]
    }

    /// Whom to draw from at this grade: of one family, or of either.
    pub fn draw(&self, grade: Grade, family: Option<Family>) -> &Draw {
        let shares = &self.shares[grade.index()];
        family.map_or(&shares.either, |family| &shares.family[family])
    }

    /// The order of a hashed pool's endpoints at this grade, where it is not the configured one.
    pub fn ranks(&self, grade: Grade) -> Option<&Ranks> {
        self.reranked.as_ref().filter(|_| grade != Grade::All).map(|reranked| &reranked.ranks)
    }

    /// Whether `last` may be taken for this family: not while the prober is blind.
    pub fn takes_last(&self, family: Family) -> bool {
        self.takes_last[family]
    }

    /// The addresses of a family to answer with for an endpoint that is a name: those that are up, or all if none is.
    pub fn flattened(&self, endpoint: u16, family: Family) -> &[IpAddr] {
        self.flattened.get(usize::from(endpoint)).map(|addresses| &*addresses[family]).unwrap_or_default()
    }

    pub(super) fn of_pool(
        id: NodeId,
        node: &CompiledNode,
        pool: &CompiledPool,
        circumstances: &Circumstances,
        previous: Option<&Self>,
    ) -> Self {
        let endpoints = (0..).zip(&pool.endpoints).map(|(index, endpoint)| judged(id, index, endpoint, circumstances));
        let judged: Vec<Judged<'_>> = endpoints.collect();
        let mut tally = Tally::default();
        for one in judged.iter().filter(|one| one.weight > 0) {
            tally.count(u64::from(one.weight), any(one.up), !one.out);
        }
        let (up, reaches_min_up) = tally.is_enough(node.min_up, circumstances.fallen.contains(&id));
        let live = Shares::new(judged.iter().map(|one| one.member(one.up)));
        // Where nothing is up, nobody need be spared.
        let allowed = judged.iter().filter(|one| !one.out).map(|one| Member { share: Share::FULL, ..one.member(one.has) });
        let allowed = Shares::new(allowed);
        let all =
            judged.iter().map(|one| Member { weight: u32::from(one.endpoint.weight), share: Share::FULL, ..one.member(one.has) });
        let all = Shares::new(all);
        let usable = [
            PerFamily::new(|family| up && !live.family[family].is_empty()),
            PerFamily::default(),
            PerFamily::new(|family| !live.family[family].is_empty()),
            PerFamily::new(|family| !allowed.family[family].is_empty()),
            PerFamily::new(|family| !all.family[family].is_empty()),
        ];
        let uneasy = judged.iter().any(|one| one.weight > 0 && !one.out && (one.uneasy || one.share.is_partial()));
        Self {
            up,
            reaches_min_up,
            uneasy,
            ttl_seconds: node.ttl.seconds(uneasy),
            reranked: pool.ranks.as_ref().and_then(|_| reranked(&judged, previous)),
            takes_last: PerFamily::default(),
            usable,
            shares: [live.clone(), Shares::default(), live, allowed, all],
            flattened: flattened(pool, circumstances),
        }
    }

    pub(super) fn of_policy(
        id: NodeId,
        node: &CompiledNode,
        policy: &CompiledPolicy,
        states: &[Arc<Self>],
        circumstances: &Circumstances,
    ) -> Self {
        let state = |id: NodeId| states.get(id.0 as usize).map(Arc::as_ref);
        let children: Vec<(u16, &Self)> =
            policy.children.iter().filter_map(|child| Some((child.weight, state(child.node)?))).collect();
        let mut tally = Tally::default();
        for (weight, child) in &children {
            tally.count(u64::from(*weight), child.up, child.usable[Grade::Allowed.index()] != PerFamily::default());
        }
        let (up, reaches_min_up) = tally.is_enough(node.min_up, circumstances.fallen.contains(&id));
        let takes_last = PerFamily::new(|family| !circumstances.blind[family]);
        let last = policy.last.and_then(state);

        let usable = Grade::ALL.map(|grade| {
            PerFamily::new(|family| {
                let below = children.iter().any(|(_, child)| child.usable(grade, family));
                let last = |grade| last.is_some_and(|last| last.usable(grade, family));
                let answers = match grade {
                    Grade::Up => up && below,
                    Grade::Last => below || takes_last[family] && (last(Grade::Up) || last(Grade::Last)),
                    Grade::Remnant => below || takes_last[family] && last(grade),
                    Grade::Allowed | Grade::All => below || last(grade),
                };
                // Whether a strict rule answers depends on the client: the walk has to look.
                answers || (node.strict && node.may_have(family))
            })
        });
        let shares = Grade::ALL.map(|grade| {
            let member = |(index, (weight, child)): (u16, &(u16, &Self))| Member {
                index,
                weight: u32::from(*weight),
                share: Share::FULL,
                has: child.usable[grade.index()],
            };
            Shares::new((0..).zip(&children).map(member))
        });
        let uneasy = children.iter().map(|(_, child)| *child).chain(last).any(|child| child.uneasy);
        Self {
            up,
            reaches_min_up,
            uneasy,
            ttl_seconds: node.ttl.seconds(uneasy),
            reranked: None,
            takes_last,
            usable,
            shares,
            flattened: Box::default(),
        }
    }
}

fn judged<'a>(pool: NodeId, index: u16, endpoint: &'a CompiledEndpoint, circumstances: &Circumstances) -> Judged<'a> {
    let treatment = circumstances.treatment(pool, index);
    let out = treatment.stance == Stance::Out || treatment.weight == Some(0);
    // One of several is enough; what nobody probes, or an edge of which no address is known, counts as up.
    let probed_up = |family| {
        let mut judges = endpoint.judges(family).peekable();
        judges.peek().is_none() || judges.any(|probe| is_up(Some(probe), circumstances))
    };
    let has = PerFamily::new(|family| endpoint.has(family));
    // What a blind prober has never seen is as the endpoint's other address is.
    let is_unseen = |family: Family| {
        let mut judges = endpoint.judges(family).peekable();
        let any = judges.peek().is_some() && has[family.other()];
        any && circumstances.blind[family] && judges.all(|probe| circumstances.verdict(probe) == Verdict::Unknown)
    };
    let judged_up = |family: Family| probed_up(if is_unseen(family) { family.other() } else { family });
    let up = PerFamily::new(|family| {
        !out && has[family] && (treatment.stance == Stance::In || treatment.spared[family] || judged_up(family))
    });
    Judged {
        endpoint,
        index,
        out,
        weight: treatment.weight.unwrap_or(endpoint.weight),
        share: treatment.share,
        has,
        up,
        uneasy: any(treatment.spared) || endpoint.probes().any(|probe| circumstances.uneasy.contains(&probe)),
    }
}

/// The ranks of a hashed pool by the weights that hold now; those from before where they are the same weights.
fn reranked(judged: &[Judged<'_>], previous: Option<&NodeState>) -> Option<Arc<Reranked>> {
    let is_configured = |one: &Judged<'_>| one.weight == one.endpoint.weight && !one.share.is_partial();
    if judged.iter().all(is_configured) {
        return None;
    }
    // What has no share is not drawn, whatever its rank.
    let part = |one: &Judged<'_>| u32::from(if one.share.is_partial() { one.share.parts() } else { Share::PARTS });
    let weights: Box<[u32]> = judged.iter().map(|one| u32::from(one.weight) * part(one)).collect();
    let known = previous.and_then(|previous| previous.reranked.as_ref()).filter(|known| known.weights == weights);
    Some(known.map_or_else(
        || {
            let members = judged.iter().zip(&weights).map(|(one, weight)| (&*one.endpoint.name, *weight));
            Arc::new(Reranked { ranks: Ranks::finely(members), weights: weights.clone() })
        },
        Arc::clone,
    ))
}

fn is_up(probe: Option<u32>, circumstances: &Circumstances) -> bool {
    probe.is_none_or(|probe| circumstances.verdict(probe).counts_as_up())
}

/// Which addresses edges are answered with; nothing in a pool without any.
fn flattened(pool: &CompiledPool, circumstances: &Circumstances) -> Box<[PerFamily<Box<[IpAddr]>>]> {
    let is_flat = |endpoint: &CompiledEndpoint| endpoint.edge.as_ref().is_some_and(|edge| edge.flat);
    if !pool.endpoints.iter().any(is_flat) {
        return Box::default();
    }
    let addresses = |endpoint: &CompiledEndpoint, family| {
        let up = endpoint.known(family).filter(|(_, probe)| is_up(*probe, circumstances)).map(|(address, _)| address);
        let up: Box<[IpAddr]> = up.collect();
        if up.is_empty() { endpoint.known(family).map(|(address, _)| address).collect() } else { up }
    };
    pool.endpoints.iter().map(|endpoint| PerFamily::new(|family| addresses(endpoint, family))).collect()
}

fn any(of: PerFamily<bool>) -> bool {
    Family::ALL.into_iter().any(|family| of[family])
}

impl Judged<'_> {
    /// It as far as it has these families.
    fn member(&self, has: PerFamily<bool>) -> Member {
        Member { index: self.index, weight: u32::from(self.weight), share: self.share, has }
    }
}

impl Shares {
    fn new(members: impl Iterator<Item = Member> + Clone) -> Self {
        let draw = |test: &dyn Fn(PerFamily<bool>) -> bool| {
            let drawn = members.clone().filter(|member| test(member.has));
            Draw::new(drawn.map(|member| (member.index, member.weight, member.share)))
        };
        Self { either: draw(&any), family: PerFamily::new(|family| draw(&|has| has[family])) }
    }
}

impl Tally {
    fn count(&mut self, weight: u64, up: bool, allowed: bool) {
        self.up += usize::from(up);
        self.allowed += usize::from(allowed);
        self.all_weight += weight;
        self.up_weight += if up { weight } else { 0 };
        self.allowed_weight += if allowed { weight } else { 0 };
    }

    /// Whether enough is up, and whether it is without a margin. A margin of one more, or of some percent, is asked for only as
    /// far as there is anybody to give it, and never where one member is enough: there is no edge beside which one could stay.
    fn is_enough(&self, min_up: MinUp, margin: bool) -> (bool, bool) {
        let (least, over) = match min_up {
            MinUp::Count(least) => {
                let least = usize::from(least.get());
                (self.up >= least, least == 1 || self.up > least || self.up >= self.allowed)
            }
            MinUp::Percent(least) => {
                let reaches = |percent: u64| self.up_weight * 100 >= self.all_weight * percent;
                let more = u64::from(least) + MIN_UP_MARGIN_PERCENT;
                (self.up_weight > 0 && reaches(least.into()), reaches(more) || self.up_weight >= self.allowed_weight)
            }
        };
        (least && (!margin || over), least)
    }
}
