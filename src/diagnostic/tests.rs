//! Folders of broken files, each beside the `.expected` file that keeps what is said of it. Other rooms' tests bring the files.

use std::fs;
use std::path::{Path, PathBuf};

use crate::golden;

/// Holds what `said` tells of each file with this ending against what is kept; the folder is a path from the top of the
/// repository and has `least` of them at least.
#[track_caller]
pub(crate) fn each_broken_file(folder: &str, ending: &str, least: usize, said: impl Fn(&Path) -> String) {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<PathBuf> = fs::read_dir(top.join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == ending));
    files.sort();
    assert!(files.len() >= least, "only {} broken files in {folder}", files.len());
    let kept = |file: &Path| format!("{folder}/{}.expected", file.file_stem().unwrap().to_string_lossy());
    let differing: Vec<String> = files.iter().filter_map(|file| golden::difference(&kept(file), &said(file))).collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}
