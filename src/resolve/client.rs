//! One question to the resolvers, and what came of it in our own words. The only file that knows the DNS library.
//! Nothing is kept here from one question to the next: what is good for how long is the edge's matter.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name, RecordType};

use crate::limits::EDGE_LOOKUP_DEADLINE;

/// What looking up one family of a name came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// These addresses, for so long.
    Found(Vec<IpAddr>, Duration),
    /// The name is there, but has none of this family.
    Nothing,
    /// It is not known, and this is why.
    Failed(String),
}

/// IPv4 or IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    V4,
    V6,
}

/// Asks the servers, or those of resolv.conf if there are none.
pub(super) async fn look_up(servers: &[SocketAddr], name: &str, asked: Asked) -> Answer {
    let (rtype, word) = match asked {
        Asked::V4 => (RecordType::A, "A"),
        Asked::V6 => (RecordType::AAAA, "AAAA"),
    };
    let (resolver, name) = match (resolver(servers), Name::from_ascii(name)) {
        (Ok(resolver), Ok(name)) => (resolver, name),
        (Err(why), _) => return Answer::Failed(why),
        (_, Err(error)) => return Answer::Failed(format!("the name can't be asked for: {error}")),
    };
    match resolver.lookup(name, rtype).await {
        Ok(found) => {
            let addresses: Vec<IpAddr> = found.answers().iter().filter_map(|record| record.data.ip_addr()).collect();
            // A chain of CNAMEs holds as long as its shortest link.
            let ttl = found.answers().iter().map(|record| record.ttl).min().unwrap_or_default();
            let of_hosts: Vec<IpAddr> = addresses.iter().copied().filter(|address| may_be_host(*address)).collect();
            match (addresses.first(), of_hosts.is_empty()) {
                (None, _) => Answer::Nothing,
                (Some(address), true) => Answer::Failed(format!("the answer {address} is the address of no host")),
                (Some(_), false) => Answer::Found(of_hosts, Duration::from_secs(ttl.into())),
            }
        }
        Err(error) if error.is_nx_domain() => Answer::Failed(String::from("there is no such name")),
        Err(error) if error.is_no_records_found() => Answer::Nothing,
        Err(NetError::Timeout) => Answer::Failed(format!("no resolver answered the question for {word} in time")),
        Err(error) => Answer::Failed(format!("the question for {word} failed: {error}")),
    }
}

/// What filters and captive portals answer with is nobody's address, and nobody's clients are sent there.
fn may_be_host(address: IpAddr) -> bool {
    let is_special = match address {
        IpAddr::V4(v4) => v4.is_broadcast() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    !(is_special || address.is_unspecified() || address.is_multicast())
}

/// A resolver that remembers nothing: resolv.conf may be another by the next question.
fn resolver(servers: &[SocketAddr]) -> Result<TokioResolver, String> {
    let mut builder = if servers.is_empty() {
        TokioResolver::builder_tokio().map_err(|error| format!("can't read resolv.conf: {error}"))?
    } else {
        let config = ResolverConfig::from_name_servers(servers.iter().map(name_server).collect());
        TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
    };
    let options = builder.options_mut();
    // Once more after the first try, so that a name is known to be in trouble before the usual warm-up is over.
    (options.timeout, options.attempts) = (EDGE_LOOKUP_DEADLINE, 1);
    options.cache_size = 0;
    options.use_hosts_file = ResolveHosts::Never;
    builder.build().map_err(|error| format!("can't ask the resolvers: {error}"))
}

fn name_server(address: &SocketAddr) -> NameServerConfig {
    let mut server = NameServerConfig::udp_and_tcp(address.ip());
    server.connections.iter_mut().for_each(|connection| connection.port = address.port());
    server
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_host_has_is_no_answer() {
        for none in ["0.0.0.0", "::", "224.0.0.1", "255.255.255.255", "169.254.1.1", "fe80::1", "ff02::1"] {
            assert!(!may_be_host(none.parse().unwrap()), "{none}");
        }
        for host in ["192.0.2.1", "127.0.0.2", "10.0.0.1", "2001:db8::1", "fd00::1"] {
            assert!(may_be_host(host.parse().unwrap()), "{host}");
        }
    }
}
