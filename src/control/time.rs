//! Moments as an operator's clock shows them, in the local zone of this machine.
//! Only here are zones of time known; what a moment means is decided elsewhere.

use std::time::{Duration, SystemTime};

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::config::parse_duration;

/// A moment to the second, not before it: the time alone if it is today, else with its date.
pub fn clock(moment: SystemTime, now: SystemTime) -> String {
    shown(moment, now, TimeZone::system())
}

fn shown(moment: SystemTime, now: SystemTime, zone: TimeZone) -> String {
    let at = |moment: SystemTime| Timestamp::try_from(moment).map(|moment| moment.to_zoned(zone.clone()));
    let (Ok(moment), Ok(now)) = (at(whole_seconds(moment)), at(now)) else { return "a time beyond all clocks".into() };
    let format = if moment.date() == now.date() { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    moment.strftime(format).to_string()
}

/// A moment to the second, not before it, as programs read it.
pub(super) fn utc(moment: SystemTime) -> String {
    let whole = whole_seconds(moment);
    Timestamp::try_from(whole).map_or_else(|_| String::new(), |moment| moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// The first whole second that is not before a moment.
fn whole_seconds(moment: SystemTime) -> SystemTime {
    let since = moment.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs() + u64::from(since.subsec_nanos() > 0))
}

/// A moment as it is typed after `--until`: how long from now, a time of day that is next, or a date with a time and perhaps a
/// zone.
pub(super) fn read_moment(text: &str, now: SystemTime) -> Option<SystemTime> {
    read(text, now, TimeZone::system())
}

fn read(text: &str, now: SystemTime, zone: TimeZone) -> Option<SystemTime> {
    if let Some(duration) = parse_duration(text) {
        return now.checked_add(duration);
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment.into());
    }
    let system = |moment: Zoned| SystemTime::from(moment.timestamp());
    if let Ok(moment) = text.parse::<DateTime>() {
        return moment.to_zoned(zone).ok().map(system);
    }
    let time: Time = text.parse().ok()?;
    let today = Timestamp::try_from(now).ok()?.to_zoned(zone.clone()).date();
    let days = [today, today.tomorrow().ok()?].into_iter();
    let mut moments = days.filter_map(|day| day.to_datetime(time).to_zoned(zone.clone()).ok().map(system));
    moments.find(|moment| *moment > now)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 15:22:07 in a zone an hour east.
    const NOW: u64 = 1_795_530_127;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn east() -> TimeZone {
        TimeZone::fixed(jiff::tz::offset(1))
    }

    #[test]
    fn a_moment_is_shown_as_clocks_do_and_never_too_early() {
        let shown = |moment| shown(moment, at(NOW), east());
        assert_eq!(shown(at(NOW)), "15:22:07");
        assert_eq!(shown(at(NOW) + Duration::from_millis(1)), "15:22:08");
        assert_eq!(shown(at(NOW + 36_000)), "2026-11-25 01:22:07");
    }

    #[test]
    fn a_moment_is_read_as_people_write_it() {
        for (text, after) in [
            ("10m", Some(600)),
            ("15:30", Some(473)),
            ("15:22:08", Some(1)),
            ("15:22:07", Some(86_400)),
            ("03:22:07", Some(43_200)),
            ("2026-11-24 16:22:07", Some(3600)),
            ("2026-11-24T16:22:07", Some(3600)),
            ("2026-11-24T16:22:07Z", Some(7200)),
            ("2026-11-24T16:22:07+03:00", None),
            ("soon", None),
            ("25:00", None),
            ("", None),
        ] {
            let expected = after.map(|after| at(NOW + after));
            assert_eq!(read(text, at(NOW), east()).filter(|moment| *moment > at(NOW)), expected, "{text}");
        }
    }
}
