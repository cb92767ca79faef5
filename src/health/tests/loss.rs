//! The law of independent loss: where each probe is lost with probability p, an endpoint is called down as often as n failures
//! in a row befall it, with n one more than `fall`, because the first is repeated before it counts.

use super::world::{CHECK, Check, Fate, World, endpoints};
use super::{millis, seconds};
use crate::health::{Cadence, Cause, Outcome, Verdict};

/// SplitMix64, as a fraction of one.
struct Dice(u64);

impl Dice {
    fn throw(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// From a streak of none, the next `n` probes all fail with probability p^n: so many trials, each of its own.
#[test]
fn false_verdicts_match_the_law_within_three_sigma() {
    const TRIALS: u32 = 200_000;
    for (seed, p, fall) in [(1, 0.5, 1), (2, 0.5, 3), (3, 0.3, 2), (4, 0.2, 2), (5, 0.1, 1), (6, 0.05, 1), (7, 0.1, 2)] {
        let n = i32::try_from(fall).unwrap() + 1;
        let mut dice = Dice(seed);
        let mut world = World::new(Check { fall, ..CHECK }, &endpoints(1, 1), &[], 0, |_, _| Fate::Answers);
        world.run_until(seconds(5));
        let key = world.tracker.standings().next().unwrap().0.clone();
        let mut downs = 0;
        for _ in 0..TRIALS {
            let mut cadence = Cadence::new(CHECK.interval, millis(250));
            for _ in 0..n {
                let lost = dice.throw() < p;
                let outcome = if lost { Outcome::fail(Cause::Silent, "no answer") } else { Outcome::pass(millis(5)) };
                if cadence.after(&outcome, 0).report {
                    world.tracker.observe(&key, outcome, world.now, world.now);
                } else {
                    world.tracker.doubt(&key, &outcome, world.now);
                }
                if !lost {
                    break;
                }
            }
            downs += u32::from(world.tracker.verdict(&key) == Verdict::Down);
            // As many passes as bring it up for the next trial.
            for _ in 0..CHECK.rise {
                world.tracker.observe(&key, Outcome::pass(millis(5)), world.now, world.now);
            }
            world.tracker.changes();
        }
        let expected = p.powi(n);
        let sigma = (expected * (1.0 - expected) / f64::from(TRIALS)).sqrt();
        let found = f64::from(downs) / f64::from(TRIALS);
        assert!(
            (found - expected).abs() <= 3.0 * sigma,
            "seed {seed}, p {p}, n {n}: found {found}, expected {expected} ± {sigma}"
        );
    }
}

/// The same in the rhythm of a real prober: the mean number of probes until n failures in a row is (1 - p^n) / (p^n (1 - p)).
#[test]
fn a_lossy_network_calls_down_as_often_as_the_law_says() {
    for (seed, p, fall) in [(11, 0.3, 1), (12, 0.2, 1), (13, 0.4, 2)] {
        let n = i32::try_from(fall).unwrap() + 1;
        let mut dice = Dice(seed);
        let mut probes = 0_u64;
        let fate = |_, _| {
            probes += 1;
            if dice.throw() < p { Fate::Silent } else { Fate::Answers }
        };
        // An hour for each of seven endpoints in two places: too few to tell a cut by.
        let mut world = World::new(Check { fall, rise: 1, ..CHECK }, &endpoints(2, 3), &[], seed, fate);
        world.run_until(seconds(3600));
        let downs = world.story.iter().filter(|(_, _, verdict)| *verdict == Verdict::Down).count() as f64;
        drop(world);
        // A run that ends in down goes on failing until the first pass, which begins the next run: 1 / (1 - p) probes more.
        let cycle = (1.0 - p.powi(n)) / (p.powi(n) * (1.0 - p)) + 1.0 / (1.0 - p);
        let expected = probes as f64 / cycle;
        let sigma = expected.sqrt();
        assert!((downs - expected).abs() <= 3.0 * sigma, "seed {seed}: {downs} downs, expected {expected} ± {sigma}");
    }
}
