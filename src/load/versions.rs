//! Two versions of a zone: the one that serves, and the one that its file holds by now. Does the serial tell them apart?
//! Which of them is served is decided in `loader.rs`.

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

/// An odd constant with its bits spread evenly (the fraction of the square root of 3).
const SPREAD: u64 = 0xbb67_ae85_84ca_a73b;

/// What the records of a zone are, in a number: their order does not matter. A zone is hashed at every load of it and mostly never
/// compared, so this is no hash for foreign hands: whoever writes the zone has nothing to gain from two that look alike.
pub(super) fn content(zone: &Zone) -> u64 {
    let hash = |record: &Record| {
        let head = u64::from(record.ttl) << 16 | u64::from(record.rtype.0);
        let owner = mix_in(head, record.owner.as_wire(), |octets| octets.make_ascii_lowercase());
        mix_in(owner, &record.rdata, |_| {})
    };
    zone.records.iter().map(hash).fold(0, u64::wrapping_add)
}

/// The state with some octets and their count mixed in, eight at a time.
fn mix_in(state: u64, octets: &[u8], fold: fn(&mut [u8; 8])) -> u64 {
    let mix = |state: u64, mut word: [u8; 8]| {
        fold(&mut word);
        let product = u128::from(state ^ u64::from_le_bytes(word)) * u128::from(SPREAD);
        (product as u64 ^ (product >> 64) as u64).wrapping_add(SPREAD)
    };
    let (words, tail) = octets.as_chunks::<8>();
    let state = words.iter().fold(state ^ (octets.len() as u64) << 48, |state, word| mix(state, *word));
    let mut last = [0; 8];
    last.iter_mut().zip(tail).for_each(|(to, from)| *to = *from);
    mix(state, last)
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
    use std::collections::HashSet;

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
        for other in ["", "www A 192.0.2.1\n", "www A 192.0.2.1\nwww A 192.0.2.3\n", "www 61 A 192.0.2.1\nwww A 192.0.2.2\n"] {
            assert_ne!(one, content(other), "{other}");
        }
        // Neither what two records have between them nor where an octet stands is lost.
        let text = |words: &str| content(&format!("a TXT {words}\n"));
        let told: HashSet<u64> =
            ["a b", "ab", "b a", "aaaaaaa b", "aaaaaa ab", "A B", "\"\"", "\"\" \"\""].into_iter().map(text).collect();
        assert_eq!(told.len(), 8);
        assert_ne!(content("a A 192.0.2.1\nb A 192.0.2.2\n"), content("a A 192.0.2.2\nb A 192.0.2.1\n"));
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
