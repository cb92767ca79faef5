//! What records must be to each other: one row a check, one small function a row.
//!
//! Looks at a zone as a whole and at nothing else; what a binding names is checked where policies are known. A check that says
//! "there is no ..." needs every line of the zone to have been read. Errors are only what the usual name servers refuse as well;
//! what they load, we load, and say what is doubtful. A zone of a million names must not notice: nothing is allocated a record.

mod alias;
mod apex;
mod cuts;
mod dnssec;
mod nodes;
mod owners;
mod rrsets;
mod slips;
mod targets;
mod values;

use super::Zone;
use super::findings::Findings;
use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::limits::DIAGNOSTICS_PER_FILE_MAX;
use nodes::Nodes;

/// One check of a zone.
#[derive(Debug)]
pub struct Check {
    /// What it finds.
    pub name: &'static str,
    /// How bad that is.
    pub severity: Severity,
    /// Whether it finds what is missing, and so needs a zone of which every line could be read.
    pub absence: bool,
    /// What is wrong with it, in one line.
    pub why: &'static str,
    function: fn(&Nodes<'_>, &mut Found),
}

const fn error(name: &'static str, function: fn(&Nodes<'_>, &mut Found), why: &'static str) -> Check {
    Check { name, severity: Severity::Error, absence: false, why, function }
}

const fn warning(name: &'static str, function: fn(&Nodes<'_>, &mut Found), why: &'static str) -> Check {
    Check { name, severity: Severity::Warning, absence: false, why, function }
}

/// The same for a check that finds what is missing.
const fn absent(check: Check) -> Check {
    Check { absence: true, ..check }
}

/// Every check, in the order of the report.
pub const CHECKS: &[Check] = &[
    absent(error("soa-missing", apex::soa_missing, "without an SOA there is no zone (RFC 1035 §5.2)")),
    error("soa-twice", apex::soa_twice, "secondaries could not tell which serial holds (RFC 1035 §5.2)"),
    error("soa-below-apex", apex::soa_below_apex, "an SOA begins another zone, which has its own file"),
    absent(error("ns-missing", apex::ns_missing, "without NS records at the apex nobody knows who serves the zone")),
    warning("soa-expire-short", apex::soa_expire_short, "secondaries drop the zone after one failed refresh (RFC 1912 §2.2)"),
    error("cname-beside-data", alias::cname_beside_data, "a CNAME stands alone (RFC 2181 §10.1)"),
    error("alias-twice", alias::alias_twice, "a name leads to one other name (RFC 2181 §10.1, RFC 6672 §2.4)"),
    error("below-dname", alias::below_dname, "a DNAME moves every name below it (RFC 6672 §2.4)"),
    warning("alias-loop", alias::alias_loop, "a chain of CNAMEs that comes back to its start has no answer (RFC 1034 §3.6.2)"),
    warning("wildcard-dname", alias::wildcard_dname, "what a wildcard DNAME means is not defined (RFC 4592 §4.4)"),
    warning("ttl-differs", rrsets::ttl_differs, "the records of an RRset have one TTL (RFC 2181 §5.2)"),
    warning("duplicate", rrsets::duplicate, "an RRset has no record twice (RFC 2181 §5)"),
    absent(warning(
        "glue-missing",
        cuts::glue_missing,
        "a name server below its own cut is found by glue alone (RFC 1034 §4.2.1)",
    )),
    absent(warning("address-missing", cuts::address_missing, "a name server without an address is never asked")),
    warning("occluded", cuts::occluded, "what is below a cut belongs to the zone there (RFC 1034 §4.2.1)"),
    warning("wildcard-ns", cuts::wildcard_ns, "what a wildcard NS means is not defined, and BIND refuses it (RFC 4592 §4.2)"),
    absent(warning("ds-without-cut", cuts::ds_without_cut, "a DS speaks of a child zone, in its parent (RFC 4035 §2.4)")),
    warning("target-is-alias", targets::target_is_alias, "NS, MX and SRV name a host itself (RFC 2181 §10.3, RFC 2782)"),
    absent(warning("target-missing", targets::target_missing, "most often the target's final dot is missing")),
    absent(warning("target-without-address", targets::target_without_address, "nobody can connect there")),
    warning("null-target", targets::null_target, "\".\" says that there is no such service (RFC 7505 §3, RFC 2782)"),
    warning("dnssec-data", dnssec::dnssec_data, "this server signs nothing, and signatures age"),
    warning("apex-only", dnssec::apex_only, "nobody looks for them elsewhere (RFC 7344 §4.1, RFC 7477 §2, RFC 8976 §2)"),
    absent(warning("cds-without-key", dnssec::cds_without_key, "a parent acts on keys of the zone only (RFC 7344 §4.1)")),
    warning("cds-delete", dnssec::cds_delete, "\"delete all\" contradicts any other (RFC 8078 §4)"),
    warning("digest-length", dnssec::digest_length, "it matches nothing, and BIND refuses some of them (RFC 4509 §2.2)"),
    warning("steer-misspelt", slips::steer_misspelt, "a binding by another label binds nothing"),
    warning("host-name", slips::host_name, "BIND refuses such a zone where it is primary (RFC 952, RFC 1123 §2.1)"),
    warning("wildcard-inside", slips::wildcard_inside, "a \"*\" is a wildcard as the first label only (RFC 4592 §2.1.1)"),
    warning("policy-text-twice", slips::policy_text_twice, "of two, mail servers use none (RFC 7208 §4.5, RFC 7489 §6.6.3)"),
    warning("srv-owner", owners::srv_owner, "clients ask for _SERVICE._PROTOCOL alone (RFC 2782)"),
    warning("reverse-owner", owners::reverse_owner, "nobody asks for what is no address (RFC 1035 §3.5, RFC 3596 §2.5)"),
    warning("caa-tag", values::caa_tag, "certification authorities pass over what they do not know (RFC 8659 §4.1)"),
    warning("spf-joined", values::spf_joined, "readers join strings without a blank (RFC 7208 §3.3)"),
    absent(warning("spf-type", slips::spf_type, "SPF policies are read from TXT records alone (RFC 7208 §3.1)")),
];

/// What one check found: what can be shown, and how much more there is.
#[derive(Default)]
struct Found {
    kept: Vec<Diagnostic>,
    more: usize,
    /// How often the last one was found again at its place: the records of a `$GENERATE` all stand there.
    again: usize,
}

impl Found {
    /// Adds a finding, which is put into words only if there is room to show it.
    fn add(&mut self, finding: impl FnOnce() -> Diagnostic) {
        if self.is_full() {
            self.more += 1;
            return;
        }
        let finding = finding();
        if finding.span.is_some() && self.kept.last().is_some_and(|last| last.span == finding.span) {
            self.again += 1;
            return;
        }
        self.end_place();
        self.kept.push(finding);
    }

    /// Says of the last finding how often it was found at its place.
    fn end_place(&mut self) {
        let again = std::mem::take(&mut self.again);
        if let Some(last) = self.kept.last_mut().filter(|_| again > 0) {
            last.label = format!("{}; the same for {again} more of this line", last.label);
        }
    }

    fn is_full(&self) -> bool {
        self.kept.len() >= DIAGNOSTICS_PER_FILE_MAX
    }
}

/// A finding; its row says how bad it is.
fn finding(place: Option<Span>, message: String) -> Diagnostic {
    Diagnostic { span: place, ..Diagnostic::nowhere(message) }
}

/// Runs every check over a zone of which every line could be read.
pub fn check(zone: &Zone) -> Vec<Diagnostic> {
    let mut findings = Findings::default();
    check_part(zone, true, &mut findings);
    findings.into_diagnostics()
}

/// Runs the checks over what could be read of a zone; `whole` if that is everything.
pub(super) fn check_part(zone: &Zone, whole: bool, findings: &mut Findings) {
    let nodes = Nodes::of(zone);
    for row in CHECKS.iter().filter(|row| whole || !row.absence) {
        let found = row.run(&nodes);
        for finding in found.kept {
            findings.push(finding);
        }
        findings.count(found.more);
    }
}

impl Check {
    fn run(&self, nodes: &Nodes<'_>) -> Found {
        let mut found = Found::default();
        (self.function)(nodes, &mut found);
        found.end_place();
        found.kept.iter_mut().for_each(|finding| finding.severity = self.severity);
        found
    }

    /// How often this check alone finds something in a zone.
    #[cfg(test)]
    pub(super) fn finds(&self, zone: &Zone) -> usize {
        let found = self.run(&Nodes::of(zone));
        found.kept.len() + found.more
    }
}
