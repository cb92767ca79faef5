//! The fields of one entry, taken from left to right: what is read, what completes a name, and what to say where one is missing.
//!
//! Knows numbers, durations, names and strings; which of them a record needs is said by the table in `wire/rdata.rs`. Whatever
//! can be read but probably means something else is a warning here.

use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::findings::Findings;
use super::lexer::{Entry, Token};
use crate::diagnostic::{Diagnostic, Source, Span};
use crate::limits::TTL_SECONDS_MAX;
use crate::wire::{Name, unescape};

/// Characters of a token that a message repeats.
const QUOTED_LENGTH_MAX: usize = 60;

/// What the entry does not say itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'f> {
    /// The text that the entry stands in.
    pub(super) source: &'f Source,
    /// What completes relative names.
    pub(super) origin: &'f Name,
    /// The zone's name as text, without the final dot.
    pub(super) apex_text: &'f str,
}

/// What a field should hold, as a message puts it; put into words only where it does not.
#[derive(Clone, Copy, Debug)]
pub(super) struct What<'w> {
    /// What the field is called, hyphens for blanks; empty where the kind says it all.
    pub(super) word: &'w str,
    /// What it looks like.
    pub(super) kind: &'w str,
}

/// What a field without a name of its own should hold.
pub(super) fn what(kind: &str) -> What<'_> {
    What { word: "", kind }
}

impl fmt::Display for What<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.word.is_empty() {
            write!(out, "the {}, ", self.word.replace('-', " "))?;
        }
        out.write_str(self.kind)
    }
}

/// The fields of one entry that are not taken yet.
#[derive(Debug)]
pub(super) struct Fields<'f, 'a> {
    rest: &'f [Token<'a>],
    end: Span,
    /// Where the entry stands.
    pub(super) context: Context<'f>,
    /// Where warnings go.
    pub(super) findings: &'f mut Findings,
}

impl<'f, 'a> Fields<'f, 'a> {
    /// All fields of an entry.
    pub(super) fn new(entry: &'f Entry<'a>, context: Context<'f>, findings: &'f mut Findings) -> Self {
        let end = entry.tokens.last().map_or(0, |last| last.span.end as usize);
        Self { rest: &entry.tokens, end: context.source.span(end, end), context, findings }
    }

    /// The next field, which stays.
    pub(super) fn peek(&self) -> Option<Token<'a>> {
        self.rest.first().copied()
    }

    /// Takes the next field if there is one.
    pub(super) fn next(&mut self) -> Option<Token<'a>> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// Takes the next field; there has to be one.
    pub(super) fn take(&mut self, what: What<'_>) -> Result<Token<'a>, Diagnostic> {
        self.next()
            .ok_or_else(|| Diagnostic::error(self.end, format!("expected {what}, but found nothing")).label("it ends here"))
    }

    /// Takes the next field, which has to be a word without quotes.
    pub(super) fn word(&mut self, what: What<'_>) -> Result<Token<'a>, Diagnostic> {
        let token = self.take(what)?;
        if token.quoted { Err(expected(what, &token).label("written without quotes")) } else { Ok(token) }
    }

    /// Takes a decimal number that fits `T`.
    pub(super) fn number<T: TryFrom<u32>>(&mut self, what: What<'_>) -> Result<T, Diagnostic> {
        let token = self.word(what)?;
        let digits = token.text.iter().all(u8::is_ascii_digit);
        let number = std::str::from_utf8(token.text).ok().filter(|_| digits).and_then(|text| text.parse().ok());
        number.and_then(|number: u32| T::try_from(number).ok()).ok_or_else(|| {
            let fault = expected(what, &token).label(if digits { "this is larger" } else { "this is not a number" });
            // A date and a counter, as RFC 1912 §2.2 has them.
            if what.word == "serial" { fault.help("write ten digits without hyphens, such as 2026112401") } else { fault }
        })
    }

    /// Takes a duration: seconds, or numbers with units.
    pub(super) fn seconds(&mut self, what: What<'_>) -> Result<u32, Diagnostic> {
        let token = self.word(what)?;
        let seconds = seconds(token.text)
            .ok_or_else(|| expected(what, &token).label("numbers with the units w d h m s, or one number alone"))?;
        u32::try_from(seconds).map_err(|_| expected(what, &token).label(format!("the largest is {}", u32::MAX)))
    }

    /// Takes a TTL.
    pub(super) fn ttl(&mut self) -> Result<u32, Diagnostic> {
        let what = what("a TTL, seconds such as 3600 or 1h30m");
        let token = self.word(what)?;
        let seconds = seconds(token.text)
            .ok_or_else(|| expected(what, &token).label("numbers with the units w d h m s, or one number alone"))?;
        // RFC 2181 §8: the sign bit stays zero.
        u32::try_from(seconds).ok().filter(|&ttl| ttl <= TTL_SECONDS_MAX).ok_or_else(|| {
            Diagnostic::error(token.span, format!("the TTL is larger than {TTL_SECONDS_MAX} seconds"))
                .label("68 years and more")
                .help("a day is 86400, or 1d")
        })
    }

    /// Takes a domain name and completes it.
    pub(super) fn name(&mut self, what: What<'_>) -> Result<Name, Diagnostic> {
        let token = self.word(what)?;
        if token.is(b"@") {
            return Ok(self.context.origin.clone());
        }
        let name = Name::parse(token.text, Some(self.context.origin)).map_err(|fault| {
            Diagnostic::error(token.span, format!("{} is no domain name", found(&token)))
                .label(fault.to_string())
                .help("a name is labels with single dots between, such as \"www\" or \"www.example.com.\"")
        })?;
        self.doubt_final_dot(&token, &name);
        self.doubt_at_sign(&token);
        self.doubt_blank(&token);
        Ok(name)
    }

    /// Takes a domain name inside RDATA, where an address is a frequent mistake.
    pub(super) fn target(&mut self, what: What<'_>) -> Result<Name, Diagnostic> {
        if let Some(token) = self.peek()
            && is_address(token.text)
        {
            let warning = Diagnostic::warning(token.span, format!("expected {what}, but found the address {}", found(&token)))
                .label("it is read as a name")
                .help("write the name of a host here; that host's address goes into an A or AAAA record of its own");
            self.findings.push(warning);
        }
        self.name(what)
    }

    /// Takes a string of any length, with or without quotes, and replaces its escapes.
    pub(super) fn string(&mut self, what: What<'_>) -> Result<Cow<'a, [u8]>, Diagnostic> {
        let token = self.take(what)?;
        self.doubt_comment(&token);
        self.doubt_quotation_mark(&token);
        decode(&token)
    }

    /// Nothing more may follow.
    pub(super) fn finish(&self) -> Result<(), Diagnostic> {
        let Some(token) = self.peek() else { return Ok(()) };
        let fault = expected(what("the end of the line"), &token).label("one field too many");
        let is_comment = begins_foreign_comment(&token);
        Err(if is_comment { fault.help("a comment begins with \";\"") } else { fault })
    }

    fn doubt_final_dot(&mut self, token: &Token<'_>, name: &Name) {
        // Below the root a final dot would change nothing: what BIND writes has "$ORIGIN ." before the apex.
        if self.context.origin.is_root() || !lacks_final_dot(token.text, self.context.apex_text.as_bytes()) {
            return;
        }
        let text = String::from_utf8_lossy(token.text);
        let warning = Diagnostic::warning(token.span, format!("\"{text}\" seems to miss its final dot"))
            .label(format!("means \"{}\"", cut(&name.to_string())))
            .help(format!("write \"{text}.\" if the name is complete"));
        self.findings.push(warning);
    }

    fn doubt_at_sign(&mut self, token: &Token<'_>) {
        let Some(at) = token.text.iter().position(|&octet| octet == b'@') else { return };
        if at > 0 && token.text.get(at - 1) != Some(&b'\\') {
            let warning = Diagnostic::warning(token.span, format!("there is an \"@\" inside the name {}", found(token)))
                .label("alone it means the origin; here it is a character")
                .help(format!("in a mailbox a dot stands for the @: \"{}\"", cut(&mailbox(token.text, at))));
            self.findings.push(warning);
        }
    }

    /// Pasted from a web page or a document; to the eye it is a blank, to a name server a letter.
    fn doubt_blank(&mut self, token: &Token<'_>) {
        if has_no_break_space(token.text) {
            let warning = Diagnostic::warning(token.span, format!("there is a no-break space in the name {}", found(token)))
                .label("it looks like a blank, and is a character of the name")
                .help("type a plain blank in its place");
            self.findings.push(warning);
        }
    }

    /// `TXT “v=spf1 -all”`: the marks of word processors quote nothing.
    fn doubt_quotation_mark(&mut self, token: &Token<'_>) {
        // U+2018 to U+201F in UTF-8. Inside plain quotes they are text.
        if !token.quoted && matches!(token.text, [0xe2, 0x80, 0x98..=0x9f, ..]) {
            let warning =
                Diagnostic::warning(token.span, format!("the string {} begins with a curly quotation mark", found(token)))
                    .label("it is a character of the string; the string ends at the next blank")
                    .help("type plain double quotes around the string: \"");
            self.findings.push(warning);
        }
    }

    /// `TXT v=DKIM1; k=rsa` without quotes: the string ends at the semicolon.
    pub(super) fn doubt_comment(&mut self, token: &Token<'_>) {
        let end = token.span.end as usize;
        let behind = self.context.source.text().get(end..).unwrap_or_default();
        // Behind a quoted string a comment is plain to see, unless another string stands in it.
        if behind.starts_with(b";") && (!token.quoted || behind.starts_with(b";\"")) {
            let warning = Diagnostic::warning(self.context.source.span(end, end + 1), "the string ends here, a comment begins")
                .label("everything from here to the end of the line is ignored")
                .help("put the string into double quotes if the semicolon is a part of it");
            self.findings.push(warning);
        }
    }
}

/// "expected X, but found Y" at a token.
pub(super) fn expected(what: What<'_>, token: &Token<'_>) -> Diagnostic {
    let fault = Diagnostic::error(token.span, format!("expected {what}, but found {}", found(token)));
    let is_pasted = has_no_break_space(token.text);
    if is_pasted { fault.help("there is a no-break space in it: type a plain blank in its place") } else { fault }
}

/// Whether what begins here would be a comment in other languages.
fn begins_foreign_comment(token: &Token<'_>) -> bool {
    !token.quoted && [b"#".as_slice(), b"//", b"/*", b"--"].iter().any(|start| token.text.starts_with(start))
}

/// What is no record by any reading: a comment as other languages have it, or what a merge left behind.
pub(super) fn no_record(entry: &Entry<'_>) -> Option<Diagnostic> {
    let first = entry.tokens.first().filter(|first| !first.quoted)?;
    let marks = [b"<<<<<<<".as_slice(), b"|||||||", b"=======", b">>>>>>>"];
    if marks.iter().any(|mark| first.text.starts_with(mark)) {
        let fault = Diagnostic::error(first.span, "a merge conflict is left in the file").label("one of its marks");
        return Some(fault.help("keep the lines that hold, and remove the marks"));
    }
    begins_foreign_comment(first).then(|| {
        Diagnostic::error(first.span, format!("{} begins no comment here", found(first)))
            .label("it is read as the first word of a record")
            .help("a comment begins with \";\"")
    })
}

/// U+00A0 in UTF-8.
pub(super) fn has_no_break_space(text: &[u8]) -> bool {
    !text.is_ascii() && text.windows(2).any(|pair| pair == [0xc2, 0xa0])
}

/// The name that a mailbox with an @ at this place was meant to be: dots before it belong to its first label.
fn mailbox(text: &[u8], at: usize) -> String {
    let part = |range: Option<&[u8]>| String::from_utf8_lossy(range.unwrap_or_default()).into_owned();
    let (user, host) = (part(text.get(..at)), part(text.get(at + 1..)));
    let dot = if host.contains('.') && !host.ends_with('.') { "." } else { "" };
    let plain = if user.contains('\\') { user } else { user.replace('.', "\\.") };
    format!("{plain}.{host}{dot}")
}

/// A fault with a next step: its own, else this one.
pub(super) fn or_help(fault: Diagnostic, help: impl FnOnce() -> String) -> Diagnostic {
    if fault.help.is_some() { fault } else { fault.help(help()) }
}

/// The token as a message shows it.
pub(super) fn found(token: &Token<'_>) -> String {
    format!("\"{}\"", cut(&String::from_utf8_lossy(token.text)))
}

/// A string's octets: its escapes replaced (RFC 1035 §5.1).
pub(super) fn decode<'a>(token: &Token<'a>) -> Result<Cow<'a, [u8]>, Diagnostic> {
    decode_text(token.text).ok_or_else(|| {
        Diagnostic::error(token.span, "a backslash stands for nothing")
            .label("it must be followed by three digits up to 255 or by one character")
            .help("a backslash itself is written \\\\")
    })
}

/// The octets of escaped text; `None` where a backslash stands for nothing.
pub(super) fn decode_text(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    if !text.contains(&b'\\') {
        return Some(Cow::Borrowed(text));
    }
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let octet = if byte == b'\\' { unescape(rest)? } else { (byte, after) };
        octets.push(octet.0);
        rest = octet.1;
    }
    Some(Cow::Owned(octets))
}

/// The seconds that a duration means: one number, or numbers that all have a unit (`1h30m`), as BIND reads them.
pub(super) fn seconds(text: &[u8]) -> Option<u64> {
    let mut total: u64 = 0;
    let mut number: Option<u64> = None;
    let mut any_unit = false;
    for byte in text {
        if byte.is_ascii_digit() {
            let digit = u64::from(byte - b'0');
            number = Some(number.unwrap_or(0).saturating_mul(10).saturating_add(digit));
            continue;
        }
        let unit = match byte.to_ascii_lowercase() {
            b's' => 1,
            b'm' => 60,
            b'h' => 3_600,
            b'd' => 86_400,
            b'w' => 604_800,
            _ => return None,
        };
        total = total.saturating_add(number.take()?.saturating_mul(unit));
        any_unit = true;
    }
    match number {
        Some(number) => (!any_unit).then_some(number),
        None => any_unit.then_some(total),
    }
}

/// Whether a name without final dot ends in the zone's own name, as one does that was meant to be complete.
pub(super) fn lacks_final_dot(text: &[u8], apex: &[u8]) -> bool {
    let Some(before) = text.len().checked_sub(apex.len()) else { return false };
    let Some((left, right)) = text.split_at_checked(before) else { return false };
    // In a zone of one label, "test" inside "test." is as likely meant.
    let whole = left.is_empty() && apex.contains(&b'.');
    !apex.is_empty() && right.eq_ignore_ascii_case(apex) && (whole || left.ends_with(b".") && !left.ends_with(b"\\."))
}

fn is_address(text: &[u8]) -> bool {
    let text = text.strip_suffix(b".").unwrap_or(text);
    std::str::from_utf8(text).is_ok_and(|text| text.parse::<Ipv4Addr>().is_ok() || text.parse::<Ipv6Addr>().is_ok())
}

/// A text of bearable length.
fn cut(text: &str) -> String {
    let mut shown: String = text.chars().take(QUOTED_LENGTH_MAX).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(QUOTED_LENGTH_MAX).is_some() {
        shown.push_str("...");
    }
    shown
}
