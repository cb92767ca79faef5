//! The structure that is searched per query: a root index over the upper bits, then a binary search among starts; in large IPv4
//! covers marks instead of starts.
//!
//! Every address is in exactly one leaf, so a look-up always ends in a length, and that length is the widest prefix for which
//! the same is true.

use std::net::IpAddr;

use super::leaves::{Leaves, unpack};
use super::marks::{self, Marks};

/// Upper bits that the root index resolves at most, per family: more brings nothing, as notes on look-ups show.
const ROOT_BITS_V4: u32 = 16;
const ROOT_BITS_V6: u32 = 18;
/// IPv4 leaves from which on they are marked: the starts of fewer lie in the nearest caches, and marks have a fixed cost.
const MARKED_MIN: usize = 1 << 12;

/// What a table says about an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit<T> {
    /// What is true there; `None` in a hole.
    pub value: Option<T>,
    /// The length of the widest prefix around the address of which the same is true.
    pub length: u8,
}

impl<T> Hit<T> {
    /// The same length, another value.
    pub(super) fn and_then<U>(self, change: impl FnOnce(T) -> Option<U>) -> Hit<U> {
        Hit { value: self.value.and_then(change), length: self.length }
    }
}

/// The leading bits of a position that the leaves of a table can differ in: 32, 64 or 128.
pub(super) trait Key: Copy + Ord {
    fn leading(position: u128) -> Self;

    /// The upper `bits` of it, at most 31 and at least 1.
    fn upper(self, bits: u32) -> usize;
}

impl Key for u32 {
    fn leading(position: u128) -> Self {
        (position >> 96) as Self
    }

    fn upper(self, bits: u32) -> usize {
        (self >> (Self::BITS - bits)) as usize
    }
}

impl Key for u64 {
    fn leading(position: u128) -> Self {
        (position >> 64) as Self
    }

    fn upper(self, bits: u32) -> usize {
        (self >> (Self::BITS - bits)) as usize
    }
}

impl Key for u128 {
    fn leading(position: u128) -> Self {
        position
    }

    fn upper(self, bits: u32) -> usize {
        (self >> (Self::BITS - bits)) as usize
    }
}

/// Both families; `K` is as wide as the IPv6 leaves can be long.
#[derive(Debug)]
pub(super) struct Tables<K> {
    v4: Table<u32>,
    v6: Table<K>,
}

impl<K: Key> Tables<K> {
    pub(super) fn new(v4: Leaves, v6: Leaves) -> Self {
        let is_marked = v4.count() >= MARKED_MIN && v4.iter().all(|leaf| leaf.length <= marks::LENGTH_MAX);
        let v4 = if is_marked { Table::marked(v4) } else { Table::sorted(v4, ROOT_BITS_V4) };
        Self { v4, v6: Table::sorted(v6, ROOT_BITS_V6) }
    }

    pub(super) fn lookup(&self, address: IpAddr) -> Hit<u32> {
        match address {
            IpAddr::V4(v4) => self.v4.lookup(v4.to_bits()),
            IpAddr::V6(v6) => self.v6.lookup(K::leading(v6.to_bits())),
        }
    }

    /// The leaves of IPv4 and of IPv6.
    pub(super) fn leaves(&self) -> [&Leaves; 2] {
        [&self.v4.leaves, &self.v6.leaves]
    }

    /// How many leaves each family has, holes included.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.v4.leaves.count(), self.v6.leaves.count())
    }
}

#[derive(Debug)]
struct Table<K> {
    index: Index<K>,
    leaves: Leaves,
}

/// What finds an address's leaf.
#[derive(Debug)]
enum Index<K> {
    Sorted(Starts<K>),
    Marked(Marks),
}

/// The starts of all leaves, in order.
#[derive(Debug)]
struct Starts<K> {
    root_bits: u32,
    /// Per value of the upper bits the leaf that contains its first address; one more at the end for the last leaf.
    root: Vec<u32>,
    starts: Vec<K>,
}

impl<K: Key> Table<K> {
    fn sorted(leaves: Leaves, root_bits_max: u32) -> Self {
        Self { index: Index::Sorted(Starts::new(&leaves, root_bits_max)), leaves }
    }

    /// Of IPv4 leaves, none longer than [`marks::LENGTH_MAX`].
    fn marked(leaves: Leaves) -> Self {
        Self { index: Index::Marked(Marks::new(&leaves)), leaves }
    }

    fn lookup(&self, key: K) -> Hit<u32> {
        let index = match &self.index {
            Index::Marked(marks) => marks.find(key.upper(marks::LENGTH_MAX.into()) as u32),
            Index::Sorted(starts) => starts.find(key),
        };
        let (length, value) = self.leaves.words().get(index).map_or((0, None), |&word| unpack(word));
        Hit { value, length }
    }
}

impl<K: Key> Starts<K> {
    fn new(leaves: &Leaves, root_bits_max: u32) -> Self {
        let root_bits = leaves.count().checked_ilog2().unwrap_or(0).clamp(1, root_bits_max);
        let starts: Vec<K> = leaves.iter().map(|leaf| K::leading(leaf.start)).collect();
        let mut root = Vec::with_capacity((1 << root_bits) + 1);
        let mut index = 0u32;
        for leaf in leaves.iter().skip(1) {
            // Buckets that begin before the next leaf begin in this one.
            let until = (leaf.start - 1) >> (128 - root_bits);
            while (root.len() as u128) <= until {
                root.push(index);
            }
            index += 1;
        }
        root.resize((1 << root_bits) + 1, index);
        Self { root_bits, root, starts }
    }

    /// The index of the leaf in which an address lies.
    fn find(&self, key: K) -> usize {
        let bucket = key.upper(self.root_bits);
        let bounds = self.root.get(bucket..).and_then(|bounds| bounds.first_chunk::<2>());
        let (first, last) = bounds.map_or((0, 0), |&[first, last]| (first as usize, last as usize));
        let candidates = self.starts.get(first..=last).unwrap_or_default();
        first + candidates.partition_point(|&start| start <= key).saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Networks of 8 to 24 bits from a fixed seed, each with a value: side by side, nested, and with gaps.
    fn networks(count: usize) -> Vec<(u128, u8, u32)> {
        let mut state = 0x5eed_u64;
        let mut next = || {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            (state >> 33) as u32
        };
        let mut network = |number: u32| {
            let length = 24 - next() % 17 / (1 + next() % 8);
            // A third lies in few networks of 16 bits, so that some blocks are full of leaves.
            let address = if number.is_multiple_of(3) { (next() % 8) << 16 | next() & 0xffff } else { next() << 1 };
            (u128::from(address & u32::MAX << (32 - length)) << 96, length as u8, next() % 5)
        };
        (0..count as u32).map(&mut network).collect()
    }

    #[test]
    fn marks_and_starts_find_the_same_leaf() {
        for count in [0, 1, 2, 100, 20_000] {
            let leaves = Leaves::nested(networks(count));
            let (starts, marks) = (Starts::<u32>::new(&leaves, ROOT_BITS_V4), Marks::new(&leaves));
            // Both are steps from leaf to leaf: they are equal if they are at both ends of each.
            for (index, leaf) in leaves.iter().enumerate() {
                let first = (leaf.start >> 104) as u32;
                let last = first + (1 << (24 - leaf.length)) - 1;
                for network in [first, last] {
                    let found = (marks.find(network), starts.find(network << 8 | 0x7f));
                    assert_eq!(found, (index, index), "{count} networks, {network:#x}");
                }
            }
        }
    }

    #[test]
    fn a_large_cover_is_marked_unless_it_has_longer_leaves() {
        let table = |networks: Vec<_>| Tables::<u64>::new(Leaves::nested(networks), Leaves::empty());
        let is_marked = |tables: &Tables<u64>| matches!(tables.v4.index, Index::Marked(_));
        assert!(!is_marked(&table(networks(100))));
        let mut many = networks(20_000);
        let tables = table(many.clone());
        assert!(is_marked(&tables));
        many.push((u128::from(0x0a01_0280_u32) << 96, 25, 7));
        let longer = table(many);
        assert!(!is_marked(&longer));
        let address = "10.1.2.200".parse().unwrap();
        assert_eq!(longer.lookup(address), Hit { value: Some(7), length: 25 });
        let elsewhere = "203.0.113.200".parse().unwrap();
        assert_eq!(longer.lookup(elsewhere), tables.lookup(elsewhere));
    }
}
