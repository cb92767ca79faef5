//! The prober doubts itself first: what makes it blind, what does not, and what follows after it.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use proptest::prelude::*;

use super::world::{CHECK, Check, Fate, World, endpoints, in_v6, place};
use super::{millis, seconds};
use crate::health::{Blindness, Verdict};
use crate::wire::Family::{V4, V6};

const CUT: Duration = seconds(20);

fn reference() -> SocketAddr {
    "198.51.100.1:443".parse().unwrap()
}

/// Everybody answers before the cut; after it, what `fate` says.
fn cut_at(fate: impl Fn(IpAddr) -> Fate) -> impl FnMut(IpAddr, Duration) -> Fate {
    move |address, now| if now < CUT { Fate::Answers } else { fate(address) }
}

#[test]
fn a_cut_takes_nobody_down_and_shows_within_three_seconds() {
    for (places, each, references, how, fall) in [
        (3, 3, false, Fate::Silent, 2),
        (3, 3, false, Fate::NoRoute, 2),
        (4, 2, false, Fate::Silent, 1),
        (5, 40, false, Fate::NoRoute, 1),
        (3, 3, true, Fate::Silent, 2),
        (1, 1, true, Fate::Silent, 1),
        (2, 2, true, Fate::NoRoute, 1),
    ] {
        let references = if references { vec![reference()] } else { Vec::new() };
        for seed in 0..if each > 9 { 2 } else { 10 } {
            let case = format!("{places} places of {each}, {references:?}, {how:?}, fall {fall}, seed {seed}");
            let check = Check { fall, ..CHECK };
            let mut world = World::new(check, &endpoints(places, each), &references, seed, cut_at(|_| how));
            world.run_until(CUT);
            assert!(!world.is_blind(V4), "{case}");
            world.run_until(CUT + seconds(3));
            assert!(world.is_blind(V4), "{case}");
            world.run_until(CUT + seconds(90));
            assert!(world.is_blind(V4) && world.down().is_empty(), "{case}: {:?}", world.story);
        }
    }
}

#[test]
fn refused_connections_are_not_blindness() {
    let mut world = World::new(CHECK, &endpoints(3, 4), &[], 1, cut_at(|_| Fate::Refuses));
    world.run_until(CUT + seconds(4));
    assert_eq!((world.is_blind(V4), world.down().len()), (false, 12));
}

#[test]
fn one_who_falls_silent_alone_is_down_as_soon_as_ever() {
    let dead = endpoints(3, 3)[4].0;
    for (fall, references) in [(1, vec![]), (2, vec![]), (3, vec![]), (1, vec![reference()])] {
        let check = Check { fall, ..CHECK };
        let fate = cut_at(|address| if address == dead { Fate::Silent } else { Fate::Answers });
        let mut world = World::new(check, &endpoints(3, 3), &references, 2, fate);
        // An interval until it is asked, the repeat, then the failures; with `fall` 1 perhaps one more until others are heard.
        world.run_until(
            CUT + millis(1050 + 500 + 500) + check.interval.mul_f64(1.05) * fall.max(2).saturating_sub(1) + millis(500),
        );
        assert_eq!(world.down(), [dead], "fall {fall}, {references:?}");
        assert!(!world.is_blind(V4));
    }
}

#[test]
fn what_dies_in_two_places_or_in_a_minority_is_believed() {
    for (places, each, dies) in [
        // Two of three places, and a fifth of five: too few places, too small a share.
        (3, 6, (|address| place(address) < 2) as fn(IpAddr) -> bool),
        (5, 20, |address| place(address) == 4),
        // Eight of forty, one or two in each place.
        (5, 8, |address| address.to_string().ends_with('1') || address == IpAddr::from([10, 0, 0, 2])),
    ] {
        let fate = cut_at(move |address| if dies(address) { Fate::Silent } else { Fate::Answers });
        let mut world = World::new(CHECK, &endpoints(places, each), &[], 3, fate);
        world.run_until(CUT + seconds(6));
        assert!(!world.is_blind(V4));
        let expected = endpoints(places, each).into_iter().filter(|(address, _)| dies(*address)).count();
        assert_eq!(world.down().len(), expected, "{places} places of {each}");
    }
}

#[test]
fn references_that_answer_are_proof_and_the_failures_are_believed() {
    let fate = cut_at(|address| if address == reference().ip() { Fate::Answers } else { Fate::Silent });
    let mut world = World::new(CHECK, &endpoints(3, 4), &[reference()], 4, fate);
    world.run_until(CUT + seconds(6));
    assert_eq!((world.is_blind(V4), world.down().len()), (false, 12));
}

#[test]
fn references_that_are_dead_alone_are_no_evidence_for_long() {
    let dead = endpoints(3, 4)[0].0;
    let fate = move |address, now: Duration| match () {
        () if now >= CUT && address == reference().ip() => Fate::Silent,
        () if now >= CUT + seconds(30) && address == dead => Fate::Silent,
        () => Fate::Answers,
    };
    let mut world = World::new(CHECK, &endpoints(3, 4), &[reference()], 5, fate);
    world.run_until(CUT + seconds(6));
    assert!(!world.is_blind(V4) && world.tracker.references_are_silent(V4), "the endpoints are heard");
    world.run_until(CUT + seconds(36));
    assert_eq!(world.down(), [dead], "and failures count");
}

#[test]
fn with_few_endpoints_and_no_references_failures_are_believed() {
    let mut world = World::new(CHECK, &endpoints(2, 3), &[], 6, cut_at(|_| Fate::Silent));
    world.run_until(CUT + seconds(6));
    assert_eq!((world.is_blind(V4), world.down().len()), (false, 6));
}

#[test]
fn a_start_without_network_downs_nobody_and_then_finds_out() {
    for (places, each, references) in [(1, 1, false), (1, 3, false), (2, 2, false), (3, 4, false), (4, 30, false), (2, 2, true)] {
        let references = if references { vec![reference()] } else { Vec::new() };
        for how in [Fate::Silent, Fate::NoRoute] {
            let dead = *endpoints(places, each).last().unwrap();
            let alone = places * each == 1;
            let fate = move |address, now| match () {
                () if now < CUT => how,
                () if address == dead.0 && !alone => Fate::Silent,
                () => Fate::Answers,
            };
            let case = format!("{places} places of {each}, {references:?}, {how:?}");
            let mut world = World::new(CHECK, &endpoints(places, each), &references, 7, fate);
            world.run_until(seconds(4));
            assert!(world.is_blind(V4), "{case}");
            world.run_until(CUT);
            assert_eq!((world.story.as_slice(), world.tracker.all_known()), ([].as_slice(), false), "{case}");
            world.run_until(CUT + seconds(8));
            assert!(!world.is_blind(V4), "{case}");
            let expected = if alone { vec![] } else { vec![dead.0] };
            assert_eq!(world.down(), expected, "{case}: {:?}", world.story);
            assert_eq!(world.count(Verdict::Unknown), 0, "{case}");
        }
    }
}

#[test]
fn one_dead_endpoint_at_the_start_is_known_at_once() {
    let dead = endpoints(2, 1)[1].0;
    let fate = move |address, _| if address == dead { Fate::Silent } else { Fate::Answers };
    let mut world = World::new(CHECK, &endpoints(2, 1), &[], 8, fate);
    world.run_until(millis(1000 + 500 + 500 + 100));
    assert_eq!((world.down(), world.count(Verdict::Up)), (vec![dead], 1));
}

#[test]
fn no_ipv6_route_costs_ipv4_nothing() {
    let v4 = endpoints(3, 3);
    let both: Vec<_> = v4.iter().copied().chain(in_v6(&v4)).collect();
    let dead = v4[2].0;
    let fate = move |address: IpAddr, now| match () {
        () if address.is_ipv6() => Fate::NoRoute,
        () if now >= CUT && address == dead => Fate::Silent,
        () => Fate::Answers,
    };
    let mut world = World::new(CHECK, &both, &[], 9, fate);
    world.run_until(CUT + seconds(6));
    assert_eq!((world.is_blind(V4), world.is_blind(V6)), (false, true));
    assert!(world.tracker.all_known(), "nobody waits for what is out of reach");
    assert_eq!(world.tracker.blind(V6).unwrap().0, Blindness::NeverHeard);
    assert_eq!((world.down(), world.count(Verdict::Up), world.count(Verdict::Unknown)), (vec![dead], 8, 9));
}

#[test]
fn a_cut_of_one_family_leaves_the_other_alone() {
    let v4 = endpoints(3, 3);
    let both: Vec<_> = v4.iter().copied().chain(in_v6(&v4)).collect();
    let mut world =
        World::new(CHECK, &both, &[], 10, cut_at(|address| if address.is_ipv6() { Fate::Silent } else { Fate::Answers }));
    world.run_until(CUT + seconds(30));
    assert_eq!((world.is_blind(V4), world.is_blind(V6), world.down()), (false, true, vec![]));
}

#[test]
fn after_the_end_failures_count_from_nothing() {
    let (dead, end) = (endpoints(3, 4)[0].0, CUT + seconds(30));
    let check = Check { fall: 3, ..CHECK };
    let fate = move |address, now| match () {
        () if now < CUT => Fate::Answers,
        () if now < end || address == dead => Fate::Silent,
        () => Fate::Answers,
    };
    let mut world = World::new(check, &endpoints(3, 4), &[], 11, fate);
    world.run_until(end);
    assert!(world.is_blind(V4));
    world.run_until(end + seconds(2));
    assert!(!world.is_blind(V4));
    assert_eq!(world.story.len(), 12, "nothing but that all came up at first");
    world.run_until(end + seconds(6));
    assert_eq!(world.down(), [dead]);
}

/// Half of all places fall silent for good: after a minute in which the others are heard, that is believed.
#[test]
fn who_hears_most_of_them_is_not_blind_for_ever() {
    let fate = cut_at(|address| match place(address) {
        0..3 => Fate::Silent,
        _ => Fate::Answers,
    });
    let mut world = World::new(CHECK, &endpoints(7, 4), &[], 12, fate);
    world.run_until(CUT + seconds(59));
    assert!(world.is_blind(V4) && world.down().is_empty());
    world.run_until(CUT + seconds(70));
    assert_eq!((world.is_blind(V4), world.down().len()), (false, 12));
}

#[test]
fn our_own_faults_count_for_nothing() {
    let mut world = World::new(Check { fall: 1, ..CHECK }, &endpoints(3, 4), &[], 13, cut_at(|_| Fate::Ours));
    world.run_until(CUT + seconds(60));
    assert_eq!((world.is_blind(V4), world.down()), (false, vec![]));
    let mut world = World::new(CHECK, &endpoints(1, 2), &[], 13, |_, _| Fate::Ours);
    world.run_until(seconds(60));
    assert_eq!((world.count(Verdict::Unknown), world.is_blind(V4)), (2, true), "nobody was ever heard");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// However long a cut of everything lasts and however it looks, nobody goes down by it, before, within or after.
    #[test]
    fn loss_that_hits_all_at_once_downs_none(
        places in 3_u8..6, each in 3_u8..8, fall in 1_u32..4, interval in 1_u64..6, seed: u64, references: bool,
        lasts in 1_u64..60, unreachable: bool,
    ) {
        let how = if unreachable { Fate::NoRoute } else { Fate::Silent };
        let end = CUT + seconds(lasts);
        let fate = move |_, now| if now < CUT || now >= end { Fate::Answers } else { how };
        let check = Check { fall, interval: seconds(interval), ..CHECK };
        let references = if references { vec![reference()] } else { Vec::new() };
        let mut world = World::new(check, &endpoints(places, each), &references, seed, fate);
        world.run_until(end + seconds(70));
        prop_assert_eq!(world.down(), Vec::<IpAddr>::new());
        prop_assert_eq!(world.story.len(), usize::from(places) * usize::from(each), "{:?}", world.story);
        prop_assert!(!world.is_blind(V4));
    }
}
