//! Changes the text of a file of orders and leaves everything else in it as it is, comments too.
//! What the text means is read afterwards, as if somebody had written it by hand.

use std::time::Duration;

use toml_edit::{Datetime, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::moment;
use crate::config::value::shown;
use crate::health::{Act, Forced, Order, OrderKind, Pattern};

/// What a file that a command began says of itself.
const HEAD: &str = "\
# The orders that hold, as \"signpost drain\", \"force\" and \"weight\" write them. You may write here, too: the server reads
# this file when it changes, whole or not at all. Comments stay, but what stands right above an order goes with it.

";

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// This order, in place of the one of its kind on the same pattern if there is one.
    Put(Order),
    /// No order of this kind on this pattern.
    Remove(OrderKind, Pattern),
}

/// The text with these changes; nothing if it is no TOML.
pub fn edit(text: &str, edits: &[Edit]) -> Option<String> {
    let (head, rest) = text.split_at(head_length(text));
    let mut document: DocumentMut = rest.parse().ok()?;
    for edit in edits {
        match edit {
            Edit::Put(order) => put(&mut document, order),
            Edit::Remove(kind, on) => remove(&mut document, *kind, on),
        }
    }
    let head = if text.trim().is_empty() { HEAD } else { head };
    let line_end = if head.is_empty() || head.ends_with('\n') { "" } else { "\n" };
    Some(format!("{head}{line_end}{document}"))
}

/// Octets of the comments at the top that belong to the file and not to what follows: all up to the last blank line among them.
fn head_length(text: &str) -> usize {
    let (mut length, mut head) = (0, 0);
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        if !trimmed.is_empty() && !trimmed.starts_with('#') {
            return head;
        }
        length += line.len();
        head = if trimmed.is_empty() { length } else { head };
    }
    length
}

fn put(document: &mut DocumentMut, order: &Order) {
    let is_first = document.is_empty();
    let mut implicit = Table::new();
    implicit.set_implicit(true);
    let section = document.entry(order.act.kind().name()).or_insert(Item::Table(implicit));
    let is_inline = section.is_inline_table();
    let is_dotted = section.as_table().is_some_and(Table::is_dotted);
    let Some(section) = section.as_table_like_mut() else { return };
    let before = section.get(order.on.as_str()).and_then(Item::as_table).map(|table| (table.decor().clone(), table.position()));
    let item = if is_inline {
        let mut table = InlineTable::new();
        fill(&mut table, order);
        Item::Value(Value::InlineTable(table))
    } else {
        let mut table = Table::new();
        fill(&mut table, order);
        table.set_dotted(is_dotted);
        match before {
            Some((decor, position)) => {
                *table.decor_mut() = decor;
                table.set_position(position);
            }
            None => table.decor_mut().set_prefix(if is_first { "" } else { "\n" }),
        }
        Item::Table(table)
    };
    section.insert(order.on.as_str(), item);
}

fn fill(table: &mut dyn TableLike, order: &Order) {
    let mut write = |key: &str, value: Value| drop(table.insert(key, Item::Value(value)));
    match order.act {
        Act::Drain { over: Duration::ZERO } => {}
        Act::Drain { over } => write("over", shown(over).into()),
        Act::Force(Forced::Up) => write("to", "up".into()),
        Act::Force(Forced::Down) => write("to", "down".into()),
        Act::Weight(weight) => write("to", i64::from(weight.get()).into()),
    }
    for (key, moment) in [("since", order.since), ("until", order.until)] {
        if let Some(moment) = moment.and_then(|moment| moment::written(moment).parse::<Datetime>().ok()) {
            write(key, moment.into());
        }
    }
    if let Some(reason) = &order.reason {
        write("reason", (**reason).into());
    }
}

fn remove(document: &mut DocumentMut, kind: OrderKind, on: &Pattern) {
    let key = kind.name();
    let Some(section) = document.get_mut(key).and_then(Item::as_table_like_mut) else { return };
    section.remove(on.as_str());
    if section.is_empty() {
        document.remove(key);
    }
}
