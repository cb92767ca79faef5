//! The kinds of fields of RDATA in text: for each a reader, text to octets, and beside it the printer, octets to text.
//!
//! Which fields a type has is said by the table in `wire/rdata.rs`; `rdata` and `print` go through its rows. A printer gives
//! nothing where octets are not what its reader could have made: that is how the parser finds out whether octets fit.

pub(super) mod address;
pub(super) mod encoded;
pub(super) mod gateway;
pub(super) mod location;
pub(super) mod number;
pub(super) mod osi;
pub(super) mod prefixes;
pub(super) mod string;
pub(super) mod types;

#[cfg(test)]
pub(super) mod tests;

use super::fields::What;
use crate::wire::Name;

/// RDATA octets that are not printed yet.
#[derive(Debug)]
pub(super) struct Octets<'a> {
    rest: &'a [u8],
}

impl<'a> Octets<'a> {
    /// All octets of some RDATA.
    pub(super) fn new(rdata: &'a [u8]) -> Self {
        Self { rest: rdata }
    }

    /// Whether all of them are printed.
    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    /// The next octets, as many as the caller's type says.
    pub(super) fn array<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        self.take(LENGTH)?.try_into().ok()
    }

    fn octet(&mut self) -> Option<u8> {
        self.array().map(u8::from_be_bytes)
    }

    /// All that is left.
    pub(super) fn take_rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// Octets behind their number.
    fn prefixed(&mut self) -> Option<&'a [u8]> {
        let length = self.octet()?;
        self.take(length.into())
    }

    /// An uncompressed domain name.
    pub(super) fn name(&mut self) -> Option<Name> {
        let mut length = 0;
        while let Some(&label) = self.rest.get(length) {
            length += 1 + usize::from(label);
            if label == 0 {
                break;
            }
        }
        let (name, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Name::from_wire(name)
    }
}

/// One word of a field that is several words in text: its own name, out of those that the table gives.
fn part<'w>(what: What<'w>, index: usize, kind: &'w str) -> What<'w> {
    What { word: what.word.split('+').nth(index).unwrap_or_default(), kind }
}
