//! Orders on their way: from commands and from their file to the Keeper, and back to the operator what follows from them.
//! What an order says and does is decided in other rooms; here it is written, told and logged.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, oneshot};
use tokio::task::block_in_place;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tracing::{error, info, warn};

use super::Daemon;
use crate::config::Config;
use crate::config::orders::{Wish, named};
use crate::control::{Done, OrderRequest, Reply, Safety, list, list_json, read_wish};
use crate::health::{Act, Alarm, Forced, Order, Orders};
use crate::limits::{ANSWER_TRAVEL, ORDERS_LOOK_INTERVAL};
use crate::serving::Event;
use crate::snapshot::{Lifetimes, NodeKind, Snapshot, fixed, last_resorts};
use crate::state::{Book, Reading, Refusal};

/// Names with records of their own that are looked for: an operator needs a hint, not a list.
const FIXED_MAX: usize = 20;

/// Where orders are kept and looked after.
pub(super) struct OrderDesk {
    book: Book,
    looks: Interval,
    /// Until when answers may live that pools gave under a longer TTL than they have now.
    longer_before: HashMap<String, SystemTime>,
    events: mpsc::Sender<Event>,
}

impl OrderDesk {
    /// Reads the orders and lets them hold.
    pub(super) async fn open(config: &Config, events: &mpsc::Sender<Event>) -> Self {
        let (book, reading) = Book::open(&config.server.state, config);
        let mut looks = interval(ORDERS_LOOK_INTERVAL);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let desk = Self { book, looks, longer_before: HashMap::new(), events: events.clone() };
        desk.take(&reading).await;
        desk
    }

    /// When the file is to be looked at again; never, if files are not watched.
    pub(super) async fn looks(&mut self, watch: bool) {
        if !watch {
            std::future::pending::<()>().await;
        }
        self.looks.tick().await;
    }

    /// Tells what a file said, and lets hold what it brought.
    async fn take(&self, reading: &Reading) {
        for warning in &reading.warnings {
            let warning = warning.trim_end();
            warn!("{}", warning.strip_prefix("warning: ").unwrap_or(warning));
        }
        if let Some(Refusal(why)) = &reading.refusal {
            let why = why.trim_end();
            error!("{}", why.strip_prefix("error: ").unwrap_or(why));
        }
        self.publish().await;
        self.tell_alarms(reading.unkept.as_deref()).await;
    }

    /// Lets the orders hold, and waits until they do.
    async fn publish(&self) {
        let (done, published) = oneshot::channel();
        if self.events.send(Event::Ordered(Arc::clone(self.book.orders()), done)).await.is_ok() {
            // An error means that the Keeper ended, and with it the process.
            let _ = published.await;
        }
    }

    async fn tell_alarms(&self, unwritten: Option<&str>) {
        let refused =
            self.book.is_refused().then(|| "it changes nothing until it is mended: \"signpost check\" tells why".into());
        let unwritten = unwritten.map(|why| format!("{why}; what was ordered would not survive a restart").into());
        let subject: Arc<str> = self.book.path().display().to_string().into();
        for (alarm, text) in [(Alarm::OrdersFileRefused, refused), (Alarm::StateNotWritten, unwritten)] {
            // An error means that the Keeper ended, and with it the process.
            let _ = self.events.send(Event::Alarm { alarm, subject: Arc::clone(&subject), text }).await;
        }
    }
}

impl Daemon {
    /// Reads the file of orders if it has changed and rests.
    pub(super) async fn look_at_orders(&mut self) {
        let reading = block_in_place(|| self.orders.book.look(&self.config));
        if let Some(reading) = reading {
            self.orders.take(&reading).await;
            let (orders, refused) = (self.orders.book.orders().iter().count(), reading.refusal.is_some());
            info!(orders, refused, "the file of orders was read");
        }
    }

    /// Judges the orders by a new configuration; `before` is the snapshot that answered until now.
    pub(super) async fn review_orders(&mut self, before: &Snapshot) {
        let (old, new) = (Lifetimes::of(before), Lifetimes::of(&self.current.load().snapshot));
        let now = SystemTime::now();
        self.orders.longer_before.retain(|_, until| now < *until);
        for (pool, seconds) in old.longer_than(&new) {
            let until = now + Duration::from_secs(u64::from(seconds));
            let longest = self.orders.longer_before.entry(pool.to_owned()).or_insert(until);
            *longest = until.max(*longest);
        }
        let reading = block_in_place(|| self.orders.book.review(&self.config));
        self.orders.take(&reading).await;
    }

    /// Does what an operator wishes.
    pub(super) async fn order(&mut self, request: &OrderRequest) -> Reply {
        let now = SystemTime::now();
        let wish = match read_wish(request, now) {
            Ok(wish) => wish,
            Err(reply) => return reply,
        };
        let before = Arc::clone(self.orders.book.orders());
        let granted = block_in_place(|| self.orders.book.grant(&wish, &self.config, now));
        // Even a command that is refused may have found news in the file.
        self.orders.publish().await;
        let unwritten = granted.as_ref().ok().and_then(|granted| granted.unwritten.as_deref());
        self.orders.tell_alarms(unwritten).await;
        let granted = match granted {
            Ok(granted) => granted,
            Err(Refusal(why)) => return Reply::bad_input(why),
        };
        log(&wish);
        let orders = (**self.orders.book.orders()).clone();
        let named: Vec<(&str, &str)> = named(wish.on(), &self.config).collect();
        let takes_out = matches!(&wish, Wish::Give(Order { act: Act::Drain { .. } | Act::Force(Forced::Down), .. }));
        let safe = takes_out.then(|| self.safety(&named, &before, &orders, SystemTime::now()));
        // Who had no such order has lost nothing.
        let is_concerned = |pool: &str, endpoint: &str| match &wish {
            Wish::Give(_) => true,
            Wish::TakeBack(kind, _) => before.for_endpoint(pool, endpoint, now).any(|order| order.act.kind() == *kind),
        };
        let concerned = named.iter().filter(|(pool, endpoint)| is_concerned(pool, endpoint));
        let endpoints = concerned.map(|(pool, endpoint)| format!("{pool}/{endpoint}")).collect();
        let warnings = granted.unwritten.map(|why| format!("{why}; the order holds, but would not survive a restart"));
        let done = Done { wish, endpoints, now, orders, safe, notes: granted.notes, warnings: warnings.into_iter().collect() };
        if request.json { Reply::done(done.json()) } else { done.reply() }
    }

    /// The orders in a table.
    pub(super) fn list_orders(&self, json: bool) -> Reply {
        let count = |on: &_| named(on, &self.config).count();
        let (orders, now) = (self.orders.book.orders(), SystemTime::now());
        let mut reply = Reply::done(if json { list_json(orders, now, count) } else { list(orders, now, count) });
        if self.orders.book.is_refused() {
            let path = self.orders.book.path().display();
            reply.err = format!("warning: \"{path}\" is refused as it is now: \"signpost check\" tells why\n");
        }
        reply
    }

    /// When these endpoints, which are out or will be, may be stopped; they answered until `now` at the latest.
    fn safety(&self, endpoints: &[(&str, &str)], before: &Orders, orders: &Orders, now: SystemTime) -> Safety {
        let snapshot = Arc::clone(&self.current.load().snapshot);
        let lifetimes = Lifetimes::of(&snapshot);
        let mut safety = Safety::default();
        for (pool, endpoint) in endpoints {
            let Some(ttl) = lifetimes.longest(pool) else { continue };
            let was_out = before.on(pool, endpoint, now).is_out;
            let out_at = if was_out { out_at(before, pool, endpoint, now) } else { out_at(orders, pool, endpoint, now).max(now) };
            let run_out = out_at + Duration::from_secs(u64::from(ttl)) + ANSWER_TRAVEL;
            let longer = self.orders.longer_before.get(*pool).map(|until| *until + ANSWER_TRAVEL);
            safety.at = safety.at.max(Some(run_out)).max(longer);
            safety.ttl_seconds = ttl.max(safety.ttl_seconds);
        }
        let is_out = |pool: &str, endpoint: &str| takers_out(orders, pool, endpoint, now).next().is_some();
        safety.last_resort_of = last_resorts(&snapshot, endpoints, is_out);
        safety.fixed = block_in_place(|| fixed(&snapshot, &addresses(&snapshot, endpoints), FIXED_MAX));
        safety
    }
}

/// The orders that take an endpoint out, now or in the end.
fn takers_out<'a>(orders: &'a Orders, pool: &'a str, endpoint: &'a str, now: SystemTime) -> impl Iterator<Item = &'a Order> {
    let takes_out = |order: &&Order| matches!(order.act, Act::Drain { .. } | Act::Force(Forced::Down));
    orders.for_endpoint(pool, endpoint, now).filter(takes_out)
}

/// When an endpoint is out of the answers by the first order that takes it out; what has no beginning begins now.
fn out_at(orders: &Orders, pool: &str, endpoint: &str, now: SystemTime) -> SystemTime {
    let out = takers_out(orders, pool, endpoint, now).map(|order| order.complete_at().or(order.since).unwrap_or(now));
    out.min().unwrap_or(now)
}

fn addresses(snapshot: &Snapshot, endpoints: &[(&str, &str)]) -> Vec<std::net::IpAddr> {
    let mut addresses = Vec::new();
    for node in snapshot.policies.nodes() {
        let NodeKind::Pool(pool) = &node.kind else { continue };
        let own = pool.endpoints.iter().filter(|endpoint| endpoints.contains(&(&node.name, &endpoint.name)));
        addresses.extend(
            own.flat_map(|endpoint| crate::snapshot::Family::ALL.into_iter().filter_map(|family| endpoint.addresses[family])),
        );
    }
    addresses
}

fn log(wish: &Wish) {
    match wish {
        Wish::Give(Order { on, act, reason, .. }) => {
            info!(order = act.kind().name(), %on, ?act, reason = reason.as_deref(), "ordered")
        }
        Wish::TakeBack(kind, on) => info!(order = kind.name(), %on, "taken back"),
    }
}
