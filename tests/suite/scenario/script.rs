//! The outer form of a scenario: comments, statements, and the indented block that belongs to a statement.
//!
//! What the keywords mean is said in `run.rs`.

/// One statement of a scenario.
#[derive(Debug, PartialEq)]
pub(crate) struct Statement {
    /// Its line, from 1.
    pub line: usize,
    /// Its first word.
    pub keyword: String,
    /// What follows on the same line.
    pub rest: String,
    /// The indented lines below it without their common indentation; empty lines hold their place.
    pub block: Vec<(usize, String)>,
}

/// What is wrong with a scenario, and in which line.
#[derive(Debug, PartialEq)]
pub(crate) struct Fault {
    pub line: usize,
    pub message: String,
}

impl Fault {
    pub(crate) fn new(line: usize, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}

impl Statement {
    /// The words of `rest`.
    pub(crate) fn words(&self) -> Vec<&str> {
        self.rest.split_whitespace().collect()
    }

    /// The block as a text whose lines have the numbers that they have in the scenario.
    pub(crate) fn block_text(&self) -> String {
        let mut text = String::new();
        for (number, line) in &self.block {
            let before = text.matches('\n').count() + 1;
            text += &"\n".repeat(number - before);
            text += line;
        }
        text + "\n"
    }

    pub(crate) fn fault(&self, message: impl Into<String>) -> Fault {
        Fault::new(self.line, message)
    }
}

/// The statements of a scenario.
pub(crate) fn statements(text: &str) -> Result<Vec<Statement>, Fault> {
    let mut statements: Vec<Statement> = Vec::new();
    let mut indentation = None;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with('\t') {
            return Err(Fault::new(number, "indent with blanks, not with tabs"));
        }
        if !line.starts_with(' ') {
            let (keyword, rest) = line.split_once(' ').unwrap_or((line, ""));
            let (keyword, rest) = (keyword.to_owned(), rest.trim().to_owned());
            statements.push(Statement { line: number, keyword, rest, block: Vec::new() });
            indentation = None;
            continue;
        }
        let Some(statement) = statements.last_mut() else {
            return Err(Fault::new(number, "an indented line, but no statement before it"));
        };
        let width = *indentation.get_or_insert_with(|| line.len() - line.trim_start().len());
        match line.split_at_checked(width).filter(|(blanks, _)| blanks.trim().is_empty()) {
            Some((_, rest)) => statement.block.push((number, rest.to_owned())),
            None => return Err(Fault::new(number, "indented less than the line before it")),
        }
    }
    Ok(statements)
}

#[test]
fn a_block_belongs_to_the_statement_above_it_and_keeps_its_lines() {
    let statements = statements("# a comment\nzone example.com\n  @ IN SOA\n\n      IN NS ns1\nclient 192.0.2.1\n").unwrap();
    let keywords: Vec<_> = statements.iter().map(|statement| (statement.line, statement.keyword.as_str())).collect();
    assert_eq!(keywords, [(2, "zone"), (6, "client")]);
    assert_eq!(statements[0].block_text(), "\n\n@ IN SOA\n\n    IN NS ns1\n");
    assert_eq!(statements[1].rest, "192.0.2.1");
}

#[test]
fn a_line_that_belongs_nowhere_is_a_fault() {
    let fault = |text: &str| statements(text).unwrap_err().line;
    assert_eq!(fault("  answer a.\n"), 1);
    assert_eq!(fault("config\n  a = 1\n b = 2\n"), 3);
}
