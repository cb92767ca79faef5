//! Whole lives of a server on virtual time: tracker, Keeper, orders, moderation and answers together, through failures, flaps, a
//! network that is cut, slow starts, orders, reloads and restarts. After each step the answers are compared with an oracle.
//!
//! `SEEDS=100000 cargo test --release --test suite simulator` lives that many lives; `SEED=17` lives one again.

mod chance;
mod judge;
mod life;
mod model;
mod oracle;
mod watch;

use std::panic::{self, AssertUnwindSafe};

/// Lives in the suite.
const SEEDS: u64 = 200;
/// Failed lives that are told: the first ones show most of it.
const TOLD_MAX: usize = 3;

#[test]
fn every_answer_of_every_life_is_what_the_design_promises() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let seeds = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or(SEEDS),
    };
    let failed = seeds.filter_map(|seed| {
        let lived = panic::catch_unwind(AssertUnwindSafe(|| life::live(seed)));
        let fault = lived.unwrap_or_else(|_| Err("a panic".to_owned())).err()?;
        Some(format!("SEED={seed} cargo test --test suite simulator\n{fault}"))
    });
    let told: Vec<String> = failed.take(TOLD_MAX).collect();
    assert!(told.is_empty(), "{}", told.join("\n\n"));
}
