//! Strings: with their length before them, to the end of the record, and tags.
//!
//! A string is at most 255 octets long where its length stands before it; escapes are replaced in `fields`.

use super::super::encoding::to_quoted;
use super::super::fields::{Fields, What, expected};
use super::Octets;
use crate::diagnostic::Diagnostic;
use crate::limits::CHARACTER_STRING_LENGTH_MAX;

/// One length-prefixed string.
pub(in crate::zone) fn read_string(fields: &mut Fields<'_, '_>, what: What<'_>, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    let place = fields.peek().map(|token| token.span);
    let octets = fields.string(what)?;
    match (u8::try_from(octets.len()), place) {
        (Err(_), Some(place)) => {
            let message = format!("the string has {} octets, but at most {CHARACTER_STRING_LENGTH_MAX} fit", octets.len());
            Err(Diagnostic::error(place, message)
                .label("too long for one string")
                .help("split it into several strings of one record: \"first part\" \"second part\"; readers join them"))
        }
        (length, _) => {
            wire.push(length.unwrap_or(u8::MAX));
            wire.extend_from_slice(&octets);
            Ok(())
        }
    }
}

/// RFC 8659 §4.1: letters and digits, at least one.
pub(in crate::zone) fn read_tag(fields: &mut Fields<'_, '_>, what: What<'_>, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    let token = fields.take(what)?;
    let plain = !token.text.is_empty() && token.text.iter().all(u8::is_ascii_alphanumeric);
    let length = u8::try_from(token.text.len()).ok().filter(|_| plain).ok_or_else(|| expected(what, &token))?;
    wire.push(length);
    wire.extend_from_slice(token.text);
    Ok(())
}

/// One length-prefixed string.
pub(in crate::zone) fn string_text(octets: &mut Octets<'_>) -> Option<String> {
    octets.prefixed().map(to_quoted)
}

/// One or more of them, to the end.
pub(in crate::zone) fn strings_text(octets: &mut Octets<'_>) -> Option<String> {
    let mut text = string_text(octets)?;
    while !octets.is_empty() {
        text.push(' ');
        text.push_str(&string_text(octets)?);
    }
    Some(text)
}

/// A tag.
pub(in crate::zone) fn tag_text(octets: &mut Octets<'_>) -> Option<String> {
    let tag = octets.prefixed()?;
    let plain = !tag.is_empty() && tag.iter().all(u8::is_ascii_alphanumeric);
    std::str::from_utf8(tag).ok().filter(|_| plain).map(str::to_owned)
}

/// Octets to the end as one string.
pub(in crate::zone) fn text_text(octets: &mut Octets<'_>) -> Option<String> {
    Some(to_quoted(octets.take_rest()))
}
