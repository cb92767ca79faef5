//! Master-file text to entries of tokens (RFC 1035 §5.1): blanks, comments, quotes and parentheses end here.
//!
//! Works on slices of the source; nothing is copied. Escapes stay in the tokens, because only the field knows what they mean:
//! `\.` is a dot inside a label, but the octet itself in a string. A faulty entry is read to its end, so that the next is whole.

use crate::diagnostic::{Diagnostic, Severity, Source, Span};
use crate::limits::ENTRY_TOKENS_MAX;

/// U+FEFF in UTF-8.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Octets that end a word, and the backslash, at which one looks closer: zones are large, and most of it are words.
static ENDS_RUN: [bool; 256] = ends_run();

#[allow(clippy::indexing_slicing, reason = "runs in the compiler, and iterators do not")]
const fn ends_run() -> [bool; 256] {
    let mut ends = [false; 256];
    let marks = b" \t\r\n;()\"\\";
    let mut at = 0;
    while at < marks.len() {
        ends[marks[at] as usize] = true;
        at += 1;
    }
    ends
}

/// One word or quoted string.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    /// The word, or what stands between the quotes; escapes still in it.
    pub(super) text: &'a [u8],
    /// Its place, quotes included.
    pub(super) span: Span,
    /// Whether quotes stood around it.
    pub(super) quoted: bool,
    /// Whether it follows the token before it without a blank, as in `alpn="h2"`.
    pub(super) joined: bool,
}

impl Token<'_> {
    /// Whether this is exactly that word, without quotes or escapes.
    pub(super) fn is(&self, word: &[u8]) -> bool {
        !self.quoted && self.text == word
    }
}

/// One record or directive: a line, or several where parentheses join them.
#[derive(Debug, Default)]
pub(super) struct Entry<'a> {
    /// Its tokens; never empty without a fault or a doubt.
    pub(super) tokens: Vec<Token<'a>>,
    /// Whether its first line begins with a blank: no owner is written.
    pub(super) leading_blank: bool,
    /// The first fault, if its text has any; the tokens are then not all there.
    pub(super) fault: Option<Diagnostic>,
    /// What can be read, but probably means something else.
    pub(super) doubt: Option<Diagnostic>,
}

impl Entry<'_> {
    fn fail(&mut self, fault: Diagnostic) {
        self.fault.get_or_insert(fault);
    }
}

/// Reads the entries of one source from first to last.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    source: &'a Source,
    text: &'a [u8],
    at: usize,
}

impl<'a> Lexer<'a> {
    /// Begins at the start of the text, behind a byte order mark (which the parser reports).
    pub(super) fn new(source: &'a Source) -> Self {
        let text = source.text();
        Self { source, text, at: if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 } }
    }

    /// Begins at the start of a part of the text and ends with it.
    pub(super) fn of_part(source: &'a Source, part: std::ops::Range<usize>) -> Self {
        Self { source, text: source.text().get(..part.end).unwrap_or_default(), at: part.start }
    }

    /// How far it is: behind an entry, a line begins here.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Reads the next entry that is not empty into `entry`, whose room is used again; `false` at the end.
    pub(super) fn next_entry(&mut self, entry: &mut Entry<'a>) -> bool {
        while let Some(first) = self.text.get(self.at) {
            entry.tokens.clear();
            entry.fault = None;
            entry.doubt = None;
            entry.leading_blank = matches!(first, b' ' | b'\t');
            self.read_entry(entry);
            if entry.fault.is_some() || entry.doubt.is_some() || !entry.tokens.is_empty() {
                return true;
            }
        }
        false
    }

    fn read_entry(&mut self, entry: &mut Entry<'a>) {
        let mut open = None;
        while let Some(byte) = self.text.get(self.at) {
            match byte {
                b'\n' => {
                    self.at += 1;
                    if open.is_none() {
                        return;
                    }
                }
                b' ' | b'\t' => self.at += 1,
                b'\r' => self.read_carriage_return(entry),
                b';' => self.read_comment(entry),
                b'(' if open.is_some() => break,
                b'(' => {
                    open = Some(self.at);
                    self.at += 1;
                }
                b')' => {
                    if open.take().is_none() {
                        entry.fail(self.stray_parenthesis());
                    }
                    self.at += 1;
                }
                b'"' => self.read_quoted(entry, &mut open),
                _ => self.read_word(entry),
            }
            if entry.tokens.len() > ENTRY_TOKENS_MAX {
                entry.fail(self.endless(entry));
                break;
            }
        }
        if let Some(open) = open {
            // Nothing closed it, or a second one opened before that (nobody nests them; NSD and Knot refuse it too).
            entry.fail(self.unclosed_parenthesis(open));
            self.resume_after(open);
        } else if entry.tokens.len() > ENTRY_TOKENS_MAX {
            self.at = self.line_end();
        }
    }

    /// Lines may end in CRLF. Elsewhere a CR is most often the line end of another system: what looks like lines is one.
    fn read_carriage_return(&mut self, entry: &mut Entry<'a>) {
        if self.breaks_line(self.at) {
            entry.fail(self.lone_carriage_return(Severity::Error, self.at, "no line ends here, and it is no blank"));
        }
        self.at += 1;
    }

    fn read_comment(&mut self, entry: &mut Entry<'a>) {
        let end = self.line_end();
        if let Some(at) = (self.at..end).find(|&at| self.breaks_line(at)) {
            let label = "what follows it to the next line feed is a comment too";
            entry.doubt.get_or_insert_with(|| self.lone_carriage_return(Severity::Warning, at, label));
        }
        self.at = end;
    }

    /// Whether there is a CR that something else than the end of the line follows.
    fn breaks_line(&self, at: usize) -> bool {
        let rest = self.text.get(at..).unwrap_or_default();
        rest.first() == Some(&b'\r') && !matches!(rest.iter().find(|&&byte| byte != b'\r'), Some(b'\n') | None)
    }

    fn read_word(&mut self, entry: &mut Entry<'a>) {
        let start = self.at;
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            self.at += rest.iter().position(|byte| ENDS_RUN.get(usize::from(*byte)) == Some(&true)).unwrap_or(rest.len());
            if self.text.get(self.at) != Some(&b'\\') {
                break;
            }
            self.at = self.after_escape(self.at);
        }
        self.push(entry, start..self.at, start..self.at, false);
    }

    fn read_quoted(&mut self, entry: &mut Entry<'a>, open: &mut Option<usize>) {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.text.get(self.at) {
            match byte {
                b'"' => {
                    self.at += 1;
                    return self.push(entry, start + 1..self.at - 1, start..self.at, true);
                }
                // RFC 1035 would let a string go on over lines. We stop as BIND does: else a forgotten quote would pair with
                // the next one, lines below, and be reported there.
                b'\n' => break,
                b'\\' => self.at = self.after_escape(self.at),
                _ => self.at += 1,
            }
        }
        self.skip_continued();
        let swallowed = self.slice(start..self.at);
        if swallowed.contains(&b')') {
            *open = None;
        }
        entry.fail(self.unclosed_quote(start));
    }

    /// At the end of a line that ends inside a string: the next line goes on with it if one quote more closes there than opens.
    fn skip_continued(&mut self) {
        let rest = self.text.get(self.at + 1..).unwrap_or_default();
        let line = rest.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let mut escaped = false;
        let mut quotes = 0_usize;
        for &byte in line {
            quotes += usize::from(byte == b'"' && !escaped);
            escaped = byte == b'\\' && !escaped;
        }
        if !quotes.is_multiple_of(2) {
            self.at += 1 + line.len();
        }
    }

    fn push(&self, entry: &mut Entry<'a>, text: std::ops::Range<usize>, whole: std::ops::Range<usize>, quoted: bool) {
        let octets = self.slice(text.clone());
        if octets.contains(&0)
            && let Some(offset) = octets.iter().position(|&octet| octet == 0)
        {
            entry.fail(self.nul(text.start + offset));
        }
        let span = self.source.span(whole.start, whole.end);
        let joined = entry.tokens.last().is_some_and(|last| last.span.end == span.start);
        entry.tokens.push(Token { text: octets, span, quoted, joined });
    }

    fn slice(&self, range: std::ops::Range<usize>) -> &'a [u8] {
        self.text.get(range).unwrap_or_default()
    }

    /// Behind the backslash at `at` and what it escapes; a line's end can't be escaped.
    fn after_escape(&self, at: usize) -> usize {
        match self.text.get(at + 1) {
            None | Some(b'\n' | b'\r') => at + 1,
            Some(_) => at + 2,
        }
    }

    fn line_end(&self) -> usize {
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.at + rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len())
    }

    /// Goes to the first line behind `offset` that looks like the start of a record: whatever is not closed swallowed the rest.
    fn resume_after(&mut self, offset: usize) {
        self.at = offset;
        loop {
            self.at = self.line_end() + 1;
            let goes_on = matches!(self.text.get(self.at), Some(b' ' | b'\t' | b'\r' | b'\n' | b';' | b')'));
            if !goes_on && !self.is_lone_number() {
                return;
            }
        }
    }

    /// Whether a number is all that a line has: a field of an SOA, and no record.
    fn is_lone_number(&self) -> bool {
        let line = self.slice(self.at..self.line_end());
        let text = line.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii();
        text.first().is_some_and(u8::is_ascii_digit) && text.iter().all(u8::is_ascii_alphanumeric)
    }

    fn stray_parenthesis(&self) -> Diagnostic {
        Diagnostic::error(self.source.span(self.at, self.at + 1), "a parenthesis is closed that was not opened")
            .label("there is no \"(\" before it")
            .help("remove it, or write \"(\" where the record begins to go over lines; \"\\)\" is the character itself")
    }

    fn unclosed_parenthesis(&self, open: usize) -> Diagnostic {
        Diagnostic::error(self.source.span(open, open + 1), "the parenthesis is not closed")
            .label("opened here")
            .help("write \")\" behind the record's last field; parentheses do not nest")
    }

    fn unclosed_quote(&self, start: usize) -> Diagnostic {
        Diagnostic::error(self.source.span(start, start + 1), "the quoted string is not closed on its line")
            .label("opened here")
            .help("write the closing quote; inside a string a quote is written \\\" and a line feed \\010")
    }

    fn lone_carriage_return(&self, severity: Severity, at: usize, label: &str) -> Diagnostic {
        let fault = Diagnostic::error(self.source.span(at, at + 1), "there is a carriage return within a line");
        Diagnostic { severity, ..fault }.label(label).help("end lines with a line feed, alone or behind a carriage return")
    }

    fn nul(&self, at: usize) -> Diagnostic {
        Diagnostic::error(self.source.span(at, at + 1), "there is a NUL octet in the text")
            .label("here")
            .help("save the file as plain text; in a string the octet is written \\000")
    }

    fn endless(&self, entry: &Entry<'_>) -> Diagnostic {
        let place = entry.tokens.first().map_or_else(|| self.source.span(self.at, self.at), |first| first.span);
        Diagnostic::error(place, format!("the record has more than {ENTRY_TOKENS_MAX} fields"))
            .label("it begins here")
            .help("write one record a line")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Sources;

    /// Entries as text: words as they are, strings in quotes, `+` before what is joined, `_` for a leading blank, faults and doubts as places.
    fn lex(text: &str) -> Vec<String> {
        let mut sources = Sources::default();
        let source = sources.add("t", text);
        let mut lexer = Lexer::new(&source);
        let mut entry = Entry::default();
        let mut entries = Vec::new();
        while lexer.next_entry(&mut entry) {
            let mut words: Vec<String> = if entry.leading_blank { vec!["_".to_owned()] } else { Vec::new() };
            for token in &entry.tokens {
                let quote = if token.quoted { "\"" } else { "" };
                let joined = if token.joined { "+" } else { "" };
                let shown = String::from_utf8_lossy(token.text);
                let (start, end) = (token.span.start as usize, token.span.end as usize);
                assert_eq!(&source.text()[start..end], format!("{quote}{shown}{quote}").as_bytes(), "the span is the token");
                words.push(format!("{joined}{quote}{shown}{quote}"));
            }
            for (mark, found) in [('!', &entry.fault), ('?', &entry.doubt)] {
                let place = found.as_ref().map(|found| source.position(found.span.unwrap().start));
                words.extend(place.map(|(line, column)| format!("{mark}{line}:{column}")));
            }
            entries.push(words.join(" "));
        }
        entries
    }

    #[test]
    fn entries_and_tokens() {
        let table: &[(&str, &[&str])] = &[
            ("", &[]),
            ("\n ; only a comment\n\t\n", &[]),
            ("\u{feff}a b", &["a b"]),
            ("a b\r\n  c\r\n", &["a b", "_ c"]),
            ("a ( b ; x )\n c\n) d\ne", &["a b c d", "e"]),
            ("( a\n b )\nc", &["a b", "c"]),
            ("a(b)c", &["a b c"]),
            (r#"a "b ; c ( ) d" e"#, &[r#"a "b ; c ( ) d" e"#]),
            (r#"alpn="h2,h3" x"y""z""#, &[r#"alpn= +"h2,h3" x +"y" +"z""#]),
            (r#"a\.b "c\"d" e\;f \(g h\ i"#, &[r#"a\.b "c\"d" e\;f \(g h\ i"#]),
            (r#"a "" b"#, &[r#"a "" b"#]),
            ("a\\", &["a\\"]),
            ("a\\\nb", &["a\\", "b"]),
            ("a;b\nc", &["a", "c"]),
        ];
        for (text, entries) in table {
            assert_eq!(lex(text), *entries, "{text:?}");
        }
    }

    #[test]
    fn faults_are_placed_and_the_next_record_is_whole() {
        let table: &[(&str, &[&str])] = &[
            // The unclosed parenthesis swallows lines until one looks like a record's start.
            ("a (\n b\n c\nd e\nf", &["a b c d e f !1:3", "d e", "f"]),
            ("a (\n1\n2h ; x\n3 b\n4", &["a 1 2h 3 b 4 !1:3", "3 b", "4"]),
            ("a (\n b\nc ( d )\ne", &["a b c !1:3", "c d", "e"]),
            ("a (\n b\n)\nc )\nd", &["a b", "c !4:3", "d"]),
            ("a \"b\nc d", &["a !1:3", "c d"]),
            ("a ( \"b )\nc d", &["a !1:5", "c d"]),
            ("a ( \"b\n e )\nc d", &["a e !1:5", "c d"]),
            ("a\0b c\nd", &["a\0b c !1:2", "d"]),
            ("a\rb c\nd", &["a b c !1:2", "d"]),
            ("a\r\r\nb\r", &["a", "b"]),
            ("a ; b\rc\nd\n;\r\n; e\rf", &["a ?1:6", "d", "?4:4"]),
            (")\na", &["!1:1", "a"]),
            // What closes on the next line is one fault and not two.
            ("\"\n\"", &["!1:1"]),
            ("a \"b\nc\\\"\" d\ne", &["a !1:3", "e"]),
            ("a \"b\nc \"d\"\ne", &["a !1:3", "c \"d\"", "e"]),
        ];
        for (text, entries) in table {
            assert_eq!(lex(text), *entries, "{text:?}");
        }
    }

    #[test]
    fn an_endless_entry_is_cut_off() {
        let text = format!("{}\nb", "a ".repeat(ENTRY_TOKENS_MAX + 10));
        let entries = lex(&text);
        assert_eq!(entries.len(), 2);
        assert!(entries[0].ends_with("!1:1"));
        assert_eq!(entries[1], "b");
    }
}
