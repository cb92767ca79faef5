//! Plays every file of `tests/scenarios`, and proves that a wrong expectation fails.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::scenario::{run, run_on_the_wire};

/// Where the scenarios are.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios");
/// Servers at a time: they wait more than they work.
const WORKERS: usize = 4;
/// Scenarios that are marked `wire` at least, so that no slip of the mark unmarks them all.
const MARKED_MIN: usize = 10;

#[test]
fn every_scenario_is_as_it_says() {
    let files = scenario_files(Path::new(ROOT));
    assert!(!files.is_empty(), "no scenarios in {ROOT}");
    let failures: Vec<String> = files.iter().flat_map(|file| play(file)).collect();
    assert!(failures.is_empty(), "{} failures in {} scenarios\n\n{}", failures.len(), files.len(), failures.join("\n\n"));
}

/// The files marked `wire`, against the real binary over real sockets.
#[test]
fn every_marked_scenario_is_so_on_the_wire() {
    let files = scenario_files(Path::new(ROOT));
    let next = AtomicUsize::new(0);
    let work = || {
        let mine = || files.get(next.fetch_add(1, Ordering::Relaxed));
        std::iter::from_fn(mine).filter_map(|file| run_on_the_wire(&name(file), &text(file))).collect::<Vec<_>>()
    };
    let played: Vec<Vec<String>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a worker")).collect()
    });
    let failures = played.concat();
    assert!(failures.is_empty(), "{} failures in {} scenarios\n\n{}", failures.len(), played.len(), failures.join("\n\n"));
    assert!(played.len() >= MARKED_MIN, "only {} scenarios are marked", played.len());
}

fn play(file: &Path) -> Vec<String> {
    run(&name(file), &text(file))
}

/// How messages call the file.
fn name(file: &Path) -> String {
    Path::new("tests/scenarios").join(file.strip_prefix(ROOT).unwrap_or(file)).display().to_string()
}

fn text(file: &Path) -> String {
    std::fs::read_to_string(file).expect("a scenario is UTF-8 text")
}

/// Every scenario by its name, with its text.
pub(crate) fn all() -> impl Iterator<Item = (String, String)> {
    scenario_files(Path::new(ROOT)).into_iter().map(|file| (name(&file), text(&file)))
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

/// In process already, so that nobody has to start a server to learn it.
#[test]
fn a_mark_that_cannot_hold_is_refused() {
    let world = |before: &str, config: &str| {
        format!("{before}wire\nconfig\n  [pool.web]\n{config}  endpoints = {{ v4 = \"192.0.2.1\" }}\n")
    };
    for statement in ["dice 1/2", "health all up", "client 192.0.2.1"] {
        let failures = run("told.scn", &format!("{}{statement}\n", world("", "")));
        let (word, _) = statement.split_once(' ').unwrap_or_default();
        assert!(failures.concat().starts_with(&format!("told.scn:5: \"wire\" can't hold: \"{word}\"")), "{failures:?}");
    }
    let late = run("told.scn", &world("zone example.com\n  @ A 192.0.2.1\n", ""));
    assert!(late.concat().contains("\"wire\" is the first statement"), "{late:?}");
    let checked = format!("wire\nconfig\n  [check.web]\nzone example.com\n  www A 192.0.2.1\n{RIGHT}");
    let refused = run_on_the_wire("told.scn", &checked).unwrap_or_default();
    assert!(refused.concat().contains("\"wire\" can't hold: verdicts"), "{refused:?}");
    assert_eq!(run_on_the_wire("told.scn", RIGHT), None, "what is not marked is not played");
}

/// The wire's own account of a wrong expectation.
#[test]
fn a_wrong_expectation_fails_on_the_wire_too() {
    let zone = "wire\nzone example.com\n  @ 60 SOA a b 1 2 3 4 5\n  @ 60 NS a\n  a 60 A 192.0.2.1\n";
    let right = "query a.example.com. A\nexpect NOERROR aa\n  answer a.example.com. 60 A 192.0.2.1\n";
    let dropped = "query a.example.com. A qr\nexpect drop response\n";
    let [right_tcp, dropped_tcp] = [right, dropped].map(|text| format!("transport tcp\n{text}"));
    let played = |rest: &str| run_on_the_wire("told.scn", &format!("{zone}{rest}")).unwrap_or_default();
    assert_eq!(played(&[right, dropped, &right_tcp, &dropped_tcp].concat()), [""; 0]);
    for (rest, line) in [
        (right.replace("192.0.2.1", "192.0.2.2"), "+   answer a.example.com. 60 IN A 192.0.2.1"),
        (right_tcp.replace("NOERROR", "NXDOMAIN"), "- NXDOMAIN aa"),
        (dropped.replace(" qr", ""), "- drop"),
        (dropped_tcp.replace("expect drop response", "expect REFUSED"), "+ dropped"),
        ("zone example.com\n  @ 60 SOA a b 1 2 3 4 5\nrefused xxx\n".to_owned(), "told.scn:8: exit status: 1"),
    ] {
        let failures = played(&rest).concat();
        assert!(failures.contains(line), "expected \"{line}\" in\n{failures}");
    }
}

#[test]
fn faults_of_the_world_have_the_lines_of_the_scenario() {
    let failure = failure(
        "zone example.com\n  @ 300 IN SOA ns1 host 1 2 3 4 5\n  @ 300 IN A 192.0.2.300\nquery example.com. A\nexpect NOERROR",
    );
    assert!(failure.contains("told.scn:13:12: error: "), "{failure}");
}
