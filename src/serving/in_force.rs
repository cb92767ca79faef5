//! The orders as they bear on what answers: for each endpoint that one is for, how it is treated.
//!
//! Renewed when the orders change, the snapshot, or the calendar. The calendar is told from outside and may jump.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tracing::info;

use crate::config::NodeId;
use crate::health::{Ordered, Orders, SHARE_WHOLE};
use crate::snapshot::{NodeKind, Policies, Share, Stance, Treatment};

/// The orders and what follows from them.
#[derive(Debug)]
pub(super) struct InForce {
    orders: Arc<Orders>,
    treatments: BTreeMap<(NodeId, u16), Treatment>,
    /// What the calendar showed at the start of the process.
    calendar: SystemTime,
    /// The time for which the treatments hold, from then on; nothing where they are of other orders or another snapshot.
    valid: Option<(SystemTime, Option<SystemTime>)>,
}

impl InForce {
    pub(super) fn new() -> Self {
        let calendar = SystemTime::UNIX_EPOCH;
        Self { orders: Arc::default(), treatments: BTreeMap::new(), calendar, valid: None }
    }

    /// Takes other orders.
    pub(super) fn take(&mut self, orders: Arc<Orders>) {
        self.orders = orders;
        self.valid = None;
    }

    /// The calendar shows this now.
    pub(super) fn set_calendar(&mut self, shows: SystemTime, now: Duration) {
        self.calendar = shows.checked_sub(now).unwrap_or(SystemTime::UNIX_EPOCH);
    }

    /// What the calendar shows.
    pub(super) fn moment(&self, now: Duration) -> SystemTime {
        self.calendar.checked_add(now).unwrap_or(self.calendar)
    }

    pub(super) fn orders(&self) -> &Arc<Orders> {
        &self.orders
    }

    pub(super) fn treatments(&self) -> &BTreeMap<(NodeId, u16), Treatment> {
        &self.treatments
    }

    /// Whether the time has come for [`Self::renew`].
    pub(super) fn is_due(&self, now: Duration) -> bool {
        let moment = self.moment(now);
        self.valid.is_none_or(|(from, until)| moment < from || until.is_some_and(|until| until <= moment))
    }

    /// When that will be by time alone, since the start.
    pub(super) fn next_tick(&self) -> Option<Duration> {
        let (_, until) = self.valid?;
        Some(until?.duration_since(self.calendar).unwrap_or_default())
    }

    /// Judges all endpoints of these policies anew; whether any is treated otherwise than before.
    pub(super) fn renew(&mut self, policies: &Policies, now: Duration) -> bool {
        let moment = self.moment(now);
        if let Some((from, _)) = self.valid {
            self.log_ends(from, moment);
        }
        let treatments = if self.orders.is_empty() { BTreeMap::new() } else { treatments(&self.orders, policies, moment) };
        self.valid = Some((moment, self.orders.next_change(moment)));
        let changed = treatments != self.treatments;
        self.treatments = treatments;
        changed
    }

    /// Tells of what has come to its end by itself.
    fn log_ends(&self, from: SystemTime, moment: SystemTime) {
        let has_come = |at: Option<SystemTime>| at.is_some_and(|at| from < at && at <= moment);
        for order in self.orders.iter() {
            let (kind, on) = (order.act.kind().name(), order.on.as_str());
            if has_come(order.until) {
                info!(order = kind, on, "the order has ended: its time is over");
            } else if has_come(order.complete_at()) {
                info!(order = kind, on, "the drain is complete");
            }
        }
    }
}

fn treatments(orders: &Orders, policies: &Policies, moment: SystemTime) -> BTreeMap<(NodeId, u16), Treatment> {
    let mut treatments = BTreeMap::new();
    for (id, node) in (0..).map(NodeId).zip(policies.nodes()) {
        let NodeKind::Pool(pool) = &node.kind else { continue };
        for (index, endpoint) in (0..).zip(&pool.endpoints) {
            let ordered = orders.on(&node.name, &endpoint.name, moment);
            if ordered != Ordered::NONE {
                treatments.insert((id, index), treatment(ordered));
            }
        }
    }
    treatments
}

fn treatment(ordered: Ordered) -> Treatment {
    let stance = match ordered {
        Ordered { is_out: true, .. } => Stance::Out,
        Ordered { is_up: true, .. } => Stance::In,
        Ordered { .. } => Stance::Judged,
    };
    let share = Share::new(u128::from(ordered.share), u128::from(SHARE_WHOLE));
    Treatment { stance, weight: ordered.weight.map(std::num::NonZeroU16::get), share, ..Treatment::default() }
}
