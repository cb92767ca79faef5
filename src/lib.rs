//! Signpost: an authoritative DNS server that balances load.
//!
//! # The data's way
//!
//! Zone files, `signpost.toml` and geo databases are read as bytes by [`load`], turned into values by [`zone`], [`config`] and
//! [`geo`], and compiled by [`snapshot`] into answers that are ready for the wire. [`transport`] takes a query's bytes from a
//! socket and gives them to [`answer::answer`], which writes the reply's bytes; it is pure: time and dice come with the
//! [`answer::View`]. [`probe`] asks the endpoints how they are, and [`resolve`] looks up those that are names; [`health`] turns
//! outcomes into verdicts; the [`serving`] Keeper, the only writer, publishes what follows from them through one `ArcSwap`. What
//! operators order stands beside the verdicts; [`state`] keeps both over a restart.
//!
//! # Floors
//!
//! The `mod` lines below stand in reading order, floor by floor. Imports point down only; siblings on floors 1 and 6 never
//! import each other. `tests/suite/tidy.rs` fails on a bad import and prints the two files and their floors.
//!
//! # What is deliberately absent
//!
//! - *Nothing above the IO line knows the time, the dice, a file, a socket or a log.* They come as arguments.
//! - *`zone`, `geo` and `health` do not know each other.* They meet in `snapshot`.
//! - *`answer` never allocates, waits, locks or fails.* What it can't answer is an RCODE or a counted drop.
//! - *No transport decides anything about an answer*, so transports can't differ.
//! - *Only `serving::Keeper` publishes.* Readers hold a view for one batch of queries and nothing longer.
//!
//! # Words
//!
//! A **binding** ties a name to its policy. A **check** says how to probe, a **probe** is one run of it with an **outcome**, the
//! **verdict** (up, down, unknown) follows from outcomes. An **endpoint** is one machine, a **pool** endpoints in one place, a
//! **policy** chooses among pools or policies. A **place** is where on Earth, a **region** clients with the same order of places,
//! a **scope** how widely an answer may be reused (RFC 7871). A **snapshot** is compiled configuration, **serving** what
//! answers now, a **generation** its number, a **view** what one query sees, **facts** what happened to it.

// Floor 0: what everybody may use.
pub mod diagnostic;
pub mod limits;
pub mod room;
pub mod wire;

// Floor 1: pure, blind to each other.
pub mod geo;
pub mod health;
pub mod zone;

// Floor 2: what the operator wrote, as it is true.
pub mod config;

// Floor 3: everything compiled.
pub mod snapshot;

// Floor 4: query bytes to answer bytes.
pub mod answer;

// ============ the IO line: sockets, files, clock, dice and logs only below ============

// Floor 5
pub mod load;
pub mod metrics;
pub mod serving;
pub mod state;

// Floor 6: the doors, blind to each other.
pub mod control;
pub mod probe;
pub mod resolve;
pub mod transport;

// Floor 7
pub mod daemon;

/// Goldens are compared and rewritten in one way, here and in the suite.
#[cfg(test)]
#[path = "../tests/suite/harness/golden.rs"]
mod golden;
