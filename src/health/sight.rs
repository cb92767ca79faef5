//! Whether the prober trusts itself, for one family: before it calls many dead, it asks whether it still hears anybody.
//!
//! Silence and unreachable networks look alike from both ends of a cut. An answer of any kind, a refusal too, proves that the
//! network works. Verdicts are not known here: outcomes come in as heard or missed, and `tracker.rs` asks what to believe.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::{Planned, ProbeKey};
use crate::limits::{ANSWER_UNDER_WAY_MAX, BLIND_ENDPOINTS_MIN, BLIND_PATIENCE, BLIND_PLACES_MIN, BLIND_SHARE, SIGHT_SHARE};

/// What is heard of one family.
#[derive(Debug, Default)]
pub(super) struct Sight {
    addresses: BTreeMap<IpAddr, Heard>,
    /// Those that are silent and not called dead for it, by place.
    silent: BTreeSet<(u32, IpAddr)>,
    /// How many are called dead, and silent.
    dead: usize,
    places: usize,
    /// Whether each reference answered, once that is known.
    references: BTreeMap<SocketAddr, Option<bool>>,
    /// All of them are silent although the endpoints are heard: then they are no evidence.
    references_disbelieved: bool,
    /// Within this, every address has one more outcome.
    round: Duration,
    heard_last: Option<(u32, Duration)>,
    /// When somebody was heard last in another place than that.
    heard_elsewhere_at: Option<Duration>,
    reference_heard_at: Option<Duration>,
    blind: Option<Blind>,
}

#[derive(Debug, Default)]
struct Heard {
    place: u32,
    at: Option<Duration>,
    /// How many probes ask it, and which of them it does not answer: one that is heard at any port is not silent.
    asked: usize,
    missing: BTreeSet<ProbeKey>,
    /// Whether it is called dead; then its silence tells nothing new.
    dead: bool,
}

/// What it is like to be blind.
#[derive(Clone, Copy, Debug)]
struct Blind {
    why: Blindness,
    since: Duration,
    /// Those that were heard since it began.
    answered: usize,
    /// Since when more of them are heard than silent.
    mostly_heard_since: Option<Duration>,
}

/// Why the prober doubts itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blindness {
    /// All addresses fail, and none was ever heard.
    NeverHeard,
    /// Too many fell silent together: before any of them was called dead.
    MassChange {
        /// So many at first.
        silent: usize,
        /// Of so many.
        of: usize,
    },
    /// No reference answers.
    References,
}

/// What it means that one address is silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    /// Nobody was ever heard: nothing.
    ProvesNothing,
    /// It is the endpoint's own if others are heard meanwhile.
    IsWeighed,
    /// Too few are asked to tell, so it is the endpoint's own.
    IsBelieved,
}

impl Sight {
    /// Takes a new plan: what is asked, with its place, and the references.
    pub(super) fn replan<'a>(&mut self, plan: impl Iterator<Item = &'a Planned>, references: impl Iterator<Item = SocketAddr>) {
        let mut before = std::mem::take(&mut self.addresses);
        self.round = Duration::ZERO;
        let mut keys = BTreeSet::new();
        for Planned { key, place, round, .. } in plan {
            let known = || Heard { place: *place, asked: 0, ..before.remove(&key.address).unwrap_or_default() };
            self.addresses.entry(key.address).or_insert_with(known).asked += 1;
            self.round = self.round.max(*round);
            keys.insert(key);
        }
        self.addresses.values_mut().for_each(|heard| heard.missing.retain(|key| keys.contains(key)));
        let silent = std::mem::take(&mut self.silent).into_iter();
        self.silent = silent.filter_map(|(_, address)| Some((self.addresses.get(&address)?.place, address))).collect();
        self.dead = self.addresses.values().filter(|heard| heard.dead).count();
        self.places = self.addresses.values().map(|heard| heard.place).collect::<BTreeSet<_>>().len();
        let known = std::mem::take(&mut self.references);
        self.references = references.map(|reference| (reference, known.get(&reference).copied().flatten())).collect();
        self.references_disbelieved &= self.all_references_fail();
        self.recount();
    }

    /// Why it is blind, and since when.
    pub(super) fn blind(&self) -> Option<(Blindness, Duration)> {
        self.blind.map(|blind| (blind.why, blind.since))
    }

    /// Whether there are references and none answers.
    fn all_references_fail(&self) -> bool {
        !self.references.is_empty() && self.references.values().all(|answered| *answered == Some(false))
    }

    /// Whether no reference answers, but endpoints do.
    pub(super) fn disbelieves_references(&self) -> bool {
        self.references_disbelieved
    }

    /// Within which time every address is asked again.
    pub(super) fn round(&self) -> Duration {
        self.round
    }

    /// An address answered, whatever it said.
    pub(super) fn hear(&mut self, key: &ProbeKey, now: Duration) {
        let address = key.address;
        let Some(heard) = self.addresses.get_mut(&address) else { return };
        heard.missing.remove(key);
        let first_since = |moment: Duration| heard.at.is_none_or(|at| at < moment);
        if let Some(blind) = &mut self.blind {
            blind.answered += usize::from(first_since(blind.since));
        }
        heard.at = Some(now);
        self.dead = self.dead.saturating_sub(usize::from(std::mem::take(&mut heard.dead)));
        let place = heard.place;
        self.silent.remove(&(place, address));
        if let Some((_, at)) = self.heard_last.filter(|(last, _)| *last != place) {
            self.heard_elsewhere_at = Some(at);
        }
        self.heard_last = Some((place, now));
        self.tick(now);
    }

    /// An address did not answer, or was out of reach.
    pub(super) fn miss(&mut self, key: &ProbeKey, now: Duration) {
        let address = key.address;
        let Some(heard) = self.addresses.get_mut(&address) else { return };
        heard.missing.insert(key.clone());
        if heard.dead || heard.missing.len() < heard.asked {
            return self.tick(now);
        }
        self.silent.insert((heard.place, address));
        self.reconsider(now);
    }

    /// An address is down: from now on its silence is no news.
    pub(super) fn bury(&mut self, address: IpAddr) {
        if let Some(heard) = self.addresses.get_mut(&address).filter(|heard| !heard.dead && !heard.missing.is_empty()) {
            heard.dead = true;
            self.dead += 1;
            self.silent.remove(&(heard.place, address));
        }
    }

    /// An address could not be asked, for a reason of our own: who never heard anybody is none the wiser.
    pub(super) fn try_in_vain(&mut self, key: &ProbeKey, now: Duration) {
        if self.has_never_heard() {
            self.miss(key, now);
        }
    }

    /// A reference answered or did not.
    pub(super) fn refer(&mut self, reference: SocketAddr, answered: bool, now: Duration) {
        let Some(known) = self.references.get_mut(&reference) else { return };
        *known = Some(answered);
        if answered {
            self.reference_heard_at = Some(now);
            self.references_disbelieved = false;
        }
        self.reconsider(now);
    }

    /// Lets time pass.
    pub(super) fn tick(&mut self, now: Duration) {
        if self.blind.is_some() {
            self.reconsider(now);
        }
    }

    /// When time alone may end the blindness.
    pub(super) fn next_tick(&self) -> Option<Duration> {
        let since = self.blind?.mostly_heard_since?;
        Some(since.saturating_add(self.patience()))
    }

    /// What silence proves.
    pub(super) fn silence(&self) -> Silence {
        let can_tell = self.addresses.len() >= BLIND_ENDPOINTS_MIN && self.places >= BLIND_PLACES_MIN;
        match self {
            _ if self.has_never_heard() => Silence::ProvesNothing,
            _ if can_tell || self.has_references() => Silence::IsWeighed,
            _ => Silence::IsBelieved,
        }
    }

    /// Whether somebody was heard after this moment, in two places or of the references.
    pub(super) fn hears_since(&self, moment: Duration) -> bool {
        let after = |at: Option<Duration>| at.is_some_and(|at| at > moment.saturating_add(ANSWER_UNDER_WAY_MAX));
        after(self.reference_heard_at) || after(self.heard_elsewhere_at)
    }

    fn has_never_heard(&self) -> bool {
        self.heard_last.is_none() && self.reference_heard_at.is_none()
    }

    fn has_references(&self) -> bool {
        !self.references.is_empty() && !self.references_disbelieved
    }

    fn reconsider(&mut self, now: Duration) {
        match self.blind {
            None => self.blind = self.goes_blind(now),
            Some(blind) if self.is_patient(&blind, now) => {
                // Who is silent still was doubted long enough.
                std::mem::take(&mut self.silent).into_iter().for_each(|(_, address)| self.bury(address));
                self.blind = None;
            }
            Some(blind) if self.sees_again(&blind) => {
                self.references_disbelieved = blind.why == Blindness::References && self.all_references_fail();
                // The same silence may be a mass change besides.
                self.blind = self.goes_blind(now);
            }
            Some(blind) => {
                let silent = self.silent.len();
                let mass_change = matches!(blind.why, Blindness::MassChange { .. });
                let mostly = mass_change && silent * 2 < self.alive() && blind.answered > silent;
                let since = blind.mostly_heard_since.unwrap_or(now);
                self.blind = Some(Blind { mostly_heard_since: mostly.then_some(since), ..blind });
            }
        }
    }

    fn goes_blind(&self, now: Duration) -> Option<Blind> {
        if self.addresses.is_empty() {
            return None;
        }
        let blind = |why| Blind { why, since: now, answered: 0, mostly_heard_since: None };
        if self.has_references() {
            return self.all_references_fail().then(|| blind(Blindness::References));
        }
        let (silent, of) = (self.silent.len(), self.alive());
        if self.has_never_heard() {
            return (silent == of).then(|| blind(Blindness::NeverHeard));
        }
        let enough = silent >= BLIND_ENDPOINTS_MIN && silent.saturating_mul(BLIND_SHARE) >= of;
        (enough && self.are_silent_places(BLIND_PLACES_MIN)).then(|| blind(Blindness::MassChange { silent, of }))
    }

    fn sees_again(&self, blind: &Blind) -> bool {
        match blind.why {
            Blindness::NeverHeard => !self.has_never_heard(),
            Blindness::MassChange { .. } => self.silent.len() <= (self.alive() / SIGHT_SHARE).max(BLIND_ENDPOINTS_MIN / 2 - 1),
            Blindness::References => {
                let heard_widely = match self.places {
                    0 | 1 => true,
                    _ => self.heard_elsewhere_at.is_some_and(|at| at > blind.since),
                };
                !self.all_references_fail() || (heard_widely && blind.answered * 2 > self.alive().max(1))
            }
        }
    }

    /// Whether most were heard for so long that the silence of the others is believed.
    fn is_patient(&self, blind: &Blind, now: Duration) -> bool {
        let long = |since: Duration| now >= since.saturating_add(self.patience());
        blind.mostly_heard_since.is_some_and(long)
    }

    fn patience(&self) -> Duration {
        BLIND_PATIENCE.max(self.round * 2)
    }

    /// How many are not called dead.
    fn alive(&self) -> usize {
        self.addresses.len().saturating_sub(self.dead)
    }

    /// Whether the silent stand in so many places: a step a place, since thousands may fall silent together.
    fn are_silent_places(&self, least: usize) -> bool {
        let lowest = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let from = |place: u32| self.silent.range((place, lowest)..).next().map(|(place, _)| *place);
        let places = std::iter::successors(from(0), |place| from(place.checked_add(1)?));
        places.take(least).count() >= least
    }

    /// After a new plan the counts are those of the addresses that are left.
    fn recount(&mut self) {
        let since = self.blind.map(|blind| blind.since).unwrap_or_default();
        let answered = self.addresses.values().filter(|heard| heard.at.is_some_and(|at| at >= since)).count();
        self.blind = self.blind.map(|blind| Blind { answered, ..blind }).filter(|_| !self.addresses.is_empty());
    }
}
