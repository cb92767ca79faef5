//! Entries to records: owner, TTL, class and type, with what earlier lines leave behind (RFC 1035 §5.1, RFC 2308 §4).
//!
//! A fault costs one record and never the next: what is wrong with a line is reported, what it would have left behind is kept or
//! marked unknown, so that no line is blamed for another one. Class IN only.

use super::fields::{Context, Fields, expected, found, no_record, or_help, what};
use super::findings::Findings;
use super::lexer::{BYTE_ORDER_MARK, Entry, Lexer, Token};
use super::{Include, Record, Zone, rdata};
use crate::diagnostic::{Diagnostic, Source, Span, did_you_mean};
use crate::limits::{TTL_SECONDS_MAX, ZONE_HEAD_LENGTH, ZONE_LINE_LENGTH_USUAL_MIN};
use crate::room;
use crate::wire::rdata::LAYOUTS;
use crate::wire::{Name, RrType};

/// What goes on from line to line and from file to file.
pub(super) struct Parser<'p, 'c> {
    pub(super) apex: &'p Name,
    pub(super) apex_text: String,
    pub(super) include: &'p mut Include<'c>,
    pub(super) records: Vec<Record>,
    pub(super) findings: Findings,
    /// `$TTL`, or what stands for it.
    pub(super) default_ttl: Option<u32>,
    /// The last TTL that a record gave (RFC 1035 §5.1).
    last_ttl: Option<u32>,
    /// The files being read, the innermost last.
    pub(super) open: Vec<String>,
    /// How many files were included so far.
    pub(super) included: usize,
    /// How many records `$GENERATE` made so far.
    pub(super) generated: u64,
    /// How many octets of text these were written in.
    pub(super) generated_octets: u64,
    /// Whose file this is, if its SOA says that it is another zone's.
    foreign: Option<Name>,
    /// Room for the RDATA of one record, used again.
    wire: Vec<u8>,
}

/// What goes on from line to line within one file.
#[derive(Debug)]
pub(super) struct Scope<'s> {
    pub(super) source: &'s Source,
    pub(super) origin: Name,
    pub(super) owner: Owner,
}

/// Whom a line without an owner belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// No line before had an owner.
    None,
    /// The last owner was reported; its further records are read but not kept.
    Refused,
    /// The last owner.
    Known(Name),
}

/// What stands before the RDATA, the owner aside.
struct Header {
    ttl: Option<u32>,
    rtype: RrType,
    place: Span,
}

impl<'p, 'c> Parser<'p, 'c> {
    /// A parser that has read nothing yet.
    pub(super) fn new(apex: &'p Name, include: &'p mut Include<'c>) -> Self {
        let text = apex.to_string();
        Self {
            apex,
            apex_text: text.strip_suffix('.').unwrap_or(&text).to_owned(),
            include,
            records: Vec::new(),
            findings: Findings::default(),
            default_ttl: None,
            last_ttl: None,
            open: Vec::new(),
            included: 0,
            generated: 0,
            generated_octets: 0,
            foreign: None,
            wire: Vec::new(),
        }
    }

    /// Reads the zone's own file and all that it includes.
    pub(super) fn run(mut self, source: &Source) -> (Zone, Findings) {
        self.file(Scope { source, origin: self.apex.clone(), owner: Owner::None });
        (Zone::new(self.apex.clone(), self.records), self.findings)
    }

    /// Reads one file to its end.
    pub(super) fn file(&mut self, mut scope: Scope<'_>) {
        let source = scope.source;
        if let Some(fault) = refuse_utf16(source) {
            return self.findings.push(fault);
        }
        self.findings.extend(refuse_mark(source));
        self.open.push(source.name().to_owned());
        let mut lexer = Lexer::new(source);
        // Behind its head, where directives mostly stand, a large file may be plain.
        self.entries(&mut scope, &mut lexer, ZONE_HEAD_LENGTH);
        self.make_room(source.text().len(), lexer.at());
        if !self.rest_at_once(&mut scope, lexer.at()) {
            self.entries(&mut scope, &mut lexer, usize::MAX);
        }
        self.open.pop();
    }

    /// Makes room for the records of a file of which so many octets have been read: the others will be about as long.
    fn make_room(&mut self, length: usize, read: usize) {
        let left = length.saturating_sub(read);
        let line = (read / self.records.len().max(1)).max(ZONE_LINE_LENGTH_USUAL_MIN);
        let mut roomy = room::vec_for(self.records.len() + left / line + left / line / 8);
        roomy.append(&mut self.records);
        self.records = roomy;
    }

    /// Reads entries until one ends at `end` or behind it.
    pub(super) fn entries<'a>(&mut self, scope: &mut Scope<'a>, lexer: &mut Lexer<'a>, end: usize) {
        let mut entry = Entry::default();
        while lexer.at() < end && !self.findings.is_full() && lexer.next_entry(&mut entry) {
            if let Err(fault) = self.entry(scope, &mut entry) {
                self.findings.push(fault);
            }
        }
    }

    fn entry(&mut self, scope: &mut Scope<'_>, entry: &mut Entry<'_>) -> Result<(), Diagnostic> {
        let directive = entry.tokens.first().copied().filter(|first| !first.quoted && first.text.starts_with(b"$"));
        self.findings.extend(entry.doubt.take());
        if let Some(fault) = entry.fault.take() {
            // What of its owner can be read still holds for the lines below.
            if directive.is_none() && !entry.leading_blank {
                self.owner(scope, entry);
            }
            // The minimum that would stand in for a TTL may be in what can't be read.
            if self.last_ttl.is_none() && entry.tokens.iter().any(is_soa) {
                self.default_ttl.get_or_insert_default();
            }
            return Err(no_record(entry).unwrap_or(fault));
        }
        if entry.tokens.is_empty() {
            return Ok(());
        }
        match directive {
            Some(first) => self.directive(scope, entry, &first),
            None => self.record(scope, entry).map_err(|fault| no_record(entry).unwrap_or(fault)),
        }
    }

    /// Reads an entry that is a record.
    pub(super) fn record(&mut self, scope: &mut Scope<'_>, entry: &Entry<'_>) -> Result<(), Diagnostic> {
        self.owner(scope, entry);
        let mut wire = std::mem::take(&mut self.wire);
        wire.clear();
        let mut fields = self.fields(scope, entry);
        if !entry.leading_blank {
            fields.next();
        }
        let header = header(&mut fields, entry)?;
        let read = rdata::read(&mut fields, header.rtype, header.place, &mut wire);
        let ttl = self.ttl(&header, read.is_ok().then_some(&wire));
        if let (Ok(()), Owner::Known(owner), Some(ttl)) = (&read, &scope.owner, ttl) {
            let span = entry.tokens.first().filter(|_| !entry.leading_blank).map_or(header.place, |first| first.span);
            let data = data_of(entry, header.place);
            self.records.push(Record {
                owner: owner.clone(),
                rtype: header.rtype,
                ttl,
                rdata: wire.as_slice().into(),
                span,
                data,
            });
        }
        self.wire = wire;
        read
    }

    /// The fields of an entry, from the first.
    pub(super) fn fields<'f, 'a>(&'f mut self, scope: &'f Scope<'_>, entry: &'f Entry<'a>) -> Fields<'f, 'a> {
        let context = Context { source: scope.source, origin: &scope.origin, apex_text: &self.apex_text };
        Fields::new(entry, context, &mut self.findings)
    }

    /// Makes the owner of this entry the last owner.
    fn owner(&mut self, scope: &mut Scope<'_>, entry: &Entry<'_>) {
        let Some(first) = entry.tokens.first() else { return };
        if entry.leading_blank {
            // An owner with blanks before it is told as such.
            if scope.owner == Owner::None && !is_indented_owner(entry) {
                self.findings.push(
                    Diagnostic::error(first.span, "the record has no owner")
                        .label("a line that begins with a blank belongs to the last owner, and there is none yet")
                        .help("begin the line with the owner, such as \"@\" for the zone itself"),
                );
            }
            if scope.owner == Owner::None {
                scope.owner = Owner::Refused;
            }
            return;
        }
        let name = self.fields(scope, entry).name(what("an owner"));
        scope.owner = match name {
            Ok(name) if name.is_at_or_below(self.apex) => Owner::Known(name),
            Ok(name) => {
                self.refuse_outside(entry, first, name);
                Owner::Refused
            }
            Err(fault) => {
                self.findings.push(or_usage(fault));
                Owner::Refused
            }
        };
    }

    /// Refuses an owner of another zone. Where the SOA is another zone's, so is the file, and that is said once.
    fn refuse_outside(&mut self, entry: &Entry<'_>, first: &Token<'_>, name: Name) {
        if self.foreign.as_ref().is_some_and(|foreign| name.is_at_or_below(foreign)) {
            return;
        }
        let fault = Diagnostic::error(first.span, format!("\"{name}\" is outside the zone \"{}\"", self.apex));
        self.findings.push(if entry.tokens.iter().skip(1).take(3).any(is_soa) {
            let help = format!("is the file misnamed? the file of the zone \"{name}\" has that name, with the ending \".zone\"");
            self.foreign = Some(name);
            fault.label("it has the SOA: this is another zone's file, of which no more is reported").help(help)
        } else {
            fault.label("this owner").help(format!("a zone's file holds the names at or below \"{}\" only", self.apex))
        });
    }

    /// The TTL of a record: its own, else `$TTL` (RFC 2308 §4), else the last one given (RFC 1035 §5.1), else, as BIND has it, the
    /// SOA's minimum for the SOA and what follows. `wire` is its RDATA if that could be read.
    fn ttl(&mut self, header: &Header, wire: Option<&Vec<u8>>) -> Option<u32> {
        if let Some(ttl) = header.ttl {
            self.last_ttl = Some(ttl);
            return Some(ttl);
        }
        if let Some(ttl) = self.default_ttl.or(self.last_ttl) {
            return Some(ttl);
        }
        let help = "write $TTL 3600, or what you want, as the first line";
        let minimum = wire.filter(|_| header.rtype == RrType::SOA).and_then(|wire| wire.last_chunk::<4>());
        let minimum = minimum.map(|octets| u32::from_be_bytes(*octets).min(TTL_SECONDS_MAX));
        if let Some(minimum) = minimum {
            let message = format!("no TTL is given; the SOA's minimum, {minimum}, stands in for it");
            self.findings.push(Diagnostic::warning(header.place, message).label("neither here nor before").help(help));
        } else if header.rtype != RrType::SOA {
            self.findings.push(Diagnostic::error(header.place, "no TTL is given").label("neither here nor before").help(help));
        }
        // Where there is none, one is assumed from here on, so that this is said once and not at every line.
        self.default_ttl = Some(minimum.unwrap_or_default());
        minimum
    }
}

/// Takes TTL and class, either or both in either order, and the type (RFC 1035 §5.1).
fn header(fields: &mut Fields<'_, '_>, entry: &Entry<'_>) -> Result<Header, Diagnostic> {
    let mut ttl = None;
    let mut class = None;
    loop {
        let begins_number =
            fields.peek().is_some_and(|token| !token.quoted && token.text.first().is_some_and(u8::is_ascii_digit));
        if begins_number && ttl.is_none() && !is_misplaced_data(fields) {
            ttl = Some(fields.ttl().map_err(or_usage)?);
            continue;
        }
        let token = fields.word(what("a record type such as A")).map_err(or_usage)?;
        let word = String::from_utf8_lossy(token.text);
        match class_of(&word) {
            Some("IN") if class.is_none() => class = Some("IN"),
            Some(other) if class.is_none() => return Err(refuse_class(&token, other)),
            Some(_) => return Err(expected(what("a record type"), &token).label("the class is given already").help("remove it")),
            None => {
                let rtype = RrType::from_mnemonic(&word).ok_or_else(|| unknown_type(&token, &word, entry))?;
                if rtype.is_meta() {
                    return Err(refuse_meta(&token));
                }
                if class.is_none() {
                    doubt_owner(fields, entry);
                }
                return Ok(Header { ttl, rtype, place: token.span });
            }
        }
    }
}

fn or_usage(fault: Diagnostic) -> Diagnostic {
    or_help(fault, || "a record is written: owner TTL class type data; TTL and class may be left out".to_owned())
}

/// `IN A 192.0.2.1` in the first column: the class has become the owner.
fn doubt_owner(fields: &mut Fields<'_, '_>, entry: &Entry<'_>) {
    if let Some(owner) = entry.tokens.first().filter(|first| !entry.leading_blank && first.is(b"IN")) {
        let warning = Diagnostic::warning(owner.span, "the class IN is read as the owner")
            .label("the first word of a line is the owner")
            .help("to go on with the last owner, begin the line with a blank; if it is the owner, write the class behind it too");
        fields.findings.push(warning);
    }
}

/// Whether the next field is an address where the type should be: then it is the type that is missing, not a TTL that is wrong.
fn is_misplaced_data(fields: &Fields<'_, '_>) -> bool {
    fields.peek().is_some_and(|token| token.text.contains(&b'.') || token.text.contains(&b':'))
}

/// The class that a word means (RFC 1035 §3.2.4, RFC 3597 §5).
fn class_of(word: &str) -> Option<&str> {
    let is_any = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(word));
    if is_any(&["IN", "CLASS1"]) {
        return Some("IN");
    }
    let digits = word.split_at_checked(5).filter(|(prefix, _)| prefix.eq_ignore_ascii_case("CLASS")).map(|(_, digits)| digits);
    let number =
        digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit())).and_then(|digits| digits.parse::<u16>().ok());
    (is_any(&["CH", "HS", "CS", "CHAOS", "HESIOD"]) || number.is_some()).then_some(word)
}

/// The place of everything behind the type.
fn data_of(entry: &Entry<'_>, rtype: Span) -> Span {
    let mut behind = entry.tokens.iter().map(|token| token.span).skip_while(|span| span.start <= rtype.start);
    let first = behind.next().unwrap_or(rtype);
    Span { end: behind.last().unwrap_or(first).end, ..first }
}

fn refuse_class(token: &Token<'_>, class: &str) -> Diagnostic {
    Diagnostic::error(token.span, format!("the class \"{class}\" is not served"))
        .label("only IN is")
        .help("write IN, or leave the class out")
}

fn refuse_meta(token: &Token<'_>) -> Diagnostic {
    Diagnostic::error(token.span, format!("no record can have the type {}", found(token)))
        .label("it is for queries and messages only (RFC 6895)")
        .help("remove the record")
}

fn is_soa(token: &Token<'_>) -> bool {
    !token.quoted && token.text.eq_ignore_ascii_case(b"SOA")
}

/// Whether a word names a type or a class.
fn names_type(token: &Token<'_>) -> bool {
    let word = String::from_utf8_lossy(token.text);
    RrType::from_mnemonic(&word).is_some() || class_of(&word).is_some()
}

/// Whether blanks stand before what was meant as the owner.
fn is_indented_owner(entry: &Entry<'_>) -> bool {
    let Some((first, behind)) = entry.tokens.split_first() else { return false };
    let is_ttl = first.text.first().is_some_and(u8::is_ascii_digit);
    entry.leading_blank && !first.quoted && !is_ttl && !names_type(first) && behind.iter().take(3).any(names_type)
}

/// What to say of a type that is none; often it is another field that is missing or misplaced.
fn unknown_type(token: &Token<'_>, word: &str, entry: &Entry<'_>) -> Diagnostic {
    let known = || LAYOUTS.iter().map(|layout| layout.mnemonic);
    let fault = expected(what("a record type"), token);
    let is_first = entry.tokens.first().is_some_and(|first| first.span == token.span);
    if is_first && is_indented_owner(entry) {
        return fault
            .label("a line that begins with a blank has no owner")
            .help("if this is the owner, remove the blanks before it");
    }
    if !entry.leading_blank && entry.tokens.first().is_some_and(names_type) {
        return fault
            .label("the first word of a line is the owner")
            .help("to go on with the last owner, begin the line with a blank");
    }
    let fault = fault.label("not a known type");
    match did_you_mean(word, known().chain(["IN"])) {
        _ if fault.help.is_some() => fault,
        Some(near) => fault.help(format!("did you mean \"{near}\"?")),
        None => fault.help("a type without a name here is written by its number: TYPEnnn \\# LENGTH HEX (RFC 3597)"),
    }
}

/// Windows editors save UTF-16, which is no text to a name server.
fn refuse_utf16(source: &Source) -> Option<Diagnostic> {
    let marked = source.text().starts_with(b"\xff\xfe") || source.text().starts_with(b"\xfe\xff");
    marked.then(|| {
        Diagnostic::error(source.span(0, 2), "the file is UTF-16, not plain text")
            .label("its byte order mark")
            .help("save it as UTF-8")
    })
}

/// Some editors say so where a text is UTF-8. To every other name server the mark is a part of the first word.
fn refuse_mark(source: &Source) -> Option<Diagnostic> {
    source.text().starts_with(BYTE_ORDER_MARK).then(|| {
        Diagnostic::error(source.span(0, BYTE_ORDER_MARK.len()), "the file begins with a byte order mark")
            .label("no name server reads past it")
            .help("save it as UTF-8 without the mark (without \"BOM\")")
    })
}
