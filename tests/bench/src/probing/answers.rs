//! What an answer costs while ten thousand endpoints are probed: two Signposts with the same names, one that probes and one that
//! does not, asked in turn. What does not have the turn is stopped.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use clap::Args;
use nix::sys::signal::Signal;

use super::address;
use super::family::Process;
use super::prober::{self, Folder, POOL};
use crate::bout::median;
use crate::load::Load;
use crate::work::{Judge, Query};
use crate::{Failure, GENERATOR_CORE, process};

/// From a start or a stop until everything is in its rhythm again.
const SETTLE: Duration = Duration::from_secs(3);
/// Where the two answer.
const PORTS: [u16; 2] = [5451, 5452];

/// How much is measured.
#[derive(Args, Debug)]
pub struct Setting {
    /// Pairs of slices.
    #[arg(long, default_value_t = 5)]
    pairs: usize,
    /// Seconds of a slice.
    #[arg(long, default_value_t = 6)]
    seconds: u64,
    /// Queries a second.
    #[arg(long, default_value_t = 20_000.0)]
    rate: f64,
}

/// Measures, and gives the report.
pub fn measure(setting: &Setting, signpost: &Path) -> Result<String, Failure> {
    let probing = prober::Setting::usual();
    let folders = [Folder::new(&probing, signpost, PORTS[0], true)?, Folder::new(&probing, signpost, PORTS[1], false)?];
    let mut accept = probing.endpoints(&folders[0])?;
    accept.line()?;
    let servers = [folders[0].serve("0,1")?, folders[1].serve("0,1")?];
    process::pin(GENERATOR_CORE)?;
    for server in &servers {
        server.signal(Signal::SIGSTOP);
    }
    let queries: Vec<Query> = (0..probing.endpoints.div_ceil(POOL))
        .map(|pool| Query::of(&format!("w{pool}.example.com"), address(pool * POOL)))
        .collect();
    let mut pairs = Vec::new();
    for turn in 0..setting.pairs {
        let mut pair = [0.0; 2];
        // In the order AB BA AB ..., so that a drift meets both alike.
        for side in if turn % 2 == 0 { [0, 1] } else { [1, 0] } {
            servers[side].signal(Signal::SIGCONT);
            sleep(SETTLE);
            pair[side] = slice(setting, &servers[side], PORTS[side], &queries)?;
            servers[side].signal(Signal::SIGSTOP);
        }
        pairs.push(pair);
    }
    Ok(report(setting, &pairs))
}

/// Nanoseconds of the UDP worker for an answer.
fn slice(setting: &Setting, server: &Process, port: u16, queries: &[Query]) -> Result<f64, Failure> {
    let thread = udp_worker(server)?;
    let mut load = Load::new(([127, 0, 0, 1], port).into(), 1, queries, Judge::Id)?;
    let before = spent(&thread)?;
    let tally = load.pace(setting.rate, Duration::from_secs(setting.seconds))?;
    Ok((spent(&thread)? - before) / tally.answered as f64)
}

/// The folder in /proc of the thread that answers over UDP.
fn udp_worker(server: &Process) -> Result<String, Failure> {
    let tasks = format!("/proc/{}/task", server.id());
    let found = fs::read_dir(&tasks)
        .map_err(|error| format!("{tasks}: {error}"))?
        .flatten()
        .find(|task| fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name.starts_with("udp")));
    found.map(|task| task.path().display().to_string()).ok_or_else(|| "there is no UDP worker".to_owned())
}

/// Nanoseconds that a thread has run, in user mode and in the kernel: how they split, the kernel's ticks are too coarse to see.
fn spent(thread: &str) -> Result<f64, Failure> {
    let path = format!("{thread}/schedstat");
    let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    text.split_whitespace().next().and_then(|text| text.parse().ok()).ok_or_else(|| format!("{path} has no number"))
}

fn report(setting: &Setting, pairs: &[[f64; 2]]) -> String {
    let mut text = format!(
        "{} queries a second; one Signpost probes 10,000 endpoints every second, the other none\n\n\
         | pair | ns/answer, probing | not probing | ratio |\n|---|---|---|---|\n",
        setting.rate
    );
    for (index, [probing, idle]) in pairs.iter().enumerate() {
        // Writing into a String can't fail.
        let _ = writeln!(text, "| {} | {probing:.0} | {idle:.0} | {:.2} |", index + 1, probing / idle);
    }
    let ratios = pairs.iter().map(|[probing, idle]| probing / idle);
    let _ = writeln!(text, "\nRatio, median of the pairs: {:.2}", median(ratios));
    text
}
