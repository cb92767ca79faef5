//! How the board is shown: on a terminal redrawn in place, elsewhere as plain lines, each said once.
//!
//! Everything is ASCII with a few colours, so that it looks the same on every terminal; `NO_COLOR` turns them off.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use super::board::{Board, Shares};
use super::places::{CLIENTS, Client, EDGES, Network, PLACES, edges_of};
use crate::control::Paint;
use crate::daemon::terminal::{self, Picture, Terminal};
use crate::health::Verdict;

/// Characters of a bar between its brackets.
const BAR_LENGTH: usize = 62;
/// Events shown where there is room.
const EVENTS_SHOWN_MAX: usize = 8;
/// A terminal is drawn anew this often, and at every event.
const REDRAW_INTERVAL: Duration = Duration::from_millis(500);

/// What the keys do.
const KEYS: &str = "1 2 3 kill or revive a place, 4 5 6 its second edge only, a all, q quit";

/// What does not change while the demo runs.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) network: Network,
    pub(super) dns_port: u16,
    pub(super) edge_port: u16,
    pub(super) folder: PathBuf,
    /// How the visitor called us.
    pub(super) program: PathBuf,
}

impl Scene {
    /// What to try: a dig line for each client, the edges, a command, and files to edit.
    fn lines(&self) -> Vec<String> {
        let (server, port) = (self.network.address(1), self.dns_port);
        let dig = |client: &Client| {
            let [high, low] = client.subnet;
            let place = PLACES.get(client.nearest).copied().unwrap_or_default();
            format!("dig @{server} -p {port} www.example.com +short +subnet={high}.{low}.0.0/16 # {place}")
        };
        let head = format!("Signpost demo: example.com on {server}:{port}. Try from another terminal:");
        let curl = format!("curl http://{}:{}/ # hello from Ashburn", self.network.address(12), self.edge_port);
        let status = format!("{} status --config {}/signpost.toml", self.program.display(), self.folder.display());
        let files = format!("Its files, read again when they change: {}", self.folder.display());
        [head].into_iter().chain(CLIENTS.iter().map(dig)).chain([curl, status, files]).collect()
    }
}

/// Where the board is shown.
#[derive(Debug)]
pub(super) enum Screen {
    /// As lines; so many events have been told.
    Plain { told: usize },
    /// In place.
    Live { terminal: Terminal, coloured: bool, drawn: Drawn },
}

/// What stands on the terminal.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    at: Duration,
    noted: usize,
    picture: Picture,
}

impl Screen {
    /// Plain lines.
    pub(super) fn plain() -> Self {
        Self::Plain { told: 0 }
    }

    /// The terminal, which is given back when the screen is dropped.
    pub(super) fn live() -> io::Result<Self> {
        let coloured = terminal::paint() == Paint::Colours;
        Ok(Self::Live { terminal: Terminal::take()?, coloured, drawn: Drawn::default() })
    }

    /// The first look.
    pub(super) fn begin(&mut self, scene: &Scene, board: &Board, now: Duration, out: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Plain { .. } => {
                let keys = format!("Keys (as lines): {KEYS}");
                let lines = scene.lines().into_iter().chain([String::new(), keys, String::new()]);
                lines.chain(answers(board, false)).try_for_each(|line| writeln!(out, "{line}"))?;
                out.flush()
            }
            Self::Live { .. } => self.show(scene, board, now, out),
        }
    }

    /// Shows what is new.
    pub(super) fn show(&mut self, scene: &Scene, board: &Board, now: Duration, out: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Plain { told } => {
                for (at, text) in board.last_events(board.noted - *told) {
                    writeln!(out, "{}", event(*at, text))?;
                }
                *told = board.noted;
            }
            Self::Live { terminal, coloured, drawn } => {
                if !drawn.picture.is_blank() && drawn.noted == board.noted && now < drawn.at + REDRAW_INTERVAL {
                    return Ok(());
                }
                let size = terminal.size();
                let lines = frame(scene, board, now, size.0, *coloured);
                drawn.picture.draw(&lines, size, out)?;
                (drawn.at, drawn.noted) = (now, board.noted);
            }
        }
        out.flush()
    }
}

/// The whole picture, with as many events as there is room for in so many rows.
pub(super) fn frame(scene: &Scene, board: &Board, now: Duration, rows: usize, coloured: bool) -> Vec<String> {
    let mut lines = scene.lines();
    lines.push(String::new());
    lines.extend((0..PLACES.len()).map(|place| place_line(scene, board, now, place, coloured)));
    lines.push(String::new());
    lines.extend(answers(board, coloured));
    lines.push(String::new());
    // The keys come behind the events.
    let room = rows.saturating_sub(lines.len() + 1).clamp(1, EVENTS_SHOWN_MAX);
    let mut events: Vec<String> = board.last_events(room).map(|(at, text)| event(*at, text)).collect();
    events.resize(room, String::new());
    lines.extend(events);
    lines.push(KEYS.to_owned());
    // A smaller terminal gets the end: more lines than rows would scroll away at each redraw.
    lines.split_off(lines.len().saturating_sub(rows))
}

fn place_line(scene: &Scene, board: &Board, now: Duration, place: usize, coloured: bool) -> String {
    let name = PLACES.get(place).copied().unwrap_or_default();
    let edge = |(key, index): (usize, usize)| {
        let edge = EDGES.get(index)?;
        let (verdict, since) = board.standing(index);
        let (word, colour) = match verdict {
            Verdict::Up => ("up", "32"),
            Verdict::Down => ("DOWN", "31;1"),
            Verdict::Unknown => ("unknown", "33"),
        };
        let word = paint(&format!("{word:<4}"), colour, coloured);
        let address = scene.network.address(edge.host);
        let seconds = now.saturating_sub(since).as_secs();
        Some(format!("{key} {} {address} {word} {seconds:>4} s   ", edge.name))
    };
    let keys = [place + 1, place + 1 + PLACES.len()];
    let edges: String = keys.into_iter().zip(edges_of(place)).filter_map(edge).collect();
    format!("{name:<10} {}", edges.trim_end())
}

/// A bar for each client.
fn answers(board: &Board, coloured: bool) -> Vec<String> {
    let count = |client| board.shares(client).iter().sum::<usize>();
    let most = (0..CLIENTS.len()).map(count).max().unwrap_or_default();
    let head = format!("Who is sent where, of {most} queries each ({} asked, {} unanswered):", board.asked, board.unanswered);
    let bars = CLIENTS.iter().enumerate();
    let bars = bars.map(|(client, named)| format!("{:<9} [{}]", named.city, bar(&board.shares(client), coloured)));
    [head].into_iter().chain(bars).collect()
}

/// A bar with a segment for each edge that answered, named where there is room.
fn bar(shares: &Shares, coloured: bool) -> String {
    let sum = shares.iter().sum::<usize>().max(1);
    let mut bar = String::new();
    let (mut before, mut begin) = (0, 0);
    for ((index, edge), share) in EDGES.iter().enumerate().zip(shares) {
        before += share;
        let end = before * BAR_LENGTH / sum;
        let length = end - std::mem::replace(&mut begin, end);
        let text = format!("{} {} % ", edge.name, share * 100 / sum);
        let fill = if coloured { ' ' } else { '=' };
        let segment: String = text.chars().chain(std::iter::repeat(fill)).take(length).collect();
        bar.push_str(&paint(&segment, &colour(index, edge.place), coloured && length > 0));
    }
    bar
}

/// Black on the colour of the place; its second edge has the brighter one.
fn colour(edge: usize, place: usize) -> String {
    let background = [46, 43, 45].get(place).copied().unwrap_or(47);
    let is_first = edges_of(place).first() == Some(&edge);
    format!("30;{}", if is_first { background } else { background + 60 })
}

fn event(at: Duration, text: &str) -> String {
    format!("{:>6.1} s  {text}", at.as_secs_f64())
}

fn paint(text: &str, colour: &str, coloured: bool) -> String {
    if coloured { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
}
