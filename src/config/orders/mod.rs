//! The file of orders, `orders.toml` in the state folder: read whole or refused whole, and changed by commands.
//!
//! Operators, commands and configuration management write the same file, so there is one way in: a command is an edit of the
//! text ([`edit`]), which is then read like any other. Nothing is opened or written here.

mod edit;
mod moment;
mod names;
mod wish;

#[cfg(test)]
mod tests;

use std::num::NonZeroU16;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::Config;
use super::document::{self, Faults, Text};
use super::keys::{DRAIN, FORCE, ORDERS, Shape, WEIGHT};
use super::spec::Placed;
use super::table::{File, Item, Table};
use crate::diagnostic::{Diagnostic, Source, Span};
use crate::health::{Act, Forced, Order, OrderKind, Orders, Pattern};
use crate::limits::{DRAIN_OVER_MAX, ORDER_REASON_LENGTH_MAX, ORDERS_MAX};

pub use edit::{Edit, edit};
pub use names::named;
pub use wish::{Plan, Wish};

/// An order and where its pattern is written.
struct Written {
    order: Order,
    span: Span,
}

/// Reads the file of orders; nothing if any diagnostic is an error. An order for nobody is an error, but only a warning where
/// it is one of `before`, the orders that hold: then its endpoint has gone. At the start all may be of that kind.
pub fn read(source: &Source, config: &Config, before: Option<&Orders>) -> (Option<Orders>, Vec<Diagnostic>) {
    let faults = Faults::default();
    let root = document::toml(source, &faults);
    let written = root.as_ref().map_or_else(Vec::new, |root| {
        let file = File { text: Text { source, folder: Path::new("") }, faults: &faults };
        let table = file.table(root.get_ref(), &ORDERS);
        [("drain", &DRAIN, drain as Reader), ("force", &FORCE, force), ("weight", &WEIGHT, weight)]
            .into_iter()
            .flat_map(|(key, shape, read)| section(&table, key, shape, read))
            .collect()
    });
    if let Some(Written { span, .. }) = written.get(ORDERS_MAX) {
        let message = format!("there are {} orders, expected at most {ORDERS_MAX}", written.len());
        faults.report(Diagnostic::error(*span, message).help("order whole pools, or use \"*\" in names"));
    }
    let orders = Orders::new(written.iter().map(|written| written.order.clone()));
    for Written { order, span } in &written {
        names::report_unknown(order, *span, config, before, &faults);
    }
    report_weights(&written, &orders, config, before, &faults);
    let orders = root.filter(|_| !faults.any_error()).map(|_| orders);
    (orders, faults.into_diagnostics(&[source.id()]))
}

type Reader = fn(&Table<'_>) -> Option<Act>;

/// All orders of one kind.
fn section(root: &Table<'_>, key: &str, shape: &'static Shape, read: Reader) -> Vec<Written> {
    let help = format!("write {}", shape.example);
    let Some(item) = root.get(key) else { return Vec::new() };
    let members = item.members(&format!("tables such as [{key}.\"eu/fra-1\"]"), &help);
    members.into_iter().filter_map(|(name, item)| written(key, name, item, shape, read)).collect()
}

fn written(kind: &str, name: Placed<&str>, item: Item<'_>, shape: &'static Shape, read: Reader) -> Option<Written> {
    let pattern = Pattern::read(name.value);
    if pattern.is_none() {
        let found = name.value.escape_debug();
        let message = format!("expected a pool or an endpoint such as \"eu/fra-1\", but found \"{found}\"");
        let help = "\"eu/fra-1\" is one endpoint, \"eu\" all of a pool, and \"*\" stands for any part of a name: \"eu/fra-*\"";
        item.report(Diagnostic::error(name.span, message).help(help));
    }
    let table = item.named_table(shape, kind, name)?;
    let act = read(&table);
    let since = table.read("since", moment::read);
    let until = table.read("until", moment::read);
    if let (Some(since), Some(until), Some(at)) = (since, until, table.get("until"))
        && until <= since
    {
        at.report(at.fault("\"until\" is not after \"since\": this order ends before it begins").help("correct one of them"));
    }
    if let (Some(Act::Drain { over }), None) = (act, since)
        && !over.is_zero()
        && table.lacks("since")
        && let Some(at) = table.get("over")
    {
        let help = "write the moment at which the drain begins, such as since = 2026-11-24T14:22:07Z";
        at.report(at.fault("\"over\" needs \"since\": from when on?").help(help));
    }
    let reason = table.read("reason", reason);
    let order = Order { on: pattern?, act: act?, reason, since, until };
    Some(Written { order, span: name.span })
}

fn drain(table: &Table<'_>) -> Option<Act> {
    let over = table.get("over").map_or(Some(Duration::ZERO), |item| item.duration(Duration::ZERO, DRAIN_OVER_MAX));
    over.map(|over| Act::Drain { over })
}

fn force(table: &Table<'_>) -> Option<Act> {
    let item = table.require("to", "write to = \"up\" or to = \"down\"")?;
    item.one_of("\"up\" or \"down\"", &[("up", Forced::Up), ("down", Forced::Down)]).map(Act::Force)
}

fn weight(table: &Table<'_>) -> Option<Act> {
    let item = table.require("to", "write the weight, such as to = 10")?;
    if item.integer() == Some(0) {
        item.report(item.fault("weight 0 would take it out at once").help("drain it instead: [drain.\"eu/fra-1\"]"));
        return None;
    }
    item.whole::<u16>(1, i64::from(u16::MAX)).and_then(NonZeroU16::new).map(Act::Weight)
}

fn reason(item: Item<'_>) -> Option<Arc<str>> {
    let expected = format!("a text of one line, of at most {ORDER_REASON_LENGTH_MAX} octets");
    let accept = |text: &str| text.len() <= ORDER_REASON_LENGTH_MAX && !text.chars().any(char::is_control);
    item.text_such_that(&expected, "write why in a few words, or the number of a ticket", accept).map(Arc::from)
}

/// Reports each order of a weight with which a pool has more to draw from than it may.
fn report_weights(written: &[Written], orders: &Orders, config: &Config, before: Option<&Orders>, faults: &Faults) {
    for Written { order, span } in written.iter().filter(|written| written.order.act.kind() == OrderKind::Weight) {
        if let Some((pool, sum)) = names::overweight(orders, &order.on, config) {
            let message = format!("with this the weights of pool \"{pool}\" sum to {sum}, expected at most {}", names::SUM_MAX);
            // What was good before the configuration changed is no reason to give all orders up.
            let stood = before.is_none_or(|before| before.find(OrderKind::Weight, &order.on) == Some(order));
            let fault = if stood { Diagnostic::warning(*span, message) } else { Diagnostic::error(*span, message) };
            faults.report(fault.help("order smaller weights; only their proportions count"));
        }
    }
}
