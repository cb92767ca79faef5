//! Lints of the geo databases: how old they are, as of a time that is given.
//! What they know, and whether anybody asks it, is in `../blind.rs`.

use std::time::Duration;

use crate::config::{GeoFile, Server};
use crate::diagnostic::Diagnostic;
use crate::geo::World;

const DAY: u64 = 86_400;

/// Databases, and when it is.
pub(super) struct Aged<'a> {
    pub(super) server: &'a Server,
    pub(super) world: &'a World,
    /// Seconds since 1970.
    pub(super) now: u64,
}

/// Files of text have no date of their own and are never too old.
pub(super) fn geo_age(aged: &Aged<'_>) -> Vec<Diagnostic> {
    let builds = aged.world.summary().builds;
    let stale = |file: &GeoFile| {
        let build = builds.iter().find(|build| build.name == file.path.display().to_string())?;
        let age = aged.now.saturating_sub(build.epoch?);
        (Duration::from_secs(age) > aged.server.geoip_age).then(|| {
            let days = age / DAY;
            let message = format!("the database \"{}\" was built {days} days ago", build.name);
            Diagnostic::warning(file.span, message)
                .label("listed here; networks have moved since")
                .help(format!("replace it by a newer one, or allow the age: geoip_age = \"{}d\" in [server]", days + DAYS_MORE))
        })
    };
    aged.server.geoip.iter().filter_map(stale).collect()
}

/// How much longer than its age the help allows a database: a warning that comes back tomorrow is no next step.
const DAYS_MORE: u64 = 100;
