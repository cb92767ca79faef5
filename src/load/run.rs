//! One load on its way: the texts read so far, what was looked at, and what is to be told of it.
//!
//! Reads the configuration and the databases, each fault at the place that names the file. What is kept of it, and what becomes
//! of zones, is decided in `loader.rs`.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use super::files::{self, Seen, folder_of};
use super::report::Report;
use super::zones::ZoneFile;
use crate::config::{self, Config, GeoFile};
use crate::diagnostic::{Diagnostic, Severity, Source, Sources, Span, did_you_mean};
use crate::geo::World;
use crate::limits::{CONFIG_FILE_LENGTH_MAX, GEO_FILE_LENGTH_MAX};
use crate::wire::Name;

/// One load on its way.
#[derive(Default)]
pub(super) struct Run {
    pub sources: Sources,
    pub report: Report,
    pub seen: Seen,
}

impl Run {
    pub(super) fn tell(&mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        self.report.extend(diagnostics, &self.sources);
    }

    /// The configuration of `path` and what it includes.
    pub(super) fn read_config(&mut self, path: &Path) -> Option<Config> {
        self.seen.note(path);
        let main = self.read_text(path, None);
        self.report.is_unread = main.is_none();
        let main = main?;
        let (patterns, faults) = config::includes(&main);
        self.tell(faults);
        let mut texts = vec![(main, folder_of(path).to_owned())];
        let mut complete = true;
        for (pattern, span) in patterns {
            let paths = self.seen.note_list(&folder_of(path).join(pattern)).unwrap_or_else(|unreadable| {
                self.tell([unreadable.at(Some(span))]);
                complete = false;
                Arc::default()
            });
            for path in paths.iter() {
                // A file is read once, whatever patterns name it; they may name the one that they stand in, too.
                if self.seen.note(path) {
                    match self.read_text(path, Some(span)) {
                        Some(text) => texts.push((text, folder_of(path).to_owned())),
                        None => complete = false,
                    }
                }
            }
        }
        let texts: Vec<config::Text<'_>> = texts.iter().map(|(source, folder)| config::Text { source, folder }).collect();
        let (config, faults) = config::parse(&texts);
        self.tell(faults);
        config.filter(|_| complete)
    }

    /// The text of a file; `span` is where it is included.
    fn read_text(&mut self, path: &Path, span: Option<Span>) -> Option<Arc<Source>> {
        match files::read(path, CONFIG_FILE_LENGTH_MAX) {
            Ok(text) => Some(self.sources.add(path.display().to_string(), text)),
            Err(unreadable) => {
                let fault = unreadable.at(span);
                let main = span.is_none();
                self.tell([if main {
                    fault.help("name the configuration: --config /etc/signpost/signpost.toml")
                } else {
                    fault
                }]);
                None
            }
        }
    }

    /// The world of these databases; nothing if one of them is bad.
    pub(super) fn read_world(&mut self, databases: &[GeoFile]) -> Option<World> {
        let mut texts = Vec::with_capacity(databases.len());
        let mut faults = Vec::new();
        for GeoFile { path, span } in databases {
            match files::read(path, GEO_FILE_LENGTH_MAX) {
                Ok(text) => texts.push((path.display().to_string(), text)),
                Err(unreadable) => faults.push(unreadable.at(Some(*span))),
            }
        }
        let complete = faults.is_empty();
        let world =
            World::read(&texts).map_err(|found| faults.extend(found.into_iter().map(|fault| bad_database(fault, databases))));
        self.tell(faults);
        world.ok().filter(|_| complete)
    }

    /// A folder without any zone: everybody would be refused.
    pub(super) fn warn_of_no_zone(&mut self, config: &Config, zones: &[ZoneFile]) {
        let server = &config.server;
        if !zones.is_empty() {
            return;
        }
        let message = format!("no zone is served: the folder \"{}\" has no zone file", server.zones.display());
        let warning = Diagnostic { severity: Severity::Warning, span: server.zones_span, ..Diagnostic::nowhere(message) };
        let example = server.zones.join("example.com.zone");
        let help = format!("a zone's file is called like the zone, with the ending \".zone\": \"{}\"", example.display());
        self.tell([warning.label("no file here ends in \".zone\"").help(help)]);
    }

    /// What is served now would all be gone at once: a folder that was not mounted, or the wrong one, not an operator's wish.
    pub(super) fn refuse_to_lose_all(&mut self, config: &Config, served: usize) {
        let server = &config.server;
        let lost = if served == 1 { "the zone that is" } else { "the zones that are" };
        let message = format!("no zone would be left: the folder \"{}\" has no file for {lost} served", server.zones.display());
        let error = Diagnostic { span: server.zones_span, ..Diagnostic::nowhere(message) };
        let help = "put the zone files back, or name the folder that has them; to serve no zone at all, stop the server";
        self.tell([error.label("no file here can be served in their place").help(help)]);
    }

    /// A `[zone."NAME"]` for which there is no file is most likely a slip.
    pub(super) fn warn_of_rules_without_zone(&mut self, config: &Config, zones: &[ZoneFile]) {
        if config.zones.is_empty() {
            return;
        }
        let served: HashSet<&Name> = zones.iter().map(|zone| &zone.apex).collect();
        let warning = |rules: &config::ZoneRules| {
            let apex = rules.apex.to_string();
            let help = match near_zone(&apex, zones) {
                Some(near) => format!("did you mean [zone.\"{near}\"]?"),
                None => format!("a zone's file is called \"{apex}zone\" and lies in \"{}\"", config.server.zones.display()),
            };
            Diagnostic::warning(rules.span, format!("zone \"{apex}\" is not served")).label("no such zone file").help(help)
        };
        let unserved = config.zones.iter().filter(|rules| !served.contains(&rules.apex));
        self.tell(unserved.map(warning).collect::<Vec<_>>());
    }
}

/// The zone that was probably meant: the same but for a slip in the first label.
fn near_zone(apex: &str, served: &[ZoneFile]) -> Option<String> {
    let (label, rest) = apex.split_once('.')?;
    let served: Vec<String> = served.iter().map(|zone| zone.apex.to_string()).collect();
    let siblings = served.iter().filter_map(|name| name.split_once('.')).filter(|(_, other)| *other == rest);
    let near = did_you_mean(label, siblings.map(|(label, _)| label))?;
    Some(format!("{near}.{}", rest.trim_end_matches('.')))
}

/// A fault in a database, at the place that lists the file.
fn bad_database(fault: String, databases: &[GeoFile]) -> Diagnostic {
    let is_of = |file: &&GeoFile| fault.strip_prefix(&file.path.display().to_string()).is_some_and(|rest| rest.starts_with(':'));
    let span = databases.iter().find(is_of).map(|file| file.span);
    let help = "correct or replace the file; until then the last good one serves on, if there is one";
    Diagnostic { span, ..Diagnostic::nowhere(fault) }.label("listed here").help(help)
}
