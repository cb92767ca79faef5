//! Golden files: a text is compared with the file that keeps it. `UPDATE_GOLDEN=1` rewrites the files; the diff is the review.

use std::fs;
use std::path::Path;

/// Unchanged lines shown around a change.
const CONTEXT: usize = 2;

/// Fails the test unless `found` is exactly the text of the file, a path from the top of the repository.
#[track_caller]
pub(crate) fn check(path: &str, found: &str) {
    if let Some(difference) = difference(path, found) {
        panic!("{difference}");
    }
}

/// What differs from the golden file, ready to print; rewrites the file instead if `UPDATE_GOLDEN` is set.
pub(crate) fn difference(path: &str, found: &str) -> Option<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let expected = fs::read_to_string(&file).unwrap_or_default();
    if expected == found {
        return None;
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&file, found).expect("a golden file can be written");
        return None;
    }
    Some(format!("{path} differs (- expected, + found); UPDATE_GOLDEN=1 accepts what was found\n{}", diff(&expected, found)))
}

/// A line of a diff, by its mark: ' ' in both texts, '-' in the first only, '+' in the second only.
type Line<'a> = (char, &'a str);

/// The changed lines with a little context; dots stand for what is left out.
fn diff(expected: &str, found: &str) -> String {
    let expected: Vec<_> = expected.split('\n').collect();
    let found: Vec<_> = found.split('\n').collect();
    let lines = align(&expected, &found);
    let near_change = |at: usize| {
        let around = at.saturating_sub(CONTEXT)..lines.len().min(at + CONTEXT + 1);
        lines[around].iter().any(|&(mark, _)| mark != ' ')
    };
    let mut text = String::new();
    let mut shown = true;
    for (at, (mark, line)) in lines.iter().enumerate() {
        match (near_change(at), shown) {
            (true, _) => text += &format!("{mark} {line}\n"),
            (false, true) => text += "...\n",
            (false, false) => {}
        }
        shown = near_change(at);
    }
    text
}

/// Both texts as one list of lines, by their longest common subsequence.
fn align<'a>(expected: &[&'a str], found: &[&'a str]) -> Vec<Line<'a>> {
    // common[i][j]: how many lines the rests expected[i..] and found[j..] have in common.
    let mut common = vec![vec![0_usize; found.len() + 1]; expected.len() + 1];
    for i in (0..expected.len()).rev() {
        for j in (0..found.len()).rev() {
            common[i][j] = match expected[i] == found[j] {
                true => common[i + 1][j + 1] + 1,
                false => common[i + 1][j].max(common[i][j + 1]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    while i < expected.len() && j < found.len() {
        if expected[i] == found[j] {
            lines.push((' ', expected[i]));
            (i, j) = (i + 1, j + 1);
        } else if common[i + 1][j] >= common[i][j + 1] {
            lines.push(('-', expected[i]));
            i += 1;
        } else {
            lines.push(('+', found[j]));
            j += 1;
        }
    }
    lines.extend(expected[i..].iter().map(|line| ('-', *line)));
    lines.extend(found[j..].iter().map(|line| ('+', *line)));
    lines
}

#[test]
fn a_diff_shows_what_changed_and_little_else() {
    let expected = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n";
    let found = "one\ntwo\nthree\n4\nfive\nsix\nseven\neight\n";
    assert_eq!(diff(expected, found), "...\n  two\n  three\n- four\n+ 4\n  five\n  six\n  seven\n+ eight\n  \n");
}
