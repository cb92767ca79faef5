//! The structure that is searched per query: a root index over the upper bits, then a binary search among starts.
//!
//! Every address is in exactly one leaf, so a look-up always ends in a length, and that length is the widest prefix for which
//! the same is true.

use std::net::IpAddr;

use super::leaves::{Leaves, unpack};

/// Upper bits that the root index resolves at most, per family: more brings nothing, as notes on look-ups show.
const ROOT_BITS_V4: u32 = 16;
const ROOT_BITS_V6: u32 = 18;

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
        Self { v4: Table::new(v4, ROOT_BITS_V4), v6: Table::new(v6, ROOT_BITS_V6) }
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
    root_bits: u32,
    /// Per value of the upper bits the leaf that contains its first address; one more at the end for the last leaf.
    root: Vec<u32>,
    starts: Vec<K>,
    leaves: Leaves,
}

impl<K: Key> Table<K> {
    fn new(leaves: Leaves, root_bits_max: u32) -> Self {
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
        Self { root_bits, root, starts, leaves }
    }

    fn lookup(&self, key: K) -> Hit<u32> {
        let bucket = key.upper(self.root_bits);
        let Some(&[first, last]) = self.root.get(bucket..).and_then(|bounds| bounds.first_chunk()) else {
            return Hit { value: None, length: 0 };
        };
        let (first, last) = (first as usize, last as usize);
        let candidates = self.starts.get(first..=last).unwrap_or_default();
        let index = first + candidates.partition_point(|&start| start <= key).saturating_sub(1);
        let (length, value) = self.leaves.words().get(index).map_or((0, None), |&word| unpack(word));
        Hit { value, length }
    }
}
