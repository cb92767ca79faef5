//! How long files and functions are: tripwires, with a written exception, not a law.

use std::ops::Range;

use super::mention::{Token, tokens};
use super::tree::{File, Tree};
use super::{Complaint, complain};

/// Lines of a file without its tests, and with a reason in its header.
const FILE_LINES_MAX: usize = 400;
const FILE_LINES_WITH_REASON_MAX: usize = 600;
/// Lines of the tests inside a file; longer ones stand in a `tests.rs` beside it.
const INLINE_TEST_LINES_MAX: usize = 150;
/// Lines of a function, from `fn` to its brace.
const FUNCTION_LINES_MAX: usize = 70;
/// What begins the reason for an exception.
const REASON: &str = "// Long because: ";

/// A function of the product.
#[derive(Debug)]
pub(super) struct Function<'a> {
    pub(super) name: &'a str,
    line: usize,
    length: usize,
}

impl Function<'_> {
    pub(super) fn lines(&self) -> Range<usize> {
        self.line..self.line + self.length
    }
}

pub(super) fn files(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for file in tree.sources().filter(|file| !file.is_test()) {
        let length = product_length(file);
        let max = if has_reason(head(&file.text)) { FILE_LINES_WITH_REASON_MAX } else { FILE_LINES_MAX };
        if length > max {
            complaints.push(complain(file, 1, format!("{length} lines without tests, but {max} at most")));
        }
        if file.test_lines > INLINE_TEST_LINES_MAX {
            let message = format!("{} lines of inline tests, but {INLINE_TEST_LINES_MAX} at most: use tests.rs", file.test_lines);
            complaints.push(complain(file, 1, message));
        }
    }
    complaints
}

pub(super) fn functions(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for file in tree.sources() {
        for Function { name, line, length } in functions_in(file) {
            if length > FUNCTION_LINES_MAX && !has_reason(comment_above(&file.text, line)) {
                let message = format!("{name} has {length} lines, but {FUNCTION_LINES_MAX} at most");
                complaints.push(complain(file, line, message));
            }
        }
    }
    complaints
}

/// The numbers of STYLE.md section 6.1 as they are now.
pub(super) fn summary(tree: &Tree) -> String {
    let product = || tree.sources().filter(|file| !file.is_test());
    let files = spread(product().map(product_length).collect());
    let functions = spread(product().flat_map(functions_in).map(|function| function.length).collect());
    format!("file lines: {files}\nfunction lines: {functions}\n")
}

fn spread(mut lengths: Vec<usize>) -> String {
    lengths.sort_unstable();
    let at = |percent: usize| lengths.get((lengths.len() * percent / 100).min(lengths.len().saturating_sub(1))).unwrap_or(&0);
    format!("{} in all, median {}, p90 {}, p99 {}, max {}", lengths.len(), at(50), at(90), at(99), at(100))
}

/// Lines of a file that are not its tests.
fn product_length(file: &File) -> usize {
    file.text.lines().count() - file.test_lines
}

pub(super) fn functions_in(file: &File) -> Vec<Function<'_>> {
    let tokens = tokens(&file.product);
    let mut functions = Vec::new();
    for (at, pair) in tokens.windows(2).enumerate() {
        let &[Token { line, text: "fn" }, name] = pair else { continue };
        if let Some(last) = body_end(&tokens[at..]).filter(|_| name.is_word()) {
            functions.push(Function { name: name.text, line, length: last - line + 1 });
        }
    }
    functions
}

/// The line in which a function's braces close; `None` if it has no body.
fn body_end(tokens: &[Token<'_>]) -> Option<usize> {
    let mut depth = 0;
    for token in tokens {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        match token.text {
            "}" if depth == 0 => return Some(token.line),
            ";" if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// The comments and attributes that a file opens with.
fn head(text: &str) -> impl Iterator<Item = &str> {
    text.lines().take_while(|line| is_comment_or_attribute(line) || line.is_empty())
}

/// The comments and attributes right above a line.
fn comment_above(text: &str, line: usize) -> impl Iterator<Item = &str> {
    let above: Vec<_> = text.lines().take(line - 1).collect();
    above.into_iter().rev().take_while(|line| is_comment_or_attribute(line))
}

fn is_comment_or_attribute(line: &str) -> bool {
    line.trim_start().starts_with("//") || line.trim_start().starts_with('#')
}

fn has_reason<'a>(mut lines: impl Iterator<Item = &'a str>) -> bool {
    lines.any(|line| line.trim_start().starts_with(REASON))
}
