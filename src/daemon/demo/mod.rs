//! `signpost demo`: edges in three places, a zone and the ordinary server in one process, for a visitor to play with.
//!
//! Nothing is staged: the server probes real listeners, the answers shown are fetched with real queries, and a killed edge
//! refuses connections. All of it stays on loopback and in one temporary folder. Log lines are off: the screen is the
//! visitor's.

mod board;
mod edges;
mod folder;
mod places;
mod resolver;
mod screen;
#[cfg(test)]
mod tests;

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::terminal::{END_OF_TRANSMISSION, Terminal, keys};
use super::{Daemon, Failure, could_not, survey, unguessable};
use crate::health::Standing;
use crate::serving::{Event, Survey};
use board::{Board, ROUNDS};
use edges::Edges;
use folder::Folder;
use places::{CLIENTS, EDGES, Network, PLACES, edges_of};
use resolver::Resolver;
use screen::{Scene, Screen};

/// Where the demo answers; the port of `signpost.toml` in this folder.
const DNS_PORT: u16 = 5300;
/// How often the answers and verdicts are looked at.
const ROUND_INTERVAL: Duration = Duration::from_millis(100);
/// Queries for each client and round: ten rounds make a hundred.
const QUERIES_PER_ROUND: u16 = 10;
/// How long the first answers may take to be right; a machine that needs more is too busy for probes with a timeout of 500 ms.
const FIRST_ANSWERS_DEADLINE: Duration = Duration::from_secs(15);

/// Plays until the visitor quits, input ends, or a signal comes.
pub(super) fn demo() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(could_not)?;
    runtime.block_on(play(Network::USUAL, io::stdin(), io::stdout(), Terminal::is_here()))
}

/// The whole demo in one network of loopback, on a terminal if `live`.
async fn play(network: Network, input: impl Read + Send + 'static, out: impl Write, live: bool) -> Result<(), Failure> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(could_not)?;
    let server = SocketAddr::from((network.address(1), DNS_PORT));
    is_free(server)?;
    let edges = Edges::start(network).await.map_err(could_not)?;
    let folder = Folder::write(network, edges.port(), unguessable()).map_err(could_not)?;
    let mut daemon = Daemon::prepare(&folder.config()).await?;
    tokio::select! {
        opened = daemon.open() => opened?,
        _ = interrupt.recv() => return Ok(()),
    }
    let program = std::env::args_os().next().map_or_else(|| "signpost".into(), PathBuf::from);
    let scene = Scene { network, dns_port: DNS_PORT, edge_port: edges.port(), folder: folder.path().to_owned(), program };
    let resolver = Resolver::new(server).await.map_err(could_not)?;
    let show = Show { scene, edges, resolver, events: daemon.events.clone(), started: daemon.started, board: Board::default() };
    let shown = tokio::select! {
        () = daemon.run() => Ok(()),
        shown = show.run(input, out, live) => shown,
    };
    daemon.shutdown().await;
    shown
}

/// Whether we may answer there; who is first on a port keeps it.
fn is_free(server: SocketAddr) -> Result<(), Failure> {
    let bound = TcpListener::bind(server).and_then(|_| UdpSocket::bind(server));
    bound.map(drop).map_err(|error| {
        let help =
            format!("`ss -lntup 'sport = :{}'` shows who listens: stop it (perhaps another demo), and try again", server.port());
        Failure::CouldNotRun(format!("can't answer on {server}: {error}; {help}"))
    })
}

/// The demo as it runs.
struct Show {
    scene: Scene,
    edges: Edges,
    resolver: Resolver,
    events: mpsc::Sender<Event>,
    started: Instant,
    board: Board,
}

impl Show {
    async fn run(mut self, input: impl Read + Send + 'static, mut out: impl Write, live: bool) -> Result<(), Failure> {
        self.first_answers().await?;
        let mut screen = if live { Screen::live().map_err(could_not)? } else { Screen::plain() };
        screen.begin(&self.scene, &self.board, self.started.elapsed(), &mut out).map_err(could_not)?;
        let mut keys = keys(input, Key::from_byte);
        let mut rounds = tokio::time::interval(ROUND_INTERVAL);
        rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                key = keys.recv() => match key {
                    Some(Key::Toggle(edges)) => self.toggle(&edges).await,
                    Some(Key::Quit) | None => return Ok(()),
                },
                _ = rounds.tick() => self.round().await,
            }
            screen.show(&self.scene, &self.board, self.started.elapsed(), &mut out).map_err(could_not)?;
        }
    }

    /// Asks until each client's answers are those that the dig lines promise; they are shown only then.
    async fn first_answers(&mut self) -> Result<(), Failure> {
        let deadline = self.started.elapsed() + FIRST_ANSWERS_DEADLINE;
        loop {
            self.board = Board::default();
            for _ in 0..ROUNDS {
                self.round().await;
            }
            let wrong = CLIENTS.iter().enumerate().find(|(index, client)| {
                let shares = self.board.shares(*index);
                let promised: usize = edges_of(client.nearest).iter().filter_map(|&edge| shares.get(edge)).sum();
                promised != usize::from(QUERIES_PER_ROUND) * ROUNDS
            });
            let Some((index, client)) = wrong else { return Ok(()) };
            if self.started.elapsed() > deadline {
                let name = |place: Option<usize>| place.and_then(|place| PLACES.get(place)).copied().unwrap_or("no answer");
                let (promised, found) = (name(Some(client.nearest)), name(self.board.place(index)));
                let message = format!("expected {promised} in every answer for {}, but found {found}", client.city);
                return Err(Failure::CouldNotRun(message));
            }
        }
    }

    /// Looks at answers and verdicts once. Verdicts are fetched last and told first: what moved an answer is then known.
    async fn round(&mut self) {
        let mut rounds = Vec::new();
        for client in &CLIENTS {
            let answers = self.resolver.ask(client.subnet, QUERIES_PER_ROUND).await;
            rounds.push(answers.into_iter().filter_map(|address| self.scene.network.edge_at(address)).collect::<Vec<_>>());
        }
        let standings = survey(&self.events).await.map(|survey| self.standings(&survey)).unwrap_or_default();
        let now = self.started.elapsed();
        self.board.take_standings(now, &standings);
        for (client, edges) in rounds.iter().enumerate() {
            self.board.take_answers(now, client, edges, usize::from(QUERIES_PER_ROUND));
        }
    }

    /// How each edge stands, in their order.
    fn standings(&self, survey: &Survey) -> Vec<Option<Standing>> {
        let probes = survey.serving.snapshot.policies.probes();
        let of = |host: u8| {
            let address = self.scene.network.address(host);
            let index = probes.iter().position(|probe| probe.key.address == address)?;
            survey.standings.get(index)?.clone()
        };
        EDGES.iter().map(|edge| of(edge.host)).collect()
    }

    async fn toggle(&mut self, chosen: &[usize]) {
        let names: Vec<&str> = chosen.iter().filter_map(|&index| EDGES.get(index)).map(|edge| edge.name).collect();
        let names = names.join(", ");
        let text = match self.edges.toggle(chosen).await {
            Ok(true) => format!("you revived {names}"),
            Ok(false) => format!("you killed {names}"),
            Err(error) => format!("can't revive {names}: {error}"),
        };
        self.board.note_key(self.started.elapsed(), text);
    }
}

/// What a visitor may want.
#[derive(Debug, PartialEq, Eq)]
enum Key {
    /// Kill or revive these edges.
    Toggle(Vec<usize>),
    /// End.
    Quit,
}

impl Key {
    fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            b'1'..=b'3' => Some(Self::Toggle(edges_of(usize::from(byte - b'1')))),
            b'4'..=b'6' => Some(Self::Toggle(edges_of(usize::from(byte - b'4')).split_off(1))),
            b'a' => Some(Self::Toggle((0..EDGES.len()).collect())),
            b'q' | END_OF_TRANSMISSION => Some(Self::Quit),
            _ => None,
        }
    }
}
