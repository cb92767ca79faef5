//! Records to master-file lines in one canonical form: absolute names, decimal numbers, strings in quotes.
//!
//! What this prints, the parser reads back to the same octets. RDATA that does not fit its type's row is printed in the generic
//! form of RFC 3597, and that is also how the parser finds out whether octets fit.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Record;
use super::encoding::{to_base64, to_hex, to_quoted};
use super::svcb;
use crate::wire::Name;
use crate::wire::rdata::{EmbeddedName, Field, Layout, embedded_names, layout};

/// A record as one line of a master file, without the line feed.
pub fn record_line(record: &Record) -> String {
    let text = layout(record.rtype).and_then(|row| rdata_text(row, &record.rdata));
    let data = text.unwrap_or_else(|| generic_text(&record.rdata));
    format!("{} {} IN {} {data}", record.owner, record.ttl, record.rtype)
}

/// RFC 3597 §5.
fn generic_text(rdata: &[u8]) -> String {
    let blank = if rdata.is_empty() { "" } else { " " };
    format!("\\# {}{blank}{}", rdata.len(), to_hex(rdata))
}

/// The text of RDATA; `None` where the octets do not fit the row.
pub(super) fn rdata_text(row: &Layout, rdata: &[u8]) -> Option<String> {
    let names = embedded_names(row.rtype, rdata);
    let mut octets = Octets { whole: rdata, rest: rdata, names: &names };
    let mut text = String::with_capacity(rdata.len() * 2);
    for field in row.fields {
        let value = octets.field(*field)?;
        if !text.is_empty() && !value.is_empty() && !value.starts_with(' ') {
            text.push(' ');
        }
        text.push_str(&value);
    }
    octets.rest.is_empty().then_some(text)
}

/// RDATA octets that are not printed yet.
struct Octets<'a> {
    whole: &'a [u8],
    rest: &'a [u8],
    names: &'a [EmbeddedName],
}

impl<'a> Octets<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    fn array<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        self.take(LENGTH)?.try_into().ok()
    }

    fn take_rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    fn field(&mut self, field: Field) -> Option<String> {
        Some(match field {
            Field::U8 => u8::from_be_bytes(self.array()?).to_string(),
            Field::U16 => u16::from_be_bytes(self.array()?).to_string(),
            Field::U32 | Field::Seconds => u32::from_be_bytes(self.array()?).to_string(),
            Field::Ipv4 => Ipv4Addr::from(self.array::<4>()?).to_string(),
            Field::Ipv6 => Ipv6Addr::from(self.array::<16>()?).to_string(),
            Field::Name | Field::PlainName => self.name()?.to_string(),
            Field::String => to_quoted(self.string()?),
            Field::Strings => self.strings()?,
            Field::Tag => {
                let tag = self.string()?;
                let plain = !tag.is_empty() && tag.iter().all(u8::is_ascii_alphanumeric);
                std::str::from_utf8(tag).ok().filter(|_| plain)?.to_owned()
            }
            Field::Text => to_quoted(self.take_rest()),
            Field::Hex => to_hex(Some(self.take_rest()).filter(|octets| !octets.is_empty())?),
            Field::Base64 => to_base64(Some(self.take_rest()).filter(|octets| !octets.is_empty())?),
            Field::SvcParams => svcb::params_text(self.take_rest())?,
        })
    }

    fn name(&mut self) -> Option<Name> {
        let at = self.whole.len() - self.rest.len();
        let found = self.names.iter().find(|name| name.start == at)?;
        Name::from_wire(self.take(found.length)?)
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let length = u8::from_be_bytes(self.array()?);
        self.take(length.into())
    }

    fn strings(&mut self) -> Option<String> {
        let mut text = to_quoted(self.string()?);
        while !self.rest.is_empty() {
            text.push(' ');
            text.push_str(&to_quoted(self.string()?));
        }
        Some(text)
    }
}
