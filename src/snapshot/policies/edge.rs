//! Endpoints that are names: an edge that somebody else runs, whose addresses change as they like.
//!
//! The names are configuration, the addresses are not: they are looked up elsewhere and come as [`Edges`].

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use super::{Family, Kind, PerFamily, Policies};
use crate::limits::EDGE_ADDRESSES_MAX;
use crate::wire::Name;

/// Addresses of one family, each with its probe.
pub type Probed = Box<[(IpAddr, Option<u32>)]>;

/// An endpoint that is a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// The name.
    pub name: Name,
    /// Whether it is answered with its addresses; else with a CNAME.
    pub flat: bool,
    /// Its addresses as they are known.
    pub addresses: PerFamily<Probed>,
}

/// The addresses of names, as they were found last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edges(HashMap<Name, PerFamily<Vec<IpAddr>>>);

impl Edges {
    /// Takes note of the addresses of a name, as many as are used; whether that is news.
    pub fn set(&mut self, name: Name, addresses: &[IpAddr]) -> bool {
        let of = |family| {
            let is_of = |address: &&IpAddr| address.is_ipv4() == (family == Family::V4);
            // In order, so that the same set is the same however it came.
            let sorted: BTreeSet<IpAddr> = addresses.iter().filter(is_of).copied().collect();
            sorted.into_iter().take(EDGE_ADDRESSES_MAX).collect::<Vec<_>>()
        };
        let found = PerFamily::new(of);
        self.0.insert(name, found.clone()) != Some(found)
    }

    /// All addresses of a name.
    pub fn all(&self, name: &Name) -> Vec<IpAddr> {
        Family::ALL.into_iter().flat_map(|family| self.of(name, family).to_vec()).collect()
    }

    /// Forgets all names but these.
    pub fn keep(&mut self, names: &BTreeSet<&Name>) {
        self.0.retain(|name, _| names.contains(name));
    }

    /// The addresses of a name.
    pub(in crate::snapshot) fn of(&self, name: &Name, family: Family) -> &[IpAddr] {
        self.0.get(name).map(|found| found[family].as_slice()).unwrap_or_default()
    }
}

impl Edge {
    pub(super) fn new(name: Name, flat: bool) -> Self {
        Self { name, flat, addresses: PerFamily::default() }
    }
}

impl Policies {
    /// The names whose addresses matter: for an answer, or because they are probed.
    pub fn edges(&self) -> BTreeSet<&Name> {
        let mut names = BTreeSet::new();
        for node in &self.nodes {
            let Kind::Pool(pool) = &node.kind else { continue };
            let edges = pool.endpoints.iter().filter_map(|endpoint| endpoint.edge.as_ref());
            names.extend(edges.filter(|edge| edge.flat || pool.check.is_some()).map(|edge| &edge.name));
        }
        names
    }
}
