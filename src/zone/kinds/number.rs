//! Numbers with names, and points in time.
//!
//! A number is printed in decimal always; only the reader knows the names.

use super::super::fields::{Fields, What, expected};
use super::Octets;
use crate::diagnostic::Diagnostic;
use crate::wire::rdata::Names;

const DAY_SECONDS: u64 = 86_400;

/// Takes a number that fits `T`, in decimal or by its name.
pub(in crate::zone) fn code<T: TryFrom<u16>>(fields: &mut Fields<'_, '_>, what: What<'_>, names: Names) -> Result<T, Diagnostic> {
    let token = fields.word(what)?;
    let text = String::from_utf8_lossy(token.text);
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let named = || names.iter().find(|row| row.1.eq_ignore_ascii_case(&text)).map(|row| row.0);
    let number = if digits { text.parse().ok() } else { named() };
    number.and_then(|number| T::try_from(number).ok()).ok_or_else(|| {
        let known = || names.iter().map(|row| row.1).collect::<Vec<_>>().join(", ");
        expected(what, &token).label(if digits { "this is larger".to_owned() } else { format!("known by name are {}", known()) })
    })
}

/// Takes a point in time (RFC 4034 §3.2).
pub(in crate::zone) fn timestamp(fields: &mut Fields<'_, '_>, what: What<'_>) -> Result<u32, Diagnostic> {
    let token = fields.word(what)?;
    let text = std::str::from_utf8(token.text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let read = text.and_then(|text| if text.len() == 14 { seconds_of(text) } else { text.parse().ok() });
    read.ok_or_else(|| expected(what, &token).label("year, month, day, hour, minute and second in 14 digits, until 2106"))
}

/// The seconds since 1970 of `YYYYMMDDHHmmSS`.
fn seconds_of(text: &str) -> Option<u32> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u64>().ok();
    let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    let (hour, minute, second) = (number(8, 10)?, number(10, 12)?, number(12, 14)?);
    let fits = (1970..2107).contains(&year) && (1..=12).contains(&month) && hour < 24 && minute < 60 && second < 60;
    if !fits || day == 0 || day > month_length(year, month) {
        return None;
    }
    let years: u64 = (1970..year).map(year_length).sum();
    let months: u64 = (1..month).map(|month| month_length(year, month)).sum();
    u32::try_from((years + months + day - 1) * DAY_SECONDS + hour * 3_600 + minute * 60 + second).ok()
}

fn year_length(year: u64) -> u64 {
    (1..=12).map(|month| month_length(year, month)).sum()
}

fn month_length(year: u64, month: u64) -> u64 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `YYYYMMDDHHmmSS` in UTC.
pub(in crate::zone) fn timestamp_text(octets: &mut Octets<'_>) -> Option<String> {
    let seconds = u64::from(u32::from_be_bytes(octets.array()?));
    let (mut days, rest) = (seconds / DAY_SECONDS, seconds % DAY_SECONDS);
    let (mut year, mut month) = (1970, 1);
    while days >= year_length(year) {
        days -= year_length(year);
        year += 1;
    }
    while days >= month_length(year, month) {
        days -= month_length(year, month);
        month += 1;
    }
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    Some(format!("{year:04}{month:02}{:02}{hour:02}{minute:02}{second:02}", days + 1))
}
