//! Which children of a `nearest` policy are nearest to each client: the table that one query asks.
//!
//! The order is computed once per distinct point; prefixes with the same order merge. A client that can't be located is in a
//! hole, which stays one: what happens then is the reader's to decide.

use std::collections::HashMap;
use std::net::IpAddr;

use super::point::{Direction, Point, chord_km, straight_km, straight_km_squared};
use super::table::{Hit, Tables};
use super::world::World;
use crate::limits::{GEO_BIAS_MAX, NEAREST_LENGTH};

/// One child of a `nearest` policy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Placed {
    /// Its located leaves; the nearest counts. A child without any is in no order.
    pub points: Vec<Point>,
    /// -99 to 99; above 0 the child seems nearer than it is, below 0 farther.
    pub bias: i8,
}

/// Every prefix and the children nearest to it.
#[derive(Debug)]
pub struct PlacesTable {
    pub(super) tables: Tables<u64>,
    orders: Vec<Order>,
}

/// Up to [`NEAREST_LENGTH`] children, nearest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Order {
    children: [u16; NEAREST_LENGTH],
    count: u8,
}

impl PlacesTable {
    /// The table of these children; they are named by their index.
    pub fn compile(world: &World, places: &[Placed]) -> Self {
        let children: Vec<Child> = (0..).zip(places).filter_map(|(index, placed)| Child::new(index, placed)).collect();
        let spots = world.spots();
        let mut orders = Orders::default();
        let order_at: Vec<u32> = spots.directions.iter().map(|from| orders.number(nearest(&children, *from))).collect();
        let order_of: Vec<Option<u32>> = spots.of.iter().map(|spot| order_at.get((*spot)? as usize).copied()).collect();
        let [v4, v6] = world.tables.leaves().map(|leaves| leaves.map(|number| order_of.get(number as usize).copied().flatten()));
        Self { tables: Tables::new(v4, v6), orders: orders.list }
    }

    /// The children nearest to an address, nearest first; no value where the address can't be located.
    pub fn lookup(&self, address: IpAddr) -> Hit<&[u16]> {
        self.tables.lookup(address).and_then(|number| {
            let order = self.orders.get(number as usize)?;
            order.children.get(..usize::from(order.count))
        })
    }

    /// How many IPv4 and IPv6 prefixes there are, holes included.
    pub fn prefix_counts(&self) -> (usize, usize) {
        self.tables.counts()
    }
}

/// A child that stands somewhere.
struct Child {
    index: u16,
    directions: Box<[Direction]>,
    /// What its distance is multiplied with: the bias as Route 53's geoproximity applies it.
    factor: f64,
}

impl Child {
    fn new(index: u16, placed: &Placed) -> Option<Self> {
        let directions: Box<[_]> = placed.points.iter().map(|point| point.direction()).collect();
        let share = f64::from(placed.bias.clamp(-GEO_BIAS_MAX, GEO_BIAS_MAX)) / 100.0;
        let factor = if share > 0.0 { 1.0 - share } else { 1.0 / (1.0 + share) };
        (!directions.is_empty()).then_some(Self { index, directions, factor })
    }

    /// How far it seems to be, if that is at most `limit`.
    fn distance_km(&self, from: Direction, limit: f64) -> Option<f64> {
        let chords = self.directions.iter().map(|&direction| direction.chord_squared(from));
        let chord = chords.fold(f64::INFINITY, |least, chord| if chord < least { chord } else { least });
        // Most are far off, which squares tell; the margin is for their rounding.
        if straight_km_squared(chord) * self.factor * self.factor > limit * limit * 1.000_001 {
            return None;
        }
        // The straight line is never longer than the way over ground, and needs no arc sine.
        (straight_km(chord) * self.factor <= limit).then(|| chord_km(chord) * self.factor)
    }
}

/// The children by distance; of equally near ones the first written comes first.
fn nearest(children: &[Child], from: Direction) -> Order {
    let mut order = Order::default();
    let mut distances = [f64::INFINITY; NEAREST_LENGTH];
    for child in children {
        let [.., farthest] = distances;
        let Some(distance) = child.distance_km(from, farthest) else { continue };
        let place = distances.partition_point(|other| *other <= distance);
        if let (Some(distances), Some(children)) = (distances.get_mut(place..), order.children.get_mut(place..))
            && !distances.is_empty()
        {
            distances.rotate_right(1);
            children.rotate_right(1);
            distances.iter_mut().take(1).for_each(|first| *first = distance);
            children.iter_mut().take(1).for_each(|first| *first = child.index);
            order.count = NEAREST_LENGTH.min(usize::from(order.count) + 1) as u8;
        }
    }
    order
}

/// Distinct orders, numbered.
#[derive(Default)]
struct Orders {
    list: Vec<Order>,
    numbers: HashMap<Order, u32>,
    /// The one before: neighbours are often alike.
    last: Option<(Order, u32)>,
}

impl Orders {
    /// There are at most as many orders as locations, so numbers fit a leaf.
    fn number(&mut self, order: Order) -> u32 {
        if let Some((_, number)) = self.last.filter(|(last, _)| *last == order) {
            return number;
        }
        let next = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(order).or_insert(next);
        if number == next {
            self.list.push(order);
        }
        self.last = Some((order, number));
        number
    }
}
