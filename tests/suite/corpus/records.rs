//! Zones as sets of records that can be compared, whoever read them: by us from text, by BIND in wire form, by NSD as it prints them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use signpost::diagnostic::{Diagnostic, Severity, Source, Sources};
use signpost::wire::rdata::folded;
use signpost::wire::{Name, RrType};
use signpost::zone::{self, Record, Zone, record_line};

use super::APEX;

/// Characters of a record that a complaint shows.
const LINE_LENGTH_MAX: usize = 160;

/// Whose set it is: the owner in lower case, and the type.
type Key = (Vec<u8>, RrType);

/// What a zone holds: TTLs and RDATA by set, names in lower case. Where the TTLs of a set differ, any of them may be served
/// (RFC 2181 §5.2 calls that an error, and we warn): it counts as none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Records {
    sets: BTreeMap<Key, BTreeSet<Vec<u8>>>,
    ttls: BTreeMap<Key, Option<u32>>,
}

impl Records {
    /// Reads a zone file of a folder as we do; `None` where a line has a fault.
    pub(super) fn ours(folder: &Path, file: &str) -> Option<Self> {
        let mut sources = Sources::default();
        let text = fs::read(folder.join(file)).unwrap();
        let source = sources.add(file, text);
        let mut include = |path: &str, _: &Source| -> Result<Arc<Source>, String> {
            let text = fs::read(folder.join(path)).map_err(|error| error.to_string())?;
            Ok(sources.add(path, text))
        };
        Self::unless_faulty(zone::parse(&apex(), &source, &mut include)).ok()
    }

    /// Reads what NSD prints.
    pub(super) fn printed(text: &[u8]) -> Result<Self, String> {
        let source = Sources::default().add("printed", text);
        Self::unless_faulty(zone::parse(&apex(), &source, &mut |_, _| Err("nothing is included".to_owned())))
    }

    fn unless_faulty((zone, diagnostics): (Zone, Vec<Diagnostic>)) -> Result<Self, String> {
        match diagnostics.into_iter().find(|found| found.severity == Severity::Error) {
            Some(fault) => Err(fault.message),
            None => Ok(Self::of(&zone)),
        }
    }

    /// The records of a zone.
    pub(super) fn of(zone: &Zone) -> Self {
        let mut records = Self::default();
        for record in &zone.records {
            records.add(&record.owner, record.rtype, record.ttl, &record.rdata);
        }
        records
    }

    /// Reads BIND's raw format: 24 octets of header, then one block an RRset.
    pub(super) fn raw(octets: &[u8]) -> Self {
        let mut rest = octets.get(24..).unwrap_or_default();
        let mut records = Self::default();
        while !rest.is_empty() {
            let length = number(&mut &rest[..4], 4);
            let (mut block, behind) = rest.split_at(length);
            rest = behind;
            let [_length, _class, rtype, _covers, ttl, count] = [4, 2, 2, 2, 4, 4].map(|size| number(&mut block, size));
            let owner = Name::from_wire(sized(&mut block)).unwrap();
            for _ in 0..count {
                let rdata = sized(&mut block);
                records.add(&owner, RrType(u16::try_from(rtype).unwrap()), u32::try_from(ttl).unwrap(), rdata);
            }
        }
        records
    }

    fn add(&mut self, owner: &Name, rtype: RrType, ttl: u32, rdata: &[u8]) {
        let key = (owner.to_lowercase_wire().into_vec(), rtype);
        let known = self.ttls.entry(key.clone()).or_insert(Some(ttl));
        if *known != Some(ttl) {
            *known = None;
        }
        self.sets.entry(key).or_default().insert(folded(rtype, rdata).into_owned());
    }

    /// What we have and they have not, or the other way round; `None` where both read the same.
    pub(super) fn difference(&self, theirs: &Self) -> Option<String> {
        let lines = [self.beyond(theirs, "ours  "), theirs.beyond(self, "theirs")].concat();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// The same records, their TTLs unknown.
    pub(super) fn without_ttls(&self) -> Self {
        Self { sets: self.sets.clone(), ttls: BTreeMap::new() }
    }

    /// Those of our records that they have not.
    fn beyond(&self, other: &Self, whose: &str) -> Vec<String> {
        let mut lines = Vec::new();
        for (key, set) in &self.sets {
            let [ttl, other_ttl] = [self, other].map(|records| records.ttls.get(key).copied().flatten());
            let is_other_ttl = ttl.is_some() && other_ttl.is_some() && ttl != other_ttl;
            let none = BTreeSet::new();
            let known = if is_other_ttl { &none } else { other.sets.get(key).unwrap_or(&none) };
            lines.extend(set.difference(known).map(|rdata| format!("  {whose} {}", line(key, ttl.unwrap_or_default(), rdata))));
        }
        lines
    }
}

/// The zone's name.
pub(super) fn apex() -> Name {
    Name::parse(APEX.as_bytes(), Some(&Name::root())).unwrap()
}

fn line((owner, rtype): &Key, ttl: u32, rdata: &[u8]) -> String {
    let nowhere = Sources::default().add("", "").span(0, 0);
    let owner = Name::from_wire(owner).unwrap();
    let record = Record { owner, rtype: *rtype, ttl, rdata: rdata.into(), span: nowhere, data: nowhere };
    record_line(&record).chars().take(LINE_LENGTH_MAX).collect()
}

fn number(octets: &mut &[u8], size: usize) -> usize {
    let (taken, rest) = octets.split_at(size);
    *octets = rest;
    taken.iter().fold(0, |number, &octet| number << 8 | usize::from(octet))
}

fn sized<'a>(octets: &mut &'a [u8]) -> &'a [u8] {
    let length = number(octets, 2);
    let (taken, rest) = octets.split_at(length);
    *octets = rest;
    taken
}
