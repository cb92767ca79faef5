//! How things stand, gathered from all rooms for `status` and `explain`.
//!
//! Numbers and names only; the words are made in `control/`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Daemon, unguessable};
use crate::answer::Why;
use crate::control::{GeoStatus, ProbesStatus, Query, Status, down, endpoints, kept_out};
use crate::metrics::{DROPS, REPLIES};
use crate::probe::Punctuality;
use crate::serving::Survey;

impl Daemon {
    /// The server and its endpoints.
    pub(super) fn status(&self, survey: &Survey) -> Status {
        let snapshot = &survey.serving.snapshot;
        let totals = self.registry.totals();
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let age = |epoch: u64| since_epoch.saturating_sub(Duration::from_secs(epoch));
        let builds = snapshot.policies.world().summary().builds;
        let Punctuality { per_second, half, most } = self.prober.punctuality();
        Status {
            version: env!("CARGO_PKG_VERSION").into(),
            uptime: self.started.elapsed(),
            generation: survey.serving.generation,
            zones: snapshot.zones().len(),
            older: self.loader.older(),
            refused_for: self.refused.map(|since| since.elapsed()),
            names: snapshot.zones().iter().map(|linked| linked.zone.name_count()).sum(),
            policies: snapshot.policies.written().len(),
            geo: builds.into_iter().map(|build| GeoStatus { file: build.name, age: build.epoch.map(age) }).collect(),
            answered: totals.sum(REPLIES),
            dropped: totals.sum(DROPS),
            probes: ProbesStatus { per_second, half, most },
            endpoints: endpoints(&snapshot.policies, &survey.standings, survey.now),
        }
    }

    /// Why a client gets what it gets, now.
    pub(super) fn explain(&self, query: &Query, survey: &Survey) -> String {
        let probes = survey.serving.snapshot.policies.probes();
        let why = |index: u32| {
            let check = self.config.checks.get(probes.get(index as usize)?.check.0 as usize)?;
            down(check, survey.standings.get(index as usize)?.as_ref()?, survey.now)
        };
        let ordered = |pool: &str, endpoint: &str| kept_out(&survey.orders, pool, endpoint, survey.moment);
        query.explain(&survey.serving, &Why { down: &why, ordered: &ordered }, unguessable())
    }
}
