//! Records to master-file lines in one canonical form: absolute names, decimal numbers, strings in quotes.
//!
//! What this prints, the parser reads back to the same octets. RDATA that does not fit its type's row is printed in the generic
//! form of RFC 3597, and that is also how the parser finds out whether octets fit.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Record;
use super::encoding::to_hex;
use super::kinds::{Octets, address, encoded, gateway, location, number, osi, prefixes, string, types};
use super::svcb;
use crate::wire::RrType;
use crate::wire::rdata::{Field, Layout, layout};

/// A record as one line of a master file, without the line feed.
pub fn record_line(record: &Record) -> String {
    format!("{} {} IN {} {}", record.owner, record.ttl, record.rtype, data_text(record.rtype, &record.rdata))
        .trim_end()
        .to_owned()
}

/// The data of a record as a master file has it.
pub fn data_text(rtype: RrType, rdata: &[u8]) -> String {
    layout(rtype).and_then(|row| rdata_text(row, rdata)).unwrap_or_else(|| generic_text(rdata))
}

/// RFC 3597 §5.
fn generic_text(rdata: &[u8]) -> String {
    let blank = if rdata.is_empty() { "" } else { " " };
    format!("\\# {}{blank}{}", rdata.len(), to_hex(rdata))
}

/// The text of RDATA; `None` where the octets do not fit the row, or where the row has no text.
pub(super) fn rdata_text(row: &Layout, rdata: &[u8]) -> Option<String> {
    let mut octets = Octets::new(rdata);
    let mut text = String::with_capacity(rdata.len() * 2);
    for field in row.fields {
        let value = field_text(*field, &mut octets)?;
        if !text.is_empty() && !value.is_empty() && !value.starts_with(' ') {
            text.push(' ');
        }
        text.push_str(&value);
    }
    (octets.is_empty() && !row.fields.is_empty()).then_some(text)
}

fn field_text(field: Field, octets: &mut Octets<'_>) -> Option<String> {
    match field {
        Field::U8 | Field::Code8(_) => Some(u8::from_be_bytes(octets.array()?).to_string()),
        Field::U16 | Field::Code16(_) => Some(u16::from_be_bytes(octets.array()?).to_string()),
        Field::U32 | Field::Seconds => Some(u32::from_be_bytes(octets.array()?).to_string()),
        Field::Type => types::rtype_text(octets),
        Field::Timestamp => number::timestamp_text(octets),
        Field::Ipv4 => Some(Ipv4Addr::from(octets.array::<4>()?).to_string()),
        Field::Ipv6 => Some(Ipv6Addr::from(octets.array::<16>()?).to_string()),
        Field::Locator64 => address::groups_text::<8>(octets, b':'),
        Field::Eui48 => address::groups_text::<6>(octets, b'-'),
        Field::Eui64 => address::groups_text::<8>(octets, b'-'),
        Field::Name | Field::PlainName | Field::ExactName => octets.name().map(|name| name.to_string()),
        Field::ExactNames | Field::OptionalString | Field::OptionalBase64 | Field::FlaggedBase64 | Field::OptionalTypes
            if octets.is_empty() =>
        {
            Some(String::new())
        }
        Field::ExactNames => {
            let mut names = Vec::new();
            while !octets.is_empty() {
                names.push(octets.name()?.to_string());
            }
            Some(names.join(" "))
        }
        Field::String | Field::OptionalString => string::string_text(octets),
        Field::Strings => string::strings_text(octets),
        Field::Tag => string::tag_text(octets),
        Field::Text => string::text_text(octets),
        Field::Hex(least) => encoded::hex_text(octets, least),
        Field::Base64 | Field::OptionalBase64 | Field::FlaggedBase64 => encoded::base64_text(octets),
        Field::DashBase64 => encoded::dash_base64_text(octets),
        Field::Salt => encoded::salt_text(octets),
        Field::Base32 => encoded::base32_text(octets),
        Field::Types | Field::OptionalTypes => types::bitmap_text(octets).filter(|text| !text.is_empty()),
        Field::OldTypes => types::old_bitmap_text(octets),
        Field::Ports => types::ports_text(octets),
        Field::SvcParams => svcb::params_text(octets.take_rest()),
        Field::Location => location::text(octets),
        Field::Prefixes => prefixes::text(octets),
        Field::Gateway => gateway::gateway_text(octets),
        Field::Relay => gateway::relay_text(octets),
        Field::HostIdentity => gateway::identity_text(octets),
        Field::A6 => gateway::a6_text(octets),
        Field::Nsap => osi::nsap_text(octets),
        Field::Atma => osi::atma_text(octets),
    }
}
