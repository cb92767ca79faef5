//! Octets in hexadecimal, base 32 and base 64.
//!
//! Blanks between digits are allowed where the octets go to the record's end, and nowhere else.

use super::super::encoding::{from_base32, from_base64, hex_digit, to_base32, to_base64, to_hex};
use super::super::fields::{Fields, What, expected};
use super::super::lexer::Token;
use super::Octets;
use crate::diagnostic::Diagnostic;

/// So many octets or more in hexadecimal to the end of the record; blanks may stand anywhere between the digits.
pub(in crate::zone) fn read_hex(
    fields: &mut Fields<'_, '_>,
    what: What<'_>,
    least: usize,
    wire: &mut Vec<u8>,
) -> Result<(), Diagnostic> {
    let before = wire.len();
    let mut last = fields.word(what)?;
    let mut half = None;
    loop {
        push_hex(&last, what, &mut half, wire)?;
        if fields.peek().is_none() {
            break;
        }
        last = fields.word(what)?;
    }
    if half.is_some() {
        return Err(expected(what, &last).label("the number of digits is odd: one is missing"));
    }
    if wire.len() - before < least {
        return Err(expected(what, &last).label(format!("at least {} digits", 2 * least)));
    }
    Ok(())
}

/// One word of hexadecimal digits to octets.
pub(super) fn read_hex_word(token: &Token<'_>, what: What<'_>, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    let mut half = None;
    push_hex(token, what, &mut half, wire)?;
    match half {
        None => Ok(()),
        Some(_) => Err(expected(what, token).label("the number of digits is odd: one is missing")),
    }
}

fn push_hex(token: &Token<'_>, what: What<'_>, half: &mut Option<u8>, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    for &digit in token.text {
        let value = hex_digit(digit).ok_or_else(|| {
            let label = if digit.is_ascii_graphic() {
                format!("\"{}\" is no hexadecimal digit", char::from(digit))
            } else {
                String::new()
            };
            expected(what, token).label(label)
        })?;
        match half.take() {
            None => *half = Some(value << 4),
            Some(upper) => wire.push(upper | value),
        }
    }
    Ok(())
}

/// Base 64 to the end of the record; blanks may stand anywhere in it.
pub(in crate::zone) fn read_base64(fields: &mut Fields<'_, '_>, what: What<'_>, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    let first = fields.word(what)?;
    let mut text = first.text.to_vec();
    while fields.peek().is_some() {
        text.extend_from_slice(fields.word(what)?.text);
    }
    push_base64(&text, &first, what, wire)
}

/// Base 64 to the end of the record, or "-" for no octets.
pub(in crate::zone) fn read_dash_base64(
    fields: &mut Fields<'_, '_>,
    what: What<'_>,
    wire: &mut Vec<u8>,
) -> Result<(), Diagnostic> {
    if fields.peek().is_some_and(|token| token.is(b"-")) {
        fields.next();
        return Ok(());
    }
    read_base64(fields, what, wire)
}

/// Base 64 text that began with the word `first`.
pub(super) fn push_base64(text: &[u8], first: &Token<'_>, what: What<'_>, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    let octets = from_base64(text)
        .ok_or_else(|| expected(what, first).label("letters, digits, + and /, padded with = to a multiple of 4"))?;
    wire.extend(octets);
    Ok(())
}

/// RFC 5155 §3.3: octets behind their number, one word of hexadecimal digits, "-" for none.
pub(in crate::zone) fn read_salt(fields: &mut Fields<'_, '_>, what: What<'_>, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    let token = fields.word(what)?;
    let mut salt = Vec::new();
    if !token.is(b"-") {
        read_hex_word(&token, what, &mut salt)?;
    }
    push_prefixed(&salt, &token, what, wire)
}

/// RFC 5155 §3.3: octets behind their number, one word of base 32 without padding.
pub(in crate::zone) fn read_base32(fields: &mut Fields<'_, '_>, what: What<'_>, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    let token = fields.word(what)?;
    let octets = from_base32(token.text).filter(|octets| !octets.is_empty());
    let octets = octets.ok_or_else(|| expected(what, &token).label("digits and the letters A to V, without padding"))?;
    push_prefixed(&octets, &token, what, wire)
}

fn push_prefixed(octets: &[u8], token: &Token<'_>, what: What<'_>, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    let length = u8::try_from(octets.len()).map_err(|_| expected(what, token).label("at most 255 octets"))?;
    wire.push(length);
    wire.extend_from_slice(octets);
    Ok(())
}

/// So many octets or more to the end.
pub(in crate::zone) fn hex_text(octets: &mut Octets<'_>, least: usize) -> Option<String> {
    Some(octets.take_rest()).filter(|rest| rest.len() >= least).map(to_hex)
}

/// Octets to the end, one at least.
pub(in crate::zone) fn base64_text(octets: &mut Octets<'_>) -> Option<String> {
    Some(octets.take_rest()).filter(|rest| !rest.is_empty()).map(to_base64)
}

/// Octets to the end, "-" for none.
pub(in crate::zone) fn dash_base64_text(octets: &mut Octets<'_>) -> Option<String> {
    base64_text(octets).or_else(|| Some("-".to_owned()))
}

/// A salt.
pub(in crate::zone) fn salt_text(octets: &mut Octets<'_>) -> Option<String> {
    let salt = octets.prefixed()?;
    Some(if salt.is_empty() { "-".to_owned() } else { to_hex(salt) })
}

/// A hash.
pub(in crate::zone) fn base32_text(octets: &mut Octets<'_>) -> Option<String> {
    octets.prefixed().filter(|hash| !hash.is_empty()).map(to_base32)
}
