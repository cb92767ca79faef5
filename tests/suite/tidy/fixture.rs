//! A small tree with one fault of each kind, and beside them what must not be taken for a fault.

use super::tree::Tree;

/// Each file under its path; what follows a path is its text.
const FILES: &str = r##"
-- Cargo.toml --
[dependencies]
# home: config/, geo/mmdb.rs : data that is read from text
serde = "1.0"
# no home
toml = "1.2"
# home: every file below the IO line : log events
tracing = "0.1"
# home: daemon.rs : never used
notify = "8.2"

[dev-dependencies]
proptest = "1.12"

-- notes.txt --

-- src/lib.rs --
//! A house with one fault of each kind.
//!
//! The architecture may be as long as it needs to be.
//!
//! - One.
//! - Two.
//! - Three.
//! - Four.
//! - Five.

// ============ the IO line may be drawn here ============
pub mod wire;
pub mod limits;
pub mod zone;
pub mod geo;
pub mod config;
pub mod serving;
pub mod metrics;
pub mod transport;
pub mod answer;
pub mod attic;

-- src/main.rs --
//! Arguments in,
//! exit code out.
use signpost::{daemon, geo::Place};

-- src/wire/mod.rs --
//! Two rooms of the lowest floor may meet,
//! but not in a circle.
use crate::limits::NAME_LENGTH_MAX;

-- src/limits.rs --
//! The other side
//! of the circle.
use crate::wire;

-- src/zone/mod.rs --
//! A folder and its own files
//! are no circle.
mod lexer;
mod parser;
mod utils;
pub use lexer::Token;
pub struct Zone(parser::Record);

-- src/zone/lexer.rs --
//! Half of a circle,
//! and what its folder defines.
use super::{Zone, parser::Record};
#[cfg(test)]
mod tests;

-- src/zone/parser.rs --
//! The other half, through
//! a re-export of the folder.
use super::Token;
#[cfg(test)]
mod tests {
    use super::super::lexer::Token;
    use crate::answer;
}

-- src/zone/utils.rs --
//! Its name
//! says nothing.

-- src/zone/dead.rs --
//! No mod line
//! leads here.

-- src/geo/mod.rs --
//! Sees a sibling, a floor above,
//! and in a comment crate::daemon, which is nothing.
use crate::{
    health::Verdict,
    snapshot::{self as compiled},
};
use super::limits;
fn text() -> &'static str { "crate::daemon TODO unsafe // ==== .unwrap()" }

-- src/config/mod.rs --
//! Does what is only done
//! below the IO line, and panics.
use std::{fs, net::{IpAddr, TcpStream}, time::Instant};
use serde::Deserialize;
fn get_config(last: Instant) {
    let now = std::time::Instant::now();
    tracing::info!("up");
    println!("up");
    last.map(|expect| expect).unwrap();
    panic!("down");
}
// Nothing in a test counts.
#[cfg(test)]
mod tests {
    fn read() { std::fs::read("/tmp").unwrap(); }
}

-- src/serving/mod.rs --
//! One line.
use crate::metrics::Counter;
use serde::Serialize;
use tracing::info;
// TODO: a mark
#[derive(serde::Serialize)]
struct Paths(&'static str = "/home/me/signpost", &'static str = "www/home/page");

-- src/metrics/mod.rs --
//! Dangerous,
//! and drawn.
// ---- counters ----
/// | a | table |
/// |---|-------|
fn peek() { unsafe { read() } }
trait Alone {}
trait Twice<T> {}
impl Alone for Counter {}
impl<T: Alone> super::metrics::Twice<T> for Counter { fn each() { for x in y {} } }
impl Twice<u8> for Gauge where Gauge: Alone {}
impl Gauge { fn each() -> impl Alone { for x in y {} } }

-- src/transport/mod.rs --
//! Declares
//! the one file that may.
mod mmsg;
mod udp;

-- src/transport/mmsg.rs --
//! The one file
//! that may.
fn send() { unsafe { sendmmsg() } }

-- src/transport/udp.rs --
//! Asks the clock where it may,
//! and where it may not.
use std::time::Instant;
fn rest() { Instant::now() }
fn answer() { Instant::now() }
#[cfg(test)]
mod tests {
    fn waits() { Instant::now() }
}

-- src/attic/mod.rs --
//! A room that nobody
//! has designed.

-- src/zone/lexer/tests.rs --
//! One line is enough here.
#[ignore = "later"]
fn test() { None.unwrap() }

-- tests/suite/main.rs --
// No header.
"##;

/// The tree of the fixture, with what is too long to be written down.
pub(super) fn tree() -> Tree {
    let mut files: Vec<_> = FILES.split("\n-- ").skip(1).map(file).collect();
    let header = "//! Long,\n//! very long.\n";
    let reason = "// Long because: the fixture says so.\n";
    let function = |name: &str, lines: usize| format!("fn {name}() {{\n{}}}\n", "    step();\n".repeat(lines - 2));
    let functions = [function("longest", 70), function("too_long", 71), reason.to_owned(), function("excused", 71)].concat();
    let mut add = |name: &str, text: String| files.push((format!("src/answer/{name}.rs"), text));
    add("mod", header.to_owned() + "mod functions;\nmod longest;\nmod too_long;\nmod excused;\nmod hopeless;\nmod tested;\n");
    add("functions", header.to_owned() + &functions);
    add("longest", header.to_owned() + &"use a;\n".repeat(398));
    add("too_long", header.to_owned() + &"use a;\n".repeat(399));
    add("excused", header.to_owned() + reason + &"use a;\n".repeat(597));
    add("hopeless", header.to_owned() + reason + &"use a;\n".repeat(598));
    add("tested", format!("{header}use a;\n#[cfg(test)]\nmod tests {{\n{}}}\n", "    use a;\n".repeat(148)));
    Tree::new(files)
}

fn file(text: &str) -> (String, String) {
    let (path, text) = text.split_once(" --\n").unwrap_or_default();
    (path.to_owned(), text.to_owned() + "\n")
}
