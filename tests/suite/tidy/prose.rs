//! Comments: every file has a header, nothing is left over, no rulers, and neither too few nor too many in all.

use super::tree::{File, Tree, numbered};
use super::{Complaint, complain, complain_at};

/// Lines of a header; `lib.rs` tells the whole architecture and has no upper bound.
const HEADER_LINES_MIN: usize = 2;
const HEADER_LINES_MAX: usize = 8;
const HEADER_LINES_MIN_IN_TESTS: usize = 1;
const ARCHITECTURE: &str = "src/lib.rs";

/// Lines of comments per hundred lines of code, over the product.
const COMMENT_PERCENT_MIN: usize = 12;
const COMMENT_PERCENT_MAX: usize = 40;
/// A tree of fewer lines of code says nothing about the measure.
const COMMENT_MEASURE_LINES_MIN: usize = 1000;

/// Marks of work that is not done.
const LEFTOVERS: &[&str] = &["TODO", "FIXME", "XXX", "HACK"];

/// So many of one of these signs in a row draw a banner. The IO line of `lib.rs` is the one line that is drawn.
const RULER_LENGTH_MIN: usize = 4;
const RULER_SIGNS: &str = "=-*#~_+/";

pub(super) fn headers(tree: &Tree) -> Vec<Complaint> {
    tree.files.iter().filter_map(header).collect()
}

fn header(file: &File) -> Option<Complaint> {
    let lines = file.text.lines().take_while(|line| line.starts_with("//!")).count();
    let (min, max) = match file.path.as_str() {
        ARCHITECTURE => (HEADER_LINES_MIN, usize::MAX),
        _ if file.is_test() => (HEADER_LINES_MIN_IN_TESTS, HEADER_LINES_MAX),
        _ => (HEADER_LINES_MIN, HEADER_LINES_MAX),
    };
    let message =
        format!("expected a header of {min} to {max} lines, but found {lines}: what it does, refuses, and where it sits");
    (lines < min || lines > max).then(|| complain(file, 1, message))
}

pub(super) fn leftovers(tree: &Tree) -> Vec<Complaint> {
    tree.files.iter().flat_map(|file| [marks(file), ignored(file)].concat()).collect()
}

fn marks(file: &File) -> Vec<Complaint> {
    let words = |line: &str| line.split(|sign: char| !sign.is_alphanumeric()).map(str::to_owned).collect::<Vec<_>>();
    let mut complaints = Vec::new();
    for (line, text) in numbered(&file.prose) {
        if let Some(mark) = words(text).iter().find(|word| LEFTOVERS.contains(&word.as_str())) {
            complaints.push(complain(file, line, format!("{mark} left over: do it, or open an issue")));
        }
    }
    complaints
}

fn ignored(file: &File) -> Vec<Complaint> {
    let found = numbered(&file.code).filter(|(_, text)| text.contains("#[ignore"));
    found.map(|(line, _)| complain(file, line, "an ignored test: repair it, or remove it".to_owned())).collect()
}

pub(super) fn banners(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for file in tree.files.iter().filter(|file| file.path != ARCHITECTURE) {
        let found = numbered(&file.prose).filter(|(_, text)| is_banner(text));
        complaints.extend(found.map(|(line, _)| complain(file, line, "a banner: order and names divide a file".to_owned())));
    }
    complaints
}

/// Whether a comment begins or ends with a ruler. Tables and code in documentation are none.
fn is_banner(comment: &str) -> bool {
    let text = comment.trim();
    if text.starts_with("///") && !text.starts_with("////") || text.starts_with("//!") {
        return false;
    }
    let text = text.trim_start_matches('/').trim();
    let ruled = |sign: char| {
        let ruler = sign.to_string().repeat(RULER_LENGTH_MIN);
        text.starts_with(&ruler) || text.ends_with(&ruler) || comment.contains(&"/".repeat(RULER_LENGTH_MIN))
    };
    RULER_SIGNS.chars().any(ruled)
}

pub(super) fn measure(tree: &Tree) -> Vec<Complaint> {
    let (comments, code) = count(tree);
    let percent = comments * 100 / code.max(1);
    if code < COMMENT_MEASURE_LINES_MIN || (COMMENT_PERCENT_MIN..=COMMENT_PERCENT_MAX).contains(&percent) {
        return Vec::new();
    }
    let message = format!("{percent} lines of comments per 100 of code, expected {COMMENT_PERCENT_MIN} to {COMMENT_PERCENT_MAX}");
    vec![complain_at("src", 0, message)]
}

/// The measure as it is now.
pub(super) fn summary(tree: &Tree) -> String {
    let (comments, code) = count(tree);
    format!("comment lines per 100 code lines: {}\n", comments * 100 / code.max(1))
}

/// Lines of comments and lines of code in the product.
fn count(tree: &Tree) -> (usize, usize) {
    let product = || tree.sources().filter(|file| !file.is_test());
    (product().map(comment_lines).sum(), product().map(|file| numbered(&file.product).count()).sum())
}

/// Lines that are nothing but a comment, those of inline tests left out.
fn comment_lines(file: &File) -> usize {
    let first_test = file.code.lines().zip(file.product.lines()).position(|(code, product)| code != product);
    let product = file.prose.lines().zip(file.code.lines()).take(first_test.unwrap_or(usize::MAX));
    product.filter(|(prose, code)| !prose.trim().is_empty() && code.trim().is_empty()).count()
}
