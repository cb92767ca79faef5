//! Tidiness is a test: the floors, bans and sizes of the house, read from the repository itself.
//!
//! Each rule looks at the whole [`Tree`] and says what it finds; one run reports everything, with file and line. The second
//! test turns the rules on a small tree with one fault of each kind, so that no rule falls silent unnoticed.

mod bans;
mod clock;
mod cycles;
mod fixture;
mod floors;
mod homes;
mod layout;
mod mention;
mod prose;
mod sizes;
mod split;
mod traits;
mod tree;

use std::fmt;

use crate::harness::golden;
use tree::{File, Tree};

/// Reads the repository and complains.
type Rule = fn(&Tree) -> Vec<Complaint>;

/// Every rule of the house, by name.
const RULES: &[(&str, Rule)] = &[
    ("floors", floors::find),
    ("cycles", cycles::find),
    ("io", bans::io),
    ("panics", bans::panics),
    ("clock", clock::find),
    ("unsafe", bans::unsafety),
    ("machine paths", bans::machine_paths),
    ("homes", homes::find),
    ("file sizes", sizes::files),
    ("function sizes", sizes::functions),
    ("headers", prose::headers),
    ("leftovers", prose::leftovers),
    ("banners", prose::banners),
    ("comments", prose::measure),
    ("top level", layout::top),
    ("file names", layout::names),
    ("function names", layout::functions),
    ("dead files", layout::dead_files),
    ("traits", traits::find),
];

#[test]
fn the_house_is_tidy() {
    let tree = Tree::of_repository();
    println!("{}{}", sizes::summary(&tree), prose::summary(&tree));
    let complaints = complaints(&tree);
    assert!(complaints.is_empty(), "\n{complaints}");
}

#[test]
fn each_fault_is_found() {
    let complaints = complaints(&fixture::tree());
    for (name, _) in RULES {
        assert!(complaints.contains(&format!("[{name}]")), "the fixture has no fault that \"{name}\" finds");
    }
    golden::check("tests/suite/tidy/fixture.expected", &complaints);
}

/// What all rules say, one line each, by place.
fn complaints(tree: &Tree) -> String {
    let complaints_of = |(name, find): &(&'static str, fn(&Tree) -> Vec<Complaint>)| {
        find(tree).into_iter().map(|complaint| (complaint, *name)).collect::<Vec<_>>()
    };
    let mut complaints: Vec<_> = RULES.iter().flat_map(complaints_of).collect();
    complaints.sort();
    complaints.iter().map(|(complaint, name)| format!("{complaint} [{name}]\n")).collect()
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Complaint {
    path: String,
    /// From 1; 0 where the whole file or folder is meant.
    line: usize,
    message: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self { path, line: 0, message } => write!(f, "{path}: {message}"),
            Self { path, line, message } => write!(f, "{path}:{line}: {message}"),
        }
    }
}

fn complain(file: &File, line: usize, message: String) -> Complaint {
    complain_at(&file.path, line, message)
}

fn complain_at(path: &str, line: usize, message: String) -> Complaint {
    Complaint { path: path.to_owned(), line, message }
}
