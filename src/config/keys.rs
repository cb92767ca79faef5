//! Which keys each table of `signpost.toml` takes: the one list behind "unknown key" and its suggestions.
//!
//! A key that a reader asks for and that is missing here is refused as unknown, so the tests of every key keep the two alike.

/// One kind of table.
#[derive(Debug)]
pub(super) struct Shape {
    /// As messages call it.
    pub(super) noun: &'static str,
    /// How one is written, for whoever wrote something else.
    pub(super) example: &'static str,
    /// What it takes.
    pub(super) keys: &'static [&'static str],
}

/// The whole of `signpost.toml`.
pub(super) const ROOT: Shape = Shape {
    noun: "signpost.toml",
    example: "[pool.eu]",
    keys: &["include", "server", "notify", "check", "pool", "policy", "zone"],
};
/// An included file.
pub(super) const INCLUDED: Shape =
    Shape { noun: "an included file", example: "[pool.eu]", keys: &["check", "pool", "policy", "zone"] };
/// `[server]`
pub(super) const SERVER: Shape = Shape {
    noun: "[server]",
    example: "[server], then its keys on lines of their own",
    keys: &[
        "listen",
        "threads",
        "zones",
        "geoip",
        "geoip_age",
        "control",
        "references",
        "resolvers",
        "warmup",
        "settle",
        "watch",
        "udp_payload",
        "rrset_order",
        "tcp_connections",
        "tcp_connections_per_source",
        "identity",
        "version",
        "state",
    ],
};
/// `[notify]`
pub(super) const NOTIFY: Shape = Shape {
    noun: "[notify]",
    example: "[notify], then its keys on lines of their own",
    keys: &["command", "webhook", "timeout"],
};
/// `[check.NAME]`
pub(super) const CHECK: Shape = Shape {
    noun: "a check",
    example: "[check.web], then its keys on lines of their own",
    keys: &[
        "kind",
        "host",
        "path",
        "port",
        "interval",
        "timeout",
        "rise",
        "fall",
        "recheck",
        "hold_down",
        "expect",
        "method",
        "headers",
        "source",
        "verify",
        "ca",
        "certificate",
        "send",
        "query",
        "service",
        "tls",
        "command",
        "watch",
    ],
};
/// `hold_down` of a check
pub(super) const HOLD_DOWN: Shape =
    Shape { noun: "\"hold_down\"", example: "hold_down = { first = \"30s\", max = \"15m\" }", keys: &["first", "max"] };
/// `expect` of an http or https check
pub(super) const EXPECT: Shape = Shape { noun: "\"expect\"", example: "expect = { status = 200 }", keys: &["status", "body"] };
/// `expect` of a dns check
pub(super) const EXPECT_DNS: Shape =
    Shape { noun: "\"expect\" of a dns check", example: "expect = { rcode = \"NOERROR\" }", keys: &["rcode", "data"] };
/// `certificate` of a check
pub(super) const CERTIFICATE: Shape =
    Shape { noun: "\"certificate\"", example: "certificate = { warn = \"21d\", down = \"2d\" }", keys: &["warn", "down"] };
/// `[pool.NAME]`
pub(super) const POOL: Shape = Shape {
    noun: "a pool",
    example: "[pool.eu], then its keys on lines of their own",
    keys: &["location", "check", "endpoints", "choose", "answers", "flatten", "min_up", "slow_start", "ttl", "ecs"],
};
/// One of `endpoints`
pub(super) const ENDPOINT: Shape = Shape {
    noun: "an endpoint",
    example: "{ name = \"fra-1\", v4 = \"192.0.2.10\" }",
    keys: &["name", "v4", "v6", "cname", "weight"],
};
/// `location`, where it is no IATA code
pub(super) const LOCATION: Shape = Shape { noun: "\"location\"", example: "{ lat = 50.1, lon = 8.7 }", keys: &["lat", "lon"] };
/// `ttl`, where it is no single duration
pub(super) const TTL: Shape =
    Shape { noun: "\"ttl\"", example: "ttl = { steady = \"60s\", uneasy = \"10s\" }", keys: &["steady", "uneasy"] };
/// `[policy.NAME]`
pub(super) const POLICY: Shape = Shape {
    noun: "a policy",
    example: "[policy.web], then its keys on lines of their own",
    keys: &["choose", "from", "last", "overrides", "rules", "otherwise", "location", "min_up", "max_removed", "ttl", "ecs"],
};
/// One of `from`
pub(super) const CHILD: Shape =
    Shape { noun: "a child in \"from\"", example: "{ use = \"eu\" }", keys: &["use", "weight", "bias"] };
/// One of `overrides`
pub(super) const OVERRIDE: Shape =
    Shape { noun: "an override", example: "{ net = \"192.0.2.0/24\", use = \"eu\" }", keys: &["net", "use"] };
/// One of `rules`
pub(super) const RULE: Shape = Shape {
    noun: "a rule",
    example: "{ country = \"DE\", use = \"eu\" }",
    keys: &["country", "continent", "subdivision", "asn", "net", "not", "use", "strict"],
};
/// `not` of a rule
pub(super) const NOT: Shape = Shape {
    noun: "\"not\"",
    example: "not = { country = \"DE\" }",
    keys: &["country", "continent", "subdivision", "asn", "net"],
};
/// `[zone."NAME"]`
pub(super) const ZONE: Shape = Shape {
    noun: "a zone",
    example: "[zone.\"example.com\"], then its keys on lines of their own",
    keys: &["steer", "policies"],
};

/// `orders.toml`
pub(super) const ORDERS: Shape =
    Shape { noun: "the file of orders", example: "[drain.\"eu/fra-1\"]", keys: &["drain", "force", "weight"] };
/// `[drain."NAME"]`
pub(super) const DRAIN: Shape =
    Shape { noun: "a drain", example: "[drain.\"eu/fra-1\"]", keys: &["over", "reason", "since", "until"] };
/// `[force."NAME"]`
pub(super) const FORCE: Shape = Shape {
    noun: "a force",
    example: "[force.\"eu/fra-1\"], then to = \"down\" on a line of its own",
    keys: &["to", "reason", "since", "until"],
};
/// `[weight."NAME"]`
pub(super) const WEIGHT: Shape = Shape {
    noun: "a weight",
    example: "[weight.\"eu/fra-1\"], then to = 10 on a line of its own",
    keys: &["to", "reason", "since", "until"],
};

/// Where a key that stands in the wrong table may belong.
pub(super) const ALL: [&Shape; 17] = [
    &ROOT,
    &SERVER,
    &NOTIFY,
    &CHECK,
    &HOLD_DOWN,
    &EXPECT,
    &EXPECT_DNS,
    &CERTIFICATE,
    &POOL,
    &ENDPOINT,
    &LOCATION,
    &TTL,
    &POLICY,
    &CHILD,
    &OVERRIDE,
    &RULE,
    &ZONE,
];
