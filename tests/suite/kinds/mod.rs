//! Each kind of check against real counterparts: nginx, NSD, a gRPC server over HTTP/2, programs; and those that do harm.
//!
//! Single probes are run in process, by checks that are written as an operator writes them; what a server keeps, says and
//! costs while it probes is looked at from outside.

mod certificates;
mod grpc;
mod harm;
mod names;

use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use signpost::config::{Check, Text, parse};
use signpost::diagnostic::Sources;
use signpost::health::{Cause, Outcome};
use signpost::probe::probe_once;

/// For what is expected to happen: a slow machine makes no test fail.
const LONG: &str = "interval = '20s'\ntimeout = '20s'\n";
/// For what is expected never to happen.
const SHORT: &str = "interval = '300ms'\ntimeout = '300ms'\n";

/// The check of these lines, its paths counted from `folder`.
fn check(lines: &str, folder: &Path) -> Check {
    let text = format!("[check.web]\n{lines}\n[pool.a]\ncheck = 'web'\nendpoints = {{ name = 'a', v4 = '192.0.2.1' }}\n");
    let source = Sources::default().add("signpost.toml", text);
    let (config, faults) = parse(&[Text { source: &source, folder }]);
    config.unwrap_or_else(|| panic!("{faults:?}")).checks.remove(0)
}

/// What came of a probe, nothing for a pass; how far it went beyond its deadline is printed.
#[expect(clippy::print_stdout, reason = "a measurement, shown where a test fails or is asked to tell")]
async fn outcome(lines: &str, address: IpAddr) -> Option<(Cause, String)> {
    let check = check(lines, Path::new("/"));
    let begun = Instant::now();
    let outcome = probe_once(&check, address).await;
    let over = begun.elapsed().saturating_sub(check.timeout);
    if over > Duration::ZERO {
        println!("{} {outcome:?}: {over:?} over its deadline", check.kind.word());
    }
    match outcome {
        Outcome::Pass { .. } => None,
        Outcome::Fail { cause, reason } => Some((cause, reason.to_string())),
    }
}

fn failed(cause: Cause, reason: &str) -> Option<(Cause, String)> {
    Some((cause, reason.to_owned()))
}
