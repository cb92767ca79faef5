//! The layout of each type's RDATA: one table from which text is parsed, names are found and, later, text is printed.
//!
//! Adding a type is adding a row. Parsing of text is in `zone/`; this file only says what the octets are.

use std::borrow::Cow;
use std::fmt;

use super::RrType;

/// One field of RDATA, in wire order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// An octet, written in decimal.
    U8,
    /// Two octets, written in decimal.
    U16,
    /// Four octets, written in decimal.
    U32,
    /// Four octets, written as seconds or with units (`1h30m`).
    Seconds,
    /// Four octets of an IPv4 address.
    Ipv4,
    /// Sixteen octets of an IPv6 address.
    Ipv6,
    /// A domain name that may be compressed in messages (RFC 3597 §4: the types of RFC 1035 only).
    Name,
    /// A domain name that is never compressed.
    PlainName,
    /// One length-prefixed string.
    String,
    /// One or more length-prefixed strings, to the end.
    Strings,
    /// A length-prefixed tag of letters and digits (RFC 8659 §4.1).
    Tag,
    /// Octets to the end without a length, written as one string (RFC 8659 §4.1.1).
    Text,
    /// Octets to the end, written in hexadecimal, blanks allowed.
    Hex,
    /// Octets to the end, written in base 64, blanks allowed.
    Base64,
    /// Key=value pairs to the end (RFC 9460 §2.1).
    SvcParams,
}

/// What the RDATA of one type is made of.
#[derive(Debug)]
pub struct Layout {
    /// The type.
    pub rtype: RrType,
    /// Its mnemonic in upper case.
    pub mnemonic: &'static str,
    /// What its fields are called, one word each.
    pub words: &'static str,
    /// Its fields in wire order.
    pub fields: &'static [Field],
}

const fn row(rtype: RrType, mnemonic: &'static str, words: &'static str, fields: &'static [Field]) -> Layout {
    Layout { rtype, mnemonic, words, fields }
}

/// Every type that has a text form of its own.
pub const LAYOUTS: &[Layout] = {
    use Field as F;
    &[
        row(RrType::A, "A", "address", &[F::Ipv4]),
        row(RrType::NS, "NS", "name-server", &[F::Name]),
        row(RrType::CNAME, "CNAME", "target", &[F::Name]),
        row(
            RrType::SOA,
            "SOA",
            "primary mailbox serial refresh retry expire minimum",
            &[F::Name, F::Name, F::U32, F::Seconds, F::Seconds, F::Seconds, F::Seconds],
        ),
        row(RrType::PTR, "PTR", "target", &[F::Name]),
        row(RrType::MX, "MX", "preference mail-server", &[F::U16, F::Name]),
        row(RrType::TXT, "TXT", "text", &[F::Strings]),
        row(RrType::AAAA, "AAAA", "address", &[F::Ipv6]),
        row(RrType::SRV, "SRV", "priority weight port target", &[F::U16, F::U16, F::U16, F::PlainName]),
        row(
            RrType::NAPTR,
            "NAPTR",
            "order preference flags services regexp replacement",
            &[F::U16, F::U16, F::String, F::String, F::String, F::PlainName],
        ),
        row(RrType::DNAME, "DNAME", "target", &[F::PlainName]),
        row(RrType::DS, "DS", "key-tag algorithm digest-type digest", &[F::U16, F::U8, F::U8, F::Hex]),
        row(RrType::SSHFP, "SSHFP", "algorithm fingerprint-type fingerprint", &[F::U8, F::U8, F::Hex]),
        row(RrType::TLSA, "TLSA", "usage selector matching-type data", &[F::U8, F::U8, F::U8, F::Hex]),
        row(RrType::SVCB, "SVCB", "priority target parameters", &[F::U16, F::PlainName, F::SvcParams]),
        row(RrType::HTTPS, "HTTPS", "priority target parameters", &[F::U16, F::PlainName, F::SvcParams]),
        row(RrType::CAA, "CAA", "flags tag value", &[F::U8, F::Tag, F::Text]),
    ]
};

/// The layout of a type, if it has a row.
pub fn layout(rtype: RrType) -> Option<&'static Layout> {
    LAYOUTS.iter().find(|layout| layout.rtype == rtype)
}

impl RrType {
    /// The type with this mnemonic, case ignored; `TYPEnnn` (RFC 3597 §5) too.
    pub fn from_mnemonic(text: &str) -> Option<Self> {
        let known = LAYOUTS.iter().find(|layout| layout.mnemonic.eq_ignore_ascii_case(text));
        known.map(|layout| layout.rtype).or_else(|| {
            let (prefix, digits) = text.split_at_checked(4)?;
            let plain = prefix.eq_ignore_ascii_case("TYPE") && digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.parse().ok().map(Self))?
        })
    }
}

impl fmt::Display for RrType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match layout(*self) {
            Some(layout) => out.write_str(layout.mnemonic),
            None if *self == Self::ANY => out.write_str("ANY"),
            None => write!(out, "TYPE{}", self.0),
        }
    }
}

/// A domain name inside RDATA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmbeddedName {
    /// Its first octet's offset in the RDATA.
    pub start: usize,
    /// Its length in octets, the root label included.
    pub length: usize,
    /// Whether a message may compress it.
    pub compressible: bool,
}

/// The domain names inside uncompressed RDATA, in wire order; nothing for types without a row or RDATA that does not fit its row.
pub fn embedded_names(rtype: RrType, rdata: &[u8]) -> Vec<EmbeddedName> {
    let mut names = Vec::new();
    let mut at = 0;
    for field in layout(rtype).map_or(&[][..], |layout| layout.fields) {
        let rest = rdata.get(at..).unwrap_or_default();
        let length = match field {
            Field::U8 => 1,
            Field::U16 => 2,
            Field::U32 | Field::Seconds | Field::Ipv4 => 4,
            Field::Ipv6 => 16,
            Field::String | Field::Tag => rest.first().map_or(0, |&length| 1 + length as usize),
            Field::Strings | Field::Text | Field::Hex | Field::Base64 | Field::SvcParams => rest.len(),
            Field::Name | Field::PlainName => {
                let Some(length) = super::name::wire_length(rest) else { break };
                names.push(EmbeddedName { start: at, length, compressible: *field == Field::Name });
                length
            }
        };
        at += length;
    }
    names
}

/// RDATA with its names in lower case, so that equal records are equal octets (RFC 4034 §6.2).
pub fn folded(rtype: RrType, rdata: &[u8]) -> Cow<'_, [u8]> {
    let mut octets = Cow::Borrowed(rdata);
    for name in embedded_names(rtype, rdata) {
        if let Some(part) = octets.to_mut().get_mut(name.start..name.start + name.length) {
            part.make_ascii_lowercase();
        }
    }
    octets
}

#[cfg(test)]
mod tests {
    use super::LAYOUTS;

    #[test]
    fn every_field_has_a_word() {
        for layout in LAYOUTS {
            assert_eq!(layout.words.split(' ').count(), layout.fields.len(), "{}", layout.mnemonic);
        }
    }
}
