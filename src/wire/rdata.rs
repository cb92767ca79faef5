//! The layout of each type's RDATA: one table by which text is parsed and printed, and names are found.
//!
//! Adding a type is adding a row. Text is read and printed in `zone/`; this file only says what the octets are.

use std::borrow::Cow;
use std::fmt;

use super::RrType;
use super::codes::{ALGORITHMS, CERTIFICATES, DIGESTS, PROTOCOLS, SCHEMES};
use super::field::Extent;
pub use super::field::{Field, Names};

/// What the RDATA of one type is made of.
#[derive(Debug)]
pub struct Layout {
    /// The type.
    pub rtype: RrType,
    /// Its mnemonic in upper case.
    pub mnemonic: &'static str,
    /// What its fields are called: a blank between fields, a hyphen inside one name, "+" between the words of one field.
    pub words: &'static str,
    /// Its fields in wire order.
    pub fields: &'static [Field],
}

impl Layout {
    /// How its data is written, as a message puts it.
    pub fn usage(&self) -> String {
        let words = if self.fields.is_empty() { "\\# LENGTH HEX (RFC 3597)".to_owned() } else { self.words.replace('+', " ") };
        format!("{} {words}", self.mnemonic)
    }
}

const fn row(rtype: RrType, mnemonic: &'static str, words: &'static str, fields: &'static [Field]) -> Layout {
    Layout { rtype, mnemonic, words, fields }
}

/// The words and fields that several types share.
type Shared = (&'static str, &'static [Field]);

const DS: Shared =
    ("key-tag algorithm digest-type digest", &[Field::U16, Field::Code8(ALGORITHMS), Field::Code8(DIGESTS), Field::Hex(1)]);
const DNSKEY: Shared = ("flags protocol algorithm key", &[Field::U16, Field::U8, Field::Code8(ALGORITHMS), Field::Base64]);
const TLSA: Shared = ("usage selector matching-type data", &[Field::U8, Field::U8, Field::U8, Field::Hex(1)]);
const SVCB: Shared = ("priority target parameters", &[Field::U16, Field::ExactName, Field::SvcParams]);
const RRSIG: Shared = (
    "type-covered algorithm labels original-ttl expiration inception key-tag signer signature",
    &[
        Field::Type,
        Field::Code8(ALGORITHMS),
        Field::U8,
        Field::U32,
        Field::Timestamp,
        Field::Timestamp,
        Field::U16,
        Field::PlainName,
        Field::Base64,
    ],
);

/// Every type that has a name, by its number. A type without fields has data of any kind and is written in generic form only.
pub const LAYOUTS: &[Layout] = {
    use Field as F;
    &[
        row(RrType::A, "A", "address", &[F::Ipv4]),
        row(RrType::NS, "NS", "name-server", &[F::Name]),
        row(RrType::MD, "MD", "mail-server", &[F::Name]),
        row(RrType::MF, "MF", "mail-server", &[F::Name]),
        row(RrType::CNAME, "CNAME", "target", &[F::Name]),
        row(
            RrType::SOA,
            "SOA",
            "primary mailbox serial refresh retry expire minimum",
            &[F::Name, F::Name, F::U32, F::Seconds, F::Seconds, F::Seconds, F::Seconds],
        ),
        row(RrType::MB, "MB", "host", &[F::Name]),
        row(RrType::MG, "MG", "mailbox", &[F::Name]),
        row(RrType::MR, "MR", "mailbox", &[F::Name]),
        row(RrType::NULL, "NULL", "", &[]),
        row(RrType::WKS, "WKS", "address protocol ports", &[F::Ipv4, F::Code8(PROTOCOLS), F::Ports]),
        row(RrType::PTR, "PTR", "target", &[F::Name]),
        row(RrType::HINFO, "HINFO", "cpu os", &[F::String, F::String]),
        row(RrType::MINFO, "MINFO", "responsible-mailbox error-mailbox", &[F::Name, F::Name]),
        row(RrType::MX, "MX", "preference mail-server", &[F::U16, F::Name]),
        row(RrType::TXT, "TXT", "text", &[F::Strings]),
        row(RrType::RP, "RP", "mailbox text-owner", &[F::PlainName, F::PlainName]),
        row(RrType::AFSDB, "AFSDB", "subtype host", &[F::U16, F::PlainName]),
        row(RrType::X25, "X25", "address", &[F::String]),
        row(RrType::ISDN, "ISDN", "address subaddress", &[F::String, F::OptionalString]),
        row(RrType::RT, "RT", "preference host", &[F::U16, F::PlainName]),
        row(RrType::NSAP, "NSAP", "address", &[F::Nsap]),
        row(RrType::NSAP_PTR, "NSAP-PTR", "target", &[F::ExactName]),
        row(RrType::SIG, "SIG", RRSIG.0, RRSIG.1),
        row(RrType::KEY, "KEY", "flags protocol algorithm key", &[F::U16, F::U8, F::Code8(ALGORITHMS), F::FlaggedBase64]),
        row(RrType::PX, "PX", "preference rfc822-domain x400-domain", &[F::U16, F::PlainName, F::PlainName]),
        row(RrType::GPOS, "GPOS", "longitude latitude altitude", &[F::String, F::String, F::String]),
        row(RrType::AAAA, "AAAA", "address", &[F::Ipv6]),
        row(RrType::LOC, "LOC", "latitude+longitude+altitude", &[F::Location]),
        row(RrType::NXT, "NXT", "next-name types", &[F::PlainName, F::OldTypes]),
        row(RrType::EID, "EID", "identifier", &[F::Hex(1)]),
        row(RrType::NIMLOC, "NIMLOC", "locator", &[F::Hex(1)]),
        row(RrType::SRV, "SRV", "priority weight port target", &[F::U16, F::U16, F::U16, F::PlainName]),
        row(RrType::ATMA, "ATMA", "address", &[F::Atma]),
        row(
            RrType::NAPTR,
            "NAPTR",
            "order preference flags services regexp replacement",
            &[F::U16, F::U16, F::String, F::String, F::String, F::PlainName],
        ),
        row(RrType::KX, "KX", "preference key-exchanger", &[F::U16, F::PlainName]),
        row(
            RrType::CERT,
            "CERT",
            "type key-tag algorithm certificate",
            &[F::Code16(CERTIFICATES), F::U16, F::Code8(ALGORITHMS), F::Base64],
        ),
        row(RrType::A6, "A6", "prefix-length+suffix+prefix-name", &[F::A6]),
        row(RrType::DNAME, "DNAME", "target", &[F::PlainName]),
        row(RrType::SINK, "SINK", "meaning coding subcoding data", &[F::U8, F::U8, F::U8, F::OptionalBase64]),
        row(RrType::APL, "APL", "prefixes", &[F::Prefixes]),
        row(RrType::DS, "DS", DS.0, DS.1),
        row(RrType::SSHFP, "SSHFP", "algorithm fingerprint-type fingerprint", &[F::U8, F::U8, F::Hex(1)]),
        row(
            RrType::IPSECKEY,
            "IPSECKEY",
            "precedence gateway-type+algorithm+gateway key",
            &[F::U8, F::Gateway, F::OptionalBase64],
        ),
        row(RrType::RRSIG, "RRSIG", RRSIG.0, RRSIG.1),
        row(RrType::NSEC, "NSEC", "next-name types", &[F::ExactName, F::Types]),
        row(RrType::DNSKEY, "DNSKEY", DNSKEY.0, DNSKEY.1),
        row(RrType::DHCID, "DHCID", "digest", &[F::Base64]),
        row(
            RrType::NSEC3,
            "NSEC3",
            "hash-algorithm flags iterations salt next-hash types",
            &[F::U8, F::U8, F::U16, F::Salt, F::Base32, F::OptionalTypes],
        ),
        row(RrType::NSEC3PARAM, "NSEC3PARAM", "hash-algorithm flags iterations salt", &[F::U8, F::U8, F::U16, F::Salt]),
        row(RrType::TLSA, "TLSA", TLSA.0, TLSA.1),
        row(RrType::SMIMEA, "SMIMEA", TLSA.0, TLSA.1),
        row(RrType::HIP, "HIP", "algorithm+identity-tag+key rendezvous-servers", &[F::HostIdentity, F::ExactNames]),
        row(RrType::NINFO, "NINFO", "text", &[F::Strings]),
        row(RrType::RKEY, "RKEY", "flags protocol algorithm key", &[F::U16, F::U8, F::Code8(ALGORITHMS), F::Base64]),
        row(RrType::TALINK, "TALINK", "previous-name next-name", &[F::ExactName, F::ExactName]),
        row(RrType::CDS, "CDS", DS.0, DS.1),
        row(RrType::CDNSKEY, "CDNSKEY", DNSKEY.0, DNSKEY.1),
        row(RrType::OPENPGPKEY, "OPENPGPKEY", "key", &[F::Base64]),
        row(RrType::CSYNC, "CSYNC", "serial flags types", &[F::U32, F::U16, F::OptionalTypes]),
        row(RrType::ZONEMD, "ZONEMD", "serial scheme hash-algorithm digest", &[F::U32, F::U8, F::U8, F::Hex(12)]),
        row(RrType::SVCB, "SVCB", SVCB.0, SVCB.1),
        row(RrType::HTTPS, "HTTPS", SVCB.0, SVCB.1),
        row(RrType::DSYNC, "DSYNC", "type scheme port target", &[F::Type, F::Code8(SCHEMES), F::U16, F::ExactName]),
        row(RrType::SPF, "SPF", "text", &[F::Strings]),
        row(RrType::UINFO, "UINFO", "", &[]),
        row(RrType::UID, "UID", "", &[]),
        row(RrType::GID, "GID", "", &[]),
        row(RrType::UNSPEC, "UNSPEC", "", &[]),
        row(RrType::NID, "NID", "preference node-id", &[F::U16, F::Locator64]),
        row(RrType::L32, "L32", "preference locator", &[F::U16, F::Ipv4]),
        row(RrType::L64, "L64", "preference locator", &[F::U16, F::Locator64]),
        row(RrType::LP, "LP", "preference target", &[F::U16, F::ExactName]),
        row(RrType::EUI48, "EUI48", "address", &[F::Eui48]),
        row(RrType::EUI64, "EUI64", "address", &[F::Eui64]),
        row(RrType::URI, "URI", "priority weight target", &[F::U16, F::U16, F::Text]),
        row(RrType::CAA, "CAA", "flags tag value", &[F::U8, F::Tag, F::Text]),
        row(RrType::AVC, "AVC", "text", &[F::Strings]),
        row(RrType::DOA, "DOA", "enterprise type location media-type data", &[F::U32, F::U32, F::U8, F::String, F::DashBase64]),
        row(RrType::AMTRELAY, "AMTRELAY", "precedence discovery+relay-type+relay", &[F::U8, F::Relay]),
        row(RrType::RESINFO, "RESINFO", "text", &[F::Strings]),
        row(RrType::WALLET, "WALLET", "text", &[F::Strings]),
        row(RrType::TA, "TA", DS.0, DS.1),
        row(RrType::DLV, "DLV", DS.0, DS.1),
    ]
};

/// The layout of a type, if it has a row.
pub fn layout(rtype: RrType) -> Option<&'static Layout> {
    match ROW_BY_NUMBER.get(usize::from(rtype.0)) {
        Some(&row) => LAYOUTS.get(usize::from(row)),
        None => LAYOUTS.binary_search_by_key(&rtype, |layout| layout.rtype).ok().and_then(|at| LAYOUTS.get(at)),
    }
}

/// The row of each small number, one that is none where there is no row: every record of a zone asks for its layout.
static ROW_BY_NUMBER: [u8; 264] = row_by_number();

#[allow(clippy::indexing_slicing, reason = "runs in the compiler, and iterators do not")]
const fn row_by_number() -> [u8; 264] {
    let mut rows = [NO_ROW; 264];
    let mut at = 0;
    while at < LAYOUTS.len() {
        if (LAYOUTS[at].rtype.0 as usize) < rows.len() {
            rows[LAYOUTS[at].rtype.0 as usize] = at as u8;
        }
        at += 1;
    }
    rows
}

/// The row of each mnemonic at the slot of its hash, or behind it: every line of a zone file asks for one.
static ROW_BY_MNEMONIC: [u8; 256] = row_by_mnemonic();
/// What a slot holds without a row.
const NO_ROW: u8 = u8::MAX;

#[allow(clippy::indexing_slicing, reason = "runs in the compiler, and iterators do not")]
const fn row_by_mnemonic() -> [u8; 256] {
    let mut rows = [NO_ROW; 256];
    let mut row = 0;
    while row < LAYOUTS.len() {
        let mut slot = first_slot(LAYOUTS[row].mnemonic.as_bytes());
        while rows[slot as usize] != NO_ROW {
            slot = slot.wrapping_add(1);
        }
        rows[slot as usize] = row as u8;
        row += 1;
    }
    rows
}

#[allow(clippy::indexing_slicing, reason = "runs in the compiler too, and iterators do not")]
const fn first_slot(mnemonic: &[u8]) -> u8 {
    let (mut slot, mut at) = (0u8, 0);
    while at < mnemonic.len() {
        slot = slot.wrapping_mul(31).wrapping_add(mnemonic[at].to_ascii_uppercase());
        at += 1;
    }
    slot
}

/// The row with this mnemonic, case ignored.
fn row_of(mnemonic: &str) -> Option<&'static Layout> {
    let first = first_slot(mnemonic.as_bytes());
    for step in 0..=u8::MAX {
        // Most slots are empty, so that the way is short.
        let layout = LAYOUTS.get(usize::from(*ROW_BY_MNEMONIC.get(usize::from(first.wrapping_add(step)))?))?;
        if layout.mnemonic.eq_ignore_ascii_case(mnemonic) {
            return Some(layout);
        }
    }
    None
}

const _: () = assert!(LAYOUTS.len() < u8::MAX as usize, "rows are counted in octets, and one number means none");

impl RrType {
    /// The type with this mnemonic, case ignored; `TYPEnnn` (RFC 3597 §5) too.
    pub fn from_mnemonic(text: &str) -> Option<Self> {
        if let Some(layout) = row_of(text) {
            return Some(layout.rtype);
        }
        let (prefix, digits) = text.split_at_checked(4)?;
        let plain = prefix.eq_ignore_ascii_case("TYPE") && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse().ok().map(Self))?
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
    /// Whether its case is ignored when records are compared (RFC 4034 §6.2).
    pub foldable: bool,
}

/// The domain names inside uncompressed RDATA, in wire order; nothing for types without a row or RDATA that does not fit its row.
pub fn embedded_names(rtype: RrType, rdata: &[u8]) -> Vec<EmbeddedName> {
    let mut names = Vec::new();
    let mut at = 0;
    for field in layout(rtype).map_or(&[][..], |layout| layout.fields) {
        loop {
            let rest = rdata.get(at..).unwrap_or_default();
            match field.extent(rest) {
                Extent::Octets(length) => at += length,
                Extent::Name(before) => {
                    let start = at + before;
                    let Some(length) = rdata.get(start..).and_then(super::name::wire_length) else { return names };
                    let compressible = *field == Field::Name;
                    let foldable = matches!(field, Field::Name | Field::PlainName | Field::A6);
                    names.push(EmbeddedName { start, length, compressible, foldable });
                    at = start + length;
                }
            }
            if *field != Field::ExactNames || at >= rdata.len() {
                break;
            }
        }
    }
    names
}

/// RDATA with its names in lower case, so that equal records are equal octets (RFC 4034 §6.2, RFC 6840 §5.1).
pub fn folded(rtype: RrType, rdata: &[u8]) -> Cow<'_, [u8]> {
    let mut octets = Cow::Borrowed(rdata);
    for name in embedded_names(rtype, rdata).iter().filter(|name| name.foldable) {
        if let Some(part) = octets.to_mut().get_mut(name.start..name.start + name.length) {
            part.make_ascii_lowercase();
        }
    }
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_a_field_is_named() {
        for layout in LAYOUTS {
            let words: Vec<usize> = layout.words.split(' ').map(|field| field.split('+').count()).collect();
            let fields: Vec<usize> = layout.fields.iter().map(|field| field.words()).collect();
            assert!(words == fields || layout.words.is_empty() && fields.is_empty(), "{}", layout.mnemonic);
        }
    }

    #[test]
    fn rows_are_sorted_and_found() {
        assert!(LAYOUTS.is_sorted_by(|left, right| left.rtype < right.rtype));
        for row in LAYOUTS {
            assert_eq!(row.mnemonic, row.mnemonic.to_ascii_uppercase());
            assert_eq!(RrType::from_mnemonic(&row.mnemonic.to_ascii_lowercase()), Some(row.rtype));
            assert_eq!(RrType::from_mnemonic(&format!("type{}", row.rtype.0)), Some(row.rtype));
            assert_eq!(layout(row.rtype).map(|found| found.mnemonic), Some(row.mnemonic));
        }
        let found = (0..=u16::MAX).filter(|number| layout(RrType(*number)).is_some()).count();
        assert_eq!(found, LAYOUTS.len());
        for none in ["", "@", "[", "É", "ZZ", "AA", "AAAAA", "ANY", "TYPE", "TYPE65536", "TYPE+1", "TYPE-1"] {
            assert_eq!(RrType::from_mnemonic(none), None, "{none}");
        }
    }

    /// RFC 3597 §4 names RFC 1035; RFC 4034 §6.2 has the list of what folds, RFC 6840 §5.1 corrects it.
    #[test]
    fn names_are_compressed_and_folded_where_the_rfcs_say() {
        let has = |layout: &&Layout, wanted: &[Field]| layout.fields.iter().any(|field| wanted.contains(field));
        let with = |wanted: &[Field]| -> Vec<&str> {
            LAYOUTS.iter().filter(|layout| has(layout, wanted)).map(|layout| layout.mnemonic).collect()
        };
        assert_eq!(with(&[Field::Name]), ["NS", "MD", "MF", "CNAME", "SOA", "MB", "MG", "MR", "PTR", "MINFO", "MX"]);
        assert_eq!(
            with(&[Field::PlainName, Field::A6]),
            ["RP", "AFSDB", "RT", "SIG", "PX", "NXT", "SRV", "NAPTR", "KX", "A6", "DNAME", "RRSIG"]
        );
        assert_eq!(
            with(&[Field::ExactName, Field::ExactNames, Field::Gateway, Field::Relay]),
            ["NSAP-PTR", "IPSECKEY", "NSEC", "HIP", "TALINK", "SVCB", "HTTPS", "DSYNC", "LP", "AMTRELAY"]
        );
    }

    #[test]
    fn names_are_found_inside_other_fields() {
        let names = |rtype, rdata: &[u8]| -> Vec<(usize, usize)> {
            embedded_names(rtype, rdata).iter().map(|name| (name.start, name.length)).collect()
        };
        assert_eq!(names(RrType::IPSECKEY, b"\x0a\x03\x02\x01a\x00key"), [(3, 3)]);
        assert_eq!(names(RrType::AMTRELAY, b"\x0a\x83\x01a\x00"), [(2, 3)]);
        assert_eq!(names(RrType::HIP, b"\x01\x02\x00\x01TK\x01a\x00\x00"), [(6, 3), (9, 1)]);
        assert_eq!(names(RrType::A6, b"\x78\x01\x01a\x00"), [(2, 3)]);
        assert_eq!(names(RrType::HIP, b"\x01\x02\x00\x01TK"), []);
        assert_eq!(names(RrType::SRV, b"\x00\x01"), []);
        assert_eq!(&*folded(RrType::MX, b"\x00\x41\x01A\x00"), b"\x00\x41\x01a\x00");
        assert_eq!(&*folded(RrType::NSEC, b"\x01A\x00\x00\x01\x40"), b"\x01A\x00\x00\x01\x40");
    }
}
