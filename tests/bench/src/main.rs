//! Signpost and its peers side by side: one command, the same names, the same minutes, one generator.
//!
//! Servers run on one core, the generator on another, everything on loopback. `peer/` starts each server with the names of
//! `names.rs`; `work.rs` says what is asked and which answer is right; `load.rs` asks; `process.rs` reads what it cost;
//! `bout.rs` puts these together into rounds and duels; `report.rs` and `picture.rs` print. Nothing here is part of the server.

mod atlas;
mod bout;
mod count;
mod load;
mod names;
mod peer;
mod picture;
mod probing;
mod process;
mod question;
mod reload;
mod report;
mod stream;
mod work;
mod workers;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use count::Plan;
use peer::Peer;
use work::Work;

/// The core that servers run on.
const SERVER_CORE: &str = "0";
/// Both of them, where more than one worker is measured.
const BOTH_CORES: &str = "0,1";
/// The core that the generator runs on.
const GENERATOR_CORE: usize = 1;

/// What went wrong, in words for whoever runs this.
type Failure = String;

#[derive(Parser)]
#[command(about = "Measures Signpost beside gdnsd, Knot, NSD, PowerDNS and BIND")]
struct Arguments {
    /// The Signpost binary.
    #[arg(long, default_value = "target/release/signpost")]
    signpost: PathBuf,
    /// A geo database in MaxMind's layout, with coordinates.
    #[arg(long)]
    geo: PathBuf,
    /// Names of the big zone.
    #[arg(long, default_value_t = 1_000_000)]
    million: u32,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Rounds over every server and kind of work, and the table of medians.
    Rounds {
        /// How many rounds; medians are of these.
        #[arg(long, default_value_t = 5)]
        rounds: usize,
        /// Seconds of each round.
        #[arg(long, default_value_t = 0.8)]
        seconds: f64,
        /// Where the picture goes.
        #[arg(long)]
        picture: Option<PathBuf>,
    },
    /// Two servers in alternating slices of 0.3 s.
    Duel {
        /// Pairs of slices.
        #[arg(long, default_value_t = 16)]
        pairs: usize,
        /// The kinds of work; all that both know, if none is named.
        #[arg(long)]
        work: Vec<Work>,
        /// The one.
        one: Peer,
        /// The other.
        other: Peer,
    },
    /// One zone of a million names: start, memory, and a duel of Signpost against gdnsd.
    Million {
        /// How often each server is started.
        #[arg(long, default_value_t = 3)]
        rounds: usize,
    },
    /// What a reload of Signpost costs: one record among many zones, and the big zone while it is asked.
    Reload {
        /// Zones.
        #[arg(long, default_value_t = 10_000)]
        zones: u32,
        /// Changes of one record.
        #[arg(long, default_value_t = 12)]
        changes: u32,
        /// Reloads of the big zone.
        #[arg(long, default_value_t = 5)]
        reloads: u32,
        /// Queries a second meanwhile.
        #[arg(long, default_value_t = 5_000.0)]
        rate: f64,
    },
    /// Signpost with two workers beside Signpost with one: what threads cost each other.
    Workers {
        /// Pairs of slices.
        #[arg(long, default_value_t = 24)]
        pairs: usize,
        /// Queries that are counted.
        #[arg(long, default_value_t = 5_000)]
        queries: u32,
    },
    /// The prober, alone and beside others.
    #[command(flatten)]
    Probing(probing::Part),
    /// The responder that shows what the kernel costs.
    #[command(hide = true)]
    Echo {
        /// Where it listens.
        address: std::net::SocketAddr,
    },
    /// User-mode instructions a query, by callgrind: (count at 2N - count at N) / N.
    Count {
        /// N.
        #[arg(long, default_value_t = 5_000)]
        queries: u32,
        /// How often each server is started; medians are of these.
        #[arg(long, default_value_t = 3)]
        lives: usize,
        /// The kinds of work; all, if none is named.
        #[arg(long)]
        work: Vec<Work>,
        /// The servers.
        #[arg(long, default_values_t = [Peer::Signpost, Peer::Gdnsd, Peer::Knot])]
        peer: Vec<Peer>,
        /// A folder that keeps callgrind's profiles, for callgrind_annotate to read.
        #[arg(long)]
        keep: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("signpost-bench: {failure}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<String, Failure> {
    if let Command::Echo { address } = &arguments.command {
        return peer::echo(*address).map(|()| String::new());
    }
    if let Command::Probing(part) = &arguments.command {
        return part.run(&arguments.signpost);
    }
    process::pin(GENERATOR_CORE)?;
    let scene = peer::Scene::new(&arguments.signpost, &arguments.geo)?;
    match &arguments.command {
        Command::Rounds { rounds, seconds, picture } => {
            let table = bout::rounds(&scene, *rounds, *seconds)?;
            if let Some(path) = picture {
                std::fs::write(path, picture::draw(&table)).map_err(|error| format!("{}: {error}", path.display()))?;
            }
            Ok(report::rounds(&table))
        }
        Command::Duel { pairs, work, one, other } => {
            let common = |work: &Work| one.knows(*work) && other.knows(*work);
            let asked: Vec<Work> = if work.is_empty() { Work::SMALL.to_vec() } else { work.clone() };
            bout::duels(&scene, *one, *other, asked.into_iter().filter(common), *pairs).map(|duels| report::duels(&duels))
        }
        Command::Million { rounds } => bout::million(&scene, arguments.million, *rounds).map(|million| report::million(&million)),
        Command::Reload { zones, changes, reloads, rate } => {
            let many = reload::many(&scene, *zones, *changes)?;
            Ok(many + "\n" + &reload::big(&scene, arguments.million, *reloads, *rate)?)
        }
        Command::Workers { pairs, queries } => {
            workers::compare(&scene, *pairs, *queries).map(|workers| report::workers(&workers))
        }
        Command::Echo { .. } | Command::Probing(_) => Ok(String::new()),
        Command::Count { queries, lives, work, peer, keep } => {
            let asked: Vec<Work> = if work.is_empty() { Work::SMALL.to_vec() } else { work.clone() };
            count::count(&scene, peer, &asked, Plan { queries: *queries, lives: *lives, clients: 1, keep: keep.as_deref() })
                .map(|counts| report::counts(&counts))
        }
    }
}
