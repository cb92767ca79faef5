//! Other name servers on loopback: NSD, Knot DNS and BIND, each with any number of zones, on a free port, in a folder of its own.

use std::collections::BTreeSet;
use std::fmt::{self, Write};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::server::signal;
use super::{GLANCE, PATIENCE, client};

/// A server that is not ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Nsd,
    Knot,
    Bind,
}

/// A zone by its name, with its final dot, and the text of its master file.
#[derive(Clone, Debug)]
pub(crate) struct ZoneText {
    pub(crate) apex: String,
    pub(crate) text: String,
}

/// A running peer; it ends with this value.
#[derive(Debug)]
pub(crate) struct Peer {
    kind: Kind,
    process: Child,
    address: SocketAddr,
    folder: tempfile::TempDir,
}

/// How often a start is tried: between our finding a free port and the server's taking it, somebody else may.
const ATTEMPTS_MAX: usize = 5;
/// A lost query for a zone's SOA is asked again after this.
const SOA_WAIT: Duration = Duration::from_millis(200);
/// Queries for an SOA on their way at a time.
const SOA_BATCH: usize = 50;

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Nsd, Self::Knot, Self::Bind];

    fn command(self, folder: &Path) -> Command {
        let config = folder.join("server.conf");
        let (program, arguments): (_, &[&str]) = match self {
            Self::Nsd => ("nsd", &["-d", "-c"]),
            Self::Knot => ("knotd", &["-c"]),
            Self::Bind => ("named", &["-g", "-n", "1", "-c"]),
        };
        let mut command = Command::new(program);
        command.args(arguments).arg(config);
        command
    }

    /// The whole configuration, with `zones/NUMBER` for each zone in turn.
    fn config(self, folder: &Path, port: u16, zones: &[ZoneText]) -> String {
        let folder = folder.display();
        let mut text = match self {
            Self::Nsd => format!(
                "server:\n ip-address: 127.0.0.1@{port}\n username: \"\"\n chroot: \"\"\n database: \"\"\n zonesdir: \"{folder}\"\n \
                 zonelistfile: \"{folder}/zone.list\"\n xfrdfile: \"\"\n xfrdir: \"{folder}\"\n pidfile: \"{folder}/nsd.pid\"\n \
                 server-count: 1\n rrl-ratelimit: 0\n rrl-whitelist-ratelimit: 0\n minimal-responses: yes\n round-robin: no\n \
                 tcp-count: 100\n ipv4-edns-size: 1232\n\
                 remote-control:\n control-enable: no\n"
            ),
            Self::Knot => format!(
                "server:\n  rundir: \"{folder}\"\n  listen: 127.0.0.1@{port}\n  udp-max-payload: 1232\n  udp-workers: 1\n  \
                 tcp-workers: 1\n  background-workers: 1\n\
                 log:\n  - target: stderr\n    any: warning\n\
                 database:\n  storage: \"{folder}\"\n\
                 template:\n  - id: default\n    storage: \"{folder}\"\n    semantic-checks: off\n    zonefile-sync: -1\n    \
                 zonefile-load: whole\n    journal-content: none\n\
                 zone:\n"
            ),
            Self::Bind => format!(
                "options {{ directory \"{folder}\"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; recursion no; \
                 pid-file none; session-keyfile none; notify no; dnssec-validation no; empty-zones-enable no; minimal-any no; \
                 minimal-responses no-auth; answer-cookie no; edns-udp-size 1232; max-udp-size 1232; check-integrity no; \
                 check-names primary ignore; check-mx ignore; check-mx-cname ignore; check-srv-cname ignore; check-sibling no; \
                 check-wildcard no; check-dup-records ignore; allow-transfer {{ none; }}; }};\n\
                 controls {{ }};\nlogging {{ category lame-servers {{ null; }}; category client {{ null; }}; }};\n"
            ),
        };
        for (number, zone) in zones.iter().enumerate() {
            let name = &zone.apex;
            let written = match self {
                Self::Nsd => write!(text, "zone:\n name: \"{name}\"\n zonefile: \"{folder}/zones/{number}\"\n"),
                Self::Knot => writeln!(text, "  - domain: \"{name}\"\n    file: \"zones/{number}\""),
                Self::Bind => writeln!(text, "zone \"{name}\" {{ type primary; file \"zones/{number}\"; }};"),
            };
            written.unwrap();
        }
        text
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nsd => "NSD",
            Self::Knot => "Knot",
            Self::Bind => "BIND",
        })
    }
}

impl Peer {
    /// Starts it and waits until it answers for every zone with authority.
    pub(crate) fn start(kind: Kind, zones: &[ZoneText]) -> Self {
        for _ in 0..ATTEMPTS_MAX {
            if let Some(peer) = Self::launch(kind, zones).answering(zones) {
                return peer;
            }
        }
        panic!("{kind} does not start");
    }

    /// Where it answers, over UDP and TCP.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Writes a zone anew and lets NSD read it.
    pub(crate) fn rewrite(&self, number: usize, text: &str) {
        assert_eq!(self.kind, Kind::Nsd, "the others are told otherwise");
        fs::write(self.folder.path().join(format!("zones/{number}")), text).unwrap();
        signal(&self.process, "HUP");
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn launch(kind: Kind, zones: &[ZoneText]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("zones")).unwrap();
        for (number, zone) in zones.iter().enumerate() {
            fs::write(folder.path().join(format!("zones/{number}")), &zone.text).unwrap();
        }
        let address = free_address();
        fs::write(folder.path().join("server.conf"), kind.config(folder.path(), address.port(), zones)).unwrap();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let mut command = kind.command(folder.path());
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let process = command.spawn().unwrap_or_else(|error| panic!("{kind}: {error}"));
        Self { kind, process, address, folder }
    }

    /// The peer as soon as it answers for every zone; `None` if it has ended before.
    fn answering(mut self, zones: &[ZoneText]) -> Option<Self> {
        let begun = Instant::now();
        let mut silent: BTreeSet<usize> = (0..zones.len()).collect();
        while !silent.is_empty() {
            if self.process.try_wait().unwrap().is_some() {
                return None;
            }
            assert!(begun.elapsed() < PATIENCE, "{} does not serve {:?}:\n{}", self.kind, first(&silent, zones), self.log());
            for batch in Vec::from_iter(silent.iter().copied()).chunks(SOA_BATCH) {
                for number in self.serving(zones, batch) {
                    silent.remove(&number);
                }
            }
            std::thread::sleep(GLANCE);
        }
        Some(self)
    }

    /// Which of these zones it answers for with authority now.
    fn serving(&self, zones: &[ZoneText], batch: &[usize]) -> Vec<usize> {
        let socket = client::udp(self.address);
        socket.set_read_timeout(Some(SOA_WAIT)).unwrap();
        for &number in batch {
            // Nobody may be listening yet.
            let _ = socket.send(&soa_query(&zones[number].apex, number as u16));
        }
        let mut serving = Vec::new();
        let mut room = [0; 4096];
        for _ in batch {
            let Ok(length) = socket.recv(&mut room) else { break };
            let is_answer = length > 12 && room[2] & 0x04 != 0 && room[3] & 0x0f == 0 && room[7] > 0;
            let id = u16::from_be_bytes([room[0], room[1]]);
            serving.extend(batch.iter().copied().filter(|number| is_answer && *number as u16 == id));
        }
        serving
    }
}

impl Drop for Peer {
    #[expect(clippy::print_stderr, reason = "shown where a test fails")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}'s log:\n{}", self.kind, self.log());
        }
        // NSD has processes of its own, which it ends if it is asked to end.
        if self.process.try_wait().is_ok_and(|ended| ended.is_none()) {
            signal(&self.process, "TERM");
        }
        let _ = self.process.wait();
    }
}

fn first<'z>(silent: &BTreeSet<usize>, zones: &'z [ZoneText]) -> Option<&'z ZoneText> {
    silent.first().map(|number| &zones[*number])
}

/// A port of loopback that is free for UDP and for TCP.
fn free_address() -> SocketAddr {
    loop {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = tcp.local_addr().unwrap();
        if UdpSocket::bind(address).is_ok() {
            return address;
        }
    }
}

fn soa_query(apex: &str, id: u16) -> Vec<u8> {
    let mut octets = id.to_be_bytes().to_vec();
    octets.extend([0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in apex.split_terminator('.') {
        octets.push(u8::try_from(label.len()).unwrap());
        octets.extend(label.as_bytes());
    }
    octets.extend([0, 0, 6, 0, 1]);
    octets
}
