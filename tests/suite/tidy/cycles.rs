//! No import cycles: neither between rooms, nor between the modules inside one.
//!
//! A folder and its own files are no cycle: `mod.rs` declares them, they use what it defines. So each folder is judged by the
//! imports between its children, whatever is below a child counted as the child, and re-exports followed to their home.

use std::collections::{BTreeMap, BTreeSet};

use super::tree::{File, Tree};
use super::{Complaint, complain};

/// Re-exports of re-exports that are followed.
const REEXPORTS_MAX: usize = 8;

/// The imports between the children of one folder: from, to, and the first line that says so.
type Edges<'a> = BTreeMap<(String, String), (&'a File, usize)>;

pub(super) fn find(tree: &Tree) -> Vec<Complaint> {
    let mut folders: BTreeMap<Vec<String>, Edges<'_>> = BTreeMap::new();
    for file in tree.sources() {
        for mention in &file.product_mentions {
            let Some(target) = tree.within_crate(file, mention).and_then(|target| home(tree, target, REEXPORTS_MAX)) else {
                continue;
            };
            if let Some((folder, edge)) = between_children(&file.module, &target.module) {
                folders.entry(folder).or_default().entry(edge).or_insert((file, mention.line));
            }
        }
    }
    folders.values().flat_map(cycles).collect()
}

/// The file that defines what a path names, behind the re-exports of its folder.
fn home(tree: &Tree, target: Vec<String>, reexports: usize) -> Option<&File> {
    let (file, length) = tree.module(&target)?;
    let Some(item) = target.get(length).filter(|_| reexports > 0) else { return Some(file) };
    let reexport = file.product_mentions.iter().find(|mention| mention.name == *item && mention.segments.len() > 1);
    let behind = reexport.and_then(|mention| home(tree, tree.within_crate(file, mention)?, reexports - 1));
    behind.or(Some(file))
}

/// The folder in which the ways to two modules part, and the two children; `None` if one module holds the other.
fn between_children(from: &[String], to: &[String]) -> Option<(Vec<String>, (String, String))> {
    let shared = from.iter().zip(to).take_while(|(from, to)| from == to).count();
    Some((from[..shared].to_vec(), (from.get(shared)?.clone(), to.get(shared)?.clone())))
}

/// One complaint for each set of children that reach each other.
fn cycles(edges: &Edges<'_>) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut told = BTreeSet::new();
    for (from, _) in edges.keys() {
        let reached = reachable(edges, from);
        if !reached.contains(from) || told.contains(from) {
            continue;
        }
        let cycle: BTreeSet<_> = reached.into_iter().filter(|other| reachable(edges, other).contains(from)).collect();
        let within = |(from, to): &(String, String)| cycle.contains(from) && cycle.contains(to);
        let inner: Vec<_> = edges.iter().filter(|(edge, _)| within(edge)).collect();
        let ways: Vec<_> =
            inner.iter().map(|((from, to), (file, line))| format!("{from} -> {to} ({}:{line})", file.path)).collect();
        let (file, line) = inner[0].1;
        complaints.push(complain(file, *line, format!("import cycle of {} modules: {}", cycle.len(), ways.join(", "))));
        told.extend(cycle);
    }
    complaints
}

/// All that can be reached from a child, itself only by a way round.
fn reachable(edges: &Edges<'_>, start: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![start.to_owned()];
    while let Some(from) = open.pop() {
        for (_, to) in edges.keys().filter(|(source, _)| *source == from) {
            if reached.insert(to.clone()) {
                open.push(to.clone());
            }
        }
    }
    reached
}
