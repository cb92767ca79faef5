//! Which keys each table of `signpost.toml` takes: the one list behind "unknown key" and its suggestions.
//!
//! A key that a reader asks for and that is missing here is refused as unknown, so the tests of every key keep the two alike.

/// One kind of table.
#[derive(Debug)]
pub(super) struct Shape {
    /// As messages call it.
    pub(super) noun: &'static str,
    /// What it takes.
    pub(super) keys: &'static [&'static str],
}

/// The whole of `signpost.toml`.
pub(super) const ROOT: Shape =
    Shape { noun: "the top of signpost.toml", keys: &["include", "server", "check", "pool", "policy", "zone"] };
/// An included file.
pub(super) const INCLUDED: Shape = Shape { noun: "an included file", keys: &["check", "pool", "policy", "zone"] };
/// `[server]`
pub(super) const SERVER: Shape = Shape {
    noun: "[server]",
    keys: &[
        "listen",
        "threads",
        "zones",
        "geoip",
        "control",
        "warmup",
        "settle",
        "watch",
        "udp_payload",
        "tcp_connections",
        "tcp_connections_per_source",
    ],
};
/// `[check.NAME]`
pub(super) const CHECK: Shape = Shape {
    noun: "a check",
    keys: &[
        "kind", "host", "path", "port", "interval", "timeout", "rise", "fall", "expect", "method", "headers", "source", "verify",
        "ca",
    ],
};
/// `expect` of a check
pub(super) const EXPECT: Shape = Shape { noun: "\"expect\"", keys: &["status", "body"] };
/// `[pool.NAME]`
pub(super) const POOL: Shape =
    Shape { noun: "a pool", keys: &["location", "check", "endpoints", "choose", "answers", "min_up", "ttl", "ecs"] };
/// One of `endpoints`
pub(super) const ENDPOINT: Shape = Shape { noun: "an endpoint", keys: &["name", "v4", "v6", "weight"] };
/// `location`, where it is no IATA code
pub(super) const LOCATION: Shape = Shape { noun: "\"location\"", keys: &["lat", "lon"] };
/// `[policy.NAME]`
pub(super) const POLICY: Shape = Shape {
    noun: "a policy",
    keys: &["choose", "from", "last", "overrides", "rules", "otherwise", "location", "min_up", "ttl", "ecs"],
};
/// One of `from`
pub(super) const CHILD: Shape = Shape { noun: "a child in \"from\"", keys: &["use", "weight", "bias"] };
/// One of `overrides`
pub(super) const OVERRIDE: Shape = Shape { noun: "an override", keys: &["net", "use"] };
/// One of `rules`
pub(super) const RULE: Shape =
    Shape { noun: "a rule", keys: &["country", "continent", "subdivision", "asn", "net", "not", "use", "strict"] };
/// `not` of a rule
pub(super) const NOT: Shape = Shape { noun: "\"not\"", keys: &["country", "continent", "subdivision", "asn", "net"] };
/// `[zone."NAME"]`
pub(super) const ZONE: Shape = Shape { noun: "a zone", keys: &["steer", "policies"] };

/// Where a key that stands in the wrong table may belong.
pub(super) const ALL: [&Shape; 12] =
    [&ROOT, &SERVER, &CHECK, &EXPECT, &POOL, &ENDPOINT, &LOCATION, &POLICY, &CHILD, &OVERRIDE, &RULE, &ZONE];
