//! What records must be to each other: one row a check, one small function a row.
//!
//! Looks at a zone as a whole and at nothing else; what a binding names is checked where policies are known. A check that says
//! "there is no ..." needs every line of the zone to have been read.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::IpAddr;

use super::findings::Findings;
use super::{Record, Zone};
use crate::diagnostic::{Diagnostic, Severity, Span, did_you_mean};
use crate::wire::rdata::{embedded_names, folded};
use crate::wire::{Name, RrType};

/// One check of a zone.
#[derive(Debug)]
pub struct Check {
    /// What it finds.
    pub name: &'static str,
    /// How bad that is.
    pub severity: Severity,
    /// Whether it finds what is missing, and so needs a zone of which every line could be read.
    pub absence: bool,
    function: fn(&Nodes<'_>, &mut Vec<Diagnostic>),
}

/// Every check, in the order of the report.
pub const CHECKS: &[Check] = {
    use Severity::{Error, Warning};
    &[
        Check { name: "soa-missing", severity: Error, absence: true, function: soa_missing },
        Check { name: "soa-twice", severity: Error, absence: false, function: soa_twice },
        Check { name: "soa-below-apex", severity: Error, absence: false, function: soa_below_apex },
        Check { name: "ns-missing", severity: Error, absence: true, function: ns_missing },
        Check { name: "cname-beside-data", severity: Error, absence: false, function: cname_beside_data },
        Check { name: "alias-twice", severity: Error, absence: false, function: alias_twice },
        Check { name: "below-dname", severity: Error, absence: false, function: below_dname },
        Check { name: "ttl-differs", severity: Warning, absence: false, function: ttl_differs },
        Check { name: "duplicate", severity: Warning, absence: false, function: duplicate },
        Check { name: "address-missing", severity: Warning, absence: true, function: address_missing },
        Check { name: "target-is-alias", severity: Warning, absence: false, function: target_is_alias },
        Check { name: "target-missing", severity: Warning, absence: true, function: target_missing },
        Check { name: "steer-misspelt", severity: Warning, absence: false, function: steer_misspelt },
    ]
};

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
        let mut found = Vec::new();
        (row.function)(&nodes, &mut found);
        for finding in found {
            findings.push(Diagnostic { severity: row.severity, ..finding });
        }
    }
}

/// The records by owner, owners in the order of the file.
struct Nodes<'z> {
    zone: &'z Zone,
    nodes: Vec<Node<'z>>,
    places: HashMap<&'z Name, usize>,
}

/// The records of one owner.
struct Node<'z> {
    owner: &'z Name,
    /// By type, then in the order of the file.
    records: Vec<&'z Record>,
}

impl<'z> Nodes<'z> {
    fn of(zone: &'z Zone) -> Self {
        let mut nodes: Vec<Node<'z>> = Vec::new();
        let mut places = HashMap::new();
        for record in &zone.records {
            let place = *places.entry(&record.owner).or_insert(nodes.len());
            match nodes.get_mut(place) {
                Some(node) => node.records.push(record),
                None => nodes.push(Node { owner: &record.owner, records: vec![record] }),
            }
        }
        for node in &mut nodes {
            node.records.sort_by_key(|record| record.rtype);
        }
        Self { zone, nodes, places }
    }

    fn find(&self, name: &Name) -> Option<&Node<'z>> {
        self.places.get(name).and_then(|place| self.nodes.get(*place))
    }

    fn rrset(&self, name: &Name, rtype: RrType) -> &[&'z Record] {
        self.find(name).map_or(&[], |node| node.rrset(rtype))
    }

    fn rrsets(&self) -> impl Iterator<Item = &[&'z Record]> {
        self.nodes.iter().flat_map(|node| node.records.chunk_by(|left, right| left.rtype == right.rtype))
    }

    fn apex(&self, rtype: RrType) -> &[&'z Record] {
        self.rrset(&self.zone.apex, rtype)
    }

    /// Names above `name`, from its parent up to the apex; none for names outside the zone.
    fn above(&self, name: &Name) -> impl Iterator<Item = Name> {
        let apex = &self.zone.apex;
        std::iter::successors(name.parent(), Name::parent).take_while(move |name| name.is_at_or_below(apex))
    }

    /// The lowest cut at or above `name`.
    fn cut(&self, name: &Name) -> Option<Name> {
        let is_cut = |name: &Name| *name != self.zone.apex && !self.rrset(name, RrType::NS).is_empty();
        std::iter::once(name.clone()).chain(self.above(name)).find(is_cut)
    }

    /// Where to point for what is nowhere: the SOA, else the first record.
    fn place(&self) -> Option<Span> {
        let soa = self.apex(RrType::SOA).first().copied();
        soa.or_else(|| self.zone.records.first()).map(|record| record.span)
    }
}

impl<'z> Node<'z> {
    fn rrset(&self, rtype: RrType) -> &[&'z Record] {
        let start = self.records.partition_point(|record| record.rtype < rtype);
        let end = self.records.partition_point(|record| record.rtype <= rtype);
        self.records.get(start..end).unwrap_or_default()
    }
}

/// A finding; its row says how bad it is.
fn finding(place: Option<Span>, message: String) -> Diagnostic {
    Diagnostic { span: place, ..Diagnostic::nowhere(message) }
}

fn soa_missing(nodes: &Nodes<'_>, found: &mut Vec<Diagnostic>) {
    if nodes.apex(RrType::SOA).is_empty() {
        let help = "write as the first record: @ IN SOA ns1 hostmaster 1 7200 3600 1209600 300";
        found.push(finding(nodes.place(), format!("the zone \"{}\" has no SOA record", nodes.zone.apex)).help(help));
    }
}

fn soa_twice(nodes: &Nodes<'_>, found: &mut Vec<Diagnostic>) {
    let Some((first, more)) = nodes.apex(RrType::SOA).split_first() else { return };
    for second in more.iter().filter(|second| second.rdata != first.rdata) {
        let message = format!("the zone \"{}\" has two SOA records", nodes.zone.apex);
        found.push(finding(Some(second.span), message).label("second").related("the first is", first.span).help("remove one"));
    }
}

fn soa_below_apex(nodes: &Nodes<'_>, found: &mut Vec<Diagnostic>) {
    let soas = nodes.zone.records.iter().filter(|record| record.rtype == RrType::SOA && record.owner != nodes.zone.apex);
    for soa in soas {
        let message = format!("the SOA record of \"{}\" is not at the zone's apex \"{}\"", soa.owner, nodes.zone.apex);
        found
            .push(finding(Some(soa.span), message).label("this owner").help("write \"@\" as its owner, behind no other $ORIGIN"));
    }
}

fn ns_missing(nodes: &Nodes<'_>, found: &mut Vec<Diagnostic>) {
    if nodes.apex(RrType::NS).is_empty() {
        let message = format!("the zone \"{}\" has no NS record at its apex", nodes.zone.apex);
        found.push(finding(nodes.place(), message).help("add one for each of its name servers: @ IN NS ns1"));
    }
}

/// RFC 1034 §3.6.2, RFC 2181 §10.1; DNSSEC's own records may stand beside a CNAME (RFC 4035 §2.5).
fn cname_beside_data(nodes: &Nodes<'_>, found: &mut Vec<Diagnostic>) {
    const DNSSEC: [RrType; 3] = [RrType(25), RrType(46), RrType(47)];
    for node in &nodes.nodes {
        let Some(cname) = node.rrset(RrType::CNAME).first() else { continue };
        let beside = |record: &&&Record| record.rtype != RrType::CNAME && !DNSSEC.contains(&record.rtype);
        if let Some(other) = node.records.iter().find(beside) {
            let message = format!("\"{}\" has a CNAME record and other data", node.owner);
            let help = if *node.owner == nodes.zone.apex {
                "an apex can't be a CNAME: write addresses (@ IN A 192.0.2.10) and steer them (_steer IN TXT \"web\")"
            } else {
                "remove the CNAME or the other records"
            };
            found.push(
                finding(Some(cname.span), message)
                    .label("a CNAME stands alone")
                    .related(format!("its {} record is", other.rtype), other.span)
                    .help(help),
            );
        }
    }
}

/// RFC 2181 §10.1 for CNAME, RFC 6672 §2.4 for DNAME.
fn alias_twice(nodes: &Nodes<'_>, found: &mut Vec<Diagnostic>) {
    let is_alias = |first: &Record| first.rtype == RrType::CNAME || first.rtype == RrType::DNAME;
    for rrset in nodes.rrsets() {
        let Some((first, more)) = rrset.split_first().filter(|(first, _)| is_alias(first)) else { continue };
        for second in more.iter().filter(|second| folded(second.rtype, &second.rdata) != folded(first.rtype, &first.rdata)) {
            let message = format!("\"{}\" has two {} records", first.owner, first.rtype);
            found.push(finding(Some(second.span), message).label("second").related("the first is", first.span).help("keep one"));
        }
    }
}

/// RFC 6672 §2.4: nothing exists below a DNAME.
fn below_dname(nodes: &Nodes<'_>, found: &mut Vec<Diagnostic>) {
    if !nodes.zone.records.iter().any(|record| record.rtype == RrType::DNAME) {
        return;
    }
    for node in &nodes.nodes {
        let dname = nodes.above(node.owner).find_map(|above| nodes.rrset(&above, RrType::DNAME).first().copied());
        if let (Some(dname), Some(record)) = (dname, node.records.first()) {
            let message = format!("\"{}\" is below the DNAME record of \"{}\"", node.owner, dname.owner);
            found.push(
                finding(Some(record.span), message)
                    .label("this owner")
                    .related("the DNAME is", dname.span)
                    .help("remove it, or the DNAME: a DNAME moves every name below it"),
            );
        }
    }
}

/// RFC 2181 §5.2: the records of an RRset have one TTL.
fn ttl_differs(nodes: &Nodes<'_>, found: &mut Vec<Diagnostic>) {
    for rrset in nodes.rrsets() {
        let Some(first) = rrset.first() else { continue };
        let lowest = rrset.iter().map(|record| record.ttl).min().unwrap_or_default();
        if let Some(other) = rrset.iter().find(|record| record.ttl != first.ttl) {
            let message = format!("the {} records of \"{}\" have different TTLs", first.rtype, first.owner);
            found.push(
                finding(Some(other.span), message)
                    .label(format!("here {}; the lowest, {lowest}, is used for all of them", other.ttl))
                    .related(format!("{} is given", first.ttl), first.span)
                    .help("give all of them the same TTL"),
            );
        }
    }
}

/// RFC 2181 §5: an RRset has no record twice.
fn duplicate(nodes: &Nodes<'_>, found: &mut Vec<Diagnostic>) {
    for rrset in nodes.rrsets().filter(|rrset| rrset.len() > 1) {
        let mut seen: HashMap<Cow<'_, [u8]>, &Record> = HashMap::with_capacity(rrset.len());
        for record in rrset {
            let first = *seen.entry(folded(record.rtype, &record.rdata)).or_insert(record);
            if !std::ptr::eq(first, *record) {
                let message = format!("the {} record of \"{}\" is given twice", record.rtype, record.owner);
                found.push(
                    finding(Some(record.span), message)
                        .label("again here")
                        .related("the first is", first.span)
                        .help("remove one"),
                );
            }
        }
    }
}

/// A name server inside the zone without an address: below its own cut nobody could find it (RFC 1034 §4.2.1).
fn address_missing(nodes: &Nodes<'_>, found: &mut Vec<Diagnostic>) {
    for ns in nodes.zone.records.iter().filter(|record| record.rtype == RrType::NS) {
        let Some(target) = target_name(ns).filter(|target| target.is_at_or_below(&nodes.zone.apex)) else { continue };
        let has =
            |name: &Name| [RrType::A, RrType::AAAA, RrType::CNAME].iter().any(|rtype| !nodes.rrset(name, *rtype).is_empty());
        let cut = nodes.cut(&target);
        let covered =
            || cut.is_none() && nodes.above(&target).any(|above| above.prepend(b"*").is_ok_and(|wildcard| has(&wildcard)));
        // Below somebody else's cut its address is not ours to give.
        let foreign = cut.as_ref().is_some_and(|cut| *cut != ns.owner);
        if foreign || has(&target) || covered() {
            continue;
        }
        let what = if cut.is_some() { "no glue: an A or AAAA record" } else { "no A or AAAA record" };
        let message = format!("the name server \"{target}\" of \"{}\" has {what}", ns.owner);
        found.push(finding(Some(ns.span), message).label("named here").help(format!("add its address: {target} IN A ADDRESS")));
    }
}

/// RFC 2181 §10.3, RFC 2782: what NS, MX, SOA and SRV name is no alias.
fn target_is_alias(nodes: &Nodes<'_>, found: &mut Vec<Diagnostic>) {
    let types = [RrType::NS, RrType::MX, RrType::SOA, RrType::SRV];
    for record in nodes.zone.records.iter().filter(|record| types.contains(&record.rtype)) {
        let Some(target) = target_name(record) else { continue };
        if let Some(cname) = nodes.rrset(&target, RrType::CNAME).first() {
            let message = format!("the {} record of \"{}\" names \"{target}\", which is a CNAME", record.rtype, record.owner);
            found.push(
                finding(Some(record.span), message)
                    .label("named here")
                    .related("the CNAME is", cname.span)
                    .help("name the host that the CNAME leads to"),
            );
        }
    }
}

/// An alias or service that leads to a name of this zone where nothing is: most often its final dot is missing.
fn target_missing(nodes: &Nodes<'_>, found: &mut Vec<Diagnostic>) {
    let types = [RrType::CNAME, RrType::MX, RrType::SRV];
    let apex = nodes.zone.apex.to_string();
    for record in nodes.zone.records.iter().filter(|record| types.contains(&record.rtype)) {
        let Some(target) = target_name(record).filter(|target| target.is_at_or_below(&nodes.zone.apex)) else { continue };
        let makes_names = |above: Name| {
            let is_wildcard = above.prepend(b"*").is_ok_and(|wildcard| nodes.find(&wildcard).is_some());
            is_wildcard || !nodes.rrset(&above, RrType::DNAME).is_empty()
        };
        if nodes.find(&target).is_some() || nodes.cut(&target).is_some() || nodes.above(&target).any(makes_names) {
            continue;
        }
        // An address, or a name whose final dot is plainly missing, has had its own message.
        let is_told = |written: String| {
            let written = written.trim_end_matches('.');
            let repeated = written.strip_suffix(apex.trim_end_matches('.'));
            repeated.is_some_and(|before| before.is_empty() || before.ends_with('.')) || written.parse::<IpAddr>().is_ok()
        };
        if written(nodes, &target).is_some_and(is_told) {
            continue;
        }
        let message = format!("the {} record of \"{}\" names \"{target}\", which has no records", record.rtype, record.owner);
        found.push(finding(Some(record.data), message).label("leads nowhere").help(target_missing_help(nodes, &target)));
    }
}

/// A name of the zone as it was probably written, with a final dot instead of the apex.
fn written(nodes: &Nodes<'_>, target: &Name) -> Option<String> {
    target.to_string().strip_suffix(&nodes.zone.apex.to_string()).map(str::to_owned)
}

fn target_missing_help(nodes: &Nodes<'_>, target: &Name) -> String {
    match written(nodes, target).filter(|written| written.trim_end_matches('.').contains('.')) {
        Some(written) => format!("write \"{written}\" with its final dot if that is the whole name, else add an address for it"),
        None => format!("correct the name, or add its address: {target} IN A ADDRESS"),
    }
}

/// A TXT record at `_stear.www` or `steer.www` was probably to bind `www`.
fn steer_misspelt(nodes: &Nodes<'_>, found: &mut Vec<Diagnostic>) {
    for node in &nodes.nodes {
        let (Some(label), Some(txt)) = (node.owner.labels().next(), node.rrset(RrType::TXT).first()) else { continue };
        let label = String::from_utf8_lossy(label);
        let near = !label.eq_ignore_ascii_case("_steer") && did_you_mean(&label, ["_steer"]).is_some();
        if near && *node.owner != nodes.zone.apex {
            let message = format!("the label \"{label}\" binds nothing to a policy");
            found.push(finding(Some(txt.span), message).label("in this owner").help("did you mean \"_steer\"?"));
        }
    }
}

/// The first host that RDATA names.
fn target_name(record: &Record) -> Option<Name> {
    let name = *embedded_names(record.rtype, &record.rdata).first()?;
    Name::from_wire(record.rdata.get(name.start..name.start + name.length)?)
}
