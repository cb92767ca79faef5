//! The terminal: keys without Enter, no echo, and everything as before when the demo ends, however it ends.
//!
//! What is drawn on it is `screen.rs`'s business, what the keys mean `mod.rs`'s. A terminal that can't move its cursor is refused.

use std::io::{self, IsTerminal, Write};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetwinsize, tcsetattr};

/// Lines and columns of a terminal that does not tell.
const USUAL_SIZE: (usize, usize) = (24, 80);

/// Long lines are cut, and the cursor is out of the way.
const BEGIN: &[u8] = b"\x1b[?7l\x1b[?25l";
const END: &[u8] = b"\x1b[?7h\x1b[?25h\n";

/// The terminal while the demo has it; dropping it gives it back.
#[derive(Debug)]
pub(super) struct Terminal {
    before: Termios,
}

impl Terminal {
    /// Whether somebody sits before it, at both ends.
    pub(super) fn is_here() -> bool {
        let is_dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
        io::stdin().is_terminal() && io::stdout().is_terminal() && !is_dumb
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

impl Drop for Terminal {
    fn drop(&mut self) {
        // Where it can't be given back, nobody is left to tell.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
        let mut out = io::stdout();
        let _ = out.write_all(END).and_then(|()| out.flush());
    }
}
