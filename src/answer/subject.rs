//! The client as policies see it: whose place and network count, and how far its address is read like those around it.
//! What follows from that is decided in `steer.rs`.

use std::net::IpAddr;

use crate::geo::{Alike, embedded_v4};

/// The client as policies see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject {
    /// Whose place and network count: the client subnet's address, or where the query came from.
    pub address: IpAddr,
    /// The resolver's address, asked where nothing is known of a subnet (RFC 7871 §10, §11.3).
    pub resolver: Option<IpAddr>,
    /// As far as addresses are read like the subnet's: the shortest scope.
    pub alike: Alike,
    /// Bits of the subnet's address before the IPv4 address that it embeds.
    pub bits_before: u8,
}

impl Subject {
    /// The client of a query from `source`, with the subnet's address if one came that counts.
    #[inline]
    pub(super) fn new(source: IpAddr, subnet: Option<IpAddr>) -> Self {
        let (source, _) = unmapped(source);
        let Some(subnet) = subnet else {
            return Self { address: source, resolver: None, alike: Alike::default(), bits_before: 0 };
        };
        let (address, bits_before) = unmapped(subnet);
        Self { address, resolver: Some(source), alike: Alike::of(address), bits_before }
    }

    /// The address that the hashed choice goes by: a private subnet says nothing (RFC 7871 §10).
    pub(super) fn hashed(&self) -> IpAddr {
        self.resolver.filter(|_| self.alike.is_private).unwrap_or(self.address)
    }
}

/// IPv4 in IPv6 clothes is IPv4; with the bits before it.
fn unmapped(address: IpAddr) -> (IpAddr, u8) {
    let embedded = match address {
        IpAddr::V4(_) => None,
        IpAddr::V6(v6) => embedded_v4(v6),
    };
    embedded.map_or((address, 0), |(v4, bits_before)| (IpAddr::V4(v4), bits_before))
}
