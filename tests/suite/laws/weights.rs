//! Shares equal weights exactly: every number that can be drawn is drawn once, and who it falls to is counted.

use std::collections::BTreeMap;
use std::net::IpAddr;

use proptest::prelude::*;
use signpost::answer::{Dice, Throw};
use signpost::snapshot::Serving;
use signpost::wire::RrType;

use super::{addresses, client, zone};
use crate::scenario::query::Query;
use crate::scenario::world::{Health, Texts};

const A: RrType = RrType::A;
const AAAA: RrType = RrType::AAAA;

/// One member of a pool, or of a policy whose pools have one endpoint each.
#[derive(Clone, Copy, Debug)]
struct Member {
    weight: u32,
    v6: bool,
    down: bool,
}

/// Where members are drawn.
#[derive(Clone, Copy, Debug)]
enum Draws {
    /// Endpoints of a pool.
    Pool { answers: usize },
    /// Pools of a weighted policy.
    Policy,
}

impl Member {
    fn new(weight: u32) -> Self {
        Self { weight, v6: true, down: false }
    }

    fn endpoint(&self, index: usize) -> String {
        let v6 = if self.v6 { format!(", v6 = \"2001:db8::{index:x}\"") } else { String::new() };
        format!("name = \"e{index}\", v4 = \"198.51.100.{index}\"{v6}")
    }
}

impl Draws {
    fn config(self, members: &[Member]) -> String {
        let check = "[check.tcp]\nkind = \"tcp\"\nport = 80\n";
        let numbered = || members.iter().enumerate();
        match self {
            Self::Pool { answers } => {
                let endpoint =
                    |(index, member): (usize, &Member)| format!("{{ {}, weight = {} }}", member.endpoint(index), member.weight);
                let endpoints: Vec<String> = numbered().map(endpoint).collect();
                format!("{check}[pool.web]\ncheck = \"tcp\"\nanswers = {answers}\nendpoints = [{}]\n", endpoints.join(", "))
            }
            Self::Policy => {
                let pool = |(index, member): (usize, &Member)| {
                    format!("[pool.p{index}]\ncheck = \"tcp\"\nendpoints = {{ {} }}\n", member.endpoint(index))
                };
                let pools: String = numbered().map(pool).collect();
                let children: Vec<String> =
                    numbered().map(|(index, member)| format!("{{ use = \"p{index}\", weight = {} }}", member.weight)).collect();
                format!("{check}{pools}[policy.web]\nchoose = \"weighted\"\nfrom = [{}]\n", children.join(", "))
            }
        }
    }

    fn serving(self, members: &[Member]) -> Serving {
        let compiled = Texts::new(&self.config(members), &zone(["web"])).compile().expect("a good configuration");
        let down = members
            .iter()
            .enumerate()
            .filter(|(_, member)| member.down)
            .map(|(index, _)| Health::down("*", &format!("e{index}")));
        compiled.serving(&down.collect::<Vec<_>>()).expect("endpoints that are probed")
    }

    /// What falls to this throw: in the slot of the policy, or of the pool and the one after it.
    fn draw(self, serving: &Serving, rtype: RrType, throws: &[Throw]) -> Vec<usize> {
        let before = match self {
            Self::Pool { .. } => Dice::POOL_SLOT as usize,
            Self::Policy => 0,
        };
        let throws: Vec<Throw> = std::iter::repeat_n(Throw::default(), before).chain(throws.iter().copied()).collect();
        let query = Query { edns: None, ..Query::new("web.example.com.", rtype) };
        addresses(serving, &throws, &query, &client()).into_iter().map(index_of).collect()
    }
}

/// The member with this address.
fn index_of(address: IpAddr) -> usize {
    match address {
        IpAddr::V4(v4) => usize::from(v4.octets()[3]),
        IpAddr::V6(v6) => usize::from(v6.octets()[15]),
    }
}

/// How often each list of members is drawn.
fn counts(drawn: impl Iterator<Item = Vec<usize>>) -> BTreeMap<Vec<usize>, u32> {
    let mut counts = BTreeMap::new();
    drawn.for_each(|members| *counts.entry(members).or_default() += 1);
    counts
}

/// What must come out if each of these members is drawn as often as this says.
fn expected(shares: impl IntoIterator<Item = (usize, u32)>) -> BTreeMap<Vec<usize>, u32> {
    shares.into_iter().filter(|(_, count)| *count > 0).map(|(index, count)| (vec![index], count)).collect()
}

fn members(weights: &[u32]) -> Vec<Member> {
    weights.iter().map(|weight| Member::new(*weight)).collect()
}

fn sum<'a>(members: impl IntoIterator<Item = &'a Member>) -> u32 {
    members.into_iter().map(|member| member.weight).sum()
}

#[test]
fn every_member_is_drawn_as_often_as_its_weight_says() {
    for weights in [&[1, 2, 5][..], &[70, 30], &[0, 10], &[1], &[3, 0, 4, 0, 5]] {
        let members = members(weights);
        for draws in [Draws::Pool { answers: 1 }, Draws::Policy] {
            let serving = draws.serving(&members);
            let total = sum(&members);
            let counted = counts((0..total).map(|r| draws.draw(&serving, A, &[Throw::exactly(r, total)])));
            assert_eq!(counted, expected(weights.iter().copied().enumerate()), "{draws:?} {weights:?}");
        }
    }
}

#[test]
fn the_greatest_sum_of_weights_is_as_exact() {
    let members = members(&[60_000, 5_000, 534, 1]);
    let draws = Draws::Pool { answers: 1 };
    let serving = draws.serving(&members);
    // Who draws 65,535 numbers one by one only shows that the borders are where they are.
    for (r, member) in [(0, 0), (59_999, 0), (60_000, 1), (64_999, 1), (65_000, 2), (65_533, 2), (65_534, 3)] {
        assert_eq!(draws.draw(&serving, A, &[Throw::exactly(r, 65_535)]), [member], "{r}");
    }
}

#[test]
fn who_is_down_leaves_the_others_their_proportions() {
    for down in 0..3 {
        let mut members = members(&[1, 2, 5]);
        members[down].down = true;
        for draws in [Draws::Pool { answers: 1 }, Draws::Policy] {
            let serving = draws.serving(&members);
            let total = sum(members.iter().filter(|member| !member.down));
            let counted = counts((0..total).map(|r| draws.draw(&serving, A, &[Throw::exactly(r, total)])));
            let left = members.iter().enumerate().filter(|(_, member)| !member.down);
            assert_eq!(counted, expected(left.map(|(index, member)| (index, member.weight))), "{draws:?} without {down}");
        }
    }
}

#[test]
fn two_answers_are_drawn_without_replacement() {
    let weights = [1, 2, 5];
    let draws = Draws::Pool { answers: 2 };
    let serving = draws.serving(&members(&weights));
    // 42 is a multiple of whatever is left after the first of 8: 7, 6 or 3.
    let pairs = (0..8).flat_map(|first| (0..42).map(move |second| [Throw::exactly(first, 8), Throw::exactly(second, 42)]));
    let counted = counts(pairs.map(|throws| draws.draw(&serving, A, &throws)));
    let mut shares = BTreeMap::new();
    for (first, weight) in weights.iter().enumerate() {
        for (second, other) in weights.iter().enumerate().filter(|(second, _)| *second != first) {
            shares.insert(vec![first, second], 42 * weight * other / (8 - weight));
        }
    }
    assert_eq!(counted, shares);
}

fn any_member() -> impl Strategy<Value = Member> {
    (0_u32..6, any::<bool>(), prop::bool::weighted(0.3)).prop_map(|(weight, v6, down)| Member { weight, v6, down })
}

fn any_draws() -> impl Strategy<Value = Draws> {
    prop_oneof![Just(Draws::Pool { answers: 1 }), Just(Draws::Policy)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// The draw and the redraw together: of those that have the family, each gets its weight's share; and whom both families
    /// can be answered with, they are answered with alike.
    #[test]
    fn families_share_by_weight_and_stay_together(members in prop::collection::vec(any_member(), 1..5), draws in any_draws()) {
        let suited = |rtype| members.iter().filter(move |member| member.weight > 0 && !member.down && (rtype == A || member.v6));
        let (total, total_v6) = (sum(suited(A)), sum(suited(AAAA)));
        prop_assume!(total_v6 > 0);
        let serving = draws.serving(&members);
        let throw = |r, second| Throw { draw: Throw::exactly(r, total).draw, redraw: Throw::exactly(second, total_v6).redraw };
        let throws = || (0..total).flat_map(|r| (0..total_v6).map(move |second| [throw(r, second)]));

        let shares = members.iter().enumerate().filter(|(_, member)| member.v6 && !member.down);
        let counted = counts(throws().map(|throws| draws.draw(&serving, AAAA, &throws)));
        prop_assert_eq!(counted, expected(shares.map(|(index, member)| (index, member.weight * total))));
        for throws in throws() {
            let [v4, v6] = [A, AAAA].map(|rtype| draws.draw(&serving, rtype, &throws));
            prop_assert!(v4 == v6 || !members[v4[0]].v6, "{:?} {:?}", v4, v6);
        }
    }
}

/// The bucket of a /24: the finaliser of splitmix64 over the network, its upper twelve bits.
fn bucket(network: u32) -> usize {
    let word = u64::from(network) | 1 << 63;
    let word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((word ^ word >> 31) >> 52) as usize
}

/// An IPv4 client for each of the 4096 buckets.
fn client_of_every_bucket() -> Vec<IpAddr> {
    let mut clients = BTreeMap::new();
    for network in 0x00c6_0000.. {
        clients.entry(bucket(network)).or_insert_with(|| IpAddr::V4((network << 8 | 7).into()));
        if clients.len() == 4096 {
            break;
        }
    }
    clients.into_values().collect()
}

#[test]
fn the_hashed_choice_follows_weights_over_all_buckets_and_keeps_families_together() {
    let weights = [10, 20, 0, 70];
    let mut pool = Draws::Pool { answers: 1 }.config(&members(&weights));
    pool = pool.replace("answers = 1", "choose = \"hashed\"");
    let policy = Draws::Policy.config(&members(&weights)).replace("\"weighted\"", "\"hashed\"");
    let clients = client_of_every_bucket();
    for config in [pool, policy] {
        let compiled = Texts::new(&config, &zone(["web"])).compile().expect("a good configuration");
        let winners = |health: &[Health], rtype| -> Vec<usize> {
            let serving = compiled.serving(health).expect("endpoints that are probed");
            let query = Query { edns: None, ..Query::new("web.example.com.", rtype) };
            let winner = |address: &IpAddr| {
                addresses(&serving, &[], &query, &signpost::answer::Client { address: *address, ..client() })[0]
            };
            clients.iter().map(|address| index_of(winner(address))).collect()
        };
        let all = winners(&[], A);
        assert_eq!(all, winners(&[], AAAA));
        for (index, weight) in weights.iter().enumerate() {
            let won = all.iter().filter(|winner| **winner == index).count();
            // The buckets are dealt by a hash: a share is right within three deviations of its binomial, here 88 buckets at most.
            let right = 4096 * *weight as usize / 100;
            assert!(won.abs_diff(right) < 90 && (right > 0 || won == 0), "member {index} has {won} buckets, not {right}");
        }
        // Who leaves moves nobody else's clients.
        let without = winners(&[Health::down("*", "e1")], A);
        assert!(all.iter().zip(&without).all(|(before, after)| before == after || *before == 1));
        assert!(!without.contains(&1));
    }
}
