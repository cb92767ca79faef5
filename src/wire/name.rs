//! Domain names in wire form, with the case the operator wrote and comparison that ignores it (RFC 4343).
//! Text is read and printed by the rules of master files (RFC 1035 §5.1).

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use super::Octets;
use crate::limits::{LABEL_LENGTH_MAX, NAME_LENGTH_MAX};

/// An absolute domain name: uncompressed wire octets, the root label last.
///
/// Equality, order and hash ignore the case of ASCII letters; the order is the canonical one of RFC 4034 §6.1.
#[derive(Clone)]
pub struct Name {
    wire: Octets,
}

/// Why text is no domain name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    /// Two dots in a row, or a dot at the start.
    EmptyLabel,
    /// A label of more than 63 octets.
    LabelTooLong,
    /// More than 255 octets in all.
    TooLong,
    /// A `\` that is followed by neither three digits up to 255 nor another character.
    BadEscape,
    /// A relative name where no origin is known.
    NoOrigin,
}

impl fmt::Display for NameError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::EmptyLabel => "a label is empty (two dots in a row, or a dot at the start)",
            Self::LabelTooLong => "a label is longer than 63 octets",
            Self::TooLong => "the name is longer than 255 octets",
            Self::BadEscape => "a backslash must be followed by three digits up to 255 or by one character",
            Self::NoOrigin => "the name does not end in a dot and there is no origin to complete it",
        })
    }
}

impl Name {
    /// The root.
    pub fn root() -> Self {
        Self { wire: Octets::from(&[0]) }
    }

    /// Takes wire octets that are exactly one uncompressed name.
    pub fn from_wire(wire: &[u8]) -> Option<Self> {
        (wire_length(wire)? == wire.len()).then(|| Self { wire: wire.into() })
    }

    /// Reads master-file text (RFC 1035 §5.1): `\.` and `\DDD` escapes; a name without a final dot is completed by `origin`.
    ///
    /// `@` has no meaning here.
    pub fn parse(text: &[u8], origin: Option<&Self>) -> Result<Self, NameError> {
        if text == b"." {
            return Ok(Self::root());
        }
        if let Some(plain) = Self::parse_plain(text, origin).filter(|_| !text.is_empty()) {
            return Ok(plain);
        }
        let mut wire = Vec::with_capacity(text.len() + 2);
        let mut label: Vec<u8> = Vec::new();
        let mut absolute = false;
        let mut rest = text;
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            absolute = false;
            if byte == b'.' {
                push_label(&mut wire, &label)?;
                label.clear();
                absolute = true;
            } else if byte == b'\\' {
                let (octet, after) = unescape(rest).ok_or(NameError::BadEscape)?;
                label.push(octet);
                rest = after;
            } else {
                label.push(byte);
            }
        }
        if absolute {
            wire.push(0);
        } else {
            push_label(&mut wire, &label)?;
            wire.extend_from_slice(&origin.ok_or(NameError::NoOrigin)?.wire);
        }
        if wire.len() > NAME_LENGTH_MAX { Err(NameError::TooLong) } else { Ok(Self { wire: wire.into() }) }
    }

    /// The same for text without escapes and faults, which needs no room but the name's own: every line of a zone has such a name.
    fn parse_plain(text: &[u8], origin: Option<&Self>) -> Option<Self> {
        let mut wire = [0; NAME_LENGTH_MAX];
        // A dot before each label makes room for its length.
        wire.get_mut(1..=text.len())?.copy_from_slice(text);
        let mut start = 0;
        for (at, &byte) in (1..).zip(text) {
            match byte {
                b'\\' => return None,
                b'.' => {
                    *wire.get_mut(start)? = plain_length(start, at)?;
                    start = at;
                }
                _ => {}
            }
        }
        let end = if start == text.len() {
            // The last dot ended the last label: its place is the root's.
            *wire.get_mut(start)? = 0;
            start + 1
        } else {
            *wire.get_mut(start)? = plain_length(start, text.len() + 1)?;
            let origin = &origin?.wire;
            let end = text.len() + 1 + origin.len();
            wire.get_mut(text.len() + 1..end)?.copy_from_slice(origin);
            end
        };
        Some(Self { wire: wire.get(..end)?.into() })
    }

    /// The wire octets, the root label included.
    pub fn as_wire(&self) -> &[u8] {
        &self.wire
    }

    /// The wire octets with ASCII letters in lower case: the form of table keys.
    pub fn to_lowercase_wire(&self) -> Box<[u8]> {
        // Length octets are at most 63, below any letter.
        self.wire.to_ascii_lowercase().into()
    }

    /// The labels from left to right, without the root.
    pub fn labels(&self) -> Labels<'_> {
        Labels { rest: &self.wire }
    }

    /// How many labels, without the root.
    pub fn label_count(&self) -> usize {
        self.labels().count()
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.wire.len() == 1
    }

    /// The name without its leftmost label; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        let first = self.labels().next()?;
        self.wire.get(1 + first.len()..).map(|wire| Self { wire: wire.into() })
    }

    /// Whether this name is `other` or below it.
    pub fn is_at_or_below(&self, other: &Self) -> bool {
        self.relative_to(other).is_some()
    }

    /// The octets of the labels before `ancestor`, without a root label; `None` where this name is not at or below it.
    pub fn relative_to(&self, ancestor: &Self) -> Option<&[u8]> {
        let mut at = 0;
        if let Some(before) = self.wire.len().checked_sub(ancestor.wire.len())
            && self.wire.get(before..) == Some(&ancestor.wire)
        {
            // Mostly the ends are equal octet for octet, and only where a label begins need be seen.
            while at < before {
                at += 1 + usize::from(*self.wire.get(at)?);
            }
            return if at == before { self.wire.get(..at) } else { None };
        }
        loop {
            let rest = self.wire.get(at..)?;
            if rest.len() == ancestor.wire.len() {
                return if rest.eq_ignore_ascii_case(&ancestor.wire) { self.wire.get(..at) } else { None };
            }
            at += 1 + *rest.first().filter(|&&length| length > 0)? as usize;
        }
    }

    /// This name with one more label at the left.
    pub fn prepend(&self, label: &[u8]) -> Result<Self, NameError> {
        let mut wire = Vec::with_capacity(1 + label.len() + self.wire.len());
        push_label(&mut wire, label)?;
        wire.extend_from_slice(&self.wire);
        if wire.len() > NAME_LENGTH_MAX { Err(NameError::TooLong) } else { Ok(Self { wire: wire.into() }) }
    }
}

/// The length in octets of the uncompressed name at the start of `octets`, the root label included.
pub(super) fn wire_length(octets: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let length = *octets.get(at)? as usize;
        at += 1 + length;
        if length > LABEL_LENGTH_MAX || at > NAME_LENGTH_MAX {
            return None;
        }
        if length == 0 {
            return Some(at);
        }
    }
}

/// The length octet of a label between the dots at `start` and `end`.
fn plain_length(start: usize, end: usize) -> Option<u8> {
    let length = end - start - 1;
    (1..=LABEL_LENGTH_MAX).contains(&length).then_some(length as u8)
}

fn push_label(wire: &mut Vec<u8>, label: &[u8]) -> Result<(), NameError> {
    if label.is_empty() {
        return Err(NameError::EmptyLabel);
    }
    let length = u8::try_from(label.len()).ok().filter(|&length| length as usize <= LABEL_LENGTH_MAX);
    wire.push(length.ok_or(NameError::LabelTooLong)?);
    wire.extend_from_slice(label);
    Ok(())
}

/// What a backslash before `text` stands for (RFC 1035 §5.1: `\DDD` or `\X`), and what follows; `None` where it stands for nothing.
pub fn unescape(text: &[u8]) -> Option<(u8, &[u8])> {
    let (&first, after) = text.split_first()?;
    if !first.is_ascii_digit() {
        return Some((first, after));
    }
    let (digits, after) = text.split_at_checked(3)?;
    let number: u16 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some((u8::try_from(number).ok()?, after))
}

/// The labels of a name from left to right.
#[derive(Clone, Debug)]
pub struct Labels<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Labels<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (&length, after) = self.rest.split_first()?;
        let (label, rest) = after.split_at_checked(length as usize).filter(|(label, _)| !label.is_empty())?;
        self.rest = rest;
        Some(label)
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.wire.eq_ignore_ascii_case(&other.wire)
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // One write of the whole is several times faster than one an octet.
        let mut folded = [0; NAME_LENGTH_MAX];
        for (to, from) in folded.iter_mut().zip(self.wire.iter()) {
            *to = from.to_ascii_lowercase();
        }
        state.write(folded.get(..self.wire.len()).unwrap_or(&self.wire));
    }
}

impl Ord for Name {
    /// RFC 4034 §6.1: by labels from the right, as lower-case octets.
    fn cmp(&self, other: &Self) -> Ordering {
        let reversed = |name: &Self| {
            let mut labels: Vec<Vec<u8>> = name.labels().map(<[u8]>::to_ascii_lowercase).collect();
            labels.reverse();
            labels
        };
        reversed(self).cmp(&reversed(other))
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() {
            return out.write_str(".");
        }
        for label in self.labels() {
            for &byte in label {
                match byte {
                    b'.' | b'\\' | b'"' | b';' | b'(' | b')' | b'@' | b'$' => write!(out, "\\{}", char::from(byte))?,
                    0x21..=0x7e => write!(out, "{}", char::from(byte))?,
                    other => write!(out, "\\{other:03}")?,
                }
            }
            out.write_str(".")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::parse(text.as_bytes(), Some(&Name::parse(b"example.com.", None).unwrap())).unwrap()
    }

    #[test]
    fn text_and_wire_agree() {
        assert_eq!(name("www").as_wire(), b"\x03www\x07example\x03com\x00");
        assert_eq!(name("a\\.b\\046c.net.").as_wire(), b"\x05a.b.c\x03net\x00");
        assert_eq!(name("a\\.b\\046c.net.").to_string(), "a\\.b\\.c.net.");
        assert_eq!(Name::parse(b"a..b.", None), Err(NameError::EmptyLabel));
        assert_eq!(Name::parse(b"a\\25", None), Err(NameError::BadEscape));
        assert_eq!(Name::parse(b"a\\256.", None), Err(NameError::BadEscape));
        assert_eq!(Name::parse("x".repeat(64).as_bytes(), None), Err(NameError::LabelTooLong));
        assert_eq!(Name::parse("x.".repeat(128).as_bytes(), None), Err(NameError::TooLong));
    }

    #[test]
    fn names_without_escapes_are_read_as_others_are() {
        let label = "x".repeat(63);
        let long = format!("{label}.{label}.{label}.{}", "x".repeat(61));
        for text in ["a", "a.", "a.b", "a.b.", "", "..", ".a", "a..", &label, &format!("{label}x"), &long, &format!("{long}x")] {
            for text in [text.to_owned(), format!("{text}.")] {
                for origin in [None, Some(&name("a.b"))] {
                    // The same text with its first character as an escape goes the longer way.
                    let escaped = text.get(..1).map(|_| format!("\\{:03}{}", text.as_bytes()[0], &text[1..]));
                    let Some(escaped) = escaped.filter(|_| !text.starts_with('.')) else { continue };
                    assert_eq!(Name::parse(text.as_bytes(), origin), Name::parse(escaped.as_bytes(), origin), "{text}");
                }
            }
        }
        assert_eq!(Name::parse(b"", None), Err(NameError::EmptyLabel));
        assert_eq!(Name::parse(b"..", None), Err(NameError::EmptyLabel));
        assert_eq!(Name::parse(b".a", None), Err(NameError::EmptyLabel));
    }

    #[test]
    fn family_relations_ignore_case() {
        assert_eq!(name("WWW"), name("www"));
        assert!(name("a.WWW").is_at_or_below(&name("www")));
        assert!(!name("awww").is_at_or_below(&name("www")));
        assert_eq!(name("a.b").relative_to(&name("example.com.")), Some(&b"\x01a\x01b"[..]));
        assert_eq!(name("www").parent(), Some(name("example.com.")));
        assert_eq!(Name::root().parent(), None);
    }
}
