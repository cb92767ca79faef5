//! Addresses of networks that are no more: NSAP (RFC 1706) and ATMA (as BIND reads and prints it).
//!
//! Zone files that still hold them are kept alive by this; nothing here is looked at again.

use super::super::encoding::{hex_digit, to_hex};
use super::super::fields::{Fields, What, expected};
use super::Octets;
use crate::diagnostic::Diagnostic;

/// The first octet of an ATM address: what the others are.
const END_SYSTEM: u8 = 0;
const E164: u8 = 1;

/// RFC 1706 §7: `0x` and hexadecimal digits, dots anywhere.
pub(in crate::zone) fn read_nsap(fields: &mut Fields<'_, '_>, what: What<'_>, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    let token = fields.word(what)?;
    let digits = token.text.strip_prefix(b"0x").or_else(|| token.text.strip_prefix(b"0X"));
    let octets = digits.and_then(dotted_hex);
    wire.extend(octets.ok_or_else(|| expected(what, &token).label("0x and an even number of digits, dots between as you like"))?);
    Ok(())
}

/// Hexadecimal digits, dots anywhere; or "+" and decimal digits.
pub(in crate::zone) fn read_atma(fields: &mut Fields<'_, '_>, what: What<'_>, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    let token = fields.word(what)?;
    let fault = || expected(what, &token).label("hexadecimal digits, or + and decimal digits");
    match token.text.strip_prefix(b"+") {
        Some(digits) => {
            let fits = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
            wire.push(E164);
            wire.extend_from_slice(Some(digits).filter(|_| fits).ok_or_else(fault)?);
        }
        None => {
            wire.push(END_SYSTEM);
            wire.extend(dotted_hex(token.text).ok_or_else(fault)?);
        }
    }
    Ok(())
}

fn dotted_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.iter().filter(|byte| **byte != b'.').map(|byte| hex_digit(*byte)).collect::<Option<_>>()?;
    let (pairs, odd) = digits.as_chunks::<2>();
    (!pairs.is_empty() && odd.is_empty()).then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// An OSI address.
pub(in crate::zone) fn nsap_text(octets: &mut Octets<'_>) -> Option<String> {
    Some(octets.take_rest()).filter(|address| !address.is_empty()).map(|address| format!("0x{}", to_hex(address)))
}

/// An ATM address.
pub(in crate::zone) fn atma_text(octets: &mut Octets<'_>) -> Option<String> {
    let format = octets.octet()?;
    let address = Some(octets.take_rest()).filter(|address| !address.is_empty())?;
    match format {
        END_SYSTEM => Some(to_hex(address)),
        E164 if address.iter().all(u8::is_ascii_digit) => Some(format!("+{}", String::from_utf8_lossy(address))),
        _ => None,
    }
}
