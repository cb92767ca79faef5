//! Signpost with two workers beside Signpost with one: what threads cost each other.
//!
//! Both servers may run on both cores, and so does the generator, which asks as several clients: the kernel gives each client
//! to one worker. Instructions are exact; microseconds are not, since on two cores the generator takes its share from one of them.

use std::time::Duration;

use crate::Failure;
use crate::bout::{self, Sample};
use crate::count::{self, CLIENTS, Plan};
use crate::load::{Load, Until};
use crate::names::PLAIN;
use crate::peer::{Peer, Scene, Setting, Zone};
use crate::process;
use crate::work::{self, Work};
use crate::{BOTH_CORES, GENERATOR_CORE};

/// Where the server with one and the server with two workers listen.
const PORTS: [u16; 2] = [5338, 5339];
/// A slice.
const SLICE: Duration = Duration::from_millis(300);

/// What one kind of work came to with one and with two workers.
#[derive(Debug)]
pub struct Workers {
    /// What was asked.
    pub work: Work,
    /// Instructions a query.
    pub instructions: [f64; 2],
    /// All slices of each together.
    pub samples: [Sample; 2],
}

/// Compares at static and weighted work.
pub fn compare(scene: &Scene, pairs: usize, queries: u32) -> Result<Vec<Workers>, Failure> {
    let setting = |threads| Setting { threads, geo: false, cores: BOTH_CORES, ..Setting::of(Zone::Small) };
    let mut table = Vec::new();
    for work in [Work::Static, Work::Weighted] {
        let prepared = work::queries(work, PLAIN, &scene.atlas);
        let plan = Plan { queries, lives: 1, keep: None };
        let counted = |threads| count::instructions(scene, (Peer::Signpost, threads), work, &prepared, plan);
        eprintln!("counting with one and with two workers: {work}");
        let instructions = [counted(1)?, counted(2)?];
        let one = scene.start_as("one", Peer::Signpost, PORTS[0], setting(1))?;
        let two = scene.start_as("two", Peer::Signpost, PORTS[1], setting(2))?;
        process::unpin()?;
        let mut slices: [Vec<Sample>; 2] = [Vec::new(), Vec::new()];
        for turn in 0..2 * pairs {
            let side = (turn + turn / 2) % 2;
            let server = [&one, &two][side];
            let before = server.usage();
            let mut load = Load::new(server.address, CLIENTS, &prepared, Peer::Signpost.judge())?;
            let tally = load.saturate(Until::Elapsed(SLICE))?;
            slices[side].push(bout::sample(&tally, server.usage().since(before)));
        }
        process::pin(GENERATOR_CORE)?;
        table.push(Workers { work, instructions, samples: [bout::mean(&slices[0]), bout::mean(&slices[1])] });
    }
    Ok(table)
}
