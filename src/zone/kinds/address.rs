//! Addresses: IPv4, IPv6, and the groups of hexadecimal digits of NID, L64, EUI48 and EUI64.
//!
//! Says which mistake an address looks like; the record that an address of the other family belongs into is named by `rdata`.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::fields::{Fields, What, expected};
use super::Octets;
use crate::diagnostic::Diagnostic;

/// Takes an IPv4 address.
pub(in crate::zone) fn ipv4(fields: &mut Fields<'_, '_>, what: What<'_>) -> Result<Ipv4Addr, Diagnostic> {
    let token = fields.word(what)?;
    let text = std::str::from_utf8(token.text).unwrap_or("\u{fffd}");
    text.parse().map_err(|_| several(expected(what, &token).label(ipv4_mistake(&String::from_utf8_lossy(token.text))), text))
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

/// Takes an IPv6 address.
pub(in crate::zone) fn ipv6(fields: &mut Fields<'_, '_>, what: What<'_>) -> Result<Ipv6Addr, Diagnostic> {
    let token = fields.word(what)?;
    let text = std::str::from_utf8(token.text).unwrap_or("\u{fffd}");
    text.parse().map_err(|_| several(expected(what, &token).label(ipv6_mistake(&String::from_utf8_lossy(token.text))), text))
}

/// Addresses in a list want a record each.
fn several(fault: Diagnostic, text: &str) -> Diagnostic {
    if text.contains(',') {
        fault.label("a record holds one address, without a comma").help("write a record for each address, each on its own line")
    } else {
        fault
    }
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

/// Takes octets in groups of hexadecimal digits, all of the same length, with `separator` between.
pub(in crate::zone) fn read_groups<const LENGTH: usize>(
    fields: &mut Fields<'_, '_>,
    what: What<'_>,
    separator: u8,
    wire: &mut Vec<u8>,
) -> Result<(), Diagnostic> {
    let token = fields.word(what)?;
    let octets = groups::<LENGTH>(token.text, separator).ok_or_else(|| {
        let label = if separator == b':' { "four groups of four digits" } else { "pairs of digits with hyphens between" };
        expected(what, &token).label(format!("{label}, {LENGTH} octets in all"))
    })?;
    wire.extend(octets);
    Ok(())
}

fn groups<const LENGTH: usize>(text: &[u8], separator: u8) -> Option<[u8; LENGTH]> {
    // RFC 6742 §2.1.2: four digits a group, though zeros may lead in RFC 7043's pairs only.
    let digits_max = if separator == b':' { 4 } else { 2 };
    let text = std::str::from_utf8(text).ok()?;
    let mut octets = Vec::with_capacity(LENGTH);
    for group in text.split(char::from(separator)) {
        let fits = group.len() <= digits_max && (separator == b':' || group.len() == digits_max);
        let hexadecimal = group.bytes().all(|digit| digit.is_ascii_hexdigit());
        let value = u16::from_str_radix(group, 16).ok().filter(|_| fits && hexadecimal)?;
        let octets_of_group = value.to_be_bytes();
        octets.extend_from_slice(octets_of_group.get(2 - digits_max / 2..)?);
    }
    octets.try_into().ok()
}

/// Octets in groups of hexadecimal digits.
pub(in crate::zone) fn groups_text<const LENGTH: usize>(octets: &mut Octets<'_>, separator: u8) -> Option<String> {
    let group_length = if separator == b':' { 2 } else { 1 };
    let octets = octets.array::<LENGTH>()?;
    let groups: Vec<String> = octets.chunks(group_length).map(super::super::encoding::to_hex).collect();
    Some(groups.join(&char::from(separator).to_string()))
}
