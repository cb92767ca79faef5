//! Single values: words, numbers, durations, names, paths. Each reader says what it expected and gives back only what is right.
//! What values mean together is for the readers of the tables.

use std::path::PathBuf;
use std::time::Duration;

use toml::de::DeValue;

use super::spec::{Placed, Reference};
use super::table::Item;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::limits::NOUN_LENGTH_MAX;

/// Units of a duration, longest first, in milliseconds.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

impl<'a> Item<'a> {
    /// A string.
    pub(super) fn text(self, expected: &str, help: &str) -> Option<&'a str> {
        let text = self.value.as_str();
        if text.is_none() {
            self.wrong_type(expected, help);
        }
        text
    }

    /// A string that `accept` takes.
    pub(super) fn text_such_that(self, expected: &str, help: &str, accept: impl FnOnce(&str) -> bool) -> Option<&'a str> {
        let text = self.text(expected, help)?;
        let accepted = accept(text);
        if !accepted {
            self.wrong_value(expected, help);
        }
        accepted.then_some(text)
    }

    /// `true` or `false`.
    pub(super) fn boolean(self) -> Option<bool> {
        let boolean = self.value.as_bool();
        if boolean.is_none() {
            self.wrong_type("true or false", "write it without quotes");
        }
        boolean
    }

    /// The integer, if this is one; one that does not fit is as far off as possible.
    pub(super) fn integer(self) -> Option<i64> {
        let integer = self.value.as_integer()?;
        let far = if integer.as_str().starts_with('-') { i64::MIN } else { i64::MAX };
        Some(i64::from_str_radix(integer.as_str(), integer.radix()).unwrap_or(far))
    }

    /// A whole number from `low` to `high`.
    pub(super) fn whole<T: TryFrom<i64>>(self, low: i64, high: i64) -> Option<T> {
        const HELP: &str = "write a number within these limits, without quotes";
        let expected = format!("a whole number from {low} to {high}");
        let Some(number) = self.integer() else {
            self.wrong_type(&expected, HELP);
            return None;
        };
        if !(low..=high).contains(&number) {
            self.wrong_value(&expected, HELP);
            return None;
        }
        T::try_from(number).ok()
    }

    /// A number with or without a fraction.
    pub(super) fn number(self, expected: &str) -> Option<f64> {
        let number = match self.value {
            DeValue::Float(float) => float.as_str().parse().ok(),
            DeValue::Integer(integer) => integer.as_str().parse().ok().filter(|_| integer.radix() == 10),
            DeValue::String(_) | DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
        };
        if number.is_none() {
            self.wrong_type(expected, "write a number, without quotes");
        }
        number
    }

    /// A duration from `low` to `high`.
    pub(super) fn duration(self, low: Duration, high: Duration) -> Option<Duration> {
        const EXPECTED: &str = "a duration such as \"5s\"";
        const HELP: &str = "write numbers with units: \"500ms\", \"5s\", \"1h30m\"";
        let Some(text) = self.value.as_str() else {
            let help =
                self.integer().map_or_else(|| HELP.to_owned(), |number| format!("a number needs a unit: write \"{number}s\""));
            self.wrong_type(EXPECTED, &help);
            return None;
        };
        let Some(duration) = parse_duration(text) else {
            self.wrong_value(EXPECTED, HELP);
            return None;
        };
        if !(low..=high).contains(&duration) {
            let within = duration.clamp(low, high);
            let expected = format!("a duration from \"{}\" to \"{}\"", shown(low), shown(high));
            self.wrong_value(&expected, format!("write \"{}\"", shown(within)));
            return None;
        }
        Some(duration)
    }

    /// One of a few known words.
    pub(super) fn one_of<T: Copy>(self, what: &str, choices: &[(&str, T)]) -> Option<T> {
        let words = choices.iter().map(|(word, _)| *word);
        let listed = words.clone().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
        let word = self.text(what, &format!("write one of {listed}"))?;
        let found = choices.iter().find(|(known, _)| *known == word).map(|(_, choice)| *choice);
        if found.is_none() {
            let help = match did_you_mean(word, words) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("write one of {listed}"),
            };
            self.wrong_value(what, help);
        }
        found
    }

    /// The name of a check, pool or policy.
    pub(super) fn reference(self, what: &str) -> Option<Reference> {
        let value = self.text(what, "names are written in quotes")?.to_owned();
        Some(Placed { value, span: self.span })
    }

    /// The names of pools or policies, each once and at least one.
    pub(super) fn references(self) -> Vec<Reference> {
        let mut references: Vec<Reference> = Vec::new();
        let items = self.list();
        if items.is_empty() {
            self.report(self.fault("expected at least one pool or policy, but found an empty list").help("name one"));
        }
        for reference in items.into_iter().filter_map(|item| item.reference("the name of a pool or policy")) {
            match references.iter().find(|other| other.value == reference.value) {
                Some(first) => self.report(
                    Diagnostic::error(
                        reference.span,
                        format!("\"{}\" is named twice in one list", reference.value.escape_debug()),
                    )
                    .related("first named", first.span)
                    .help("name it once, where it comes in the order"),
                ),
                None => references.push(reference),
            }
        }
        references
    }

    /// A path, counted from the file's folder.
    pub(super) fn path(self) -> Option<PathBuf> {
        let accept = |text: &str| !text.is_empty() && !text.contains('\0');
        let path = self.text_such_that("a path", "relative paths count from the folder of this file", accept)?;
        Some(self.file.text.folder.join(path))
    }
}

impl Placed<&str> {
    /// Whether the name can be that of a check, pool, policy or endpoint; reports on `item` if not.
    pub(super) fn report_unless_noun(self, item: Item<'_>) {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if self.value.is_empty() || self.value.len() > NOUN_LENGTH_MAX || !self.value.bytes().all(fits) {
            let message =
                format!("expected a name of 1 to {NOUN_LENGTH_MAX} characters, but found \"{}\"", self.value.escape_debug());
            item.report(Diagnostic::error(self.span, message).help("use ASCII letters, digits, \"-\", \"_\" and \".\""));
        }
    }
}

/// Numbers with units, each unit once, the longer before the shorter.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut units = UNITS.iter();
    let mut milliseconds: u64 = 0;
    while !rest.is_empty() {
        let (number, after) = rest.split_at_checked(rest.find(|letter: char| !letter.is_ascii_digit())?)?;
        let length = after.find(|letter: char| letter.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(length)?;
        let (_, factor) = units.by_ref().find(|(known, _)| *known == unit)?;
        milliseconds = milliseconds.checked_add(number.parse::<u64>().ok()?.checked_mul(*factor)?)?;
        rest = after;
    }
    (!text.is_empty()).then(|| Duration::from_millis(milliseconds))
}

/// A duration as the operator would write it.
pub fn shown(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (unit, factor) in &UNITS {
        if rest >= *factor {
            text += &format!("{}{unit}", rest / factor);
            rest %= factor;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{parse_duration, shown};

    #[test]
    fn what_is_shown_reads_as_the_same() {
        for (text, milliseconds) in [("0s", 0), ("1ms", 1), ("1m30s", 90_000), ("1d", 86_400_000), ("1d1h1m1s1ms", 90_061_001)] {
            let duration = Duration::from_millis(milliseconds);
            assert_eq!((shown(duration).as_str(), parse_duration(text)), (text, Some(duration)));
        }
    }

    #[test]
    fn durations_are_numbers_with_units() {
        let milliseconds = |text| parse_duration(text).map(|duration| duration.as_millis());
        assert_eq!(milliseconds("500ms"), Some(500));
        assert_eq!(milliseconds("5s"), Some(5000));
        assert_eq!(milliseconds("1h30m"), Some(5_400_000));
        assert_eq!(milliseconds("1d1ms"), Some(86_400_001));
        assert_eq!(milliseconds("0s"), Some(0));
        for wrong in
            ["", "5", "s", "5 s", "1m1h", "1s1s", "-1s", "1.5s", "5S", "99999999999999999999s", "18446744073709551615d", "5sé"]
        {
            assert_eq!(milliseconds(wrong), None, "{wrong}");
        }
    }
}
