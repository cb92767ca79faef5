//! Signpost with two workers beside Signpost with one: what threads cost each other.
//!
//! Both servers may run on both cores, and so does the generator, which asks as several clients: the kernel gives each client
//! to one worker. Instructions are exact; microseconds are not, since on two cores the generator takes its share from one of them.
//! It takes it from both servers alike, so the ratio of the pairs is what tells.

use std::time::Duration;

use crate::Failure;
use crate::bout::{self, Sample};
use crate::count::{self, Plan};
use crate::load::{Load, Until};
use crate::names::PLAIN;
use crate::peer::{Peer, Scene, Setting, Zone};
use crate::process::{self, Server};
use crate::work::{self, Query, Work};
use crate::{BOTH_CORES, GENERATOR_CORE};

/// Where the server with one and the server with two workers listen.
const PORTS: [u16; 2] = [5338, 5339];
/// Clients: so many that each worker has some.
const CLIENTS: usize = 8;
/// A slice.
const SLICE: Duration = Duration::from_millis(300);

/// Lives of each under callgrind: each draws the seed of its name table anew.
const LIVES: usize = 3;

/// What one kind of work came to with one and with two workers.
#[derive(Debug)]
pub struct Workers {
    /// What was asked.
    pub work: Work,
    /// Instructions a query, the median over the lives.
    pub instructions: [f64; 2],
    /// All slices of each together.
    pub samples: [Sample; 2],
    /// CPU a query with two workers in times of that with one, for each pair of slices.
    pub ratios: Vec<f64>,
}

/// Compares at static, weighted and NXDOMAIN.
pub fn compare(scene: &Scene, pairs: usize, queries: u32) -> Result<Vec<Workers>, Failure> {
    let setting = |threads| Setting { threads, geo: false, cores: BOTH_CORES, ..Setting::of(Zone::Small) };
    let one = scene.start_as("one", Peer::Signpost, PORTS[0], setting(1))?;
    let two = scene.start_as("two", Peer::Signpost, PORTS[1], setting(2))?;
    let mut table = Vec::new();
    for work in [Work::Static, Work::Weighted, Work::Nxdomain] {
        let prepared = work::queries(work, PLAIN, &scene.atlas);
        let plan = Plan { queries, lives: LIVES, clients: CLIENTS, keep: None };
        let counted = |threads| -> Result<f64, Failure> {
            Ok(bout::median(count::lives(scene, (Peer::Signpost, threads), work, &prepared, plan)?.into_iter()))
        };
        let instructions = [counted(1)?, counted(2)?];
        process::unpin()?;
        let slices = slices([&one, &two], &prepared, pairs);
        process::pin(GENERATOR_CORE)?;
        let [ones, twos] = slices?;
        let ratios = ones.iter().zip(&twos).map(|(one, two)| two.cost() / one.cost()).collect();
        table.push(Workers { work, instructions, samples: [bout::mean(&ones), bout::mean(&twos)], ratios });
    }
    Ok(table)
}

/// Slices in turn, each going first as often as the other.
fn slices(servers: [&Server; 2], prepared: &[Query], pairs: usize) -> Result<[Vec<Sample>; 2], Failure> {
    let mut slices: [Vec<Sample>; 2] = [Vec::new(), Vec::new()];
    for turn in 0..pairs {
        for side in [turn % 2, 1 - turn % 2] {
            let server = servers[side];
            let before = server.usage();
            let mut load = Load::new(server.address, CLIENTS, prepared, Peer::Signpost.judge())?;
            let tally = load.saturate(Until::Elapsed(SLICE))?;
            slices[side].push(bout::sample(&tally, server.usage().since(before)));
        }
    }
    Ok(slices)
}
