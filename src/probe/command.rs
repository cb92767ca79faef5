//! One run of a program of the operator's own, for a command check or a notice: without a shell, in a process group of its own.
//!
//! It gets what it needs to know in variables and nothing of our environment. At the deadline, or when nobody waits any more,
//! the whole group is killed. A task of its own looks after each program until it is gone, and its place is taken as long.

use std::io::{ErrorKind, PipeReader, Read};
use std::net::IpAddr;
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::sync::{Semaphore, SemaphorePermit, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::reason::{self, Fault};
use crate::config::{Check, CommandCheck};
use crate::health::Cause;
use crate::limits::{COMMAND_OUTPUT_LENGTH_MAX, COMMANDS_IN_FLIGHT_MAX};

/// Where programs find others; ours may be anything.
const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Octets read at a time, and octets of the end of the output that are kept.
const PIECE_LENGTH: usize = 4096;

/// Why a program can't be started.
const WHY_NOT: [(ErrorKind, &str); 2] =
    [(ErrorKind::NotFound, "there is no such file"), (ErrorKind::PermissionDenied, "this process may not execute it")];

static PLACES: Semaphore = Semaphore::const_new(COMMANDS_IN_FLIGHT_MAX);

/// Waits for a place for one program; there is none where the process ends.
pub(super) async fn place() -> Option<SemaphorePermit<'static>> {
    PLACES.acquire().await.ok()
}

/// One run in its place, at an end by the deadline; the fault if it failed.
pub(super) async fn run(
    check: &Check,
    command: &CommandCheck,
    address: IpAddr,
    place: Option<SemaphorePermit<'static>>,
) -> Result<(), Fault> {
    carry_out(prepared(check, command, address), None, check.timeout, place).await
}

/// Runs a program with these variables and this on its standard input, at an end by the timeout; why not, if it failed.
pub async fn run_program(
    program: &CommandCheck,
    variables: &[(&str, String)],
    input: Vec<u8>,
    timeout: Duration,
) -> Result<(), String> {
    let mut bare = bare(&program.program);
    bare.args(&program.arguments).envs(variables.iter().map(|(name, value)| (name, value))).stdin(Stdio::piped());
    carry_out(bare, Some(input), timeout, None).await.map_err(|fault| fault.reason)
}

async fn carry_out(
    mut prepared: Command,
    input: Option<Vec<u8>>,
    timeout: Duration,
    place: Option<SemaphorePermit<'static>>,
) -> Result<(), Fault> {
    let deadline = Instant::now() + timeout;
    let (reply, outcome) = oneshot::channel();
    tokio::spawn(async move {
        // A program on a file system that hangs would hold up all that this thread does.
        let Ok(started) = tokio::task::spawn_blocking(move || Program::start(&mut prepared)).await else { return };
        match started {
            Ok((mut program, output)) => {
                // What it does not read it need not.
                let fed = program.fed(input).map(|feeding| tokio::spawn(timeout_at(deadline, feeding)));
                program.look_after(output, deadline, reply).await;
                if let Some(fed) = fed {
                    fed.abort();
                }
            }
            Err(fault) => drop(reply.send(Err(fault))),
        }
        drop(place);
    });
    // Whoever looks after it may be held up; the deadline is not.
    match timeout_at(deadline, outcome).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) if Instant::now() < deadline => {
            Err(Fault { cause: Cause::Ours, reason: "command was not run: signpost is shutting down".into() })
        }
        Ok(Err(_)) | Err(_) => Err(Fault { cause: Cause::Silent, reason: format!("command did not end within {timeout:?}") }),
    }
}

fn prepared(check: &Check, command: &CommandCheck, address: IpAddr) -> Command {
    let (address, port) = (address.to_string(), check.port.to_string());
    let mut prepared = bare(&command.program);
    prepared
        .args(command.arguments.iter().map(|argument| argument.replace("{address}", &address).replace("{port}", &port)))
        .env("SIGNPOST_CHECK", &check.name)
        .env("SIGNPOST_ADDRESS", &address);
    if check.port != 0 {
        prepared.env("SIGNPOST_PORT", &port);
    }
    prepared
}

/// A program that inherits nothing of us.
fn bare(program: &Path) -> Command {
    // What counts from the folder of the configuration does so in "/", too.
    let program = std::path::absolute(program).unwrap_or_else(|_| program.to_owned());
    let mut bare = Command::new(program);
    bare.env_clear().env("PATH", SEARCH_PATH).current_dir("/").stdin(Stdio::null()).process_group(0);
    bare
}

/// A program that runs. Until it is reaped, its number and that of its group are nobody else's.
struct Program {
    child: Child,
    /// Its output once more, for what it wrote at its very end.
    rest: PipeReader,
    is_reaped: bool,
}

/// How a program came to its end.
enum End {
    Exited,
    Flooded,
    /// Nobody waits for it any more.
    Forgotten,
    /// We can't listen to it.
    Unread(Fault),
}

impl Program {
    /// Starts it; itself, and what it writes.
    fn start(command: &mut Command) -> Result<(Self, PipeReader), Fault> {
        let program = command.get_program().display().to_string();
        let cannot = |error: std::io::Error| {
            let known = WHY_NOT.iter().find(|(kind, _)| *kind == error.kind());
            let why = known.map_or_else(|| error.to_string(), |(_, why)| (*why).to_owned());
            Fault { cause: Cause::Ours, reason: format!("command \"{program}\" can't be started: {why}") }
        };
        let (output, writer) = std::io::pipe().map_err(cannot)?;
        let rest = output.try_clone().map_err(cannot)?;
        let errors = writer.try_clone().map_err(cannot)?;
        let child = command.stdout(writer).stderr(errors).spawn().map_err(cannot)?;
        Ok((Self { child, rest, is_reaped: false }, output))
    }

    /// Gives it what it is to read, and then the end of it.
    fn fed(&mut self, input: Option<Vec<u8>>) -> Option<impl Future<Output = ()> + use<>> {
        let (stdin, input) = (self.child.stdin.take()?, input?);
        let mut stdin = pipe::Sender::from_owned_fd(OwnedFd::from(stdin)).ok()?;
        // It may end without having read all of it.
        Some(async move { drop(stdin.write_all(&input).await) })
    }

    /// Waits for its end, or brings it about, and says what came of it; goes on until the system has let it go.
    async fn look_after(mut self, output: PipeReader, deadline: Instant, mut reply: oneshot::Sender<Result<(), Fault>>) {
        let leader = Pid::from_child(&self.child);
        // It is not reaped before its group is killed: until then nobody else can have the number.
        let exit = move || loop {
            match waitid(WaitId::Pid(leader), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {
                Err(Errno::INTR) => {}
                exited => return exited.is_ok(),
            }
        };
        let mut exit = tokio::task::spawn_blocking(exit);
        let mut last = Tail::default();
        let end = match pipe::Receiver::from_owned_fd(OwnedFd::from(output)) {
            Ok(output) => tokio::select! {
                end = until_end(&mut exit, output, &mut last) => end,
                () = sleep_until(deadline) => End::Forgotten,
                () = reply.closed() => End::Forgotten,
            },
            Err(error) => End::Unread(reason::of_error(&error)),
        };
        // Also what it left behind: nobody would end that.
        self.kill();
        // Only the system can hold this up, and only where it does not let go of a killed process.
        if !matches!(end, End::Exited) && exit.await.is_err() {
            return;
        }
        let status = self.child.wait().ok();
        self.is_reaped = true;
        match (end, status) {
            (End::Exited, Some(status)) => {
                self.read_rest(&mut last);
                drop(reply.send(judge(status, &last)));
            }
            (End::Flooded, _) => drop(reply.send(Err(reason::flood(COMMAND_OUTPUT_LENGTH_MAX)))),
            (End::Unread(fault), _) => drop(reply.send(Err(fault))),
            // Whoever gave up waiting has said so already.
            (End::Exited | End::Forgotten, _) => {}
        }
    }

    /// What it wrote at its very end may not have been told yet; the pipe does not block.
    fn read_rest(&mut self, last: &mut Tail) {
        let mut piece = [0; PIECE_LENGTH];
        while let (true, Ok(length @ 1..)) = (last.length <= COMMAND_OUTPUT_LENGTH_MAX, self.rest.read(&mut piece)) {
            last.take(piece.get(..length).unwrap_or_default());
        }
    }

    fn kill(&self) {
        // It may be gone.
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if !self.is_reaped {
            self.kill();
        }
    }
}

/// Reads what it writes until it exits or writes too much.
async fn until_end(exit: &mut JoinHandle<bool>, mut output: pipe::Receiver, last: &mut Tail) -> End {
    let mut piece = [0; PIECE_LENGTH];
    let mut is_open = true;
    while last.length <= COMMAND_OUTPUT_LENGTH_MAX {
        tokio::select! {
            // First what it wrote, then that it is gone.
            biased;
            length = output.read(&mut piece), if is_open => match length {
                Ok(length @ 1..) => last.take(piece.get(..length).unwrap_or_default()),
                Ok(0) | Err(_) => is_open = false,
            },
            _ = &mut *exit => return End::Exited,
        }
    }
    End::Flooded
}

fn judge(status: ExitStatus, last: &Tail) -> Result<(), Fault> {
    match (status.success(), status.code(), status.signal()) {
        (true, _, _) => Ok(()),
        (false, Some(code), _) => Err(reason::exit(&format!("exited with {code}"), &last.line())),
        (false, None, Some(signal)) => Err(reason::exit(&format!("was ended by signal {signal}"), &last.line())),
        (false, None, None) => Err(reason::exit("did not succeed", &last.line())),
    }
}

/// The end of what a program wrote.
#[derive(Debug, Default)]
struct Tail {
    octets: Vec<u8>,
    /// Of all that it wrote.
    length: usize,
}

impl Tail {
    fn take(&mut self, piece: &[u8]) {
        self.length = self.length.saturating_add(piece.len());
        self.octets.extend_from_slice(piece);
        let surplus = self.octets.len().saturating_sub(PIECE_LENGTH);
        self.octets.drain(..surplus);
    }

    /// The last line that says anything.
    fn line(&self) -> String {
        let text = String::from_utf8_lossy(&self.octets);
        text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned()
    }
}
