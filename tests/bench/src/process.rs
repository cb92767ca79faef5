//! A server as a process: started on its core, waited for, weighed, ended. Everything is read from /proc.

use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::signal::{Signal, kill};
use nix::time::clock_getcpuclockid;
use nix::unistd::{Pid, SysconfVar, sysconf};

use crate::Failure;
use crate::work::{Judge, Query};

/// How long a start may take, also of a server that runs under a tool which watches it.
const START: Duration = Duration::from_secs(600);
/// How long an end may take before it is made short.
const END: Duration = Duration::from_secs(10);

/// Binds this thread to a core.
pub fn pin(core: usize) -> Result<(), Failure> {
    let mut set = CpuSet::new();
    set.set(core).and_then(|()| sched_setaffinity(Pid::from_raw(0), &set)).map_err(|error| format!("core {core}: {error}"))
}

/// Lets this thread run on both cores again.
pub fn unpin() -> Result<(), Failure> {
    let mut set = CpuSet::new();
    let whole = (0..2).try_for_each(|core| set.set(core)).and_then(|()| sched_setaffinity(Pid::from_raw(0), &set));
    whole.map_err(|error| format!("both cores: {error}"))
}

/// A running server; it ends with this value.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where it answers.
    pub address: SocketAddr,
    /// From its start to its first right answer.
    pub first_answer: Duration,
}

/// What a server has used up so far, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// In user mode, as the kernel's ticks saw it.
    pub user: f64,
    /// In the kernel, likewise.
    pub system: f64,
    /// Both together, to the nanosecond.
    exact: f64,
}

impl Usage {
    /// What was used since an earlier reading: the sum is exact, how it splits is what the ticks saw.
    pub fn since(self, earlier: Self) -> Self {
        let (user, system) = (self.user - earlier.user, self.system - earlier.system);
        let exact = self.exact - earlier.exact;
        let share = if user + system > 0.0 { user / (user + system) } else { 0.0 };
        Self { user: exact * share, system: exact * (1.0 - share), exact }
    }
}

impl Server {
    /// Starts a command on these cores and waits until it answers `probe` rightly; its output goes to `log`.
    pub fn start(
        command: &[String],
        cores: &str,
        log: &Path,
        address: SocketAddr,
        probe: (&Query, Judge),
    ) -> Result<Self, Failure> {
        // Another server there would answer in its place.
        UdpSocket::bind(address).map_err(|error| format!("{address}: {error}"))?;
        let output = fs::File::create(log).map_err(|error| format!("{}: {error}", log.display()))?;
        let errors = output.try_clone().map_err(|error| error.to_string())?;
        let begun = Instant::now();
        let child = Command::new("taskset")
            .args(["-c", cores])
            .args(command)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(|error| format!("taskset {command:?}: {error}"))?;
        let mut server = Self { child, address, first_answer: Duration::ZERO };
        server.wait(begun, probe)?;
        server.first_answer = begun.elapsed();
        Ok(server)
    }

    fn wait(&mut self, begun: Instant, (probe, judge): (&Query, Judge)) -> Result<(), Failure> {
        let socket = UdpSocket::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
        socket.set_read_timeout(Some(Duration::from_millis(2))).map_err(|error| error.to_string())?;
        let mut room = [0; 4096];
        while begun.elapsed() < START {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("the server ended: {status}"));
            }
            // Before it listens, sending fails at once; then the next attempt must wait, too.
            let sent = socket.send_to(&probe.octets, self.address);
            if sent.is_ok()
                && let Ok((length, _)) = socket.recv_from(&mut room)
                && room.get(..length).is_some_and(|reply| probe.accepts(reply, judge))
            {
                return Ok(());
            }
            std::thread::sleep(Duration::from_micros(500));
        }
        Err("no right answer in time".to_owned())
    }

    /// The server's processes: the one started, and what it started.
    pub fn processes(&self) -> Vec<u32> {
        let parents: Vec<(u32, u32)> = fs::read_dir("/proc")
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter_map(|pid: u32| Some((pid, stat(pid)?.first()?.parse().ok()?)))
            .collect();
        let mut tree = vec![self.child.id()];
        let mut next = 0;
        while let Some(&parent) = tree.get(next) {
            tree.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| pid));
            next += 1;
        }
        tree
    }

    /// What all its processes have used, threads that have ended included.
    pub fn usage(&self) -> Usage {
        let tick = sysconf(SysconfVar::CLK_TCK).ok().flatten().unwrap_or(100) as f64;
        let mut usage = Usage::default();
        for pid in self.processes() {
            let fields = stat(pid).unwrap_or_default();
            let seconds = |index: usize| fields.get(index).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0) / tick;
            usage.user += seconds(10);
            usage.system += seconds(11);
            let clock = clock_getcpuclockid(Pid::from_raw(pid as i32)).and_then(|clock| clock.now());
            usage.exact += clock.map_or(0.0, |time| Duration::from(time).as_secs_f64());
        }
        usage
    }

    /// Octets of memory, shared ones divided among those who share (PSS).
    pub fn memory(&self) -> u64 {
        let pss = |pid| {
            let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).unwrap_or_default().to_owned();
            line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) << 10
        };
        self.processes().into_iter().map(pss).sum()
    }

    /// Asks it to end and waits, so that what it prints last is printed.
    pub fn end(&mut self) {
        let _ = kill(Pid::from_raw(self.child.id() as i32), Signal::SIGTERM);
        let begun = Instant::now();
        while begun.elapsed() < END {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// The fields of /proc/PID/stat from the parent on; the name before may hold blanks.
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(") ")?;
    Some(fields.split(' ').skip(1).map(str::to_owned).collect())
}
