//! Arguments in, exit code out.
//!
//! Everything else is in the library: [`signpost::control`] reads the arguments, [`signpost::daemon`] runs the command.

use std::process::ExitCode;

use signpost::control::{deliver, parse};
use signpost::daemon;

fn main() -> ExitCode {
    match parse(std::env::args_os()) {
        Ok(command) => daemon::run(command),
        Err(reply) => deliver(&reply),
    }
}
