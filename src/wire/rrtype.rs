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
    pub const MD: Self = Self(3);
    pub const MF: Self = Self(4);
    pub const CNAME: Self = Self(5);
    pub const SOA: Self = Self(6);
    pub const MB: Self = Self(7);
    pub const MG: Self = Self(8);
    pub const MR: Self = Self(9);
    pub const NULL: Self = Self(10);
    pub const WKS: Self = Self(11);
    pub const PTR: Self = Self(12);
    pub const HINFO: Self = Self(13);
    pub const MINFO: Self = Self(14);
    pub const MX: Self = Self(15);
    pub const TXT: Self = Self(16);
    pub const RP: Self = Self(17);
    pub const AFSDB: Self = Self(18);
    pub const X25: Self = Self(19);
    pub const ISDN: Self = Self(20);
    pub const RT: Self = Self(21);
    pub const NSAP: Self = Self(22);
    pub const NSAP_PTR: Self = Self(23);
    pub const SIG: Self = Self(24);
    pub const KEY: Self = Self(25);
    pub const PX: Self = Self(26);
    pub const GPOS: Self = Self(27);
    pub const AAAA: Self = Self(28);
    pub const LOC: Self = Self(29);
    pub const NXT: Self = Self(30);
    pub const EID: Self = Self(31);
    pub const NIMLOC: Self = Self(32);
    pub const SRV: Self = Self(33);
    pub const ATMA: Self = Self(34);
    pub const NAPTR: Self = Self(35);
    pub const KX: Self = Self(36);
    pub const CERT: Self = Self(37);
    pub const A6: Self = Self(38);
    pub const DNAME: Self = Self(39);
    pub const SINK: Self = Self(40);
    pub const OPT: Self = Self(41);
    pub const APL: Self = Self(42);
    pub const DS: Self = Self(43);
    pub const SSHFP: Self = Self(44);
    pub const IPSECKEY: Self = Self(45);
    pub const RRSIG: Self = Self(46);
    pub const NSEC: Self = Self(47);
    pub const DNSKEY: Self = Self(48);
    pub const DHCID: Self = Self(49);
    pub const NSEC3: Self = Self(50);
    pub const NSEC3PARAM: Self = Self(51);
    pub const TLSA: Self = Self(52);
    pub const SMIMEA: Self = Self(53);
    pub const HIP: Self = Self(55);
    pub const NINFO: Self = Self(56);
    pub const RKEY: Self = Self(57);
    pub const TALINK: Self = Self(58);
    pub const CDS: Self = Self(59);
    pub const CDNSKEY: Self = Self(60);
    pub const OPENPGPKEY: Self = Self(61);
    pub const CSYNC: Self = Self(62);
    pub const ZONEMD: Self = Self(63);
    pub const SVCB: Self = Self(64);
    pub const HTTPS: Self = Self(65);
    pub const DSYNC: Self = Self(66);
    pub const SPF: Self = Self(99);
    pub const UINFO: Self = Self(100);
    pub const UID: Self = Self(101);
    pub const GID: Self = Self(102);
    pub const UNSPEC: Self = Self(103);
    pub const NID: Self = Self(104);
    pub const L32: Self = Self(105);
    pub const L64: Self = Self(106);
    pub const LP: Self = Self(107);
    pub const EUI48: Self = Self(108);
    pub const EUI64: Self = Self(109);
    pub const IXFR: Self = Self(251);
    pub const ANY: Self = Self(255);
    pub const URI: Self = Self(256);
    pub const CAA: Self = Self(257);
    pub const AVC: Self = Self(258);
    pub const DOA: Self = Self(259);
    pub const AMTRELAY: Self = Self(260);
    pub const RESINFO: Self = Self(261);
    pub const WALLET: Self = Self(262);
    pub const TA: Self = Self(32768);
    pub const DLV: Self = Self(32769);
}

impl RrType {
    /// Whether no record can have this type: RFC 6895 §3.1, QTYPEs and meta-TYPEs.
    pub fn is_meta(self) -> bool {
        self == Self::OPT || (128..=255).contains(&self.0) || self.0 == 0
    }
}
