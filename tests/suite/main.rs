//! x
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod scenario;

mod scenarios;

mod laws;
