//! Outcomes of probes to verdicts, and the rhythm in which probes run.
//!
//! Pure: the time is an argument (since the start of the process), so are dice; nothing is probed, logged or published here.
//! [`crate::probe`] runs each probe to a [`Cadence`] and reports; the Keeper gives the outcomes to the one [`Tracker`] and
//! publishes what changes. Zones, pools and policies are not known here.

mod alarm;
mod cadence;
mod flaps;
mod memory;
mod orders;
mod row;
mod sight;
mod standing;
#[cfg(test)]
mod tests;
mod tracker;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub use alarm::{Alarm, Alarms, Raised};
pub use cadence::{Cadence, Next};
pub use memory::{Memory, read_memories, write_memories};
pub use orders::{Act, Forced, Order, OrderKind, Ordered, Orders, Pattern, SHARE_WHOLE};
pub use sight::Blindness;
pub use standing::{Standing, Streak};
pub use tracker::{Change, Tracker};

/// What one verdict belongs to: v4 and v6 of an endpoint are judged apart, and what several pools name is judged once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProbeKey {
    /// The name of the check.
    pub check: Arc<str>,
    /// The address probed.
    pub address: IpAddr,
    /// The port probed.
    pub port: u16,
    /// The name that stands in the check's host where that is `{name}` or has `{zone}` in it: then each bound name has a
    /// verdict of its own.
    pub name: Option<Arc<str>>,
}

/// What stands in place of a check's name for a reference; no check can be called so.
const REFERENCES: &str = "[server] references";

impl ProbeKey {
    /// That of a reference.
    pub fn reference(reference: SocketAddr) -> Self {
        Self { check: REFERENCES.into(), address: reference.ip(), port: reference.port(), name: None }
    }

    /// The reference, if it is one.
    pub fn as_reference(&self) -> Option<SocketAddr> {
        (&*self.check == REFERENCES).then(|| SocketAddr::new(self.address, self.port))
    }
}

/// What came of one probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The endpoint answered as expected.
    Pass {
        /// From the start of the probe to its end.
        latency: Duration,
        /// When the certificate that it showed ends, if it showed one.
        certificate_ends: Option<SystemTime>,
        /// What to say where that is so soon that somebody should renew it.
        certificate_warning: Option<Arc<str>>,
    },
    /// It did not.
    Fail {
        /// Why, in plain words for operators.
        reason: Arc<str>,
        /// Whose fault it may be.
        cause: Cause,
    },
}

/// Whose fault a failure may be: what the prober must know to doubt itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Nothing came in time; so it looks, too, where our own network is cut.
    Silent,
    /// No route, or the network or the host can't be reached; so it looks, too, where our own network is cut.
    Unreachable,
    /// The connection was refused or reset: somebody is there.
    Refused,
    /// An answer came, but not the one expected.
    Wrong,
    /// Our own fault: no descriptor, no source address, too little time to run. It never counts against an endpoint.
    Ours,
}

impl Cause {
    /// Whether a cut of our own network looks so, too.
    pub fn may_be_a_cut(self) -> bool {
        match self {
            Self::Silent | Self::Unreachable => true,
            Self::Refused | Self::Wrong | Self::Ours => false,
        }
    }
}

impl Outcome {
    /// A pass without a certificate.
    pub fn pass(latency: Duration) -> Self {
        Self::Pass { latency, certificate_ends: None, certificate_warning: None }
    }

    /// A failure for this reason.
    pub fn fail(cause: Cause, reason: impl Into<Arc<str>>) -> Self {
        Self::Fail { reason: reason.into(), cause }
    }
}

/// What outcomes amount to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// No outcome yet.
    #[default]
    Unknown,
    /// It takes clients.
    Up,
    /// It takes none, unless nothing else is left.
    Down,
}

impl Verdict {
    /// Whether clients may be sent there: what is unknown counts as up.
    pub fn counts_as_up(self) -> bool {
        match self {
            Self::Unknown | Self::Up => true,
            Self::Down => false,
        }
    }
}

/// How long an endpoint that flaps is held down: `first`, then twice as long each time, up to `max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldDown {
    /// The first time.
    pub first: Duration,
    /// At most; so long it must stay up, too, for one flap to be forgotten.
    pub max: Duration,
}

/// How many outcomes in a row change a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Passes that bring up.
    pub rise: u32,
    /// Failures that take down.
    pub fall: u32,
}

/// What is to be tracked.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// What the verdict belongs to.
    pub key: ProbeKey,
    /// How outcomes become verdicts.
    pub thresholds: Thresholds,
    /// How long it is held down if it flaps.
    pub hold_down: Option<HoldDown>,
    /// Where it stands: equal numbers are one place.
    pub place: u32,
    /// How long one run may take.
    pub timeout: Duration,
    /// Within this, one more outcome comes.
    pub round: Duration,
}
