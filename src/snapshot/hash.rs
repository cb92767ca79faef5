//! The hash of names, eight octets a step: of any run of labels, so that a search hashes only those suffixes that it asks for.
//!
//! Queries are hostile, therefore seeded. The table keys are lower-case wire octets; whoever hashes has lower-cased before.

/// The hash of some labels in lower-case wire form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameHash(u64);

/// An odd constant with its bits spread evenly (the fraction of the golden ratio).
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl NameHash {
    /// The hash of these octets under this seed.
    pub fn of(seed: u64, labels: &[u8]) -> Self {
        let (words, tail) = labels.as_chunks::<8>();
        let mut state = seed ^ SPREAD ^ labels.len() as u64;
        for word in words {
            state = mix(state ^ u64::from_le_bytes(*word));
        }
        Self(mix(state ^ word_of(tail)))
    }

    /// The bits that choose a slot among `slots`.
    pub fn slot(self, slots: usize) -> usize {
        // Multiply and shift maps evenly onto any count without a division.
        ((u128::from(self.0) * slots as u128) >> 64) as usize
    }

    /// The bits that are compared before the name is.
    pub fn tag(self) -> u32 {
        // The low half: the slot comes from the upper bits.
        self.0 as u32
    }
}

/// Up to seven octets as a word, the first one lowest, without a step for each.
fn word_of(octets: &[u8]) -> u64 {
    let count = octets.len();
    match (octets.first_chunk::<4>(), octets.last_chunk::<4>()) {
        // Where the halves overlap they are equal.
        (Some(low), Some(high)) => {
            u64::from(u32::from_le_bytes(*low)) | u64::from(u32::from_le_bytes(*high)) << (8 * (count & 7) - 32)
        }
        _ => {
            let octet = |at: usize| octets.get(at).map_or(0, |octet| u64::from(*octet) << (8 * at));
            octet(0) | octet(1) | octet(2)
        }
    }
}

/// Folded multiplication: every input bit reaches every output bit.
fn mix(word: u64) -> u64 {
    let product = u128::from(word) * u128::from(SPREAD);
    (product as u64 ^ (product >> 64) as u64).rotate_left(23)
}

#[cfg(test)]
mod tests {
    use super::{NameHash, word_of};

    #[test]
    fn a_word_has_every_octet_in_its_place() {
        let octets = [1, 2, 3, 4, 5, 6, 7];
        for count in 0..=7 {
            let expected = octets[..count].iter().rev().fold(0, |word, octet| word << 8 | u64::from(*octet));
            assert_eq!(word_of(&octets[..count]), expected, "{count} octets");
        }
    }

    #[test]
    fn seed_order_and_length_count() {
        let hash = NameHash::of(7, b"\x03www\x0aexample-ab");
        assert_eq!(hash, NameHash::of(7, b"\x03www\x0aexample-ab"));
        assert_ne!(hash, NameHash::of(8, b"\x03www\x0aexample-ab"));
        assert_ne!(NameHash::of(7, b"\x02ab\x01c"), NameHash::of(7, b"\x01a\x02bc"));
        assert_ne!(NameHash::of(7, b""), NameHash::of(7, b"\0"));
        assert_ne!(NameHash::of(7, &[0; 8]), NameHash::of(7, &[0; 16]));
    }
}
