//! Resource record types: the numbers that code speaks about by name.
//! The mnemonics and what the RDATA holds are in `rdata.rs`.

/// A resource record type, or a query type (RFC 1035 §3.2.2, §3.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RrType(pub u16);

/// Types that code speaks about by name; the table in `rdata.rs` knows more.
#[allow(missing_docs)]
impl RrType {
    pub const A: Self = Self(1);
    pub const NS: Self = Self(2);
    pub const CNAME: Self = Self(5);
    pub const SOA: Self = Self(6);
    pub const PTR: Self = Self(12);
    pub const MX: Self = Self(15);
    pub const TXT: Self = Self(16);
    pub const AAAA: Self = Self(28);
    pub const SRV: Self = Self(33);
    pub const NAPTR: Self = Self(35);
    pub const DNAME: Self = Self(39);
    pub const OPT: Self = Self(41);
    pub const DS: Self = Self(43);
    pub const SSHFP: Self = Self(44);
    pub const TLSA: Self = Self(52);
    pub const SVCB: Self = Self(64);
    pub const HTTPS: Self = Self(65);
    pub const IXFR: Self = Self(251);
    pub const ANY: Self = Self(255);
    pub const CAA: Self = Self(257);
}

impl RrType {
    /// Whether no record can have this type: RFC 6895 §3.1, QTYPEs and meta-TYPEs.
    pub fn is_meta(self) -> bool {
        self == Self::OPT || (128..=255).contains(&self.0) || self.0 == 0
    }
}
