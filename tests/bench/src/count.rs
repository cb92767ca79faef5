//! Instructions instead of seconds: a server as a whole process under callgrind, asked N and then 2N queries.
//!
//! What starting and ending cost falls out of the difference. The count is the same whatever else the machine does. Reading a geo
//! database under callgrind takes minutes, so there it begins to count only when the server answers.

use std::process::{Command, Stdio};

use crate::Failure;
use crate::bout;
use crate::load::{Load, Until};
use crate::names::PLAIN;
use crate::peer::{Peer, Scene, Setting, Zone};
use crate::process::Server;
use crate::stream::Streams;
use crate::work::{self, Query, Work};

/// Clients of a server with several workers, so that each worker has some.
pub const CLIENTS: usize = 8;

/// What a query costs one server.
#[derive(Debug)]
pub struct Count {
    /// Who.
    pub peer: Peer,
    /// What was asked.
    pub work: Work,
    /// User-mode instructions a query.
    pub instructions: f64,
}

/// Counts for each server and kind of work.
pub fn count(scene: &Scene, peers: &[Peer], works: &[Work], queries: u32) -> Result<Vec<Count>, Failure> {
    let mut counts = Vec::new();
    for &work in works {
        let prepared = work::queries(work, PLAIN, &scene.atlas);
        for &peer in peers.iter().filter(|peer| peer.knows(work)) {
            eprintln!("counting {peer}: {work}");
            let instructions = instructions(scene, (peer, 1), work, &prepared, queries)?;
            eprintln!("{instructions:.0} instructions a query");
            counts.push(Count { peer, work, instructions });
        }
    }
    Ok(counts)
}

/// Instructions a query of a server with so many workers.
pub fn instructions(scene: &Scene, server: (Peer, usize), work: Work, prepared: &[Query], queries: u32) -> Result<f64, Failure> {
    let once = run(scene, server, work, prepared, queries)?;
    let twice = run(scene, server, work, prepared, 2 * queries)?;
    Ok((twice.0 - once.0) / (twice.1 - once.1))
}

/// The instructions of a life with this many queries in it, and how many were answered.
fn run(
    scene: &Scene,
    (peer, threads): (Peer, usize),
    work: Work,
    prepared: &[Query],
    queries: u32,
) -> Result<(f64, f64), Failure> {
    let geo = work.is_about_places();
    let mut before = vec!["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"];
    before.extend(geo.then_some("--instr-atstart=no"));
    let before: Vec<String> = before.into_iter().map(str::to_owned).collect();
    let zone = if work == Work::Big { Zone::Big(PLAIN) } else { Zone::Small };
    let mut server = scene.start(peer, Setting { geo, threads, before: &before, ..Setting::of(zone) })?;
    if geo {
        begin(&server)?;
    }
    let until = Until::Asked(u64::from(queries));
    let sockets = if threads > 1 { CLIENTS } else { 1 };
    let tally = match work {
        Work::Tcp => Streams::new(server.address, prepared, peer.judge())?.saturate(until)?,
        _ => Load::new(server.address, sockets, prepared, peer.judge())?.patient()?.saturate(until)?,
    };
    if tally.lost > 0 {
        return Err(format!("{peer}, {work}: {} replies lost", tally.lost));
    }
    server.end();
    // Of several processes the one that worked most is the server.
    let log = scene.log(&peer.to_string());
    let collected = log.lines().filter_map(|line| line.split_once("Collected : ")?.1.trim().parse::<f64>().ok());
    let most = bout::quantile(collected, 1.0);
    if most.is_nan() {
        return Err(format!("{peer}: callgrind printed no count"));
    }
    Ok((most, (tally.answered + tally.wrong) as f64))
}

/// Tells callgrind in a running server to count from now on.
fn begin(server: &Server) -> Result<(), Failure> {
    let mut vgdb = Command::new("vgdb");
    vgdb.args([&format!("--pid={}", server.id()), "instrumentation", "on"]);
    let status = vgdb.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("vgdb: {status}")),
        Err(error) => Err(format!("vgdb: {error}")),
    }
}
