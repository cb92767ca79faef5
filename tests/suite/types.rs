//! Every type against others: a table of samples, text beside octets, read by us, by three name servers and by a crate.
//!
//! Each of them is asked whether it takes the text for the octets. `$GENERATE` is compared with what BIND makes of it.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Output};

use domain::base::rdata::ComposeRecordData;
use domain::zonefile::inplace::{Entry, Zonefile};
use signpost::diagnostic::{Diagnostic, Sources, any_error};
use signpost::wire::rdata::LAYOUTS;
use signpost::wire::{Name, RrType};
use signpost::zone::{Record, parse, record_line};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/types");
const ZONE: &str = "example.com";

/// A line of the table.
#[derive(Debug)]
struct Sample {
    mnemonic: String,
    rtype: RrType,
    text: String,
    hex: String,
    readers: Vec<String>,
}

impl Sample {
    fn generic(&self) -> String {
        format!("TYPE{} \\# {} {}", self.rtype.0, self.hex.len() / 2, self.hex)
    }

    fn own(&self) -> String {
        format!("{} {}", self.mnemonic, self.text)
    }
}

fn samples() -> Vec<Sample> {
    let table = std::fs::read_to_string(Path::new(FOLDER).join("samples.txt")).unwrap();
    let sample = |line: &str| {
        let [mnemonic, text, hex, readers] = line.split(" | ").collect::<Vec<_>>().try_into().expect(line);
        let rtype = RrType::from_mnemonic(mnemonic).expect(line);
        let readers = readers.split(' ').map(str::to_owned).collect();
        Sample { mnemonic: mnemonic.to_owned(), rtype, text: text.to_owned(), hex: hex.to_owned(), readers }
    };
    table.lines().filter(|line| !line.starts_with('#')).map(sample).collect()
}

fn parsed(text: &str) -> (Vec<Record>, Vec<Diagnostic>) {
    let apex = Name::parse(b"example.com.", None).unwrap();
    let source = Sources::default().add("zone", text);
    let (zone, faults) = parse(&apex, &source, &mut |_, _| Err(String::new()));
    (zone.records, faults)
}

/// The records of a zone without a fault.
fn records(text: &str) -> Vec<Record> {
    let (records, faults) = parsed(text);
    assert!(faults.is_empty(), "{text}: {faults:?}");
    records
}

fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        write!(text, "{octet:02x}").unwrap();
        text
    })
}

#[test]
fn text_and_octets_of_every_type_go_both_ways() {
    let samples = samples();
    for sample in &samples {
        let own = records(&format!("@ 60 IN {}\n", sample.own()));
        assert_eq!(hex(&own[0].rdata), sample.hex, "{sample:?}");
        let generic = records(&format!("@ 60 IN {}\n", sample.generic()));
        assert_eq!((generic[0].rtype, hex(&generic[0].rdata)), (own[0].rtype, sample.hex.clone()), "{sample:?}");
        let line = record_line(&own[0]);
        assert_eq!(record_line(&generic[0]), line, "{sample:?}");
        let again = records(&line);
        assert_eq!((hex(&again[0].rdata), record_line(&again[0])), (sample.hex.clone(), line), "{sample:?}");
    }
    let sampled: BTreeSet<RrType> = samples.iter().map(|sample| sample.rtype).collect();
    let missing: Vec<&str> = LAYOUTS.iter().filter(|row| !sampled.contains(&row.rtype)).map(|row| row.mnemonic).collect();
    assert!(missing.is_empty(), "no sample of {missing:?}");
    let alone: Vec<&Sample> = samples.iter().filter(|sample| sample.readers.iter().all(String::is_empty)).collect();
    assert!(alone.is_empty(), "nobody else reads {alone:?}");
}

/// A zone with the samples that `reader` knows, each at an owner of its own, the SOA at the apex.
fn zone_for(reader: &str, data: fn(&Sample) -> String) -> (String, usize) {
    let (mut soa, mut rest, mut count) = (String::new(), String::new(), 0);
    for (index, sample) in samples().iter().enumerate().filter(|(_, sample)| sample.readers.iter().any(|known| known == reader)) {
        count += 1;
        match sample.rtype {
            RrType::SOA => soa = format!("@ IN {}\n", data(sample)),
            _ => writeln!(rest, "sample{index} IN {}", data(sample)).unwrap(),
        }
    }
    (format!("$TTL 60\n{soa}@ IN NS a\na IN A 192.0.2.1\n{rest}"), count)
}

/// What a checker says about a zone.
fn run(command: &str, arguments: &[&str], text: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("zone");
    std::fs::write(&file, text).unwrap();
    Command::new(command).args(arguments).arg(&file).output().unwrap_or_else(|fault| panic!("{command}: {fault}"))
}

/// What a checker says about a zone that it must accept.
fn checked(command: &str, arguments: &[&str], text: &str) -> String {
    let run = run(command, arguments, text);
    let (said, errors) = (String::from_utf8_lossy(&run.stdout).into_owned(), String::from_utf8_lossy(&run.stderr).into_owned());
    assert!(run.status.success(), "{command}: {said}{errors}\n{text}");
    // BIND says in a comment when it would sign again, which is a matter of the second.
    said.lines().filter(|line| !line.starts_with("; resign=")).map(|line| format!("{line}\n")).collect()
}

const BIND: (&str, &[&str]) = ("named-checkzone", &["-i", "none", "-k", "ignore", "-D", ZONE]);
const NSD: (&str, &[&str]) = ("nsd-checkzone", &["-p", ZONE]);

#[test]
fn bind_and_nsd_take_the_texts_for_the_octets() {
    for (reader, (command, arguments), least) in [("bind", BIND, 110), ("nsd", NSD, 80)] {
        let (own, count) = zone_for(reader, Sample::own);
        assert!(count >= least, "{reader} reads {count} samples only");
        let printed = checked(command, arguments, &own);
        assert_eq!(printed, checked(command, arguments, &zone_for(reader, Sample::generic).0), "{reader}");
        // What we print they read as the same, too.
        let ours: String = records(&own).iter().map(|record| record_line(record) + "\n").collect();
        assert_eq!(printed, checked(command, arguments, &ours), "{reader}");
        let owners = printed.lines().filter(|line| line.starts_with("sample")).count();
        assert_eq!(owners, count - 1, "{reader}: all but the SOA, which is at the apex");
    }
}

#[test]
fn where_the_three_agree_about_a_line_we_agree() {
    let judges =
        [("named-checkzone", &BIND.1[..4], ZONE), ("nsd-checkzone", &[], ZONE), ("kzonecheck", &["-d", "off", "-o"], ZONE)];
    let text = std::fs::read_to_string(Path::new(FOLDER).join("judged.txt")).unwrap();
    let (mut accepted, mut refused) = (0, 0);
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        // Knot wants the class before any type that it reads.
        let line = if line.contains("CLASS") { line.to_owned() } else { line.replacen("x ", "x IN ", 1) };
        let zone = format!("$TTL 60\n@ IN SOA a b 1 2 3 4 5\n@ IN NS a\na IN A 192.0.2.1\n{line}\n");
        let verdicts = judges
            .map(|(command, arguments, zone_name)| run(command, &[arguments, &[zone_name]].concat(), &zone).status.success());
        let ours = !any_error(&parsed(&zone).1);
        match verdicts {
            [true, true, true] => accepted += 1,
            [false, false, false] => refused += 1,
            _ => continue,
        }
        assert_eq!(ours, verdicts[0], "{line}");
    }
    assert!(accepted >= 20 && refused >= 45, "they agree about {accepted} good and {refused} bad lines only");
}

#[test]
fn knot_accepts_the_texts_and_ours() {
    let (own, count) = zone_for("knot", Sample::own);
    assert!(count >= 60, "knot reads {count} samples only");
    let ours: String = records(&own).iter().map(|record| record_line(record) + "\n").collect();
    for text in [own, ours] {
        checked("kzonecheck", &["-d", "off", "-o", ZONE], &text);
    }
}

#[test]
fn the_crate_domain_reads_the_same_octets() {
    let known: Vec<Sample> =
        samples().into_iter().filter(|sample| sample.readers.iter().any(|known| known == "domain")).collect();
    assert!(known.len() >= 45, "domain reads {} samples only", known.len());
    for sample in known {
        let mut file = Zonefile::from(format!("@ 60 IN {}\n", sample.own()).as_bytes());
        file.set_origin("example.com.".parse().unwrap());
        let Ok(Some(Entry::Record(record))) = file.next_entry() else { panic!("{sample:?}") };
        let mut octets = Vec::new();
        record.data().compose_rdata(&mut octets).unwrap();
        assert_eq!(hex(&octets), sample.hex, "{sample:?}");
    }
}

#[test]
fn generate_makes_what_bind_makes() {
    let text = std::fs::read_to_string(Path::new(FOLDER).join("generate.zone")).unwrap();
    let sorted = |text: &str| {
        let mut lines: Vec<String> = records(text).iter().map(record_line).collect();
        lines.sort();
        lines
    };
    let theirs = checked(BIND.0, BIND.1, &text);
    let theirs: String = theirs.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_alphanumeric())).fold(
        String::new(),
        // Its own messages stand among the records.
        |text, line| if line.contains(" IN ") { text + line + "\n" } else { text },
    );
    assert_eq!(sorted(&text), sorted(&theirs));
}
