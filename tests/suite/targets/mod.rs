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

/// Of no file more is told than an operator reads.
fn hold_bounded(found: &[Diagnostic], files: usize, sources: &Sources) {
    assert!(found.len() <= files * DIAGNOSTICS_PER_FILE_MAX, "{} diagnostics", found.len());
    hold_found(found, sources);
}

/// What an operator is told is told at a place inside a text.
fn hold_found(found: &[Diagnostic], sources: &Sources) {
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
