//! The mistakes that hurt operators of a steering server, each with exactly what `signpost check` says about it.
//!
//! A case is a text of files in `tests/mistakes/`: `### PATH` begins a file, a path that ends in `/` is a folder, and what
//! follows `## reload` is written over a first load without fault. `NAME.expected` holds stderr and the exit code.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use signpost::diagnostic::Severity;
use signpost::load::{Loader, Report};
use signpost::snapshot::LINTS;

use crate::harness::golden;
use crate::harness::server::Folder;

/// The worst ten, worst first, and why.
const WORST: [(&str, &str); 10] = [
    ("policy_removed", "a policy goes while a served zone still names it: the outage would come with the reload"),
    ("policy_misspelt", "a zone binds a name to a policy that does not exist"),
    ("bound_name_missing", "a binding at a name without an address of its own, mostly a slip in the name"),
    ("pool_misspelt", "a check, pool or policy is named and not there"),
    ("geo_unknown", "nearest or rules by country without a database: everybody silently goes to the same place"),
    ("check_forgotten", "a pool that nobody probes stays in the answers when it is dead; a check that can't pass takes all down"),
    ("final_dot_missing", "a target without its final dot leads into the zone itself, where nothing is"),
    ("cname_at_apex", "an alias at the apex, beside SOA and NS: what one moves to a steering server for"),
    ("key_misspelt", "a setting that would silently keep its default"),
    ("number_without_unit", "is \"interval = 1\" a second, a minute or a millisecond?"),
];

/// What is between two files of a case, after the first load.
const RELOAD: &str = "## reload";

/// The severities as messages call them.
const SEVERITIES: [&str; 2] = ["error: ", "warning: "];

#[test]
fn every_mistake_has_its_messages_and_each_is_complete() {
    let mut complaints = Vec::new();
    for case in cases() {
        let Played { report, folder } = play(&case);
        let text = relative(&report.text(), &folder);
        let exit = report.exit();
        complaints.extend(golden::difference(&format!("{}.expected", case.name), &format!("{text}exit {exit}\n")));
        for (_, message) in &report.findings {
            let message = relative(message, &folder);
            complaints.extend(incomplete(&message, &folder).map(|why| format!("{}: {why}:\n{message}", case.name)));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn the_command_says_the_same() {
    for case in cases().into_iter().filter(|case| case.before.is_none()) {
        let folder = written(&case.files);
        let output = Command::new(env!("CARGO_BIN_EXE_signpost")).arg("check").current_dir(folder.path("")).output().unwrap();
        let found = format!("{}exit {}\n", String::from_utf8_lossy(&output.stderr), output.status.code().unwrap());
        golden::check(&format!("{}.expected", case.name), &found);
    }
}

#[test]
fn the_worst_ten_are_among_them() {
    let cases = cases();
    for (name, why) in WORST {
        assert!(cases.iter().any(|case| case.name.ends_with(&format!("/{name}"))), "no case {name}, though {why}");
    }
}

#[test]
fn every_lint_has_a_case() {
    for row in LINTS {
        assert!(!row.why.is_empty() && !row.why.ends_with('.'), "{} is explained in a line", row.name);
        let name = format!("tests/mistakes/{}.expected", row.name.replace('-', "_"));
        let said = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&name)).unwrap_or_default();
        let severity = match row.severity {
            Severity::Error => SEVERITIES[0],
            Severity::Warning => SEVERITIES[1],
        };
        assert!(said.contains(severity), "{name} holds no {severity}:\n{said}");
    }
}

/// The shipped database, a year and a day after it was built.
#[test]
fn a_database_grows_old() {
    const BUILT: u64 = 1_781_654_400;
    const DAY: u64 = 86_400;
    let said = |days: u64| Loader::new("signpost.toml", 1).at(BUILT + days * DAY).load().unwrap().report.text();
    assert_eq!(said(365), "");
    golden::check("tests/mistakes/geo_age.expected", &format!("{}exit 0\n", said(366)));
}

#[test]
fn a_reload_that_loses_a_policy_is_refused_whole_and_forgets_nothing() {
    let case = cases().into_iter().find(|case| case.name.ends_with("/policy_removed")).unwrap();
    let before = case.before.clone().unwrap();
    let folder = written(&before);
    let mut loader = Loader::new(folder.path("signpost.toml"), 1);
    loader.load().unwrap();
    write(&folder, &case.files);
    let report = loader.load().unwrap_err();
    assert_eq!(report.summary(), "refused whole: 1 error, 0 warnings");
    write(&folder, &before);
    assert_eq!(loader.load().unwrap().report.findings, []);
}

/// Files by path.
type Files = Vec<(String, String)>;

/// One mistake.
struct Case {
    /// Its path without the ending.
    name: String,
    /// What is loaded without fault before the mistake is made.
    before: Option<Files>,
    files: Files,
}

/// A mistake and what was said of it.
struct Played {
    report: Report,
    folder: Folder,
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "txt"));
    paths.sort();
    let case = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        let name = format!("tests/mistakes/{}", path.file_stem().unwrap().to_str().unwrap());
        match text.split_once(RELOAD) {
            Some((before, after)) => Case { name, before: Some(files(before)), files: files(after) },
            None => Case { name, before: None, files: files(&text) },
        }
    };
    paths.iter().map(case).collect()
}

fn files(text: &str) -> Files {
    let parts = text.split("### ").skip(1);
    parts.map(|part| part.split_once('\n').unwrap()).map(|(path, text)| (path.to_owned(), text.to_owned())).collect()
}

fn written(files: &Files) -> Folder {
    let folder = Folder::new([]);
    write(&folder, files);
    folder
}

fn write(folder: &Folder, files: &Files) {
    for (path, text) in files {
        match path.strip_suffix('/') {
            Some(path) => fs::create_dir_all(folder.path(path)).unwrap(),
            None => folder.write(path, text),
        }
    }
}

fn play(case: &Case) -> Played {
    let folder = written(case.before.as_ref().unwrap_or(&case.files));
    let mut loader = Loader::new(folder.path("signpost.toml"), 1);
    if case.before.is_some() {
        let loaded = loader.load().unwrap();
        assert_eq!(loaded.report.text(), "", "{}", case.name);
        write(&folder, &case.files);
    }
    let report = loader.load().map_or_else(|report| report, |loaded| loaded.report);
    Played { report, folder }
}

/// Paths as an operator sees them who works in that folder.
fn relative(text: &str, folder: &Folder) -> String {
    text.replace(&format!("{}/", folder.path("").display().to_string().trim_end_matches('/')), "")
}

/// What a message lacks to be repairable from alone: place, fault, the line with its caret, and a next step.
fn incomplete(message: &str, folder: &Folder) -> Option<String> {
    let lines: Vec<&str> = message.lines().collect();
    if !lines.iter().any(|line| line.strip_prefix("  help: ").is_some_and(|step| !step.is_empty())) {
        return Some("no next step".into());
    }
    let (place, severity) = SEVERITIES.iter().find_map(|severity| Some((lines[0].split_once(severity)?.0, severity)))?;
    let (_, fault) = lines[0].split_once(severity).unwrap();
    if fault.is_empty() || fault.ends_with('.') || fault.starts_with(char::is_uppercase) {
        return Some("the fault is not in lower case without a full stop".into());
    }
    // Where there is no text there is no place in it; then the fault names the file.
    let is_about_a_file = ["can't read \"", "no zone is served: the folder \"", "no zone would be left: the folder \""];
    let is_about_a_file = is_about_a_file.iter().any(|begin| fault.starts_with(begin));
    if place.is_empty() {
        return (!is_about_a_file).then(|| "no place".into());
    }
    let [file, line, column] = place.trim_end_matches(": ").split(':').collect::<Vec<_>>()[..] else {
        return Some("the place is not FILE:LINE:COLUMN".into());
    };
    let text = fs::read_to_string(folder.path(file)).unwrap();
    let (line, column): (usize, usize) = (line.parse().unwrap(), column.parse().unwrap());
    let Some(written) = text.lines().nth(line - 1) else { return Some("there is no such line".into()) };
    let shown = lines[1].strip_prefix(&format!("{line:>5} | ")).unwrap_or_default();
    let caret = lines[2].strip_prefix("      | ").and_then(|line| line.find('^'));
    // A long line is cut at its left; the caret keeps its character.
    let cut = written.find(shown).filter(|_| !shown.is_empty());
    let points_there = cut.zip(caret).is_some_and(|(cut, caret)| cut + caret + 1 == column);
    (!points_there).then(|| format!("the caret is not below column {column} of line {line}"))
}
