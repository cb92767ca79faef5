//! Where files are and what they and their functions are called.

use std::collections::BTreeSet;

use super::mention::tokens;
use super::tree::{File, Tree};
use super::{Complaint, complain, complain_at};

/// All that the top level holds.
const TOP: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "src",
    "zones",
    "geoip",
    "tests",
    "README.md",
    "LICENSE",
    "signpost.toml",
    ".ci",
    ".gitignore",
    "clippy.toml",
    "rustfmt.toml",
    "deny.toml",
];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["util", "utils", "common", "helper", "helpers", "manager", "managers", "core", "misc"];

/// Where a compiler starts to read.
const ROOTS: &[&str] = &[
    "src/lib.rs",
    "src/main.rs",
    "tests/suite/main.rs",
    "tests/bench/answer/main.rs",
    "tests/bench/src/main.rs",
    "tests/fuzz/lib.rs",
    "tests/fuzz/targets/config.rs",
    "tests/fuzz/targets/mmdb.rs",
    "tests/fuzz/targets/query.rs",
    "tests/fuzz/targets/zone.rs",
];

/// Beginnings of function names that say too little, and what is said instead.
const FUNCTION_PREFIXES: &[(&str, &str)] = &[
    ("get_", "a method is called like what it returns"),
    ("validate", "parse into a type that can only be valid"),
    ("is_valid", "parse into a type that can only be valid"),
];

pub(super) fn top(tree: &Tree) -> Vec<Complaint> {
    let tops: BTreeSet<_> = tree.paths.iter().filter_map(|path| path.split('/').next()).collect();
    let strange = tops.into_iter().filter(|top| !TOP.contains(top));
    strange.map(|top| complain_at(top, 0, "does not belong at the top level".to_owned())).collect()
}

pub(super) fn names(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for file in &tree.files {
        let stem = file.path.trim_end_matches(".rs");
        let mut parts = stem.split('/');
        if let Some(name) = parts.find(|part| EMPTY_NAMES.contains(part)) {
            complaints.push(complain_at(&file.path, 0, format!("\"{name}\" does not say what is inside")));
        }
        if tree.files.iter().any(|other| other.path.starts_with(&format!("{stem}/"))) {
            complaints.push(complain_at(&file.path, 0, format!("has a folder beside it: call it {stem}/mod.rs")));
        }
    }
    complaints
}

pub(super) fn functions(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for file in tree.sources() {
        for pair in tokens(&file.code).windows(2).filter(|pair| pair[0].text == "fn") {
            let name = pair[1].text;
            if let Some((_, instead)) = FUNCTION_PREFIXES.iter().find(|(prefix, _)| name.starts_with(prefix)) {
                complaints.push(complain(file, pair[1].line, format!("fn {name}: {instead}")));
            }
        }
    }
    complaints
}

/// Files that no `mod` line reaches: the compiler never sees them.
pub(super) fn dead_files(tree: &Tree) -> Vec<Complaint> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<_> = tree.files.iter().filter(|file| ROOTS.contains(&file.path.as_str())).collect();
    while let Some(file) = open.pop() {
        if reached.insert(&file.path) {
            let children = declared(file);
            open.extend(tree.files.iter().filter(|other| children.contains(&other.path)));
        }
    }
    let dead = tree.files.iter().filter(|file| !reached.contains(&file.path));
    dead.map(|file| complain_at(&file.path, 0, "no mod line leads here".to_owned())).collect()
}

/// The files that the `mod` lines of a file may mean.
fn declared(file: &File) -> Vec<String> {
    let (folder, name) = file.path.trim_end_matches(".rs").rsplit_once('/').unwrap_or_default();
    let folder = if matches!(name, "mod" | "lib" | "main") { folder.to_owned() } else { format!("{folder}/{name}") };
    let tokens = tokens(&file.code);
    let names = tokens.windows(3).filter(|part| part[0].text == "mod" && part[2].text == ";").map(|part| part[1].text);
    names.flat_map(|name| [format!("{folder}/{name}.rs"), format!("{folder}/{name}/mod.rs")]).collect()
}
