//! The reference task: three places of two weighted endpoints, an https check, nearest and failover, as the repository ships it.
//!
//! The files are read and explained, never served: their endpoints are documentation addresses.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use signpost::answer::Why;
use signpost::config::Config;
use signpost::control::{ExplainRequest, Query, down};
use signpost::health::{Standing, Streak, Verdict};
use signpost::load::{Loaded, Loader};
use signpost::snapshot::{Circumstances, Serving, Steering};

use crate::harness::golden;

const CONFIG: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/signpost.toml"));
const ZONE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/zones/example.com.zone"));
/// Lines that the task may take, without blank ones and comments.
const CONFIG_LINES_MAX: usize = 25;

/// Clients of well-known networks in Amsterdam, America and Korea.
const EUROPEAN: &str = "193.0.0.1";
const AMERICAN: &str = "8.8.8.8";
const ASIAN: &str = "168.126.63.1";

/// The shipped files, loaded once for all tests: the country database takes its time.
static LOADED: LazyLock<Loaded> = LazyLock::new(|| {
    let loader = Loader::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("signpost.toml"), 1);
    // The day after the database was built: it grows old, and the test must not.
    loader.at(1_781_740_800).load().unwrap()
});

#[test]
fn it_takes_25_lines_of_toml_and_one_of_zone() {
    let is_written = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let lines = CONFIG.lines().filter(is_written).count();
    assert!(lines <= CONFIG_LINES_MAX, "{lines} lines");
    assert_eq!(ZONE.lines().filter(|line| line.starts_with("_steer.www")).count(), 1);
}

#[test]
fn it_loads_without_error_and_warning() {
    assert_eq!(LOADED.report.text(), "");
    assert_eq!((LOADED.report.errors(), LOADED.report.warnings(), LOADED.report.zones), (0, 0, 1));
}

#[test]
fn each_client_is_told_why_it_gets_what_it_gets() {
    for (name, client, dice) in [("eu", EUROPEAN, "79/100"), ("us", AMERICAN, "0/100"), ("ap", ASIAN, "59/100")] {
        golden::check(&format!("tests/reference/explain-{name}.txt"), &explained(client, dice, &[]));
    }
}

#[test]
fn a_place_that_is_down_is_passed_over() {
    golden::check("tests/reference/explain-eu-down.txt", &explained(EUROPEAN, "79/100", &["eu"]));
    let both = explained(EUROPEAN, "79/100", &["eu", "us"]);
    golden::check("tests/reference/explain-eu-and-us-down.txt", &both);
}

#[test]
fn the_command_explains_offline() {
    let explain = ["explain", "www.example.com", "A", "--client", EUROPEAN, "--dice", "79/100", "--offline"];
    let output =
        Command::new(env!("CARGO_BIN_EXE_signpost")).args(explain).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    golden::check("tests/reference/explain-eu.txt", &String::from_utf8_lossy(&output.stdout));
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()));
}

/// The account of www.example.com's A records while all endpoints of these pools are down.
fn explained(client: &str, dice: &str, pools_down: &[&str]) -> String {
    let request = ExplainRequest {
        name: "www.example.com".into(),
        qtype: Some("A".into()),
        client: client.into(),
        subnet: None,
        dice: Some(dice.into()),
    };
    let snapshot = Arc::clone(&LOADED.snapshot);
    let endpoints = snapshot.policies.endpoints_by_probe();
    let is_down = |probe: u32| {
        let endpoints = &endpoints[probe as usize];
        endpoints.iter().all(|endpoint| pools_down.iter().any(|pool| endpoint.starts_with(&format!("{pool}/"))))
    };
    let verdict = |probe: u32| if is_down(probe) { Verdict::Down } else { Verdict::Up };
    let steering = Steering::new(&snapshot.policies, &Circumstances::judged(&snapshot.policies, verdict), None);
    let why = |probe: u32| why_down(&LOADED.config, verdict(probe));
    let serving = Serving { generation: 1, snapshot: Arc::clone(&snapshot), steering };
    Query::read(&request).unwrap().explain(&serving, &Why { down: &why, ordered: &|_, _| None }, 0)
}

/// What the running server would say of an endpoint that refuses connections.
fn why_down(config: &Config, verdict: Verdict) -> Option<String> {
    let standing = Standing {
        verdict,
        streak: Streak::Failures(3),
        last_error: Some((Duration::ZERO, "connection refused".into())),
        ..Standing::default()
    };
    down(&config.checks[0], &standing, Duration::from_secs(12))
}
