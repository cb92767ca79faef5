//! What runs for each query asks no clock: a look at the time is no system call, so strace does not see it, and costs as much
//! as a table look-up. Functions for what seldom happens may, and are named here.

use super::sizes::functions_in;
use super::tree::{File, Tree};
use super::{Complaint, complain};

/// The files below the IO line that every query passes, and their functions that may know the time.
const HOT: &[(&str, &[&str])] = &[
    ("src/metrics/mod.rs", &[]),
    ("src/serving/current.rs", &[]),
    ("src/transport/answering.rs", &["log"]),
    ("src/transport/mmsg.rs", &[]),
    ("src/transport/udp.rs", &["rest"]),
];

/// Paths that tell the time.
const CLOCKS: &[&[&str]] = &[&["Instant", "now"], &["SystemTime", "now"]];

pub(super) fn find(tree: &Tree) -> Vec<Complaint> {
    let seldom = |file: &File| HOT.iter().find(|(path, _)| file.path == *path).map(|(_, seldom)| *seldom);
    tree.sources().filter_map(|file| Some(looks(file, seldom(file)?))).flatten().collect()
}

fn looks(file: &File, seldom: &[&str]) -> Vec<Complaint> {
    let allowed: Vec<_> = functions_in(file).into_iter().filter(|function| seldom.contains(&function.name)).collect();
    let says = |segments: &[String]| CLOCKS.iter().any(|path| segments.windows(path.len()).any(|part| part == *path));
    let mentions = file.product_mentions.iter().filter(|mention| says(&mention.segments));
    let strays = mentions.filter(|mention| !allowed.iter().any(|function| function.lines().contains(&mention.line)));
    let message = "asks the clock for each query: count instead, or let a function for what seldom happens ask";
    strays.map(|mention| complain(file, mention.line, message.to_owned())).collect()
}
