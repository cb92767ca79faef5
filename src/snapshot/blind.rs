//! Warnings about policies that ask where clients are when nothing can tell: they load, and silently choose the same for all.
//! They need the configuration and the world together. Nothing is refused here: without a database the order of the file holds.

use crate::config::{Choose, Config, Node, Policy, Rule};
use crate::diagnostic::Diagnostic;
use crate::geo::{Facts, Match, World};

/// All such warnings, in the order of the nodes.
pub fn blind(config: &Config, world: &World) -> Vec<Diagnostic> {
    let sight = Sight { facts: world.facts(), any_database: !config.server.geoip.is_empty(), located: located(config) };
    let policies = config.nodes.iter().filter_map(|node| match node {
        Node::Policy(policy) => Some(policy),
        Node::Pool(_) => None,
    });
    policies.flat_map(|policy| sight.warn(policy)).collect()
}

/// Whether each node stands somewhere: by its own place, or by that of a child.
fn located(config: &Config) -> Vec<bool> {
    let mut located: Vec<bool> = Vec::with_capacity(config.nodes.len());
    for node in &config.nodes {
        let children = match node {
            Node::Policy(policy) => policy.children(),
            Node::Pool(_) => Vec::new(),
        };
        let any_child = children.iter().any(|id| located.get(id.0 as usize).copied().unwrap_or(false));
        located.push(any_child || node.common().location.is_some());
    }
    located
}

/// What can be told of clients and of nodes.
struct Sight {
    facts: Facts,
    any_database: bool,
    located: Vec<bool>,
}

impl Sight {
    fn warn(&self, policy: &Policy) -> Vec<Diagnostic> {
        match &policy.choose {
            // Overrides choose without any place.
            Choose::Nearest { from, overrides } if overrides.is_empty() => {
                let any_located = from.iter().any(|child| self.located.get(child.node.0 as usize).copied().unwrap_or(false));
                let faults =
                    [(!any_located).then(|| placeless(policy)), (!self.facts.point).then(|| self.clients_nowhere(policy))];
                faults.into_iter().flatten().collect()
            }
            Choose::Geo { rules, .. } => rules.iter().filter_map(|rule| self.warn_rule(rule)).collect(),
            Choose::Nearest { .. } | Choose::Failover(_) | Choose::Weighted(_) | Choose::Hashed(_) => Vec::new(),
        }
    }

    fn clients_nowhere(&self, policy: &Policy) -> Diagnostic {
        let name = &policy.common.name;
        let message = format!("no geo database tells where clients are, so policy \"{name}\" takes the order of \"from\"");
        let step = if self.any_database {
            "add a database with countries or coordinates to \"geoip\" in [server]"
        } else {
            "write geoip = \"geoip/country.mmdb\" in [server]"
        };
        Diagnostic::warning(policy.common.span, message)
            .label("chooses by distance")
            .help(format!("{step}; or write choose = \"failover\""))
    }

    fn warn_rule(&self, rule: &Rule) -> Option<Diagnostic> {
        let own = self.unknown(&rule.matches).map(|key| (key, "this rule matches nobody"));
        let not =
            || rule.matches.not.as_deref().and_then(|not| self.unknown(not)).map(|key| (key, "its \"not\" excludes nobody"));
        let (key, consequence) = own.or_else(not)?;
        let message = format!("no geo database knows the \"{key}\" of any client, so {consequence}");
        let help = match (self.any_database, key) {
            (false, "country" | "continent") => "write geoip = \"geoip/country.mmdb\" in [server], or ask for \"net\"".to_owned(),
            (false, _) => format!("write geoip = \"FILE\" in [server] with a database that has the {key}, or ask for \"net\""),
            (true, _) => format!("add a database that has the {key} to \"geoip\" in [server], or ask for \"net\""),
        };
        Some(Diagnostic::warning(rule.span, message).label(format!("asks for \"{key}\"")).help(help))
    }

    /// The first key of these conditions that no database knows anything of.
    fn unknown(&self, asked: &Match) -> Option<&'static str> {
        let Facts { country, continent, subdivision, asn, .. } = self.facts;
        let keys = [
            ("country", !asked.country.is_empty(), country),
            ("continent", !asked.continent.is_empty(), continent),
            ("subdivision", !asked.subdivision.is_empty(), subdivision),
            ("asn", !asked.asn.is_empty(), asn),
        ];
        keys.into_iter().find(|(_, is_asked, is_known)| *is_asked && !is_known).map(|(key, ..)| key)
    }
}

fn placeless(policy: &Policy) -> Diagnostic {
    let message = format!("no child of policy \"{}\" has a location, so distance decides nothing", policy.common.name);
    Diagnostic::warning(policy.common.span, message)
        .label("chooses by distance")
        .help("write location = \"FRA\" in its pools, with the airport nearest to each; or write choose = \"failover\"")
}
