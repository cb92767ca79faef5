//! Whole lives of a server on virtual time: tracker, Keeper, orders, moderation and answers together, through failures, flaps, a
//! network that is cut, slow starts, orders, reloads and restarts. After each step the answers are compared with an oracle.
//!
//! `SEEDS=100000 STEPS=400 cargo test --release --test suite simulator` lives that many lives, so long; `SEED=17` one of them.

mod chance;
mod judge;
mod life;
mod model;
mod oracle;
mod watch;

use std::panic::{self, AssertUnwindSafe};

/// Lives in the suite.
const SEEDS: u64 = 100;
/// Steps of each.
const STEPS: u64 = 150;
/// Failed lives that are told: the first ones show most of it.
const TOLD_MAX: usize = 3;

#[test]
fn every_answer_of_every_life_is_what_the_design_promises() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let seeds = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or(SEEDS),
    };
    let steps = number("STEPS").unwrap_or(STEPS);
    let failed = seeds.filter_map(|seed| {
        let lived = panic::catch_unwind(AssertUnwindSafe(|| life::live(seed, steps)));
        let fault = lived.unwrap_or_else(|_| Err("a panic".to_owned())).err()?;
        Some(format!("SEED={seed} STEPS={steps} cargo test --test suite simulator\n{fault}"))
    });
    let told: Vec<String> = failed.take(TOLD_MAX).collect();
    assert!(told.is_empty(), "{}", told.join("\n\n"));
}
