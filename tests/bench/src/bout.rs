//! Rounds and duels: which server is asked when, and what it cost.
//!
//! All servers of a bout run at the same time and share one core; those that are not asked sleep. A round asks each of them every
//! kind of work once, so that a slow minute of the machine meets all alike. A duel alternates between two in slices so short
//! that both see the same machine; its figure is the median of the ratios of the pairs.

use std::time::Duration;

use crate::Failure;
use crate::load::{Load, Tally, Until};
use crate::names::PLAIN;
use crate::peer::{Peer, Scene, Setting, Zone};
use crate::process::{Server, Usage};
use crate::stream::Streams;
use crate::work::{self, Query, Work};

/// A slice of a duel.
const SLICE: Duration = Duration::from_millis(300);
/// Asked before anything is measured, so that caches are warm and lazy set-ups done.
const WARM_UP: Duration = Duration::from_millis(200);
/// Queries a second where latency is measured.
const RATE: f64 = 20_000.0;
/// A slice in which it is measured, and how many of them a round has, the servers taking turns.
const PACED: Duration = Duration::from_millis(150);
const PACED_SLICES: usize = 4;

/// After its first answer a server may still give back what it loaded with; then it is weighed.
const SETTLED: Duration = Duration::from_secs(1);

/// One server at one kind of work, over all rounds.
#[derive(Debug)]
pub struct Cell {
    /// Who.
    pub peer: Peer,
    /// What.
    pub work: Work,
    /// Each round.
    pub samples: Vec<Sample>,
    /// The latencies of each slice at a fixed rate, in microseconds: p50 and p99.
    pub latencies: Vec<(f64, f64)>,
}

impl Cell {
    /// The median cost of a query, in microseconds.
    pub fn cost(&self) -> f64 {
        median(self.samples.iter().map(Sample::cost))
    }

    /// The part of it in user mode. Its share is taken from all rounds together: one of them has few ticks.
    pub fn user(&self) -> f64 {
        let user: f64 = self.samples.iter().map(|sample| sample.user).sum();
        self.cost() * user / self.samples.iter().map(Sample::cost).sum::<f64>()
    }
}

/// One round of one cell.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Right replies a second.
    pub rate: f64,
    /// Microseconds of CPU a query, user and system.
    pub user: f64,
    /// Likewise.
    pub system: f64,
    /// Share of the queries without a reply.
    pub loss: f64,
    /// Share of the replies that are wrong.
    pub wrong: f64,
    /// Share of the time that the server had a core.
    pub busy: f64,
}

impl Sample {
    /// Microseconds of CPU a query.
    pub fn cost(&self) -> f64 {
        self.user + self.system
    }
}

/// What rounds came to.
#[derive(Debug)]
pub struct Table {
    /// Cells by work, then by peer.
    pub cells: Vec<Cell>,
    /// By peer: seconds to the first answer, each time, and octets of memory after the load.
    pub starts: Vec<(Peer, Vec<f64>, u64)>,
}

/// What a duel came to.
#[derive(Debug)]
pub struct Duel {
    /// The one.
    pub one: Peer,
    /// The other.
    pub other: Peer,
    /// What was asked.
    pub work: Work,
    /// The ratios of the rates of each pair.
    pub ratios: Vec<f64>,
    /// All slices of each together.
    pub sums: [Sample; 2],
}

/// What the big zone came to.
#[derive(Debug)]
pub struct Million {
    /// By peer: seconds to the first answer, each time, and octets a name.
    pub starts: Vec<(Peer, Vec<f64>, f64)>,
    /// Signpost against gdnsd.
    pub duel: Duel,
}

/// Asks a server at full speed.
fn saturate(server: &Server, peer: Peer, work: Work, queries: &[Query], until: Until) -> Result<Tally, Failure> {
    match work {
        Work::Tcp => Streams::new(server.address, queries, peer.judge())?.saturate(until),
        _ => Load::new(server.address, 1, queries, peer.judge())?.saturate(until),
    }
}

/// What a query cost.
pub fn sample(tally: &Tally, usage: Usage) -> Sample {
    let asked = (tally.answered + tally.wrong + tally.lost).max(1) as f64;
    let served = (tally.answered + tally.wrong).max(1) as f64;
    Sample {
        rate: tally.answered as f64 / tally.seconds,
        user: usage.user * 1e6 / served,
        system: usage.system * 1e6 / served,
        loss: tally.lost as f64 / asked,
        wrong: tally.wrong as f64 / served,
        busy: (usage.user + usage.system) / tally.seconds,
    }
}

fn measure(server: &Server, peer: Peer, work: Work, queries: &[Query], duration: Duration) -> Result<Sample, Failure> {
    let before = server.usage();
    let tally = saturate(server, peer, work, queries, Until::Elapsed(duration))?;
    Ok(sample(&tally, server.usage().since(before)))
}

/// Every server, every kind of work, `count` times.
pub fn rounds(scene: &Scene, count: usize, seconds: f64) -> Result<Table, Failure> {
    let mut firsts: Vec<(Peer, Vec<f64>)> = Peer::ALL.map(|peer| (peer, Vec::new())).to_vec();
    for round in 0..count {
        eprintln!("starts {} of {count}", round + 1);
        for (peer, first) in &mut firsts {
            first.push(scene.start(*peer, Setting::of(Zone::Small))?.first_answer.as_secs_f64());
        }
    }
    let started = |peer| Ok((peer, scene.start(peer, Setting::of(Zone::Small))?));
    let servers = Peer::ALL.into_iter().map(started).collect::<Result<Vec<_>, Failure>>()?;
    let questions = Work::SMALL.map(|work| (work, work::queries(work, PLAIN, &scene.atlas)));
    let mut cells = Vec::new();
    for work in Work::SMALL {
        let able = Peer::ALL.into_iter().filter(|peer| peer.knows(work));
        cells.extend(able.map(|peer| Cell { peer, work, samples: Vec::new(), latencies: Vec::new() }));
    }
    for round in 0..count {
        eprintln!("round {} of {count}", round + 1);
        for cell in &mut cells {
            let Some((peer, server)) = servers.iter().find(|(peer, _)| *peer == cell.peer) else { continue };
            let Some((work, queries)) = questions.iter().find(|(work, _)| *work == cell.work) else { continue };
            saturate(server, *peer, *work, queries, Until::Elapsed(WARM_UP))?;
            cell.samples.push(measure(server, *peer, *work, queries, Duration::from_secs_f64(seconds))?);
        }
        for (work, queries) in questions.iter().filter(|(work, _)| *work != Work::Tcp) {
            for _ in 0..PACED_SLICES {
                for cell in cells.iter_mut().filter(|cell| cell.work == *work) {
                    let Some((peer, server)) = servers.iter().find(|(peer, _)| *peer == cell.peer) else { continue };
                    let tally = Load::new(server.address, 1, queries, peer.judge())?.pace(RATE, PACED)?;
                    cell.latencies.push((tally.percentile(0.5), tally.percentile(0.99)));
                }
            }
        }
    }
    let memory = servers.iter().map(|(_, server)| server.memory());
    let starts = firsts.into_iter().zip(memory).map(|((peer, first), memory)| (peer, first, memory)).collect();
    Ok(Table { cells, starts })
}

/// Two servers at several kinds of work.
pub fn duels(
    scene: &Scene,
    one: Peer,
    other: Peer,
    works: impl Iterator<Item = Work>,
    pairs: usize,
) -> Result<Vec<Duel>, Failure> {
    let servers = [scene.start(one, Setting::of(Zone::Small))?, scene.start(other, Setting::of(Zone::Small))?];
    works.map(|work| duel(scene, [(one, &servers[0]), (other, &servers[1])], work, PLAIN, pairs)).collect()
}

fn duel(scene: &Scene, sides: [(Peer, &Server); 2], work: Work, names: u32, pairs: usize) -> Result<Duel, Failure> {
    eprintln!("duel {} against {}: {work}", sides[0].0, sides[1].0);
    let queries = work::queries(work, names, &scene.atlas);
    for (peer, server) in sides {
        saturate(server, peer, work, &queries, Until::Elapsed(WARM_UP))?;
    }
    let mut slices: [Vec<Sample>; 2] = [Vec::new(), Vec::new()];
    for turn in 0..pairs {
        // Each goes first as often as the other.
        for side in [turn % 2, 1 - turn % 2] {
            let (peer, server) = sides[side];
            slices[side].push(measure(server, peer, work, &queries, SLICE)?);
        }
    }
    let [ones, others] = &slices;
    let ratios = ones.iter().zip(others).map(|(one, other)| one.rate / other.rate).collect();
    Ok(Duel { one: sides[0].0, other: sides[1].0, work, ratios, sums: [mean(ones), mean(others)] })
}

/// The mean of each figure.
pub fn mean(samples: &[Sample]) -> Sample {
    let mean = |value: fn(&Sample) -> f64| samples.iter().map(value).sum::<f64>() / samples.len().max(1) as f64;
    Sample {
        rate: mean(|sample| sample.rate),
        user: mean(|sample| sample.user),
        system: mean(|sample| sample.system),
        loss: mean(|sample| sample.loss),
        wrong: mean(|sample| sample.wrong),
        busy: mean(|sample| sample.busy),
    }
}

/// One zone of `names` names, each server started `count` times.
pub fn million(scene: &Scene, names: u32, count: usize) -> Result<Million, Failure> {
    let mut starts: Vec<(Peer, Vec<f64>, f64)> = Vec::new();
    let mut duelists = Vec::new();
    for round in 0..count {
        duelists.clear();
        for peer in Peer::ALL.into_iter().filter(|peer| peer.answers()) {
            eprintln!("starting {peer} with {names} names");
            let server = scene.start(peer, Setting::of(Zone::Big(names)))?;
            let first_answer = server.first_answer.as_secs_f64();
            match starts.iter_mut().find(|(known, _, _)| *known == peer) {
                Some((_, firsts, _)) => firsts.push(first_answer),
                None => {
                    std::thread::sleep(SETTLED);
                    starts.push((peer, vec![first_answer], server.memory() as f64 / f64::from(names)));
                }
            }
            if round + 1 == count && [Peer::Signpost, Peer::Gdnsd].contains(&peer) {
                duelists.push(server);
            }
        }
    }
    let [one, other] = &duelists[..] else { return Err("two servers are needed for a duel".to_owned()) };
    let duel = duel(scene, [(Peer::Signpost, one), (Peer::Gdnsd, other)], Work::Big, names, 16)?;
    Ok(Million { starts, duel })
}

/// The median of some values.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    quantile(values, 0.5)
}

/// The value below which this share of them lies.
pub fn quantile(values: impl Iterator<Item = f64>, share: f64) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    let place = ((sorted.len().saturating_sub(1)) as f64 * share).round() as usize;
    sorted.get(place).copied().unwrap_or(f64::NAN)
}
