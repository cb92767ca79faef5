//! The place on Earth of a LOC record (RFC 1876): degrees, altitude, and how exactly they are known.
//!
//! Angles are thousandths of an arc second from the equator or the prime meridian, which is 2^31; lengths are centimetres.

use super::super::fields::{Fields, What, expected};
use super::super::lexer::Token;
use super::Octets;
use crate::diagnostic::Diagnostic;

const MERIDIAN: u32 = 1 << 31;
const DEGREE: u32 = 3_600_000;
const MINUTE: u32 = 60_000;
/// RFC 1876 §2: altitudes count from 100,000 m below the surface.
const ALTITUDE_BASE_CENTIMETRES: u32 = 10_000_000;
/// RFC 1876 §3: what stands for a size and the two precisions where they are not written.
const SIZE_DEFAULT: u8 = 0x12;
const HORIZONTAL_DEFAULT: u8 = 0x16;
const VERTICAL_DEFAULT: u8 = 0x13;
/// The largest digit that an octet of size holds, and the largest power of ten.
const SIZE_HALF_MAX: u8 = 9;

/// A latitude or a longitude: its name, its letters and its bounds.
struct Axis {
    name: &'static str,
    kind: &'static str,
    positive: &'static str,
    negative: &'static str,
    degrees_max: u32,
}

const LATITUDE: Axis =
    Axis { name: "latitude", kind: "degrees, minutes, seconds and N or S", positive: "N", negative: "S", degrees_max: 90 };
const LONGITUDE: Axis =
    Axis { name: "longitude", kind: "degrees, minutes, seconds and E or W", positive: "E", negative: "W", degrees_max: 180 };

/// Takes a place to the end of the record.
pub(in crate::zone) fn read(fields: &mut Fields<'_, '_>, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    let latitude = angle(fields, &LATITUDE)?;
    let longitude = angle(fields, &LONGITUDE)?;
    let what = What { word: "altitude", kind: "metres such as -24.00m" };
    let token = fields.word(what)?;
    let altitude = altitude(token.text).ok_or_else(|| {
        expected(what, &token).label("from -100000.00 to 42849672.95, with two digits behind the point at most")
    })?;
    let mut sizes = [SIZE_DEFAULT, HORIZONTAL_DEFAULT, VERTICAL_DEFAULT];
    for (size, word) in sizes.iter_mut().zip(["size", "horizontal-precision", "vertical-precision"]) {
        if fields.peek().is_some() {
            let what = What { word, kind: "metres such as 10m" };
            let token = fields.word(what)?;
            *size = centimetres(token.text)
                .and_then(size_octet)
                .ok_or_else(|| expected(what, &token).label("from 0 to 90000000.00, with two digits behind the point at most"))?;
        }
    }
    let [size, horizontal, vertical] = sizes;
    wire.extend([0, size, horizontal, vertical]);
    for number in [latitude, longitude, altitude] {
        wire.extend(number.to_be_bytes());
    }
    Ok(())
}

/// Degrees, perhaps minutes, perhaps seconds, and a letter.
fn angle(fields: &mut Fields<'_, '_>, axis: &Axis) -> Result<u32, Diagnostic> {
    let what = What { word: axis.name, kind: axis.kind };
    let mut total = 0;
    // The largest number of each unit, thousandths for seconds, and the digits that may stand behind its point.
    for (unit, most, digits) in [(DEGREE, axis.degrees_max, 0), (MINUTE, 59, 0), (1, 59_999, 3)] {
        let token = fields.word(what)?;
        if unit != DEGREE
            && let Some(angle) = signed(&token, axis, total)
        {
            return Ok(angle);
        }
        let value = std::str::from_utf8(token.text).ok().and_then(|text| decimal(text, digits));
        let value = value.and_then(|value| u32::try_from(value).ok()).filter(|value| *value <= most).ok_or_else(|| {
            let label = format!("up to {} degrees, 59 minutes and 59.999 seconds", axis.degrees_max);
            let fault = expected(what, &token);
            if unit == 1 || !token.text.contains(&b'.') {
                return fault.label(label);
            }
            let help = "write degrees, minutes and seconds, such as: LOC 52 31 12 N 13 24 36 E 34m";
            fault.label("only seconds have a fraction").help(help)
        })?;
        total += value * unit;
    }
    let token = fields.word(what)?;
    signed(&token, axis, total)
        .ok_or_else(|| expected(what, &token).label(format!("{} or {} must stand here", axis.positive, axis.negative)))
}

/// The angle that ends with this letter, if it is one.
fn signed(token: &Token<'_>, axis: &Axis, total: u32) -> Option<u32> {
    let is = |letter: &str| token.text.eq_ignore_ascii_case(letter.as_bytes());
    let fits = total <= axis.degrees_max * DEGREE;
    if is(axis.positive) {
        MERIDIAN.checked_add(total).filter(|_| fits)
    } else if is(axis.negative) {
        MERIDIAN.checked_sub(total).filter(|_| fits)
    } else {
        None
    }
}

/// A number with so many digits behind the point at most, times ten to that power.
fn decimal(text: &str, digits: usize) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || fraction.len() > digits || !plain(whole) || !plain(fraction) || (digits == 0 && text.contains('.')) {
        return None;
    }
    format!("{whole}{fraction:0<digits$}").parse().ok()
}

fn centimetres(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    decimal(text.strip_suffix(['m', 'M']).unwrap_or(text), 2)
}

fn altitude(text: &[u8]) -> Option<u32> {
    let base = u64::from(ALTITUDE_BASE_CENTIMETRES);
    let number = match text.strip_prefix(b"-") {
        Some(below) => base.checked_sub(centimetres(below)?)?,
        None => base.checked_add(centimetres(text)?)?,
    };
    u32::try_from(number).ok()
}

/// RFC 1876 §2: one digit, and the power of ten that it is multiplied with.
fn size_octet(centimetres: u64) -> Option<u8> {
    let (mut digit, mut power) = (centimetres, 0u8);
    while digit > u64::from(SIZE_HALF_MAX) {
        digit /= 10;
        power += 1;
    }
    (power <= SIZE_HALF_MAX).then_some((digit as u8) << 4 | power)
}

/// A place; only what `read` makes of text.
pub(in crate::zone) fn text(octets: &mut Octets<'_>) -> Option<String> {
    let [version, sizes @ ..] = octets.array::<4>()?;
    let mut number = || octets.array().map(u32::from_be_bytes);
    let (latitude, longitude, altitude) = (number()?, number()?, number()?);
    if version != 0 {
        return None;
    }
    let below = if altitude < ALTITUDE_BASE_CENTIMETRES { "-" } else { "" };
    let altitude = metres(u64::from(altitude.abs_diff(ALTITUDE_BASE_CENTIMETRES)));
    let sizes: Vec<String> = sizes.into_iter().map(size_text).collect::<Option<_>>()?;
    Some(format!(
        "{} {} {below}{altitude} {}",
        angle_text(latitude, &LATITUDE)?,
        angle_text(longitude, &LONGITUDE)?,
        sizes.join(" ")
    ))
}

fn angle_text(angle: u32, axis: &Axis) -> Option<String> {
    let letter = if angle < MERIDIAN { axis.negative } else { axis.positive };
    let size = angle.abs_diff(MERIDIAN);
    let (degrees, minutes, seconds) = (size / DEGREE, size / MINUTE % 60, size % MINUTE);
    let fits = size <= axis.degrees_max * DEGREE;
    fits.then(|| format!("{degrees} {minutes} {}.{:03} {letter}", seconds / 1000, seconds % 1000))
}

fn size_text(octet: u8) -> Option<String> {
    let (digit, power) = (octet >> 4, octet & 0x0f);
    let fits = digit <= SIZE_HALF_MAX && power <= SIZE_HALF_MAX && (digit > 0 || power == 0);
    fits.then(|| metres(u64::from(digit) * 10u64.pow(power.into())))
}

fn metres(centimetres: u64) -> String {
    format!("{}.{:02}m", centimetres / 100, centimetres % 100)
}
