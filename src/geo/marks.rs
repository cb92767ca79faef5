//! Where each leaf of a large IPv4 cover begins, as marks: one bit a /24, with counts in between.
//!
//! A binary search among a hundred thousand starts waits for memory at each step and guesses wrong at every second one. Here a
//! look-up reads one word of the root, one block and nothing else, whatever the table's size.

use super::leaves::Leaves;

/// No leaf of a marked cover is longer.
pub(super) const LENGTH_MAX: u8 = 24;
/// Networks of 24 bits that a block marks: those of one /16.
const BLOCK: u32 = 256;
/// Networks that one word marks.
const GROUP: u32 = u64::BITS;
/// In the root: the /16 lies in one leaf, whose index follows; else it is the number of a block that follows.
const WHOLE: u32 = 1 << 31;

/// The marks of a cover.
#[derive(Debug)]
pub(super) struct Marks {
    root: Box<[u32]>,
    blocks: Box<[Block]>,
}

/// One /16 with several leaves, in four groups of 64 networks.
#[derive(Clone, Copy, Debug, Default)]
struct Block {
    /// A bit for each network in which a leaf begins, but for the first of a group.
    begins: [u64; 4],
    /// The leaf of the first network of each group.
    first: [u32; 4],
}

impl Marks {
    /// The marks of a cover without a leaf longer than [`LENGTH_MAX`].
    pub(super) fn new(leaves: &Leaves) -> Self {
        let mut starts = (0..).zip(leaves.iter().map(|leaf| (leaf.start >> 104) as u32)).peekable();
        let mut leaf = 0;
        let mut reach = |network: u32| {
            while let Some((index, _)) = starts.next_if(|(_, start)| *start <= network) {
                leaf = index;
            }
            (leaf, starts.peek().map_or(u32::MAX, |(_, start)| *start))
        };
        let (mut root, mut blocks) = (Vec::with_capacity(1 << 16), Vec::new());
        for network in (0..1 << 24).step_by(BLOCK as usize) {
            let (index, next) = reach(network);
            if next >= network + BLOCK {
                root.push(WHOLE | index);
                continue;
            }
            root.push(blocks.len() as u32);
            let mut block = Block::default();
            for (group, (first, begins)) in (0..).zip(block.first.iter_mut().zip(&mut block.begins)) {
                let from = network + group * GROUP;
                let mut next;
                (*first, next) = reach(from);
                while next < from + GROUP {
                    *begins |= 1 << (next - from);
                    (_, next) = reach(next);
                }
            }
            blocks.push(block);
        }
        Self { root: root.into(), blocks: blocks.into() }
    }

    /// The index of the leaf in which a network of 24 bits lies.
    pub(super) fn find(&self, network: u32) -> usize {
        let Some(&entry) = self.root.get((network / BLOCK) as usize) else { return 0 };
        if entry & WHOLE != 0 {
            return (entry & !WHOLE) as usize;
        }
        let group = (network % BLOCK / GROUP) as usize;
        let Some(block) = self.blocks.get(entry as usize) else { return 0 };
        let (Some(begins), Some(first)) = (block.begins.get(group), block.first.get(group)) else { return 0 };
        let up_to = begins << (GROUP - 1 - network % GROUP);
        (first + up_to.count_ones()) as usize
    }
}
