//! The address prefixes of an APL record (RFC 3123): `1:192.0.2.0/24`, or `!2:2001:db8::/32` for all others.
//!
//! Only the two families that have a text form are read; octets beyond the prefix are kept as they are written.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::fields::{Fields, What, expected};
use super::Octets;
use crate::diagnostic::Diagnostic;

/// The address families (RFC 3123 §4): their number and the length of an address in octets.
const IPV4: (u16, u8) = (1, 4);
const IPV6: (u16, u8) = (2, 16);
/// RFC 3123 §4: the bit of a prefix that is excepted.
const NEGATION: u8 = 0x80;

/// Takes prefixes to the end of the record.
pub(in crate::zone) fn read(fields: &mut Fields<'_, '_>, what: What<'_>, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    while fields.peek().is_some() {
        let token = fields.word(what)?;
        let text = std::str::from_utf8(token.text).ok();
        let item = text
            .and_then(prefix)
            .ok_or_else(|| expected(what, &token).label("a family, 1 for IPv4 or 2 for IPv6, then address/length"))?;
        wire.extend(item);
    }
    Ok(())
}

fn prefix(text: &str) -> Option<Vec<u8>> {
    let (text, negation) = text.strip_prefix('!').map_or((text, 0), |text| (text, NEGATION));
    let (family, text) = text.split_once(':')?;
    let (address, length) = text.split_once('/')?;
    let length: u8 = length.parse().ok().filter(|_| length.bytes().all(|byte| byte.is_ascii_digit()))?;
    let (family, mut octets) = match family {
        "1" => (IPV4, address.parse::<Ipv4Addr>().ok()?.octets().to_vec()),
        "2" => (IPV6, address.parse::<Ipv6Addr>().ok()?.octets().to_vec()),
        _ => return None,
    };
    // RFC 3123 §4: zero octets at the end are left out.
    while octets.last() == Some(&0) {
        octets.pop();
    }
    let [high, low] = family.0.to_be_bytes();
    let fits = length <= family.1 * 8;
    fits.then(|| [&[high, low, length, negation | octets.len() as u8], octets.as_slice()].concat())
}

/// Prefixes to the end.
pub(in crate::zone) fn text(octets: &mut Octets<'_>) -> Option<String> {
    let mut items = Vec::new();
    while !octets.is_empty() {
        let [high, low, length, negation] = octets.array()?;
        let family = u16::from_be_bytes([high, low]);
        let written = octets.take(usize::from(negation & !NEGATION))?;
        let mut address = [0; 16];
        address.get_mut(..written.len())?.copy_from_slice(written);
        let [first, second, third, fourth, ..] = address;
        let (octets_max, text) = match family {
            1 => (IPV4.1, Ipv4Addr::from([first, second, third, fourth]).to_string()),
            2 => (IPV6.1, Ipv6Addr::from(address).to_string()),
            _ => return None,
        };
        if length > octets_max * 8 || written.len() > octets_max.into() || written.last() == Some(&0) {
            return None;
        }
        let sign = if negation & NEGATION > 0 { "!" } else { "" };
        items.push(format!("{sign}{family}:{text}/{length}"));
    }
    Some(items.join(" "))
}
