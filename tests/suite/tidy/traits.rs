//! A trait has two implementations in the product at least; with one, the concrete type says more.

use super::mention::{Token, tokens};
use super::tree::Tree;
use super::{Complaint, complain};

const IMPLEMENTATIONS_MIN: usize = 2;

pub(super) fn find(tree: &Tree) -> Vec<Complaint> {
    let sources: Vec<_> = tree.sources().map(|file| (file, tokens(&file.product))).collect();
    let implemented: Vec<_> = sources.iter().flat_map(|(_, tokens)| implemented(tokens)).collect();
    let mut complaints = Vec::new();
    for (file, tokens) in &sources {
        for pair in tokens.windows(2).filter(|pair| pair[0].text == "trait") {
            let name = pair[1].text;
            let count = implemented.iter().filter(|other| **other == name).count();
            if count < IMPLEMENTATIONS_MIN {
                let message = format!("trait {name} needs {IMPLEMENTATIONS_MIN} implementations, but has {count}: use the type");
                complaints.push(complain(file, pair[1].line, message));
            }
        }
    }
    complaints
}

/// The traits that `impl TRAIT for` names, once for each time.
fn implemented<'a>(tokens: &[Token<'a>]) -> Vec<&'a str> {
    let starts = tokens.iter().enumerate().filter(|(_, token)| token.text == "impl");
    starts.filter_map(|(at, _)| trait_of(&tokens[at + 1..])).collect()
}

/// The last word before `for` that is not inside angle brackets; `None` for a type's own methods.
fn trait_of<'a>(tokens: &[Token<'a>]) -> Option<&'a str> {
    let (mut depth, mut name) = (0, None);
    for token in tokens {
        match token.text {
            "<" => depth += 1,
            ">" => depth -= 1,
            "for" if depth == 0 => return name,
            "{" | ";" | "(" | ")" if depth == 0 => return None,
            word if depth == 0 && token.is_word() => name = Some(word),
            _ => {}
        }
    }
    None
}
