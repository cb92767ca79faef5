//! Who plays in the demo: six edges in three places, the resolvers of three cities, and the network of loopback that they use.
//!
//! `signpost.toml` beside this file says the same to the server; a test holds the two together.

use std::net::Ipv4Addr;

/// Where the edges stand, in the order of the keys 1, 2 and 3.
pub(super) const PLACES: [&str; 3] = ["Frankfurt", "Ashburn", "Singapore"];

/// One HTTP server.
#[derive(Debug)]
pub(super) struct Edge {
    pub(super) name: &'static str,
    /// Its place among [`PLACES`].
    pub(super) place: usize,
    /// The last octet of its address.
    pub(super) host: u8,
}

/// All edges, by place, the one with the greater weight first.
pub(super) const EDGES: [Edge; 6] = [
    Edge { name: "fra-1", place: 0, host: 11 },
    Edge { name: "fra-2", place: 0, host: 21 },
    Edge { name: "iad-1", place: 1, host: 12 },
    Edge { name: "iad-2", place: 1, host: 22 },
    Edge { name: "sin-1", place: 2, host: 13 },
    Edge { name: "sin-2", place: 2, host: 23 },
];

/// A resolver that tells its clients' /16.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) city: &'static str,
    pub(super) subnet: [u8; 2],
    /// The nearest of [`PLACES`].
    pub(super) nearest: usize,
}

/// Three continents.
pub(super) const CLIENTS: [Client; 3] = [
    Client { city: "Berlin", subnet: [141, 20], nearest: 0 },
    Client { city: "New York", subnet: [128, 59], nearest: 1 },
    Client { city: "Tokyo", subnet: [133, 11], nearest: 2 },
];

/// The edges of one place, as indices of [`EDGES`].
pub(super) fn edges_of(place: usize) -> Vec<usize> {
    (0..EDGES.len()).filter(|&index| EDGES.get(index).is_some_and(|edge| edge.place == place)).collect()
}

/// The /24 of loopback that everything happens in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Network(pub(super) [u8; 3]);

impl Network {
    /// Where the demo plays.
    pub(super) const USUAL: Self = Self([127, 0, 0]);

    /// The address of one host.
    pub(super) fn address(self, host: u8) -> Ipv4Addr {
        let [a, b, c] = self.0;
        Ipv4Addr::new(a, b, c, host)
    }

    /// The edge that has this address.
    pub(super) fn edge_at(self, address: Ipv4Addr) -> Option<usize> {
        EDGES.iter().position(|edge| self.address(edge.host) == address)
    }

    /// A text about the usual network, told of this one.
    pub(super) fn retold(self, text: &str) -> String {
        let [a, b, c] = self.0;
        text.replace("127.0.0.", &format!("{a}.{b}.{c}."))
    }
}
