//! From the death of an endpoint to the first answer without it: Signpost in several settings, gdnsd and PowerDNS at their fastest,
//! all watching the same nginx and so the same kills.
//!
//! Each server is asked every millisecond. The phase between kills is random, so that no interval is met at a happy moment. A stall
//! (SIGSTOP) is seen by the http check alone: the kernel of a stopped process goes on taking connections.

use std::fmt::Write;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::thread::{scope, sleep, spawn};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Args;
use nix::sys::signal::Signal;

use super::family::Process;
use crate::Failure;
use crate::work::{Judge, Query};

/// The endpoint that dies, and the one that is answered instead.
const MORTAL: Ipv4Addr = Ipv4Addr::new(127, 77, 0, 1);
const OTHER: Ipv4Addr = Ipv4Addr::new(127, 77, 0, 2);
const PORT: u16 = 18_282;
/// How long anything may take that must happen.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two questions.
const PAUSE: Duration = Duration::from_millis(1);

/// How much is measured.
#[derive(Args, Debug)]
pub struct Setting {
    /// Kills.
    #[arg(long, default_value_t = 24)]
    kills: usize,
    /// Stalls.
    #[arg(long, default_value_t = 12)]
    stalls: usize,
}

/// A name whose answer follows the endpoint, and who answers it.
struct Row {
    what: &'static str,
    server: SocketAddr,
    name: &'static str,
    times: Vec<Duration>,
}

const SIGNPOST: u16 = 5441;
const GDNSD: u16 = 5442;
const PDNS: u16 = 5443;

/// Measures, and gives the report.
pub fn measure(setting: &Setting, signpost: &Path) -> Result<String, Failure> {
    let folder = Folder::new()?;
    let other = TcpListener::bind((OTHER, PORT)).map_err(|error| format!("{OTHER}: {error}"))?;
    spawn(move || {
        for connection in other.incoming().flatten() {
            spawn(move || std::io::copy(&mut &connection, &mut std::io::sink()));
        }
    });
    let mut nginx = folder.nginx()?;
    let _servers = [folder.signpost(signpost)?, folder.gdnsd()?, folder.pdns()?];
    let row = |what, port, name| Row { what, server: (Ipv4Addr::LOCALHOST, port).into(), name, times: Vec::new() };
    let mut rows = [
        row("Signpost, tcp, interval 1 s, fall 1, watch", SIGNPOST, "watched"),
        row("Signpost, http, interval 1 s, fall 1, watch", SIGNPOST, "watchedhttp"),
        row("Signpost, tcp, interval 200 ms, recheck 50 ms, fall 1", SIGNPOST, "fast"),
        row("Signpost, tcp, interval 1 s, fall 2", SIGNPOST, "usual"),
        row("gdnsd, tcp_connect, interval 2 s (its least), down_thresh 1", GDNSD, "w"),
        row("PowerDNS, ifportup, interval 1 s", PDNS, "w"),
    ];
    for _ in 0..setting.kills {
        settle(&rows)?;
        let killed = Instant::now();
        drop(nginx);
        follow(&mut rows, killed)?;
        nginx = folder.nginx()?;
    }
    let mut stalled = [row("Signpost, http, interval 200 ms, timeout 200 ms, fall 1", SIGNPOST, "stall")];
    for _ in 0..setting.stalls {
        settle(&stalled)?;
        nginx.signal(Signal::SIGSTOP);
        follow(&mut stalled, Instant::now())?;
        nginx.signal(Signal::SIGCONT);
    }
    let kills = format!("{} kills (SIGKILL) of an nginx, all servers at once:\n\n{}", setting.kills, table(&rows));
    Ok(format!("{kills}\n{} stalls (SIGSTOP) of the same:\n\n{}", setting.stalls, table(&stalled)))
}

/// Waits until all answer the endpoint that is to die, and for a moment that has nothing to do with anybody's interval: the
/// longest is gdnsd's, 2 s.
fn settle(rows: &[Row]) -> Result<(), Failure> {
    for row in rows {
        row.wait_for(MORTAL)?;
    }
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().subsec_nanos();
    sleep(Duration::from_millis(1500 + u64::from(nanos / 1000 % 2000)));
    Ok(())
}

/// Notes for each how long it takes to answer the other endpoint.
fn follow(rows: &mut [Row], since: Instant) -> Result<(), Failure> {
    scope(|threads| {
        let all: Vec<_> = rows.iter_mut().map(|row| threads.spawn(move || row.follow(since))).collect();
        all.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| Err("a thread panicked".to_owned())))
    })
}

impl Row {
    fn follow(&mut self, since: Instant) -> Result<(), Failure> {
        self.wait_for(OTHER)?;
        self.times.push(since.elapsed());
        Ok(())
    }

    fn wait_for(&self, address: Ipv4Addr) -> Result<(), Failure> {
        let failed = |error: std::io::Error| format!("{}: {error}", self.server);
        let socket = UdpSocket::bind("127.0.0.1:0").map_err(failed)?;
        socket.connect(self.server).map_err(failed)?;
        socket.set_read_timeout(Some(Duration::from_millis(500))).map_err(failed)?;
        let query = Query::of(&format!("{}.example.com", self.name), address);
        let mut room = [0; 4096];
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let _ = socket.send(&query.octets);
            if let Ok(length) = socket.recv(&mut room)
                && room.get(..length).is_some_and(|reply| query.accepts(reply, Judge::Answer))
            {
                return Ok(());
            }
            sleep(PAUSE);
        }
        Err(format!("{}: {} is not answered with {address} within {PATIENCE:?}", self.what, self.name))
    }
}

fn table(rows: &[Row]) -> String {
    let mut text = "| server | p50 | p90 | p99 | least | most |\n|---|---|---|---|---|---|\n".to_owned();
    for row in rows {
        let mut times = row.times.clone();
        times.sort();
        let share = |percent: usize| {
            let index = (times.len() * percent).div_ceil(100).saturating_sub(1);
            times.get(index).map_or(f64::NAN, Duration::as_secs_f64) * 1000.0
        };
        // Writing into a String can't fail.
        let _ = writeln!(
            text,
            "| {} | {:.0} ms | {:.0} ms | {:.0} ms | {:.0} ms | {:.0} ms |",
            row.what,
            share(50),
            share(90),
            share(99),
            share(0),
            share(100)
        );
    }
    text
}

/// Where the servers' files lie; it goes with this value.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, Failure> {
        let folder = Self(std::env::temp_dir().join(format!("signpost-death-{}", std::process::id())));
        for inner in ["zones", "gdnsd/zones", "gdnsd/run", "gdnsd/state", "nginx"] {
            fs::create_dir_all(folder.0.join(inner)).map_err(|error| format!("{}: {error}", folder.0.display()))?;
        }
        // Servers that give up their privileges read these files, too.
        Ok(folder)
    }

    fn write(&self, name: &str, text: &str) -> Result<String, Failure> {
        let path = self.0.join(name);
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path.display().to_string())
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    fn start(&self, name: &str, command: &[&str]) -> Result<Process, Failure> {
        Process::start("0,1", &self.0.join(format!("{name}.log")), command)
    }

    /// The endpoint, once it takes connections.
    fn nginx(&self) -> Result<Process, Failure> {
        let config = format!(
            "daemon off; master_process off; pid nginx.pid; error_log error.log;\nevents {{ worker_connections 256; }}\n\
             http {{ access_log off; client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; \
             scgi_temp_path s; server {{ listen {MORTAL}:{PORT}; location / {{ return 200 \"well\\n\"; }} }} }}\n"
        );
        self.write("nginx/nginx.conf", &config)?;
        let mut nginx = self.start("nginx", &["nginx", "-p", &self.path("nginx"), "-c", "nginx.conf"])?;
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE && !nginx.has_ended() {
            if TcpStream::connect((MORTAL, PORT)).is_ok() {
                return Ok(nginx);
            }
            sleep(PAUSE);
        }
        Err("nginx takes no connections".to_owned())
    }

    fn signpost(&self, binary: &Path) -> Result<Process, Failure> {
        let mut config = format!("[server]\nlisten = \"127.0.0.1:{SIGNPOST}\"\nthreads = 1\n");
        let mut zone = head();
        for (name, check) in [
            ("watched", "kind = \"tcp\"\ninterval = \"1s\"\nfall = 1\nwatch = true"),
            ("watchedhttp", "kind = \"http\"\ninterval = \"1s\"\nfall = 1\nwatch = true"),
            ("fast", "kind = \"tcp\"\ninterval = \"200ms\"\nrecheck = \"50ms\"\nfall = 1"),
            ("usual", "kind = \"tcp\"\ninterval = \"1s\"\nfall = 2"),
            ("stall", "kind = \"http\"\ninterval = \"200ms\"\ntimeout = \"200ms\"\nfall = 1"),
        ] {
            // Writing into a String can't fail.
            let _ = write!(
                config,
                "[check.{name}]\n{check}\nport = {PORT}\nrise = 1\n[pool.{name}]\ncheck = \"{name}\"\n\
                 endpoints = {{ name = \"mortal\", v4 = \"{MORTAL}\" }}\n\
                 [policy.{name}-first]\nchoose = \"failover\"\nfrom = [\"{name}\", \"other\"]\n"
            );
            let _ = writeln!(zone, "{name} IN A {MORTAL}\n_steer.{name} IN TXT \"{name}-first\"");
        }
        let _ = writeln!(config, "[pool.other]\nendpoints = {{ name = \"other\", v4 = \"{OTHER}\" }}");
        self.write("zones/example.com.zone", &zone)?;
        let config = self.write("signpost.toml", &config)?;
        self.start("signpost", &[&binary.display().to_string(), "serve", "--config", &config])
    }

    /// The least that its monitors take: two seconds between probes, one failure to be down.
    fn gdnsd(&self) -> Result<Process, Failure> {
        let config = format!(
            "options => {{ listen => \"127.0.0.1:{GDNSD}\", run_dir => {}, state_dir => {}, udp_threads => 1, tcp_threads => 1 }}\n\
             service_types => {{ t => {{ plugin => tcp_connect, port => {PORT}, interval => 2, timeout => 1, \
             up_thresh => 1, ok_thresh => 1, down_thresh => 1 }} }}\n\
             plugins => {{ simplefo => {{ service_types => t, w => {{ primary => {MORTAL}, secondary => {OTHER} }} }} }}\n",
            self.path("gdnsd/run"),
            self.path("gdnsd/state"),
        );
        self.write("gdnsd/config", &config)?;
        self.write("gdnsd/zones/example.com", &format!("{}w 1 DYNA simplefo!w\n", head()))?;
        self.start("gdnsd", &["gdnsd", "-c", &self.path("gdnsd"), "start"])
    }

    fn pdns(&self) -> Result<Process, Failure> {
        // ifportup itself has no order of preference in this version, so that is said in Lua.
        let lua = format!(
            ";local up = ifportup({PORT}, {{'{MORTAL}', '{OTHER}'}}, {{selector='all', timeout=1}}) \
             for _, address in pairs(up) do if address == '{MORTAL}' then return address end end return up"
        );
        let zone = self.write("pdns.zone", &format!("{}w 1 IN LUA A \"{lua}\"\n", head()))?;
        let zones = self.write("named.conf", &format!("zone \"example.com\" {{ type master; file \"{zone}\"; }};\n"))?;
        self.write(
            "pdns.conf",
            &format!(
                "launch=bind\nbind-config={zones}\nlocal-address=127.0.0.1\nlocal-port={PDNS}\nenable-lua-records=shared\n\
                 lua-health-checks-interval=1\ncache-ttl=0\nquery-cache-ttl=0\nsocket-dir={}\nwebserver=no\ndaemon=no\nguardian=no\n",
                self.path("")
            ),
        )?;
        self.start("pdns", &["pdns_server", &format!("--config-dir={}", self.path(""))])
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn head() -> String {
    "$ORIGIN example.com.\n$TTL 60\n@ IN SOA ns1 hostmaster 1 7200 3600 1209600 300\n@ IN NS ns1\nns1 IN A 192.0.2.53\n"
        .to_owned()
}
