//! What the tests stand on.

pub(crate) mod allocations;
pub(crate) mod asker;
pub(crate) mod client;
pub(crate) mod endpoint;
pub(crate) mod golden;
pub(crate) mod peers;
pub(crate) mod server;

use std::time::{Duration, Instant};

/// No test waits longer for what must happen; a busy machine takes its time.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// How often a test looks whether it has happened.
const GLANCE: Duration = Duration::from_millis(5);

/// A geo database with few networks, each in a known city.
pub(crate) const WORLD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/worlds/vectors.mmdb");
/// What every zone of the tests begins with.
pub(crate) const ZONE_HEAD: &str = "$TTL 3600
@   IN SOA ns1 hostmaster 1 7200 3600 1209600 300
    IN NS  ns1
ns1 IN A   192.0.2.53";

/// Looks again and again until there is something, and fails the test if that takes too long.
#[track_caller]
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(GLANCE);
    }
    panic!("waited {PATIENCE:?} in vain: {what}");
}

/// Numbers that look random and are the same in every run.
pub(crate) fn throw(dice: &mut u64) -> u32 {
    *dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*dice >> 33) as u32
}
