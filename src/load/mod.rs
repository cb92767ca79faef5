//! Paths to bytes to a snapshot: reads everything the operator wrote, compiles it aside, all or nothing per zone.
//!
//! What failed keeps its last good version, never a default (invariant 4), and every fault is in the [`Report`]. Nothing is
//! published here: the daemon gives what was loaded to the Keeper.

mod check;
mod files;
mod loader;
mod report;
mod run;
mod versions;
mod watch;
mod zones;

#[cfg(test)]
mod tests;

pub use check::{check_zone, control_socket};
pub use files::Look;
pub use loader::{Loaded, Loader, Progress};
pub use report::Report;
pub use versions::Older;
pub use watch::Watch;
