//! Octets that are mostly few: names and RDATA of a zone's records while it is read.
//!
//! A zone of a million records would otherwise ask the allocator two million times, and leave it with holes that nothing fills.

use std::fmt;
use std::ops::Deref;

/// How many octets stand in place; `www.example.com.` and an IPv6 address are among them.
const FEW_MAX: usize = 22;

/// Octets that never change; up to 22 stand in place, more on the heap.
#[derive(Clone)]
pub struct Octets(Kept);

#[derive(Clone)]
enum Kept {
    Few(u8, [u8; FEW_MAX]),
    Many(Box<[u8]>),
}

// Two of them in each record: a larger one would cost more than the allocation that it saves.
const _: () = assert!(size_of::<Octets>() == 24);

impl From<&[u8]> for Octets {
    fn from(octets: &[u8]) -> Self {
        let mut few = [0; FEW_MAX];
        match few.get_mut(..octets.len()) {
            Some(place) => {
                place.copy_from_slice(octets);
                Self(Kept::Few(octets.len() as u8, few))
            }
            None => Self(Kept::Many(octets.into())),
        }
    }
}

impl<const LENGTH: usize> From<&[u8; LENGTH]> for Octets {
    fn from(octets: &[u8; LENGTH]) -> Self {
        octets.as_slice().into()
    }
}

impl From<Vec<u8>> for Octets {
    fn from(octets: Vec<u8>) -> Self {
        octets.as_slice().into()
    }
}

impl Deref for Octets {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Kept::Few(length, few) => few.get(..usize::from(*length)).unwrap_or_default(),
            Kept::Many(many) => many,
        }
    }
}

impl PartialEq for Octets {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Octets {}

impl fmt::Debug for Octets {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::Octets;

    #[test]
    fn few_and_many_are_what_they_were_made_of() {
        for length in 0..60 {
            let octets: Vec<u8> = (0..length).collect();
            assert_eq!(*Octets::from(octets.as_slice()), *octets);
            assert_eq!(Octets::from(octets.clone()), Octets::from(octets.as_slice()));
        }
    }
}
