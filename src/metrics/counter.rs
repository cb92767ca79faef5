//! What is counted: one row for each counter, in the order of [`Counter`].
//!
//! The table is the only place that knows names and help texts; whatever shows counters walks over it. A counter is a name and at
//! most one label, so that rows of one name add up to something that an operator can say in words.

use crate::answer::{DropReason, Transport};
use crate::wire::message::Rcode;

/// The name of the counters of queries received.
pub const QUERIES: &str = "signpost_queries_total";
/// The name of the counters of replies handed to the network.
pub const REPLIES: &str = "signpost_replies_total";
/// The name of the counters of queries that got no reply.
pub const DROPS: &str = "signpost_drops_total";
/// The name of the counters of connections that are over.
pub const CONNECTIONS_ENDED: &str = "signpost_connections_ended_total";

/// An index into [`TABLE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the help texts of the table say what each one is")]
pub enum Counter {
    QueriesUdp,
    QueriesStream,
    RepliesNoError,
    RepliesFormErr,
    RepliesServFail,
    RepliesNxDomain,
    RepliesNotImp,
    RepliesRefused,
    RepliesYxDomain,
    RepliesBadVers,
    DropsShort,
    DropsResponse,
    DropsSourcePort,
    DropsTooLong,
    DropsPanic,
    DropsSend,
    Steered,
    Truncated,
    Ecs,
    Connections,
    ConnectionsClosed,
    ConnectionsIdle,
    ConnectionsSlow,
    ConnectionsUnread,
    ConnectionsUnanswered,
    ConnectionsExpired,
    ConnectionsCut,
    Restarts,
}

/// How many counters there are.
pub const COUNTERS: usize = TABLE.len();

/// One counter, as an operator sees it.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Which it is.
    pub counter: Counter,
    /// Its name, shared by the rows that differ in the label only.
    pub name: &'static str,
    /// Label and value.
    pub label: Option<(&'static str, &'static str)>,
    /// What it counts.
    pub help: &'static str,
}

/// All counters, in the order of [`Counter`].
pub const TABLE: &[Row] = &[
    labelled(Counter::QueriesUdp, QUERIES, "transport", "udp", "queries received"),
    labelled(Counter::QueriesStream, QUERIES, "transport", "stream", "queries received"),
    reply(Counter::RepliesNoError, Rcode::NoError),
    reply(Counter::RepliesFormErr, Rcode::FormErr),
    reply(Counter::RepliesServFail, Rcode::ServFail),
    reply(Counter::RepliesNxDomain, Rcode::NxDomain),
    reply(Counter::RepliesNotImp, Rcode::NotImp),
    reply(Counter::RepliesRefused, Rcode::Refused),
    reply(Counter::RepliesYxDomain, Rcode::YxDomain),
    reply(Counter::RepliesBadVers, Rcode::BadVers),
    labelled(Counter::DropsShort, DROPS, "reason", "short", "queries without a reply: shorter than a header"),
    labelled(Counter::DropsResponse, DROPS, "reason", "response", "queries without a reply: responses themselves"),
    labelled(Counter::DropsSourcePort, DROPS, "reason", "source_port", "queries without a reply: from source port 0"),
    labelled(Counter::DropsTooLong, DROPS, "reason", "too_long", "queries without a reply: longer than we read"),
    labelled(Counter::DropsPanic, DROPS, "reason", "panic", "queries without a reply: a fault in the server, see the log"),
    labelled(Counter::DropsSend, DROPS, "reason", "send", "queries without a reply: the network did not take it"),
    plain(Counter::Steered, "signpost_steered_total", "replies in which a policy chose"),
    plain(Counter::Truncated, "signpost_truncated_total", "replies with TC set"),
    plain(Counter::Ecs, "signpost_ecs_total", "replies to queries with a client subnet"),
    plain(Counter::Connections, "signpost_connections_total", "connections accepted"),
    ended(Counter::ConnectionsClosed, "closed", "connections over: closed or broken by the client"),
    ended(Counter::ConnectionsIdle, "idle", "connections over: no query for a while"),
    ended(Counter::ConnectionsSlow, "slow", "connections over: a query begun was not whole in time"),
    ended(Counter::ConnectionsUnread, "unread", "connections over: the client did not take its replies in time"),
    ended(Counter::ConnectionsUnanswered, "unanswered", "connections over: the client sent what is dropped"),
    ended(Counter::ConnectionsExpired, "expired", "connections over: open for the longest time allowed"),
    ended(Counter::ConnectionsCut, "cut", "connections over: for a newer one, or because the server stops"),
    plain(Counter::Restarts, "signpost_restarts_total", "workers started again after a fault in the server, see the log"),
];

const fn plain(counter: Counter, name: &'static str, help: &'static str) -> Row {
    Row { counter, name, label: None, help }
}

const fn labelled(counter: Counter, name: &'static str, label: &'static str, value: &'static str, help: &'static str) -> Row {
    Row { counter, name, label: Some((label, value)), help }
}

const fn reply(counter: Counter, rcode: Rcode) -> Row {
    labelled(counter, REPLIES, "rcode", rcode.mnemonic(), "replies handed to the network")
}

const fn ended(counter: Counter, reason: &'static str, help: &'static str) -> Row {
    labelled(counter, CONNECTIONS_ENDED, "reason", reason, help)
}

const _: () = {
    let mut index = 0;
    while index < COUNTERS {
        assert!(TABLE[index].counter as usize == index, "the rows stand in the order of the counters");
        index += 1;
    }
};

impl From<Transport> for Counter {
    fn from(transport: Transport) -> Self {
        match transport {
            Transport::Udp => Self::QueriesUdp,
            Transport::Stream => Self::QueriesStream,
        }
    }
}

impl From<Rcode> for Counter {
    fn from(rcode: Rcode) -> Self {
        match rcode {
            Rcode::NoError => Self::RepliesNoError,
            Rcode::FormErr => Self::RepliesFormErr,
            Rcode::ServFail => Self::RepliesServFail,
            Rcode::NxDomain => Self::RepliesNxDomain,
            Rcode::NotImp => Self::RepliesNotImp,
            Rcode::Refused => Self::RepliesRefused,
            Rcode::YxDomain => Self::RepliesYxDomain,
            Rcode::BadVers => Self::RepliesBadVers,
        }
    }
}

impl From<DropReason> for Counter {
    fn from(reason: DropReason) -> Self {
        match reason {
            DropReason::Short => Self::DropsShort,
            DropReason::Response => Self::DropsResponse,
        }
    }
}
