//! Octets looked for in what an endpoint sends, piece by piece and no further than a limit.
//! No answer is ever held whole, and nothing is read here.

use crate::limits::PROBE_BODY_LENGTH_MAX;

/// A search that goes on.
#[derive(Debug)]
pub(super) struct Search<'n> {
    needle: &'n [u8],
    seen: Vec<u8>,
}

/// How a search stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It is there.
    Yes,
    /// It may still come.
    NotYet,
    /// Nothing further is looked at.
    Never,
}

impl<'n> Search<'n> {
    /// Nothing seen yet.
    pub(super) fn new(needle: &'n [u8]) -> Self {
        Self { needle, seen: Vec::new() }
    }

    /// Takes what came next.
    pub(super) fn take(&mut self, piece: &[u8]) -> Found {
        // The needle may lie across two pieces.
        let unsearched = self.seen.len().saturating_sub(self.needle.len());
        let room = PROBE_BODY_LENGTH_MAX.saturating_sub(self.seen.len());
        self.seen.extend(piece.iter().take(room));
        let fresh = self.seen.get(unsearched..).unwrap_or_default();
        if self.needle.is_empty() || fresh.windows(self.needle.len()).any(|part| part == self.needle) {
            Found::Yes
        } else if self.seen.len() < PROBE_BODY_LENGTH_MAX {
            Found::NotYet
        } else {
            Found::Never
        }
    }

    /// What was looked at so far.
    pub(super) fn seen(&self) -> &[u8] {
        &self.seen
    }
}
