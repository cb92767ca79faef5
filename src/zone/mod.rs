//! Master files (RFC 1035 §5) to placed records in wire form.
//!
//! Text comes in as a [`Source`]; what `$INCLUDE` names is asked of the caller, so no file is touched here. All faults of a file
//! are reported in one run. The way: `lexer` makes entries of tokens, `parser` and `directives` give them owner, TTL and origin,
//! `fields` and `rdata` make octets, `check` looks at the zone as a whole. What records mean to us (bindings, what is served
//! below a cut) is decided in `snapshot`.
#![warn(clippy::indexing_slicing)]

mod check;
mod directives;
mod encoding;
mod fields;
mod findings;
mod generate;
mod index;
mod kinds;
mod lexer;
mod parser;
mod parts;
mod print;
mod rdata;
mod svcb;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Source, Sources, Span};
use crate::wire::{Name, Octets, RrType};

use index::Index;

pub use check::{CHECKS, Check, check};
pub use print::{data_text, record_line};

/// One record, class IN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its owner, at or below the apex.
    pub owner: Name,
    /// Its type.
    pub rtype: RrType,
    /// Seconds, at most [`crate::limits::TTL_SECONDS_MAX`].
    pub ttl: u32,
    /// Uncompressed wire octets, laid out as [`crate::wire::rdata::LAYOUTS`] says.
    pub rdata: Octets,
    /// Where it stands: the owner if written, else the type; never empty.
    pub span: Span,
    /// Where its data stands: from the first field behind the type to the last.
    pub data: Span,
}

/// A zone as its file tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Its name.
    pub apex: Name,
    /// Its records in the order of the file.
    pub records: Vec<Record>,
    /// The same by owner.
    index: Index,
}

impl Zone {
    /// A zone of these records.
    pub fn new(apex: Name, records: Vec<Record>) -> Self {
        let index = Index::of(&records);
        Self { apex, records, index }
    }

    /// The records of each owner, by type and then in the order of the file; owners in the order of the file.
    pub fn owners(&self) -> impl Iterator<Item = Owned<'_>> {
        (0..self.index.len()).map(|place| Owned { zone: self, records: self.index.owner(place) })
    }

    /// The records at a name, given in wire octets, case ignored; empty where it has none.
    pub fn at(&self, name: &[u8]) -> Owned<'_> {
        let place = self.index.find(&self.records, name);
        Owned { zone: self, records: place.map(|place| self.index.owner(place)).unwrap_or_default() }
    }
}

/// Records of one owner, by type and then in the order of the file.
#[derive(Clone, Copy, Debug)]
pub struct Owned<'z> {
    zone: &'z Zone,
    records: &'z [u32],
}

impl<'z> Owned<'z> {
    /// The owner, as it is written first in this order; none where there are no records.
    pub fn name(self) -> Option<&'z Name> {
        self.records().next().map(|record| &record.owner)
    }

    /// The records.
    pub fn records(self) -> impl Iterator<Item = &'z Record> + Clone {
        self.records.iter().filter_map(|record| self.zone.records.get(*record as usize))
    }

    /// Each type that it has, with its records.
    pub fn rrsets(self) -> impl Iterator<Item = (RrType, Self)> {
        let rtype = move |record: u32| self.zone.records.get(record as usize).map(|record| record.rtype);
        let rrsets = self.records.chunk_by(move |left, right| rtype(*left) == rtype(*right));
        rrsets.filter_map(move |records| Some((rtype(*records.first()?)?, Self { records, ..self })))
    }

    /// Those of one type.
    pub fn rrset(self, wanted: RrType) -> Self {
        let found = self.rrsets().find(|(rtype, _)| *rtype == wanted);
        found.map_or(Self { records: &[], ..self }, |(_, rrset)| rrset)
    }

    /// Where the first of them stands in the order of the file.
    pub fn first(self) -> Option<u32> {
        self.records.first().copied()
    }

    /// How many records these are.
    pub fn count(self) -> usize {
        self.records.len()
    }
}

/// What the parser asks of whoever owns the files: the text of `path` as written in an `$INCLUDE` of `from`, or why there is none.
pub type Include<'a> = dyn FnMut(&str, &Source) -> Result<Arc<Source>, String> + 'a;

/// Parses a zone; the zone holds every record that could be read, and is to be served only if no diagnostic is an error.
pub fn parse(apex: &Name, source: &Source, include: &mut Include<'_>) -> (Zone, Vec<Diagnostic>) {
    let (zone, findings) = parser::Parser::new(apex, include).run(source);
    (zone, findings.into_diagnostics())
}

/// Parses a zone and checks it as a whole: everything that can be told about it in one run.
///
/// Where lines could not be read, the checks that say "there is no ..." keep silent: it may stand in one of those lines.
pub fn read(apex: &Name, source: &Source, include: &mut Include<'_>) -> (Zone, Vec<Diagnostic>) {
    let (zone, mut findings) = parser::Parser::new(apex, include).run(source);
    let whole = !findings.any_error();
    if whole && zone.records.is_empty() {
        findings.push(refuse_empty(apex, source));
    } else {
        check::check_part(&zone, whole, &mut findings);
    }
    (zone, findings.into_diagnostics())
}

/// The octets of RDATA that stands alone, as in a zone file behind the type; names in it are absolute.
pub fn data_from_text(rtype: RrType, text: &str) -> Result<Vec<u8>, Diagnostic> {
    let source = Sources::default().add("", text);
    let (mut lexer, mut entry, root) = (lexer::Lexer::new(&source), lexer::Entry::default(), Name::root());
    let place = source.span(0, text.len());
    lexer.next_entry(&mut entry);
    if let Some(fault) = entry.fault.take() {
        return Err(fault);
    }
    let mut findings = findings::Findings::default();
    let context = fields::Context { source: &source, origin: &root, apex_text: "" };
    let mut octets = Vec::new();
    rdata::read(&mut fields::Fields::new(&entry, context, &mut findings), rtype, place, &mut octets)?;
    if lexer.next_entry(&mut entry) {
        return Err(Diagnostic::error(place, "expected the data of one record, but found more lines")
            .help("write the data of each record in quotes of its own"));
    }
    Ok(octets)
}

/// A file that was emptied, or is not written yet: one message for all that it lacks.
fn refuse_empty(apex: &Name, source: &Source) -> Diagnostic {
    let is_blank = source.text().iter().all(u8::is_ascii_whitespace);
    let fault = if is_blank { "the file is empty" } else { "the file holds no record" };
    let help = "write the zone, beginning with: @ 3600 IN SOA ns1 hostmaster 1 7200 3600 1209600 300";
    Diagnostic::error(source.span(0, 0), format!("{fault}; the zone \"{apex}\" needs an SOA and an NS record at least"))
        .label("nothing here can be served")
        .help(help)
}
