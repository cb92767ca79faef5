//! The servers: for each, the files that make it serve the names of `names.rs`, and how it is started.
//!
//! One worker each, on loopback; what else a server offers is left as its package has it.

mod bind;
mod echo;
mod gdnsd;
mod knot;
mod nsd;
mod pdns;
mod signpost;

use std::fmt;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::atlas::Atlas;
use crate::names;
use crate::process::Server;
use crate::work::{self, Judge, Work};
use crate::{Failure, SERVER_CORE};

pub use echo::run as echo;

/// A server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Peer {
    /// Ours.
    Signpost,
    /// gdnsd, with its plugins weighted and geoip.
    Gdnsd,
    /// Knot DNS, with mod-geoip.
    Knot,
    /// NSD.
    Nsd,
    /// PowerDNS, with Lua records.
    Pdns,
    /// BIND.
    Bind,
    /// What the kernel costs: a responder in batches that turns the query round and sends it back.
    Echo,
}

impl Peer {
    /// All servers, ours first, the floor last.
    pub const ALL: [Self; 7] = [Self::Signpost, Self::Gdnsd, Self::Knot, Self::Nsd, Self::Pdns, Self::Bind, Self::Echo];

    /// Whether it can do this kind of work.
    pub fn knows(self, work: Work) -> bool {
        match self {
            Self::Signpost | Self::Gdnsd | Self::Knot | Self::Pdns => true,
            Self::Nsd | Self::Bind => [Work::Static, Work::Nxdomain, Work::Tcp, Work::Big].contains(&work),
            Self::Echo => work != Work::Tcp,
        }
    }

    /// Whether its replies are answers.
    pub fn answers(self) -> bool {
        self != Self::Echo
    }

    /// What its replies are held to: Knot chooses by continent, so it may be right in another way.
    pub fn judge(self) -> Judge {
        match self {
            Self::Signpost | Self::Gdnsd | Self::Pdns => Judge::Nearest,
            Self::Knot | Self::Nsd | Self::Bind => Judge::Answer,
            Self::Echo => Judge::Id,
        }
    }

    fn port(self) -> u16 {
        let index = Self::ALL.iter().position(|peer| *peer == self).unwrap_or_default();
        5331 + index as u16
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Signpost => "signpost",
            Self::Gdnsd => "gdnsd",
            Self::Knot => "knot",
            Self::Nsd => "nsd",
            Self::Pdns => "pdns",
            Self::Bind => "bind",
            Self::Echo => "echo",
        })
    }
}

/// How a server is started.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'s> {
    /// What it serves.
    pub zone: Zone,
    /// Whether it has the geo database, and so the geo name.
    pub geo: bool,
    /// Its workers; Signpost's alone, all others have one.
    pub threads: usize,
    /// Where it may run.
    pub cores: &'s str,
    /// What stands before its command, such as a tool that watches it.
    pub before: &'s [String],
}

impl Setting<'_> {
    /// One worker on the servers' core.
    pub fn of(zone: Zone) -> Self {
        Self { zone, geo: zone == Zone::Small, threads: 1, cores: SERVER_CORE, before: &[] }
    }
}

/// What a server is to serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// A thousand plain names, the weighted and the geo name.
    Small,
    /// This many plain names.
    Big(u32),
}

impl Zone {
    /// Its name.
    fn apex(self) -> &'static str {
        match self {
            Self::Small => names::ZONE,
            Self::Big(_) => names::BIG_ZONE,
        }
    }

    /// Its plain part as a master file.
    fn text(self) -> String {
        match self {
            Self::Small => names::zone(names::ZONE, names::PLAIN),
            Self::Big(count) => names::zone(names::BIG_ZONE, count),
        }
    }
}

/// Where everything of one run lies.
pub struct Scene {
    /// The Signpost binary.
    signpost: PathBuf,
    /// The geo database.
    geo: PathBuf,
    /// The same, to judge by.
    pub atlas: Atlas,
    /// What goes with this run.
    pub folder: PathBuf,
}

impl Scene {
    /// A scene with a folder of its own, which goes with it.
    pub fn new(signpost: &Path, geo: &Path) -> Result<Self, Failure> {
        let whole = |path: &Path| path.canonicalize().map_err(|error| format!("{}: {error}", path.display()));
        let folder = std::env::temp_dir().join(format!("signpost-bench-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(Self { signpost: whole(signpost)?, geo: whole(geo)?, atlas: Atlas::open(geo)?, folder })
    }

    /// The Signpost binary.
    pub fn binary(&self) -> &Path {
        &self.signpost
    }

    /// A folder or file of this run.
    pub fn folder(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Starts a server and waits until it answers.
    pub fn start(&self, peer: Peer, setting: Setting<'_>) -> Result<Server, Failure> {
        self.start_as(&peer.to_string(), peer, peer.port(), setting)
    }

    /// The same with a name and a port of its own, so that there can be two of one kind.
    pub fn start_as(&self, name: &str, peer: Peer, port: u16, setting: Setting<'_>) -> Result<Server, Failure> {
        let folder = self.folder.join(name);
        let _ = fs::remove_dir_all(&folder);
        let Setting { zone, geo, threads, cores, before } = setting;
        let geo = geo.then_some(self.geo.as_path());
        let room = Room { folder, geo, threads, zone, address: SocketAddr::from(([127, 0, 0, 1], port)) };
        let command = match peer {
            Peer::Signpost => signpost::command(&room, &self.signpost),
            Peer::Gdnsd => gdnsd::command(&room),
            Peer::Knot => knot::command(&room),
            Peer::Nsd => nsd::command(&room),
            Peer::Pdns => pdns::command(&room),
            Peer::Bind => bind::command(&room),
            Peer::Echo => echo::command(&room, &self.geo),
        };
        let command: Vec<String> = before.iter().cloned().chain(command?).collect();
        let (kind, names) = match zone {
            Zone::Small => (Work::Static, names::PLAIN),
            Zone::Big(count) => (Work::Big, count),
        };
        let probe = work::last_name(kind, names);
        let log = self.folder.join(format!("{name}.log"));
        Server::start(&command, cores, &log, room.address, (&probe, peer.judge())).map_err(|failure| {
            let said = self.log(name);
            let last: Vec<&str> = said.lines().rev().take(5).collect();
            format!("{name}: {failure}\n{}", last.into_iter().rev().collect::<Vec<_>>().join("\n"))
        })
    }

    /// What a server printed so far.
    pub fn log(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(format!("{name}.log"))).unwrap_or_default()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// One server's own folder and what it is to do there.
struct Room<'s> {
    folder: PathBuf,
    geo: Option<&'s Path>,
    threads: usize,
    zone: Zone,
    address: SocketAddr,
}

impl Room<'_> {
    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) -> Result<String, Failure> {
        let path = self.folder.join(name);
        let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text));
        written.map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path.display().to_string())
    }

    fn is_small(&self) -> bool {
        self.zone == Zone::Small
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
