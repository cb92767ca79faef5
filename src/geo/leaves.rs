//! A family's addresses as one sequence of leaves: disjoint, complete, in order. Tables are made of it.
//!
//! Because nothing is left out, a leaf needs no start: the lengths before it imply it, and four octets hold a leaf. Both
//! families are written left-aligned in 128 bits, so that lengths mean the same and one code serves both.

use std::net::IpAddr;

use crate::room;

/// Values are below this; in a leaf it stands for "no value", a hole.
pub(super) const VALUE_MAX: u32 = (1 << 24) - 1;

/// An address left-aligned in 128 bits.
pub(super) fn position(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()) << 96,
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// The bits of an address of this family.
pub(super) fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// One past the last position of a prefix; `None` at the end of the family.
pub(super) fn end(start: u128, length: u8) -> Option<u128> {
    Some(start.wrapping_add(size(length))).filter(|&end| end != 0)
}

/// Positions of a prefix; zero stands for all 2^128.
pub(super) fn size(length: u8) -> u128 {
    1u128.checked_shl(128 - u32::from(length)).unwrap_or(0)
}

/// One prefix of a cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    pub(super) start: u128,
    pub(super) length: u8,
    pub(super) value: Option<u32>,
}

impl Leaf {
    fn end(&self) -> Option<u128> {
        end(self.start, self.length)
    }
}

/// Length in the upper octet, value in the lower three.
pub(super) fn unpack(word: u32) -> (u8, Option<u32>) {
    let [length, ..] = word.to_be_bytes();
    (length, Some(word & VALUE_MAX).filter(|&value| value != VALUE_MAX))
}

fn pack(length: u8, value: Option<u32>) -> u32 {
    u32::from(length) << 24 | value.unwrap_or(VALUE_MAX).min(VALUE_MAX)
}

/// A complete cover of one family in which no two siblings are equal.
#[derive(Debug, PartialEq)]
pub(super) struct Leaves {
    words: Vec<u32>,
}

impl Leaves {
    /// One hole.
    pub(super) fn empty() -> Self {
        Builder::new(128).finish()
    }

    /// Lays prefixes over each other: where they nest, the longest wins.
    pub(super) fn nested(mut entries: Vec<(u128, u8, u32)>) -> Self {
        entries.sort_by_key(|&(start, length, _)| (start, length));
        let mut builder = Builder::new(128);
        let mut open: Vec<(Option<u128>, u32)> = Vec::new();
        for (start, length, value) in entries {
            while let Some((until, inner)) = open.pop_if(|(until, _)| until.is_some_and(|until| until <= start)) {
                builder.fill(until, Some(inner));
            }
            builder.fill(Some(start), open.last().map(|&(_, outer)| outer));
            open.push((end(start, length), value));
        }
        while let Some((until, inner)) = open.pop() {
            builder.fill(until, Some(inner));
        }
        builder.finish()
    }

    pub(super) fn count(&self) -> usize {
        self.words.len()
    }

    pub(super) fn words(&self) -> &[u32] {
        &self.words
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Leaf> {
        self.words.iter().scan(0u128, |next, &word| {
            let (length, value) = unpack(word);
            let start = *next;
            *next = start.wrapping_add(size(length));
            Some(Leaf { start, length, value })
        })
    }

    /// The same cover with other values, merged anew. It is a world's: no leaf of it is longer than 64.
    ///
    /// This is most of the work of a policy's table, over millions of leaves: half of a position is enough for it.
    pub(super) fn map(&self, mut change: impl FnMut(u32) -> Option<u32>) -> Self {
        let size = |length: u8| 1u64.checked_shl(64u32.saturating_sub(length.into())).unwrap_or(0);
        let mut words: Vec<u32> = room::vec_for(self.words.len());
        let mut position = 0u64;
        for &word in &self.words {
            let (mut length, value) = unpack(word);
            let mut start = position;
            position = start.wrapping_add(size(length));
            let value = pack(0, value.and_then(&mut change));
            let mut own = u32::from(length) << 24 | value;
            // Merged with the sibling before it as long as they are equal.
            while words.last() == Some(&own) && start & size(length) != 0 {
                words.pop();
                start ^= size(length);
                length -= 1;
                own = u32::from(length) << 24 | value;
            }
            words.push(own);
        }
        room::fit(&mut words);
        Self { words }
    }

    /// The cover with no leaf longer than `clip`.
    pub(super) fn clipped(&self, clip: u8) -> Self {
        let mut builder = Builder::new(clip);
        for leaf in self.iter() {
            if let Some(value) = leaf.value {
                builder.push(leaf.start, leaf.length, value);
            }
        }
        builder.finish()
    }

    /// Two covers in one: each leaf is the smaller of the two that contain it.
    pub(super) fn zip(&self, other: &Self, mut join: impl FnMut(Option<u32>, Option<u32>) -> Option<u32>) -> Self {
        let mut builder = Builder::new(128);
        let (mut these, mut others) = (self.iter(), other.iter());
        let (mut this, mut that) = (these.next(), others.next());
        while let (Some(left), Some(right)) = (this, that) {
            let smaller = if left.length >= right.length { left } else { right };
            builder.append(smaller.length, join(left.value, right.value));
            if left.end() == smaller.end() {
                this = these.next();
            }
            if right.end() == smaller.end() {
                that = others.next();
            }
        }
        builder.finish()
    }
}

/// Takes prefixes in ascending order, fills what is left out with holes, clips, and merges equal siblings.
pub(super) struct Builder {
    words: Vec<u32>,
    /// One past what `words` covers; zero again when all is covered.
    position: u128,
    clip: u8,
    clipped: Block,
}

/// What lies in one prefix of clip length: its values and how many positions vote for each, in the order of addresses.
#[derive(Default)]
struct Block {
    start: u128,
    votes: Vec<(u32, u128)>,
}

impl Builder {
    /// A cover that has no leaf longer than `clip`, which is not zero.
    pub(super) fn new(clip: u8) -> Self {
        Self { words: Vec::new(), position: 0, clip, clipped: Block::default() }
    }

    /// The next prefix that has a value. Among those longer than the clip the majority of addresses decides for all.
    pub(super) fn push(&mut self, start: u128, length: u8, value: u32) {
        let block = start & size(self.clip).wrapping_neg();
        if block != self.clipped.start || length <= self.clip {
            self.settle();
        }
        if length <= self.clip {
            self.fill(Some(start), None);
            self.append(length, Some(value));
            return;
        }
        self.clipped.start = block;
        match self.clipped.votes.iter_mut().find(|(candidate, _)| *candidate == value) {
            Some((_, weight)) => *weight += size(length),
            None => self.clipped.votes.push((value, size(length))),
        }
    }

    pub(super) fn finish(mut self) -> Leaves {
        self.settle();
        self.fill(None, None);
        self.words.shrink_to_fit();
        Leaves { words: self.words }
    }

    /// Ends a clipped block. Holes have no vote; of equals the one at the lowest address wins.
    fn settle(&mut self) {
        let Block { start, votes } = std::mem::take(&mut self.clipped);
        let winner = votes.into_iter().reduce(|best, next| if next.1 > best.1 { next } else { best });
        if let Some((value, _)) = winner {
            self.fill(Some(start), None);
            self.append(self.clip, Some(value));
        }
    }

    /// Covers what lies before `until` (`None`: the end of the family) with the fewest prefixes of one value.
    fn fill(&mut self, until: Option<u128>, value: Option<u32>) {
        while !self.complete() && until != Some(self.position) {
            let aligned = self.position.trailing_zeros();
            let room = until.unwrap_or(0).wrapping_sub(self.position);
            let bits = aligned.min(room.checked_ilog2().unwrap_or(128));
            self.append(u8::try_from(128 - bits).unwrap_or(128), value);
        }
    }

    fn complete(&self) -> bool {
        self.position == 0 && !self.words.is_empty()
    }

    /// Covers the next prefix, merged with the sibling before it as long as they are equal.
    fn append(&mut self, mut length: u8, value: Option<u32>) {
        let mut start = self.position;
        self.position = start.wrapping_add(size(length));
        while length > 0 && start & size(length) != 0 && self.words.last() == Some(&pack(length, value)) {
            self.words.pop();
            start ^= size(length);
            length -= 1;
        }
        self.words.push(pack(length, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUARTER: u128 = 1 << 126;

    fn shape(leaves: &Leaves) -> Vec<(u8, Option<u32>)> {
        leaves.iter().map(|leaf| (leaf.length, leaf.value)).collect()
    }

    #[test]
    fn gaps_become_holes_and_siblings_merge() {
        assert_eq!(shape(&Leaves::empty()), [(0, None)]);
        let mut builder = Builder::new(128);
        builder.push(QUARTER, 2, 7);
        builder.push(2 * QUARTER, 2, 5);
        builder.push(3 * QUARTER, 2, 5);
        assert_eq!(shape(&builder.finish()), [(2, None), (2, Some(7)), (1, Some(5))]);
    }

    #[test]
    fn the_majority_takes_a_clipped_prefix() {
        let mut builder = Builder::new(1);
        builder.push(0, 3, 1);
        builder.push(QUARTER, 3, 2);
        builder.push(3 * QUARTER, 3, 3);
        builder.push(7 * (QUARTER / 2), 4, 4);
        builder.push(15 * (QUARTER / 4), 4, 4);
        assert_eq!(shape(&builder.finish()), [(1, Some(1)), (1, Some(3))]);
    }

    #[test]
    fn the_longest_of_nested_prefixes_wins() {
        let leaves = Leaves::nested(vec![(0, 0, 9), (0, 1, 1), (QUARTER, 3, 2), (QUARTER, 2, 3)]);
        assert_eq!(shape(&leaves), [(2, Some(1)), (3, Some(2)), (3, Some(3)), (1, Some(9))]);
        assert_eq!(shape(&Leaves::nested(Vec::new())), [(0, None)]);
    }

    /// A cover that is cut at random down to 64 bits, with few values and some holes.
    fn random(seed: u64) -> Leaves {
        let mut state = seed;
        let mut random = move |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let mut builder = Builder::new(128);
        let mut open = vec![0u8];
        while let Some(length) = open.pop() {
            if length < 64 && random(100) < 49 + u64::from(open.len() < 20) * 4 {
                open.extend([length + 1; 2]);
            } else {
                builder.append(length, Some(random(12) as u32).filter(|value| *value < 11));
            }
        }
        builder.finish()
    }

    #[test]
    fn a_mapped_cover_is_what_the_builder_makes_of_its_leaves() {
        let mut merged = 0;
        for seed in 0..300 {
            let leaves = random(seed);
            for change in
                [|value| Some(value % 2), |value: u32| Some(value).filter(|value| value % 3 > 0), |_| Some(7), |_| None, Some]
            {
                let mut builder = Builder::new(128);
                leaves.iter().for_each(|leaf| builder.append(leaf.length, leaf.value.and_then(change)));
                let mapped = leaves.map(change);
                assert_eq!(mapped, builder.finish(), "seed {seed}");
                merged += leaves.count() - mapped.count();
            }
        }
        assert!(merged > 1000, "{merged}");
    }

    #[test]
    fn zipped_covers_keep_the_finer_leaf() {
        let left = Leaves::nested(vec![(0, 1, 1)]);
        let right = Leaves::nested(vec![(QUARTER, 2, 2), (3 * QUARTER, 2, 3)]);
        let sums = left.zip(&right, |a, b| a.or(b).map(|_| a.unwrap_or(0) * 10 + b.unwrap_or(0)));
        assert_eq!(shape(&sums), [(2, Some(10)), (2, Some(12)), (2, None), (2, Some(3))]);
    }
}
