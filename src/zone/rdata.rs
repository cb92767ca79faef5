//! RDATA text to wire octets, by the table in `wire/rdata.rs`: one reader a kind of field, none a type.
//!
//! Every fault says which field it is in and ends with how a record of the type is written. RFC 3597's `\#` form is read for
//! every type, but for a type of the table only where the octets fit its row.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::fields::{Fields, What, or_help, what};
use super::kinds::{address, encoded, gateway, location, number, osi, prefixes, string, types};
use super::lexer::Token;
use super::{print, svcb};
use crate::diagnostic::{Diagnostic, Span};
use crate::limits::RDATA_LENGTH_MAX;
use crate::wire::RrType;
use crate::wire::rdata::{Field, Layout, layout};

/// The upper two flags of a KEY record that says there is no key (RFC 2535 §3.1.2).
const NO_KEY: u8 = 0b11;

/// Reads what is left of `fields` as RDATA of a type and appends its octets to `wire`; `place` is the type's own.
pub(super) fn read(fields: &mut Fields<'_, '_>, rtype: RrType, place: Span, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    let row = layout(rtype);
    if fields.peek().is_some_and(|token| token.is(b"\\#")) {
        read_generic(fields, rtype, wire)?;
    } else if let Some(row) = row.filter(|row| !row.fields.is_empty()) {
        let first = fields.peek();
        read_fields(fields, row, wire).map_err(|fault| or_help(fault, || advice(row, first)))?;
    } else {
        return Err(Diagnostic::error(place, format!("the data of the type {rtype} has no text form of its own"))
            .label("any octets are data of this type")
            .help(format!("write the octets in hexadecimal: {rtype} \\# LENGTH HEX (RFC 3597)")));
    }
    if wire.len() > RDATA_LENGTH_MAX {
        let message = format!("the record has {} octets, but at most {RDATA_LENGTH_MAX} fit a message", wire.len());
        return Err(Diagnostic::error(place, message).label("this record").help("split the data over several records"));
    }
    Ok(())
}

/// How the record is written; an address of the other family belongs into a record of the other type.
fn advice(row: &Layout, first: Option<Token<'_>>) -> String {
    let text = first.map(|first| String::from_utf8_lossy(first.text)).unwrap_or_default();
    if row.rtype == RrType::A && text.parse::<Ipv6Addr>().is_ok() {
        format!("write AAAA {text}")
    } else if row.rtype == RrType::AAAA && text.parse::<Ipv4Addr>().is_ok() {
        format!("write A {text}")
    } else {
        format!("it is written: {}", row.usage())
    }
}

fn read_fields(fields: &mut Fields<'_, '_>, row: &Layout, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    if let [field @ (Field::Ipv4 | Field::Ipv6)] = row.fields {
        // The only field of an address record needs no name.
        read_field(fields, *field, what(kind(*field)), wire)?;
        return fields.finish();
    }
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
        Field::Code8(names) => wire.push(number::code(fields, what, names)?),
        Field::Code16(names) => wire.extend(number::code::<u16>(fields, what, names)?.to_be_bytes()),
        Field::Type => wire.extend(types::rtype(fields, what)?.0.to_be_bytes()),
        Field::Seconds => wire.extend(fields.seconds(what)?.to_be_bytes()),
        Field::Timestamp => wire.extend(number::timestamp(fields, what)?.to_be_bytes()),
        Field::Ipv4 => wire.extend(address::ipv4(fields, what)?.octets()),
        Field::Ipv6 => wire.extend(address::ipv6(fields, what)?.octets()),
        Field::Locator64 => address::read_groups::<8>(fields, what, b':', wire)?,
        Field::Eui48 => address::read_groups::<6>(fields, what, b'-', wire)?,
        Field::Eui64 => address::read_groups::<8>(fields, what, b'-', wire)?,
        Field::Name | Field::PlainName | Field::ExactName => wire.extend_from_slice(fields.target(what)?.as_wire()),
        Field::ExactNames | Field::OptionalString | Field::OptionalBase64 if fields.peek().is_none() => {}
        Field::FlaggedBase64 if fields.peek().is_none() && wire.first().is_some_and(|flags| flags >> 6 == NO_KEY) => {}
        Field::ExactNames => {
            while fields.peek().is_some() {
                wire.extend_from_slice(fields.target(what)?.as_wire());
            }
        }
        Field::String | Field::OptionalString => string::read_string(fields, what, wire)?,
        Field::Strings => {
            string::read_string(fields, what, wire)?;
            while fields.peek().is_some() {
                string::read_string(fields, what, wire)?;
            }
        }
        Field::Tag => string::read_tag(fields, what, wire)?,
        Field::Text => wire.extend_from_slice(&fields.string(what)?),
        Field::Hex(least) => encoded::read_hex(fields, what, least, wire)?,
        Field::Base64 | Field::OptionalBase64 | Field::FlaggedBase64 => encoded::read_base64(fields, what, wire)?,
        Field::DashBase64 => encoded::read_dash_base64(fields, what, wire)?,
        Field::Salt => encoded::read_salt(fields, what, wire)?,
        Field::Base32 => encoded::read_base32(fields, what, wire)?,
        Field::Types if fields.peek().is_none() => drop(fields.take(what)?),
        Field::Types | Field::OptionalTypes => types::read_bitmap(fields, what, wire)?,
        Field::OldTypes => types::read_old_bitmap(fields, what, wire)?,
        Field::Ports => types::read_ports(fields, what, wire)?,
        Field::SvcParams => svcb::read_params(fields, wire)?,
        Field::Location => location::read(fields, wire)?,
        Field::Prefixes => prefixes::read(fields, what, wire)?,
        Field::Gateway => gateway::read_gateway(fields, what, wire)?,
        Field::Relay => gateway::read_relay(fields, what, wire)?,
        Field::HostIdentity => gateway::read_identity(fields, what, wire)?,
        Field::A6 => gateway::read_a6(fields, what, wire)?,
        Field::Nsap => osi::read_nsap(fields, what, wire)?,
        Field::Atma => osi::read_atma(fields, what, wire)?,
    }
    Ok(())
}

/// What a field of this kind looks like in text.
fn kind(field: Field) -> &'static str {
    match field {
        Field::U8 => "a number from 0 to 255",
        Field::U16 => "a number from 0 to 65535",
        Field::U32 => "a number from 0 to 4294967295",
        Field::Code8(_) => "a number from 0 to 255 or a name",
        Field::Code16(_) => "a number from 0 to 65535 or a name",
        Field::Type => "a record type such as A",
        Field::Seconds => "seconds such as 3600 or 1h30m",
        Field::Timestamp => "a time such as 20261231235959",
        Field::Ipv4 => "an IPv4 address",
        Field::Ipv6 => "an IPv6 address",
        Field::Locator64 => "hexadecimal digits such as 2001:db8:1:2",
        Field::Eui48 => "hexadecimal digits such as 00-00-5e-00-53-2a",
        Field::Eui64 => "hexadecimal digits such as 00-00-5e-ef-10-00-00-2a",
        Field::Name | Field::PlainName | Field::ExactName | Field::ExactNames => "a domain name",
        Field::String | Field::OptionalString | Field::Strings | Field::Text => "a string",
        Field::Tag => "letters and digits such as \"issue\"",
        Field::Hex(_) => "hexadecimal digits",
        Field::Base64 | Field::OptionalBase64 | Field::FlaggedBase64 => "base 64",
        Field::DashBase64 => "base 64, or - for none",
        Field::Salt => "hexadecimal digits, or - for none",
        Field::Base32 => "base 32",
        Field::Types | Field::OptionalTypes | Field::OldTypes => "record types such as A AAAA",
        Field::Ports => "ports such as 25 or smtp",
        Field::SvcParams => "parameters such as alpn=h2",
        Field::Location => "a position such as 52 22 23.000 N 4 53 32.000 E -2.00m",
        Field::Prefixes => "prefixes such as 1:192.0.2.0/24",
        Field::Gateway => "a gateway such as 1 2 192.0.2.38",
        Field::Relay => "a relay such as 0 1 192.0.2.38",
        Field::HostIdentity => "an identity such as 2 200100107B1A74DF365639CC39F1D578 AwEAAbdx",
        Field::A6 => "an address such as 64 ::1 prefix.example.",
        Field::Nsap => "an address such as 0x47.0005.80",
        Field::Atma => "an address such as 39.246f.00 or +61200000000",
    }
}

/// RFC 3597 §5: `\# LENGTH HEX`.
fn read_generic(fields: &mut Fields<'_, '_>, rtype: RrType, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    let usage = || "data in generic form is written: \\# LENGTH HEX".to_owned();
    let mark = fields.take(what("\\#"))?;
    let place = fields.peek().unwrap_or(mark).span;
    let length: u16 = fields.number(What { word: "length", kind: kind(Field::U16) }).map_err(|fault| or_help(fault, usage))?;
    if length > 0 {
        encoded::read_hex(fields, What { word: "data", kind: kind(Field::Hex(0)) }, 0, wire)
            .map_err(|fault| or_help(fault, usage))?;
    }
    fields.finish().map_err(|fault| or_help(fault, usage))?;
    if wire.len() != usize::from(length) {
        let message = format!("expected {length} octets, but found {}", wire.len());
        return Err(Diagnostic::error(place, message).label("the length written here").help(usage()));
    }
    match layout(rtype).filter(|row| !row.fields.is_empty()) {
        Some(row) if print::rdata_text(row, wire).is_none() => {
            Err(Diagnostic::error(mark.span, format!("these octets are no data of the type {rtype}"))
                .label("its layout is known, and they do not fit it")
                .help(format!("write it as text: {}", row.usage())))
        }
        Some(_) | None => Ok(()),
    }
}
