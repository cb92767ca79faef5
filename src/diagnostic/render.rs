//! Renders diagnostics as text: `FILE:LINE:COLUMN: error: fault`, the line with a caret, related place, next step.
//!
//! The one renderer: the command line, the log and the golden tests print what this makes.

use std::fmt::Write;

use super::{Diagnostic, Severity, Source, Sources, Span};

/// The longest part of a source line that is shown, in characters; a longer one is cut around the caret.
const SHOWN_LENGTH_MAX: usize = 120;

/// The longest message, label, note or help that is shown, in characters: a circle of policies or a path fits, a file does not.
const MESSAGE_LENGTH_MAX: usize = 4096;

/// Renders one diagnostic, ending in a newline.
pub fn render(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let mut out = String::new();
    // Writing into a String can't fail.
    if let Some(place) = diagnostic.span.and_then(|span| sources.place(span)) {
        let _ = write!(out, "{}: ", legible(&place));
    }
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let _ = writeln!(out, "{severity}: {}", legible(&diagnostic.message));
    if let Some((source, span)) = diagnostic.span.and_then(|span| Some((sources.find(span.file)?, span))) {
        snippet(&mut out, source, span, &legible(&diagnostic.label));
    }
    if let Some((what, span)) = &diagnostic.related
        && let Some(place) = sources.place(*span)
    {
        let _ = writeln!(out, "  note: {} at {}", legible(what), legible(&place));
    }
    if let Some(help) = &diagnostic.help {
        let _ = writeln!(out, "  help: {}", legible(help));
    }
    out
}

/// Text that may quote files and their names: control characters made harmless for a terminal and a log, a long one cut.
fn legible(text: &str) -> String {
    let mut characters = text.chars().map(harmless);
    let shown: String = characters.by_ref().take(MESSAGE_LENGTH_MAX).collect();
    if characters.next().is_some() { shown + "..." } else { shown }
}

/// The source line with carets below the span, cut to what fits on a screen.
fn snippet(out: &mut String, source: &Source, span: Span, label: &str) {
    let text = source.text();
    let start = (span.start as usize).min(text.len());
    let before = text.get(..start).unwrap_or_default();
    let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    let rest = text.get(line_start..).unwrap_or_default();
    let line_length = rest.iter().position(|&byte| byte == b'\n' || byte == b'\r').unwrap_or(rest.len());
    let line = visible(rest.get(..line_length).unwrap_or_default());
    let (number, column) = source.position(span.start);
    let in_line = (span.end as usize).min(line_start + line_length).saturating_sub(start);
    let marked = String::from_utf8_lossy(text.get(start..start + in_line).unwrap_or_default()).chars().count().max(1);

    let skipped = (column - 1).saturating_sub(SHOWN_LENGTH_MAX / 2);
    let shown: String = line.chars().skip(skipped).take(SHOWN_LENGTH_MAX).collect();
    let indent = column - 1 - skipped;
    let carets = "^".repeat(marked.min(SHOWN_LENGTH_MAX.saturating_sub(indent).max(1)));
    let caret_line = format!("{}{carets} {label}", " ".repeat(indent));
    let _ = writeln!(out, "{number:>5} | {}", shown.trim_end());
    let _ = writeln!(out, "      | {}", caret_line.trim_end());
}

/// One character per source character, control characters made harmless for a terminal.
fn visible(line: &[u8]) -> String {
    String::from_utf8_lossy(line).chars().map(harmless).collect()
}

fn harmless(character: char) -> char {
    match character {
        '\t' => ' ',
        control if control.is_control() => '\u{fffd}',
        plain => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_place_caret_note_and_help() {
        let mut sources = Sources::default();
        let source = sources.add("signpost.toml", "a = 1\nfrom = [\"eu\", \"uss\"]\n");
        let diagnostic = Diagnostic::error(source.span(20, 25), "no pool or policy is called \"uss\"")
            .label("used here")
            .related("a similar one is defined", source.span(0, 1))
            .help("did you mean \"us\"?");
        let expected = "signpost.toml:2:15: error: no pool or policy is called \"uss\"\n    2 | from = [\"eu\", \"uss\"]\n      |               ^^^^^ used here\n  note: a similar one is defined at signpost.toml:1:1\n  help: did you mean \"us\"?\n";
        assert_eq!(render(&diagnostic, &sources), expected);
    }

    #[test]
    fn a_long_line_is_cut_around_the_caret() {
        let mut sources = Sources::default();
        let text = format!("{}fault{}", "x".repeat(5000), "y".repeat(5000));
        let source = sources.add("long.zone", text);
        let rendered = render(&Diagnostic::error(source.span(5000, 5005), "too long"), &sources);
        assert!(rendered.lines().all(|line| line.len() < 140), "{rendered}");
        assert!(rendered.contains("fault"));
    }

    #[test]
    fn what_a_file_says_does_no_harm_to_a_terminal_or_a_log() {
        let mut sources = Sources::default();
        let source = sources.add("a\nb\u{1b}[2J.zone", "x");
        let diagnostic = Diagnostic::error(source.span(0, 1), "\u{1b}[31m\u{9b}2J\nall is well").help("\u{7}\r");
        let rendered = render(&diagnostic, &sources);
        assert_eq!(rendered.lines().count(), 4, "{rendered}");
        assert!(!rendered.contains(|character: char| character.is_control() && character != '\n'), "{rendered:?}");
    }

    #[test]
    fn a_message_that_quotes_a_whole_file_is_cut() {
        let rendered = render(&Diagnostic::nowhere("x".repeat(1 << 20)), &Sources::default());
        assert!(rendered.len() < 2 * MESSAGE_LENGTH_MAX && rendered.ends_with("x...\n"));
    }
}
