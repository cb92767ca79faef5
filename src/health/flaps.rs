//! How often an address flaps, and how long that holds it down.
//!
//! It flaps when it goes down within [`HoldDown::max`] of having come up again. Each flap doubles the hold that follows; each
//! time that it stays up for as long as `max`, one flap is forgotten. Flaps are counted, too, where nothing is held down.

use std::time::Duration;

use super::HoldDown;
use crate::limits::{HOLD_DOWN_FIRST, HOLD_DOWN_MAX};

/// What is remembered of an address that comes and goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Flaps {
    count: u32,
    /// When it came up after having been down.
    came_up_at: Option<Duration>,
    /// When the next flap is forgotten.
    forgets_at: Option<Duration>,
}

/// What holds where no hold is written: flaps are counted by it.
const USUAL: HoldDown = HoldDown { first: HOLD_DOWN_FIRST, max: HOLD_DOWN_MAX };

impl Flaps {
    /// Flaps that are not forgotten.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// When the next one is forgotten.
    pub(super) fn forgets_at(&self) -> Option<Duration> {
        self.forgets_at
    }

    /// It came up again after having been down.
    pub(super) fn came_up(&mut self, hold_down: Option<HoldDown>, now: Duration) {
        self.came_up_at = Some(now);
        self.forgets_at = (self.count > 0).then(|| now.saturating_add(hold_down.unwrap_or(USUAL).max));
    }

    /// It went down; for how long it is held, if it flaps and is to be held.
    pub(super) fn went_down(&mut self, hold_down: Option<HoldDown>, now: Duration) -> Option<Duration> {
        self.forget(hold_down, now);
        self.forgets_at = None;
        let soon = hold_down.unwrap_or(USUAL).max;
        let flaps = self.came_up_at.take().is_some_and(|came_up_at| now < came_up_at.saturating_add(soon));
        if !flaps {
            return None;
        }
        self.count = self.count.saturating_add(1);
        let HoldDown { first, max } = hold_down?;
        let doublings = 1_u32.checked_shl(self.count - 1).unwrap_or(u32::MAX);
        Some(first.saturating_mul(doublings).min(max))
    }

    /// Forgets what is due to be forgotten.
    pub(super) fn forget(&mut self, hold_down: Option<HoldDown>, now: Duration) {
        while let Some(due) = self.forgets_at.filter(|due| *due <= now) {
            self.count = self.count.saturating_sub(1);
            self.forgets_at = (self.count > 0).then(|| due.saturating_add(hold_down.unwrap_or(USUAL).max));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOLD: Option<HoldDown> = Some(HoldDown { first: Duration::from_secs(30), max: Duration::from_secs(900) });

    /// Seconds at which it comes up (`u`) and goes down (`d`), to the seconds that each down is held, 0 for none.
    fn play(story: &[(u64, char)]) -> (Vec<u64>, u32) {
        let mut flaps = Flaps::default();
        let mut holds = Vec::new();
        for (second, letter) in story {
            let now = Duration::from_secs(*second);
            match letter {
                'u' => flaps.came_up(HOLD, now),
                _ => holds.push(flaps.went_down(HOLD, now).map_or(0, |hold| hold.as_secs())),
            }
        }
        (holds, flaps.count())
    }

    #[test]
    fn holds_double_and_are_forgotten_with_quiet_time() {
        let often: Vec<(u64, char)> = (0..8).flat_map(|round| [(round * 2000, 'd'), (round * 2000 + 1200, 'u')]).collect();
        for (story, holds, count) in [
            (&[(0, 'd'), (10, 'u'), (2000, 'd')][..], vec![0, 0], 0),
            (&[(0, 'd'), (10, 'u'), (909, 'd')], vec![0, 30], 1),
            (&[(0, 'd'), (10, 'u'), (910, 'd')], vec![0, 0], 0),
            // After 20 quiet minutes one of two flaps is forgotten, and what comes then is none.
            (&[(0, 'd'), (10, 'u'), (20, 'd'), (60, 'u'), (70, 'd'), (150, 'u'), (1350, 'd')], vec![0, 30, 60, 0], 1),
            (&often, vec![0, 30, 60, 120, 240, 480, 900, 900], 7),
        ] {
            assert_eq!(play(story), (holds, count), "{story:?}");
        }
    }

    #[test]
    fn quiet_time_alone_forgets() {
        let (mut flaps, seconds) = (Flaps::default(), Duration::from_secs);
        for second in 0..3 {
            flaps.went_down(HOLD, seconds(10 * second));
            flaps.came_up(HOLD, seconds(10 * second + 5));
        }
        assert_eq!((flaps.count(), flaps.forgets_at()), (2, Some(seconds(925))));
        flaps.forget(HOLD, seconds(924));
        assert_eq!(flaps.count(), 2);
        flaps.forget(HOLD, seconds(925));
        assert_eq!((flaps.count(), flaps.forgets_at()), (1, Some(seconds(1825))));
        flaps.forget(HOLD, seconds(100_000));
        assert_eq!((flaps.count(), flaps.forgets_at()), (0, None));
    }
}
