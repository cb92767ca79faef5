//! Splits Rust text into code and prose, so that no rule takes a comment or a string for code.
//!
//! Both keep the lines of the original: what belongs to the other is blank. Strings and characters are blank in both.

/// What a piece of text is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    Code,
    Prose,
    Literal,
}

/// The code and the prose of a text.
pub(super) fn split(text: &str) -> (String, String) {
    let (mut code, mut prose) = (String::new(), String::new());
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, length) = next_piece(rest);
        let (head, tail) = rest.split_at(length);
        code += &if piece == Piece::Code { head.to_owned() } else { blank(head) };
        prose += &if piece == Piece::Prose { head.to_owned() } else { blank(head) };
        rest = tail;
    }
    (code, prose)
}

/// Code without its tests, and how many lines they are: every item below a `#[cfg(test)]` is blank.
pub(super) fn without_tests(code: &str) -> (String, usize) {
    const MARK: &str = "#[cfg(test)]";
    let (mut product, mut test_lines) = (String::new(), 0);
    let mut rest = code;
    while let Some(start) = rest.find(MARK) {
        let end = start + MARK.len() + item_length(&rest[start + MARK.len()..]);
        product += &rest[..start];
        product += &blank(&rest[start..end]);
        test_lines += rest[start..end].lines().count();
        rest = &rest[end..];
    }
    (product + rest, test_lines)
}

/// The text with every character but the line ends replaced by a space.
fn blank(text: &str) -> String {
    text.chars().map(|character| if character == '\n' { '\n' } else { ' ' }).collect()
}

/// What the text begins with, and how many bytes of it.
fn next_piece(text: &str) -> (Piece, usize) {
    let word = text.find(|character: char| !character.is_alphanumeric() && character != '_').unwrap_or(text.len());
    let hashes = text[word..].bytes().take_while(|&byte| byte == b'#').count();
    if text.starts_with("//") {
        (Piece::Prose, text.find('\n').unwrap_or(text.len()))
    } else if text.starts_with("/*") {
        (Piece::Prose, block_comment_length(text))
    } else if text.starts_with('"') {
        (Piece::Literal, string_length(text))
    } else if let Some(length) = character_length(text) {
        (Piece::Literal, length)
    } else if ["r", "br", "cr"].contains(&&text[..word]) && text[word + hashes..].starts_with('"') {
        let end = format!("\"{}", "#".repeat(hashes));
        let start = word + hashes + 1;
        (Piece::Literal, text[start..].find(&end).map_or(text.len(), |at| start + at + end.len()))
    } else {
        (Piece::Code, word.max(text.chars().next().map_or(0, char::len_utf8)))
    }
}

fn block_comment_length(text: &str) -> usize {
    let mut depth = 0;
    for (at, pair) in text.as_bytes().windows(2).enumerate() {
        match pair {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            return at + 2;
        }
    }
    text.len()
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !escaped => return at + 1,
            _ => escaped = byte == b'\\' && !escaped,
        }
    }
    text.len()
}

/// The length of a character in quotes; `None` for anything else, a lifetime included.
fn character_length(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('\'')?;
    let first = inner.chars().next()?;
    let start = 1 + first.len_utf8() + if first == '\\' { inner.chars().nth(1)?.len_utf8() } else { 0 };
    match first {
        '\\' => Some(start + text[start..].find('\'')? + 1),
        _ => text[start..].starts_with('\'').then_some(start + 1),
    }
}

/// How long an item is: to its `;`, or to the end of its braces.
fn item_length(code: &str) -> usize {
    let mut depth = 0;
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 && matches!(byte, b';' | b'}') {
            return at + 1;
        }
    }
    code.len()
}

#[test]
fn code_and_prose_are_told_apart() {
    let text = "let a = \"// no\"; // yes\n/* b /* c */ d */ 'x' '\\'' &'a str r#\"e \" f\"# for_\"g\\\"\" b'\"'";
    let (code, prose) = split(text);
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(words(&code), "let a = ; &'a str for_ b");
    assert_eq!(words(&prose), "// yes /* b /* c */ d */");
}

#[test]
fn tests_are_cut_from_code_and_what_follows_stays() {
    let code = "a;\n#[cfg(test)]\nmod tests;\nb;\n#[cfg(test)]\n#[allow(x)]\nmod tests { fn c() { d; } }\ne;";
    let (product, test_lines) = without_tests(code);
    assert_eq!(product.split_whitespace().collect::<Vec<_>>(), ["a;", "b;", "e;"]);
    assert_eq!(test_lines, 5);
}
