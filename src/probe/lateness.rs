//! How late probes begin: what an operator looks at before believing that an endpoint is slow.
//!
//! Counted in classes that are at most a quarter wide, over windows of ten seconds; no probe waits for whoever looks.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long a window is.
const WINDOW: Duration = Duration::from_secs(10);
/// Four for each power of two of microseconds, to over an hour.
const CLASSES: usize = 128;

/// Takes lateness from all probes.
#[derive(Debug)]
pub(super) struct Lateness(Mutex<Windows>);

/// How punctual the probes of the last window were.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Punctuality {
    /// Probes begun in a second.
    pub per_second: f64,
    /// Half of them began no later than this after they were due.
    pub half: Duration,
    /// 99 of 100 did.
    pub most: Duration,
}

#[derive(Debug)]
struct Windows {
    since: Instant,
    now: Counts,
    last: Option<Counts>,
}

#[derive(Clone, Copy, Debug)]
struct Counts([u32; CLASSES]);

impl Lateness {
    pub(super) fn new(now: Instant) -> Self {
        Self(Mutex::new(Windows { since: now, now: Counts([0; CLASSES]), last: None }))
    }

    /// A probe that was due then begins now.
    pub(super) fn note(&self, due: Instant, now: Instant) {
        self.windows(now).now.add(now.saturating_duration_since(due));
    }

    /// Of the last whole window; of the first one as far as it goes.
    pub(super) fn punctuality(&self, now: Instant) -> Punctuality {
        let windows = self.windows(now);
        let (counts, length) = windows.last.map_or((windows.now, now - windows.since), |last| (last, WINDOW));
        counts.punctuality(length)
    }

    fn windows(&self, now: Instant) -> MutexGuard<'_, Windows> {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let age = now.saturating_duration_since(windows.since);
        if age >= WINDOW {
            // What is older than two windows is no window's.
            let counts = std::mem::replace(&mut windows.now, Counts([0; CLASSES]));
            windows.last = Some(if age < WINDOW * 2 { counts } else { Counts([0; CLASSES]) });
            windows.since = now;
        }
        windows
    }
}

impl Counts {
    fn add(&mut self, late: Duration) {
        if let Some(count) = self.0.get_mut(class_of(late)) {
            *count = count.saturating_add(1);
        }
    }

    fn punctuality(&self, length: Duration) -> Punctuality {
        let all: u64 = self.0.iter().map(|count| u64::from(*count)).sum();
        let seconds = length.as_secs_f64();
        let per_second = if seconds > 0.0 { all as f64 / seconds } else { 0.0 };
        Punctuality { per_second, half: self.share(all.div_ceil(2)), most: self.share(all - all / 100) }
    }

    /// The upper edge of the class that so many probes are within.
    fn share(&self, wanted: u64) -> Duration {
        let mut counted = 0;
        let found = self.0.iter().position(|count| {
            counted += u64::from(*count);
            counted >= wanted
        });
        if wanted == 0 { Duration::ZERO } else { found.map_or(Duration::MAX, edge_of) }
    }
}

fn class_of(late: Duration) -> usize {
    let micros = late.as_micros().clamp(1, u128::from(u32::MAX)) as u64;
    let power = micros.ilog2();
    // The two bits below the highest one.
    let quarter = if power >= 2 { (micros >> (power - 2)) & 3 } else { (micros << (2 - power)) & 3 };
    (power as usize * 4 + quarter as usize).min(CLASSES - 1)
}

fn edge_of(class: usize) -> Duration {
    let (power, quarter) = (class / 4, class as u64 % 4);
    Duration::from_micros(((5 + quarter) << power) / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_holds_what_is_at_most_a_quarter_more() {
        for micros in (0..2000).chain([65_535, 65_536, 1_000_000, 3_600_000_000]) {
            let (late, edge) = (Duration::from_micros(micros), edge_of(class_of(Duration::from_micros(micros))));
            assert!(late <= edge && edge <= late.mul_f64(1.25) + Duration::from_micros(1), "{late:?} in {edge:?}");
        }
        assert_eq!(class_of(Duration::from_secs(1 << 20)), CLASSES - 1);
    }

    #[test]
    fn the_last_whole_window_is_told() {
        let begun = Instant::now();
        let lateness = Lateness::new(begun);
        assert_eq!(lateness.punctuality(begun), Punctuality::default());
        let after = |millis| begun + Duration::from_millis(millis);
        for millis in 0..100 {
            lateness.note(begun, after(if millis < 98 { 1 } else { 200 }));
        }
        let told = lateness.punctuality(after(1000));
        assert_eq!(told.per_second, 100.0);
        assert!(told.half < Duration::from_millis(2) && told.most >= Duration::from_millis(200), "{told:?}");
        lateness.note(after(11_000), after(11_000));
        assert_eq!(lateness.punctuality(after(12_000)).per_second, 10.0, "the first window's");
        assert_eq!(lateness.punctuality(after(60_000)), Punctuality::default(), "nothing was probed for a long time");
    }
}
