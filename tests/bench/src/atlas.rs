//! Where clients are, and so which place is the nearest: the judge of the answers of servers that choose by distance.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use maxminddb::Reader;
use serde::Deserialize;

use crate::Failure;
use crate::names::SITES;

/// A place that is this much farther than the nearest is as good: servers round in different ways.
const SLACK: f64 = 1.02;
/// What the queries tell of a client, in bits.
const SUBNET: u8 = 24;

/// The geo database, as the judge reads it.
pub struct Atlas(Reader<Vec<u8>>);

#[derive(Deserialize)]
struct Record {
    location: Option<Location>,
}

#[derive(Deserialize)]
struct Location {
    latitude: Option<f64>,
    longitude: Option<f64>,
}

impl Atlas {
    /// Opens the database.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        Reader::open_readfile(path).map(Self).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// The places that are right for a /24; any is if the database does not say where it is, or that it is in several places.
    pub fn nearest(&self, [first, second, third]: [u8; 3]) -> Vec<Ipv4Addr> {
        let client = IpAddr::from([first, second, third, 0]);
        let point = || -> Option<(f64, f64)> {
            let found = self.0.lookup(client).ok()?;
            let whole = found.network().is_ok_and(|network| network.prefix() <= SUBNET);
            let location = found.decode::<Record>().ok()??.location.filter(|_| whole)?;
            Some((location.latitude?, location.longitude?))
        };
        let Some(point) = point() else { return SITES.iter().map(|site| site.address).collect() };
        let least = SITES.iter().map(|site| distance(site.point, point)).fold(f64::INFINITY, f64::min);
        let near = SITES.iter().filter(|site| distance(site.point, point) <= SLACK * least + 1e-3);
        near.map(|site| site.address).collect()
    }
}

/// The angle between two points, in radians.
fn distance(one: (f64, f64), other: (f64, f64)) -> f64 {
    let ((a, b), (c, d)) = ((one.0.to_radians(), one.1.to_radians()), (other.0.to_radians(), other.1.to_radians()));
    let half = ((c - a) / 2.0).sin().powi(2) + a.cos() * c.cos() * ((d - b) / 2.0).sin().powi(2);
    2.0 * half.sqrt().min(1.0).asin()
}
