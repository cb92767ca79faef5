//! What keeps the verdicts of a check from flapping: `recheck` and `hold_down`.
//! What they do is the tracker's matter.

use std::time::Duration;

use super::keys::HOLD_DOWN;
use super::table::{Item, Table};
use super::value::shown;
use crate::health::HoldDown;
use crate::limits::{CHECK_INTERVAL_MAX, HOLD_DOWN_FIRST, HOLD_DOWN_LONGEST, HOLD_DOWN_MAX, HOLD_DOWN_MIN, RECHECK_DELAY};

/// How soon a first failure is repeated: never later than the next probe would come.
pub(super) fn recheck(table: &Table<'_>, interval: Duration) -> Duration {
    let written = table.read("recheck", |item| item.duration(Duration::ZERO, CHECK_INTERVAL_MAX));
    if let (Some(item), Some(long)) = (table.get("recheck"), written.filter(|long| *long > interval)) {
        let message = format!("the recheck \"{}\" is over the interval \"{}\"", shown(long), shown(interval));
        item.report(item.fault(message).help("a first failure is repeated before the next probe is due: shorten the recheck"));
    }
    written.unwrap_or(RECHECK_DELAY).min(interval)
}

/// How long an endpoint that flaps is held down.
pub(super) fn hold_down(item: Item<'_>) -> Option<HoldDown> {
    let table = item.table(&HOLD_DOWN)?;
    let length = |key: &str| table.read(key, |item| item.duration(HOLD_DOWN_MIN, HOLD_DOWN_LONGEST));
    let (first, max) = (length("first"), length("max"));
    let hold = HoldDown {
        first: first.unwrap_or_else(|| HOLD_DOWN_FIRST.min(max.unwrap_or(HOLD_DOWN_FIRST))),
        max: max.unwrap_or_else(|| HOLD_DOWN_MAX.max(first.unwrap_or(HOLD_DOWN_MAX))),
    };
    if let Some(item) = table.get("first").filter(|_| hold.first > hold.max) {
        let message = format!("the first hold \"{}\" is over the longest one, \"{}\"", shown(hold.first), shown(hold.max));
        item.report(item.fault(message).help("holds double from \"first\" up to \"max\": shorten \"first\" or lengthen \"max\""));
    }
    Some(hold)
}
