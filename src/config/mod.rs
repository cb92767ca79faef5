//! `signpost.toml` as it is true: every reference resolved, every number within its limit, in floor-1 types.
//!
//! `parse.rs` is the way in: `document.rs` makes TOML of a text, a reader for each table makes `spec.rs` of that, `resolve.rs`
//! joins it into a [`Config`]. All report every fault and go on; after that nothing is checked again. No file is read here: the
//! texts, included ones too, come as [`crate::diagnostic::Source`].

mod check;
mod command;
mod damping;
mod dns;
mod document;
mod host;
mod http;
mod keys;
mod kinds;
mod node;
mod notices;
pub mod orders;
mod parse;
mod policy;
mod pool;
mod references;
mod resolve;
mod resolvers;
mod rule;
mod server;
mod spec;
mod table;
mod tcp;
mod tls;
mod topology;
mod unused;
mod unwatched;
mod value;
mod zone;

#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::{NonZeroU16, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use crate::diagnostic::Span;
use crate::geo::{Match, Point, Prefix};
use crate::health::HoldDown;
use crate::wire::Name;

pub use dns::rcode_text;
pub use document::Text;
pub use host::{Host, MadeFor};
pub use kinds::{CertificateLife, CheckKind, CommandCheck, DnsCheck, GrpcCheck, HttpCheck, TcpCheck, TlsCheck};
pub use notices::Notify;
pub use parse::{includes, parse};
pub use unused::unused;
pub use unwatched::unwatched;
pub use value::{parse_duration, shown as shown_duration};

/// The whole configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The process.
    pub server: Server,
    /// Who is told what changes.
    pub notify: Option<Notify>,
    /// How endpoints are probed, by [`CheckId`].
    pub checks: Vec<Check>,
    /// Pools and policies by [`NodeId`], children before the policies that name them.
    pub nodes: Vec<Node>,
    /// What differs from the rule, zone by zone.
    pub zones: Vec<ZoneRules>,
}

/// An index into [`Config::checks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CheckId(pub u32);

/// An index into [`Config::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// `[server]`
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// Addresses for UDP and TCP.
    pub listen: Vec<SocketAddr>,
    /// UDP workers for each address; the number of cores if unset.
    pub threads: Option<NonZeroUsize>,
    /// The folder of zone files.
    pub zones: PathBuf,
    /// Where that is written; nowhere, if it is the usual one.
    pub zones_span: Option<Span>,
    /// Geo databases; the first that knows a fact about an address wins.
    pub geoip: Vec<GeoFile>,
    /// How old a geo database may be before that is worth a warning.
    pub geoip_age: Duration,
    /// The Unix socket for `status`, `reload` and `explain`.
    pub control: PathBuf,
    /// Who is asked whether our own network works.
    pub references: Vec<SocketAddr>,
    /// Who looks up the names of edges; those of resolv.conf if there are none.
    pub resolvers: Vec<SocketAddr>,
    /// How long the start waits for first verdicts at most.
    pub warmup: Duration,
    /// How long changed files must rest before they are read.
    pub settle: Duration,
    /// Whether files are watched at all.
    pub watch: bool,
    /// Octets of a UDP answer at most, 512 to 4096.
    pub udp_payload: u16,
    /// In which order the addresses of a name without a policy are answered.
    pub rrset_order: RrsetOrder,
    /// TCP connections at a time, in all.
    pub tcp_connections: usize,
    /// TCP connections at a time from one IPv4 address or IPv6 /56.
    pub tcp_connections_per_source: usize,
    /// Which machine this is: for NSID, `id.server` and `hostname.bind`. Printable ASCII.
    pub identity: Option<String>,
    /// What `version.server` and `version.bind` are answered with. Printable ASCII.
    pub version: Option<String>,
    /// The folder of what survives a restart: verdicts and orders.
    pub state: PathBuf,
}

/// `[server] rrset_order`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RrsetOrder {
    /// That of the zone file.
    #[default]
    Stable,
    /// Beginning at another one each time.
    Rotated,
}

/// One of `geoip`.
#[derive(Clone, Debug, PartialEq)]
pub struct GeoFile {
    /// The file.
    pub path: PathBuf,
    /// Where it is listed.
    pub span: Span,
}

/// `[check.NAME]`
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// Where it is defined.
    pub span: Span,
    /// What is asked.
    pub kind: CheckKind,
    /// The port, by kind if not written; 0 where the kind has none.
    pub port: u16,
    /// From the start of one probe to the start of the next.
    pub interval: Duration,
    /// For the whole probe; at most the interval.
    pub timeout: Duration,
    /// Passes in a row that bring an endpoint up.
    pub rise: u32,
    /// Failures in a row that take it down.
    pub fall: u32,
    /// How soon a first failure is repeated before it counts; at most the interval.
    pub recheck: Duration,
    /// How long an endpoint that flaps is held down; not at all if unset.
    pub hold_down: Option<HoldDown>,
    /// The local address that probes come from.
    pub source: Option<IpAddr>,
    /// Whether a connection is kept open to see at once that the endpoint dies.
    pub watch: bool,
}

/// A pool or a policy; they share one space of names.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Endpoints in one place.
    Pool(Pool),
    /// How to choose among pools or policies.
    Policy(Policy),
}

/// What pools and policies have alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Common {
    /// The name in the shared space.
    pub name: String,
    /// Where it is defined.
    pub span: Span,
    /// The place written at it.
    pub location: Option<Point>,
    /// When it counts as up.
    pub min_up: MinUp,
    /// How long answers live where this node is bound, and where it is written.
    pub ttl: Option<(Ttl, Span)>,
    /// Whether ECS is honoured where this node is bound, and where it is written.
    pub ecs: Option<(bool, Span)>,
}

/// How many seconds steered answers live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ttl {
    /// As a rule.
    pub steady: u32,
    /// While a member that may answer is failing but not yet down, or recovering.
    pub uneasy: u32,
}

/// `[pool.NAME]`
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// Name, place and thresholds.
    pub common: Common,
    /// How its endpoints are probed; never, if unset.
    pub check: Option<CheckId>,
    /// How endpoints are drawn.
    pub choose: PoolChoice,
    /// Addresses in one answer.
    pub answers: usize,
    /// Whether names among its endpoints are always answered as addresses.
    pub flatten: bool,
    /// How long the weight of an endpoint grows after it recovered; it is whole at once, if unset.
    pub slow_start: Option<Duration>,
    /// Its endpoints, at least one.
    pub endpoints: Vec<Endpoint>,
}

/// How a pool draws among its endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolChoice {
    /// By weight.
    Weighted,
    /// By weight and the client's network, always the same for the same network.
    Hashed,
    /// All of them.
    All,
}

/// One machine, or an edge that somebody else runs under a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    /// Its name, unique in its pool.
    pub name: String,
    /// Where it is defined.
    pub span: Span,
    /// Its IPv4 address.
    pub v4: Option<Ipv4Addr>,
    /// Its IPv6 address.
    pub v6: Option<Ipv6Addr>,
    /// The name that it has in place of addresses.
    pub cname: Option<Name>,
    /// Its share; 0 is never chosen.
    pub weight: u16,
}

/// `[policy.NAME]`
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Name, place and thresholds.
    pub common: Common,
    /// How it chooses.
    pub choose: Choose,
    /// Who answers when no child is up.
    pub last: Option<NodeId>,
    /// Percent of its weight that health may take out in a minute; 1 to 100, all if unset.
    pub max_removed: Option<u8>,
}

/// The kinds of policy.
#[derive(Clone, Debug, PartialEq)]
pub enum Choose {
    /// The child nearest to the client.
    Nearest {
        /// In the order that decides where distance does not.
        from: Vec<Child>,
        /// Networks with an order of their own.
        overrides: Vec<Override>,
    },
    /// The first child that is up.
    Failover(Vec<Child>),
    /// A child drawn by weight.
    Weighted(Vec<Child>),
    /// A child by weight and the client's network.
    Hashed(Vec<Child>),
    /// The first rule that matches the client.
    Geo {
        /// In the order of the file.
        rules: Vec<Rule>,
        /// For clients that no rule matches, and after a rule that is used up.
        otherwise: Option<NodeId>,
    },
}

/// One child of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Child {
    /// Which.
    pub node: NodeId,
    /// Its share, for weighted and hashed.
    pub weight: u16,
    /// -99 to 99, for nearest: above 0 draws clients in, below 0 keeps them off.
    pub bias: i8,
}

/// Clients in a network get their own order of children.
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    /// The networks.
    pub nets: Vec<Prefix>,
    /// Children in order of choice.
    pub order: Vec<NodeId>,
    /// Where it is written.
    pub span: Span,
}

/// One rule of a `geo` policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Which clients.
    pub matches: Match,
    /// Children in order of choice.
    pub order: Vec<NodeId>,
    /// Whether health and family never leave `order`.
    pub strict: bool,
    /// Where it is written.
    pub span: Span,
}

/// When a pool or policy counts as up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MinUp {
    /// That many of its endpoints or children.
    Count(NonZeroU16),
    /// That share of their weight, 1 to 100.
    Percent(u8),
}

/// `[zone."NAME"]`
#[derive(Clone, Debug, PartialEq)]
pub struct ZoneRules {
    /// The zone's name.
    pub apex: Name,
    /// Where it is defined.
    pub span: Span,
    /// Bindings that replace the zone's own `_steer` records.
    pub steer: Option<Vec<Steer>>,
    /// The only nodes that bindings of the zone may name.
    pub policies: Option<Vec<NodeId>>,
}

/// One binding written in the configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Steer {
    /// The bound name.
    pub name: Name,
    /// What it is bound to.
    pub node: NodeId,
    /// Where it is written.
    pub span: Span,
}

impl Ttl {
    /// Where none is written.
    pub const DEFAULT: Self = Self { steady: 30, uneasy: 30 };

    /// Seconds at this confidence.
    pub fn seconds(self, uneasy: bool) -> u32 {
        if uneasy { self.uneasy } else { self.steady }
    }
}

impl Node {
    /// What pools and policies have alike.
    pub fn common(&self) -> &Common {
        match self {
            Self::Pool(pool) => &pool.common,
            Self::Policy(policy) => &policy.common,
        }
    }
}

impl Policy {
    /// Whom it chooses among, without the one for when nothing is up.
    pub fn children(&self) -> Vec<NodeId> {
        match &self.choose {
            Choose::Nearest { from, .. } | Choose::Failover(from) | Choose::Weighted(from) | Choose::Hashed(from) => {
                from.iter().map(|child| child.node).collect()
            }
            Choose::Geo { rules, otherwise } => rules.iter().flat_map(|rule| &rule.order).chain(otherwise).copied().collect(),
        }
    }
}

impl Config {
    /// The node with this name.
    pub fn find(&self, name: &str) -> Option<NodeId> {
        let index = self.nodes.iter().position(|node| node.common().name == name)?;
        u32::try_from(index).ok().map(NodeId)
    }
}
