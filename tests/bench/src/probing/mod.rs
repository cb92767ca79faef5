//! The prober, measured: what ten thousand endpoints cost, and how soon the death of one is in the answers.
//!
//! `prober.rs` sets Signpost's tcp probes beside `knock.rs`, the barest loop of connects that there can be; `accept.rs` is what
//! both connect to. `answers.rs` asks meanwhile; `death.rs` kills an endpoint before the eyes of several servers. `family.rs` are the processes of a run. None of this needs a geo database or another name server.

mod accept;
mod answers;
mod death;
mod family;
mod knock;
mod prober;

use std::path::Path;

use clap::Subcommand;

use crate::Failure;

/// The parts of the benchmark that are about probing.
#[derive(Subcommand)]
pub enum Part {
    /// Ten thousand endpoints with tcp checks every second: lateness, CPU beside a bare loop of connects, memory.
    Prober(prober::Setting),
    /// The CPU of an answer while ten thousand endpoints are probed, beside a Signpost that probes none.
    Answers(answers::Setting),
    /// From the death of an endpoint to the first answer without it, beside gdnsd and PowerDNS.
    Death(death::Setting),
    /// What takes connections: says how many for each line that it reads.
    #[command(hide = true)]
    Accept {
        /// Where it listens, on every address.
        port: u16,
    },
    /// The bare loop: so many connects a second, each closed as soon as it stands.
    #[command(hide = true)]
    Knock {
        /// The port.
        port: u16,
        /// How many addresses.
        endpoints: u32,
        /// Connects in a second.
        rate: u32,
    },
}

impl Part {
    /// Measures, and gives what is to be printed.
    pub fn run(&self, signpost: &Path) -> Result<String, Failure> {
        match self {
            Self::Prober(setting) => prober::measure(setting, signpost),
            Self::Answers(setting) => answers::measure(setting, signpost),
            Self::Death(setting) => death::measure(setting, signpost),
            Self::Accept { port } => accept::run(*port).map(|()| String::new()),
            Self::Knock { port, endpoints, rate } => knock::run(*port, *endpoints, *rate).map(|()| String::new()),
        }
    }
}

/// The address of an endpoint: loopback has sixteen million.
fn address(index: u32) -> std::net::Ipv4Addr {
    let [_, high, middle, low] = index.to_be_bytes();
    std::net::Ipv4Addr::new(127, 32 | high, middle, low)
}
