//! How things stand, gathered from all rooms for `status` and `explain`.
//!
//! Numbers and names only; the words are made in `control/`.

use std::time::{Duration, SystemTime};

use super::{Daemon, unguessable};
use crate::answer::Why;
use crate::control::{
    Clock, Filter, GeoStatus, OlderZone, ProbesStatus, Query, Reply, STATUS_FORMAT, Status, StatusRequest, down, kept_out,
};
use crate::metrics::{DROPS, REPLIES};
use crate::probe::Punctuality;
use crate::serving::Survey;

impl Daemon {
    /// The server, its alarms and the endpoints that are asked for, as JSON; or what is wrong with the request.
    pub(super) fn status(&self, request: &StatusRequest, survey: &Survey) -> Reply {
        let filter = match Filter::read(request, &survey.serving.snapshot) {
            Ok(filter) => filter,
            Err(reply) => return reply,
        };
        let mut status = self.server_status(survey);
        status.fill(survey, &filter);
        Reply::done(status.json())
    }

    fn server_status(&self, survey: &Survey) -> Status {
        let snapshot = &survey.serving.snapshot;
        let totals = self.registry.totals();
        let clock = Clock { moment: survey.moment, now: survey.now };
        let built = |epoch: u64| clock.calendar(SystemTime::UNIX_EPOCH + Duration::from_secs(epoch));
        let older = self.loader.older().into_iter().map(|older| OlderZone {
            zone: older.apex.to_string(),
            serial: older.serial,
            refused: clock.ago(older.refused_for),
        });
        let builds = snapshot.policies.world().summary().builds;
        let Punctuality { per_second, half, most } = self.prober.punctuality();
        Status {
            format: STATUS_FORMAT,
            version: env!("CARGO_PKG_VERSION").into(),
            now: clock.utc(),
            started: clock.ago(self.started.elapsed()),
            zones: snapshot.zones().len(),
            names: snapshot.zones().iter().map(|linked| linked.zone.name_count()).sum(),
            policies: snapshot.policies.written().len(),
            reload_refused: self.refused.map(|since| clock.ago(since.elapsed())),
            older_zones: older.collect(),
            geo: builds.into_iter().map(|build| GeoStatus { file: build.name, built: build.epoch.map(built) }).collect(),
            answered: totals.sum(REPLIES),
            dropped: totals.sum(DROPS),
            probes: ProbesStatus {
                per_second: (per_second * 10.0).round() / 10.0,
                half_within_seconds: half.as_secs_f64(),
                most_within_seconds: most.as_secs_f64(),
            },
            ..Status::default()
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
