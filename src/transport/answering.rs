//! One query at the door: `answer()` with its view and dice, and a wall around it.
//!
//! A panic in `answer()` costs the one query that caused it: it is caught here, counted by the caller, and logged with its place
//! at most once a second. Every transport goes through here; none of them looks into a message.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Once, OnceLock};
use std::time::Instant;

use crate::answer::{self, Client, Dice, Outcome, View};
use crate::limits::LOG_INTERVAL;
use crate::snapshot::Serving;

/// Where the dice of one thread's queries come from.
#[derive(Debug)]
pub(super) struct Seeds {
    state: Cell<u64>,
}

impl Seeds {
    /// Begins somewhere that nobody knows: `RandomState` takes its keys from the system.
    pub(super) fn new() -> Self {
        Self { state: Cell::new(RandomState::new().hash_one(0)) }
    }

    /// The next dice: xorshift64*, whose state is never 0 once it is not.
    fn dice(&self) -> Dice<'static> {
        let mut state = self.state.get();
        state |= u64::from(state == 0);
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        self.state.set(state);
        Dice::seeded(state.wrapping_mul(0x2545_f491_4f6c_dd1d))
    }
}

/// Who asks; an IPv4 address that came in the guise of IPv6 is IPv4 to everybody behind this door.
pub(super) fn client(address: IpAddr, transport: answer::Transport, size_limit: usize) -> Client {
    Client { address: address.to_canonical(), transport, size_limit }
}

/// A view for one query.
pub(super) fn view<'serving>(serving: &'serving Serving, seeds: &Seeds) -> View<'serving> {
    View { serving, dice: seeds.dice() }
}

/// Answers one query; `None` if that was too much for us.
pub(super) fn answer_guarded(view: &View<'_>, query: &[u8], client: &Client, out: &mut [u8]) -> Option<Outcome> {
    // Nothing half done can be seen afterwards: the view is read-only, and `out` is not sent.
    guarded(|| answer::answer(view, query, client, out))
}

/// Runs `work` for each of the items but for what is too much for us. One wall around all of them costs each next to nothing: the
/// item that is to blame is behind us when the next attempt begins.
pub(super) fn guarded_each<T>(mut items: impl Iterator<Item = T>, mut work: impl FnMut(T)) {
    let mut the_rest = || {
        for item in items.by_ref() {
            work(item);
        }
    };
    while guarded(&mut the_rest).is_none() {}
}

/// Runs it; `None` if it panicked.
pub(super) fn guarded<R>(work: impl FnOnce() -> R) -> Option<R> {
    panic::catch_unwind(AssertUnwindSafe(work)).ok()
}

/// Lets one thing pass in each [`LOG_INTERVAL`].
#[derive(Debug, Default)]
pub(super) struct Throttle {
    /// Microseconds since the first use of any throttle; 0 if nothing has passed yet.
    passed: AtomicU64,
}

impl Throttle {
    pub(super) const fn new() -> Self {
        Self { passed: AtomicU64::new(0) }
    }

    pub(super) fn passes(&self, now: Instant) -> bool {
        static START: OnceLock<Instant> = OnceLock::new();
        let now =
            1 + u64::try_from(now.saturating_duration_since(*START.get_or_init(|| now)).as_micros()).unwrap_or(u64::MAX - 1);
        let passed = self.passed.load(Ordering::Relaxed);
        let open = passed == 0 || u128::from(now.saturating_sub(passed)) >= LOG_INTERVAL.as_micros();
        open && self.passed.compare_exchange(passed, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

thread_local! {
    static AT_THE_DOOR: Cell<bool> = const { Cell::new(false) };
}

/// Names the current thread as one whose panics are caught, and so are ours to log: a stranger may cause any number of them.
pub(super) fn enter() {
    static HOOK: Once = Once::new();
    AT_THE_DOOR.set(true);
    HOOK.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| if AT_THE_DOOR.get() { log(info) } else { others(info) }));
    });
}

fn log(info: &PanicHookInfo<'_>) {
    static THROTTLE: Throttle = Throttle::new();
    if THROTTLE.passes(Instant::now()) {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let payload = info.payload();
        let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let cause = text.unwrap_or("no message");
        tracing::error!(place, cause, "a query was dropped by a fault in the server; please report this line");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_none_and_the_thread_goes_on() {
        std::thread::spawn(|| {
            enter();
            assert_eq!(
                guarded(|| if AT_THE_DOOR.get() {
                    panic!("a fault")
                }),
                None
            );
            assert_eq!(guarded(|| 5), Some(5));
        })
        .join()
        .unwrap();
    }

    #[test]
    fn what_is_too_much_costs_itself_alone() {
        std::thread::spawn(|| {
            enter();
            let mut done = Vec::new();
            guarded_each(0..6, |item| {
                assert!(![1, 4, 5].contains(&item), "a fault");
                done.push(item);
            });
            assert_eq!(done, [0, 2, 3]);
        })
        .join()
        .unwrap();
    }

    #[test]
    fn a_throttle_passes_one_in_each_interval() {
        let (throttle, start) = (Throttle::new(), Instant::now());
        assert!(throttle.passes(start));
        assert!(!throttle.passes(start + LOG_INTERVAL / 2));
        assert!(throttle.passes(start + LOG_INTERVAL * 2));
        assert!(!throttle.passes(start + LOG_INTERVAL * 2));
    }

    #[test]
    fn a_mapped_address_is_ipv4() {
        let client = client("::ffff:192.0.2.1".parse().unwrap(), answer::Transport::Udp, 512);
        assert_eq!(client.address, IpAddr::from([192, 0, 2, 1]));
    }
}
