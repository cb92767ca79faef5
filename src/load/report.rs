//! What a load found, ready to print: every fault with its place, and what stands.
//! Printed by the command line and logged by the daemon; nothing is printed here.

use std::time::Duration;

use crate::diagnostic::{Diagnostic, Severity, Sources, render};

/// The findings of one load.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Each finding as text that ends in a newline, in the order found.
    pub findings: Vec<(Severity, String)>,
    /// Whether nothing of it stands: what was good before goes on.
    pub is_refused: bool,
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

    /// What stands, in one line.
    pub fn summary(&self) -> String {
        let found = [(self.errors(), "error"), (self.warnings(), "warning")];
        if self.is_refused {
            return format!("refused whole: {}", counted(&found));
        }
        let standing = [(self.zones, "zone"), (self.names, "name"), (self.records, "record"), (self.steered, "steered name")];
        let took = self.took.map(|took| format!(" ({} read in {:.2} s)", counted(&[(self.read, "zone")]), took.as_secs_f64()));
        format!("{}, {}{}", counted(&standing), counted(&found), took.unwrap_or_default())
    }
}

/// "1 zone, 2 names"
fn counted(counts: &[(usize, &str)]) -> String {
    let parts: Vec<String> =
        counts.iter().map(|(count, noun)| format!("{count} {noun}{}", if *count == 1 { "" } else { "s" })).collect();
    parts.join(", ")
}
