//! Commands that can't do what they are asked: what they say, and with which exit code. What they do is shown where it matters:
//! reloads in `reload.rs`, faults of files in `mistakes.rs`, `explain` in the scenarios.

use std::process::{Command, Stdio};

use crate::harness::ZONE_HEAD;
use crate::harness::server::Folder;

/// The exit code and stderr of a command in this folder, in which no server runs.
fn run(folder: &Folder, line: &str) -> (Option<i32>, String) {
    let mut signpost = Command::new(env!("CARGO_BIN_EXE_signpost"));
    signpost.args(line.split(' ')).current_dir(folder.path("")).env_remove("SIGNPOST_LOG").stdin(Stdio::null());
    let output = signpost.output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn what_can_not_be_read_at_all_is_not_bad_but_could_not_run() {
    let folder = Folder::new([("signpost.toml", ""), ("zones/example.com.zone", ZONE_HEAD), ("bad.zone", "x A 192.0.2.256\n")]);
    for (line, exit) in [
        ("check", 0),
        ("check --zone example.com bad.zone", 1),
        ("check --zone example.com none.zone", 2),
        ("check --config none.toml", 2),
        ("serve --config none.toml", 2),
        ("explain www.example.com --client 192.0.2.1 --offline --config none.toml", 2),
    ] {
        let (code, said) = run(&folder, line);
        assert_eq!(code, Some(exit), "{line}: {said}");
        assert_eq!(said.contains("can't read \"none."), exit == 2, "{line}: {said}");
    }
}

#[test]
fn a_server_that_does_not_run_is_named_by_its_whole_path() {
    let folder = Folder::new([("signpost.toml", "")]);
    let socket = folder.path("").canonicalize().unwrap().join("signpost.sock");
    let (code, said) = run(&folder, "status");
    assert_eq!(code, Some(2));
    assert!(said.starts_with(&format!("error: no server listens on \"{}\"\n", socket.display())), "{said}");
}

#[test]
fn a_bad_question_needs_no_server_to_be_found() {
    let (code, said) = run(&Folder::new([("signpost.toml", "")]), "explain www.example.com --client 999.1.1.1");
    assert_eq!(code, Some(1));
    assert!(said.starts_with("error: expected an IP address after --client, but found \"999.1.1.1\"\n"), "{said}");
}
