//! The one place that prints: what a command has to say, to stdout and stderr, and its exit code.
//! Everything else returns a [`Reply`].

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use super::Reply;

/// Prints a reply and gives the process its exit code.
pub fn deliver(reply: &Reply) -> ExitCode {
    // A reader that has gone, such as `head`, has seen what it wanted.
    let _ = write(&mut io::stdout().lock(), &reply.out);
    let _ = write(&mut io::stderr().lock(), &reply.err);
    ExitCode::from(reply.exit)
}

/// How long nobody asks how far it is.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many steps the way is told in: a terminal is slower than a small zone.
const STEPS: usize = 200;

/// Shows a terminal how many zones are read, where that takes a while; the last one clears the line.
pub fn show_progress(elapsed: Duration, read: usize, all: usize) {
    if let Some(line) = progress_line(elapsed, read, all).filter(|_| io::stderr().is_terminal()) {
        let _ = io::stderr().lock().write_all(line.as_bytes());
    }
}

fn progress_line(elapsed: Duration, read: usize, all: usize) -> Option<String> {
    let is_last = read >= all;
    let is_step = is_last || read.is_multiple_of((all / STEPS).max(1));
    let text = || if is_last { String::new() } else { format!("{read} of {all} zones read") };
    (elapsed >= PATIENCE && is_step).then(|| format!("\r{}\x1b[K", text()))
}

/// Writes a text, completed by a newline if it lacks one.
fn write(stream: &mut impl Write, text: &str) -> io::Result<()> {
    stream.write_all(text.as_bytes())?;
    if !text.is_empty() && !text.ends_with('\n') {
        stream.write_all(b"\n")?;
    }
    stream.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_told_after_a_while_in_steps_and_cleared() {
        let line = |milliseconds, read, all| progress_line(Duration::from_millis(milliseconds), read, all);
        assert_eq!(line(999, 1, 3), None);
        assert_eq!(line(1000, 1, 3).as_deref(), Some("\r1 of 3 zones read\x1b[K"));
        assert_eq!(line(1000, 3, 3).as_deref(), Some("\r\x1b[K"));
        assert_eq!(line(1000, 4, 1000), None);
        assert_eq!(line(1000, 5, 1000).as_deref(), Some("\r5 of 1000 zones read\x1b[K"));
    }
}
