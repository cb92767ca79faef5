//! What a command wishes, as changes of the file of orders, and in words.
//!
//! An order is kept as it was given, also on a pool or a pattern. To take it back for some of its endpoints, it is replaced by
//! orders on the others.

use std::time::SystemTime;

use super::edit::Edit;
use super::names::{named, unknown};
use crate::config::Config;
use crate::health::{Act, Order, OrderKind, Orders, Pattern};

/// What a command wishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// This order.
    Give(Order),
    /// No order of this kind for these endpoints any more.
    TakeBack(OrderKind, Pattern),
}

/// The changes that a wish amounts to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In the file.
    pub edits: Vec<Edit>,
    /// What an operator should know besides, a line each.
    pub notes: Vec<String>,
}

impl Wish {
    /// For whom it is.
    pub fn on(&self) -> &Pattern {
        match self {
            Self::Give(order) => &order.on,
            Self::TakeBack(_, on) => on,
        }
    }

    /// What it changes of these orders; where it can't be, the fault and the next step.
    pub fn plan(&self, orders: &Orders, config: &Config, now: SystemTime) -> Result<Plan, (String, String)> {
        match self {
            Self::Give(order) if named(&order.on, config).next().is_none() => Err(unknown(&order.on, config)),
            Self::Give(order) => Ok(give(order, orders, now)),
            Self::TakeBack(kind, on) => take_back(*kind, on, orders, config),
        }
        .map(|plan| plan.sweeping(orders, now))
    }
}

impl Plan {
    /// The same, and without what has ended by itself.
    fn sweeping(mut self, orders: &Orders, now: SystemTime) -> Self {
        let ended = orders.iter().filter(|order| !order.holds(now));
        let ended: Vec<_> = ended.map(|order| Edit::Remove(order.act.kind(), order.on.clone())).collect();
        self.edits.splice(0..0, ended);
        self
    }
}

fn give(order: &Order, orders: &Orders, now: SystemTime) -> Plan {
    let before = orders.find(order.act.kind(), &order.on).filter(|before| before.holds(now));
    let Some(before) = before else { return Plan { edits: vec![Edit::Put(order.clone())], notes: Vec::new() } };
    // To begin a drain anew would send clients back to where they have just been led away from.
    let goes_on = matches!(order.act, Act::Drain { over } if !over.is_zero());
    let (reason, until) = (order.reason.clone().or_else(|| before.reason.clone()), order.until.or(before.until));
    let order = Order { reason, until, ..order.clone() };
    let order = if goes_on { Order { act: before.act, since: before.since, ..order } } else { order };
    let note = if goes_on { "is being drained already: that goes on" } else { "had such an order: this one takes its place" };
    Plan { notes: vec![format!("{} {note}", order.on)], edits: vec![Edit::Put(order)] }
}

fn take_back(kind: OrderKind, on: &Pattern, orders: &Orders, config: &Config) -> Result<Plan, (String, String)> {
    let mut plan = Plan::default();
    for order in orders.iter().filter(|order| order.act.kind() == kind) {
        let (taken, left): (Vec<_>, Vec<_>) =
            named(&order.on, config).partition(|(pool, endpoint)| order.on == *on || on.matches(pool, endpoint));
        if taken.is_empty() && order.on != *on {
            continue;
        }
        plan.edits.push(Edit::Remove(kind, order.on.clone()));
        if left.is_empty() {
            continue;
        }
        let rest: Vec<Pattern> =
            left.iter().filter_map(|(pool, endpoint)| Pattern::read(&format!("{pool}/{endpoint}"))).collect();
        let names = rest.iter().map(Pattern::as_str).collect::<Vec<_>>().join(", ");
        plan.notes.push(format!("the order on \"{}\" now stands for {names} each", order.on));
        // Who has an order of its own keeps it.
        let without = rest.into_iter().filter(|one| orders.find(kind, one).is_none());
        plan.edits.extend(without.map(|one| Edit::Put(Order { on: one, ..order.clone() })));
    }
    if !plan.edits.is_empty() {
        return Ok(plan);
    }
    if named(on, config).next().is_none() {
        return Err(unknown(on, config));
    }
    let (message, give) = match kind {
        OrderKind::Drain => (format!("\"{on}\" is not drained"), "drain"),
        OrderKind::Force => (format!("\"{on}\" is not forced up or down"), "force up|down"),
        OrderKind::Weight => (format!("\"{on}\" has no weight by order"), "weight"),
    };
    Err((message, format!("\"signpost orders\" lists what was ordered; \"signpost {give}\" orders it")))
}
