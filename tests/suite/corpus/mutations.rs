//! Whole zones with one octet changed, lost or added at every place: no panic, no loss without a word, no meaning of our own.
//!
//! What may not happen silently: that a line of a file that we accept makes no record (every mutant is held to that), and that a
//! mutant means to us what it means to nobody else (a sample is shown to the three checkers; its seed is printed).

use std::panic::catch_unwind;

use signpost::diagnostic::{Severity, Sources};
use signpost::zone;

use super::cases::{self, Case};
use super::records::apex;
use super::{complaints, exceptions, judged};

/// What is put in the place of an octet.
const REPLACED: &[u8] = b";\"\\().@ \n\r0z\x00";
/// What is put before an octet.
const ADDED: &[u8] = b";\"\\( \n*\xff";
/// Mutants that the three checkers see.
const SAMPLE_SIZE: usize = 250;
/// Where the sample begins.
const SEED: u64 = 20_261_124;

/// A mutant of a zone and what was done to it.
struct Mutant {
    what: String,
    text: Vec<u8>,
}

#[test]
fn no_line_of_an_accepted_mutant_is_lost_without_a_word() {
    let mut count = [0; 2];
    let mut complaints = Vec::new();
    for (name, text) in cases::valid() {
        for mutant in mutants(text.as_bytes()) {
            let read = catch_unwind(|| read(&mutant.text)).unwrap_or_else(|_| panic!("{name}.zone: {} panics", mutant.what));
            let Some(records) = read else {
                count[0] += 1;
                continue;
            };
            count[1] += 1;
            let lines = entries(&mutant.text);
            if records != lines {
                complaints.push(format!("{name}.zone: {}: {lines} lines hold a record, but {records} were read", mutant.what));
            }
        }
    }
    println!("{} mutants refused, {} accepted", count[0], count[1]);
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

#[test]
fn a_mutant_is_judged_and_read_as_the_three_agree() {
    println!("seed {SEED}");
    let zones: Vec<_> = cases::valid();
    let all: Vec<(&str, Mutant)> = zones
        .iter()
        .flat_map(|(name, text)| mutants(text.as_bytes()).into_iter().map(|mutant| (name.as_str(), mutant)))
        .collect();
    let mut state = SEED;
    let cases: Vec<Case> = (0..SAMPLE_SIZE)
        .map(|_| {
            // A multiplier of Knuth's; the upper bits are the better ones.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (name, mutant) = &all[(state >> 33) as usize % all.len()];
            Case::of(format!("{name}.zone: {}", mutant.what), mutant.text.clone())
        })
        .collect();
    let complaints = complaints(&judged(&cases), &exceptions::OF_MUTANTS);
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

/// How many records a zone has; `None` where it is refused.
fn read(text: &[u8]) -> Option<usize> {
    let source = Sources::default().add("mutant", text);
    let (zone, diagnostics) = zone::read(&apex(), &source, &mut |_, _| Err("nothing is included".to_owned()));
    diagnostics.iter().all(|found| found.severity == Severity::Warning).then_some(zone.records.len())
}

/// Every mutant of a zone.
fn mutants(text: &[u8]) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for at in 0..=text.len() {
        let (before, after) = text.split_at(at);
        let mut add = |what: String, middle: &[u8], after: &[u8]| {
            mutants.push(Mutant { what: format!("octet {at}: {what}"), text: [before, middle, after].concat() });
        };
        for octet in ADDED {
            add(format!("{:?} added", char::from(*octet)), &[*octet], after);
        }
        let Some((lost, rest)) = after.split_first() else { continue };
        add(format!("{:?} lost", char::from(*lost)), &[], rest);
        for octet in REPLACED.iter().filter(|octet| *octet != lost) {
            add(format!("{:?} for {:?}", char::from(*octet), char::from(*lost)), &[*octet], rest);
        }
    }
    mutants
}

/// How many entries of a file are records, told without a parser: comments, quotes and parentheses are all that counts.
fn entries(text: &[u8]) -> usize {
    let mut entries = 0;
    let (mut depth, mut quoted, mut comment, mut is_record) = (0, false, false, false);
    let mut octets = text.iter().copied().chain([b'\n']);
    while let Some(octet) = octets.next() {
        match octet {
            b'\n' => {
                comment = false;
                if depth == 0 {
                    entries += usize::from(is_record);
                    is_record = false;
                }
            }
            _ if comment => {}
            b'"' => quoted = !quoted,
            b';' if !quoted => comment = true,
            b'(' if !quoted => depth += 1,
            b')' if !quoted => depth -= 1,
            b' ' | b'\t' | b'\r' => {}
            b'$' if !is_record => comment = true,
            b'\\' => is_record = octets.next().is_some(),
            _ => is_record = true,
        }
    }
    entries
}
