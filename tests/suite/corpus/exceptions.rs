//! Where we judge otherwise than the three checkers do together, or read otherwise than one of them, and by what right.

/// The title of a case and why it is an exception.
pub(super) type Exception = (&'static str, &'static str);

/// Every exception that a set of cases needs; one that is not needed fails the test.
pub(super) struct Exceptions {
    /// All three accept it, and we refuse it.
    pub(super) refused_by_us: &'static [Exception],
    /// All three refuse it, and we accept it.
    pub(super) accepted_by_us: &'static [Exception],
    /// We and BIND accept it, and BIND reads other records.
    pub(super) read_otherwise_by_bind: &'static [Exception],
    /// We and NSD accept it, and NSD reads other records.
    pub(super) read_otherwise_by_nsd: &'static [Exception],
}

/// No record can have such a TTL; the three take it and put another one in its place, each its own.
const TTL_OF_32_BITS: &str = "RFC 2181 section 8: a TTL is at most 2^31-1; what the operator meant can't be told";

/// Exceptions of the written and the broken zones.
pub(super) const OF_THE_CORPUS: Exceptions = Exceptions {
    refused_by_us: &[
        ("directives: alone: $TTL 2147483648", TTL_OF_32_BITS),
        ("directives: alone: $TTL 4294967295", TTL_OF_32_BITS),
        ("times: header: x 2147483648 A 192.0.2.1", TTL_OF_32_BITS),
        ("times: header: x 4294967295 A 192.0.2.1", TTL_OF_32_BITS),
        ("times: header: x 3550w5d3h14m8s A 192.0.2.1", TTL_OF_32_BITS),
        ("services: HTTPS: x HTTPS 1 . key65535=a", "RFC 9460 section 14.3.2: the key 65535 is reserved as invalid"),
    ],
    accepted_by_us: &[],
    read_otherwise_by_bind: &[],
    read_otherwise_by_nsd: &[
        ("names: names: x SPF a b", "RFC 4408 section 3.1.3: one or more strings, as in a TXT; NSD keeps the first"),
        ("services: HTTPS: x HTTPS 1 . key1=\\002h2", "RFC 9460 section 2.1: the octets of keyNNNNN are taken as they are"),
        ("syntax: one line: x TXT \\\\", "RFC 1035 section 5.1: \\X is X alone; NSD escapes the line feed too"),
        ("times: SOA refresh of 2^31", "RFC 1035 section 3.3.13: a time has 32 bits; NSD puts 3600 in its place"),
        ("times: SOA minimum of 2^32-1", "RFC 1035 section 3.3.13: a time has 32 bits; NSD puts 3600 in its place"),
    ],
};

/// Exceptions of the sampled mutants.
pub(super) const OF_MUTANTS: Exceptions =
    Exceptions { refused_by_us: &[], accepted_by_us: &[], read_otherwise_by_bind: &[], read_otherwise_by_nsd: &[] };

/// RFC 1035 section 5.1 and RFC 2308 section 4: without `$TTL` a record has the TTL of the one before, and we take the SOA's minimum
/// where there is none, as BIND does. NSD takes 3600 for all of them, so that its TTLs say nothing.
pub(super) fn has_default_ttl(zone: &[u8]) -> bool {
    zone.split(|&octet| octet == b'\n').any(|line| line.get(..4).is_some_and(|word| word.eq_ignore_ascii_case(b"$TTL")))
}
