//! Two versions of a zone: the one that serves, and the one that its file holds by now. Does the serial tell them apart?
//! Which of them is served is decided in `loader.rs`.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use crate::diagnostic::Diagnostic;
use crate::wire::{Name, RrType};
use crate::zone::{Record, Zone};

/// A zone that serves an older version than its file holds, because the file is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Older {
    /// The zone.
    pub apex: Name,
    /// The serial of the version that serves.
    pub serial: u32,
    /// For how long its file has been refused.
    pub refused_for: Duration,
}

/// What the records of a zone are, in a number: their order does not matter.
pub(super) fn content(zone: &Zone) -> u64 {
    let hash = |record: &Record| {
        let mut hasher = DefaultHasher::new();
        (&record.owner, record.rtype, record.ttl, &*record.rdata).hash(&mut hasher);
        hasher.finish()
    };
    zone.records.iter().map(hash).fold(0, u64::wrapping_add)
}

/// What secondaries would make of a zone that changed from the serial `before` to `now`, if they would not take the change.
pub(super) fn stale_serial(zone: &Zone, before: u32, now: u32) -> Option<Diagnostic> {
    let apex = &zone.apex;
    let soa = zone.records.iter().find(|record| record.rtype == RrType::SOA && record.owner == *apex)?;
    let message = match now.wrapping_sub(before) {
        0 => format!("the zone \"{apex}\" has changed, but its serial is {now} as before"),
        // RFC 1982 §3.2: up to half of all numbers are above this one; the one in the middle is neither above nor below.
        1..0x8000_0000 => return None,
        0x8000_0000.. => format!("the serial of the zone \"{apex}\" went back from {before} to {now} (RFC 1982)"),
    };
    let help = format!("raise the serial with every change, here to {} or more", before.wrapping_add(1));
    Some(Diagnostic::warning(soa.data, message).label("secondaries would not fetch this version").help(help))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Sources;

    fn zone(text: &str) -> Zone {
        let apex = Name::parse(b"example.com", Some(&Name::root())).unwrap();
        let source = Sources::default().add("example.com.zone", format!("$TTL 60\n@ SOA ns1 hm 1 7200 3600 1209600 300\n{text}"));
        crate::zone::parse(&apex, &source, &mut |_, _| Err(String::new())).0
    }

    #[test]
    fn the_content_is_the_records_and_not_how_they_are_written() {
        let content = |text: &str| super::content(&zone(text));
        let one = content("www A 192.0.2.1\nwww A 192.0.2.2\n");
        assert_eq!(one, content("; a comment\nWWW.example.com. IN 60 A 192.0.2.2\nwww A 192.0.2.1\n"));
        for other in ["www A 192.0.2.1\n", "www A 192.0.2.1\nwww A 192.0.2.3\n", "www 61 A 192.0.2.1\nwww A 192.0.2.2\n"] {
            assert_ne!(one, content(other), "{other}");
        }
    }

    #[test]
    fn serials_are_compared_modulo_2_to_the_32() {
        let told = |before: u32, now: u32| stale_serial(&zone(""), before, now).map(|warning| warning.message);
        for (before, now) in [(1, 2), (u32::MAX, 0), (u32::MAX, 0x7fff_fffe), (0, 0x7fff_ffff)] {
            assert_eq!(told(before, now), None, "{before} to {now}");
        }
        for (before, now) in [(2, 1), (0, u32::MAX), (0, 0x8000_0000), (0x7fff_ffff, u32::MAX)] {
            assert!(told(before, now).unwrap().contains("went back"), "{before} to {now}");
        }
        assert!(told(7, 7).unwrap().ends_with("its serial is 7 as before"));
    }
}
