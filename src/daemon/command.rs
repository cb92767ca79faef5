//! What each command does: the ones that need no server are done here, the others are asked of the server over its socket.
//!
//! Every command ends in a [`Reply`]: what to print, and the exit code.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Instant, SystemTime};

use super::demo::demo;
use super::terminal::paint;
use super::watching::watch;
use super::{Failure, serve, unguessable};
use crate::answer::Why;
use crate::control::{
    Command, ExplainRequest, Query, Reply, Request, Status, StatusRequest, View, ZoneFile, call, deliver, read_wish,
    show_progress,
};
use crate::diagnostic::{Diagnostic, Sources, render};
use crate::load::{Loaded, Loader, Report, check_zone, control_socket};
use crate::snapshot::{Circumstances, Serving, Steering};
use crate::state::check_orders;
use crate::wire::Name;

/// Runs a command to its end; the exit code of the process.
pub fn run(command: Command) -> ExitCode {
    let reply = match command {
        Command::Serve { config } => ended(serve(config)),
        Command::Check { config, zone } => check(&config, zone),
        Command::Explain { config, offline: true, question } => explain_offline(&config, &question),
        Command::Explain { config, offline: false, question } => match Query::read(&question) {
            Ok(_) => ask(&config, &Request::Explain(question)),
            Err(reply) => reply,
        },
        Command::Status { config, request, view } => status(&config, request, view),
        Command::Reload { config } => ask(&config, &Request::Reload),
        Command::Order { config, request } => match read_wish(&request, SystemTime::now()) {
            Ok(_) => ask(&config, &Request::Order(request)),
            Err(reply) => reply,
        },
        Command::Orders { config, json } => ask(&config, &Request::Orders(json)),
        Command::Demo => ended(demo()),
    };
    deliver(&reply)
}

fn ended(result: Result<(), Failure>) -> Reply {
    match result {
        Ok(()) => Reply::done(""),
        Err(Failure::Bad(report)) => {
            Reply { exit: report.exit(), out: String::new(), err: report.text() + &not_started(&report) }
        }
        Err(Failure::CouldNotRun(why)) => Reply::could_not_run(format!("error: {why}")),
    }
}

/// A start has no last good version: what is bad refuses it whole.
fn not_started(report: &Report) -> String {
    let message = format!("the server is not started: {}", report.found());
    let help = "mend every error above; nothing has served yet that could serve on in its place";
    render(&Diagnostic::nowhere(message).help(help), &Sources::default())
}

/// The findings of a load go to stderr, what stands to stdout; exit code 1 if anything would be refused,
/// 2 if there is nothing to read.
fn check(config: &Path, zone: Option<ZoneFile>) -> Reply {
    let started = Instant::now();
    let mut report = match zone {
        None => Loader::new(config, unguessable()).progress(show_progress).load().map_or_else(
            |report| report,
            |Loaded { config, mut report, .. }| {
                report.findings.extend(check_orders(&config.server.state, &config));
                report
            },
        ),
        Some(ZoneFile { name, file }) => match Name::parse(name.as_bytes(), Some(&Name::root())) {
            Ok(apex) => check_zone(config, &apex, &file),
            Err(error) => return Reply::bad_input(format!("error: \"{name}\" is no domain name: {error}")),
        },
    };
    report.took = Some(started.elapsed());
    Reply { exit: report.exit(), out: report.summary(), err: report.text() }
}

fn explain_offline(config: &Path, question: &ExplainRequest) -> Reply {
    let query = match Query::read(question) {
        Ok(query) => query,
        Err(reply) => return reply,
    };
    let refused = |report: Report| Reply { exit: report.exit(), out: String::new(), err: report.text() };
    let snapshot = match Loader::new(config, unguessable()).load() {
        Ok(loaded) if loaded.report.errors() == 0 => loaded.snapshot,
        Ok(loaded) => return refused(loaded.report),
        Err(report) => return refused(report),
    };
    let steering = Steering::new(&snapshot.policies, &Circumstances::default(), None);
    let serving = Serving { generation: 0, snapshot, steering };
    Reply::done(query.explain(&serving, &Why { down: &|_| None, ordered: &|_, _| None }, unguessable()))
}

fn status(config: &Path, request: StatusRequest, view: View) -> Reply {
    let socket = control_socket(config);
    if view == View::Watch {
        return watch(&socket, &request).unwrap_or_else(|error| Reply::could_not_run(format!("error: {error}")));
    }
    let reply = call(&socket, &Request::Status(request));
    match Status::of(&reply).filter(|_| view == View::Text) {
        Some(status) => Reply::done(status.text(paint())),
        None => reply,
    }
}

/// Asks the server that runs with this configuration.
fn ask(config: &Path, request: &Request) -> Reply {
    let socket: PathBuf = control_socket(config);
    call(&socket, request)
}
