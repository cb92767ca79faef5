//! The server's end of the control socket: one line of JSON in, one out, for the user that runs the server only.
//!
//! Requests go to the daemon over a channel; this file knows nothing of what they do. A client that is slow, talks too much or
//! says nothing is let go of after a deadline.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::protocol::fault;
use super::{Reply, Request};
use crate::limits::{
    CONTROL_ACCEPT_PAUSE, CONTROL_ANSWER_DEADLINE, CONTROL_CONNECTIONS_MAX, CONTROL_IO_DEADLINE, CONTROL_REQUEST_LENGTH_MAX,
};

/// Read and write for the owner, nothing for others: who may reload may read every zone.
const MODE: u32 = 0o600;

/// What helps a client that does not speak as ours does.
const ONE_LINE: &str = "send one line of JSON, or use signpost status, reload or explain";

/// A socket that listens until this is dropped; then the file goes too.
#[derive(Debug)]
pub struct Listening {
    path: PathBuf,
    accepting: JoinHandle<()>,
}

/// Listens at `path`, in place of a socket that a server left behind, but not of one that a server answers on.
pub async fn listen(path: &Path, requests: mpsc::Sender<(Request, oneshot::Sender<Reply>)>) -> io::Result<Listening> {
    let unusable = |error: io::Error| {
        let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        io::Error::new(error.kind(), format!("control socket \"{}\": {error}", whole.display()))
    };
    make_way(path).await.map_err(unusable)?;
    let listener = UnixListener::bind(path).map_err(unusable)?;
    let listening = Listening { path: path.to_owned(), accepting: tokio::spawn(accept(listener, requests)) };
    fs::set_permissions(path, Permissions::from_mode(MODE)).map_err(unusable)?;
    Ok(listening)
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.accepting.abort();
        // If it is gone already, all is well.
        let _ = fs::remove_file(&self.path);
    }
}

/// Removes what a dead server left at `path`; a live one, or a file of another kind, stays and is an error.
async fn make_way(path: &Path) -> io::Result<()> {
    let in_use = |what: &str| Err(io::Error::new(io::ErrorKind::AddrInUse, what));
    match UnixStream::connect(path).await {
        Ok(_) => in_use("another server answers on it; stop that one, or set another [server] control here"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            if fs::symlink_metadata(path)?.file_type().is_socket() {
                fs::remove_file(path)
            } else {
                in_use("expected a socket or nothing, but found another kind of file; move it away")
            }
        }
        Err(error) => Err(error),
    }
}

async fn accept(listener: UnixListener, requests: mpsc::Sender<(Request, oneshot::Sender<Reply>)>) {
    // Aborted with this task, at the latest.
    let mut conversations = JoinSet::new();
    loop {
        if conversations.len() >= CONTROL_CONNECTIONS_MAX {
            conversations.join_next().await;
        }
        match listener.accept().await {
            Ok((stream, _)) => {
                conversations.spawn(converse(stream, requests.clone()));
            }
            Err(error) => {
                tracing::warn!("control socket: {error}");
                sleep(CONTROL_ACCEPT_PAUSE).await;
            }
        }
        while conversations.try_join_next().is_some() {}
    }
}

async fn converse(mut stream: UnixStream, requests: mpsc::Sender<(Request, oneshot::Sender<Reply>)>) {
    let (incoming, mut outgoing) = stream.split();
    let mut line = Vec::new();
    let mut incoming = BufReader::new(incoming.take(CONTROL_REQUEST_LENGTH_MAX as u64 + 1));
    let reply = match timeout(CONTROL_IO_DEADLINE, incoming.read_until(b'\n', &mut line)).await {
        Err(_) => {
            let message = format!("no request came within {} s", CONTROL_IO_DEADLINE.as_secs());
            Reply::could_not_run(fault(message, ONE_LINE))
        }
        // Who connects and says nothing wants to know whether somebody listens.
        Ok(Err(_) | Ok(0)) => return,
        Ok(Ok(_)) if line.len() > CONTROL_REQUEST_LENGTH_MAX => {
            let message = format!("the request is longer than {CONTROL_REQUEST_LENGTH_MAX} octets");
            Reply::could_not_run(fault(message, ONE_LINE))
        }
        Ok(Ok(_)) => ask(&line, &requests).await,
    };
    let Ok(mut line) = serde_json::to_vec(&reply) else { return };
    line.push(b'\n');
    // A client that does not read is let go of.
    let _ = timeout(CONTROL_IO_DEADLINE, outgoing.write_all(&line)).await;
}

/// Gives the request to the daemon and waits for what it says.
async fn ask(line: &[u8], requests: &mpsc::Sender<(Request, oneshot::Sender<Reply>)>) -> Reply {
    let request = match serde_json::from_slice::<Request>(line) {
        Ok(request) => request,
        Err(error) => {
            let message = format!("the server does not understand this request: {error}");
            return Reply::could_not_run(fault(message, "use the program of the version that the server has"));
        }
    };
    let (answer, answered) = oneshot::channel();
    let answered = async {
        requests.send((request, answer)).await.ok()?;
        answered.await.ok()
    };
    match timeout(CONTROL_ANSWER_DEADLINE, answered).await {
        Ok(Some(reply)) => reply,
        Ok(None) => Reply::could_not_run(fault("the server is shutting down", "start it again, or look at its log")),
        Err(_) => {
            let message = format!("the server did not answer within {} s", CONTROL_ANSWER_DEADLINE.as_secs());
            Reply::could_not_run(fault(message, "look at its log; the order may still be carried out"))
        }
    }
}

#[cfg(test)]
mod tests;
