//! Every path that code mentions, `use` trees spread out: `use std::{fs, net::TcpStream}` mentions two.

/// One path in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mention {
    /// The line of its last segment, from 1.
    pub(super) line: usize,
    /// What stands between the `::`; a glob ends in `*`.
    pub(super) segments: Vec<String>,
    /// The name by which the file knows it: the last segment, or what follows `as`.
    pub(super) name: String,
}

/// A word, a `::`, or any other single character, with its line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) line: usize,
    pub(super) text: &'a str,
}

impl Token<'_> {
    pub(super) fn is_word(&self) -> bool {
        self.text.starts_with(is_word_character)
    }
}

fn is_word_character(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The tokens of code that is free of comments and strings.
pub(super) fn tokens(code: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    for (index, mut rest) in code.lines().enumerate() {
        while let Some(first) = rest.chars().next() {
            let length = match rest.find(|character| !is_word_character(character)).unwrap_or(rest.len()) {
                0 if rest.starts_with("::") => 2,
                0 => first.len_utf8(),
                word => word,
            };
            let (text, tail) = rest.split_at(length);
            if !first.is_whitespace() {
                tokens.push(Token { line: index + 1, text });
            }
            rest = tail;
        }
    }
    tokens
}

/// The paths that tokens mention: those of two segments or more, and single words that are used.
pub(super) fn mentions(tokens: &[Token<'_>]) -> Vec<Mention> {
    let mut mentions = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let used = at > 0 && tokens[at - 1].text == "use";
        if tokens[at].is_word() || used && tokens[at].text == "{" {
            let first = mentions.len();
            at = tree(tokens, at, Vec::new(), &mut mentions);
            if !used && mentions[first..].iter().all(|mention| mention.segments.len() < 2) {
                mentions.truncate(first);
            }
        } else {
            at += 1;
        }
    }
    mentions
}

/// Reads one path, or a tree of them, from its next segment on; says where it ends.
fn tree(tokens: &[Token<'_>], at: usize, mut segments: Vec<String>, mentions: &mut Vec<Mention>) -> usize {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text);
    match text(at) {
        "{" => return group(tokens, at + 1, &segments, mentions),
        "self" if !segments.is_empty() => {}
        segment => segments.push(segment.to_owned()),
    }
    let goes_on = matches!(text(at + 2), "*" | "{") || tokens.get(at + 2).is_some_and(Token::is_word);
    if text(at + 1) == "::" && goes_on {
        return tree(tokens, at + 2, segments, mentions);
    }
    let name = if text(at + 1) == "as" { text(at + 2) } else { segments.last().map_or("", String::as_str) };
    mentions.push(Mention { line: tokens[at].line, name: name.to_owned(), segments });
    at + 1
}

/// Reads the trees between braces.
fn group(tokens: &[Token<'_>], mut at: usize, prefix: &[String], mentions: &mut Vec<Mention>) -> usize {
    while let Some(token) = tokens.get(at) {
        at = match token.text {
            "}" => return at + 1,
            "as" => at + 2,
            "," => at + 1,
            _ => tree(tokens, at, prefix.to_vec(), mentions),
        };
    }
    at
}

#[test]
fn use_trees_are_spread_out() {
    let code = "use a::{self, b::{C, d as e}, f::*};\nuse g;\nlet x = h::i::<j::K>(l) as m::N; // ::o";
    let found: Vec<_> =
        mentions(&tokens(code)).iter().map(|m| format!("{}:{}={}", m.line, m.segments.join("::"), m.name)).collect();
    assert_eq!(found, ["1:a=a", "1:a::b::C=C", "1:a::b::d=e", "1:a::f::*=*", "2:g=g", "3:h::i=i", "3:j::K=K", "3:m::N=N"]);
}
