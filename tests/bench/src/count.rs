//! Instructions instead of seconds: a server as a whole process under callgrind, asked N and then N more queries.
//!
//! (count at 2N - count at N) / N, taken from one life of the server: callgrind writes down what it counted after N queries and
//! after 2N. What starting costs, and what the first queries set up, falls out. Counting begins when the server answers: reading
//! a geo database while counting takes minutes. A server that draws the seed of a table when it starts finds a name in more or
//! fewer steps in each life, so the figure is the median of several lives.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Failure;
use crate::load::{Load, Tally, Until};
use crate::names::PLAIN;
use crate::peer::{Peer, Scene, Setting, Zone};
use crate::process::Server;
use crate::stream::Streams;
use crate::work::{self, Query, Work};

/// callgrind counts each octet that `rep stosb` fills as an instruction; with these the C library uses vectors instead.
const NO_REP: &str = "GLIBC_TUNABLES=glibc.cpu.x86_rep_stosb_threshold=1000000000:glibc.cpu.x86_rep_movsb_threshold=1000000000";

/// What a query costs one server.
#[derive(Debug)]
pub struct Count {
    /// Who.
    pub peer: Peer,
    /// What was asked.
    pub work: Work,
    /// User-mode instructions a query, all threads of all processes, in each life.
    pub lives: Vec<f64>,
}

/// What is counted.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'p> {
    /// N.
    pub queries: u32,
    /// How often each server is started.
    pub lives: usize,
    /// Clients that ask.
    pub clients: usize,
    /// The folder where callgrind's profiles stay, those of each last life.
    pub keep: Option<&'p Path>,
}

/// Counts for each server and kind of work.
pub fn count(scene: &Scene, peers: &[Peer], works: &[Work], plan: Plan<'_>) -> Result<Vec<Count>, Failure> {
    let mut counts = Vec::new();
    for &work in works {
        let prepared = work::queries(work, PLAIN, &scene.atlas);
        for &peer in peers.iter().filter(|peer| peer.knows(work)) {
            counts.push(Count { peer, work, lives: lives(scene, (peer, 1), work, &prepared, plan)? });
        }
    }
    Ok(counts)
}

/// Instructions a query of a server with so many workers, life by life.
pub fn lives(scene: &Scene, server: (Peer, usize), work: Work, prepared: &[Query], plan: Plan<'_>) -> Result<Vec<f64>, Failure> {
    (0..plan.lives).map(|_| life(scene, server, work, prepared, plan)).collect()
}

fn life(scene: &Scene, (peer, workers): (Peer, usize), work: Work, prepared: &[Query], plan: Plan<'_>) -> Result<f64, Failure> {
    let folder = plan.keep.unwrap_or(&scene.folder).join(format!("callgrind-{peer}-{work}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let output = format!("--callgrind-out-file={}/%p", folder.display());
    let valgrind = ["env", NO_REP, "valgrind", "--tool=callgrind", "--instr-atstart=no", "--separate-threads=yes", &output];
    let before = valgrind.map(str::to_owned);
    let zone = if work == Work::Big { Zone::Big(PLAIN) } else { Zone::Small };
    let setting = Setting { geo: work.is_about_places(), threads: workers, before: &before, ..Setting::of(zone) };
    let server = scene.start(peer, setting)?;
    let processes = server.processes();
    tell(&processes, &["instrumentation", "on"])?;
    ask(&server, (peer, plan.clients), work, prepared, plan.queries)?;
    tell(&processes, &["dump"])?;
    let tally = ask(&server, (peer, plan.clients), work, prepared, plan.queries)?;
    tell(&processes, &["dump"])?;
    let asked = (tally.answered + tally.wrong) as f64;
    let threads: Vec<f64> = dumped(&folder, 2)?.into_iter().map(|count| count / asked).collect();
    if threads.is_empty() {
        return Err(format!("{peer}, {work}: callgrind wrote nothing to {}", folder.display()));
    }
    let shown: Vec<String> = threads.iter().filter(|count| **count >= 0.5).map(|count| format!("{count:.0}")).collect();
    eprintln!("counted {peer}, {work}, {workers} workers: {} instructions a query, by thread", shown.join(" + "));
    Ok(threads.into_iter().sum())
}

/// Asks so many queries; none may be lost.
fn ask(server: &Server, (peer, clients): (Peer, usize), work: Work, prepared: &[Query], queries: u32) -> Result<Tally, Failure> {
    let until = Until::Asked(u64::from(queries));
    let tally = match work {
        Work::Tcp => Streams::new(server.address, prepared, peer.judge())?.saturate(until)?,
        _ => Load::new(server.address, clients, prepared, peer.judge())?.patient()?.saturate(until)?,
    };
    if tally.lost > 0 { Err(format!("{peer}, {work}: {} replies lost", tally.lost)) } else { Ok(tally) }
}

/// Gives an order to callgrind in each process of a running server.
fn tell(processes: &[u32], order: &[&str]) -> Result<(), Failure> {
    for process in processes {
        let mut vgdb = Command::new("vgdb");
        vgdb.arg(format!("--pid={process}")).args(order);
        let output = vgdb.stdin(Stdio::null()).output().map_err(|error| format!("vgdb: {error}"))?;
        if !output.status.success() {
            return Err(format!("vgdb: {}: {}", output.status, String::from_utf8_lossy(&output.stderr)));
        }
    }
    Ok(())
}

/// What each thread executed between the dump before the one with this number and that one, the most first.
fn dumped(folder: &Path, number: u32) -> Result<Vec<f64>, Failure> {
    let mut totals = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| error.to_string())?.flatten() {
        // PROCESS.NUMBER-THREAD
        let name = entry.file_name().to_string_lossy().into_owned();
        let part = name.split_once('.').and_then(|(_, rest)| rest.split_once('-')).map(|(part, _)| part.parse::<u32>());
        if part != Some(Ok(number)) {
            continue;
        }
        let text = fs::read_to_string(entry.path()).map_err(|error| format!("{name}: {error}"))?;
        let total = text.lines().find_map(|line| line.strip_prefix("totals: ")?.trim().parse::<f64>().ok());
        totals.push(total.unwrap_or(0.0));
    }
    totals.sort_by(|one, other| other.total_cmp(one));
    Ok(totals)
}
