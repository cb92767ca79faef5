//! Record types inside RDATA, alone and as bitmaps, and the bitmap of ports of WKS.
//!
//! A bitmap has one form only: ascending windows, no zero octets at an end. Any other is printed as octets (RFC 3597 §5).

use std::collections::BTreeSet;

use super::super::fields::{Fields, What, expected};
use super::Octets;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::wire::RrType;
use crate::wire::rdata::LAYOUTS;

/// Octets of a bitmap of NXT: one more would be type 128.
const OLD_BITMAP_LENGTH_MAX: usize = 16;
/// Octets of the bitmap of one window (RFC 4034 §4.1.2).
const WINDOW_LENGTH_MAX: usize = 32;
/// Services that a WKS record may name (RFC 1010); any other is written as its port.
const SERVICES: &[(u16, &str)] = &[
    (7, "echo"),
    (9, "discard"),
    (13, "daytime"),
    (20, "ftp-data"),
    (21, "ftp"),
    (22, "ssh"),
    (23, "telnet"),
    (25, "smtp"),
    (37, "time"),
    (43, "whois"),
    (53, "domain"),
    (69, "tftp"),
    (79, "finger"),
    (80, "http"),
    (109, "pop2"),
    (110, "pop3"),
    (119, "nntp"),
    (123, "ntp"),
    (143, "imap2"),
    (161, "snmp"),
    (443, "https"),
];

/// Takes a record type.
pub(in crate::zone) fn rtype(fields: &mut Fields<'_, '_>, what: What<'_>) -> Result<RrType, Diagnostic> {
    let token = fields.word(what)?;
    let text = String::from_utf8_lossy(token.text);
    RrType::from_mnemonic(&text).ok_or_else(|| {
        let fault = expected(what, &token).label("not a known type");
        match did_you_mean(&text, LAYOUTS.iter().map(|layout| layout.mnemonic)) {
            Some(near) => fault.help(format!("did you mean \"{near}\"?")),
            None => fault.help("a type without a name is written as TYPE and its number, such as TYPE65280"),
        }
    })
}

/// A type as `rtype` reads it.
fn text_of(rtype: RrType) -> String {
    // No record has the type ANY, so that no reader knows the word.
    if rtype == RrType::ANY { "TYPE255".to_owned() } else { rtype.to_string() }
}

/// One record type.
pub(in crate::zone) fn rtype_text(octets: &mut Octets<'_>) -> Option<String> {
    octets.array().map(|number| text_of(RrType(u16::from_be_bytes(number))))
}

/// RFC 4034 §4.1.2: the types to the end of the record, in windows of 256.
pub(in crate::zone) fn read_bitmap(fields: &mut Fields<'_, '_>, what: What<'_>, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    let mut types = BTreeSet::new();
    while fields.peek().is_some() {
        types.insert(rtype(fields, what)?.0);
    }
    for window in types.iter().map(|number| number >> 8).collect::<BTreeSet<u16>>() {
        let bitmap = bitmap(types.iter().filter(|number| *number >> 8 == window).map(|number| number & 0xff));
        wire.extend([window as u8, bitmap.len() as u8]);
        wire.extend(bitmap);
    }
    Ok(())
}

/// The bits that are set, the first one the highest of the first octet; no zeros at the end.
fn bitmap(bits: impl Iterator<Item = u16>) -> Vec<u8> {
    let mut octets = Vec::new();
    for bit in bits {
        let at = usize::from(bit / 8);
        octets.resize(octets.len().max(at + 1), 0);
        if let Some(octet) = octets.get_mut(at) {
            *octet |= 0x80 >> (bit % 8);
        }
    }
    octets
}

/// What `bitmap` makes octets of; nothing where zeros end it.
fn bits(octets: &[u8]) -> Option<impl Iterator<Item = u16>> {
    let fits = octets.last().is_none_or(|last| *last != 0);
    let set = (0u16..)
        .zip(octets)
        .flat_map(|(at, octet)| (0..8).filter(move |bit| octet << bit & 0x80 != 0).map(move |bit| at * 8 + bit));
    fits.then_some(set)
}

/// A bitmap in windows: in ascending order, none empty.
pub(in crate::zone) fn bitmap_text(octets: &mut Octets<'_>) -> Option<String> {
    let mut types = Vec::new();
    let mut previous = None;
    while !octets.is_empty() {
        let window = octets.octet()?;
        let bitmap = octets.prefixed().filter(|bitmap| (1..=WINDOW_LENGTH_MAX).contains(&bitmap.len()))?;
        if previous.is_some_and(|previous| previous >= window) {
            return None;
        }
        types.extend(bits(bitmap)?.map(|bit| text_of(RrType(u16::from(window) << 8 | bit))));
        previous = Some(window);
    }
    Some(types.join(" "))
}

/// RFC 2535 §5.2: the types to the end of the record, all below 128.
pub(in crate::zone) fn read_old_bitmap(
    fields: &mut Fields<'_, '_>,
    what: What<'_>,
    wire: &mut Vec<u8>,
) -> Result<(), Diagnostic> {
    let mut types = BTreeSet::new();
    while let Some(token) = fields.peek() {
        let number = rtype(fields, what)?.0;
        if !(1..128).contains(&number) {
            return Err(expected(what, &token).label("only the types from 1 to 127 fit").help("an NSEC record holds any type"));
        }
        types.insert(number);
    }
    wire.extend(bitmap(types.into_iter()));
    Ok(())
}

/// A bitmap without windows.
pub(in crate::zone) fn old_bitmap_text(octets: &mut Octets<'_>) -> Option<String> {
    let bitmap = octets.take_rest();
    let fits = bitmap.len() <= OLD_BITMAP_LENGTH_MAX && bitmap.first().is_none_or(|first| first & 0x80 == 0);
    let types: Vec<String> = bits(bitmap).filter(|_| fits)?.map(|bit| text_of(RrType(bit))).collect();
    Some(types.join(" "))
}

/// RFC 1035 §3.4.2: ports to the end of the record.
pub(in crate::zone) fn read_ports(fields: &mut Fields<'_, '_>, what: What<'_>, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    let mut ports = BTreeSet::new();
    while fields.peek().is_some() {
        let token = fields.word(what)?;
        let text = String::from_utf8_lossy(token.text);
        let named = SERVICES.iter().find(|row| row.1.eq_ignore_ascii_case(&text)).map(|row| row.0);
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let port = named.or_else(|| text.parse().ok().filter(|_| digits));
        ports.insert(port.ok_or_else(|| {
            let known = || SERVICES.iter().map(|row| row.1).collect::<Vec<_>>().join(", ");
            expected(what, &token).label(if digits { "this is larger".into() } else { format!("known by name are {}", known()) })
        })?);
    }
    wire.extend(bitmap(ports.into_iter()));
    Ok(())
}

/// A bitmap of ports.
pub(in crate::zone) fn ports_text(octets: &mut Octets<'_>) -> Option<String> {
    let bitmap = Some(octets.take_rest()).filter(|bitmap| bitmap.len() <= 1 << 13)?;
    Some(bits(bitmap)?.map(|port| port.to_string()).collect::<Vec<_>>().join(" "))
}
