//! What must hold of any bytes from strangers, target by target. `tests/fuzz` calls these bodies with what libFuzzer makes up;
//! `fuzz.rs` with the corpus, with what fuzzing once found, and with mutations of both.

mod asking;
mod config;
mod message;
mod mmdb;
mod query;
mod zone;

use signpost::diagnostic::{Diagnostic, Sources, render};
use signpost::limits::DIAGNOSTICS_PER_FILE_MAX;

/// Takes any bytes; panics if something does not hold.
pub(crate) type Body = fn(&[u8]);

/// Every target by the name of its folders under `tests/fuzz`.
pub(crate) const TARGETS: [(&str, Body); 4] =
    [("config", config::check), ("mmdb", mmdb::check), ("query", query::check), ("zone", zone::check)];

/// What an operator is told is told at a place inside a text, and not without bound.
fn hold_found(found: &[Diagnostic], sources: &Sources) {
    // Each file may bring so many, and no target reads more than two.
    assert!(found.len() <= 2 * DIAGNOSTICS_PER_FILE_MAX, "{} diagnostics", found.len());
    for diagnostic in found {
        let span = diagnostic.span.unwrap_or_else(|| panic!("nowhere: {diagnostic:?}"));
        for span in [Some(span), diagnostic.related.as_ref().map(|(_, span)| *span)].into_iter().flatten() {
            let length = sources.find(span.file).expect("a text that is there").text().len();
            assert!(span.start <= span.end && span.end as usize <= length, "{span:?} of {length}: {diagnostic:?}");
        }
        assert!(!diagnostic.message.is_empty(), "a fault without a word");
        let rendered = render(diagnostic, sources);
        let place = sources.place(span).expect("a place");
        assert!(rendered.starts_with(&place) && rendered.ends_with('\n'), "{rendered}");
        let bare = rendered.replace('\n', "");
        assert!(!bare.contains(char::is_control), "{rendered:?}");
    }
}
