//! Values and tables of one file, each with its place, and the messages that every reader needs: unknown and missing keys,
//! wrong types and values.
//!
//! What the words in them mean is the business of `value.rs` and of the reader of each table.

use std::borrow::Cow;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::document::{Faults, Text};
use super::keys::{self, Shape};
use super::spec::Placed;
use crate::diagnostic::{Diagnostic, Span, did_you_mean};

/// A file while it is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct File<'a> {
    pub(super) text: Text<'a>,
    pub(super) faults: &'a Faults,
}

/// One value of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item<'a> {
    pub(super) file: File<'a>,
    pub(super) value: &'a DeValue<'a>,
    pub(super) span: Span,
}

/// One table of a file, its unknown keys already reported.
#[derive(Debug)]
pub(super) struct Table<'a> {
    file: File<'a>,
    shape: &'static Shape,
    entries: &'a DeTable<'a>,
    /// As messages call this one: `pool "eu"`.
    subject: String,
    /// Where it is defined: its name if it has one.
    pub(super) span: Span,
}

impl<'a> File<'a> {
    /// The top of the file.
    pub(super) fn table(self, entries: &'a DeTable<'a>, shape: &'static Shape) -> Table<'a> {
        let table = Table { file: self, shape, entries, subject: shape.noun.to_owned(), span: self.text.source.span(0, 0) };
        table.report_unknown();
        table
    }

    pub(super) fn span(self, range: Range<usize>) -> Span {
        self.text.source.span(range.start, range.end)
    }
}

impl<'a> Item<'a> {
    /// This value as a table that its kind names well enough.
    pub(super) fn table(self, shape: &'static Shape) -> Option<Table<'a>> {
        self.open(shape, shape.noun.to_owned(), self.span)
    }

    /// This value as the table that defines `name`.
    pub(super) fn named_table(self, shape: &'static Shape, noun: &str, name: Placed<&str>) -> Option<Table<'a>> {
        self.open(shape, format!("{noun} \"{}\"", name.value.escape_debug()), name.span)
    }

    fn open(self, shape: &'static Shape, subject: String, span: Span) -> Option<Table<'a>> {
        let Some(entries) = self.value.as_table() else {
            self.wrong_type(&format!("a table that says what {subject} is"), &format!("write {}", shape.example));
            return None;
        };
        let table = Table { file: self.file, shape, entries, subject, span };
        table.report_unknown();
        Some(table)
    }

    /// The entries of a table whose keys the operator chooses, in the order of the file.
    pub(super) fn members(self, expected: &str, help: &str) -> Vec<(Placed<&'a str>, Self)> {
        let Some(entries) = self.value.as_table() else {
            self.wrong_type(expected, help);
            return Vec::new();
        };
        let mut members: Vec<(Placed<&'a str>, Self)> =
            entries.iter().map(|(key, value)| member(self.file, key, value)).collect();
        members.sort_by_key(|(name, _)| name.span.start);
        members
    }

    /// The items of a list, or this one alone.
    pub(super) fn list(self) -> Vec<Self> {
        match self.value.as_array() {
            Some(values) => values
                .iter()
                .map(|value| Self { file: self.file, value: value.get_ref(), span: self.file.span(value.span()) })
                .collect(),
            None => vec![self],
        }
    }

    /// Reports a value of another type than expected.
    pub(super) fn wrong_type(self, expected: &str, help: &str) {
        self.report(self.fault(format!("expected {expected}, but found {}", self.kind())).help(help));
    }

    /// Reports a value of the right type that can't be.
    pub(super) fn wrong_value(self, expected: &str, help: impl Into<String>) {
        self.report(self.fault(format!("expected {expected}, but found {}", self.shown())).help(help));
    }

    /// An error at this value.
    pub(super) fn fault(self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(self.span, message)
    }

    pub(super) fn report(self, diagnostic: Diagnostic) {
        self.file.faults.report(diagnostic);
    }

    /// The type of the value, for messages.
    pub(super) fn kind(self) -> &'static str {
        match self.value {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "an integer",
            DeValue::Float(_) => "a float",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        }
    }

    /// The value as the operator wrote it, if it is short enough to be repeated.
    fn shown(self) -> Cow<'a, str> {
        let source = self.file.text.source.text();
        let written = source.get(self.span.start as usize..self.span.end as usize).unwrap_or_default();
        match std::str::from_utf8(written) {
            Ok(text) if text.len() <= 60 && !text.chars().any(char::is_control) => Cow::Borrowed(text),
            _ => Cow::Borrowed(self.kind()),
        }
    }
}

impl<'a> Table<'a> {
    /// The value of a key, if it is written.
    pub(super) fn get(&self, key: &str) -> Option<Item<'a>> {
        self.entries.get(key).map(|value| Item { file: self.file, value: value.get_ref(), span: self.file.span(value.span()) })
    }

    /// What `read` makes of the value of a key, if it is written and right.
    pub(super) fn read<T>(&self, key: &str, read: impl FnOnce(Item<'a>) -> Option<T>) -> Option<T> {
        self.get(key).and_then(read)
    }

    /// The value of a key without which the table means nothing.
    pub(super) fn require(&self, key: &str, help: &str) -> Option<Item<'a>> {
        if self.lacks(key) {
            self.report(self.fault(format!("{} lacks \"{key}\"", self.subject)).help(help));
        }
        self.get(key)
    }

    /// Whether a key is not written, not even with a slip of the finger: that has had its own message.
    pub(super) fn lacks(&self, key: &str) -> bool {
        self.get(key).is_none() && !self.unknown().any(|(written, _)| self.near(written.value) == Some(key))
    }

    /// Reports each of these keys that is written although the table, being what it is, has no use for it.
    pub(super) fn refuse(&self, keys: &[&str], what: &str, help: &str) {
        for key in keys.iter().filter(|key| self.entries.contains_key(**key)) {
            let fault = Diagnostic::error(self.key_span(key), format!("\"{key}\" does not apply to {what}"));
            self.report(fault.help(help));
        }
    }

    /// Where a key is written; the table's own place if it isn't.
    pub(super) fn key_span(&self, key: &str) -> Span {
        self.entries.get_key_value(key).map_or(self.span, |(key, _)| self.file.span(key.span()))
    }

    /// The table as messages call it.
    pub(super) fn subject(&self) -> &str {
        &self.subject
    }

    /// An error at the table's own place.
    pub(super) fn fault(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(self.span, message)
    }

    pub(super) fn report(&self, diagnostic: Diagnostic) {
        self.file.faults.report(diagnostic);
    }

    fn unknown(&self) -> impl Iterator<Item = (Placed<&'a str>, Item<'a>)> {
        let members = self.entries.iter().map(|(key, value)| member(self.file, key, value));
        members.filter(|(key, _)| !self.shape.keys.contains(&key.value))
    }

    /// The key that was probably meant.
    fn near(&self, key: &str) -> Option<&'static str> {
        did_you_mean(key, self.shape.keys.iter().copied())
    }

    fn report_unknown(&self) {
        for (key, value) in self.unknown() {
            let message = format!("unknown key \"{}\" in {}", key.value.escape_debug(), self.subject);
            self.report(Diagnostic::error(key.span, message).help(self.unknown_key_help(key.value, value)));
        }
    }

    fn unknown_key_help(&self, key: &str, value: Item<'_>) -> String {
        let near = self.near(key);
        match (self.shape.noun, key) {
            ("an included file", "server" | "include") => return format!("move \"{key}\" to signpost.toml itself"),
            ("\"not\"", "not") => return "\"not\" goes one level deep; write a rule of its own before this one".to_owned(),
            ("a zone", _) if value.value.is_table() && near.is_none() => {
                return "a dot in a zone's name needs quotes: [zone.\"example.com\"]".to_owned();
            }
            _ => {}
        }
        let elsewhere: Vec<&str> = keys::ALL.iter().filter(|other| other.keys.contains(&key)).map(|other| other.noun).collect();
        let elsewhere = (!elsewhere.is_empty()).then(|| format!("\"{key}\" is a key of {}", elsewhere.join(", of ")));
        let here = self.shape.keys.join(", ");
        match (near, elsewhere) {
            (Some(near), None) => format!("did you mean \"{near}\"?"),
            (Some(near), Some(elsewhere)) => format!("did you mean \"{near}\"? ({elsewhere})"),
            (None, None) => format!("the keys of {} are {here}", self.shape.noun),
            (None, Some(elsewhere)) => format!("{elsewhere}; the keys here are {here}"),
        }
    }
}

fn member<'a>(
    file: File<'a>,
    key: &'a toml::Spanned<Cow<'a, str>>,
    value: &'a toml::Spanned<DeValue<'a>>,
) -> (Placed<&'a str>, Item<'a>) {
    let name = Placed { value: key.get_ref().as_ref(), span: file.span(key.span()) };
    (name, Item { file, value: value.get_ref(), span: file.span(value.span()) })
}
