//! The kinds of fields that RDATA is made of, and how many octets each one takes.
//!
//! What a field looks like in text is known in `zone/`; which fields a type has is said by the table in `rdata.rs`.

/// Numbers that have names in text: `8` and `RSASHA256` mean the same.
pub type Names = &'static [(u16, &'static str)];

/// One field of RDATA, in wire order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// An octet, written in decimal.
    U8,
    /// Two octets, written in decimal.
    U16,
    /// Four octets, written in decimal.
    U32,
    /// An octet, written in decimal or by name.
    Code8(Names),
    /// Two octets, written in decimal or by name.
    Code16(Names),
    /// Two octets that are a record type, written by its mnemonic.
    Type,
    /// Four octets, written as seconds or with units (`1h30m`).
    Seconds,
    /// Four octets of seconds since 1970, written as a date (RFC 4034 §3.2).
    Timestamp,
    /// Four octets of an IPv4 address.
    Ipv4,
    /// Sixteen octets of an IPv6 address.
    Ipv6,
    /// Eight octets as four groups of hexadecimal digits (RFC 6742 §2.1.2).
    Locator64,
    /// Six octets with hyphens between (RFC 7043 §3.2).
    Eui48,
    /// Eight octets with hyphens between (RFC 7043 §4.2).
    Eui64,
    /// A domain name that may be compressed in messages (RFC 3597 §4: the types of RFC 1035 only).
    Name,
    /// A domain name that is never compressed, but compared without case (RFC 4034 §6.2).
    PlainName,
    /// A domain name that is neither compressed nor compared without case: types from after RFC 3597, and NSEC (RFC 6840 §5.1).
    ExactName,
    /// Any number of such names, to the end.
    ExactNames,
    /// One length-prefixed string.
    String,
    /// One length-prefixed string, or nothing.
    OptionalString,
    /// One or more length-prefixed strings, to the end.
    Strings,
    /// A length-prefixed tag of letters and digits (RFC 8659 §4.1).
    Tag,
    /// Octets to the end without a length, written as one string (RFC 8659 §4.1.1).
    Text,
    /// So many octets or more to the end, written in hexadecimal, blanks allowed.
    Hex(usize),
    /// Octets to the end, written in base 64, blanks allowed.
    Base64,
    /// The same, or nothing.
    OptionalBase64,
    /// As Base64, or nothing where the flags before it say that there is no key (RFC 2535 §3.1.2).
    FlaggedBase64,
    /// Octets to the end in base 64, where "-" stands for none.
    DashBase64,
    /// Length-prefixed octets in hexadecimal, where "-" stands for none (RFC 5155 §3.3).
    Salt,
    /// Length-prefixed octets in base 32 with extended hexadecimal digits (RFC 5155 §3.3).
    Base32,
    /// The record types that a bitmap tells, one at least (RFC 4034 §4.1.2).
    Types,
    /// The same, or none (RFC 5155 §3.2.1, RFC 7477 §2.1.2).
    OptionalTypes,
    /// The record types below 128 that a bitmap without windows tells (RFC 2535 §5.2).
    OldTypes,
    /// The ports that a bitmap tells (RFC 1035 §3.4.2).
    Ports,
    /// Key=value pairs to the end (RFC 9460 §2.1).
    SvcParams,
    /// Sixteen octets of a place on Earth (RFC 1876).
    Location,
    /// Address prefixes to the end, possibly none (RFC 3123).
    Prefixes,
    /// The type of a gateway, an algorithm, and the gateway (RFC 4025 §2).
    Gateway,
    /// A bit, the type of a relay, and the relay (RFC 8777 §4.2).
    Relay,
    /// An algorithm, a tag and a key (RFC 8005 §5).
    HostIdentity,
    /// A prefix length, the address's other bits, and the name that has the prefix (RFC 2874 §3.1).
    A6,
    /// An OSI address in hexadecimal behind `0x` (RFC 1706).
    Nsap,
    /// An ATM address: hexadecimal digits, or "+" and decimal digits.
    Atma,
}

/// How far a field reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// So many octets.
    Octets(usize),
    /// So many octets, and a domain name behind them.
    Name(usize),
}

impl Field {
    /// How many words it is in text, as the table calls them.
    pub fn words(self) -> usize {
        if matches!(self, Self::Gateway | Self::Relay | Self::HostIdentity | Self::A6 | Self::Location) { 3 } else { 1 }
    }

    /// The reach of this field where RDATA goes on with `rest`; beyond its end where octets are missing.
    pub(super) fn extent(self, rest: &[u8]) -> Extent {
        let octet = |at: usize| rest.get(at).copied().map_or(0, usize::from);
        Extent::Octets(match self {
            Self::U8 | Self::Code8(_) => 1,
            Self::U16 | Self::Code16(_) | Self::Type => 2,
            Self::U32 | Self::Seconds | Self::Timestamp | Self::Ipv4 => 4,
            Self::Eui48 => 6,
            Self::Locator64 | Self::Eui64 => 8,
            Self::Ipv6 | Self::Location => 16,
            Self::String | Self::Tag | Self::Salt | Self::Base32 => 1 + octet(0),
            Self::Name | Self::PlainName | Self::ExactName => return Extent::Name(0),
            Self::ExactNames if rest.is_empty() => 0,
            Self::ExactNames => return Extent::Name(0),
            Self::Gateway => return gateway(octet(0), 2),
            Self::Relay => return gateway(octet(0) & 0x7f, 1),
            Self::HostIdentity => 4 + octet(0) + (octet(2) << 8) + octet(3),
            Self::A6 => {
                let suffix = 128usize.saturating_sub(octet(0)).div_ceil(8);
                return if octet(0) == 0 { Extent::Octets(1 + suffix) } else { Extent::Name(1 + suffix) };
            }
            Self::OptionalString | Self::Strings | Self::Text => rest.len(),
            Self::Hex(_) | Self::Base64 | Self::OptionalBase64 | Self::FlaggedBase64 | Self::DashBase64 => rest.len(),
            Self::Types | Self::OptionalTypes | Self::OldTypes | Self::Ports => rest.len(),
            Self::SvcParams | Self::Prefixes | Self::Nsap | Self::Atma => rest.len(),
        })
    }
}

/// RFC 4025 §2.5, RFC 8777 §4.2.4: none, IPv4, IPv6 or a name, behind `fixed` octets.
fn gateway(kind: usize, fixed: usize) -> Extent {
    match kind {
        1 => Extent::Octets(fixed + 4),
        2 => Extent::Octets(fixed + 16),
        3 => Extent::Name(fixed),
        _ => Extent::Octets(fixed),
    }
}
