//! Moments as TOML writes them, with their zone: `2026-11-24T14:22:07Z`. Days are counted by hand, since 1970.
//! What a local clock shows is not known here.

use std::time::{Duration, SystemTime};

use toml::de::DeValue;
use toml::value::{Datetime, Offset};

use crate::config::table::Item;

const DAY: u64 = 86_400;

/// A moment; one without its zone is refused, because nobody would know which one was meant.
pub(super) fn read(item: Item<'_>) -> Option<SystemTime> {
    const EXPECTED: &str = "a moment such as 2026-11-24T14:22:07Z";
    const HELP: &str = "write date, time and zone without quotes: 2026-11-24T14:22:07Z, or +01:00 in place of Z";
    let DeValue::Datetime(datetime) = item.value else {
        item.wrong_type(EXPECTED, HELP);
        return None;
    };
    let moment = from_toml(datetime);
    if moment.is_none() {
        item.wrong_value(EXPECTED, HELP);
    }
    moment
}

fn from_toml(datetime: &Datetime) -> Option<SystemTime> {
    let (date, time) = (datetime.date?, datetime.time?);
    let offset = match datetime.offset? {
        Offset::Z => 0,
        Offset::Custom { minutes } => i64::from(minutes) * 60,
    };
    let days = days_since_1970(i64::from(date.year), i64::from(date.month), i64::from(date.day));
    let seconds = i64::from(time.hour) * 3600 + i64::from(time.minute) * 60 + i64::from(time.second.unwrap_or_default());
    let seconds = u64::try_from(days * DAY as i64 + seconds - offset).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, time.nanosecond.unwrap_or_default()))
}

/// In the proleptic Gregorian calendar; a year is counted from March, so that the leap day is its last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// A moment to the second, as TOML writes it.
pub(super) fn written(moment: SystemTime) -> String {
    let seconds = moment.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let (days, in_day) = (seconds / DAY, seconds % DAY);
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", in_day / 3600, in_day / 60 % 60, in_day % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_as_the_same() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_795_530_127, "2026-11-24T14:22:07Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            let moment = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!((written(moment).as_str(), from_toml(&text.parse().unwrap())), (text, Some(moment)));
        }
        let east = from_toml(&"2026-11-24T15:22:07+01:00".parse().unwrap());
        assert_eq!(east.map(written).as_deref(), Some("2026-11-24T14:22:07Z"));
        for without_zone in ["2026-11-24T14:22:07", "2026-11-24", "14:22:07", "0001-01-01T00:00:00Z"] {
            assert_eq!(from_toml(&without_zone.parse().unwrap()), None, "{without_zone}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_is_the_one_after_the_day_before() {
        for day in 0..146_097_u64 {
            let text = written(SystemTime::UNIX_EPOCH + Duration::from_secs(day * DAY));
            let number = |range: std::ops::Range<usize>| text[range].parse().unwrap();
            assert_eq!(days_since_1970(number(0..4), number(5..7), number(8..10)), day as i64, "{text}");
        }
    }
}
