//! Where Signpost may differ from its peers, and by which section of which RFC.

use super::compare::{Part, Stand};
use super::panel::Replies;
use super::world::Case;

/// One difference that is meant.
pub(super) struct Exception {
    pub(super) name: &'static str,
    pub(super) rfc: &'static str,
    pub(super) why: &'static str,
    covers: fn(&Seen<'_>) -> bool,
}

/// One difference as it was seen.
pub(super) struct Seen<'a> {
    pub(super) case: &'a Case,
    pub(super) part: Part,
    pub(super) stand: Stand,
    pub(super) replies: &'a Replies,
}

pub(super) const EXCEPTIONS: &[Exception] = &[Exception {
    name: "one RRset for ANY",
    rfc: "RFC 8482 §4.1",
    why: "one RRset of the name is enough of an answer to ANY; the peers give all of them",
    covers: |seen| seen.case.question.rtype == 255 && matches!(seen.part, Part::Answer | Part::Truncation | Part::Additional),
}];

/// The exception that covers this difference, by its place in the table.
pub(super) fn covering(seen: &Seen<'_>) -> Option<usize> {
    EXCEPTIONS.iter().position(|exception| (exception.covers)(seen))
}
