//! Warnings about what loads, but probably means something else than was written: one row a lint, one small function a row.
//!
//! `bindings.rs` looks at bound names, which takes a zone and the policies; `nodes.rs` at the pools and policies that names are
//! bound to, once a load; `world.rs` at the databases. Nothing is refused here; the time is an argument.

mod bindings;
mod nodes;
mod world;

use std::collections::HashMap;

use super::LinkedZone;
use super::policies::Policies;
use crate::config::{Config, NodeId};
use crate::diagnostic::{Diagnostic, Severity, bounded};
use crate::geo::World;
use crate::zone::Zone;

use bindings::Bound;
use nodes::Steered;
use world::Aged;

/// One lint.
#[derive(Debug)]
pub struct Lint {
    /// What it finds.
    pub name: &'static str,
    /// How bad that is.
    pub severity: Severity,
    /// What is wrong with it, in one line.
    pub why: &'static str,
    finds: Finds,
}

/// What a lint looks at.
#[derive(Debug)]
enum Finds {
    Binding(fn(&Bound<'_>) -> Vec<Diagnostic>),
    Nodes(fn(&Steered<'_>) -> Vec<Diagnostic>),
    World(fn(&Aged<'_>) -> Vec<Diagnostic>),
}

const fn warning(name: &'static str, finds: Finds, why: &'static str) -> Lint {
    Lint { name, severity: Severity::Warning, why, finds }
}

/// Every lint, in the order of the report.
pub const LINTS: &[Lint] = &[
    warning("fallback-elsewhere", Finds::Binding(bindings::fallback_elsewhere), "a plain secondary sends everybody there"),
    warning(
        "family-in-pools-alone",
        Finds::Binding(bindings::family_in_pools_alone),
        "the type flickers beside a plain secondary",
    ),
    warning(
        "family-in-last-alone",
        Finds::Binding(bindings::family_in_last_alone),
        "its clients are sent to the last resort always",
    ),
    warning("hints-stand", Finds::Binding(bindings::hints_stand), "clients follow the hints and pass by the steering"),
    warning("ttl-under-interval", Finds::Nodes(nodes::ttl_under_interval), "resolvers ask again before there can be news"),
    warning("families-differ", Finds::Nodes(nodes::families_differ), "a pool without the client's family is passed over"),
    warning("documentation-address", Finds::Nodes(nodes::documentation_address), "nothing on the Internet has such an address"),
    warning("private-address", Finds::Nodes(nodes::private_address), "clients outside can't reach it"),
    warning("geo-age", Finds::World(world::geo_age), "networks move, and the database does not know it"),
];

impl Lint {
    fn mark(&self, findings: Vec<Diagnostic>) -> impl Iterator<Item = Diagnostic> {
        findings.into_iter().map(|finding| Diagnostic { severity: self.severity, ..finding })
    }
}

/// All that is doubtful about a zone's bindings; `parsed` is what the zone was compiled from.
pub fn lint(parsed: &Zone, linked: &LinkedZone, policies: &Policies) -> Vec<Diagnostic> {
    let own = bindings::own_records(parsed, linked);
    let mut endpoints = HashMap::new();
    let mut found = Vec::new();
    for (binding, link) in linked.zone.bindings().iter().zip(&linked.links) {
        let own = own.get(&binding.name).map(Vec::as_slice).unwrap_or_default();
        let endpoints = endpoints.entry(link.node).or_insert_with(|| bindings::endpoints(policies, link.node));
        let bound = Bound { binding, own, endpoints, policies, node: link.node };
        for row in LINTS {
            if let Finds::Binding(function) = row.finds {
                found.extend(row.mark(function(&bound)));
            }
        }
    }
    bounded(found)
}

/// All that is doubtful about the nodes that names are bound to, and about the databases; `now` is in seconds since 1970.
pub fn lint_load(config: &Config, bound: &[NodeId], world: &World, now: u64) -> Vec<Diagnostic> {
    let steered = Steered::new(config, bound);
    let aged = Aged { server: &config.server, world, now };
    let rows = LINTS.iter().flat_map(|row| {
        let findings = match row.finds {
            Finds::Binding(_) => Vec::new(),
            Finds::Nodes(function) => function(&steered),
            Finds::World(function) => function(&aged),
        };
        row.mark(findings)
    });
    rows.collect()
}
