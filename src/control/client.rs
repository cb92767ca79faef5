//! The operator's end of the control socket: sends one request, waits for the reply, and says what to do if there is none.
//! Blocking, and bounded in time; what the reply means is the server's matter.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use super::{Reply, Request};
use crate::diagnostic::Diagnostic;
use crate::limits::{CONTROL_ANSWER_DEADLINE, CONTROL_IO_DEADLINE, CONTROL_REPLY_LENGTH_MAX};

/// Asks the server that listens at `path`.
pub fn call(path: &Path, request: &Request) -> Result<Reply, Diagnostic> {
    let stream = UnixStream::connect(path).map_err(|error| unreachable(path, &error))?;
    let line = exchange(&stream, request).map_err(|error| broken(path, &error.to_string()))?;
    serde_json::from_slice(&line).map_err(|error| broken(path, &error.to_string()))
}

fn exchange(mut stream: &UnixStream, request: &Request) -> io::Result<Vec<u8>> {
    stream.set_write_timeout(Some(CONTROL_IO_DEADLINE))?;
    stream.set_read_timeout(Some(CONTROL_ANSWER_DEADLINE + CONTROL_IO_DEADLINE))?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    match stream.write_all(&line) {
        // The server has heard enough: what it says about that is on its way.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        written => written?,
    }
    let mut reply = Vec::new();
    BufReader::new(stream.take(CONTROL_REPLY_LENGTH_MAX as u64)).read_until(b'\n', &mut reply)?;
    if reply.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(reply) }
}

fn unreachable(path: &Path, error: &io::Error) -> Diagnostic {
    let path = path.display();
    let kind = error.kind();
    if [io::ErrorKind::NotFound, io::ErrorKind::ConnectionRefused].contains(&kind) {
        Diagnostic::nowhere(format!("no server listens on \"{path}\"")).help("is it running, with this --config?")
    } else if kind == io::ErrorKind::PermissionDenied {
        Diagnostic::nowhere(format!("the control socket \"{path}\" may not be used by this user"))
            .help("run the command as the user that runs the server")
    } else {
        Diagnostic::nowhere(format!("the control socket \"{path}\" can't be reached: {error}"))
            .help("look at [server] control in the configuration")
    }
}

fn broken(path: &Path, fault: &str) -> Diagnostic {
    Diagnostic::nowhere(format!("the server on \"{}\" gave no proper reply: {fault}", path.display()))
        .help("did it just end, or is it another version than this program? its log may tell")
}
