//! What became of an order, and the list of all, for programs: one line of JSON, moments in UTC.
//! The same facts as in `orders.rs`; what is refused is said in words and by the exit code, as everywhere.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::orders::Done;
use super::time::utc;
use crate::config::orders::Wish;
use crate::health::{Act, Forced, Order, Orders, Pattern};

impl Done {
    /// What to say of it to a program.
    pub fn json(&self) -> String {
        let (kind, holds) = match &self.wish {
            Wish::Give(order) => (order.act.kind(), self.orders.find(order.act.kind(), &order.on)),
            Wish::TakeBack(kind, _) => (*kind, None),
        };
        let safe = self.safe.as_ref();
        let records: Vec<Value> = safe
            .into_iter()
            .flat_map(|safe| safe.fixed.iter().map(|(name, ttl)| json!({ "name": name, "ttl_seconds": ttl })))
            .collect();
        let last_resort_of = safe.map(|safe| safe.last_resort_of.as_slice()).unwrap_or_default();
        json!({
            "on": self.wish.on().as_str(),
            "order": kind.name(),
            "holds": holds.is_some(),
            "endpoints": self.endpoints,
            "complete_at": holds.and_then(Order::complete_at).map(utc),
            "until": holds.and_then(|order| order.until).map(utc),
            "safe_at": safe.filter(|_| last_resort_of.is_empty()).map(|safe| utc(safe.at.unwrap_or(self.now))),
            "last_resort_of": last_resort_of,
            "records": records,
            "notes": self.notes,
            "warnings": self.warnings,
        })
        .to_string()
    }
}

/// All orders, in the order of their file; `endpoints` tells for how many endpoints a pattern is.
pub fn list_json(orders: &Orders, now: SystemTime, endpoints: impl Fn(&Pattern) -> usize) -> String {
    let row = |order: &Order| {
        let to = match order.act {
            Act::Drain { .. } => Value::Null,
            Act::Force(Forced::Up) => "up".into(),
            Act::Force(Forced::Down) => "down".into(),
            Act::Weight(weight) => weight.get().into(),
        };
        json!({
            "on": order.on.as_str(),
            "order": order.act.kind().name(),
            "to": to,
            "holds": order.holds(now),
            "endpoints": endpoints(&order.on),
            "share_percent": f64::from(order.share(now)) / 10.0,
            "since": order.since.map(utc),
            "complete_at": order.complete_at().map(utc),
            "until": order.until.map(utc),
            "reason": order.reason.as_deref(),
        })
    };
    Value::Array(orders.iter().map(row).collect()).to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::control::Safety;

    #[test]
    fn a_program_reads_the_same_facts() {
        let at = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_530_127 + seconds);
        let act = Act::Drain { over: Duration::from_secs(600) };
        let on = Pattern::read("eu/fra-1").unwrap();
        let order = Order { on, act, reason: Some("new kernel".into()), since: Some(at(0)), until: None };
        let orders = Orders::new([order.clone()]);
        let done = Done {
            wish: Wish::Give(order),
            endpoints: vec!["eu/fra-1".into()],
            now: at(0),
            orders: orders.clone(),
            safe: Some(Safety { at: Some(at(631)), ttl_seconds: 30, ..Safety::default() }),
            notes: Vec::new(),
            warnings: Vec::new(),
        };
        let said: Value = serde_json::from_str(&done.json()).unwrap();
        assert_eq!((&said["safe_at"], &said["complete_at"]), (&json!("2026-11-24T14:32:38Z"), &json!("2026-11-24T14:32:07Z")));
        assert_eq!((&said["on"], &said["holds"], &said["endpoints"]), (&json!("eu/fra-1"), &json!(true), &json!(["eu/fra-1"])));
        let listed: Value = serde_json::from_str(&list_json(&orders, at(300), |_| 1)).unwrap();
        assert_eq!((&listed[0]["share_percent"], &listed[0]["reason"]), (&json!(49.1), &json!("new kernel")));
    }
}
