//! Verdicts that do not flap: the repeat, the hold, and what an operator is told meanwhile.

use std::net::IpAddr;
use std::time::Duration;

use super::world::{CHECK, Check, Fate, World, endpoints};
use super::{millis, seconds};
use crate::health::{HoldDown, Standing, Verdict};

const HOLD: Option<HoldDown> = Some(HoldDown { first: seconds(30), max: seconds(900) });

fn standing<F>(world: &World<F>) -> Standing {
    world.tracker.standings().next().unwrap().1.clone()
}

/// The seconds of every change to down and to up.
fn changes<F>(world: &World<F>) -> (Vec<u64>, Vec<u64>) {
    let of = |verdict| world.story.iter().filter(move |(_, _, to)| *to == verdict).map(|(at, ..)| at.as_secs()).collect();
    (of(Verdict::Down), of(Verdict::Up))
}

/// Refuses for the first third of every minute.
fn flapping(_: IpAddr, now: Duration) -> Fate {
    if now.as_secs() % 60 < 20 { Fate::Refuses } else { Fate::Answers }
}

#[test]
fn one_lost_probe_is_repeated_and_changes_nothing() {
    // Every tenth second somebody drops what comes; the repeat comes through, even at ten probes a second.
    for interval in [100, 1000, 5000] {
        let fate = |_, now: Duration| if now.as_millis() % 10_000 < 100 { Fate::Refuses } else { Fate::Answers };
        let check = Check { interval: millis(interval), timeout: millis(100), fall: 2, ..CHECK };
        let mut world = World::new(check, &endpoints(1, 1), &[], 1, fate);
        world.run_until(seconds(600));
        assert_eq!(world.down(), Vec::<IpAddr>::new(), "interval {interval}ms");
        assert!(world.story.len() <= 3, "{:?}", world.story);
    }
}

#[test]
fn without_a_hold_every_flap_is_a_change_and_is_counted() {
    let mut world = World::new(CHECK, &endpoints(1, 1), &[], 1, flapping);
    world.run_until(seconds(600));
    let (downs, ups) = changes(&world);
    assert_eq!((downs.len(), ups.len()), (10, 10));
    assert_eq!((standing(&world).flaps, standing(&world).held_until), (9, None));
}

#[test]
fn who_flaps_is_held_down_longer_each_time() {
    let check = Check { hold_down: HOLD, ..CHECK };
    let mut world = World::new(check, &endpoints(1, 1), &[], 1, flapping);
    world.run_until(seconds(3600));
    let (downs, ups) = changes(&world);
    assert!(downs.len() <= 10 && ups.len() <= 10, "{downs:?} {ups:?}");
    let held: Vec<u64> = downs.iter().zip(&ups).map(|(down, up)| up - down).collect();
    // The first time nobody knew that it flaps.
    assert!(held[0] <= 21 && held[1] >= 30 && held.windows(2).skip(1).all(|pair| pair[0] < pair[1] + 60), "{held:?}");
    assert!(held.iter().max().is_some_and(|longest| *longest >= 480), "{held:?}");
}

#[test]
fn a_hold_ends_by_itself_with_what_was_seen_meanwhile() {
    // Down at 10, up from 12 on, down at 40: held from about 41 to 71, though it passes from 45 on.
    let fate = |_, now: Duration| match now.as_secs() {
        10..12 | 40..45 => Fate::Refuses,
        _ => Fate::Answers,
    };
    let check = Check { hold_down: HOLD, fall: 1, ..CHECK };
    let mut world = World::new(check, &endpoints(1, 1), &[], 1, fate);
    world.run_until(seconds(60));
    let held = standing(&world);
    let until = held.held_until.expect("it is held");
    assert_eq!((held.verdict, held.uneasy, held.flaps), (Verdict::Down, true, 1));
    assert_eq!(world.tracker.next_tick(), Some(until));
    world.run_until(until);
    let free = standing(&world);
    assert_eq!((free.verdict, free.since, free.recovering_since), (Verdict::Up, until, Some(until)));
    assert_eq!((free.held_until, free.uneasy, free.flaps), (None, false, 1));
    world.run_until(until + seconds(900));
    assert_eq!(standing(&world).flaps, 0, "a quiet quarter of an hour is forgiveness");
}

#[test]
fn who_still_fails_when_the_hold_ends_stays_down() {
    let fate = |_, now: Duration| match now.as_secs() {
        10..20 | 40.. => Fate::Refuses,
        _ => Fate::Answers,
    };
    let check = Check { hold_down: HOLD, fall: 1, ..CHECK };
    let mut world = World::new(check, &endpoints(1, 1), &[], 1, fate);
    world.run_until(seconds(100));
    assert_eq!((standing(&world).verdict, standing(&world).held_until), (Verdict::Down, None));
}

#[test]
fn who_fails_or_passes_but_not_often_enough_is_uneasy() {
    let fate = |_, now: Duration| match now.as_secs() {
        10..40 => Fate::Refuses,
        _ => Fate::Answers,
    };
    let check = Check { interval: seconds(5), timeout: seconds(1), fall: 3, rise: 3, ..CHECK };
    let mut world = World::new(check, &endpoints(1, 1), &[], 1, fate);
    let mut eases = Vec::new();
    for second in 0..70 {
        world.run_until(seconds(second));
        let now = (standing(&world).verdict, standing(&world).uneasy);
        if eases.last() != Some(&now) {
            eases.push(now);
        }
    }
    let (up, down) = (Verdict::Up, Verdict::Down);
    let expected = [(Verdict::Unknown, false), (up, false), (up, true), (down, false), (down, true), (up, false)];
    assert_eq!(eases, expected);
}
