//! `host` of a check: a name that is the same for all, or one that is made for each bound name, by `{name}` or `{zone}` in it.
//!
//! What is not a host name, as it stands or with a bound name put in, is refused; nothing is looked up.

use std::fmt;
use std::net::IpAddr;
use std::ops::Deref;

use super::table::Item;
use crate::limits::{LABEL_LENGTH_MAX, NAME_LENGTH_MAX};
use crate::wire::Name;

/// `host` of a check, as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Host(String);

/// What a host is made for: names that have it alike are asked for by the same host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MadeFor {
    /// `{name}`: each bound name.
    Name,
    /// `{zone}`: each zone.
    Zone,
}

impl MadeFor {
    const ALL: [Self; 2] = [Self::Name, Self::Zone];

    /// As it is written in a host.
    const fn mark(self) -> &'static str {
        match self {
            Self::Name => "{name}",
            Self::Zone => "{zone}",
        }
    }
}

impl Host {
    /// What it is made for; nothing if it is the same for all.
    pub fn made_for(&self) -> Option<MadeFor> {
        MadeFor::ALL.into_iter().find(|made_for| self.contains(made_for.mark()))
    }

    /// The host for a bound name of the zone `apex`, in lower case; nothing if that is no host name.
    pub fn for_name(&self, name: &Name, apex: &Name) -> Option<Self> {
        let put = |made_for| match made_for {
            MadeFor::Name => name.to_string(),
            MadeFor::Zone => apex.to_string(),
        };
        let text = self.made_for().map_or_else(
            || self.0.clone(),
            |made_for| self.replace(made_for.mark(), put(made_for).to_ascii_lowercase().trim_end_matches('.')),
        );
        is_host_name(&text).then_some(Self(text))
    }
}

impl Deref for Host {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Host {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl From<&str> for Host {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// Reads a host.
pub(super) fn read(item: Item<'_>) -> Option<Host> {
    const EXPECTED: &str = "a host name such as \"www.example.com\"";
    let text = item.text(EXPECTED, "write the name in quotes")?;
    let help = if text.contains("://") || text.contains('/') {
        "write the name alone, without scheme and path"
    } else if text.parse::<IpAddr>().is_ok() {
        "leave \"host\" out: each endpoint is then asked by its own address"
    } else if text.contains(':') {
        "the port is a key of its own: port = 8443"
    } else if text.contains(['{', '}']) {
        if is_pattern(text) {
            return Some(text.into());
        }
        "write \"{name}\" for the bound name, or \"{zone}\" for its zone, once and as whole labels, such as \"www.{zone}\""
    } else if is_host_name(text) {
        return Some(text.into());
    } else {
        "labels are letters, digits and \"-\", 1 to 63 of them, with dots between"
    };
    item.wrong_value(EXPECTED, help);
    None
}

/// Whether a host name comes of it where one label stands for the mark.
fn is_pattern(text: &str) -> bool {
    let made: Option<String> =
        MadeFor::ALL.into_iter().filter_map(|made_for| text.split_once(made_for.mark())).next().and_then(|(before, after)| {
            let whole = (before.is_empty() || before.ends_with('.')) && (after.is_empty() || after.starts_with('.'));
            whole.then(|| format!("{before}a{after}"))
        });
    made.is_some_and(|made| is_host_name(&made))
}

/// RFC 1123 §2.1: letters, digits and hyphens, no hyphen at either end of a label.
fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=LABEL_LENGTH_MAX).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= NAME_LENGTH_MAX - 2 && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::parse(text.as_bytes(), Some(&Name::root())).unwrap()
    }

    #[test]
    fn a_host_is_made_for_a_name_or_its_zone() {
        let made = |host: &str, bound: &str| Host::from(host).for_name(&name(bound), &name("Example.com.")).map(|host| host.0);
        assert_eq!(made("{name}", "WWW.example.com."), Some("www.example.com".into()));
        assert_eq!(made("www.{zone}", "api.example.com."), Some("www.example.com".into()));
        assert_eq!(made("www.{zone}", "*.cdn.example.com."), Some("www.example.com".into()));
        assert_eq!(made("a.example", "*.cdn.example.com."), Some("a.example".into()));
        for bound in ["*.cdn.example.com.", "_dmarc.example.com.", r"a\.b.example.com.", r"\255.example.com."] {
            assert_eq!(made("{name}", bound), None, "{bound}");
        }
        let long = "a".repeat(63);
        assert_eq!(made("x.{name}", &format!("{long}.{long}.{long}.{}.", "b".repeat(61))), None, "255 octets are full");
    }

    #[test]
    fn a_mark_is_whole_labels() {
        for (text, right) in [("{name}", true), ("a.{zone}.b", true), ("x{zone}", false), ("{zone}x", false), ("{Zone}", false)] {
            assert_eq!(is_pattern(text), right, "{text}");
        }
        assert!(!is_pattern("{name}.{zone}"), "one of them");
    }
}
