//! What decides the steering beside the configuration: verdicts, what operators ordered, and what softens a change.
//!
//! Plain data: who judges, orders and reckons with time (the tracker, the orders, the Keeper) fills it in; nothing is decided
//! here.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::NodeId;
use crate::health::Verdict;
use crate::snapshot::policies::{PerFamily, Policies};

/// How things stand beside the configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Circumstances {
    /// What each probe came to, by its index; one that is missing is unknown.
    pub verdicts: Vec<Verdict>,
    /// The probes that are failing but not yet down, or recovering.
    pub uneasy: BTreeSet<u32>,
    /// What differs from the rule for single endpoints, by pool and index.
    pub treatments: BTreeMap<(NodeId, u16), Treatment>,
    /// Pools and policies that fell, and need a margin over `min_up` to be up again.
    pub fallen: BTreeSet<NodeId>,
    /// For which families the prober does not trust itself; then `last` is not taken.
    pub blind: PerFamily<bool>,
}

/// What holds for one endpoint beside its verdicts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Treatment {
    /// Who decides whether clients are sent there.
    pub stance: Stance,
    /// The weight that holds instead of the configured one; 0 is as good as [`Stance::Out`].
    pub weight: Option<u16>,
    /// The part of its weight that it gets for now.
    pub share: Share,
    /// The addresses that stay in for now though they are down: too much of a policy is gone already.
    pub spared: PerFamily<bool>,
}

/// Who decides whether clients are sent to an endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stance {
    /// Its verdicts.
    #[default]
    Judged,
    /// It is in, though it may be down: forced up.
    In,
    /// It is out, though it may be up: drained or forced down. It answers only where nothing else is left.
    Out,
}

/// A part of a weight, from nothing to all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u16);

impl Share {
    /// In so many steps a weight is divided.
    pub const PARTS: u16 = 1000;
    /// All of the weight.
    pub const FULL: Self = Self(Self::PARTS);
    /// None of it.
    pub const NONE: Self = Self(0);

    /// `part` of `whole`, at most all of it, to the nearest of [`Self::PARTS`]; what is more than nothing stays more than nothing.
    pub fn new(part: u128, whole: u128) -> Self {
        if part >= whole {
            return Self::FULL;
        }
        let parts = u128::from(Self::PARTS);
        let nearest = (part.saturating_mul(parts).saturating_add(whole / 2) / whole).min(parts);
        Self((nearest as u16).max(u16::from(part > 0)))
    }

    /// Both reasons together: a part of a part.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::new(u128::from(self.0) * u128::from(other.0), u128::from(Self::PARTS) * u128::from(Self::PARTS))
    }

    /// Whether it is in between: on its way up or down.
    pub fn is_partial(self) -> bool {
        Self::NONE < self && self < Self::FULL
    }

    /// Of [`Self::PARTS`].
    pub fn parts(self) -> u16 {
        self.0
    }
}

impl Default for Share {
    fn default() -> Self {
        Self::FULL
    }
}

impl Circumstances {
    /// Verdicts alone, by the index of the probe.
    pub fn judged(policies: &Policies, verdict: impl FnMut(u32) -> Verdict) -> Self {
        Self { verdicts: (0..policies.probes().len() as u32).map(verdict).collect(), ..Self::default() }
    }

    /// The verdict on a probe.
    pub(super) fn verdict(&self, probe: u32) -> Verdict {
        self.verdicts.get(probe as usize).copied().unwrap_or_default()
    }

    /// What holds for an endpoint.
    pub(super) fn treatment(&self, pool: NodeId, endpoint: u16) -> Treatment {
        self.treatments.get(&(pool, endpoint)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_but_never_to_nothing() {
        for (part, whole, parts) in
            [(0, 5, 0), (1, 2, 500), (2, 3, 667), (1, 1_000_000, 1), (5, 5, 1000), (7, 5, 1000), (0, 0, 1000)]
        {
            assert_eq!(Share::new(part, whole).parts(), parts, "{part} of {whole}");
        }
        assert_eq!(Share::new(1, 2).and(Share::new(1, 2)), Share::new(1, 4));
        assert_eq!(Share::FULL.and(Share::new(1, 3)), Share::new(1, 3));
        assert_eq!(Share::NONE.and(Share::FULL), Share::NONE);
        assert!(Share::new(1, 9).is_partial() && !Share::FULL.is_partial() && !Share::NONE.is_partial());
    }
}
