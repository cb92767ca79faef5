//! Each foreign crate has its homes, named above its line in Cargo.toml: `# home: PLACE, PLACE : reason`.
//!
//! A place is a file or a folder below `src`, or the words of [`BELOW_IO`]. What only tests need names its reason alone.

use super::floors::is_above_io_line;
use super::tree::{File, Tree};
use super::{Complaint, complain_at};

/// The home of what the whole shell uses.
const BELOW_IO: &str = "every file below the IO line";

/// A dependency, with the comment lines above it.
#[derive(Debug)]
struct Dependency<'a> {
    name: &'a str,
    line: usize,
    comment: Vec<&'a str>,
    for_tests: bool,
}

pub(super) fn find(tree: &Tree) -> Vec<Complaint> {
    let judge = |dependency: &Dependency<'_>| match dependency.for_tests {
        true => in_tests(tree, dependency),
        false => in_product(tree, dependency),
    };
    dependencies(&tree.manifest).iter().flat_map(judge).collect()
}

fn in_tests(tree: &Tree, dependency: &Dependency<'_>) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    if dependency.comment.is_empty() {
        complaints.push(dependency.complain("has no reason above its line"));
    }
    if !tree.files.iter().any(|file| dependency.first_use(file, true).is_some()) {
        complaints.push(dependency.complain("is never used"));
    }
    complaints
}

fn in_product(tree: &Tree, dependency: &Dependency<'_>) -> Vec<Complaint> {
    let users: Vec<_> = tree.sources().filter_map(|file| Some((file, dependency.first_use(file, false)?))).collect();
    let Some(homes) = dependency.homes() else {
        return vec![dependency.complain("has no line \"# home: PLACE, PLACE : reason\" above it")];
    };
    if users.is_empty() {
        return vec![dependency.complain("is never used")];
    }
    let idle = homes.iter().filter(|home| !users.iter().any(|(file, _)| is_at_home(file, home)));
    let idle = idle.map(|home| dependency.complain(&format!("is not used in its home \"{home}\"")));
    let strays = users.iter().filter(|(file, _)| !homes.iter().any(|home| is_at_home(file, home)));
    let message = format!("{} is at home in {} only", dependency.name, homes.join(", "));
    idle.chain(strays.map(|(file, line)| complain_at(&file.path, *line, message.clone()))).collect()
}

impl Dependency<'_> {
    /// The line in which a file mentions the crate first.
    fn first_use(&self, file: &File, with_tests: bool) -> Option<usize> {
        let name = self.name.replace('-', "_");
        let mentions = if with_tests { &file.mentions } else { &file.product_mentions };
        mentions.iter().find(|mention| mention.segments.first() == Some(&name)).map(|mention| mention.line)
    }

    /// The places of the line that names them, if it has a reason too.
    fn homes(&self) -> Option<Vec<&str>> {
        let line = self.comment.iter().find_map(|line| line.strip_prefix("# home: "))?;
        let (places, _) = line.split_once(" : ").filter(|(_, reason)| !reason.trim().is_empty())?;
        match places.trim() {
            BELOW_IO => Some(vec![BELOW_IO]),
            places => Some(places.split([',', ' ']).filter(|place| !place.is_empty()).collect()),
        }
    }

    fn complain(&self, message: &str) -> Complaint {
        complain_at("Cargo.toml", self.line, format!("{} {message}", self.name))
    }
}

fn is_at_home(file: &File, home: &str) -> bool {
    let path = file.path.trim_start_matches("src/");
    match home {
        BELOW_IO => !is_above_io_line(file),
        folder if folder.ends_with('/') => path.starts_with(folder),
        name => path == name,
    }
}

fn dependencies(manifest: &str) -> Vec<Dependency<'_>> {
    let mut dependencies = Vec::new();
    let (mut section, mut comment) = ("", Vec::new());
    for (index, line) in manifest.lines().enumerate() {
        if line.starts_with('#') {
            comment.push(line);
            continue;
        }
        let comment = std::mem::take(&mut comment);
        if line.starts_with('[') {
            section = line;
        } else if let Some((name, _)) = line.split_once('=').filter(|_| section.ends_with("dependencies]")) {
            dependencies.push(Dependency { name: name.trim(), line: index + 1, comment, for_tests: section.contains("dev-") });
        }
    }
    dependencies
}
