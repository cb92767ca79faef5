//! The real binary on files of its own: started, waited for, told to read them again, ended.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};

use super::until;

/// What a server reads: `signpost.toml`, the folder `zones`, and whatever else a test writes.
#[derive(Debug)]
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    /// A folder with these files, by path and text.
    pub(crate) fn new<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        fs::create_dir(folder.path("zones")).unwrap();
        files.into_iter().for_each(|(path, text)| folder.write(path, text));
        folder
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.0.path().join(relative)
    }

    /// Writes the file where it lies, as `cp` and some editors do.
    pub(crate) fn write(&self, relative: &str, text: &str) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Writes the file aside and renames it, as other editors and most tools do.
    pub(crate) fn replace(&self, relative: &str, text: &str) {
        let aside = self.path("aside");
        fs::write(&aside, text).unwrap();
        fs::rename(aside, self.path(relative)).unwrap();
    }

    pub(crate) fn remove(&self, relative: &str) {
        fs::remove_file(self.path(relative)).unwrap();
    }
}

/// A running server; it ends with this value.
#[derive(Debug)]
pub(crate) struct Server {
    process: Child,
    log: Log,
    addresses: Vec<SocketAddr>,
}

impl Server {
    /// Starts it and waits until it answers.
    pub(crate) fn start(folder: &Folder) -> Self {
        Self::started(launch(folder))
    }

    /// The same in a network namespace.
    pub(crate) fn start_within(namespace: &str, folder: &Folder) -> Self {
        let serve = signpost(folder, "serve");
        let mut within = Command::new("ip");
        // `ip` becomes what it runs, so that the server is our child.
        within.args(["netns", "exec", namespace]).arg(serve.get_program()).args(serve.get_args());
        Self::started(spawn(within.env_remove("SIGNPOST_LOG").stdin(Stdio::null())))
    }

    /// The same with so many file descriptors at most.
    pub(crate) fn start_with_files(folder: &Folder, count: usize) -> Self {
        let serve = signpost(folder, "serve");
        let mut limited = Command::new("sh");
        limited.args(["-c", &format!("ulimit -n {count} && exec \"$0\" \"$@\"")]).arg(serve.get_program()).args(serve.get_args());
        Self::started(spawn(limited.env_remove("SIGNPOST_LOG").stdin(Stdio::null())))
    }

    /// The same, with the system calls of each thread in a file of its own: `calls.TID` in the folder.
    pub(crate) fn start_traced(folder: &Folder) -> Self {
        let serve = signpost(folder, "serve");
        let mut traced = Command::new("strace");
        // The server stays our child (-D), so that it ends as any other.
        traced.args(["-D", "-ff", "-e", "raw=recvmmsg,sendmmsg", "-o"]).arg(folder.path("calls"));
        traced.arg(serve.get_program()).args(serve.get_args());
        Self::started(spawn(traced.env_remove("SIGNPOST_LOG").stdin(Stdio::null())))
    }

    fn started(mut server: Self) -> Self {
        let listen = until("the server answers", || match server.log.line_with("answering listen=") {
            Some(line) => Some(line),
            None => server.process.try_wait().unwrap().map(|status| panic!("the server ended: {status}")),
        });
        let (_, listen) = listen.split_once("listen=").unwrap();
        server.addresses = listen.trim_matches('"').split(' ').map(|address| address.parse().unwrap()).collect();
        server
    }

    /// Where it answers, the first of several.
    pub(crate) fn address(&self) -> SocketAddr {
        self.addresses[0]
    }

    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn log(&self) -> String {
        self.log.text()
    }

    /// Does something and waits until the log has this text; gives what was logged since.
    pub(crate) fn log_after(&self, text: &str, deed: impl FnOnce()) -> String {
        let before = self.log().len();
        deed();
        let logged = || self.log().get(before..).unwrap_or_default().to_owned();
        until(&format!("the log has {text:?}; it has\n{}", self.log()), || Some(logged()).filter(|log| log.contains(text)))
    }

    /// Sends SIGHUP and waits until a load is over; gives what was logged about it.
    pub(crate) fn reload(&self) -> String {
        self.log_after("reload", || self.signal("HUP"))
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(&self.process, name);
    }

    /// Waits until it ends by itself.
    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        let status = until("the server ends", || self.process.try_wait().unwrap());
        until("its log ends", || self.log.has_ended().then_some(()));
        (status, self.log())
    }
}

impl Drop for Server {
    #[expect(clippy::print_stderr, reason = "shown where a test fails")]
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            eprintln!("the server's log:\n{}", self.log());
        }
    }
}

/// Starts it and does not wait.
pub(crate) fn launch(folder: &Folder) -> Server {
    spawn(&mut signpost(folder, "serve"))
}

fn spawn(command: &mut Command) -> Server {
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let log = Log::of(process.stderr.take().unwrap());
    Server { process, log, addresses: Vec::new() }
}

/// Runs another command with the same files to its end.
pub(crate) fn command(folder: &Folder, name: &str) -> Output {
    signpost(folder, name).output().unwrap()
}

/// Runs a command with arguments of its own to its end; clocks show UTC.
pub(crate) fn command_with(folder: &Folder, name: &str, arguments: &[&str]) -> Output {
    signpost(folder, name).args(arguments).output().unwrap()
}

fn signpost(folder: &Folder, command: &str) -> Command {
    let mut signpost = Command::new(env!("CARGO_BIN_EXE_signpost"));
    signpost.args([command, "--config"]).arg(folder.path("signpost.toml")).env_remove("SIGNPOST_LOG").stdin(Stdio::null());
    signpost.env("TZ", "UTC");
    signpost
}

/// By the shell's own `kill`, which is everywhere.
pub(crate) fn signal(process: &Child, name: &str) {
    let status = Command::new("sh").args(["-c", &format!("kill -{name} {}", process.id())]).status().unwrap();
    assert!(status.success(), "kill -{name}");
}

/// What a process writes to its stderr, as it comes.
#[derive(Clone, Debug)]
struct Log(Arc<Mutex<(String, bool)>>);

impl Log {
    fn of(stderr: impl Read + Send + 'static) -> Self {
        let log = Self(Arc::default());
        let writer = log.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let (text, _) = &mut *writer.0.lock().unwrap();
                text.push_str(&line);
                text.push('\n');
            }
            writer.0.lock().unwrap().1 = true;
        });
        log
    }

    fn text(&self) -> String {
        self.0.lock().unwrap().0.clone()
    }

    fn has_ended(&self) -> bool {
        self.0.lock().unwrap().1
    }

    fn line_with(&self, text: &str) -> Option<String> {
        self.text().lines().find(|line| line.contains(text)).map(str::to_owned)
    }
}
