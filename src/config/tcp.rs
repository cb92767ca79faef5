//! What a tcp check says and expects: `send` and `expect`, octets written as text.
//!
//! TOML's own escapes are undone before; these are for strings in single quotes, and for octets that are no text. Both ways of
//! quoting "PING\r\n" mean the same.

use super::TcpCheck;
use super::table::{Item, Table};
use crate::diagnostic::Diagnostic;
use crate::limits::CHECK_TEXT_LENGTH_MAX;

/// Reads the keys of a tcp check.
pub(super) fn read(table: &Table<'_>) -> TcpCheck {
    let send = table.read("send", |item| octets(item, "octets to send such as \"PING\\r\\n\""));
    let expect = table.read("expect", |item| octets(item, "octets of a good answer such as \"+PONG\""));
    if send.is_some() && table.lacks("expect") {
        let warning =
            Diagnostic::warning(table.key_span("send"), "\"send\" without \"expect\" tells little: any answer would do");
        table.report(warning.help("write expect = \"+PONG\", a part of a good answer"));
    }
    TcpCheck { send: send.unwrap_or_default(), expect }
}

fn octets(item: Item<'_>, expected: &str) -> Option<Vec<u8>> {
    let help = format!("write 1 to {CHECK_TEXT_LENGTH_MAX} octets; escapes are \\r \\n \\t \\0 \\\\ and \\xHH");
    let octets = unescaped(item.text(expected, &help)?).filter(|octets| (1..=CHECK_TEXT_LENGTH_MAX).contains(&octets.len()));
    if octets.is_none() {
        item.wrong_value(expected, help);
    }
    octets
}

fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&octet, after)) = rest.split_first() {
        rest = after;
        if octet != b'\\' {
            octets.push(octet);
            continue;
        }
        let (&escape, after) = rest.split_first()?;
        rest = after;
        octets.push(match escape {
            b'r' => b'\r',
            b'n' => b'\n',
            b't' => b'\t',
            b'0' => 0,
            b'\\' => b'\\',
            b'x' => {
                let (digits, after) = rest.split_at_checked(2).filter(|(digits, _)| digits.iter().all(u8::is_ascii_hexdigit))?;
                rest = after;
                u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?
            }
            _ => return None,
        });
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::unescaped;

    #[test]
    fn escapes_are_octets() {
        for (text, octets) in [
            ("PING\r\n", Some(&b"PING\r\n"[..])),
            (r"PING\r\n", Some(b"PING\r\n")),
            (r"\x00\xff\\x\0\t", Some(b"\x00\xff\\x\0\t")),
            ("é", Some("é".as_bytes())),
            (r"\", None),
            (r"\x4", None),
            (r"\x+4", None),
            (r"\q", None),
        ] {
            assert_eq!(unescaped(text).as_deref(), octets, "{text}");
        }
    }
}
