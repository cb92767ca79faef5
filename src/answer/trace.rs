//! What `explain` is told while an answer is made. The silent trace costs nothing: its calls vanish.
//! Steps carry ids and numbers only; words for operators are made by who listens.

use std::net::IpAddr;

use crate::config::NodeId;
use crate::snapshot::{Family, Grade, Link, LinkedZone};

/// One stage of an answer.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// The name is in this zone.
    Zone(&'a LinkedZone),
    /// A CNAME leads on to this name (lower-case wire octets).
    Followed(&'a [u8]),
    /// The name is bound.
    Bound {
        /// Where to.
        link: Link,
        /// The index of the binding in its zone.
        binding: u32,
    },
    /// A family is decided, for the client at this address; by its subnet, or by its own address.
    Client {
        /// A or AAAA.
        family: Family,
        /// Whose place and network count.
        address: IpAddr,
        /// Whether it came as a client subnet.
        by_subnet: bool,
        /// The address that the hashed choice goes by.
        hashed: IpAddr,
    },
    /// A policy or pool is asked; how it takes it stands in the steps up to the next one that is asked.
    Asked {
        /// The policy or pool.
        node: NodeId,
        /// How far down the answer may reach.
        grade: Grade,
    },
    /// A policy will try its children (by index) in this order first.
    Ordered {
        /// The policy.
        node: NodeId,
        /// Indices of its children.
        order: &'a [u16],
        /// Why in this order.
        reason: Reason,
    },
    /// Nobody that rules lead the client to has the family: every pool is asked.
    Everywhere(Family),
    /// A policy or pool that was asked can't answer for this client, family and grade.
    Passed(NodeId),
    /// Member `member` of a node fell to a draw of `r` in `0..sum`.
    Drawn {
        /// The policy or pool.
        node: NodeId,
        /// The index of the child or endpoint.
        member: u16,
        /// The draw.
        r: u32,
        /// What it was drawn from.
        sum: u32,
    },
    /// This endpoint of this pool is answered.
    Answered {
        /// The pool.
        pool: NodeId,
        /// The endpoint's index.
        endpoint: u16,
    },
    /// No endpoint of the policy has the family: the zone's own records answer.
    Own(Family),
    /// The scope of the whole answer, in bits of the client subnet.
    Scope(u8),
}

/// Why children stand in the order they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// An override holds for the client's network.
    Override,
    /// By distance from where the client is.
    Distance,
    /// Where the client is, is not known: the order of `from`.
    Unlocated,
    /// This rule matches.
    Rule(usize),
    /// No rule matches.
    Otherwise,
    /// By the client's network.
    Hash,
    /// Drawn by weight.
    Weight,
    /// As written.
    Written,
}

/// Who listens to the stages: nobody, or `explain`.
pub trait Trace {
    /// Takes one stage.
    fn note(&mut self, step: Step<'_>);
}

/// Nobody listens.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Trace for Silent {
    #[inline(always)]
    fn note(&mut self, _: Step<'_>) {}
}
