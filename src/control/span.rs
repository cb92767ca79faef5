//! Spans of time as an operator reads them at a glance: two units at most, "3m12s".
//! Nothing here knows what time it is.

use std::time::Duration;

const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

/// A span in at most two neighbouring units; below a second in milliseconds.
pub fn brief(span: Duration) -> String {
    let seconds = span.as_secs();
    if seconds == 0 {
        let milliseconds = span.as_secs_f64() * 1000.0;
        return if milliseconds < 10.0 { format!("{milliseconds:.1}ms") } else { format!("{milliseconds:.0}ms") };
    }
    let first = UNITS.iter().position(|(_, length)| seconds >= *length).unwrap_or_default();
    let mut rest = seconds;
    let mut text = String::new();
    for (unit, length) in UNITS.iter().skip(first).take(2) {
        let count = rest / length;
        rest %= length;
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_units_tell_enough() {
        let cases = [(0, "0.0ms"), (1_240, "1.2ms"), (48_000, "48ms"), (12_000_000, "12s"), (192_000_000, "3m12s")];
        let long = [(3_600_000_000, "1h"), (3_659_000_000, "1h"), (90_061_000_000, "1d1h")];
        for (microseconds, expected) in cases.into_iter().chain(long) {
            assert_eq!(brief(Duration::from_micros(microseconds)), expected);
        }
    }
}
