//! The repository as the rules see it: its paths, its Rust files split into code and prose, and its Cargo.toml.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::mention::{self, Mention};
use super::split::{split, without_tests};

/// Everything that the rules read.
#[derive(Debug)]
pub(super) struct Tree {
    /// Every path, from the top of the repository.
    pub(super) paths: Vec<String>,
    /// The Rust files.
    pub(super) files: Vec<File>,
    /// The text of Cargo.toml.
    pub(super) manifest: String,
    /// Which of the files holds a module.
    modules: BTreeMap<Vec<String>, usize>,
}

/// One Rust file.
#[derive(Debug)]
pub(super) struct File {
    /// From the top of the repository.
    pub(super) path: String,
    /// The module that a source file holds, from the crate's root: `src/zone/mod.rs` is `zone`.
    pub(super) module: Vec<String>,
    /// As it was written.
    pub(super) text: String,
    /// Without comments and strings.
    pub(super) code: String,
    /// The code without its tests; nothing in a file of tests.
    pub(super) product: String,
    /// How many lines its inline tests are.
    pub(super) test_lines: usize,
    /// The comments alone.
    pub(super) prose: String,
    /// What the code mentions, its tests included.
    pub(super) mentions: Vec<Mention>,
    /// What the product mentions.
    pub(super) product_mentions: Vec<Mention>,
}

impl Tree {
    /// The repository that this test belongs to: what git knows, or would know.
    pub(super) fn of_repository() -> Self {
        let top = Path::new(env!("CARGO_MANIFEST_DIR"));
        let listing = Command::new("git")
            // A checkout may belong to somebody else, such as the user who started a container.
            .args(["-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"])
            .current_dir(top)
            .output()
            .expect("the tidy test needs git");
        assert!(listing.status.success(), "{}", String::from_utf8_lossy(&listing.stderr));
        let paths = String::from_utf8(listing.stdout).expect("paths are UTF-8");
        let read = |path: &str| is_read(path).then(|| fs::read_to_string(top.join(path)).expect("sources are UTF-8"));
        let existing = paths.lines().filter(|path| top.join(path).exists());
        Self::new(existing.map(|path| (path.to_owned(), read(path).unwrap_or_default())).collect())
    }

    /// A tree of given paths and texts.
    pub(super) fn new(mut texts: Vec<(String, String)>) -> Self {
        texts.sort();
        let paths = texts.iter().map(|(path, _)| path.clone()).collect();
        let manifest = texts.iter().find(|(path, _)| path == "Cargo.toml").map(|(_, text)| text.clone()).unwrap_or_default();
        let rust = texts.into_iter().filter(|(path, _)| path.ends_with(".rs"));
        let files: Vec<_> = rust.map(|(path, text)| File::new(path, text)).collect();
        let sources = files.iter().enumerate().filter(|(_, file)| file.is_source());
        let modules = sources.map(|(index, file)| (file.module.clone(), index)).collect();
        Self { paths, files, manifest, modules }
    }

    /// The files of the library and the binary, their unit tests included.
    pub(super) fn sources(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.is_source())
    }

    /// The source file that holds a module, and how many of the segments name the module.
    pub(super) fn module(&self, segments: &[String]) -> Option<(&File, usize)> {
        let holds = |length: usize| self.modules.get(&segments[..length]);
        (1..=segments.len()).rev().find_map(|length| Some((&self.files[*holds(length)?], length)))
    }

    /// A mention as a path from the crate's root; `None` if it points out of the crate.
    pub(super) fn within_crate(&self, file: &File, mention: &Mention) -> Option<Vec<String>> {
        let mut module = file.module.clone();
        if !file.is_test() && !file.product_mentions.contains(mention) {
            // A test inside a file is one module deeper than the file.
            module.push("tests".to_owned());
        }
        let segments = mention.segments.as_slice();
        let (first, rest) = segments.split_first()?;
        match first.as_str() {
            "crate" | "signpost" => Some(rest.to_vec()),
            "self" => Some([&module, rest].concat()),
            "super" => {
                let climbs = segments.iter().take_while(|segment| *segment == "super").count();
                module.truncate(module.len().saturating_sub(climbs));
                Some([&module, &segments[climbs..]].concat())
            }
            child => {
                module.push(child.to_owned());
                self.modules.contains_key(&module).then(|| [&module, rest].concat())
            }
        }
    }
}

impl File {
    fn new(path: String, text: String) -> Self {
        let (code, prose) = split(&text);
        let (product, test_lines) = if is_test(&path) { (String::new(), 0) } else { without_tests(&code) };
        let mentions = mention::mentions(&mention::tokens(&code));
        let product_mentions = mention::mentions(&mention::tokens(&product));
        let module = module(&path);
        Self { path, module, text, code, product, test_lines, prose, mentions, product_mentions }
    }

    /// Whether the file belongs to the library or the binary.
    fn is_source(&self) -> bool {
        self.path.starts_with("src/")
    }

    /// Whether the whole file is test code.
    pub(super) fn is_test(&self) -> bool {
        is_test(&self.path)
    }

    /// The part of the house that a source file belongs to: `zone`, or `main` for `src/main.rs`.
    pub(super) fn room(&self) -> &str {
        self.module.first().map_or("lib", String::as_str)
    }
}

/// The lines of a text that are not blank, numbered from 1.
pub(super) fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line)).filter(|(_, line)| !line.trim().is_empty())
}

fn is_read(path: &str) -> bool {
    path == "Cargo.toml" || path.ends_with(".rs")
}

fn is_test(path: &str) -> bool {
    path.starts_with("tests/") || path.ends_with("/tests.rs") || path.contains("/tests/")
}

fn module(path: &str) -> Vec<String> {
    let path = path.trim_start_matches("src/").trim_end_matches(".rs");
    let mut segments: Vec<_> = path.split('/').map(str::to_owned).collect();
    segments.pop_if(|last| matches!(last.as_str(), "mod" | "lib"));
    segments
}
