//! The zone reader from outside: tables of text and records, laws over generated input, and golden messages.
//!
//! `UPDATE_GOLDEN=1` writes the `.expected` files anew; the diff is the review.

mod records;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::diagnostic::tests::each_broken_file;
use crate::diagnostic::{Severity, Sources, any_error, render};
use crate::limits::{DIAGNOSTICS_PER_FILE_MAX, GENERATED_PER_ZONE_MAX, INCLUDE_COUNT_MAX, INCLUDE_DEPTH_MAX};
use crate::wire::rdata::LAYOUTS;

fn apex() -> Name {
    Name::parse(b"example.com.", None).unwrap()
}

/// The zone that a file's first line names in a comment, `; zone NAME`, else `example.com`.
fn apex_of(source: &Source) -> Name {
    let line = source.text().strip_prefix(b"; zone ").and_then(|text| text.split(|&byte| byte == b'\n').next());
    line.map_or_else(apex, |name| Name::parse(name, None).unwrap())
}

/// Zone files by name; `include` finds the others.
struct Folder {
    sources: Sources,
    files: HashMap<String, Vec<u8>>,
}

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
        Self { sources: Sources::default(), files }
    }

    fn run(
        &mut self,
        name: &str,
        reader: fn(&Name, &Source, &mut Include<'_>) -> (Zone, Vec<Diagnostic>),
    ) -> (Zone, Vec<Diagnostic>) {
        let source = self.sources.add(name, self.files[name].clone());
        reader(&apex_of(&source), &source, &mut |path, _| match self.files.get(path) {
            Some(text) => Ok(self.sources.add(path, text.clone())),
            None => Err("there is no such file".to_owned()),
        })
    }
}

fn parse_text(text: &str) -> (Vec<String>, Vec<Diagnostic>) {
    parse_bytes(text.as_bytes())
}

fn parse_bytes(text: &[u8]) -> (Vec<String>, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    let source = sources.add("t", text);
    let (zone, diagnostics) = parse(&apex(), &source, &mut |_, _| Err("no files here".to_owned()));
    (zone.records.iter().map(record_line).collect(), diagnostics)
}

/// The records of text without any fault.
fn lines(text: &str) -> Vec<String> {
    let (lines, diagnostics) = parse_text(text);
    assert_eq!(diagnostics, [], "{text}");
    lines
}

/// The RDATA that `data` of a type becomes.
fn data(rtype: &str, text: &str) -> String {
    let line = lines(&format!("@ 60 {rtype} {text}\n"));
    line[0].strip_prefix(&format!("example.com. 60 IN {rtype} ")).unwrap_or(&line[0]).to_owned()
}

/// The message and label of the only fault in `data` of a type.
fn fault(rtype: &str, text: &str) -> (String, String) {
    let (lines, diagnostics) = parse_text(&format!("@ 60 {rtype} {text}\n"));
    assert_eq!(diagnostics.len(), 1, "{rtype} {text}: {lines:?} {diagnostics:?}");
    (diagnostics[0].message.clone(), diagnostics[0].label.clone())
}

#[test]
fn an_included_file_has_its_own_scope() {
    let mut folder = Folder::new(&[
        ("main", "$TTL 1\nfirst A 192.0.2.1\n$INCLUDE sub.inc sub\n A 192.0.2.2\nlast A 192.0.2.3\n$INCLUDE \"sub.inc\"\n"),
        ("sub.inc", " A 192.0.2.9\na A 192.0.2.4\n$ORIGIN deep\nb A 192.0.2.5\n$TTL 2\n"),
    ]);
    let (zone, faults) = folder.run("main", parse);
    let said: Vec<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
    assert_eq!(said, ["the origin \"deep\" is relative"; 2]);
    let lines: Vec<String> = zone.records.iter().map(record_line).collect();
    assert_eq!(
        lines,
        [
            "first.example.com. 1 IN A 192.0.2.1",
            "first.example.com. 1 IN A 192.0.2.9",
            "a.sub.example.com. 1 IN A 192.0.2.4",
            "b.deep.sub.example.com. 1 IN A 192.0.2.5",
            "first.example.com. 2 IN A 192.0.2.2",
            "last.example.com. 2 IN A 192.0.2.3",
            "last.example.com. 2 IN A 192.0.2.9",
            "a.example.com. 2 IN A 192.0.2.4",
            "b.deep.example.com. 2 IN A 192.0.2.5",
        ]
    );
}

#[test]
fn includes_are_bounded() {
    let names: Vec<String> = (0..=INCLUDE_DEPTH_MAX + 1).map(|index| format!("f{index}")).collect();
    let texts: Vec<String> = (1..=names.len()).map(|index| format!("$INCLUDE f{index}\n")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
    let mut folder = Folder::new(&files);
    let (_, faults) = folder.run("f0", parse);
    assert_eq!(faults.len(), 1);
    assert_eq!(folder.sources.place(faults[0].span.unwrap()).unwrap(), format!("f{INCLUDE_DEPTH_MAX}:1:10"));

    let many = "$INCLUDE empty\n".repeat(INCLUDE_COUNT_MAX + 1);
    let mut folder = Folder::new(&[("main", &many), ("empty", "")]);
    let (_, faults) = folder.run("main", parse);
    assert_eq!(faults.len(), 1);

    let mut folder = Folder::new(&[("a", "$INCLUDE b\n"), ("b", "x 1 A 192.0.2.1\n$INCLUDE a\ny 1 A 192.0.2.1\n")]);
    let (zone, faults) = folder.run("a", parse);
    assert_eq!((zone.records.len(), faults.len()), (2, 1));
}

#[test]
fn generated_records_are_bounded() {
    let (records, faults) = parse_text("$GENERATE 1-65536 a$ 1 TXT x\n");
    assert_eq!((records.len(), faults.len()), (65_536, 0));
    let long = format!("$GENERATE 1-65536 a$ 1 TXT {}\n", "x".repeat(4096));
    for (text, already, message) in [
        ("$GENERATE 1-3 a$ 1 A 192.0.2.$\n", 0, None),
        ("$GENERATE 1-3 a$ 1 A 192.0.2.$\n", GENERATED_PER_ZONE_MAX - 3, None),
        ("$GENERATE 1-3 a$ 1 A 192.0.2.$\n", GENERATED_PER_ZONE_MAX - 2, Some("1048576 records at most")),
        ("$GENERATE 0-2147483647/2 a$ 1 A 192.0.2.$\n", 0, Some("65536 records at most")),
        (&long, 0, Some("134217728 octets of text at most")),
    ] {
        let (apex, source) = (apex(), Sources::default().add("t", text));
        let mut none = |_: &str, _: &Source| Err(String::new());
        let mut parser = parser::Parser::new(&apex, &mut none);
        parser.generated = already;
        let (zone, findings) = parser.run(&source);
        let messages: Vec<String> = findings.into_diagnostics().into_iter().map(|finding| finding.message).collect();
        match message {
            None => assert_eq!((zone.records.len(), messages.len()), (3, 0), "{messages:?}"),
            Some(message) => assert!(messages.len() == 1 && messages[0].ends_with(message), "{messages:?}"),
        }
    }
}

#[test]
fn faults_are_bounded_and_errors_go_first() {
    let warnings = "a 1 CNAME www.example.com\n".repeat(DIAGNOSTICS_PER_FILE_MAX * 2);
    let (lines, diagnostics) = parse_text(&format!("{warnings}b 1 A x\n"));
    assert_eq!(lines.len(), DIAGNOSTICS_PER_FILE_MAX * 2);
    assert_eq!(diagnostics.len(), DIAGNOSTICS_PER_FILE_MAX);
    assert_eq!(diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count(), 1);

    let (_, diagnostics) = parse_text(&"b 1 A x\n".repeat(DIAGNOSTICS_PER_FILE_MAX * 2));
    assert_eq!(diagnostics.len(), DIAGNOSTICS_PER_FILE_MAX);
}

const GOOD: &str = r#"$TTL 1h ; the default
@            IN SOA ns1 hostmaster ( 2026112101 7200 3600
                 1209600 300 )
             IN NS  ns1
                 NS  ns2.example.net.
ns1          IN A   192.0.2.53
www     60   IN A   192.0.2.10
_steer.www   IN TXT "web" plain "\"\\\200"
             HTTPS 1 . alpn="h2,h3" port=8443 ipv4hint=192.0.2.1
$ORIGIN sub.example.com.
a\.b 1d      CAA 0 issue "ca.example; x"
             TYPE65280 \# 2 abcd
child        NS ns2.example.net.
             DS 1 8 9 ab cd
"#;

#[test]
fn a_good_zone_has_no_faults() {
    let mut folder = Folder::new(&[("main", GOOD)]);
    let (zone, faults) = folder.run("main", read);
    assert_eq!(faults, []);
    assert_eq!(zone.records.len(), 11);
}

/// DESIGN.md section 1.1.
#[test]
fn the_zone_of_the_design_has_no_faults() {
    let text = r#"$TTL 3600
@            IN SOA ns1 hostmaster 2026112101 7200 3600 1209600 300
             IN NS  ns1
             IN NS  ns2
             IN A   192.0.2.10
ns1          IN A   192.0.2.53
ns2          IN A   198.51.100.53
www     60   IN A   192.0.2.10       ; what any other name server would answer
*.cdn   60   IN A   192.0.2.10
_steer.www   IN TXT "web"            ; www is steered by the policy (or pool) "web"
_steer.*.cdn IN TXT "web"            ; so is every name that the wildcard *.cdn makes
_steer       IN TXT "web"            ; and the apex
"#;
    let (zone, faults) = Folder::new(&[("main", text)]).run("main", read);
    assert_eq!((zone.records.len(), faults), (11, Vec::new()));
}

#[test]
fn no_changed_byte_panics() {
    for place in 0..GOOD.len() {
        for byte in [0, b'\n', b'"', b'(', b')', b'\\', b';', b' ', b'$', b'9', 0xff] {
            let mut text = GOOD.as_bytes().to_vec();
            text[place] = byte;
            parse_bytes(&text);
        }
    }
}

fn any_record() -> impl Strategy<Value = Record> {
    let row = proptest::sample::select(LAYOUTS.iter().collect::<Vec<_>>());
    let rdata = row.prop_flat_map(|row| {
        let fields = row.fields.iter().fold(Just(Vec::new()).boxed(), |before, field| {
            (before, kinds::tests::field_octets(*field)).prop_map(|(before, octets)| [before, octets].concat()).boxed()
        });
        (Just(row.rtype), fields)
    });
    let owner = proptest::collection::vec(any::<u8>(), 1..20).prop_map(|label| apex().prepend(&label).unwrap());
    (owner, rdata, 0..=crate::limits::TTL_SECONDS_MAX).prop_map(|(owner, (rtype, rdata), ttl)| {
        let span = Sources::default().add("t", "").span(0, 0);
        Record { owner, rtype, ttl, rdata: rdata.into(), span, data: span }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic(text in proptest::collection::vec(any::<u8>(), 0..300)) {
        parse_bytes(&text);
    }

    #[test]
    fn no_almost_zone_panics(text in r#"([a-z@$. \n"();\\0-9]|IN |A |TXT |SVCB 1 |alpn=|\$TTL |\\# ){0,80}"#) {
        parse_bytes(text.as_bytes());
    }

    #[test]
    fn what_is_printed_is_read_back(record in any_record()) {
        let line = record_line(&record);
        let source = Sources::default().add("t", line.as_str());
        let (zone, diagnostics) = parse(&apex(), &source, &mut |_, _| Err(String::new()));
        prop_assert!(!any_error(&diagnostics), "{line}: {diagnostics:?}");
        let [read] = zone.records.as_slice() else { panic!("{line}") };
        prop_assert_eq!((&read.owner, read.rtype, read.ttl, &read.rdata), (&record.owner, record.rtype, record.ttl, &record.rdata));
        // Names compare without case, octets do not.
        prop_assert_eq!(read.owner.as_wire(), record.owner.as_wire());
        prop_assert_eq!(record_line(read), line);
    }
}

#[test]
fn messages_are_as_expected() {
    each_broken_file("tests/diagnostics/zone", "zone", 25, rendered_messages);
}

#[test]
fn every_check_has_a_broken_zone_and_finds_something_in_it() {
    for row in CHECKS {
        assert!(!row.why.is_empty() && !row.why.ends_with('.'), "{} is explained in a line", row.name);
        let name = format!("{}.zone", row.name.replace('-', "_"));
        let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/diagnostics/zone")).join(&name);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (zone, faults) = Folder::new(&[(&name, &text)]).run(&name, parse);
        assert!(!any_error(&faults), "{name} is broken where its check does not look: {faults:?}");
        assert!(row.finds(&zone) > 0, "the check {} finds nothing in {name}", row.name);
    }
}

/// All that is said about a broken zone; `$INCLUDE` finds the files beside it.
fn rendered_messages(path: &std::path::Path) -> String {
    let mut sources = Sources::default();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let source: Arc<Source> = sources.add(name, std::fs::read(path).unwrap());
    let (_, diagnostics) = read(&apex_of(&source), &source, &mut |wanted, _| {
        let text = std::fs::read(path.with_file_name(wanted)).map_err(|_| "there is no such file".to_owned())?;
        Ok(sources.add(wanted, text))
    });
    assert!(!diagnostics.is_empty(), "{} is not broken", path.display());
    for diagnostic in &diagnostics {
        assert!(diagnostic.help.is_some() && diagnostic.span.is_some(), "no help or no place: {diagnostic:?}");
    }
    diagnostics.iter().map(|diagnostic| render(diagnostic, &sources)).collect()
}
