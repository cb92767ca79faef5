//! Scenarios: text that a DNS operator can read and write, played against `answer()` in process, and against the binary
//! where they are marked so.
//!
//! `script.rs` is the outer form, `run.rs` the keywords, `world.rs` the way from texts to what answers, `door.rs` who is asked, `query.rs` the octets
//! asked with, `reply.rs` the decoder, `expect.rs` the comparison. The form is told in `tests/scenarios/README.md`.

pub(crate) mod door;
pub(crate) mod expect;
pub(crate) mod query;
pub(crate) mod reply;
mod run;
mod script;
pub(crate) mod world;

pub(crate) use expect::echoes;
pub(crate) use run::{listen, run, run_on_the_wire};
