//! Orders: what an operator wants of endpoints, kept beside their verdicts and never instead of them.
//!
//! An order names endpoints by a [`Pattern`] and holds until it is taken back or ends by itself. [`Orders::on`] says what all
//! of them together make of one endpoint. The time is an argument, and that of the calendar: orders outlive the process.

use std::cmp::Reverse;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::limits::{DRAIN_STEP_MIN, DRAIN_STEPS_MAX, NOUN_LENGTH_MAX};

/// All of a weight.
pub const SHARE_WHOLE: u32 = 1000;

/// Endpoints by name: `eu/fra-1` is one, `eu` all of a pool, and `*` stands for any part of either name: `eu/fra-*`, `*/fra-1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern(Arc<str>);

/// What is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Out of the answers, step by step over this time.
    Drain {
        /// From the first step to the last; zero takes it out at once.
        over: Duration,
    },
    /// As if the verdict were this.
    Force(Forced),
    /// This weight instead of the configured one.
    Weight(NonZeroU16),
}

/// A verdict by order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forced {
    /// It takes clients, whatever its probes say.
    Up,
    /// It takes none, unless nothing else is left.
    Down,
}

/// The kinds of order: on one pattern there is one of each at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrderKind {
    /// [`Act::Drain`]
    Drain,
    /// [`Act::Force`]
    Force,
    /// [`Act::Weight`]
    Weight,
}

/// One order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// For whom.
    pub on: Pattern,
    /// What.
    pub act: Act,
    /// Why, in the operator's words.
    pub reason: Option<Arc<str>>,
    /// When it was given; a drain begins then.
    pub since: Option<SystemTime>,
    /// When it ends by itself.
    pub until: Option<SystemTime>,
}

/// All orders, as they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Orders(Arc<[Order]>);

/// What all orders together make of one endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ordered {
    /// Drained or forced down: it takes no clients, unless nothing else is left.
    pub is_out: bool,
    /// Forced up: it counts as up, whatever its verdict is.
    pub is_up: bool,
    /// The weight that holds instead of the configured one.
    pub weight: Option<NonZeroU16>,
    /// What a drain leaves of its weight, in [`SHARE_WHOLE`] parts; more than nothing until the drain is complete.
    pub share: u32,
}

impl Ordered {
    /// What no order at all makes of it.
    pub const NONE: Self = Self { is_out: false, is_up: false, weight: None, share: SHARE_WHOLE };
}

impl Pattern {
    /// The pattern that this text writes, if it does.
    pub fn read(text: &str) -> Option<Self> {
        let fits = |part: &str| {
            let known = |octet: u8| octet.is_ascii_alphanumeric() || b"-_.*".contains(&octet);
            (1..=NOUN_LENGTH_MAX).contains(&part.len()) && part.bytes().all(known)
        };
        let (pool, endpoint) = text.split_once('/').unwrap_or((text, "*"));
        (fits(pool) && fits(endpoint)).then(|| Self(text.into()))
    }

    /// As the operator writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the name of one endpoint, and no pool or pattern.
    pub fn names_one(&self) -> bool {
        self.0.contains('/') && !self.has_star()
    }

    /// Whether it says `*` anywhere.
    pub fn has_star(&self) -> bool {
        self.0.contains('*')
    }

    /// Whether it is for this endpoint of this pool.
    pub fn matches(&self, pool: &str, endpoint: &str) -> bool {
        match self.0.split_once('/') {
            Some((pools, endpoints)) => fits(pool, pools) && fits(endpoint, endpoints),
            None => fits(pool, &self.0),
        }
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a name fits a pattern in which `*` stands for any part.
fn fits(name: &str, pattern: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return name == pattern };
    let Some(mut name) = name.strip_prefix(first) else { return false };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in middle.split('*') {
        match name.split_once(part) {
            Some((_, after)) => name = after,
            None => return false,
        }
    }
    name.ends_with(last)
}

impl Act {
    /// Of which kind it is.
    pub fn kind(self) -> OrderKind {
        match self {
            Self::Drain { .. } => OrderKind::Drain,
            Self::Force(_) => OrderKind::Force,
            Self::Weight(_) => OrderKind::Weight,
        }
    }
}

impl OrderKind {
    /// Its name: the section of the file, the command, and the word in logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Drain => "drain",
            Self::Force => "force",
            Self::Weight => "weight",
        }
    }
}

impl Order {
    /// Whether it has not ended by itself.
    pub fn holds(&self, now: SystemTime) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// When a drain is complete, if this is one that takes its time.
    pub fn complete_at(&self) -> Option<SystemTime> {
        match self.act {
            Act::Drain { over } if !over.is_zero() => self.since?.checked_add(over),
            Act::Drain { .. } | Act::Force(_) | Act::Weight(_) => None,
        }
    }

    /// How far a drain is: steps done of all, and how long each takes.
    fn steps(&self, now: SystemTime) -> Option<Steps> {
        let Act::Drain { over } = self.act else { return None };
        let all = (over.as_nanos() / DRAIN_STEP_MIN.as_nanos()).clamp(1, u128::from(DRAIN_STEPS_MAX)) as u32;
        let length = over / all;
        let begun = self.since.filter(|_| !length.is_zero())?;
        // A clock that lags farther behind than the drain takes (a machine without one that starts) revives nobody.
        let elapsed =
            now.duration_since(begun).unwrap_or_else(|early| if early.duration() > over { over } else { Duration::ZERO });
        let done = (elapsed.as_nanos() / length.as_nanos()).min(u128::from(all)) as u32;
        Some(Steps { all, done, length, begun })
    }

    /// What a drain leaves of the weight. Each step has the share of its middle, so that the whole is the straight line.
    pub fn share(&self, now: SystemTime) -> u32 {
        match self.act {
            Act::Drain { .. } => {
                let running = self.steps(now).filter(|steps| steps.done < steps.all);
                running.map_or(0, |Steps { all, done, .. }| (2 * (all - done) - 1) * SHARE_WHOLE / (2 * all))
            }
            Act::Force(_) | Act::Weight(_) => SHARE_WHOLE,
        }
    }

    /// When it next makes something else of its endpoints without anybody doing anything.
    fn next_change(&self, now: SystemTime) -> Option<SystemTime> {
        let step = self.steps(now).filter(|steps| steps.done < steps.all);
        let step = step.and_then(|steps| steps.begun.checked_add(steps.length * (steps.done + 1)));
        step.into_iter().chain(self.until).filter(|at| *at > now).min()
    }
}

struct Steps {
    all: u32,
    done: u32,
    length: Duration,
    begun: SystemTime,
}

impl Orders {
    /// These orders.
    pub fn new(orders: impl IntoIterator<Item = Order>) -> Self {
        Self(orders.into_iter().collect())
    }

    /// All of them, in the order in which they are written.
    pub fn iter(&self) -> impl Iterator<Item = &Order> + Clone {
        self.0.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The order of this kind on this very pattern.
    pub fn find(&self, kind: OrderKind, on: &Pattern) -> Option<&Order> {
        self.iter().find(|order| order.act.kind() == kind && order.on == *on)
    }

    /// Those that are for this endpoint and have not ended.
    pub fn for_endpoint(&self, pool: &str, endpoint: &str, now: SystemTime) -> impl Iterator<Item = &Order> + Clone {
        self.iter().filter(move |order| order.holds(now) && order.on.matches(pool, endpoint))
    }

    /// What they make of this endpoint together: the name of the endpoint itself is stronger than a pattern, down is stronger
    /// than up, the smaller weight than the greater. A drain is stronger than a force up: the machine may be gone.
    pub fn on(&self, pool: &str, endpoint: &str, now: SystemTime) -> Ordered {
        let here = || self.for_endpoint(pool, endpoint, now);
        let forces = here().filter_map(|order| match order.act {
            Act::Force(to) => Some((order.on.names_one(), to)),
            Act::Drain { .. } | Act::Weight(_) => None,
        });
        let weights = here().filter_map(|order| match order.act {
            Act::Weight(to) => Some((order.on.names_one(), to)),
            Act::Drain { .. } | Act::Force(_) => None,
        });
        let share = here().map(|order| order.share(now)).min().unwrap_or(SHARE_WHOLE);
        let force = forces.max_by_key(|(own, to)| (*own, *to == Forced::Down)).map(|(_, to)| to);
        let weight = weights.max_by_key(|(own, to)| (*own, Reverse(*to))).map(|(_, to)| to);
        let is_out = share == 0 || force == Some(Forced::Down);
        Ordered { is_out, is_up: !is_out && force == Some(Forced::Up), weight, share }
    }

    /// The weight of this endpoint by order, whether it has ended or not.
    pub fn weight_on(&self, pool: &str, endpoint: &str) -> Option<NonZeroU16> {
        self.on(pool, endpoint, SystemTime::UNIX_EPOCH).weight
    }

    /// When they next make something else of an endpoint by time alone.
    pub fn next_change(&self, now: SystemTime) -> Option<SystemTime> {
        self.iter().filter_map(|order| order.next_change(now)).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(1_000_000_000_000 + seconds * 1000)
    }

    fn order(on: &str, act: Act) -> Order {
        Order { on: Pattern::read(on).unwrap(), act, reason: None, since: Some(at(0)), until: None }
    }

    fn drain(on: &str, over: u64) -> Order {
        order(on, Act::Drain { over: Duration::from_secs(over) })
    }

    fn weight(weight: u16) -> Act {
        Act::Weight(NonZeroU16::new(weight).unwrap())
    }

    #[test]
    fn a_clock_that_lags_far_behind_revives_nobody() {
        let order = drain("eu/fra-1", 60);
        let before = |seconds: u64| at(0) - Duration::from_secs(seconds);
        assert_eq!(order.share(before(61)), 0, "as after a start at 1970");
        assert!(order.share(before(59)) > SHARE_WHOLE / 2, "a clock that was set back a little");
        assert_eq!(order.share(at(60)), 0);
    }

    #[test]
    fn patterns_name_endpoints_as_a_shell_would() {
        let cases = [
            ("eu/fra-1", true, false),
            ("eu", true, true),
            ("eu/*", true, true),
            ("eu/fra-*", true, true),
            ("*/fra-1", true, false),
            ("*/*-1", true, false),
            ("e*", true, true),
            ("*", true, true),
            ("eu/*f*1*", true, false),
            ("eu/fra-1*", true, false),
            ("eu/fra-1-*1", false, false),
            ("us", false, false),
            ("eu/fra", false, false),
        ];
        for (text, first, second) in cases {
            let pattern = Pattern::read(text).unwrap();
            assert_eq!((pattern.matches("eu", "fra-1"), pattern.matches("eu", "fra-2")), (first, second), "{text}");
            assert_eq!(pattern.names_one(), text == "eu/fra-1" || text == "eu/fra", "{text}");
        }
        for wrong in ["", "/", "eu/", "/fra-1", "eu/fra/1", "eu fra", "eu/fra-1\n", "e\u{fc}"] {
            assert_eq!(Pattern::read(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_drain_goes_down_in_even_steps_along_the_straight_line() {
        let orders = Orders::new([drain("eu/fra-1", 20)]);
        let share = |seconds| orders.on("eu", "fra-1", at(seconds)).share;
        let mut now = at(0);
        let mut steps = 0;
        while let Some(next) = orders.next_change(now) {
            let elapsed = now.duration_since(at(0)).unwrap().as_secs_f64();
            let middle = elapsed + next.duration_since(now).unwrap().as_secs_f64() / 2.0;
            assert_eq!(f64::from(orders.on("eu", "fra-1", now).share), (1000.0 * (1.0 - middle / 20.0)).round());
            assert!(!orders.on("eu", "fra-1", now).is_out);
            (now, steps) = (next, steps + 1);
        }
        assert_eq!((steps, now), (20, at(20)));
        assert!(orders.on("eu", "fra-1", at(20)).is_out && orders.on("eu", "fra-1", at(2000)).is_out);
        assert_eq!((share(20), orders.on("eu", "fra-2", at(20))), (0, Ordered::NONE));
        // The steps of a long one are longer, those of a short one no shorter than their least.
        assert_eq!(Orders::new([drain("eu", 6000)]).next_change(at(0)), Some(at(100)));
        assert_eq!(Orders::new([drain("eu", 1)]).next_change(at(0)), Some(at(1)));
        assert!(Orders::new([drain("eu", 0)]).on("eu", "fra-1", at(0)).is_out);
    }

    #[test]
    fn the_own_name_is_stronger_down_is_stronger_and_the_smaller_weight_is() {
        let ordered = |orders: Vec<Order>| Orders::new(orders).on("eu", "fra-1", at(5));
        let force = |on, to| order(on, Act::Force(to));
        let (up, down) = (Ordered { is_up: true, ..Ordered::NONE }, Ordered { is_out: true, ..Ordered::NONE });
        assert_eq!(ordered(vec![force("eu", Forced::Down), force("eu/fra-1", Forced::Up)]), up);
        assert_eq!(ordered(vec![force("eu/fra-1", Forced::Up), force("eu", Forced::Down)]), up);
        assert_eq!(ordered(vec![force("eu", Forced::Down), force("*/fra-1", Forced::Up)]), down);
        assert_eq!(ordered(vec![force("eu/fra-1", Forced::Up), drain("eu", 0)]), Ordered { share: 0, ..down });
        let weighed = ordered(vec![order("eu", weight(7)), order("*", weight(3)), order("*/fra-*", weight(5))]);
        assert_eq!(weighed.weight.map(NonZeroU16::get), Some(3));
        let weighed = ordered(vec![order("eu/fra-1", weight(7)), order("*", weight(3))]);
        assert_eq!(weighed.weight.map(NonZeroU16::get), Some(7));
        assert_eq!(ordered(vec![drain("eu", 10), drain("eu/fra-1", 20)]).share, 450);
    }

    #[test]
    fn an_order_ends_at_its_time_and_not_before() {
        let orders = Orders::new([Order { until: Some(at(9)), ..drain("eu/fra-1", 4) }]);
        assert_eq!(orders.next_change(at(4)), Some(at(9)));
        assert!(orders.on("eu", "fra-1", at(8)).is_out);
        assert_eq!(orders.on("eu", "fra-1", at(9)), Ordered::NONE);
        assert_eq!(orders.next_change(at(9)), None);
        // A clock that stands long before its beginning takes the drain for complete, and nothing overflows.
        assert!(orders.on("eu", "fra-1", SystemTime::UNIX_EPOCH).is_out);
    }
}
