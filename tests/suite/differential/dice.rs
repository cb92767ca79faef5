//! Dice that fall the same for the same seed, everywhere: SplitMix64, enough for choosing and nothing else.

#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of `0..count`.
    pub(super) fn below(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }

    /// True in so many of a hundred cases.
    pub(super) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(super) fn pick<'a, T>(&mut self, among: &'a [T]) -> &'a T {
        &among[self.below(among.len())]
    }

    /// One of these, each as often as its weight says.
    pub(super) fn weighted<'a, T>(&mut self, among: &'a [(usize, T)]) -> &'a T {
        let mut left = self.below(among.iter().map(|(weight, _)| weight).sum());
        for (weight, what) in among {
            match left.checked_sub(*weight) {
                Some(rest) => left = rest,
                None => return what,
            }
        }
        unreachable!("a draw below the sum of the weights meets one of them")
    }
}
