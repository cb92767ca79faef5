//! Lints of the pools and policies that names are bound to: whether clients can be served as the operator means it.
//! Each is told once a load and not once a binding. Zones are not looked at.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::super::policies::Family;
use crate::config::{Check, Config, Endpoint, Node, NodeId, Pool, Ttl};
use crate::diagnostic::Diagnostic;
use crate::geo::private_block;

/// The configuration, and what names are bound to.
pub(super) struct Steered<'a> {
    config: &'a Config,
    /// Each once, in the order of the configuration.
    bound: BTreeSet<NodeId>,
}

impl<'a> Steered<'a> {
    pub(super) fn new(config: &'a Config, bound: &[NodeId]) -> Self {
        Self { config, bound: bound.iter().copied().collect() }
    }

    fn node(&self, id: NodeId) -> Option<&'a Node> {
        self.config.nodes.get(id.0 as usize)
    }

    /// The pools that a node leads to, itself if it is one; those of a `last` too if `with_last`.
    fn pools(&self, id: NodeId, with_last: bool) -> BTreeSet<NodeId> {
        match self.node(id) {
            Some(Node::Pool(_)) => BTreeSet::from([id]),
            Some(Node::Policy(policy)) => {
                let below = policy.children().into_iter().chain(policy.last.filter(|_| with_last));
                below.flat_map(|child| self.pools(child, with_last)).collect()
            }
            None => BTreeSet::new(),
        }
    }

    fn pool(&self, id: NodeId) -> Option<&'a Pool> {
        match self.node(id)? {
            Node::Pool(pool) => Some(pool),
            Node::Policy(_) => None,
        }
    }

    fn check(&self, pool: &Pool) -> Option<&'a Check> {
        self.config.checks.get(pool.check?.0 as usize)
    }

    /// Whether the server listens on such addresses alone, so that only clients near to them can ask it.
    fn listens_only(&self, is_near: impl Fn(IpAddr) -> bool) -> bool {
        self.config.server.listen.iter().all(|address| is_near(address.ip()))
    }

    /// The first address of an endpoint that a name may be answered with and that `is_odd`, and how many more there are.
    fn odd_address(&self, is_odd: impl Fn(IpAddr) -> bool) -> Option<(&'a Endpoint, IpAddr, usize)> {
        let pools: BTreeSet<NodeId> = self.bound.iter().flat_map(|id| self.pools(*id, true)).collect();
        let endpoints = pools.iter().filter_map(|id| self.pool(*id)).flat_map(|pool| &pool.endpoints);
        let serving = endpoints.filter(|endpoint| endpoint.weight > 0);
        let mut odd = serving.flat_map(addresses).filter(|(_, address)| is_odd(*address));
        let (endpoint, address) = odd.next()?;
        Some((endpoint, address, odd.map(|(_, address)| address).collect::<BTreeSet<_>>().len()))
    }
}

fn addresses(endpoint: &Endpoint) -> impl Iterator<Item = (&Endpoint, IpAddr)> {
    let both = [endpoint.v4.map(IpAddr::V4), endpoint.v6.map(IpAddr::V6)];
    both.into_iter().flatten().map(move |address| (endpoint, address))
}

/// An answer that lives shorter than it takes to probe again: what resolvers fetch anew is what they had.
pub(super) fn ttl_under_interval(steered: &Steered<'_>) -> Vec<Diagnostic> {
    let warning = |id: &NodeId| {
        let common = steered.node(*id)?.common();
        let (Ttl { steady: ttl, .. }, span) = common.ttl.unwrap_or((Ttl::DEFAULT, common.span));
        let checks = steered.pools(*id, false).into_iter().filter_map(|pool| steered.check(steered.pool(pool)?));
        let soonest = checks.min_by_key(|check| check.interval)?;
        let seconds = soonest.interval.as_secs();
        (u64::from(ttl) < seconds).then(|| {
            let name = &common.name;
            let message = format!("answers of \"{name}\" live {ttl} s, but its endpoints are probed every {seconds} s");
            Diagnostic::warning(span, message)
                .label("resolvers ask again before there can be news")
                .related(format!("the check \"{}\" is defined", soonest.name), soonest.span)
                .help(format!("write ttl = \"{seconds}s\" at \"{name}\", or a shorter interval at the check"))
        })
    };
    steered.bound.iter().filter_map(warning).collect()
}

/// Clients of a family are spread over fewer pools than was meant. A pool for the last resort has a lint of its own.
pub(super) fn families_differ(steered: &Steered<'_>) -> Vec<Diagnostic> {
    let mut told = BTreeSet::new();
    let mut warnings = Vec::new();
    for id in &steered.bound {
        let pools: Vec<(NodeId, &Pool)> =
            steered.pools(*id, false).into_iter().filter_map(|id| Some((id, steered.pool(id)?))).collect();
        for family in [Family::V4, Family::V6] {
            let Some((_, example)) = pools.iter().find(|(_, pool)| has(pool, family)) else { continue };
            for (id, pool) in pools.iter().filter(|(_, pool)| !has(pool, family)) {
                if told.insert((*id, family == Family::V4)) {
                    warnings.push(lacks(pool, example, family));
                }
            }
        }
    }
    warnings
}

fn has(pool: &Pool, family: Family) -> bool {
    pool.endpoints.iter().any(|endpoint| {
        let has = match family {
            Family::V4 => endpoint.v4.is_some(),
            Family::V6 => endpoint.v6.is_some(),
        };
        // What a name has is not known here.
        (has || endpoint.cname.is_some()) && endpoint.weight > 0
    })
}

fn lacks(pool: &Pool, example: &Pool, family: Family) -> Diagnostic {
    let (family, key) = match family {
        Family::V4 => ("IPv4", "v4"),
        Family::V6 => ("IPv6", "v6"),
    };
    let (name, other) = (&pool.common.name, &example.common.name);
    let message = format!("pool \"{name}\" has no {family} endpoint, while \"{other}\" beside it has");
    Diagnostic::warning(pool.common.span, message)
        .label(format!("{family} clients are never sent here"))
        .related(format!("pool \"{other}\" is defined"), example.common.span)
        .help(format!("give its endpoints {key} addresses, or leave {family} out everywhere"))
}

/// A server that listens on loopback alone is being tried out, and so may its addresses be.
pub(super) fn documentation_address(steered: &Steered<'_>) -> Vec<Diagnostic> {
    if steered.listens_only(|listened| listened.is_loopback()) {
        return Vec::new();
    }
    let odd = steered.odd_address(is_documentation);
    let warning = odd.map(|(endpoint, address, more)| {
        addressed(endpoint, address, more, "an address for documentation")
            .label("nobody can be reached there (RFC 5737, RFC 3849)")
            .help("write the endpoint's own address, before you serve this")
    });
    warning.into_iter().collect()
}

/// A server that only private networks can ask may well answer with private addresses.
pub(super) fn private_address(steered: &Steered<'_>) -> Vec<Diagnostic> {
    if steered.listens_only(is_private) {
        return Vec::new();
    }
    let odd = steered.odd_address(is_private);
    let warning = odd.map(|(endpoint, address, more)| {
        addressed(endpoint, address, more, "a private address")
            .label("clients elsewhere can't reach it (RFC 6890)")
            .help("write an address that all clients reach; if all are inside, let \"listen\" name private addresses alone")
    });
    warning.into_iter().collect()
}

fn addressed(endpoint: &Endpoint, address: IpAddr, more: usize, what: &str) -> Diagnostic {
    let others = if more == 0 { String::new() } else { format!(" (and {more} more)") };
    Diagnostic::warning(endpoint.span, format!("the endpoint \"{}\" has {what}, {address}{others}", endpoint.name))
}

/// RFC 5737, RFC 3849, RFC 9637.
fn is_documentation(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => matches!(v4.octets(), [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _]),
        IpAddr::V6(v6) => matches!(v6.segments(), [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..]),
    }
}

/// Whether the Internet has no way there; to listen on all addresses is to listen there, too.
fn is_private(address: IpAddr) -> bool {
    !address.is_unspecified() && private_block(address).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_judged_at_the_edges_of_their_networks() {
        let table = [
            ("192.0.2.255", true, false),
            ("192.0.3.0", false, false),
            ("3fff:fff::1", true, false),
            ("3fff:1000::1", false, false),
            ("2001:db8:ffff::", true, false),
            ("172.31.255.255", false, true),
            ("172.32.0.0", false, false),
            ("100.127.255.255", false, true),
            ("fdff::1", false, true),
            ("fe00::1", false, false),
            ("::1", false, true),
            ("::2", false, false),
            ("0.0.0.0", false, false),
        ];
        for (text, documentation, private) in table {
            let address = text.parse().unwrap();
            assert_eq!((is_documentation(address), is_private(address)), (documentation, private), "{text}");
        }
    }
}
