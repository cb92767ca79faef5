//! What the files say, read but not yet joined: every value is within its limits, every name still waits to be looked up.
//!
//! `resolve.rs` turns this into [`super::Config`]. Where a value could not be read, its default stands in; a fault has then
//! been reported, and no `Config` is made.

use super::{Check, Common, Pool, Server};
use crate::diagnostic::Span;
use crate::geo::{Match, Prefix};
use crate::wire::Name;

/// A value and where it is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Placed<T> {
    pub(super) value: T,
    pub(super) span: Span,
}

/// The name of a check, pool or policy where it is used.
pub(super) type Reference = Placed<String>;

/// All files together.
#[derive(Debug, Default)]
pub(super) struct Spec {
    pub(super) server: Option<Server>,
    pub(super) checks: Vec<Check>,
    pub(super) nodes: Vec<NodeSpec>,
    pub(super) zones: Vec<ZoneSpec>,
}

/// `[pool.NAME]` or `[policy.NAME]`
#[derive(Debug)]
pub(super) enum NodeSpec {
    Pool(PoolSpec),
    Policy(PolicySpec),
}

/// `[pool.NAME]`
#[derive(Debug)]
pub(super) struct PoolSpec {
    /// All but its check.
    pub(super) pool: Pool,
    pub(super) check: Option<Reference>,
}

/// `[policy.NAME]`
#[derive(Debug)]
pub(super) struct PolicySpec {
    pub(super) common: Common,
    pub(super) choose: ChooseSpec,
    pub(super) last: Option<Reference>,
    pub(super) max_removed: Option<u8>,
}

/// How a policy chooses.
#[derive(Debug)]
pub(super) enum ChooseSpec {
    Nearest { from: Vec<ChildSpec>, overrides: Vec<OverrideSpec> },
    Failover(Vec<ChildSpec>),
    Weighted(Vec<ChildSpec>),
    Hashed(Vec<ChildSpec>),
    Geo { rules: Vec<RuleSpec>, otherwise: Option<Reference> },
}

/// One of `from`
#[derive(Debug)]
pub(super) struct ChildSpec {
    pub(super) node: Reference,
    pub(super) weight: u16,
    pub(super) bias: i8,
}

/// One of `overrides`
#[derive(Debug)]
pub(super) struct OverrideSpec {
    pub(super) nets: Vec<Placed<Prefix>>,
    pub(super) order: Vec<Reference>,
    pub(super) span: Span,
}

/// One of `rules`
#[derive(Debug)]
pub(super) struct RuleSpec {
    pub(super) matches: Match,
    pub(super) order: Vec<Reference>,
    pub(super) strict: bool,
    pub(super) span: Span,
}

/// `[zone."NAME"]`
#[derive(Debug)]
pub(super) struct ZoneSpec {
    pub(super) apex: Placed<Name>,
    pub(super) steer: Option<Vec<(Placed<Name>, Reference)>>,
    pub(super) policies: Option<Vec<Reference>>,
}

impl NodeSpec {
    pub(super) fn common(&self) -> &Common {
        match self {
            Self::Pool(spec) => &spec.pool.common,
            Self::Policy(spec) => &spec.common,
        }
    }

    /// The pools and policies that this one may hand a client to, each mention once. Overrides only reorder `from`.
    pub(super) fn references(&self) -> Vec<&Reference> {
        let Self::Policy(policy) = self else {
            return Vec::new();
        };
        let mut references: Vec<&Reference> = match &policy.choose {
            ChooseSpec::Nearest { from, .. }
            | ChooseSpec::Failover(from)
            | ChooseSpec::Weighted(from)
            | ChooseSpec::Hashed(from) => from.iter().map(|child| &child.node).collect(),
            ChooseSpec::Geo { rules, otherwise } => rules.iter().flat_map(|rule| &rule.order).chain(otherwise).collect(),
        };
        references.extend(&policy.last);
        references
    }
}

impl OverrideSpec {
    /// Whether both name the same children in the same order.
    pub(super) fn orders_like(&self, other: &Self) -> bool {
        self.order.iter().map(|node| &node.value).eq(other.order.iter().map(|node| &node.value))
    }
}
