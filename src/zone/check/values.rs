//! Checks of values that can be read, but that no reader of the record could use.
//! Errors they are not: other servers load them, and some were written for software of one's own.

use super::super::Record;
use super::nodes::Nodes;
use super::{Found, finding};
use crate::diagnostic::did_you_mean;
use crate::limits::CHARACTER_STRING_LENGTH_MAX;
use crate::wire::RrType;

/// The registered tags (RFC 8659 §4, RFC 9495, and the registry of "Certification Authority Restriction Properties").
const TAGS: [&str; 7] = ["issue", "issuewild", "iodef", "issuemail", "issuevmc", "contactemail", "contactphone"];

/// A tag that is not registered restricts nobody; with the critical flag it forbids all.
pub(super) fn caa_tag(nodes: &Nodes<'_>, found: &mut Found) {
    for caa in nodes.all(RrType::CAA) {
        let Some((&[flags, length], rest)) = caa.rdata.split_first_chunk() else { continue };
        let Some(tag) = rest.get(..usize::from(length)) else { continue };
        if TAGS.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(tag)) {
            continue;
        }
        let tag = String::from_utf8_lossy(tag);
        let label = if flags & 0x80 == 0 { "certification authorities pass over it" } else { "it is critical: nobody may issue" };
        found.add(|| {
            let help = match did_you_mean(&tag, TAGS) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("known are {}", TAGS.join(", ")),
            };
            finding(Some(caa.data), format!("the CAA record of \"{}\" has the unknown tag \"{tag}\"", caa.owner))
                .label(label)
                .help(help)
        });
    }
}

/// By what a string begins that was meant as a word of its own.
const SPF_WORDS: [&[u8]; 6] = [b"include:", b"ip4:", b"ip6:", b"exists:", b"~all", b"?all"];

/// `TXT v=spf1 include:example.net` without quotes is three strings; readers make one word of them.
pub(super) fn spf_joined(nodes: &Nodes<'_>, found: &mut Found) {
    for txt in
        nodes.all(RrType::TXT).iter().filter(|txt| txt.rdata.get(1..7).is_some_and(|start| start.eq_ignore_ascii_case(b"v=spf1")))
    {
        let seams = strings(txt).zip(strings(txt).skip(1));
        let Some((before, after)) = seams.into_iter().find(|(before, after)| is_glued(before, after)) else { continue };
        found.add(|| {
            let [before, after] = [before, after].map(String::from_utf8_lossy);
            let word = before.rsplit(' ').next().unwrap_or_default();
            finding(Some(txt.data), format!("there is no blank before \"{after}\" in the SPF policy of \"{}\"", txt.owner))
                .label(format!("joined, the strings say \"{word}{after}\""))
                .help(spf_help(txt))
        });
    }
}

fn spf_help(txt: &Record) -> String {
    let text = strings(txt).collect::<Vec<_>>().join(&b' ');
    if strings(txt).any(|string| string.contains(&b' ')) || text.len() > CHARACTER_STRING_LENGTH_MAX {
        return "end each string with a blank where a word ends".to_owned();
    }
    format!("put the policy into one pair of quotes: \"{}\"", String::from_utf8_lossy(&text))
}

/// Whether a word ends and another begins where two strings meet without a blank.
fn is_glued(before: &[u8], after: &[u8]) -> bool {
    let begins = |word: &[u8]| after.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    if before.eq_ignore_ascii_case(b"v=spf1") {
        return !after.is_empty() && !after.starts_with(b" ");
    }
    // A qualifier may stand in the string before (RFC 7208 §4.6.1).
    let is_open = before.last().is_none_or(|last| b" +-~?".contains(last));
    !is_open && SPF_WORDS.iter().any(|word| begins(word))
}

/// The strings of a TXT record.
fn strings(txt: &Record) -> impl Iterator<Item = &[u8]> {
    let mut rest: &[u8] = &txt.rdata;
    std::iter::from_fn(move || {
        let (&length, after) = rest.split_first()?;
        let (string, after) = after.split_at_checked(length.into())?;
        rest = after;
        Some(string)
    })
}
