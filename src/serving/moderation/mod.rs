//! What softens changes between verdicts and steering: `slow_start`, `max_removed` and the margin at `min_up`.
//!
//! Pure, on the Keeper's time. It never overrules an order: what an operator keeps out is out at once, what he forces in is in.
//! What it knows of an endpoint or pool lives on by name through a reload.

mod plan;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use plan::{Plan, WHOLE, Watched, any};

use crate::config::NodeId;
use crate::health::Verdict;
use crate::limits::{MIN_UP_MARGIN_WAIT, REMOVAL_WINDOW};
use crate::snapshot::{Circumstances, Family, PerFamily, Share, Snapshot, Stance, Steering};

/// Softens changes.
#[derive(Debug, Default)]
pub(super) struct Moderation {
    plan: Plan,
    /// What is known of the endpoints of the plan, in its order.
    seen: Vec<Seen>,
    /// Pools and policies that fell; since when they have what `min_up` asks for, if they have.
    fallen: BTreeMap<NodeId, Option<Duration>>,
    /// Policies that hold endpoints in, with how many.
    limited: Vec<usize>,
    next: Option<Duration>,
}

/// What is known of one endpoint.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    addresses: PerFamily<Address>,
    /// When it came back, if it was ever gone.
    recovered_at: Option<Duration>,
    /// Whether it starts slowly since then; nothing until that is decided, once.
    slow: Option<bool>,
}

/// What is known of one address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Address {
    /// Whether there was a verdict before.
    known: bool,
    place: Place,
}

/// Whether health leaves an address in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    In,
    /// It is down since then, but too much is gone already.
    Spared(Duration),
    /// It is out; since when, if that counts against a limit.
    Out(Option<Duration>),
}

impl Place {
    fn is_out(self) -> bool {
        matches!(self, Self::Out(_))
    }
}

impl Moderation {
    /// Takes a new configuration.
    pub(super) fn replan(&mut self, snapshot: &Snapshot) {
        let plan = Plan::new(snapshot);
        let before: BTreeMap<&str, Seen> =
            self.plan.endpoints.iter().zip(&self.seen).map(|(watched, seen)| (&*watched.key, *seen)).collect();
        let seen = plan.endpoints.iter().map(|watched| before.get(&*watched.key).copied().unwrap_or_default());
        self.seen = seen.collect();
        let name = |id: &NodeId| {
            let at = self.plan.edges.binary_search_by_key(id, |(edge, _)| *edge).ok()?;
            self.plan.edges.get(at).map(|(_, name)| name)
        };
        let fallen: BTreeMap<_, _> = self.fallen.iter().filter_map(|(id, since)| Some((name(id)?, *since))).collect();
        let fallen = plan.edges.iter().filter_map(|(id, name)| Some((*id, *fallen.get(name)?)));
        self.fallen = fallen.collect();
        self.limited = vec![0; plan.limits.len()];
        self.plan = plan;
    }

    /// Softens what changed: shares, addresses that stay in, and margins are added to the circumstances, which hold verdicts and
    /// orders already.
    pub(super) fn soften(&mut self, circumstances: &mut Circumstances, now: Duration) {
        self.next = None;
        self.limit_removals(circumstances, now);
        self.start_slowly(circumstances, now);
        for (id, since) in &self.fallen {
            let waits_until = since.map(|since| since + MIN_UP_MARGIN_WAIT);
            if waits_until.is_none_or(|until| now < until) {
                circumstances.fallen.insert(*id);
                self.next = earlier(self.next, waits_until);
            }
        }
    }

    /// Sees what came of it.
    pub(super) fn note(&mut self, steering: &Steering, now: Duration) {
        for (id, _) in &self.plan.edges {
            let Some(state) = steering.state(*id) else { continue };
            if state.up {
                self.fallen.remove(id);
                continue;
            }
            let since = self.fallen.entry(*id).or_default();
            *since = state.reaches_min_up.then(|| since.unwrap_or(now));
            self.next = earlier(self.next, since.map(|since| since + MIN_UP_MARGIN_WAIT));
        }
    }

    /// When time alone will change something.
    pub(super) fn next(&self) -> Option<Duration> {
        self.next
    }

    /// The policies that hold addresses in though they are down: percent and how many, by name.
    pub(super) fn limited(&self) -> BTreeMap<Arc<str>, (u8, usize)> {
        let mut limited = BTreeMap::new();
        for (limit, count) in self.plan.limits.iter().zip(&self.limited).filter(|(_, count)| **count > 0) {
            limited.entry(Arc::clone(&limit.name)).or_insert((limit.percent, 0)).1 += count;
        }
        limited
    }

    fn limit_removals(&mut self, circumstances: &mut Circumstances, now: Duration) {
        let mut waiting = Vec::new();
        for (at, (watched, seen)) in self.plan.endpoints.iter().zip(&mut self.seen).enumerate() {
            let stance = circumstances.treatments.get(&(watched.pool, watched.index)).map(|known| known.stance);
            let before = *seen;
            let place = |family| {
                let verdict = verdict(watched, stand_in(watched, family, circumstances), circumstances);
                placed(before.addresses[family], verdict, stance, now)
            };
            seen.addresses = PerFamily::new(|family| Address {
                known: verdict(watched, family, circumstances) != Verdict::Unknown,
                place: place(family),
            });
            follow(seen, before, now);
            if stance == Some(Stance::In) {
                // It has its clients already.
                (seen.recovered_at, seen.slow) = (None, None);
            }
            for family in Family::ALL {
                if let Place::Spared(since) = seen.addresses[family].place {
                    waiting.push((since, at, family));
                }
            }
        }
        // Who has been down for longest goes first.
        waiting.sort_by_key(|(since, at, _)| (*since, *at));
        self.limited.iter_mut().for_each(|count| *count = 0);
        let mut removed = self.removed(now);
        for (_, at, family) in waiting {
            self.remove_or_spare(at, family, &mut removed, circumstances, now);
        }
        if self.limited.iter().any(|count| *count > 0) {
            self.next = self.freed(now);
        }
    }

    /// What each limit has lost within its window, and still has.
    fn removed(&self, now: Duration) -> Vec<PerFamily<u64>> {
        let mut removed = vec![PerFamily::default(); self.plan.limits.len()];
        for (watched, seen) in self.plan.endpoints.iter().zip(&self.seen) {
            let gone = PerFamily::new(|family| counts(seen.addresses[family].place, now));
            for (limit, part) in watched.parts.iter().filter(|_| any(gone)) {
                if let Some(sum) = removed.get_mut(*limit) {
                    *sum = PerFamily::new(|family| sum[family] + if gone[family] { part[family] } else { 0 });
                }
            }
        }
        removed
    }

    fn remove_or_spare(
        &mut self,
        at: usize,
        family: Family,
        removed: &mut [PerFamily<u64>],
        circumstances: &mut Circumstances,
        now: Duration,
    ) {
        let (Some(watched), Some(seen)) = (self.plan.endpoints.get(at), self.seen.get_mut(at)) else { return };
        let forbids = |(limit, part): &&(usize, PerFamily<u64>)| {
            let percent = self.plan.limits.get(*limit).map_or(100, |limit| limit.percent);
            let sum = removed.get(*limit).map_or(0, |sum| sum[family]);
            // The first one goes, however large: else what weighs more than the limit would stay for ever.
            part[family] > 0 && sum > 0 && sum + part[family] > WHOLE / 100 * u64::from(percent)
        };
        let holding: Vec<usize> = watched.parts.iter().filter(forbids).map(|(limit, _)| *limit).collect();
        if holding.is_empty() {
            let before = *seen;
            seen.addresses = set(before.addresses, family, Place::Out((!watched.parts.is_empty()).then_some(now)));
            follow(seen, before, now);
            for (limit, part) in &watched.parts {
                if let Some(sum) = removed.get_mut(*limit) {
                    *sum = PerFamily::new(|each| sum[each] + if each == family { part[each] } else { 0 });
                }
            }
            return;
        }
        for limit in holding {
            self.limited.get_mut(limit).into_iter().for_each(|count| *count += 1);
        }
        let spared = &mut circumstances.treatments.entry((watched.pool, watched.index)).or_default().spared;
        *spared = PerFamily::new(|each| spared[each] || each == family);
    }

    /// When the next removal stops to count.
    fn freed(&self, now: Duration) -> Option<Duration> {
        let gone = self.seen.iter().flat_map(|seen| Family::ALL.map(|family| seen.addresses[family].place));
        let freed = gone.filter(|place| counts(*place, now)).filter_map(|place| match place {
            Place::Out(Some(since)) => Some(since + REMOVAL_WINDOW),
            Place::Out(None) | Place::In | Place::Spared(_) => None,
        });
        freed.min()
    }

    fn start_slowly(&mut self, circumstances: &mut Circumstances, now: Duration) {
        let warm: Vec<NodeId> = self.warm(circumstances, now);
        for (watched, seen) in self.plan.endpoints.iter().zip(&mut self.seen) {
            let (Some(steps), Some(since)) = (watched.steps, seen.recovered_at) else { continue };
            // Where everybody is cold, somebody has to carry the load.
            let slow = *seen.slow.get_or_insert_with(|| warm.contains(&watched.pool));
            let gone = now.saturating_sub(since);
            if !slow || gone >= steps.whole() || seen.is_out() {
                continue;
            }
            let step = u32::try_from(gone.as_nanos() / steps.each.as_nanos().max(1)).unwrap_or(u32::MAX).saturating_add(1);
            self.next = earlier(self.next, Some(since + steps.each.saturating_mul(step)));
            let treatment = circumstances.treatments.entry((watched.pool, watched.index)).or_default();
            if treatment.stance == Stance::Judged {
                treatment.share = treatment.share.and(Share::new(step.into(), u128::from(steps.count) + 1));
            }
        }
    }

    /// The pools in which somebody is up who did not come back just now.
    fn warm(&self, circumstances: &Circumstances, now: Duration) -> Vec<NodeId> {
        let is_warm = |(watched, seen): &(&Watched, &Seen)| {
            let treatment = circumstances.treatments.get(&(watched.pool, watched.index)).copied().unwrap_or_default();
            let whole = watched.steps.map_or(Duration::ZERO, |steps| steps.whole());
            treatment.stance != Stance::Out
                && treatment.weight != Some(0)
                && !seen.is_out()
                && seen.recovered_at.is_none_or(|since| now.saturating_sub(since) >= whole)
        };
        let mut warm: Vec<NodeId> =
            self.plan.endpoints.iter().zip(&self.seen).filter(is_warm).map(|(watched, _)| watched.pool).collect();
        warm.dedup();
        warm
    }
}

impl Seen {
    /// Whether health leaves it out altogether.
    fn is_out(&self) -> bool {
        Family::ALL.into_iter().all(|family| self.addresses[family].place.is_out())
    }
}

/// Whether an endpoint went or came back.
fn follow(seen: &mut Seen, before: Seen, now: Duration) {
    match (before.is_out(), seen.is_out()) {
        (true, false) => {
            // What a reload has made unknown did not recover.
            let judged =
                Family::ALL.into_iter().any(|family| seen.addresses[family].known && !seen.addresses[family].place.is_out());
            (seen.recovered_at, seen.slow) = (judged.then_some(now), None);
        }
        (false, true) => (seen.recovered_at, seen.slow) = (None, None),
        (true, true) | (false, false) => {}
    }
}

/// The verdict on what an endpoint has of a family, the best of several; what is not there is as good as down.
fn verdict(watched: &Watched, family: Family, circumstances: &Circumstances) -> Verdict {
    if !watched.has[family] {
        return Verdict::Down;
    }
    let verdict = |probe: &u32| circumstances.verdicts.get(*probe as usize).copied().unwrap_or_default();
    let better = |verdict: &Verdict| [Verdict::Down, Verdict::Unknown, Verdict::Up].iter().position(|known| known == verdict);
    watched.probes[family].iter().map(verdict).max_by_key(better).unwrap_or(Verdict::Up)
}

/// The family whose verdict holds: what a blind prober has never seen is as the endpoint's other address is.
fn stand_in(watched: &Watched, family: Family, circumstances: &Circumstances) -> Family {
    let unseen = circumstances.blind[family] && verdict(watched, family, circumstances) == Verdict::Unknown;
    if unseen && watched.has[family.other()] { family.other() } else { family }
}

/// Where a verdict puts an address, limits aside.
fn placed(before: Address, verdict: Verdict, stance: Option<Stance>, now: Duration) -> Place {
    // Whom an operator forces in is in: if the order ends while it is down, it goes as any other.
    if verdict.counts_as_up() || stance == Some(Stance::In) {
        return Place::In;
    }
    match before.place {
        Place::Out(since) => Place::Out(since),
        // The first verdict takes nothing away that anybody relied on, and what an order decides health need not.
        Place::In | Place::Spared(_) if !before.known || stance == Some(Stance::Out) => Place::Out(None),
        Place::In => Place::Spared(now),
        Place::Spared(since) => Place::Spared(since),
    }
}

fn set(addresses: PerFamily<Address>, family: Family, place: Place) -> PerFamily<Address> {
    PerFamily::new(|each| Address { place: if each == family { place } else { addresses[each].place }, ..addresses[each] })
}

/// Whether it went within the window.
fn counts(place: Place, now: Duration) -> bool {
    match place {
        Place::Out(Some(since)) => now.saturating_sub(since) < REMOVAL_WINDOW,
        Place::Out(None) | Place::In | Place::Spared(_) => false,
    }
}

fn earlier(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    one.into_iter().chain(other).min()
}
