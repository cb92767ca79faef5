//! The log: lines on stderr, coloured on a terminal, filtered as the operator likes.
//! What is said in them is said where it happens; nothing is logged here.

use std::io::{self, IsTerminal};

/// Writes log lines to stderr, coloured on a terminal only; `SIGNPOST_LOG` filters them, as in `SIGNPOST_LOG=debug`.
pub fn begin_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("SIGNPOST_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_target(false);
    let lines = lines.with_ansi(io::stderr().is_terminal());
    // A second logger in one process (tests) is refused, and need not be there.
    let _ = lines.try_init();
}
