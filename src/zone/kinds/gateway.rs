//! Fields whose shape an octet before them decides: the gateways of IPSECKEY and AMTRELAY, A6's parts, the identity of HIP.
//!
//! Whatever the octet says is what is asked for: a gateway of another kind is refused, not guessed.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::encoding::{to_base64, to_hex};
use super::super::fields::{Fields, What, expected};
use super::encoded::{push_base64, read_hex_word};
use super::{Octets, address, part};
use crate::diagnostic::Diagnostic;

/// RFC 4025 §2.3, RFC 8777 §4.2.3: what the gateway is.
const NONE: u8 = 0;
const IPV4: u8 = 1;
const IPV6: u8 = 2;
const NAME: u8 = 3;
const GATEWAY_TYPE: &str = "a number from 0 to 3";
/// RFC 8777 §4.2.2: the bit before the type of a relay.
const DISCOVERY: u8 = 0x80;

/// RFC 4025 §3.1: gateway type, algorithm, gateway.
pub(in crate::zone) fn read_gateway(fields: &mut Fields<'_, '_>, what: What<'_>, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    let kind = gateway_type(fields, part(what, 0, GATEWAY_TYPE))?;
    let algorithm = fields.number(part(what, 1, "a number from 0 to 255"))?;
    wire.extend([kind, algorithm]);
    read_target(fields, part(what, 2, target_kind(kind)), kind, wire)
}

/// RFC 8777 §4.3.1: discovery bit, relay type, relay.
pub(in crate::zone) fn read_relay(fields: &mut Fields<'_, '_>, what: What<'_>, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    let bit = part(what, 0, "0 or 1");
    let discovery = fields.word(bit)?;
    let discovery = match discovery.text {
        b"0" => 0,
        b"1" => DISCOVERY,
        _ => return Err(expected(bit, &discovery).label("1 if clients should look for other relays first")),
    };
    let kind = gateway_type(fields, part(what, 1, GATEWAY_TYPE))?;
    wire.push(discovery | kind);
    read_target(fields, part(what, 2, target_kind(kind)), kind, wire)
}

fn gateway_type(fields: &mut Fields<'_, '_>, what: What<'_>) -> Result<u8, Diagnostic> {
    let token = fields.peek();
    let kind: u8 = fields.number(what)?;
    match token.filter(|_| kind > NAME) {
        Some(token) => Err(expected(what, &token).label("0 for none, 1 for IPv4, 2 for IPv6, 3 for a name")),
        None => Ok(kind),
    }
}

fn target_kind(kind: u8) -> &'static str {
    match kind {
        NONE => "a dot, because its type is 0",
        IPV4 => "an IPv4 address, because its type is 1",
        IPV6 => "an IPv6 address, because its type is 2",
        _ => "a domain name, because its type is 3",
    }
}

fn read_target(fields: &mut Fields<'_, '_>, what: What<'_>, kind: u8, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    match kind {
        IPV4 => wire.extend(address::ipv4(fields, what)?.octets()),
        IPV6 => wire.extend(address::ipv6(fields, what)?.octets()),
        NAME => wire.extend_from_slice(fields.target(what)?.as_wire()),
        _ => {
            let token = fields.word(what)?;
            if !token.is(b".") {
                return Err(expected(what, &token).label("1 is for an IPv4 address, 2 for IPv6, 3 for a name"));
            }
        }
    }
    Ok(())
}

fn target_text(octets: &mut Octets<'_>, kind: u8) -> Option<String> {
    Some(match kind {
        NONE => ".".to_owned(),
        IPV4 => Ipv4Addr::from(octets.array::<4>()?).to_string(),
        IPV6 => Ipv6Addr::from(octets.array::<16>()?).to_string(),
        NAME => octets.name()?.to_string(),
        _ => return None,
    })
}

/// Gateway type, algorithm, gateway.
pub(in crate::zone) fn gateway_text(octets: &mut Octets<'_>) -> Option<String> {
    let [kind, algorithm] = octets.array()?;
    Some(format!("{kind} {algorithm} {}", target_text(octets, kind)?))
}

/// Discovery bit, relay type, relay.
pub(in crate::zone) fn relay_text(octets: &mut Octets<'_>) -> Option<String> {
    let octet = octets.octet()?;
    let kind = octet & !DISCOVERY;
    Some(format!("{} {kind} {}", octet / DISCOVERY, target_text(octets, kind)?))
}

/// RFC 8005 §6: algorithm, tag in hexadecimal, key in base 64.
pub(in crate::zone) fn read_identity(fields: &mut Fields<'_, '_>, what: What<'_>, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    let algorithm = fields.number(part(what, 0, "a number from 0 to 255"))?;
    let (tag_what, key_what) = (part(what, 1, "hexadecimal digits without blanks"), part(what, 2, "base 64 without blanks"));
    let (mut tag, mut key) = (Vec::new(), Vec::new());
    let tag_token = fields.word(tag_what)?;
    read_hex_word(&tag_token, tag_what, &mut tag)?;
    let key_token = fields.word(key_what)?;
    push_base64(key_token.text, &key_token, key_what, &mut key)?;
    let tag_length = u8::try_from(tag.len()).map_err(|_| expected(tag_what, &tag_token).label("at most 255 octets"))?;
    let key_length = u16::try_from(key.len()).map_err(|_| expected(key_what, &key_token).label("at most 65535 octets"))?;
    wire.extend([tag_length, algorithm]);
    wire.extend(key_length.to_be_bytes());
    wire.extend(tag);
    wire.extend(key);
    Ok(())
}

/// Algorithm, tag, key.
pub(in crate::zone) fn identity_text(octets: &mut Octets<'_>) -> Option<String> {
    let [tag_length, algorithm, high, low] = octets.array()?;
    let tag = octets.take(tag_length.into()).filter(|tag| !tag.is_empty())?;
    let key = octets.take(u16::from_be_bytes([high, low]).into()).filter(|key| !key.is_empty())?;
    Some(format!("{algorithm} {} {}", to_hex(tag), to_base64(key)))
}

/// RFC 2874 §3.2: prefix length, the address's bits behind the prefix, and the name that has the prefix.
pub(in crate::zone) fn read_a6(fields: &mut Fields<'_, '_>, what: What<'_>, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    let length_what = part(what, 0, "a number from 0 to 128");
    let token = fields.peek();
    let length: u8 = fields.number(length_what)?;
    if let Some(token) = token.filter(|_| length > 128) {
        return Err(expected(length_what, &token).label("this is larger"));
    }
    wire.push(length);
    if length < 128 {
        let token = fields.peek();
        let what = part(what, 1, "an IPv6 address whose prefix is zero");
        let suffix = address::ipv6(fields, what)?;
        if let Some(token) = token.filter(|_| prefix_bits(suffix, length) != 0) {
            return Err(expected(what, &token).label(format!("the first {length} bits come from the name")));
        }
        wire.extend_from_slice(suffix.octets().get(usize::from(length / 8)..).unwrap_or_default());
    }
    if length > 0 {
        wire.extend_from_slice(fields.target(part(what, 2, "a domain name"))?.as_wire());
    }
    Ok(())
}

fn prefix_bits(address: Ipv6Addr, length: u8) -> u128 {
    address.to_bits().checked_shr(128 - u32::from(length)).unwrap_or_default()
}

/// Prefix length, suffix and name, as far as there are any.
pub(in crate::zone) fn a6_text(octets: &mut Octets<'_>) -> Option<String> {
    let length = octets.octet().filter(|length| *length <= 128)?;
    let mut text = length.to_string();
    if length < 128 {
        let from = usize::from(length / 8);
        let mut address = [0; 16];
        let suffix = octets.take(16 - from)?;
        address.get_mut(from..)?.copy_from_slice(suffix);
        let address = Some(Ipv6Addr::from(address)).filter(|address| prefix_bits(*address, length) == 0)?;
        text.push_str(&format!(" {address}"));
    }
    if length > 0 {
        text.push_str(&format!(" {}", octets.name()?));
    }
    Some(text)
}
