//! The operator's end of the control socket: sends one request, waits for the reply, and says what to do if there is none.
//! Blocking, and bounded in time; what the reply means is the server's matter.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use super::protocol::fault;
use super::{Reply, Request};
use crate::limits::{CONTROL_ANSWER_DEADLINE, CONTROL_IO_DEADLINE, CONTROL_REPLY_LENGTH_MAX};

/// What the server that listens at `path` replies; where none does, why, and what to do.
pub fn call(path: &Path, request: &Request) -> Reply {
    let stream = match UnixStream::connect(path) {
        Ok(stream) => stream,
        Err(error) => return Reply::could_not_run(unreachable(path, &error)),
    };
    let reply = exchange(&stream, request).and_then(|line| Ok(serde_json::from_slice(&line)?));
    reply.unwrap_or_else(|error| Reply::could_not_run(broken(path, &error)))
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

fn unreachable(path: &Path, error: &io::Error) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let path = path.display();
    if [io::ErrorKind::NotFound, io::ErrorKind::ConnectionRefused].contains(&error.kind()) {
        fault(format!("no server listens on \"{path}\""), "is it running, with this --config?")
    } else if error.kind() == io::ErrorKind::PermissionDenied {
        fault(format!("this user may not use the control socket \"{path}\""), "run the command as the user that runs the server")
    } else {
        fault(format!("the control socket \"{path}\" can't be reached: {error}"), "look at [server] control in the configuration")
    }
}

fn broken(path: &Path, error: &io::Error) -> String {
    fault(
        format!("the server on \"{}\" gave no proper reply: {error}", path.display()),
        "did it just end, or is it another version than this program? its log may tell",
    )
}
