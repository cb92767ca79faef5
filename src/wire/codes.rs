//! Numbers inside RDATA that have names: algorithms, digests, kinds of certificates.
//!
//! Only what a name server reads or prints; where a number has several names, the first one counts when one is printed.

use super::field::Names;

/// Algorithms of keys and signatures (RFC 8624 §3.1, RFC 4034 appendix A.1, RFC 2535 §7), by the names that BIND prints.
pub(super) const ALGORITHMS: Names = &[
    (1, "RSAMD5"),
    (2, "DH"),
    (3, "DSA"),
    (4, "ECC"),
    (5, "RSASHA1"),
    (6, "NSEC3DSA"),
    (6, "DSA-NSEC3-SHA1"),
    (7, "NSEC3RSASHA1"),
    (7, "RSASHA1-NSEC3-SHA1"),
    (8, "RSASHA256"),
    (10, "RSASHA512"),
    (12, "ECCGOST"),
    (12, "ECC-GOST"),
    (13, "ECDSAP256SHA256"),
    (14, "ECDSAP384SHA384"),
    (15, "ED25519"),
    (16, "ED448"),
    (252, "INDIRECT"),
    (253, "PRIVATEDNS"),
    (254, "PRIVATEOID"),
];
/// Digests of keys (RFC 4509, RFC 5933, RFC 6605).
pub(super) const DIGESTS: Names =
    &[(1, "SHA-1"), (1, "SHA1"), (2, "SHA-256"), (2, "SHA256"), (3, "GOST"), (4, "SHA-384"), (4, "SHA384")];
/// RFC 4398 §2.1.
pub(super) const CERTIFICATES: Names = &[
    (1, "PKIX"),
    (2, "SPKI"),
    (3, "PGP"),
    (4, "IPKIX"),
    (5, "ISPKI"),
    (6, "IPGP"),
    (7, "ACPKIX"),
    (8, "IACPKIX"),
    (253, "URI"),
    (254, "OID"),
];
/// Protocols above IP that have ports (RFC 1010).
pub(super) const PROTOCOLS: Names = &[(6, "TCP"), (17, "UDP")];
/// RFC 9859 §2.
pub(super) const SCHEMES: Names = &[(1, "NOTIFY")];
