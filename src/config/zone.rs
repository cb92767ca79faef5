//! `[zone."NAME"]`: the bindings that replace those of a zone, and the policies that its own may name.
//! Whether there is such a zone is seen by whoever loads the zones.

use super::keys::ZONE;
use super::spec::{Placed, Reference, ZoneSpec};
use super::table::Item;
use crate::diagnostic::Diagnostic;
use crate::wire::Name;

/// Reads the zone called `name`.
pub(super) fn read(name: Placed<&str>, item: Item<'_>) -> Option<ZoneSpec> {
    let table = item.named_table(&ZONE, "zone", name)?;
    let apex = match Name::parse(name.value.as_bytes(), Some(&Name::root())) {
        Ok(apex) => apex,
        Err(error) => {
            let message = format!("expected the name of a zone, but found \"{}\"", name.value.escape_debug());
            table.report(Diagnostic::error(name.span, message).label(error.to_string()).help("write [zone.\"example.com\"]"));
            return None;
        }
    };
    let steer = table.get("steer").map(|item| steer(item, &apex));
    let policies = table.get("policies").map(|item| if item.list().is_empty() { Vec::new() } else { item.references() });
    Some(ZoneSpec { apex: Placed { value: apex, span: name.span }, steer, policies })
}

fn steer(item: Item<'_>, apex: &Name) -> Vec<(Placed<Name>, Reference)> {
    let mut bindings: Vec<(Placed<Name>, Reference)> = Vec::new();
    for (name, value) in item.members("a table of bindings", "write steer = { www = \"web\" }") {
        let what = "the name of a pool or policy";
        if value.value.is_table() {
            let help = format!("a dot in a bound name needs quotes: \"{}.…\" = \"web\"", name.value.escape_debug());
            value.report(Diagnostic::error(name.span, format!("expected {what}, but found a table")).help(help));
            continue;
        }
        let (Some(bound), Some(node)) = (bound(name, item, apex), value.reference(what)) else {
            continue;
        };
        match bindings.iter().find(|(other, _)| other.value == bound) {
            Some((first, _)) => {
                let fault = Diagnostic::error(name.span, format!("{bound} is bound twice")).related("first bound", first.span);
                item.report(fault.help("keep one of the two"));
            }
            None => bindings.push((Placed { value: bound, span: name.span }, node)),
        }
    }
    bindings
}

/// The name as a zone file would have it: relative to the apex unless it ends in a dot, `@` for the apex.
fn bound(name: Placed<&str>, item: Item<'_>, apex: &Name) -> Option<Name> {
    let report = |message: String, label: String, help: String| {
        item.report(Diagnostic::error(name.span, message).label(label).help(help));
    };
    let shown = name.value.escape_debug();
    match Name::parse(name.value.as_bytes(), Some(apex)) {
        _ if name.value == "@" => Some(apex.clone()),
        Ok(bound) if bound.is_at_or_below(apex) => Some(bound),
        Ok(_) => {
            let help = "write it relative to the zone, \"@\" for the zone's own name".to_owned();
            report(format!("\"{shown}\" is not in the zone {apex}"), String::new(), help);
            None
        }
        Err(error) => {
            let help = "write \"www\", \"*.cdn\" or \"@\"".to_owned();
            report(format!("expected a name of the zone, but found \"{shown}\""), error.to_string(), help);
            None
        }
    }
}
