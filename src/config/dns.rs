//! What a dns check asks and expects: `query`, and `expect` with `rcode` and `data`.
//! Data is read as in a zone file, so that whatever stands there can be expected.

use super::DnsCheck;
use super::keys::EXPECT_DNS;
use super::table::{Item, Table};
use crate::limits::EXPECT_DATA_COUNT_MAX;
use crate::wire::{Name, RrType, rdata};
use crate::zone;

/// Response codes that an endpoint may be meant to give (RFC 1035 §4.1.1, RFC 2136 §2.2).
const RCODES: [(&str, u16); 11] = [
    ("NOERROR", NOERROR),
    ("FORMERR", 1),
    ("SERVFAIL", 2),
    ("NXDOMAIN", 3),
    ("NOTIMP", 4),
    ("REFUSED", 5),
    ("YXDOMAIN", 6),
    ("YXRRSET", 7),
    ("NXRRSET", 8),
    ("NOTAUTH", 9),
    ("NOTZONE", 10),
];
const NOERROR: u16 = 0;

/// What stands where the check itself is at fault; a fault has then been reported.
const NOTHING: (Vec<u16>, Vec<Vec<u8>>) = (Vec::new(), Vec::new());

/// Reads the keys of a dns check.
pub(super) fn read(table: &Table<'_>) -> DnsCheck {
    let item = table.require("query", "write what to ask for: query = \"www.example.com. A\"");
    let (name, rtype) = item.and_then(query).unwrap_or_else(|| (Name::root(), RrType::A));
    let usual = (vec![NOERROR], Vec::new());
    let (expect_rcode, expect_data) = table.get("expect").map_or(usual, |item| expect(item, rtype).unwrap_or(NOTHING));
    DnsCheck { name, rtype, expect_rcode, expect_data }
}

/// The mnemonic of a response code, for messages; its number where it has none.
pub fn rcode_text(rcode: u16) -> String {
    let known = RCODES.iter().find(|(_, number)| *number == rcode);
    known.map_or_else(|| format!("RCODE {rcode}"), |(word, _)| (*word).to_owned())
}

fn query(item: Item<'_>) -> Option<(Name, RrType)> {
    const EXPECTED: &str = "a name and a type such as \"www.example.com. A\"";
    const HELP: &str = "write the name, a blank, and the type";
    let words: Vec<&str> = item.text(EXPECTED, HELP)?.split_ascii_whitespace().collect();
    let help = match words[..] {
        [name] => format!("write the type too: \"{} A\"", name.escape_debug()),
        [name, rtype] => {
            match (
                Name::parse(name.as_bytes(), Some(&Name::root())),
                RrType::from_mnemonic(rtype).filter(|rtype| !rtype.is_meta()),
            ) {
                (Ok(name), Some(rtype)) => return Some((name, rtype)),
                (Err(why), _) => format!("\"{}\" is no domain name: {why}", name.escape_debug()),
                (Ok(_), None) => format!("\"{}\" is no type of records; write A, AAAA, SOA, ...", rtype.escape_debug()),
            }
        }
        _ => HELP.to_owned(),
    };
    item.wrong_value(EXPECTED, help);
    None
}

fn expect(item: Item<'_>, rtype: RrType) -> Option<(Vec<u16>, Vec<Vec<u8>>)> {
    let table = item.table(&EXPECT_DNS)?;
    let one_rcode = |item: Item<'_>| item.one_of("a response code such as \"NOERROR\"", &RCODES);
    let rcodes = table.get("rcode").map_or_else(|| vec![NOERROR], |item| item.list().into_iter().filter_map(one_rcode).collect());
    let data: Vec<Item<'_>> = table.get("data").map(Item::list).unwrap_or_default();
    for (key, empty) in [("rcode", rcodes.is_empty()), ("data", data.is_empty())] {
        if let Some(item) = table.get(key).filter(|item| empty && item.list().is_empty()) {
            item.report(
                item.fault("expected what a good answer has, but found an empty list").help(format!("leave \"{key}\" out")),
            );
        }
    }
    if data.len() > EXPECT_DATA_COUNT_MAX {
        let message = format!("expected data of at most {EXPECT_DATA_COUNT_MAX} records, but found {}", data.len());
        item.report(item.fault(message).help("name only those that must be there"));
    }
    Some((rcodes, data.into_iter().filter_map(|item| one_data(item, rtype)).collect()))
}

fn one_data(item: Item<'_>, rtype: RrType) -> Option<Vec<u8>> {
    let text = item.text("the data of a record, as in a zone file", "write it in quotes: data = \"192.0.2.1\"")?;
    match zone::data_from_text(rtype, text) {
        Ok(octets) => Some(rdata::folded(rtype, &octets).into_owned()),
        Err(fault) => {
            let diagnostic = item.fault(format!("this is no data of the type {rtype}: {}", fault.message));
            item.report(match fault.help {
                Some(help) => diagnostic.help(help),
                None => diagnostic,
            });
            None
        }
    }
}
