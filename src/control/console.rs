//! The one place that prints: what a command has to say, to stdout and stderr, and its exit code.
//! Everything else returns a [`Reply`].

use std::io::{self, Write};
use std::process::ExitCode;

use super::Reply;

/// Prints a reply and gives the process its exit code.
pub fn deliver(reply: &Reply) -> ExitCode {
    // A reader that has gone, such as `head`, has seen what it wanted.
    let _ = write(&mut io::stdout().lock(), &reply.out);
    let _ = write(&mut io::stderr().lock(), &reply.err);
    ExitCode::from(reply.exit)
}

/// Writes a text, completed by a newline if it lacks one.
fn write(stream: &mut impl Write, text: &str) -> io::Result<()> {
    stream.write_all(text.as_bytes())?;
    if !text.is_empty() && !text.ends_with('\n') {
        stream.write_all(b"\n")?;
    }
    stream.flush()
}
