//! Zone files against the three checkers: where BIND, NSD and Knot agree on a file, so do we, and what is accepted is read alike.
//!
//! The files are in `tests/corpus/`, most of them many to a text; more are made of whole zones by breaking them in one way each.

mod breaking;
mod cases;
mod evil;
mod exceptions;
mod mutations;
mod peers;
mod records;

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;
use std::process::Command;

use signpost::load::{Report, check_zone};

use cases::{Case, ZONE_FILE};
use exceptions::{Exception, Exceptions, has_default_ttl};
use peers::{Verdict, Verdicts};
use records::Records;

/// The zone that all of them are.
const APEX: &str = "example.com";

/// One case in so many is shown to the command too.
const COMMAND_STEP: usize = 40;
/// Zones that the corpus must have at least.
const CASES_MIN: usize = 1500;

/// What is said of one case by everybody.
struct Judged<'a> {
    case: &'a Case,
    ours: Report,
    records: Option<Records>,
    theirs: Verdicts,
}

#[test]
fn every_zone_is_judged_and_read_as_the_three_agree() {
    let cases = [cases::written(), breaking::made()].concat();
    let judged = judged(&cases);
    println!("{}", summary(&judged));
    let complaints = complaints(&judged, &exceptions::OF_THE_CORPUS);
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

#[test]
fn the_command_says_the_same() {
    let cases = cases::written();
    let folder = tempfile::tempdir().unwrap();
    for case in cases.iter().step_by(COMMAND_STEP) {
        let folder = folder.path().join("case");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        case.files.iter().for_each(|(name, octets)| fs::write(folder.join(name), octets).unwrap());
        let mut command = Command::new(env!("CARGO_BIN_EXE_signpost"));
        let output = command.args(["check", "--zone", APEX]).arg(folder.join(ZONE_FILE)).current_dir(&folder).output().unwrap();
        let ours = check(&folder);
        assert_eq!(output.status.code(), Some(i32::from(ours.errors() > 0)), "{}", case.title);
        assert_eq!(String::from_utf8_lossy(&output.stderr), ours.text(), "{}", case.title);
    }
}

#[test]
fn no_zone_is_there_twice() {
    let cases = [cases::written(), breaking::made()].concat();
    let mut titles = HashMap::new();
    let twice =
        |case: &Case| titles.insert(case.files.clone(), case.title.clone()).map(|other| format!("{} is {other}", case.title));
    let twice: Vec<String> = cases.iter().filter_map(twice).collect();
    assert!(twice.is_empty(), "the same zones:\n{}", twice.join("\n"));
    assert!(cases.len() >= CASES_MIN, "only {} zones", cases.len());
}

/// Everybody's word on every case.
fn judged(cases: &[Case]) -> Vec<Judged<'_>> {
    let judged = peers::each(cases, |folder| (check(folder), Records::ours(folder, ZONE_FILE)));
    let judged = judged.into_iter().zip(cases);
    judged.map(|(((ours, records), theirs), case)| Judged { case, ours, records, theirs }).collect()
}

/// What `signpost check --zone` finds.
fn check(folder: &Path) -> Report {
    check_zone(&folder.join("signpost.toml"), &records::apex(), &folder.join(ZONE_FILE))
}

/// What no exception explains, and the exceptions that nothing needs.
fn complaints(judged: &[Judged<'_>], exceptions: &Exceptions) -> Vec<String> {
    let of = |table, finding: &dyn Fn(&Judged<'_>) -> Option<String>| {
        against(table, judged.iter().filter_map(|judged| Some((judged.case, finding(judged)?))))
    };
    [
        of(exceptions.refused_by_us, &|judged| judged.refused_by_us()),
        of(exceptions.accepted_by_us, &|judged| judged.accepted_by_us()),
        of(exceptions.read_otherwise_by_bind, &|judged| judged.reading_of("BIND", &judged.theirs.bind)),
        of(exceptions.read_otherwise_by_nsd, &|judged| judged.reading_of("NSD", &judged.theirs.nsd)),
    ]
    .concat()
}

impl Judged<'_> {
    fn refused_by_us(&self) -> Option<String> {
        let is_wrong = self.theirs.common() == Some(true) && self.ours.errors() > 0;
        is_wrong.then(|| format!("all accept, but we say\n{}", self.ours.text()))
    }

    fn accepted_by_us(&self) -> Option<String> {
        let is_wrong = self.theirs.common() == Some(false) && self.ours.errors() == 0;
        is_wrong.then(|| format!("we accept, but {}", self.theirs.summary()))
    }

    /// What somebody who accepts the zone reads otherwise than we, who accept it too.
    fn reading_of(&self, whose: &str, verdict: &Verdict) -> Option<String> {
        let Verdict::Accepted(Some(theirs)) = verdict else { return None };
        let ours = self.records.as_ref().filter(|_| self.ours.errors() == 0)?;
        let difference = match theirs {
            Ok(theirs) if whose == "NSD" && !has_default_ttl(self.case.zone()) => ours.without_ttls().difference(theirs),
            Ok(theirs) => ours.difference(theirs),
            Err(why) => Some(format!("  unreadable to us: {why}")),
        };
        difference.map(|lines| format!("{whose} reads other records\n{lines}"))
    }
}

/// The findings that no exception explains, and the exceptions that no finding needs.
fn against<'a>(exceptions: &[Exception], found: impl Iterator<Item = (&'a Case, String)>) -> Vec<String> {
    let mut unneeded: BTreeSet<&str> = exceptions.iter().map(|(title, _)| *title).collect();
    let mut complaints = Vec::new();
    for (case, what) in found {
        if !exceptions.iter().any(|(title, _)| *title == case.title) {
            complaints.push(format!("{}: {what}", case.title));
        }
        unneeded.remove(case.title.as_str());
    }
    complaints.extend(unneeded.into_iter().map(|title| format!("{title}: this exception is no longer needed")));
    complaints
}

/// How many were judged how.
fn summary(judged: &[Judged<'_>]) -> String {
    let count = |wanted: &dyn Fn(&&Judged<'_>) -> bool| judged.iter().filter(wanted).count();
    let common = |verdict| count(&|judged| judged.theirs.common() == verdict);
    let split = |verdict: fn(&Verdicts) -> &Verdict| {
        count(&|judged| judged.theirs.common().is_none() && verdict(&judged.theirs).accepts() == Some(judged.ours.errors() == 0))
    };
    format!(
        "{} zones: all accept {}, all refuse {}, they differ on {} (we are with BIND {}, NSD {}, Knot {})",
        judged.len(),
        common(Some(true)),
        common(Some(false)),
        common(None),
        split(|theirs| &theirs.bind),
        split(|theirs| &theirs.nsd),
        split(|theirs| &theirs.knot),
    )
}
