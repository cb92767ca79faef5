//! Bindings: which names of a zone are steered, and by what name of pool or policy (DESIGN: an underscore-scoped TXT record,
//! RFC 8552).
//!
//! Read from the zone's own `_steer` records, or from `[zone."NAME"] steer`, which replaces them. Whether the named policy
//! exists is decided when the zone is linked to the configuration, not here.

use std::collections::{HashMap, HashSet};

use crate::config::ZoneRules;
use crate::diagnostic::{Diagnostic, Span, bounded, did_you_mean};
use crate::limits::SUGGESTION_CANDIDATES_MAX;
use crate::wire::{Name, RrType};
use crate::zone::{Record, Zone};

/// The label that binds.
const STEER_LABEL: &[u8] = b"_steer";

/// One name and what it is bound to.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// The bound name.
    pub name: Name,
    /// The pool or policy as written.
    pub target: String,
    /// Where it is written.
    pub span: Span,
    /// Where the target is written.
    pub target_span: Span,
    /// The types that the name has in the zone, each with the place of one record.
    pub own: Vec<(RrType, Span)>,
}

impl Binding {
    fn new(name: Name, target: String, span: Span, target_span: Span) -> Self {
        Self { name, target, span, target_span, own: Vec::new() }
    }

    /// Whether the name has records of this type in the zone.
    pub fn has(&self, rtype: RrType) -> bool {
        self.own.iter().any(|(own, _)| *own == rtype)
    }
}

/// All bindings of a zone; `names` gives the target's name for bindings that the configuration writes. `whole` tells that every
/// line of the zone could be read: else what a bound name seems to lack may stand in one of the others. A binding with a fault is
/// among them, so that the name of its policy can be judged besides; its zone is not served.
pub fn bindings(
    zone: &Zone,
    whole: bool,
    rules: Option<&ZoneRules>,
    names: impl Fn(&crate::config::Steer) -> String,
) -> (Vec<Binding>, Vec<Diagnostic>) {
    let mut faults = Vec::new();
    let mut written: Vec<Binding> = match rules.and_then(|rules| rules.steer.as_ref()) {
        Some(steer) => steer.iter().map(|steer| Binding::new(steer.name.clone(), names(steer), steer.span, steer.span)).collect(),
        None => from_records(zone, &mut faults),
    };
    if written.is_empty() {
        // Most zones, and the largest, have none.
        return (written, faults);
    }
    note_own_types(&mut written, zone);
    let owners = Owners::of(zone);
    let refused = written.iter().filter_map(|binding| owners.refuse(binding, zone, whole));
    let faults = bounded(faults.into_iter().chain(refused));
    (written, faults)
}

/// Tells each binding which types its name has.
fn note_own_types(bindings: &mut [Binding], zone: &Zone) {
    // One pass over what may be a million records.
    let mut places: HashMap<Name, Vec<usize>> = HashMap::new();
    for (place, binding) in bindings.iter().enumerate() {
        places.entry(binding.name.clone()).or_default().push(place);
    }
    for record in &zone.records {
        for binding in places.get(&record.owner).into_iter().flatten() {
            if let Some(binding) = bindings.get_mut(*binding).filter(|binding| !binding.has(record.rtype)) {
                binding.own.push((record.rtype, record.span));
            }
        }
    }
}

/// What the zone's `_steer` records say.
fn from_records(zone: &Zone, faults: &mut Vec<Diagnostic>) -> Vec<Binding> {
    let is_binding = |record: &&Record| {
        record.rtype == RrType::TXT && record.owner.labels().next().is_some_and(|label| label.eq_ignore_ascii_case(STEER_LABEL))
    };
    let mut first: HashMap<&Name, Span> = HashMap::new();
    let mut bindings = Vec::new();
    for record in zone.records.iter().filter(is_binding) {
        let Some(name) = record.owner.parent().filter(|name| name.is_at_or_below(&zone.apex)) else { continue };
        if let Some(&earlier) = first.get(&record.owner) {
            faults.push(
                Diagnostic::error(record.span, format!("\"{name}\" is bound twice"))
                    .label("second binding")
                    .related("first bound", earlier)
                    .help("a name is bound to exactly one pool or policy; delete one of the records"),
            );
            continue;
        }
        first.insert(&record.owner, record.span);
        match single_string(&record.rdata) {
            Some(target) => bindings.push(Binding::new(name, target, record.span, record.data)),
            None => faults.push(
                Diagnostic::error(record.data, format!("the binding of \"{name}\" is not one string"))
                    .label("expected one name of a pool or policy")
                    .help("write a single quoted name, such as: _steer.www IN TXT \"web\""),
            ),
        }
    }
    bindings
}

/// The text of TXT RDATA that is exactly one non-empty string of UTF-8.
fn single_string(rdata: &[u8]) -> Option<String> {
    let (&length, text) = rdata.split_first()?;
    (length as usize == text.len() && length > 0).then(|| String::from_utf8(text.to_vec()).ok())?
}

/// Which owners have what, for the rules about bound names.
struct Owners<'a> {
    addressed: HashSet<&'a Name>,
    cuts: HashSet<&'a Name>,
    dnames: HashSet<&'a Name>,
}

impl<'a> Owners<'a> {
    fn of(zone: &'a Zone) -> Self {
        let owners = |types: &[RrType]| -> HashSet<&'a Name> {
            zone.records.iter().filter(|record| types.contains(&record.rtype)).map(|record| &record.owner).collect()
        };
        let mut cuts = owners(&[RrType::NS]);
        cuts.remove(&zone.apex);
        Self { addressed: owners(&[RrType::A, RrType::AAAA, RrType::CNAME]), cuts, dnames: owners(&[RrType::DNAME]) }
    }

    /// The name at or above this one where the zone ends, and the type that ends it.
    fn end(&self, name: &Name) -> Option<(Name, RrType)> {
        for above in std::iter::successors(Some(name.clone()), Name::parent) {
            if self.cuts.contains(&above) {
                return Some((above, RrType::NS));
            }
            // A DNAME's own name stays in the zone (RFC 6672 §2.3); a cut's does not.
            if above != *name && self.dnames.contains(&above) {
                return Some((above, RrType::DNAME));
            }
        }
        None
    }

    /// Why a binding can't stand, if it can't.
    fn refuse(&self, binding: &Binding, zone: &Zone, whole: bool) -> Option<Diagnostic> {
        let name = &binding.name;
        if !name.is_at_or_below(&zone.apex) {
            return Some(
                Diagnostic::error(binding.span, format!("\"{name}\" is not in the zone \"{}\"", zone.apex))
                    .label("bound here")
                    .help("bind names at or below the zone's apex"),
            );
        }
        if let Some((owner, rtype)) = self.end(name) {
            return Some(
                Diagnostic::error(binding.span, format!("\"{name}\" is bound, but the zone ends at \"{owner}\" ({rtype})"))
                    .label("bound here")
                    .help(format!("bind the name in the zone that \"{owner}\" leads to, or delete the {rtype} record")),
            );
        }
        if !whole || self.addressed.contains(name) {
            return None;
        }
        let step = format!("add the address that any other name server would answer, such as: {name} 60 IN A 192.0.2.10");
        let help =
            self.near(name, &zone.apex).map_or_else(|| step.clone(), |near| format!("did you mean \"{near}\"? if not, {step}"));
        let fault = format!("\"{name}\" is bound, but has no A, AAAA or CNAME record");
        Some(Diagnostic::error(binding.span, fault).label("bound here").help(help))
    }

    /// The name that was probably meant; none in zones where a comparison with every name would take too long.
    fn near(&self, name: &Name, apex: &Name) -> Option<String> {
        let apex = apex.to_string();
        let relative = |name: &Name| name.to_string().strip_suffix(&apex).map(str::to_owned);
        let owners = self.addressed.iter().filter(|_| self.addressed.len() <= SUGGESTION_CANDIDATES_MAX);
        let mut owners: Vec<String> = owners.filter_map(|owner| relative(owner)).collect();
        owners.sort_unstable();
        let near = did_you_mean(&relative(name)?, owners.iter().map(String::as_str))?;
        Some(format!("{near}{apex}"))
    }
}
