//! What commands ask of files without a load: one zone's faults, and where the server's control socket is.
//! Loads are `loader.rs`'s matter.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::folder_of;
use super::report::Report;
use super::run::Run;
use super::zones::{Setting, read_zone};
use crate::snapshot::{Policies, link, lint, lint_load, resolve};
use crate::wire::Name;

/// Checks one zone file as the zone `apex`; with what the configuration at `config` says, if there is one.
pub fn check_zone(config: &Path, apex: &Name, path: &Path) -> Report {
    let mut run = Run::default();
    let config = if config.exists() { run.read_config(config) } else { None };
    let rules = config.as_ref().and_then(|config| config.zones.iter().find(|rules| rules.apex == *apex));
    let setting = Setting { root: folder_of(path), rules, config: config.as_ref(), seed: 0 };
    let texts = run.sources.count();
    let read = read_zone(apex, path, setting, &mut run.sources);
    run.report.is_unread = run.sources.count() == texts;
    run.tell(read.diagnostics);
    // Where clients are does not matter here.
    let policies = config.as_ref().map(|config| (config, Policies::compile(config, Arc::default(), None).0));
    let (parsed, compiled) = match read.compiled {
        Ok(good) => good,
        Err(bindings) => {
            let faults = policies.and_then(|(config, policies)| resolve(apex, &bindings, rules, config, &policies).err());
            run.tell(faults.into_iter().flatten());
            return run.report;
        }
    };
    run.report.read = 1;
    run.report.zones = 1;
    run.report.names = compiled.name_count();
    run.report.records = parsed.records.len();
    run.report.steered = compiled.bindings().len();
    if let Some((config, policies)) = policies {
        match link(Arc::new(compiled), rules, config, &policies) {
            Ok(linked) => {
                run.tell(lint(&parsed, &linked, &policies));
                let bound: Vec<_> = linked.links.iter().map(|link| link.node).collect();
                // No database was read, so the time does not matter.
                run.tell(lint_load(config, &bound, policies.world(), 0));
            }
            Err(faults) => run.tell(faults),
        }
    }
    run.report
}

/// The control socket that a server with this configuration listens on; a broken file has the usual one.
pub fn control_socket(config: &Path) -> PathBuf {
    let mut run = Run::default();
    run.read_config(config).map_or_else(|| folder_of(config).join("signpost.sock"), |config| config.server.control)
}
