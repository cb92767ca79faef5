//! One text of the configuration as a tree of TOML values with their places, and the list of what is wrong with it.
//!
//! Nothing here knows what a key means: text that is not UTF-8 or not TOML is refused, the rest goes on to `table.rs`.

use std::cell::RefCell;
use std::path::Path;

use toml::Spanned;
use toml::de::DeTable;

use crate::diagnostic::{Diagnostic, FileId, Severity, Source, Span, any_error};
use crate::limits::DIAGNOSTICS_PER_FILE_MAX;

/// One file of the configuration.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    /// Its text.
    pub source: &'a Source,
    /// The folder from which its relative paths count.
    pub folder: &'a Path,
}

/// What is wrong in all files; every reader reports here and goes on.
#[derive(Debug, Default)]
pub(super) struct Faults {
    found: RefCell<Vec<Diagnostic>>,
}

impl Faults {
    pub(super) fn report(&self, diagnostic: Diagnostic) {
        self.found.borrow_mut().push(diagnostic);
    }

    pub(super) fn any_error(&self) -> bool {
        any_error(&self.found.borrow())
    }

    /// In the order in which the operator reads the files, at most [`DIAGNOSTICS_PER_FILE_MAX`] a file.
    pub(super) fn into_diagnostics(self, files: &[FileId]) -> Vec<Diagnostic> {
        let mut found = self.found.into_inner();
        found.sort_by_key(|diagnostic| diagnostic.span.map_or(0, |span| span.start));
        files.iter().flat_map(|&file| in_one_file(&found, file)).collect()
    }
}

fn in_one_file(found: &[Diagnostic], file: FileId) -> Vec<Diagnostic> {
    let mut of_file: Vec<Diagnostic> =
        found.iter().filter(|diagnostic| diagnostic.span.is_some_and(|span| span.file == file)).cloned().collect();
    if of_file.len() > DIAGNOSTICS_PER_FILE_MAX {
        // No warning may push out the error that forbids the load.
        of_file.sort_by_key(|diagnostic| std::cmp::Reverse(diagnostic.severity));
        let cut = of_file.split_off(DIAGNOSTICS_PER_FILE_MAX - 1);
        let rest = cut.first().and_then(|first| first.span).map(|span| more(span, cut.len()));
        of_file.extend(rest);
    }
    of_file
}

fn more(span: Span, count: usize) -> Diagnostic {
    let mut diagnostic = Diagnostic::warning(span, format!("{count} more faults of this file are not shown"));
    diagnostic.severity = Severity::Error;
    diagnostic.help("mend those above and run it again")
}

/// The text as TOML; a fault of syntax hides all that follows it, so it is the only one reported.
pub(super) fn toml<'a>(source: &'a Source, faults: &Faults) -> Option<Spanned<DeTable<'a>>> {
    match std::str::from_utf8(source.text()) {
        Ok(text) => DeTable::parse(text).map_err(|error| faults.report(syntax(source, &error))).ok(),
        Err(error) => {
            let at = error.valid_up_to();
            let byte = source.text().get(at).copied().unwrap_or_default();
            let message = format!("expected UTF-8 text, but found the byte 0x{byte:02X}");
            faults.report(Diagnostic::error(source.span(at, at + 1), message).help("save the file as UTF-8"));
            None
        }
    }
}

fn syntax(source: &Source, error: &toml::de::Error) -> Diagnostic {
    let span = error.span().unwrap_or_default();
    let help = if error.message().contains("duplicate") {
        "write each key and each table once"
    } else {
        "write a table as [pool.eu] and a value as key = \"text\", 5, true, [\"a\", \"b\"] or { key = 5 }"
    };
    Diagnostic::error(source.span(span.start, span.end), format!("this is not TOML: {}", error.message())).help(help)
}
