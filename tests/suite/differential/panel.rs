//! Signpost and its three peers side by side: the same zones, the same questions, four replies to each.

use std::net::SocketAddr;
use std::thread;

use super::inquiry::{over_tcp, over_udp};
use super::reply::Reply;
use super::world::{Case, Question, World};
use crate::harness::peers::{Kind, Peer, ZoneText};
use crate::harness::server::{Folder, Server};

/// The peers, in the order of [`Kind::ALL`].
pub(super) const PEERS: usize = Kind::ALL.len();

/// The four running.
#[derive(Debug)]
pub(super) struct Panel {
    signpost: Server,
    peers: [Peer; PEERS],
    // It lives as long as the server that reads it.
    _folder: Folder,
}

/// What the four say to one question.
#[derive(Clone, Debug)]
pub(super) struct Replies {
    pub(super) signpost: Reply,
    pub(super) peers: [Reply; PEERS],
    /// Whether each has set TC over UDP; if one has, the replies are those over TCP.
    pub(super) truncated: [bool; 1 + PEERS],
}

impl Panel {
    /// Starts them with these worlds, numbered in turn.
    pub(super) fn start<'w>(worlds: impl Iterator<Item = &'w World>) -> Self {
        let zones: Vec<ZoneText> = worlds.enumerate().flat_map(|(number, world)| world.files(number)).collect();
        let config = "[server]\nlisten = \"127.0.0.1:0\"\nzones = \"zones\"\nwatch = false\nthreads = 1\n";
        let folder = Folder::new([("signpost.toml", config)]);
        for zone in &zones {
            // Two names that differ in case are one zone, and a file's name is a zone's in lower case.
            folder.write(&format!("zones/{}zone", zone.apex.to_ascii_lowercase()), &zone.text);
        }
        thread::scope(|scope| {
            let zones = &zones;
            let peers = Kind::ALL.map(|kind| scope.spawn(move || Peer::start(kind, zones)));
            let signpost = Server::start(&folder);
            let peers = peers.map(|peer| peer.join().unwrap());
            Self { signpost, peers, _folder: folder }
        })
    }

    /// Asks each question of all four, about the world of the number beside it.
    pub(super) fn ask(&self, questions: &[(usize, &Question)]) -> Vec<Replies> {
        let queries: Vec<Vec<u8>> = questions.iter().map(|(number, question)| question.octets(*number, 0)).collect();
        let mut replies = self.of_all(|server| read(&over_udp(server, &queries)));
        let truncated = |at: usize| [0, 1, 2, 3].map(|server: usize| replies[server][at].truncated);
        let truncated: Vec<_> = (0..queries.len()).map(truncated).collect();
        let again: Vec<usize> = (0..queries.len()).filter(|at| truncated[*at].contains(&true)).collect();
        let repeated: Vec<&Vec<u8>> = again.iter().map(|at| &queries[*at]).collect();
        for (first, second) in replies.iter_mut().zip(self.of_all(|server| read(&over_tcp(server, &repeated)))) {
            for (at, reply) in again.iter().zip(second) {
                first[*at] = reply;
            }
        }
        let [signpost, nsd, knot, bind] = replies;
        // Knot adds a record once for each that needs it, even one of the answer; Signpost may not.
        let peers = nsd.into_iter().zip(knot).zip(bind).map(|((nsd, knot), bind)| [nsd, knot, bind].map(Reply::into_sets));
        let all = signpost.into_iter().zip(peers).zip(truncated);
        all.map(|((signpost, peers), truncated)| Replies { signpost, peers, truncated }).collect()
    }

    /// Does the same with all four at once.
    fn of_all<T: Send>(&self, ask: impl Fn(SocketAddr) -> T + Sync) -> [T; 1 + PEERS] {
        let [nsd, knot, bind] = &self.peers;
        let ask = &ask;
        thread::scope(|scope| {
            let servers = [self.signpost.address(), nsd.address(), knot.address(), bind.address()];
            servers.map(|server| scope.spawn(move || ask(server))).map(|asking| asking.join().unwrap())
        })
    }
}

/// Asks one question about each world.
pub(super) fn ask_each(cases: &[Case]) -> Vec<Replies> {
    let panel = Panel::start(cases.iter().map(|case| &case.world));
    let questions: Vec<_> = cases.iter().map(|case| &case.question).enumerate().collect();
    panel.ask(&questions)
}

fn read(replies: &[Vec<u8>]) -> Vec<Reply> {
    replies.iter().map(|octets| Reply::read(octets).unwrap_or_else(|| panic!("no whole reply: {octets:02x?}"))).collect()
}
