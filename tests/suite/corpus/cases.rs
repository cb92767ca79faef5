//! The zones of `tests/corpus/*.cases`, written out: the notation is told in the README beside them.

use std::fs;
use std::path::Path;

/// The folder of the corpus.
pub(super) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus");
/// What the zone's own file is called; other files of a case have names of their own.
pub(super) const ZONE_FILE: &str = "zone";

/// One zone with all its files.
#[derive(Clone, Debug)]
pub(super) struct Case {
    /// Which zone of which file it is.
    pub(super) title: String,
    /// Names and octets; the zone's own file first.
    pub(super) files: Vec<(String, Vec<u8>)>,
}

impl Case {
    /// A zone of one file.
    pub(super) fn of(title: String, zone: Vec<u8>) -> Self {
        Self { title, files: vec![(ZONE_FILE.to_owned(), zone)] }
    }

    /// The octets of the zone's own file.
    pub(super) fn zone(&self) -> &[u8] {
        &self.files[0].1
    }
}

/// All cases that are written by hand.
pub(super) fn written() -> Vec<Case> {
    let head = fs::read_to_string(Path::new(FOLDER).join("head.zone")).unwrap();
    files_ending_in("cases").into_iter().flat_map(|(name, text)| cases_of(&name, &text, &head)).collect()
}

/// The whole zones, by name.
pub(super) fn valid() -> Vec<(String, String)> {
    let folder = Path::new(FOLDER).join("valid");
    let mut zones: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    zones.sort();
    let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    zones.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

fn files_ending_in(ending: &str) -> Vec<(String, String)> {
    let mut paths: Vec<_> = fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == ending));
    paths.sort();
    let stem = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    paths.iter().map(|path| (stem(path), fs::read_to_string(path).unwrap())).collect()
}

fn cases_of(file: &str, text: &str, head: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for block in text.split("\n### ").skip(1) {
        let (title, body) = block.split_once('\n').unwrap_or((block, ""));
        if let Some(theme) = title.strip_prefix("each: ") {
            let line = |line: &str| Case::of(format!("{file}: {theme}: {line}"), octets(&format!("{head}{line}\n")));
            cases.extend(body.lines().filter(|line| !line.is_empty()).map(line));
            continue;
        }
        let (head, name) = title.strip_prefix("bare: ").map_or((head, title), |name| ("", name));
        let mut parts = body.split("--- ");
        // A blank line keeps two cases apart and belongs to neither.
        let text = |text: &str| format!("{}\n", text.trim_end_matches('\n'));
        let zone = text(parts.next().unwrap_or_default());
        let mut case = Case::of(format!("{file}: {name}"), octets(&format!("{head}{zone}")));
        for part in parts {
            let (name, body) = part.split_once('\n').unwrap();
            case.files.push((name.to_owned(), octets(&text(body))));
        }
        cases.push(case);
    }
    cases
}

/// The octets that a text stands for: `<<0d>>`, `<<63 a>>` and `<<end>>` replaced.
fn octets(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<<") {
        let (marked, after) = after.split_once(">>").unwrap_or_else(|| panic!("<< without >> in {text:?}"));
        octets.extend_from_slice(before.as_bytes());
        if marked == "end" {
            return octets;
        }
        match marked.split_once(' ') {
            Some((count, text)) => {
                let count = count.parse().unwrap_or_else(|_| panic!("no number in <<{marked}>>"));
                octets.extend_from_slice(text.replace("\\n", "\n").repeat(count).as_bytes());
            }
            None => octets.extend(marked.as_bytes().chunks(2).map(|digits| {
                let digits = std::str::from_utf8(digits).unwrap();
                u8::from_str_radix(digits, 16).unwrap_or_else(|_| panic!("no hexadecimal in <<{marked}>>"))
            })),
        }
        rest = after;
    }
    octets.extend_from_slice(rest.as_bytes());
    octets
}
