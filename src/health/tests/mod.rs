//! Verdicts on virtual time: a whole prober without a socket, in a world whose every fault is written down.

mod blindness;
mod damping;
mod loss;
mod table;
mod world;

use std::time::Duration;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
