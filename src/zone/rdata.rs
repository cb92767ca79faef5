//! RDATA text to wire octets, by the table in `wire/rdata.rs`: one reader a kind of field, none a type.
//!
//! Every fault says which field it is in and ends with how a record of the type is written. RFC 3597's `\#` form is read for
//! every type, but for a type of the table only where the octets fit its row.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::encoding::{from_base64, hex_digit};
use super::fields::{Fields, What, expected, or_help, what};
use super::{print, svcb};
use crate::diagnostic::{Diagnostic, Span};
use crate::limits::{CHARACTER_STRING_LENGTH_MAX, RDATA_LENGTH_MAX};
use crate::wire::RrType;
use crate::wire::rdata::{Field, Layout, layout};

/// Reads what is left of `fields` as RDATA of a type and appends its octets to `wire`; `place` is the type's own.
pub(super) fn read(fields: &mut Fields<'_, '_>, rtype: RrType, place: Span, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    let row = layout(rtype);
    if fields.peek().is_some_and(|token| token.is(b"\\#")) {
        read_generic(fields, rtype, wire)?;
    } else if let Some(row) = row {
        read_fields(fields, row, wire)
            .map_err(|fault| or_help(fault, || format!("it is written: {} {}", row.mnemonic, row.words)))?;
    } else {
        return Err(Diagnostic::error(place, format!("the data of the type {rtype} has no text form of its own"))
            .label("not known by name here")
            .help(format!("write the octets in hexadecimal: {rtype} \\# LENGTH HEX (RFC 3597)")));
    }
    if wire.len() > RDATA_LENGTH_MAX {
        let message = format!("the record has {} octets, but at most {RDATA_LENGTH_MAX} fit a message", wire.len());
        return Err(Diagnostic::error(place, message).label("this record").help("split the data over several records"));
    }
    Ok(())
}

fn read_fields(fields: &mut Fields<'_, '_>, row: &Layout, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    for (field, word) in row.fields.iter().zip(row.words.split(' ')) {
        read_field(fields, *field, What { word, kind: kind(*field) }, wire)?;
    }
    fields.finish()
}

fn read_field(fields: &mut Fields<'_, '_>, field: Field, what: What<'_>, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    match field {
        Field::U8 => wire.push(fields.number(what)?),
        Field::U16 => wire.extend(fields.number::<u16>(what)?.to_be_bytes()),
        Field::U32 => wire.extend(fields.number::<u32>(what)?.to_be_bytes()),
        Field::Seconds => wire.extend(fields.seconds(what)?.to_be_bytes()),
        Field::Ipv4 => wire.extend(ipv4(fields)?.octets()),
        Field::Ipv6 => wire.extend(ipv6(fields)?.octets()),
        Field::Name | Field::PlainName => wire.extend(fields.target(what)?.as_wire()),
        Field::String => read_string(fields, what, wire)?,
        Field::Strings => {
            read_string(fields, what, wire)?;
            while fields.peek().is_some() {
                read_string(fields, what, wire)?;
            }
        }
        Field::Tag => read_tag(fields, what, wire)?,
        Field::Text => wire.extend_from_slice(&fields.string(what)?),
        Field::Hex => read_hex(fields, what, wire)?,
        Field::Base64 => read_base64(fields, what, wire)?,
        Field::SvcParams => svcb::read_params(fields, wire)?,
    }
    Ok(())
}

/// What a field of this kind looks like in text.
fn kind(field: Field) -> &'static str {
    match field {
        Field::U8 => "a number from 0 to 255",
        Field::U16 => "a number from 0 to 65535",
        Field::U32 => "a number from 0 to 4294967295",
        Field::Seconds => "seconds such as 3600 or 1h30m",
        Field::Ipv4 => "an IPv4 address",
        Field::Ipv6 => "an IPv6 address",
        Field::Name | Field::PlainName => "a domain name",
        Field::String | Field::Strings | Field::Text => "a string",
        Field::Tag => "letters and digits such as \"issue\"",
        Field::Hex => "hexadecimal digits",
        Field::Base64 => "base 64",
        Field::SvcParams => "parameters such as alpn=h2",
    }
}

fn ipv4(fields: &mut Fields<'_, '_>) -> Result<Ipv4Addr, Diagnostic> {
    let what = what(kind(Field::Ipv4));
    let token = fields.word(what)?;
    let text = String::from_utf8_lossy(token.text);
    text.parse().map_err(|_| {
        let fault = expected(what, &token).label(ipv4_mistake(&text));
        if text.parse::<Ipv6Addr>().is_ok() { fault.help(format!("write AAAA {text}")) } else { fault }
    })
}

fn ipv4_mistake(text: &str) -> &'static str {
    let parts = || text.split('.');
    let numeric = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if text.parse::<Ipv6Addr>().is_ok() {
        "this is an IPv6 address"
    } else if text.contains('/') {
        "an address stands alone, without a prefix length"
    } else if !numeric {
        if text.bytes().any(|byte| byte.is_ascii_alphabetic()) {
            "a host's name belongs into a CNAME record"
        } else {
            "four numbers with dots"
        }
    } else if parts().filter(|part| !part.is_empty()).count() != 4 || parts().count() != 4 {
        "an IPv4 address has four numbers"
    } else if parts().any(|part| part.len() > 1 && part.starts_with('0')) {
        "a number must not begin with 0"
    } else {
        "each number is from 0 to 255"
    }
}

fn ipv6(fields: &mut Fields<'_, '_>) -> Result<Ipv6Addr, Diagnostic> {
    let what = what(kind(Field::Ipv6));
    let token = fields.word(what)?;
    let text = String::from_utf8_lossy(token.text);
    text.parse().map_err(|_| {
        let fault = expected(what, &token).label(ipv6_mistake(&text));
        if text.parse::<Ipv4Addr>().is_ok() { fault.help(format!("write A {text}")) } else { fault }
    })
}

fn ipv6_mistake(text: &str) -> &'static str {
    if text.parse::<Ipv4Addr>().is_ok() {
        "this is an IPv4 address"
    } else if text.contains('/') {
        "an address stands alone, without a prefix length"
    } else if text.contains('%') {
        "an address with a zone works on one link only"
    } else if text.matches("::").count() > 1 || text.contains(":::") {
        "\"::\" may stand only once"
    } else if !text.contains(':') {
        "a host's name belongs into a CNAME record"
    } else {
        "eight groups of up to four hexadecimal digits, \"::\" for a row of zeros"
    }
}

/// One length-prefixed string.
fn read_string(fields: &mut Fields<'_, '_>, what: What<'_>, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
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
fn read_tag(fields: &mut Fields<'_, '_>, what: What<'_>, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    let token = fields.take(what)?;
    let plain = !token.text.is_empty() && token.text.iter().all(u8::is_ascii_alphanumeric);
    let length = u8::try_from(token.text.len()).ok().filter(|_| plain).ok_or_else(|| expected(what, &token))?;
    wire.push(length);
    wire.extend_from_slice(token.text);
    Ok(())
}

/// Hexadecimal digits to the end of the record; blanks may stand anywhere between them.
fn read_hex(fields: &mut Fields<'_, '_>, what: What<'_>, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    let mut last = fields.word(what)?;
    let mut half = None;
    loop {
        for &digit in last.text {
            let value = hex_digit(digit).ok_or_else(|| {
                let label = if digit.is_ascii_graphic() {
                    format!("\"{}\" is no hexadecimal digit", char::from(digit))
                } else {
                    String::new()
                };
                expected(what, &last).label(label)
            })?;
            match half.take() {
                None => half = Some(value << 4),
                Some(upper) => wire.push(upper | value),
            }
        }
        if fields.peek().is_none() {
            break;
        }
        last = fields.word(what)?;
    }
    match half {
        None => Ok(()),
        Some(_) => Err(expected(what, &last).label("the number of digits is odd: one is missing")),
    }
}

/// Base 64 to the end of the record; blanks may stand anywhere in it.
fn read_base64(fields: &mut Fields<'_, '_>, what: What<'_>, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    let first = fields.word(what)?;
    let mut text = first.text.to_vec();
    while fields.peek().is_some() {
        text.extend_from_slice(fields.word(what)?.text);
    }
    wire.extend(
        from_base64(&text)
            .ok_or_else(|| expected(what, &first).label("letters, digits, + and /, padded with = to a multiple of 4"))?,
    );
    Ok(())
}

/// RFC 3597 §5: `\# LENGTH HEX`.
fn read_generic(fields: &mut Fields<'_, '_>, rtype: RrType, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    let usage = || "data in generic form is written: \\# LENGTH HEX".to_owned();
    let mark = fields.take(what("\\#"))?;
    let place = fields.peek().unwrap_or(mark).span;
    let length: u16 = fields.number(What { word: "length", kind: kind(Field::U16) }).map_err(|fault| or_help(fault, usage))?;
    if length > 0 {
        read_hex(fields, What { word: "data", kind: kind(Field::Hex) }, wire).map_err(|fault| or_help(fault, usage))?;
    }
    fields.finish().map_err(|fault| or_help(fault, usage))?;
    if wire.len() != usize::from(length) {
        let message = format!("expected {length} octets, but found {}", wire.len());
        return Err(Diagnostic::error(place, message).label("the length written here").help(usage()));
    }
    match layout(rtype) {
        Some(row) if print::rdata_text(row, wire).is_none() => {
            Err(Diagnostic::error(mark.span, format!("these octets are no data of the type {rtype}"))
                .label("its layout is known, and they do not fit it")
                .help(format!("write it as text: {rtype} {}", row.words)))
        }
        Some(_) | None => Ok(()),
    }
}
