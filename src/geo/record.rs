//! One record of a MaxMind DB: the keys that any known layout uses, and their values whatever their type.
//!
//! Foreign files spell numbers as every type there is, so no type is an error here; what can't be understood says nothing.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Keys that are read; all others are skipped undecoded.
const KEYS: [&str; 16] = [
    "asn",
    "autonomous_system_number",
    "code",
    "continent",
    "continent_code",
    "country",
    "country_code",
    "iso_code",
    "lat",
    "latitude",
    "lng",
    "location",
    "lon",
    "longitude",
    "region_code",
    "subdivisions",
];

/// Octets of the longest text that can be a fact; names of places are longer and not read.
const TEXT_LENGTH_MAX: usize = 32;

/// Values around one another that are read: a list of maps in the record's map is the deepest that states a fact. Without an end
/// of its own, a damaged file that leads into itself would take the whole stack.
const DEPTH_MAX: u8 = 4;

/// A value, as far as it can state a fact. Of a list it is the first item: subdivisions begin with the largest.
#[derive(Default)]
pub(super) enum Fact {
    #[default]
    Nothing,
    Text(String),
    Number(f64),
    Map(Vec<(&'static str, Self)>),
}

impl Fact {
    /// The value at the end of a path of keys.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |fact, key| match fact {
            Self::Map(entries) => entries.iter().find(|(known, _)| known == key).map(|(_, fact)| fact),
            Self::Nothing | Self::Text(_) | Self::Number(_) => None,
        })
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Nothing | Self::Number(_) | Self::Map(_) => None,
        }
    }

    /// A number, also one written as text, also "AS64500".
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.strip_prefix("AS").unwrap_or(text).parse().ok(),
            Self::Nothing | Self::Map(_) => None,
        }
    }
}

impl<'de> Deserialize<'de> for Fact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        AnyValue { depth_left: DEPTH_MAX }.deserialize(deserializer)
    }
}

/// A value, and how many more may stand around one another in it.
struct AnyValue {
    depth_left: u8,
}

impl AnyValue {
    /// What reads the values inside this one; nothing does where it is too deep for a fact.
    fn inner(&self) -> Option<Self> {
        self.depth_left.checked_sub(1).map(|depth_left| Self { depth_left })
    }
}

impl<'de> DeserializeSeed<'de> for AnyValue {
    type Value = Fact;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Fact, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AnyValue {
    type Value = Fact;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of any type")
    }

    fn visit_str<E>(self, text: &str) -> Result<Fact, E> {
        Ok(if text.len() <= TEXT_LENGTH_MAX { Fact::Text(text.to_owned()) } else { Fact::Nothing })
    }

    fn visit_f64<E>(self, number: f64) -> Result<Fact, E> {
        Ok(Fact::Number(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Fact, E> {
        Ok(Fact::Number(number as f64))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Fact, E> {
        Ok(Fact::Number(number as f64))
    }

    fn visit_u128<E>(self, number: u128) -> Result<Fact, E> {
        Ok(Fact::Number(number as f64))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Fact, E> {
        Ok(Fact::Nothing)
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Fact, E> {
        Ok(Fact::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Fact, A::Error> {
        let first = match self.inner() {
            Some(inner) => list.next_element_seed(inner)?.unwrap_or_default(),
            None => Fact::Nothing,
        };
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(first)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fact, A::Error> {
        let mut entries = Vec::new();
        while let Some(Key(key)) = map.next_key()? {
            match key.zip(self.inner()) {
                Some((key, inner)) => entries.push((key, map.next_value_seed(inner)?)),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Fact::Map(entries))
    }
}

/// A key, if it is one of ours.
struct Key(Option<&'static str>);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;

        impl Visitor<'_> for Name {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E>(self, name: &str) -> Result<Key, E> {
                Ok(Key(KEYS.into_iter().find(|&known| known == name)))
            }
        }

        deserializer.deserialize_str(Name)
    }
}
