//! Checks of names and texts that mean something, but mostly not what was meant.
//! Each is sure enough that a warning is right far more often than wrong.

use super::super::Record;
use super::super::fields::has_no_break_space;
use super::nodes::{Node, Nodes};
use super::{Found, finding};
use crate::diagnostic::did_you_mean;
use crate::wire::{Name, RrType};

/// The label that binds.
const STEER: &str = "_steer";

/// By what the text of a mail policy begins, what its owner's first label must be, and what it is called.
struct MailPolicy {
    start: &'static [u8],
    label: Option<&'static [u8]>,
    noun: &'static str,
}

const MAIL_POLICIES: [MailPolicy; 2] = [
    MailPolicy { start: b"v=spf1", label: None, noun: "SPF" },
    MailPolicy { start: b"v=DMARC1", label: Some(b"_dmarc"), noun: "DMARC" },
];

/// A TXT record at `_stear.www` or `steer.www` was probably to bind `www`.
pub(super) fn steer_misspelt(nodes: &Nodes<'_>, found: &mut Found) {
    for txt in nodes.all(RrType::TXT) {
        let Some(label) = txt.owner.labels().next().filter(|label| label.len().abs_diff(STEER.len()) <= 2) else { continue };
        let label = String::from_utf8_lossy(label);
        let near = !label.eq_ignore_ascii_case(STEER) && did_you_mean(&label, [STEER]).is_some();
        let is_first = nodes.rrset(txt.owner.as_wire(), RrType::TXT).first().is_some_and(|first| std::ptr::eq(*first, *txt));
        if near && is_first && txt.owner != nodes.zone.apex {
            let message = || format!("the label \"{label}\" binds nothing to a policy");
            found.add(|| finding(Some(txt.span), message()).label("in this owner").help("did you mean \"_steer\"?"));
        }
    }
}

/// RFC 952, RFC 1123 §2.1: letters, digits and hyphens. Names that SPF and Active Directory make up are excepted, as in BIND.
pub(super) fn host_name(nodes: &Nodes<'_>, found: &mut Found) {
    // Where the zone itself has other letters, that is told of its file and not of each host.
    if !nodes.zone.apex.as_wire().is_ascii() {
        return;
    }
    for node in nodes.iter().filter(|node| !is_host_name(node)) {
        let host = node.records.iter().find(|record| [RrType::A, RrType::AAAA, RrType::MX].contains(&record.rtype));
        let Some(record) = host else { continue };
        let message = || format!("\"{}\" is no host's name, but has a record of type {}", node.owner, record.rtype);
        // A no-break space has had its own message.
        if has_no_break_space(node.owner.as_wire()) {
            continue;
        }
        found.add(|| {
            let (label, help) = rename(node.owner);
            finding(Some(record.span), message()).label(label).help(help)
        });
    }
}

/// Why a name is no host's, and what to do.
fn rename(owner: &Name) -> (&'static str, String) {
    let binds = owner.labels().next().is_some_and(|label| label.eq_ignore_ascii_case(STEER.as_bytes()));
    if let Some(bound) = owner.parent().filter(|_| binds) {
        let help = format!("write {owner} IN TXT \"web\" with the name of a pool or policy; the address belongs to \"{bound}\"");
        return ("a binding is a TXT record", help);
    }
    if !owner.as_wire().is_ascii() {
        let help = "write it as clients ask for it, by its A-label that begins with \"xn--\" (RFC 5890)";
        return ("hosts have letters of ASCII, digits and hyphens", help.to_owned());
    }
    let help = "rename it; where BIND is the primary of this zone, it would refuse it";
    ("hosts have letters, digits and hyphens", help.to_owned())
}

fn is_host_name(node: &Node<'_, '_>) -> bool {
    let is_edge = |octet: Option<&u8>| octet.is_some_and(u8::is_ascii_alphanumeric);
    let is_plain = |label: &[u8]| {
        is_edge(label.first())
            && is_edge(label.last())
            && label.iter().all(|octet| octet.is_ascii_alphanumeric() || *octet == b'-')
    };
    let excepted = |label: &[u8]| {
        label.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"_spf")) || label.eq_ignore_ascii_case(b"_msdcs")
    };
    let labels = || node.owner.labels();
    // A "*" where it is no wildcard has a message of its own.
    labels().all(|label| is_plain(label) || label == b"*") || labels().any(excepted)
}

/// RFC 4592 §2.1.1.
pub(super) fn wildcard_inside(nodes: &Nodes<'_>, found: &mut Found) {
    for node in nodes.iter().filter(|node| node.owner.labels().skip(1).any(|label| label == b"*")) {
        // What stands above a wildcard to speak of it, as a binding does, is no slip.
        let speaks = node.owner.labels().next().is_some_and(|label| label.starts_with(b"_"));
        let Some(record) = node.records.first().filter(|_| !speaks) else { continue };
        let message = || format!("the \"*\" inside \"{}\" is a plain label", node.owner);
        found.add(|| {
            finding(Some(record.span), message())
                .label("it stands for no other name")
                .help("a wildcard is the first label: write \"*\" there, or each name by itself")
        });
    }
}

/// RFC 7208 §4.5, RFC 7489 §6.6.3.
pub(super) fn policy_text_twice(nodes: &Nodes<'_>, found: &mut Found) {
    for rrset in nodes.rrsets().filter(|rrset| rrset.len() > 1 && rrset.first().is_some_and(|txt| txt.rtype == RrType::TXT)) {
        for policy in &MAIL_POLICIES {
            let mut all = rrset.iter().filter(|txt| policy.is_in(txt));
            let Some(first) = all.next() else { continue };
            let Some(second) = all.find(|txt| txt.rdata != first.rdata) else { continue };
            let message = || format!("\"{}\" has two {} policies", first.owner, policy.noun);
            found.add(|| {
                finding(Some(second.span), message())
                    .label("second; mail servers that find two use neither")
                    .related("the first is", first.span)
                    .help("join them into one record")
            });
        }
    }
}

impl MailPolicy {
    fn is_in(&self, txt: &Record) -> bool {
        let is_below = |wanted: &[u8]| txt.owner.labels().next().is_some_and(|own| own.eq_ignore_ascii_case(wanted));
        let text = txt.rdata.get(1..).and_then(|text| text.split_at_checked(self.start.len()));
        let begins = text.is_some_and(|(start, rest)| {
            start.eq_ignore_ascii_case(self.start) && rest.first().is_none_or(|octet| b" ;".contains(octet))
        });
        begins && self.label.is_none_or(is_below)
    }
}

/// SPF as a type of its own is obsolete (RFC 7208 §3.1).
pub(super) fn spf_type(nodes: &Nodes<'_>, found: &mut Found) {
    for spf in nodes.all(RrType::SPF) {
        if !nodes.rrset(spf.owner.as_wire(), RrType::TXT).iter().any(|txt| txt.rdata == spf.rdata) {
            let message = || format!("the SPF record of \"{}\" has no TXT record beside it that says the same", spf.owner);
            found.add(|| {
                finding(Some(spf.span), message()).label("nobody reads this type").help("write the same text as a TXT record")
            });
        }
    }
}
