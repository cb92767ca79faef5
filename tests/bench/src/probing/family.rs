//! The processes of a run: pinned, weighed, stopped, and ended with the value that stands for them.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::time::clock_getcpuclockid;
use nix::unistd::Pid;

use crate::Failure;

/// A process that ends with this value.
#[derive(Debug)]
pub struct Process {
    child: Child,
    output: Option<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts a command on these cores, its standard error to a file.
    pub fn start(cores: &str, log: &Path, command: &[&str]) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| format!("{}: {error}", command.join(" "));
        let log = fs::File::create(log).map_err(failed)?;
        let mut started = Command::new("taskset");
        started.args(["-c", cores]).args(command).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut child = started.spawn().map_err(failed)?;
        let output = child.stdout.take().map(BufReader::new);
        Ok(Self { child, output })
    }

    /// This program itself with a hidden command, once it has said that it is ready.
    pub fn ourselves(cores: &str, log: &Path, arguments: &[&str]) -> Result<Self, Failure> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let program = program.display().to_string();
        // The database is not opened for what follows, but the argument must be there.
        let command = [&[program.as_str(), "--geo", "none"], arguments].concat();
        Self::start(cores, log, &command)
    }

    /// The next line of its output.
    pub fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        let output = self.output.as_mut().ok_or("no output")?;
        match output.read_line(&mut line) {
            Ok(0) => Err("a process of the run ended".to_owned()),
            Ok(_) => Ok(line.trim().to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Sends it an empty line and reads its answer.
    pub fn ask(&mut self) -> Result<String, Failure> {
        let input = self.child.stdin.as_mut().ok_or("no input")?;
        input.write_all(b"\n").map_err(|error| error.to_string())?;
        self.line()
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What its threads ran so far, in user mode and in the kernel together.
    pub fn cpu(&self) -> Duration {
        let clock = clock_getcpuclockid(Pid::from_raw(self.id() as i32)).and_then(|clock| clock.now());
        clock.map_or(Duration::ZERO, Duration::from)
    }

    /// Octets of memory that are its own or shared, and resident.
    pub fn resident(&self) -> u64 {
        let text = fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) << 10
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let _ = kill(Pid::from_raw(self.id() as i32), signal);
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
