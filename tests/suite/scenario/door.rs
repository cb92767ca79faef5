//! Where a scenario's octets go: to `answer()` in process, or to the real binary over real sockets.
//!
//! A server of its own answers for each state of the texts and of the limit, one at a time. What can't be set from outside, which are
//! dice, verdicts and addresses of clients, can't be said of it: `run.rs` refuses such statements.

use std::io::Read;
use std::net::{Shutdown, SocketAddr};

use signpost::answer::{Client, Dice, DropReason, Throw, Transport, View};
use signpost::snapshot::Serving;

use super::world::Texts;
use crate::harness::allocations::ask;
use crate::harness::client::{receive_octets, send_framed, tcp, udp};
use crate::harness::server::{Folder, Server, command};

/// Hears every query of a scenario with what answers it.
pub(crate) type Listener = fn(&View<'_>, &[u8], &Client);
/// What comes back, or why nothing does: on the wire that can't be seen.
pub(crate) type Reaction = Result<Vec<u8>, Option<DropReason>>;

/// Asked behind every query over UDP: one worker answers in order, so that its reply shows whether there was one before it.
const SENTINEL: &[u8] = b"\xfe\xed\0\0\0\x01\0\0\0\0\0\0\0\0\x02\0\x01";

/// The way to what answers.
pub(crate) enum Door {
    Process(Option<Listener>),
    Wire(Option<Running>),
}

/// The binary with these texts and this limit.
pub(crate) struct Running {
    /// The server reads it for as long as it runs.
    _folder: Folder,
    server: Server,
    limit: usize,
}

impl Door {
    /// Asks what is in this process.
    pub(crate) fn ask_process(&mut self, serving: &Serving, throws: &[Throw], octets: &[u8], client: &Client) -> Reaction {
        let view = View { serving, dice: Dice::Given(throws) };
        if let Self::Process(Some(listener)) = self {
            listener(&view, octets, client);
        }
        ask(&view, octets, client).map_err(Some)
    }

    /// The texts are others: whoever served them ends.
    pub(crate) fn forget(&mut self) {
        if let Self::Wire(running) = self {
            *running = None;
        }
    }
}

/// Asks the binary, started if it does not run with these texts and this limit.
pub(crate) fn ask_wire(running: &mut Option<Running>, texts: &Texts, client: &Client, octets: &[u8]) -> Result<Reaction, String> {
    // Over a stream there is no limit that one could set.
    let limit = if client.transport == Transport::Udp { client.size_limit } else { running.as_ref().map_or(1232, |it| it.limit) };
    let fitting = running.take().filter(|running| running.limit == limit);
    let running = running.insert(match fitting {
        Some(fitting) => fitting,
        None => Running::start(texts, limit)?,
    });
    let address = running.server.address();
    let reply = match client.transport {
        Transport::Udp => over_udp(address, octets),
        Transport::Stream => over_tcp(address, octets),
    };
    Ok(reply.ok_or(None))
}

/// Whether `check` refuses the texts with a message that holds `text`; what it says instead if not.
pub(crate) fn refuses(texts: &Texts, text: &str) -> Result<(), String> {
    let output = command(&folder(texts, 1232), "check");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.code() == Some(1) && said.contains(text) { Ok(()) } else { Err(format!("{}: {said}", output.status)) }
}

impl Running {
    fn start(texts: &Texts, limit: usize) -> Result<Self, String> {
        if texts.config.text.contains("[check.") {
            return Err("\"wire\" can't hold: verdicts can't be set from outside, so nothing may be checked".to_owned());
        }
        if texts.zones.iter().any(|(apex, _)| apex == ".") {
            return Err("\"wire\" can't hold: the root zone has no file that is seen".to_owned());
        }
        let folder = folder(texts, limit);
        let server = Server::start(&folder);
        Ok(Self { _folder: folder, server, limit })
    }
}

/// What the binary reads: the texts, and what a test of it needs besides.
pub(crate) fn folder(texts: &Texts, limit: usize) -> Folder {
    const SERVER: &str = "[server]\n";
    let mut keys = format!("listen = \"127.0.0.1:0\"\nthreads = 1\nwatch = false\nudp_payload = {limit}\n");
    if texts.geo.is_some() {
        keys += "geoip = \"world\"\n";
    }
    let written = &texts.config.text;
    let config = match written.contains(SERVER) {
        true => written.replacen(SERVER, &format!("{SERVER}{keys}"), 1),
        false => format!("{written}\n{SERVER}{keys}"),
    };
    let folder = Folder::new([("signpost.toml", config.as_str())]);
    for (apex, zone) in &texts.zones {
        folder.write(&format!("zones/{apex}.zone"), &zone.text);
    }
    if let Some((_, world)) = &texts.geo {
        std::fs::write(folder.path("world"), world).expect("a folder of our own");
    }
    folder
}

fn over_udp(address: SocketAddr, octets: &[u8]) -> Option<Vec<u8>> {
    let socket = udp(address);
    for message in [octets, SENTINEL] {
        socket.send(message).expect("loopback takes it");
    }
    let first = receive_octets(&socket);
    let dropped = first.get(..2) == SENTINEL.get(..2);
    (!dropped).then(|| {
        assert_eq!(receive_octets(&socket).get(..2), SENTINEL.get(..2), "one reply to one query");
        first
    })
}

/// On a connection of its own, which ends behind the reply.
fn over_tcp(address: SocketAddr, octets: &[u8]) -> Option<Vec<u8>> {
    let mut stream = tcp(address);
    send_framed(&mut stream, octets);
    // It may be closed already.
    let _ = stream.shutdown(Shutdown::Write);
    let mut received = Vec::new();
    // A connection that is reset has ended, too; what came before it has been kept.
    let _ = stream.read_to_end(&mut received);
    let (length, reply) = received.split_first_chunk::<2>()?;
    assert_eq!(reply.len(), usize::from(u16::from_be_bytes(*length)), "one reply to one query");
    Some(reply.to_vec())
}
