//! The location table: what all databases together know about every address, clipped and merged.
//!
//! It is compiled once per load; the tables of policies are made from it, and `explain` asks it directly. Several files lie
//! in layers: for each fact, the place or the network's number, the first file that knows it wins.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::OnceLock;

use super::leaves::Leaves;
use super::location::{Location, Locations, Source};
use super::point::{Direction, Point};
use super::table::{Hit, Tables};
use super::{mmdb, text};
use crate::limits;

/// Every address and where it is, as far as the databases know.
#[derive(Debug)]
pub struct World {
    pub(super) tables: Tables<u64>,
    pub(super) locations: Vec<Location>,
    identity: u64,
    builds: Vec<Build>,
    /// Made when the first policy asks for them.
    spots: OnceLock<Spots>,
}

/// The distinct points of all locations: distances are computed once for each.
#[derive(Debug)]
pub(super) struct Spots {
    /// In the order in which locations have them.
    pub(super) directions: Vec<Direction>,
    /// For each location its point among them.
    pub(super) of: Vec<Option<u32>>,
}

/// One file that a world is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    /// The file, as messages name it.
    pub name: String,
    /// When its database was built, in seconds since 1970; `None` for the text form.
    pub epoch: Option<u64>,
}

/// Which facts the databases know of at least one address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Where it is.
    pub point: bool,
    /// Its country.
    pub country: bool,
    /// Its continent.
    pub continent: bool,
    /// Its part of the country.
    pub subdivision: bool,
    /// Its autonomous system.
    pub asn: bool,
}

/// A world in numbers, for status and logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The files, in the order in which facts are sought.
    pub builds: Vec<Build>,
    /// IPv4 prefixes after clipping and merging, holes included.
    pub prefixes_v4: usize,
    /// The same for IPv6.
    pub prefixes_v6: usize,
    /// Distinct locations.
    pub locations: usize,
}

impl Default for World {
    /// A world in which nothing is known.
    fn default() -> Self {
        Self::build(Locations::default(), [Leaves::empty(), Leaves::empty()], Vec::new())
    }
}

impl World {
    /// Reads files, given as (name for messages, content); all faults of all files are reported.
    pub fn read(files: &[(String, Vec<u8>)]) -> Result<Self, Vec<String>> {
        let mut locations = Locations::default();
        let mut covers: Option<[Leaves; 2]> = None;
        let (mut builds, mut faults) = (Vec::new(), Vec::new());
        for (name, bytes) in files {
            match source(bytes, &mut locations) {
                Ok(source) => {
                    covers = Some(match covers {
                        Some([v4, v6]) => [locations.join(&v4, &source.v4), locations.join(&v6, &source.v6)],
                        None => [source.v4, source.v6],
                    });
                    builds.push(Build { name: name.clone(), epoch: source.build_epoch });
                }
                Err(found) => faults.extend(found.into_iter().map(|fault| format!("{name}:{fault}"))),
            }
        }
        let covers = covers.unwrap_or_else(|| [Leaves::empty(), Leaves::empty()]);
        if faults.is_empty() { Ok(Self::build(locations, covers, builds)) } else { Err(faults) }
    }

    /// Where an address is.
    pub fn locate(&self, address: IpAddr) -> Hit<&Location> {
        self.tables.lookup(address).and_then(|number| self.locations.get(number as usize))
    }

    /// What is known at all.
    pub fn facts(&self) -> Facts {
        let any = |known: fn(&Location) -> bool| self.locations.iter().any(known);
        Facts {
            point: any(|location| location.point.is_some()),
            country: any(|location| location.country.is_some()),
            continent: any(|location| location.continent.is_some()),
            subdivision: any(|location| location.subdivision.is_some()),
            asn: any(|location| location.asn.is_some()),
        }
    }

    /// A number made from the whole content: two nodes that show the same one give the same answers and scopes.
    pub fn identity(&self) -> u64 {
        self.identity
    }

    /// The world in numbers.
    pub fn summary(&self) -> Summary {
        let (prefixes_v4, prefixes_v6) = self.tables.counts();
        Summary { builds: self.builds.clone(), prefixes_v4, prefixes_v6, locations: self.locations.len() }
    }

    pub(super) fn spots(&self) -> &Spots {
        self.spots.get_or_init(|| {
            let mut directions = Vec::new();
            let mut known: HashMap<Point, u32> = HashMap::new();
            let mut number = |point: Point| {
                *known.entry(point).or_insert_with(|| {
                    directions.push(point.direction());
                    // There are fewer than a leaf can tell apart.
                    (directions.len() - 1) as u32
                })
            };
            let of = self.locations.iter().map(|location| location.point.map(&mut number)).collect();
            Spots { directions, of }
        })
    }

    fn build(locations: Locations, [v4, v6]: [Leaves; 2], builds: Vec<Build>) -> Self {
        let (locations, [v4, v6]) = locations.compact([&v4, &v6]);
        let identity = identity(&locations, [&v4, &v6]);
        Self { tables: Tables::new(v4, v6), locations, identity, builds, spots: OnceLock::new() }
    }
}

/// One file in whichever form it is; faults begin with what follows the file's name and a colon.
fn source(bytes: &[u8], locations: &mut Locations) -> Result<Source, Vec<String>> {
    if bytes.len() > limits::GEO_FILE_LENGTH_MAX {
        return Err(vec![format!(" expected at most {} octets, but found {}", limits::GEO_FILE_LENGTH_MAX, bytes.len())]);
    }
    // A database has NUL octets between its tree and its data, a text has none.
    match str::from_utf8(bytes) {
        Ok(content) if !content.contains('\0') => text::read(content, locations),
        Ok(_) | Err(_) => mmdb::read(bytes, locations).map_err(|fault| vec![format!(" {fault}")]),
    }
}

/// FNV-1a over words; the standard library's hashes may differ from one build to the next.
fn identity(locations: &[Location], covers: [&Leaves; 2]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let mut take = |word: u64| hash = (hash ^ word).wrapping_mul(0x0000_0100_0000_01b3);
    for location in locations {
        let [latitude, longitude] = location.point.map_or([1; 2], super::Point::bits);
        take(latitude);
        take(longitude);
        take(location.asn.map_or(0, u64::from));
        let codes = location.country.iter().chain(&location.continent).flatten();
        codes.chain(location.subdivision.iter().flat_map(|code| code.as_bytes())).for_each(|&octet| take(octet.into()));
    }
    for leaves in covers {
        leaves.words().iter().for_each(|&word| take(word.into()));
    }
    hash
}
