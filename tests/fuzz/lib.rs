//! The door from libFuzzer to the bodies that the suite runs, too; they stand in `tests/suite/targets`.
// The suite uses more of these modules than the targets do.
#![allow(dead_code, unused_imports, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod scenario;
#[path = "../suite/targets/mod.rs"]
mod targets;

/// Runs the body of a target.
pub fn run(name: &str, octets: &[u8]) {
    let body = targets::TARGETS.iter().find(|(known, _)| *known == name).map(|(_, body)| body);
    body.expect("a target of this name")(octets);
}
