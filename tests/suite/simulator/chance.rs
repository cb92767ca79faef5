//! Chance from a seed: the same seed tells the same story, on every machine.
//! Nothing else in the simulator may differ between two runs.

/// A row of numbers that follows from its seed.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number: splitmix64.
    pub(super) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ word >> 31
    }

    /// Below `count`.
    pub(super) fn below(&mut self, count: usize) -> usize {
        (self.number() % count as u64) as usize
    }

    /// True in so many of a hundred times.
    pub(super) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(super) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// 32 bits.
    pub(super) fn dice(&mut self) -> u32 {
        (self.number() >> 32) as u32
    }
}
