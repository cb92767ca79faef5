//! Plays every file of `tests/scenarios`, and proves that a wrong expectation fails.

use std::path::{Path, PathBuf};

use super::scenario::run;

/// Where the scenarios are.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios");

#[test]
fn every_scenario_is_as_it_says() {
    let files = scenario_files(Path::new(ROOT));
    assert!(!files.is_empty(), "no scenarios in {ROOT}");
    let failures: Vec<String> = files.iter().flat_map(|file| play(file)).collect();
    assert!(failures.is_empty(), "{} failures in {} scenarios\n\n{}", failures.len(), files.len(), failures.join("\n\n"));
}

fn play(file: &Path) -> Vec<String> {
    let name = Path::new("tests/scenarios").join(file.strip_prefix(ROOT).unwrap_or(file));
    let text = std::fs::read_to_string(file).expect("a scenario is UTF-8 text");
    run(&name.display().to_string(), &text)
}

/// All `.scn` files below a folder, sorted.
fn scenario_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder of scenarios").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = entries
        .flat_map(|path| match path.is_dir() {
            true => scenario_files(&path),
            false => vec![path].into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "scn")).collect(),
        })
        .collect();
    files.sort();
    files
}

/// A world in which `www` is steered to one address, and whatever a test asks of it.
fn told(rest: &str) -> Vec<String> {
    let world = r#"
config
  [pool.web]
  endpoints = { name = "a", v4 = "192.0.2.1" }
zone example.com
  $TTL 300
  @          IN SOA ns1 host 1 2 3 4 60
             IN NS ns1
  ns1        IN A 192.0.2.53
  www        IN A 192.0.2.80
  _steer.www IN TXT "web"
"#;
    run("told.scn", &format!("{}{rest}", world.trim_start()))
}

/// The one failure of a scenario.
#[track_caller]
fn failure(rest: &str) -> String {
    let failures = told(rest);
    assert_eq!(failures.len(), 1, "{failures:#?}");
    failures.into_iter().next().unwrap_or_default()
}

const RIGHT: &str = "query www.example.com. A\nexpect NOERROR aa\n  answer www.example.com. 30 IN A 192.0.2.1\n";

#[test]
fn a_right_expectation_holds() {
    assert_eq!(told(RIGHT), [""; 0]);
}

#[test]
fn every_wrong_expectation_fails_with_its_place_and_a_diff() {
    let wrong = [
        ("NOERROR aa", "NXDOMAIN aa", "- NXDOMAIN aa"),
        ("NOERROR aa", "NOERROR", "+ NOERROR aa"),
        ("NOERROR aa", "NOERROR aa tc", "- NOERROR aa tc"),
        (" 30 ", " 31 ", "-   answer www.example.com. 31 IN A 192.0.2.1"),
        ("answer www", "answer WWW", "+   answer www.example.com. 30 IN A 192.0.2.1"),
        ("  answer", "  authority", "-   authority www.example.com. 30 IN A 192.0.2.1"),
        ("  answer www.example.com. 30 IN A 192.0.2.1\n", "", "+   answer www.example.com. 30 IN A 192.0.2.1"),
        ("192.0.2.1\n", "192.0.2.1\n  length <= 20\n", "+ length 60"),
        ("192.0.2.1\n", "192.0.2.1\n  scope 24\n", "+ no subnet"),
        ("192.0.2.1\n", "192.0.2.1\n  nsid a\n", "- nsid a"),
        ("192.0.2.1\n", "192.0.2.1\n  no edns\n", "+ edns"),
        ("192.0.2.1\n", "192.0.2.1\n  questions 2\n", "+ questions 1"),
        (" IN A", " CH A", "-   answer www.example.com. 30 CH A 192.0.2.1"),
        ("expect NOERROR aa", "expect drop response", "- drop"),
    ];
    for (right, wrong, line) in wrong {
        let failure = failure(&RIGHT.replace(right, wrong));
        assert!(failure.starts_with("told.scn:12: www.example.com. A"), "{failure}");
        assert!(failure.lines().any(|found| found.trim_start() == line), "expected \"{line}\" in\n{failure}");
    }
}

#[test]
fn a_slip_in_a_scenario_names_its_line() {
    let cases = [
        ("qeury www.example.com. A", "told.scn:11: \"qeury\" is no keyword"),
        ("query www.example.com. A", "told.scn:11: a query without \"expect\""),
        ("client 192.0.2", "told.scn:11: expected: client ADDRESS"),
        ("dice 100/100", "told.scn:11: expected: dice"),
        ("subnet 192.0.2.1/24", "told.scn:11: expected: subnet"),
        ("edns 1232 do version", "told.scn:11: expected: edns"),
        ("stray middle 00", "told.scn:11: expected: stray"),
        ("health web/a down\nquery www.example.com. A\nexpect NOERROR", "told.scn:13: no address of \"web/a\" is probed"),
        ("query www.example.com. A\nexpect NOERROR\n  answer www.example.com. A 192.0.2.1", "told.scn:13: "),
        ("subnet 192.0.2.0/24\nquery www.example.com. A\nexpect NOERROR aa", "told.scn:13: the query has a subnet"),
        ("zone example.com\n  www IN A 1\nrefused xxx", "told.scn:13: refused for another reason"),
    ];
    for (rest, start) in cases {
        let failure = failure(rest);
        assert!(failure.starts_with(start), "expected \"{start}\" at the start of\n{failure}");
    }
}

#[test]
fn faults_of_the_world_have_the_lines_of_the_scenario() {
    let failure = failure(
        "zone example.com\n  @ 300 IN SOA ns1 host 1 2 3 4 5\n  @ 300 IN A 192.0.2.300\nquery example.com. A\nexpect NOERROR",
    );
    assert!(failure.contains("told.scn:13:12: error: "), "{failure}");
}
