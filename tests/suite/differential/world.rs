//! A world: a few zones that name nothing outside them but names that nobody serves, and what is asked about them.
//!
//! Names are text. A `%` in one stands for the world's number, so that one world can stand beside many in one server.

use crate::harness::peers::ZoneText;

/// Zones that interact: one, perhaps a child of it, perhaps a stranger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct World {
    pub(super) zones: Vec<Zone>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Zone {
    pub(super) apex: String,
    pub(super) records: Vec<Record>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Record {
    pub(super) owner: String,
    pub(super) rtype: &'static str,
    pub(super) data: String,
}

/// What is asked, and how.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Question {
    pub(super) name: String,
    pub(super) rtype: u16,
    /// The size that an OPT record announces.
    pub(super) payload: Option<u16>,
    pub(super) recursion_desired: bool,
}

/// A question and the world that it is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) world: World,
    pub(super) question: Question,
}

/// What every zone begins with. The name server of the SOA is nowhere, so no additional record depends on it.
const SOA: &str = "ns.nowhere.invalid. host.nowhere.invalid. 1 7200 3600 1209600 300";

impl World {
    /// Its zone files, as the world of this number.
    pub(super) fn files(&self, number: usize) -> impl Iterator<Item = ZoneText> {
        self.zones.iter().map(move |zone| {
            let apex = numbered(&zone.apex, number);
            ZoneText { text: numbered(&zone.text(), number), apex }
        })
    }

    pub(super) fn record_count(&self) -> usize {
        self.zones.iter().map(|zone| zone.records.len()).sum()
    }
}

impl Zone {
    pub(super) fn new(apex: &str) -> Self {
        Self { apex: apex.to_owned(), records: Vec::new() }
    }

    pub(super) fn add(&mut self, owner: &str, rtype: &'static str, data: impl Into<String>) {
        self.records.push(Record { owner: owner.to_owned(), rtype, data: data.into() });
    }

    fn text(&self) -> String {
        let head = format!("$TTL 3600\n{} SOA {SOA}\n", self.apex);
        let lines = self.records.iter().map(|record| format!("{} {} {}\n", record.owner, record.rtype, record.data));
        std::iter::once(head).chain(lines).collect()
    }
}

impl Question {
    /// The octets of a query with this id, asked of the world of this number.
    pub(super) fn octets(&self, number: usize, id: u16) -> Vec<u8> {
        let mut octets = id.to_be_bytes().to_vec();
        octets.extend([u8::from(self.recursion_desired), 0, 0, 1, 0, 0, 0, 0, 0, u8::from(self.payload.is_some())]);
        for label in numbered(&self.name, number).split_terminator('.') {
            octets.push(u8::try_from(label.len()).unwrap());
            octets.extend(label.as_bytes());
        }
        octets.push(0);
        octets.extend(self.rtype.to_be_bytes());
        octets.extend([0, 1]);
        if let Some(payload) = self.payload {
            octets.extend([0, 0, 41]);
            octets.extend(payload.to_be_bytes());
            octets.extend([0; 6]);
        }
        octets
    }
}

/// The text with the world's number in it, always as long.
pub(super) fn numbered(text: &str, number: usize) -> String {
    text.replace('%', &format!("{number:04}"))
}

/// The name and its ancestors, the name first, without the root.
pub(super) fn suffixes(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |name| name.split_once('.').map(|(_, rest)| rest)).filter(|name| !name.is_empty())
}

/// Whether the name is at or below an apex, in whatever case.
pub(super) fn is_within(name: &str, apex: &str) -> bool {
    suffixes(name).any(|suffix| suffix.eq_ignore_ascii_case(apex))
}
