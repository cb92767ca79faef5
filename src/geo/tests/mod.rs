//! Worlds written by `writer`, read as files, and asked: the vectors of the design notes, laws over random worlds, damaged
//! files, and the database that ships.

mod files;
mod laws;
mod vectors;
mod writer;

use super::*;

fn point(latitude: f64, longitude: f64) -> Point {
    Point::new(latitude, longitude).unwrap()
}

fn world(bytes: Vec<u8>) -> World {
    World::read(&[("test.mmdb".to_owned(), bytes)]).unwrap()
}
