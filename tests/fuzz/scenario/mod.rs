//! What the bodies take from the suite's scenarios: texts to a world, queries as octets, and replies read by another decoder.

#[path = "../../suite/scenario/query.rs"]
pub(crate) mod query;
#[path = "../../suite/scenario/reply.rs"]
pub(crate) mod reply;
#[path = "../../suite/scenario/world.rs"]
pub(crate) mod world;
