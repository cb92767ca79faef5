//! What was found so far in one zone, bounded: a file of another kind would otherwise bring one fault a line.
//!
//! Errors go before warnings; what is dropped is counted and said. Order of finding is kept.

use crate::diagnostic::{Diagnostic, Severity};
use crate::limits::DIAGNOSTICS_PER_FILE_MAX;

/// How many are kept; one more says how many are not.
const KEPT_MAX: usize = DIAGNOSTICS_PER_FILE_MAX - 1;

/// The diagnostics of one zone.
#[derive(Debug, Default)]
pub(super) struct Findings {
    kept: Vec<Diagnostic>,
    errors: usize,
    dropped: usize,
}

impl Findings {
    /// Keeps a finding; where there is no room, an error takes the place of the last warning.
    pub(super) fn push(&mut self, finding: Diagnostic) {
        let is_error = finding.severity == Severity::Error;
        if self.kept.len() == KEPT_MAX {
            self.dropped += 1;
            let warning = self.kept.iter().rposition(|kept| kept.severity == Severity::Warning);
            let Some(warning) = warning.filter(|_| is_error) else { return };
            self.kept.remove(warning);
        }
        self.errors += usize::from(is_error);
        self.kept.push(finding);
    }

    /// Counts findings that were never put into words, because there are too many of their kind.
    pub(super) fn count(&mut self, more: usize) {
        self.dropped += more;
    }

    /// Keeps a finding if there is one.
    pub(super) fn extend(&mut self, finding: Option<Diagnostic>) {
        if let Some(finding) = finding {
            self.push(finding);
        }
    }

    /// Whether anything found forbids the load.
    pub(super) fn any_error(&self) -> bool {
        self.errors > 0
    }

    /// Whether there is nothing to tell.
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty() && self.dropped == 0
    }

    /// Whether further errors could not be told, so that reading on is in vain.
    pub(super) fn is_full(&self) -> bool {
        self.errors >= KEPT_MAX
    }

    /// All that was kept, and a last one about what was not.
    pub(super) fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        let place = self.kept.last().and_then(|last| last.span);
        if let Some(place) = place.filter(|_| self.is_full() || self.dropped > 0) {
            let last = if self.is_full() {
                Diagnostic::error(place, "too many faults; what follows is not shown")
            } else {
                Diagnostic::warning(place, format!("{} more warnings are not shown", self.dropped))
            };
            self.kept.push(last.label("the last one shown").help("mend what is shown, then check again"));
        }
        self.kept
    }
}
