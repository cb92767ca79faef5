//! What we say to an operator: place, fault, cause and next step.
//!
//! A [`Diagnostic`] is a value; whoever finds a fault makes one and goes on, so that one run reports them all. [`Sources`] holds
//! the texts that spans point into. Rendering is in `render.rs`; nothing here prints.

mod render;
mod suggest;
#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;

use crate::limits::DIAGNOSTICS_PER_FILE_MAX;

pub use render::render;
pub use suggest::did_you_mean;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It loads, but the operator probably means something else.
    Warning,
    /// It does not load.
    Error,
}

/// Which of the texts in [`Sources`] a span points into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

/// Bytes `start..end` of one source text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// The text pointed into.
    pub file: FileId,
    /// The first byte's offset.
    pub start: u32,
    /// One past the last byte's offset.
    pub end: u32,
}

impl Span {
    /// The place of what nobody wrote; no message points there.
    pub const NOWHERE: Self = Self { file: FileId(u32::MAX), start: 0, end: 0 };
}

/// One text that the operator wrote, under the name by which they know it.
#[derive(Debug)]
pub struct Source {
    id: FileId,
    name: String,
    text: Vec<u8>,
}

impl Source {
    /// The identity that spans into this text carry.
    pub fn id(&self) -> FileId {
        self.id
    }

    /// The path as the operator wrote it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text; zone files need not be UTF-8.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// A span of this text. Texts longer than 4 GiB are refused before they get here.
    pub fn span(&self, start: usize, end: usize) -> Span {
        let clamp = |offset: usize| u32::try_from(offset.min(self.text.len())).unwrap_or(u32::MAX);
        Span { file: self.id, start: clamp(start), end: clamp(end) }
    }

    /// Line and column of a byte, both from 1; columns count characters.
    pub fn position(&self, offset: u32) -> (usize, usize) {
        let offset = (offset as usize).min(self.text.len());
        let before = self.text.get(..offset).unwrap_or_default();
        let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let column = String::from_utf8_lossy(before.get(line_start..).unwrap_or_default()).chars().count() + 1;
        (line, column)
    }
}

/// The texts of one load, by [`FileId`].
#[derive(Debug, Default)]
pub struct Sources {
    texts: Vec<Arc<Source>>,
}

impl Sources {
    /// Keeps a text and gives it an identity.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Vec<u8>>) -> Arc<Source> {
        let id = FileId(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        let source = Arc::new(Source { id, name: name.into(), text: text.into() });
        self.texts.push(Arc::clone(&source));
        source
    }

    /// How many texts are kept.
    pub fn count(&self) -> usize {
        self.texts.len()
    }

    /// Forgets all texts but the first `count`, of which nothing more will be told.
    pub fn keep_first(&mut self, count: usize) {
        self.texts.truncate(count);
    }

    /// The text with this identity, if it is one of ours.
    pub fn find(&self, file: FileId) -> Option<&Source> {
        self.texts.get(file.0 as usize).map(Arc::as_ref)
    }

    /// `FILE:LINE:COLUMN` of a span's start.
    pub fn place(&self, span: Span) -> Option<String> {
        let source = self.find(span.file)?;
        let (line, column) = source.position(span.start);
        Some(format!("{}:{line}:{column}", source.name()))
    }
}

/// One finding for the operator.
///
/// Grammar of the texts: lower case, no full stop, names in double quotes, "expected X, but found Y" where it fits, and never
/// "invalid" without what would be valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Warning or error.
    pub severity: Severity,
    /// Where; `None` only where there is no text (a file that can't be read names itself in the message).
    pub span: Option<Span>,
    /// The fault.
    pub message: String,
    /// The cause in a few words, printed beside the caret.
    pub label: String,
    /// A second place that explains the first, such as "first defined here".
    pub related: Option<(String, Span)>,
    /// The next step.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, Some(span), message.into())
    }

    /// A warning at a place.
    pub fn warning(span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, Some(span), message.into())
    }

    /// An error without a text to point into.
    pub fn nowhere(message: impl Into<String>) -> Self {
        Self::new(Severity::Error, None, message.into())
    }

    fn new(severity: Severity, span: Option<Span>, message: String) -> Self {
        Self { severity, span, message, label: String::new(), related: None, help: None }
    }

    /// Adds the words beside the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds the next step.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a second place.
    #[must_use]
    pub fn related(mut self, what: impl Into<String>, span: Span) -> Self {
        self.related = Some((what.into(), span));
        self
    }
}

/// As many of the findings about one file as are shown, and one that says that there are more. No further one is made: a file
/// may hold a million alike, and each may cost a search for what was meant.
pub fn bounded(findings: impl IntoIterator<Item = Diagnostic>) -> Vec<Diagnostic> {
    let mut findings = findings.into_iter();
    let mut shown: Vec<Diagnostic> = findings.by_ref().take(DIAGNOSTICS_PER_FILE_MAX - 1).collect();
    if let Some(next) = findings.next() {
        let message = "there are more like this, which are not shown".to_owned();
        let more = Diagnostic { message, label: String::new(), related: None, ..next };
        shown.push(more.help("mend those above and check again"));
    }
    shown
}

/// Whether anything found forbids the load.
pub fn any_error(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
}
