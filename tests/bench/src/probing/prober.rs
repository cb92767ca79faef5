//! Ten thousand endpoints with tcp checks every second, and the bare loop of connects at the same rate, in alternating slices. With
//! https in place of tcp, nginx is the endpoint, and what a probe costs stands alone.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use nix::sys::signal::Signal;

use super::address;
use super::family::Process;
use crate::Failure;
use crate::bout::median;

/// Endpoints of a pool, which holds 255 at most.
pub const POOL: u32 = 250;
/// What was due while Signpost was stopped is made up for, and the window that status tells of is ten seconds long: this long
/// after it goes on, a new one begins.
const SETTLE: Duration = Duration::from_millis(10_500);
/// How long a start may take.
const START: Duration = Duration::from_secs(60);

/// How endpoints are probed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Tcp,
    Https,
}

/// How much is measured.
#[derive(Args, Debug)]
pub struct Setting {
    /// Endpoints.
    #[arg(long, default_value_t = 10_000)]
    pub endpoints: u32,
    /// How they are probed.
    #[arg(long, value_enum, default_value_t = Kind::Tcp)]
    kind: Kind,
    /// Milliseconds between two probes of one endpoint.
    #[arg(long, default_value_t = 1000)]
    interval: u32,
    /// Pairs of slices.
    #[arg(long, default_value_t = 5)]
    pairs: usize,
    /// Seconds of a slice.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// The port of all endpoints.
    #[arg(long, default_value_t = 18_181)]
    port: u16,
}

/// One slice of Signpost, and the one of the bare loop after it.
struct Pair {
    /// Microseconds of CPU for a probe, and for a connect of the bare loop.
    signpost: f64,
    bare: f64,
    /// Connections a second.
    rate: f64,
    bare_rate: f64,
    /// Octets.
    resident: u64,
    /// What status says of the prober.
    told: String,
}

impl Setting {
    /// Ten thousand endpoints, tcp, every second.
    pub fn usual() -> Self {
        Self { endpoints: 10_000, kind: Kind::Tcp, interval: 1000, pairs: 5, seconds: 10, port: 18_181 }
    }

    /// What is probed.
    pub fn endpoints(&self, folder: &Folder) -> Result<Process, Failure> {
        Process::ourselves("0,1", &folder.path("accept.log"), &["accept", &self.port.to_string()])
    }
}

/// Measures, and gives the report.
pub fn measure(setting: &Setting, signpost: &Path) -> Result<String, Failure> {
    let folder = Folder::new(setting, signpost, 5353, true)?;
    if setting.kind == Kind::Https {
        return https(setting, &folder);
    }
    let mut accept = setting.endpoints(&folder)?;
    accept.line()?;
    let mut server = folder.serve("0,1")?;
    let pairs = (0..setting.pairs).map(|_| pair(setting, &folder, &mut server, &mut accept)).collect::<Result<Vec<_>, _>>()?;
    Ok(report(setting, &pairs))
}

fn pair(setting: &Setting, folder: &Folder, server: &mut Process, accept: &mut Process) -> Result<Pair, Failure> {
    server.signal(Signal::SIGCONT);
    sleep(SETTLE);
    let (signpost, rate) = slice(setting, server, accept)?;
    let told = folder.status()?;
    let resident = server.resident();
    server.signal(Signal::SIGSTOP);
    let rhythm = (u64::from(setting.endpoints) * 1000 / u64::from(setting.interval)).to_string();
    let arguments = ["knock", &setting.port.to_string(), &setting.endpoints.to_string(), &rhythm];
    let bare = Process::ourselves("0,1", &folder.path("knock.log"), &arguments)?;
    sleep(Duration::from_secs(1));
    let (bare, bare_rate) = slice(setting, &bare, accept)?;
    Ok(Pair { signpost, bare, rate, bare_rate, resident, told })
}

/// What a probe over TLS costs, by the rate that status tells.
fn https(setting: &Setting, folder: &Folder) -> Result<String, Failure> {
    let _nginx = folder.nginx(setting)?;
    let server = folder.serve("0,1")?;
    sleep(SETTLE);
    folder.all_are_up(setting.endpoints)?;
    let mut text = String::from("| slice | CPU us/probe | memory MiB | status says |\n|---|---|---|---|\n");
    for index in 1..=setting.pairs {
        sleep(SETTLE);
        let before = (Instant::now(), server.cpu());
        sleep(Duration::from_secs(setting.seconds));
        let (took, cpu) = (before.0.elapsed().as_secs_f64(), (server.cpu() - before.1).as_secs_f64());
        let told = folder.status()?;
        let rate: f64 = told.split(' ').next().and_then(|text| text.parse().ok()).unwrap_or(f64::NAN);
        let memory = server.resident() as f64 / f64::from(1 << 20);
        // Writing into a String can't fail.
        let _ = writeln!(text, "| {index} | {:.0} | {memory:.1} | {told} |", cpu * 1e6 / (rate * took));
    }
    Ok(text)
}

/// Microseconds of a process's CPU for each connection that it made, and connections a second.
fn slice(setting: &Setting, process: &Process, accept: &mut Process) -> Result<(f64, f64), Failure> {
    let begun = (Instant::now(), process.cpu(), taken(accept)?);
    sleep(Duration::from_secs(setting.seconds));
    let cpu = (process.cpu() - begun.1).as_secs_f64();
    let connections = (taken(accept)? - begun.2) as f64;
    Ok((cpu * 1e6 / connections, connections / begun.0.elapsed().as_secs_f64()))
}

fn taken(accept: &mut Process) -> Result<u64, Failure> {
    accept.ask()?.parse().map_err(|_| "no number of connections".to_owned())
}

/// A folder for Signpost, which goes with this value.
pub struct Folder {
    path: PathBuf,
    signpost: String,
}

impl Folder {
    /// For a server on this port that probes, or does not.
    pub fn new(setting: &Setting, signpost: &Path, port: u16, probes: bool) -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("signpost-prober-{}-{port}", std::process::id()));
        let failed = |error: std::io::Error| format!("{}: {error}", path.display());
        fs::create_dir_all(path.join("zones")).map_err(failed)?;
        let (config, zone) = written(setting, port, probes);
        fs::write(path.join("signpost.toml"), config).map_err(failed)?;
        fs::write(path.join("zones/example.com.zone"), zone).map_err(failed)?;
        Ok(Self { path, signpost: signpost.display().to_string() })
    }

    /// A file in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Signpost, once it answers.
    pub fn serve(&self, cores: &str) -> Result<Process, Failure> {
        let (log, config) = (self.path("signpost.log"), self.path("signpost.toml").display().to_string());
        let mut server = Process::start(cores, &log, &[&self.signpost, "serve", "--config", &config])?;
        let begun = Instant::now();
        while begun.elapsed() < START && !server.has_ended() {
            let said = fs::read_to_string(&log).unwrap_or_default();
            if said.contains("answering") {
                return Ok(server);
            }
            sleep(Duration::from_millis(50));
        }
        Err(format!("signpost does not answer:\n{}", fs::read_to_string(&log).unwrap_or_default()))
    }

    /// An nginx that speaks TLS on the port of all endpoints; its certificate is its own CA.
    fn nginx(&self, setting: &Setting) -> Result<Process, Failure> {
        let (key, certificate) = (self.path("key.pem"), self.path("ca.pem"));
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"])
            .args(["-subj", "/CN=www.example.com", "-addext", "subjectAltName=DNS:www.example.com"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"])
            .args([key.as_path(), Path::new("-out"), certificate.as_path()])
            .output();
        made.map_err(|error| format!("openssl: {error}"))?;
        let config = format!(
            "daemon off; master_process off; pid nginx.pid; error_log error.log;\nevents {{ worker_connections 4096; }}\n\
             http {{ access_log off; client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; \
             scgi_temp_path s; server {{ listen {} ssl backlog=4096; ssl_certificate ca.pem; ssl_certificate_key key.pem; \
             location / {{ return 200; }} }} }}\n",
            setting.port
        );
        let written = self.path("nginx.conf");
        fs::write(&written, config).map_err(|error| format!("{}: {error}", written.display()))?;
        let folder = self.path.display().to_string();
        Process::start("0,1", &self.path("nginx.log"), &["nginx", "-p", &folder, "-c", "nginx.conf"])
    }

    /// What status says of the prober.
    fn status(&self) -> Result<String, Failure> {
        let text = self.whole_status()?;
        Ok(text.lines().find(|line| line.contains("probes")).unwrap_or("status says nothing of probes").trim().to_owned())
    }

    /// Fails unless as many endpoints are up: probes that fail are another work than those that pass.
    fn all_are_up(&self, count: u32) -> Result<(), Failure> {
        let text = self.whole_status()?;
        if text.contains(&format!(" {count} up")) { Ok(()) } else { Err(format!("not all of {count} endpoints are up:\n{text}")) }
    }

    fn whole_status(&self) -> Result<String, Failure> {
        let config = self.path("signpost.toml");
        let output = Command::new(&self.signpost).args(["status", "--config"]).arg(config).output();
        let output = output.map_err(|error| format!("status: {error}"))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn written(setting: &Setting, listen: u16, probes: bool) -> (String, String) {
    let Setting { endpoints, interval, port, kind, .. } = setting;
    let kind = match kind {
        Kind::Tcp => "kind = \"tcp\"",
        Kind::Https => "kind = \"https\"\nhost = \"www.example.com\"\nca = \"ca.pem\"",
    };
    let mut config = format!("[server]\nlisten = \"127.0.0.1:{listen}\"\nthreads = 1\n");
    let check = if probes { "check = \"knock\"\n" } else { "" };
    if probes {
        // Writing into a String can't fail.
        let _ = writeln!(config, "[check.knock]\n{kind}\nport = {port}\ninterval = \"{interval}ms\"");
    }
    let mut zone = "$TTL 60\n@ IN SOA ns1 hostmaster 1 7200 3600 1209600 300\n@ IN NS ns1\nns1 IN A 192.0.2.53\n".to_owned();
    for pool in 0..endpoints.div_ceil(POOL) {
        let members = (pool * POOL..endpoints.min(&((pool + 1) * POOL)).to_owned())
            .map(|index| format!("{{ name = \"e{index}\", v4 = \"{}\" }}", address(index)))
            .collect::<Vec<_>>();
        // Writing into a String can't fail.
        let _ = writeln!(config, "[pool.p{pool}]\n{check}endpoints = [\n{}\n]", members.join(",\n"));
        let _ = writeln!(zone, "w{pool} IN A {}\n_steer.w{pool} IN TXT \"p{pool}\"", address(pool * POOL));
    }
    (config, zone)
}

fn report(setting: &Setting, pairs: &[Pair]) -> String {
    let mut text = format!(
        "{} endpoints, tcp checks every {} ms; slices of {} s, Signpost and the bare loop in turn\n\n\
         | slice | CPU us/probe | bare us/connect | ratio | probes/s | bare/s | memory MiB | status says |\n|---|---|---|---|---|---|---|---|\n",
        setting.endpoints, setting.interval, setting.seconds
    );
    for (index, pair) in pairs.iter().enumerate() {
        let Pair { signpost, bare, rate, bare_rate, resident, told } = pair;
        let memory = *resident as f64 / f64::from(1 << 20);
        // Writing into a String can't fail.
        let _ = writeln!(
            text,
            "| {} | {signpost:.1} | {bare:.1} | {:.2} | {rate:.0} | {bare_rate:.0} | {memory:.1} | {told} |",
            index + 1,
            signpost / bare
        );
    }
    let ratios = pairs.iter().map(|pair| pair.signpost / pair.bare);
    let _ = writeln!(text, "\nRatio, median of the pairs: {:.2}", median(ratios));
    text
}
