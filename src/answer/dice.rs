//! The throws of one query: a pure function of a seed, so that an answer can be repeated and every draw enumerated.
//! Where the seed comes from is the transport's matter; here is no source of chance.

/// The throws of one query, by slot: a policy at depth n throws in slot n, a pool from [`Dice::POOL_SLOT`] on. What one choice
/// throws never depends on how many others were tried before, so A and AAAA with equal dice stay together.
#[derive(Clone, Copy, Debug)]
pub enum Dice<'a> {
    /// Throws that follow from a seed.
    Seeded(u64),
    /// Throws that are given, the last for all slots behind; for `explain` and tests.
    Given(&'a [Throw]),
}

/// One throw: a draw, and a second in case what the first fell to has no address of the family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Throw {
    /// The first draw.
    pub draw: u32,
    /// The second.
    pub redraw: u32,
}

impl Dice<'_> {
    /// The first of the slots in which a pool throws, one for each address of the answer.
    pub const POOL_SLOT: u32 = 16;
    /// The slot that decides where the answer of a name without a policy begins.
    pub const ORDER_SLOT: u32 = 64;

    /// Dice for one query; the caller takes care that seeds differ.
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(seed)
    }

    /// The throw in a slot.
    pub fn throw(self, slot: u32) -> Throw {
        match self {
            Self::Seeded(seed) => {
                // splitmix64 as a counter: slots are independent of each other.
                let word = seed.wrapping_add(u64::from(slot).wrapping_mul(0x9e37_79b9_7f4a_7c15));
                let word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
                let word = word ^ word >> 31;
                Throw { draw: (word >> 32) as u32, redraw: word as u32 }
            }
            Self::Given(throws) => throws.get(slot as usize).or_else(|| throws.last()).copied().unwrap_or_default(),
        }
    }
}

impl Throw {
    /// The throw whose draws, among `of`, are both exactly `r`.
    pub fn exactly(r: u32, of: u32) -> Self {
        let draw = ((u64::from(r) << 32).div_ceil(u64::from(of.max(1)))).min(u64::from(u32::MAX)) as u32;
        Self { draw, redraw: draw }
    }

    /// The first draw as a number in `0..sum`.
    pub fn pick(self, sum: u32) -> u32 {
        scale(self.draw, sum)
    }

    /// The second draw as a number in `0..sum`.
    pub fn repick(self, sum: u32) -> u32 {
        scale(self.redraw, sum)
    }
}

/// Multiply and shift: even to one part in 2^32 over a sum of at most 65,535.
fn scale(draw: u32, sum: u32) -> u32 {
    ((u64::from(draw) * u64::from(sum)) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_can_be_drawn_exactly() {
        for of in [1, 2, 3, 100, 65_535] {
            assert!((0..of).all(|r| Throw::exactly(r, of).pick(of) == r), "{of}");
        }
    }

    #[test]
    fn seeded_throws_differ_by_slot_and_repeat_by_seed() {
        let dice = Dice::seeded(1);
        assert_eq!(dice.throw(3), Dice::seeded(1).throw(3));
        assert_ne!(dice.throw(3), dice.throw(4));
    }
}
