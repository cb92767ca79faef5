//! Points on Earth and the distance between them, along great circles of a sphere.
//!
//! A sphere is off by half a per cent at most, which no choice among data centres can notice.

use std::hash::{Hash, Hasher};

/// The mean radius of Earth.
const EARTH_RADIUS_KM: f64 = 6371.0088;

/// A point on Earth, in degrees.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// North is positive.
    pub latitude: f64,
    /// East is positive.
    pub longitude: f64,
}

impl Point {
    /// A point; `None` unless the latitude is within 90 and the longitude within 180 degrees of zero.
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let on_earth = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        on_earth.then_some(Self { latitude, longitude })
    }

    /// The point as a vector from the middle of a sphere of radius one.
    pub(super) fn direction(self) -> Direction {
        let (latitude, longitude) = (self.latitude.to_radians(), self.longitude.to_radians());
        let (x, y) = (latitude.cos() * longitude.cos(), latitude.cos() * longitude.sin());
        Direction { x, y, z: latitude.sin() }
    }

    /// What tells points apart exactly; the two zeros are one.
    pub(super) fn bits(self) -> [u64; 2] {
        [(self.latitude + 0.0).to_bits(), (self.longitude + 0.0).to_bits()]
    }
}

impl PartialEq for Point {
    fn eq(&self, other: &Self) -> bool {
        self.bits() == other.bits()
    }
}

impl Eq for Point {}

impl Hash for Point {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.bits().hash(hasher);
    }
}

/// A unit vector: distances between them need no sine per pair.
#[derive(Clone, Copy, Debug)]
pub(super) struct Direction {
    x: f64,
    y: f64,
    z: f64,
}

impl Direction {
    /// The square of the straight line through Earth: it grows with the distance and stays exact for near points.
    pub(super) fn chord_squared(self, other: Self) -> f64 {
        (self.x - other.x).powi(2) + (self.y - other.y).powi(2) + (self.z - other.z).powi(2)
    }
}

/// The length of a chord, through Earth.
pub(super) fn straight_km(chord_squared: f64) -> f64 {
    EARTH_RADIUS_KM * chord_squared.sqrt()
}

/// The square of that.
pub(super) fn straight_km_squared(chord_squared: f64) -> f64 {
    EARTH_RADIUS_KM * EARTH_RADIUS_KM * chord_squared
}

/// The distance over ground that belongs to a chord.
pub(super) fn chord_km(chord_squared: f64) -> f64 {
    2.0 * EARTH_RADIUS_KM * (chord_squared.sqrt() / 2.0).min(1.0).asin()
}

/// The great-circle distance of two points.
pub fn distance_km(a: Point, b: Point) -> f64 {
    chord_km(a.direction().chord_squared(b.direction()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_the_known_ones() {
        let point = |latitude, longitude| Point::new(latitude, longitude).unwrap();
        let (iad, fra, gru) = (point(38.95, -77.45), point(50.11, 8.68), point(-23.55, -46.63));
        let cases = [
            (point(51.51, -0.13), iad, 5921.0),
            (point(51.51, -0.13), fra, 638.0),
            (point(35.68, 139.69), gru, 18535.0),
            (point(64.73, 177.50), iad, 6801.0),
            (point(0.0, 0.0), point(0.0, 180.0), 20015.1),
            (point(-33.87, 151.21), point(-33.87, 151.21), 0.0),
        ];
        for (from, to, expected) in cases {
            assert!((distance_km(from, to) - expected).abs() < 1.0, "{from:?} to {to:?}: {}", distance_km(from, to));
        }
    }

    #[test]
    fn a_point_is_on_earth() {
        assert!(Point::new(90.0, -180.0).is_some());
        for (latitude, longitude) in [(90.1, 0.0), (0.0, 180.1), (f64::NAN, 0.0), (0.0, f64::INFINITY)] {
            assert_eq!(Point::new(latitude, longitude), None);
        }
    }
}
