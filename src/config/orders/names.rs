//! Whom an order is for: patterns against the pools and endpoints of the configuration, and what to say where nobody fits.
//! What an order does is not known here.

use std::num::NonZeroU16;

use crate::config::document::Faults;
use crate::config::{Config, Endpoint, Node, Pool};
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::health::{Order, Orders, Pattern};
use crate::limits::WEIGHT_SUM_MAX;

pub(super) const SUM_MAX: u32 = WEIGHT_SUM_MAX;

/// How many names are listed where none was nearly right.
const LISTED_MAX: usize = 8;

/// All endpoints for which a pattern is, as pool and endpoint, in the order of the configuration.
pub fn named<'a>(pattern: &'a Pattern, config: &'a Config) -> impl Iterator<Item = (&'a str, &'a str)> {
    endpoints(config).filter(|(pool, endpoint)| pattern.matches(pool, endpoint))
}

fn pools(config: &Config) -> impl Iterator<Item = &Pool> {
    config.nodes.iter().filter_map(|node| match node {
        Node::Pool(pool) => Some(pool),
        Node::Policy(_) => None,
    })
}

fn endpoints(config: &Config) -> impl Iterator<Item = (&str, &str)> {
    pools(config).flat_map(|pool| pool.endpoints.iter().map(|endpoint| (pool.common.name.as_str(), endpoint.name.as_str())))
}

/// What is wrong with a pattern that is for nobody, and the next step.
pub(super) fn unknown(pattern: &Pattern, config: &Config) -> (String, String) {
    let text = pattern.as_str();
    if pattern.has_star() {
        return (format!("no endpoint fits \"{text}\""), listed(config));
    }
    let message = format!("no {} is called \"{text}\"", if text.contains('/') { "endpoint" } else { "pool" });
    let is_policy = |node: &&Node| matches!(node, Node::Policy(policy) if policy.common.name == text);
    if config.nodes.iter().any(|node| is_policy(&node)) {
        return (message, format!("\"{text}\" is a policy; orders are for pools and endpoints: {}", all(config)));
    }
    // Endpoints are often called by their own name alone.
    if let Some((pool, endpoint)) = endpoints(config).find(|(_, endpoint)| *endpoint == text) {
        return (message, format!("did you mean \"{pool}/{endpoint}\"?"));
    }
    let whole: Vec<String> = endpoints(config).map(|(pool, endpoint)| format!("{pool}/{endpoint}")).collect();
    let known = pools(config).map(|pool| pool.common.name.as_str()).chain(whole.iter().map(String::as_str));
    match did_you_mean(text, known) {
        Some(near) => (message, format!("did you mean \"{near}\"?")),
        None => (message, listed(config)),
    }
}

fn listed(config: &Config) -> String {
    format!("endpoints are called {}", all(config))
}

fn all(config: &Config) -> String {
    let mut names: Vec<String> =
        endpoints(config).take(LISTED_MAX).map(|(pool, endpoint)| format!("{pool}/{endpoint}")).collect();
    let more = endpoints(config).count().saturating_sub(names.len());
    names.extend((more > 0).then(|| format!("and {more} more")));
    names.join(", ")
}

/// Reports an order that is for nobody.
pub(super) fn report_unknown(order: &Order, span: Span, config: &Config, before: Option<&Orders>, faults: &Faults) {
    if named(&order.on, config).next().is_some() {
        return;
    }
    let stood = before.is_none_or(|before| before.find(order.act.kind(), &order.on).is_some());
    let (message, help) = unknown(&order.on, config);
    faults.report(if stood {
        let help = format!("{help}; else delete this: it waits until there is such an endpoint");
        Diagnostic::warning(span, message).label("this order is for nobody").help(help)
    } else {
        Diagnostic::error(span, message).label("ordered here").help(help)
    });
}

/// A pool that a pattern touches and that has too much weight with all orders, if one has, and how much that is.
pub(super) fn overweight<'a>(orders: &Orders, pattern: &Pattern, config: &'a Config) -> Option<(&'a str, u32)> {
    pools(config).find_map(|pool| {
        let name = pool.common.name.as_str();
        let touched = pool.endpoints.iter().any(|endpoint| pattern.matches(name, &endpoint.name));
        let weight = |endpoint: &Endpoint| {
            let ordered = orders.weight_on(name, &endpoint.name);
            u32::from(ordered.map_or(endpoint.weight, NonZeroU16::get))
        };
        let sum = || pool.endpoints.iter().map(weight).sum::<u32>();
        touched.then(sum).filter(|sum| *sum > SUM_MAX).map(|sum| (name, sum))
    })
}
