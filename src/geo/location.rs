//! What is known about clients of a prefix, and the numbering of distinct locations while sources are read.
//! Which file says what is `mmdb.rs`'s and `text.rs`'s matter.

use std::collections::HashMap;

use super::countries::{continent_of, country_point, is_continent, is_country};
use super::leaves::{Leaves, VALUE_MAX};
use super::point::Point;

/// What a database knows about an address; at least one field is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Location {
    /// Coordinates, or the point that stands for the country.
    pub point: Option<Point>,
    /// ISO 3166-1 code.
    pub country: Option<[u8; 2]>,
    /// Two-letter code of the continent.
    pub continent: Option<[u8; 2]>,
    /// ISO 3166-2 code, "US-CA".
    pub subdivision: Option<String>,
    /// Number of the autonomous system.
    pub asn: Option<u32>,
}

impl Location {
    /// A location of facts as sources state them: unknown codes are dropped, what follows from a country is added.
    pub(super) fn new(point: Option<Point>, country: Option<&str>, continent: Option<&str>, asn: Option<u32>) -> Self {
        let country = country.and_then(letters).filter(|&code| is_country(code));
        let continent = continent.and_then(letters).filter(|&code| is_continent(code));
        Self {
            point: point.or_else(|| country.and_then(country_point)),
            continent: continent.or_else(|| country.and_then(continent_of)),
            country,
            subdivision: None,
            asn,
        }
    }

    /// Adds a subdivision, of which sources may leave out the country: "CA" or "US-CA".
    pub(super) fn subdivision(mut self, code: Option<&str>) -> Self {
        self.subdivision = match (self.country.as_ref().map(|country| str::from_utf8(country)), code) {
            (_, Some(full)) if full.contains('-') => Some(full.to_owned()),
            (Some(Ok(country)), Some(code)) if !code.is_empty() => Some(format!("{country}-{code}")),
            _ => None,
        };
        self
    }

    /// Whether anything is known.
    pub(super) fn is_known(&self) -> bool {
        self.has_place() || self.asn.is_some()
    }

    /// What the first source knows, and the second where the first does not: the place is one fact, the network another.
    fn or(&self, second: &Self) -> Self {
        let place = if self.has_place() { self } else { second };
        Self { asn: self.asn.or(second.asn), ..place.clone() }
    }

    fn has_place(&self) -> bool {
        self.point.is_some() || self.country.is_some() || self.continent.is_some()
    }

    fn key(&self) -> Key {
        (self.point.map(Point::bits), self.country, self.continent, self.subdivision.clone(), self.asn)
    }
}

type Key = (Option<[u64; 2]>, Option<[u8; 2]>, Option<[u8; 2]>, Option<String>, Option<u32>);

fn letters(code: &str) -> Option<[u8; 2]> {
    code.as_bytes().try_into().ok()
}

/// What one file tells: a cover of each family with numbers of locations.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) v4: Leaves,
    pub(super) v6: Leaves,
    /// When the database was built, in seconds since 1970; a text does not say.
    pub(super) build_epoch: Option<u64>,
}

/// Distinct locations in the order in which they are met.
#[derive(Debug, Default)]
pub(super) struct Locations {
    list: Vec<Location>,
    numbers: HashMap<Key, u32>,
}

impl Locations {
    /// The number of a location; `None` if there are more than a leaf can tell apart.
    pub(super) fn number(&mut self, location: Location) -> Option<u32> {
        let next = u32::try_from(self.list.len()).ok().filter(|&next| next < VALUE_MAX)?;
        let number = *self.numbers.entry(location.key()).or_insert(next);
        if number == next {
            self.list.push(location);
        }
        Some(number)
    }

    /// Lays a source under another: each fact comes from the first that knows it.
    pub(super) fn join(&mut self, first: &Leaves, second: &Leaves) -> Leaves {
        let mut known: HashMap<(u32, u32), Option<u32>> = HashMap::new();
        first.zip(second, |first, second| match (first, second) {
            (Some(first), Some(second)) => *known.entry((first, second)).or_insert_with(|| {
                let joined = self.list.get(first as usize)?.or(self.list.get(second as usize)?);
                self.number(joined)
            }),
            (one, other) => one.or(other),
        })
    }

    /// The locations that the covers still name, numbered anew in the order of addresses, so that equal content makes equal
    /// numbers.
    pub(super) fn compact(self, covers: [&Leaves; 2]) -> (Vec<Location>, [Leaves; 2]) {
        let mut kept = Vec::new();
        let mut numbers: Vec<Option<u32>> = vec![None; self.list.len()];
        let renumbered = covers.map(|leaves| {
            leaves.map(|old| {
                let number = numbers.get_mut(old as usize)?;
                if number.is_none() {
                    *number = u32::try_from(kept.len()).ok();
                    kept.extend(self.list.get(old as usize).cloned());
                }
                *number
            })
        });
        (kept, renumbered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_checked_and_completed() {
        let german = Location::new(None, Some("DE"), None, None);
        assert_eq!((german.point, german.continent), (Point::new(50.11, 8.68), Some(*b"EU")));
        assert_eq!(german.clone().subdivision(Some("BE")).subdivision.as_deref(), Some("DE-BE"));
        assert_eq!(german.subdivision(Some("US-CA")).subdivision.as_deref(), Some("US-CA"));
        assert!(!Location::new(None, Some("ZZ"), Some("XX"), None).subdivision(Some("CA")).is_known());
    }

    #[test]
    fn each_fact_comes_from_the_first_that_knows_it() {
        let network = Location { asn: Some(64500), ..Location::default() };
        let french = Location::new(None, Some("FR"), None, Some(64501));
        let both = network.or(&french);
        assert_eq!((both.asn, both.country), (Some(64500), Some(*b"FR")));
        assert_eq!(french.or(&Location::new(None, Some("DE"), None, None)), french);
    }
}
