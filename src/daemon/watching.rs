//! `status --watch`: the status as it changes. On a terminal it is drawn anew every second and what is news stands out; elsewhere
//! each change is a line. It asks as `status` does, and goes on through a restart of the server.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};

use super::terminal::{END_OF_TRANSMISSION, Picture, Terminal, keys, paint};
use crate::control::{Changes, EndpointKey, Paint, Reply, Request, Status, StatusRequest, call};

/// How often the server is asked.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// How long a change stands out.
const NEWS_SHOWN: Duration = Duration::from_secs(5);
/// Changes that are told under the table.
const TOLD_MAX: usize = 5;

/// Watches until told to end; what can't be asked at first is an error.
pub(super) fn watch(socket: &Path, request: &StatusRequest) -> io::Result<Reply> {
    let reply = call(socket, &Request::Status(request.clone()));
    let Some(first) = Status::of(&reply) else { return Ok(reply) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        if Terminal::is_here() { on_terminal(socket, request, &first).await } else { as_lines(socket, request, &first).await }
    });
    // A look that waits for an answer need not come back.
    runtime.shutdown_background();
    match ended {
        // A reader that has gone, such as `head`, has seen what it wanted.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        Ok(()) | Err(_) => Ok(Reply::done("")),
    }
}

/// One look, beside everything else.
async fn look(socket: &Path, request: &StatusRequest) -> Reply {
    let (socket, request) = (socket.to_owned(), Request::Status(request.clone()));
    let asked = tokio::task::spawn_blocking(move || call(&socket, &request)).await;
    asked.unwrap_or_else(|error| Reply::could_not_run(error.to_string()))
}

async fn as_lines(socket: &Path, request: &StatusRequest, first: &Status) -> io::Result<()> {
    let mut changes = Changes::default();
    changes.take(first);
    let mut out = io::stdout();
    out.write_all(first.text(Paint::None).as_bytes())?;
    out.flush()?;
    let mut is_lost = false;
    let mut looks = interval(LOOK_INTERVAL);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let reply = look(socket, request).await;
        let status = Status::of(&reply);
        match &status {
            Some(status) => {
                for (_, line) in changes.take(status) {
                    writeln!(out, "{} {line}", status.now)?;
                }
            }
            None if !is_lost => writeln!(out, "{}", reply.err.trim_end())?,
            None => {}
        }
        is_lost = status.is_none();
        out.flush()?;
    }
}

async fn on_terminal(socket: &Path, request: &StatusRequest, first: &Status) -> io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let terminal = Terminal::take()?;
    let mut quit = keys(io::stdin(), |byte| [b'q', END_OF_TRANSMISSION].contains(&byte).then_some(()));
    let (mut picture, mut board) = (Picture::default(), Board::default());
    board.take(first);
    let mut looks = interval(LOOK_INTERVAL);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let size = terminal.size();
        picture.draw(&board.lines(size.0, paint()), size, &mut io::stdout())?;
        io::stdout().flush()?;
        tokio::select! {
            _ = quit.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
            reply = async { looks.tick().await; look(socket, request).await } => board.take_reply(&reply),
        }
    }
}

/// What the live view shows.
#[derive(Debug, Default)]
pub(super) struct Board {
    status: Status,
    changes: Changes,
    news: BTreeMap<EndpointKey, Instant>,
    told: Vec<String>,
    /// Why there is no answer, if there is none.
    lost: Option<String>,
}

impl Board {
    fn take_reply(&mut self, reply: &Reply) {
        match Status::of(reply) {
            Some(status) => self.take(&status),
            None => self.lost = Some(reply.err.lines().next().unwrap_or_default().to_owned()),
        }
    }

    /// Takes the next look.
    pub(super) fn take(&mut self, status: &Status) {
        self.lost = None;
        let now = Instant::now();
        for (key, line) in self.changes.take(status) {
            self.news.extend(key.map(|key| (key, now)));
            self.told.push(format!("{} {line}", status.now));
        }
        self.told.drain(..self.told.len().saturating_sub(TOLD_MAX));
        self.news.retain(|_, at| at.elapsed() < NEWS_SHOWN);
        self.status = status.clone();
    }

    /// As many lines as there are rows at most.
    pub(super) fn lines(&self, rows: usize, paint: Paint) -> Vec<String> {
        let mut lines = self.status.lines(paint, |row| self.news.contains_key(&EndpointKey::of(row)));
        let mut end = vec![String::new()];
        end.extend(self.told.iter().cloned());
        end.extend(self.lost.iter().cloned());
        end.push("q quit".to_owned());
        let room = rows.saturating_sub(end.len()).max(1);
        if lines.len() > room {
            let more = lines.len() - room + 1;
            lines.truncate(room.saturating_sub(1));
            lines.push(format!("({more} more; name what you want to see, or --down)"));
        }
        lines.extend(end);
        lines.truncate(rows.max(1));
        lines
    }
}
