//! The terminal: keys without Enter, no echo, pictures drawn over one another, and everything as before at the end, however it
//! comes. The demo and `status --watch` have it.
//!
//! What is drawn on it and what the keys mean is their business. A terminal that can't move its cursor is refused.

use std::io::{self, IsTerminal, Read, Write};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use tokio::sync::mpsc;

use crate::control::Paint;

/// Lines and columns of a terminal that does not tell.
const USUAL_SIZE: (usize, usize) = (24, 80);

/// Keys that wait; nobody types ahead further.
const KEYS_QUEUED_MAX: usize = 16;
/// Ctrl-D, where the terminal does not make it the end of input.
pub(super) const END_OF_TRANSMISSION: u8 = 4;

/// Long lines are cut, and the cursor is out of the way.
const BEGIN: &[u8] = b"\x1b[?7l\x1b[?25l";
const END: &[u8] = b"\x1b[?7h\x1b[?25h\n";

/// The terminal while we have it; dropping it gives it back.
#[derive(Debug)]
pub(super) struct Terminal {
    before: Termios,
}

impl Terminal {
    /// Whether somebody sits before it, at both ends.
    pub(super) fn is_here() -> bool {
        io::stdin().is_terminal() && io::stdout().is_terminal() && !is_dumb()
    }

    /// Takes it. Ctrl-C goes on to be a signal; the keys that would stop or kill us without a chance to tidy up do nothing.
    pub(super) fn take() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut keys = before.clone();
        keys.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
        for (code, value) in [
            (SpecialCodeIndex::VMIN, 1),
            (SpecialCodeIndex::VTIME, 0),
            (SpecialCodeIndex::VSUSP, 0),
            (SpecialCodeIndex::VQUIT, 0),
        ] {
            keys.special_codes[code] = value;
        }
        tcsetattr(io::stdin(), OptionalActions::Now, &keys)?;
        let terminal = Self { before };
        io::stdout().write_all(BEGIN)?;
        Ok(terminal)
    }

    /// Lines and columns.
    pub(super) fn size(&self) -> (usize, usize) {
        let size = tcgetwinsize(io::stdout()).ok().filter(|size| size.ws_row > 0 && size.ws_col > 0);
        size.map_or(USUAL_SIZE, |size| (usize::from(size.ws_row), usize::from(size.ws_col)))
    }
}

/// Whether it can do nothing but print.
fn is_dumb() -> bool {
    std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}

/// Colours on a terminal that has them, unless `NO_COLOR` says otherwise.
pub(super) fn paint() -> Paint {
    let is_wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    if io::stdout().is_terminal() && !is_dumb() && is_wanted { Paint::Colours } else { Paint::None }
}

/// What stands on the terminal; the next picture is drawn over it.
#[derive(Debug, Default)]
pub(super) struct Picture {
    lines: usize,
    size: (usize, usize),
}

impl Picture {
    /// Whether nothing is drawn yet.
    pub(super) fn is_blank(&self) -> bool {
        self.lines == 0
    }

    /// Draws lines in place of those that stand there; there may be no more of them than rows.
    pub(super) fn draw(&mut self, lines: &[String], size: (usize, usize), out: &mut impl Write) -> io::Result<()> {
        out.write_all(self.over(size).as_bytes())?;
        out.write_all(lines.join("\x1b[K\n").as_bytes())?;
        out.write_all(b"\x1b[K\x1b[J")?;
        *self = Self { lines: lines.len(), size };
        Ok(())
    }

    /// What leads back to the first line. A terminal of another size has moved the lines, so it is cleared.
    fn over(&self, size: (usize, usize)) -> String {
        match self.lines {
            0 => String::new(),
            _ if self.size != size => "\x1b[2J\x1b[H".to_owned(),
            1 => "\r".to_owned(),
            lines => format!("\r\x1b[{}A", lines - 1),
        }
    }
}

/// The keys of an input that mean something, until it ends. It has a thread of its own, because reading a terminal waits
/// without end.
pub(super) fn keys<K: Send + 'static>(
    mut input: impl Read + Send + 'static,
    meaning: impl Fn(u8) -> Option<K> + Send + 'static,
) -> mpsc::Receiver<K> {
    let (sender, keys) = mpsc::channel(KEYS_QUEUED_MAX);
    std::thread::spawn(move || {
        let mut byte = [0];
        loop {
            match input.read(&mut byte) {
                Ok(0) => return,
                Ok(_) => {
                    if let Some(key) = byte.first().and_then(|&byte| meaning(byte))
                        && sender.blocking_send(key).is_err()
                    {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    });
    keys
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Where it can't be given back, nobody is left to tell.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
        let mut out = io::stdout();
        let _ = out.write_all(END).and_then(|()| out.flush());
    }
}
