//! Where addresses are: databases and place names in, prefix tables with exact scopes out.
//!
//! Bytes of databases come from `load`; nothing here reads a file. Health is not known here: a table gives an order of
//! places, the walk over what is up is `answer`'s.
#![warn(clippy::indexing_slicing)]

use std::net::IpAddr;

/// A point on Earth, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// North is positive.
    pub latitude: f64,
    /// East is positive.
    pub longitude: f64,
}

/// An address prefix; no bit is set behind its length, and no IPv6 prefix lies in `::ffff:0:0/96`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Prefix {
    address: IpAddr,
    length: u8,
}

impl Prefix {
    /// A prefix; `None` if the length is over the family's or bits are set behind it.
    pub fn new(address: IpAddr, length: u8) -> Option<Self> {
        Some(Self { address, length })
    }
}

/// What a rule asks of a client: all keys that are written must match, each by any of its values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Match {
    /// ISO 3166-1 codes in upper case, `@eu` already expanded.
    pub country: Vec<[u8; 2]>,
}
