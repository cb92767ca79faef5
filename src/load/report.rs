//! What a load found, ready to print: every fault with its place, and what stands.
//! Printed by the command line and logged by the daemon; nothing is printed here.

use std::time::Duration;

use super::versions::Older;
use crate::diagnostic::{Diagnostic, Severity, Sources, render};

/// The findings of one load.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Each finding as text that ends in a newline, in the order found.
    pub findings: Vec<(Severity, String)>,
    /// Whether nothing of it stands: what was good before goes on.
    pub is_refused: bool,
    /// Whether the very file that was to be looked at can't be read: then nothing is known of it.
    pub is_unread: bool,
    /// The zones that serve on as they were.
    pub older: Vec<Older>,
    /// How many zones are served.
    pub zones: usize,
    /// How many zones were read for it; those that did not change are not.
    pub read: usize,
    /// How many names they have.
    pub names: usize,
    /// How many records.
    pub records: usize,
    /// How many names are bound.
    pub steered: usize,
    /// How long all of it took, where that is told.
    pub took: Option<Duration>,
}

impl Report {
    /// Adds findings, rendered with their sources.
    pub(super) fn extend(&mut self, diagnostics: impl IntoIterator<Item = Diagnostic>, sources: &Sources) {
        self.findings.extend(diagnostics.into_iter().map(|diagnostic| (diagnostic.severity, render(&diagnostic, sources))));
    }

    /// How many errors were found.
    pub fn errors(&self) -> usize {
        self.count(Severity::Error)
    }

    /// How many warnings were found.
    pub fn warnings(&self) -> usize {
        self.count(Severity::Warning)
    }

    fn count(&self, wanted: Severity) -> usize {
        self.findings.iter().filter(|(severity, _)| *severity == wanted).count()
    }

    /// All findings, one after the other.
    pub fn text(&self) -> String {
        self.findings.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// The exit code of a command that only looks: 0 all good, 1 the input is bad, 2 there is no input.
    pub fn exit(&self) -> u8 {
        if self.is_unread { 2 } else { u8::from(self.errors() > 0) }
    }

    /// How many of both, in words.
    pub fn found(&self) -> String {
        counted(&[(self.errors(), "error"), (self.warnings(), "warning")])
    }

    /// What stands, in one line.
    pub fn summary(&self) -> String {
        if self.is_refused {
            return format!("refused whole: {}", self.found());
        }
        let standing = [(self.zones, "zone"), (self.names, "name"), (self.records, "record"), (self.steered, "steered name")];
        let took = self.took.map(|took| format!(" ({} read in {:.2} s)", counted(&[(self.read, "zone")]), took.as_secs_f64()));
        format!("{}, {}{}", counted(&standing), self.found(), took.unwrap_or_default())
    }

    /// The same of a server that serves already: what stays as it was, and which zones that are.
    pub fn outcome(&self) -> String {
        let stays = match (self.is_refused, self.errors()) {
            (true, _) => "; everything serves on as it was",
            (false, 0) => "",
            (false, _) => "; what was refused stays as it was",
        };
        let older =
            self.older.iter().map(|zone| format!("\n  {} still serves serial {}: its file is refused", zone.apex, zone.serial));
        format!("{}{stays}{}", self.summary(), older.collect::<String>())
    }
}

/// "1 zone, 2 names"
fn counted(counts: &[(usize, &str)]) -> String {
    let parts: Vec<String> =
        counts.iter().map(|(count, noun)| format!("{count} {noun}{}", if *count == 1 { "" } else { "s" })).collect();
    parts.join(", ")
}
