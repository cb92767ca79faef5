//! The one integration binary, in reading order: what the tests stand on, then the tests.
// Helpers of tests may fail loudly too; clippy.toml allows it only inside `#[test]` functions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod harness;
mod scenario;
mod targets;

mod control;
mod corpus;
mod cut;
mod differential;
mod edns;
mod fuzz;
mod kinds;
mod laws;
mod mistakes;
mod names;
mod notices;
mod orders;
mod probe;
mod reference;
mod reload;
mod scenarios;
mod seen;
mod simulator;
mod strangers;
mod system_calls;
mod tidy;
mod types;
mod watch;
mod wire;
