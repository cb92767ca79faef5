//! `[policy.NAME]`: how to choose among pools or other policies. The rules of `geo` are read in `rule.rs`.
//! References stay names here; `resolve.rs` turns them into nodes.

use std::collections::HashMap;

use super::keys::{CHILD, OVERRIDE, POLICY};
use super::spec::{ChildSpec, ChooseSpec, OverrideSpec, Placed, PolicySpec, Reference};
use super::table::{Item, Table};
use super::{node, rule};
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::geo::Prefix;
use crate::limits::POLICY_CHILDREN_MAX;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Nearest,
    Failover,
    Weighted,
    Hashed,
    Geo,
}

const KINDS: [(&str, Kind); 5] = [
    ("nearest", Kind::Nearest),
    ("failover", Kind::Failover),
    ("weighted", Kind::Weighted),
    ("hashed", Kind::Hashed),
    ("geo", Kind::Geo),
];
const WEIGHT: u16 = 1;
const BIAS_MAX: i64 = 99;

/// Reads the policy called `name`.
pub(super) fn read(name: Placed<&str>, item: Item<'_>) -> Option<PolicySpec> {
    name.report_unless_noun(item);
    let table = item.named_table(&POLICY, "policy", name)?;
    let common = node::read(name, &table);
    let kind = table
        .require("choose", "write choose = \"nearest\", \"failover\", \"weighted\", \"hashed\" or \"geo\"")
        .and_then(|item| item.one_of("a way to choose", &KINDS));
    refuse_keys(&table, kind);
    let choose = choose(&table, kind);
    let last = table.read("last", |item| item.reference("the name of a pool or policy"));
    node::report_min_up_over(&table, common.min_up, child_count(&choose), "children");
    let max_removed = table.read("max_removed", |item| {
        let help = "a share is a whole number from \"1%\" to \"100%\"";
        node::percent(item, "a share of the weight such as \"50%\"", help)
    });
    Some(PolicySpec { common, choose, last, max_removed })
}

/// Keys of other kinds of policy.
fn refuse_keys(table: &Table<'_>, kind: Option<Kind>) {
    let Some((word, kind)) = kind.and_then(|kind| KINDS.into_iter().find(|(_, known)| *known == kind)) else {
        return;
    };
    let what = format!("a policy that chooses \"{word}\"");
    if kind == Kind::Geo {
        table.refuse(&["from"], &what, "its children are those that \"rules\" and \"otherwise\" name");
    } else {
        table.refuse(&["rules", "otherwise"], &what, "remove it, or write choose = \"geo\"");
    }
    if kind != Kind::Nearest {
        table.refuse(&["overrides"], &what, "remove it, or write choose = \"nearest\"");
    }
}

fn choose(table: &Table<'_>, kind: Option<Kind>) -> ChooseSpec {
    if kind == Some(Kind::Geo) {
        let (rules, otherwise) = rule::read(table);
        return ChooseSpec::Geo { rules, otherwise };
    }
    let from = from(table, kind);
    match kind {
        Some(Kind::Nearest) => ChooseSpec::Nearest { overrides: overrides(table, &from), from },
        Some(Kind::Weighted) => ChooseSpec::Weighted(from),
        Some(Kind::Hashed) => ChooseSpec::Hashed(from),
        Some(Kind::Failover | Kind::Geo) | None => ChooseSpec::Failover(from),
    }
}

fn child_count(choose: &ChooseSpec) -> usize {
    match choose {
        ChooseSpec::Nearest { from, .. } | ChooseSpec::Failover(from) | ChooseSpec::Weighted(from) | ChooseSpec::Hashed(from) => {
            from.len()
        }
        ChooseSpec::Geo { rules, otherwise } => {
            let mut names: Vec<&str> =
                rules.iter().flat_map(|rule| &rule.order).chain(otherwise).map(|node| node.value.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            names.len()
        }
    }
}

fn from(table: &Table<'_>, kind: Option<Kind>) -> Vec<ChildSpec> {
    const HELP: &str = "write from = [\"eu\", \"us\"]";
    // Without a known kind, a missing `from` may be right.
    let Some(item) = (if kind.is_some() { table.require("from", HELP) } else { table.get("from") }) else {
        return Vec::new();
    };
    let mut list = item.list();
    if list.is_empty() {
        item.report(item.fault(format!("{} has no children", table.subject())).help(HELP));
    } else if list.len() > POLICY_CHILDREN_MAX {
        let message = format!("{} has {} children, expected at most {POLICY_CHILDREN_MAX}", table.subject(), list.len());
        let at = Diagnostic::error(table.key_span("from"), message);
        item.report(at.help("group them into policies and choose among these"));
        list.truncate(POLICY_CHILDREN_MAX);
    }
    let mut children: Vec<ChildSpec> = Vec::new();
    for child in list.iter().filter_map(|item| child(*item, kind)) {
        match children.iter().find(|other| other.node.value == child.node.value) {
            Some(first) => table.report(
                Diagnostic::error(child.node.span, format!("\"{}\" is a child twice", child.node.value.escape_debug()))
                    .related("first named", first.node.span)
                    .help("name each child once"),
            ),
            None => children.push(child),
        }
    }
    if children.len() == list.len() {
        node::report_weights(table, "from", children.iter().map(|child| child.weight));
    }
    children
}

/// A name, or `{ use = NAME, weight = 2 }`, or `{ use = NAME, bias = -20 }`.
fn child(item: Item<'_>, kind: Option<Kind>) -> Option<ChildSpec> {
    if !item.value.is_table() {
        let node = item.reference("the name of a pool or policy, or { use = NAME }")?;
        return Some(ChildSpec { node, weight: WEIGHT, bias: 0 });
    }
    let table = item.table(&CHILD)?;
    let node = table.require("use", "write use = \"eu\"").and_then(|item| item.reference("the name of a pool or policy"));
    match kind {
        Some(Kind::Weighted | Kind::Hashed) => refuse_bias(&table),
        Some(Kind::Nearest) => refuse_weight(&table),
        Some(Kind::Failover | Kind::Geo) => {
            refuse_bias(&table);
            refuse_weight(&table);
        }
        None => {}
    }
    let weight = table.get("weight").map_or(Some(WEIGHT), node::weight);
    let bias = table.get("bias").map_or(Some(0), |item| item.whole(-BIAS_MAX, BIAS_MAX));
    Some(ChildSpec { node: node?, weight: weight?, bias: bias? })
}

fn refuse_bias(table: &Table<'_>) {
    table.refuse(&["bias"], "a policy that does not choose by distance", "remove it, or write choose = \"nearest\"");
}

fn refuse_weight(table: &Table<'_>) {
    let help = "remove it, or write choose = \"weighted\" or \"hashed\"";
    table.refuse(&["weight"], "a policy that does not choose by weight", help);
}

fn overrides(table: &Table<'_>, from: &[ChildSpec]) -> Vec<OverrideSpec> {
    let items = table.get("overrides").map_or(Vec::new(), Item::list);
    let overrides: Vec<OverrideSpec> = items.into_iter().filter_map(|item| override_of(item, from)).collect();
    let mut first: HashMap<Prefix, (&OverrideSpec, Span)> = HashMap::new();
    for one in &overrides {
        for net in &one.nets {
            match first.get(&net.value) {
                Some((other, span)) => report_same_net(table, net.span, *span, one.orders_like(other)),
                None => {
                    first.insert(net.value, (one, net.span));
                }
            }
        }
    }
    overrides
}

fn override_of(item: Item<'_>, from: &[ChildSpec]) -> Option<OverrideSpec> {
    let table = item.table(&OVERRIDE)?;
    let nets = table.require("net", "write net = \"192.0.2.0/24\"").map_or(Vec::new(), rule::nets);
    let order = table.require("use", "write use = [\"eu\", \"us\"]").map_or(Vec::new(), Item::references);
    for reference in order.iter().filter(|reference| !from.iter().any(|child| child.node.value == reference.value)) {
        report_no_child(&table, reference, from);
    }
    Some(OverrideSpec { nets, order, span: item.span })
}

fn report_no_child(table: &Table<'_>, reference: &Reference, from: &[ChildSpec]) {
    let names = || from.iter().map(|child| child.node.value.as_str());
    let help = match did_you_mean(&reference.value, names()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("an override orders the children of the policy: {}", names().collect::<Vec<_>>().join(", ")),
    };
    let message = format!("\"{}\" is not among \"from\"", reference.value.escape_debug());
    table.report(Diagnostic::error(reference.span, message).help(help));
}

/// The longest prefix wins, so two equal ones must not want different orders.
fn report_same_net(table: &Table<'_>, span: Span, first: Span, alike: bool) {
    let fault = if alike {
        Diagnostic::warning(span, "this network has the same override already")
    } else {
        Diagnostic::error(span, "this network has another override already")
    };
    table.report(fault.related("first used", first).help("keep one of the two"));
}
