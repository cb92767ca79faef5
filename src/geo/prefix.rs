//! Address prefixes as operators write them, IPv4 in IPv6 clothes, and networks that tell nothing about a place.
//!
//! A prefix with bits behind its length is refused: it is either a typo or an address. IPv4 networks have one form only.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::leaves::{end, position, width};

/// An address prefix; no bit is set behind its length, and no IPv6 prefix lies in `::ffff:0:0/96`.
/// They are ordered by address, and a wider one comes before those inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix {
    address: IpAddr,
    length: u8,
}

impl Prefix {
    /// A prefix; `None` if the length is over the family's, bits are set behind it, or it is an IPv4 network in IPv6 clothes.
    pub fn new(address: IpAddr, length: u8) -> Option<Self> {
        Self::build(address, length).ok()
    }

    /// The first address.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// How many leading bits are fixed.
    pub fn length(&self) -> u8 {
        self.length
    }

    /// Whether all its addresses carry IPv4 ones, and so are looked up as these: nothing ever matches it.
    pub fn is_embedding(&self) -> bool {
        let is_inside = |block: &Block| self.length >= block.length && block.common_bits(position(self.address)) >= block.length;
        self.address.is_ipv6() && EMBEDDING.iter().any(is_inside)
    }

    /// Whether an address lies inside; one of the other family does not.
    pub fn contains(&self, address: IpAddr) -> bool {
        let start = position(self.address);
        let inside = position(address) >= start && end(start, self.length).is_none_or(|end| position(address) < end);
        inside && address.is_ipv4() == self.address.is_ipv4()
    }

    fn build(address: IpAddr, length: u8) -> Result<Self, PrefixError> {
        let max = width(address);
        if length > max {
            return Err(PrefixError::Length { max });
        }
        let fixed = Self { address: masked(address, length), length };
        if fixed.address != address {
            return Err(PrefixError::BitsBehind(fixed));
        }
        match address {
            IpAddr::V6(v6) if length >= 96 && v6.to_ipv4_mapped().is_some() => Err(PrefixError::Mapped),
            IpAddr::V4(_) | IpAddr::V6(_) => Ok(fixed),
        }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

/// Why a text is not a prefix; `Display` says what would be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrefixError {
    /// An address without a length.
    Bare(Prefix),
    /// What stands before the slash is no address.
    Address,
    /// What stands behind the slash is no length of this family.
    Length {
        /// The family's longest.
        max: u8,
    },
    /// Bits are set behind the length; this is the prefix without them.
    BitsBehind(Prefix),
    /// An IPv4 network written as `::ffff:…`.
    Mapped,
}

impl fmt::Display for PrefixError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bare(host) => write!(f, "expected a network, but found an address; \"{host}\" is that address alone"),
            Self::Address => write!(f, "expected a network such as \"198.51.100.0/24\" or \"2001:db8::/32\""),
            Self::Length { max } => write!(f, "expected a length of 0 to {max} behind the \"/\""),
            Self::BitsBehind(fixed) => write!(f, "bits are set behind the length; the network is \"{fixed}\""),
            Self::Mapped => write!(f, "expected the IPv4 form of an IPv4 network, but found an IPv4-mapped one"),
        }
    }
}

impl std::error::Error for PrefixError {}

impl FromStr for Prefix {
    type Err = PrefixError;

    fn from_str(text: &str) -> Result<Self, PrefixError> {
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let address: IpAddr = address.parse().map_err(|_| PrefixError::Address)?;
        let max = width(address);
        let Some(length) = length else { return Err(PrefixError::Bare(Self { address, length: max })) };
        let digits = length.bytes().all(|byte| byte.is_ascii_digit());
        let length = length.parse().ok().filter(|_| digits).ok_or(PrefixError::Length { max })?;
        Self::build(address, length)
    }
}

fn masked(address: IpAddr, length: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask))
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask))
        }
    }
}

/// The IPv4 address that an IPv6 address carries, and how many bits stand before it: IPv4-mapped (RFC 4291 §2.5.5.2) and the
/// well-known NAT64 prefix (RFC 6052 §2.1) 96, 6to4 (RFC 3056 §2) 16.
pub fn embedded_v4(address: Ipv6Addr) -> Option<(Ipv4Addr, u8)> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let carried = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => Some((carried(g, h), 96)),
        [0x2002, high, low, ..] => Some((carried(high, low), 16)),
        _ => None,
    }
}

/// The length of the private or unroutable block that contains an address: where the client is, such an address can't tell
/// (RFC 7871 §10, §11.3). Documentation and benchmark networks are not among them.
pub fn private_block(address: IpAddr) -> Option<u8> {
    let alike = Alike::of(address);
    alike.is_private.then_some(alike.length)
}

/// The widest prefix around an address in which all addresses are read alike: all in one private block, or none in any, and none
/// IPv4 in IPv6 clothes. A shorter scope would hold for addresses that are answered by other rules (RFC 7871 §7.2.1: prefixes of
/// tailored answers do not overlap).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alike {
    /// Its bits.
    pub length: u8,
    /// Whether it is a private block.
    pub is_private: bool,
}

impl Alike {
    /// What is alike around an address.
    pub fn of(address: IpAddr) -> Self {
        let by_octet = match address {
            IpAddr::V4(v4) => ALIKE_V4.get(usize::from(v4.octets()[0])),
            IpAddr::V6(v6) => ALIKE_V6.get(usize::from(v6.octets()[0])),
        };
        match by_octet {
            Some(Some(alike)) => *alike,
            _ if address.is_ipv4() => Self::among(&PRIVATE_V4, &[], position(address)),
            _ => Self::among(&PRIVATE_V6, &EMBEDDING, position(address)),
        }
    }

    /// What is alike around a left-aligned address, where these blocks are private and those are apart for other reasons.
    const fn among(private: &[Block], apart: &[Block], position: u128) -> Self {
        Self { length: 0, is_private: false }.beside(private, position, true).beside(apart, position, false)
    }

    /// The same beside more blocks.
    const fn beside(mut self, mut blocks: &[Block], position: u128, private: bool) -> Self {
        while let [block, rest @ ..] = blocks {
            let common = block.common_bits(position);
            let is_inside = common >= block.length;
            let length = if is_inside { block.length } else { common + 1 };
            if length > self.length {
                self.length = length;
            }
            self.is_private |= is_inside && private;
            blocks = rest;
        }
        self
    }

    /// What is alike around all addresses that begin with each octet; nothing where that takes more of the address to tell.
    const fn by_octet(private: &[Block], apart: &[Block]) -> [Option<Self>; 256] {
        let mut table = [None; 256];
        let (mut left, mut octet): (&mut [_], u128) = (&mut table, 0);
        while let [place, rest @ ..] = left {
            let alike = Self::among(private, apart, octet << 120);
            // A block inside the octet has more than its 8 bits in common with each address of it.
            if alike.length <= 8 {
                *place = Some(alike);
            }
            (left, octet) = (rest, octet + 1);
        }
        table
    }
}

/// What is alike, by the first octet.
static ALIKE_V4: [Option<Alike>; 256] = Alike::by_octet(&PRIVATE_V4, &[]);
static ALIKE_V6: [Option<Alike>; 256] = Alike::by_octet(&PRIVATE_V6, &EMBEDDING);

/// A prefix of this family or that, left-aligned.
struct Block {
    start: u128,
    length: u8,
}

const PRIVATE_V4: [Block; 7] = [
    Block::v4([0, 0, 0, 0], 8),
    Block::v4([10, 0, 0, 0], 8),
    Block::v4([100, 64, 0, 0], 10),
    Block::v4([127, 0, 0, 0], 8),
    Block::v4([169, 254, 0, 0], 16),
    Block::v4([172, 16, 0, 0], 12),
    Block::v4([192, 168, 0, 0], 16),
];
const PRIVATE_V6: [Block; 4] = [
    Block { start: 0, length: 128 },
    Block { start: 1, length: 128 },
    Block { start: 0xfc00 << 112, length: 7 },
    Block { start: 0xfe80 << 112, length: 10 },
];
/// What [`embedded_v4`] knows.
const EMBEDDING: [Block; 3] = [
    Block { start: 0xffff << 32, length: 96 },
    Block { start: 0x0064_ff9b << 96, length: 96 },
    Block { start: 0x2002 << 112, length: 16 },
];

impl Block {
    const fn v4(octets: [u8; 4], length: u8) -> Self {
        Self { start: (u32::from_be_bytes(octets) as u128) << 96, length }
    }

    /// The leading bits that an address of the block's family has in common with the block's first one.
    const fn common_bits(&self, position: u128) -> u8 {
        (position ^ self.start).leading_zeros() as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_read_and_refused() {
        for good in ["198.51.100.0/24", "0.0.0.0/0", "192.0.2.1/32", "::/0", "2001:db8::/32", "2001:db8::1/128"] {
            assert_eq!(good.parse::<Prefix>().unwrap().to_string(), good);
        }
        for (bad, message) in [
            ("198.51.100.0", "expected a network, but found an address; \"198.51.100.0/32\" is that address alone"),
            ("198.51.100/24", "expected a network such as \"198.51.100.0/24\" or \"2001:db8::/32\""),
            ("198.51.100.0/33", "expected a length of 0 to 32 behind the \"/\""),
            ("198.51.100.0/+8", "expected a length of 0 to 32 behind the \"/\""),
            ("2001:db8::/", "expected a length of 0 to 128 behind the \"/\""),
            ("198.51.100.7/24", "bits are set behind the length; the network is \"198.51.100.0/24\""),
            ("2001:db8::1/64", "bits are set behind the length; the network is \"2001:db8::/64\""),
            ("::ffff:192.0.2.0/120", "expected the IPv4 form of an IPv4 network, but found an IPv4-mapped one"),
        ] {
            assert_eq!(bad.parse::<Prefix>().unwrap_err().to_string(), message, "{bad}");
        }
        for (text, embeds) in [
            ("64:ff9b::/96", true),
            ("64:ff9b::c000:200/120", true),
            ("64:ff9b::/95", false),
            ("2002::/16", true),
            ("2002::/15", false),
            ("32.2.0.0/16", false),
        ] {
            assert_eq!(text.parse::<Prefix>().unwrap().is_embedding(), embeds, "{text}");
        }
        assert_eq!(Prefix::new("192.0.2.1".parse().unwrap(), 24), None);
        assert_eq!(Prefix::new("192.0.2.0".parse().unwrap(), 33), None);
    }

    #[test]
    fn a_prefix_contains_its_own_family() {
        let within = |prefix: &str, address: &str| prefix.parse::<Prefix>().unwrap().contains(address.parse().unwrap());
        assert!(within("198.51.100.0/24", "198.51.100.255") && within("255.255.255.255/32", "255.255.255.255"));
        assert!(!within("198.51.100.0/24", "198.51.101.0") && !within("198.51.100.0/24", "198.51.99.255"));
        assert!(within("0.0.0.0/0", "203.0.113.1") && !within("0.0.0.0/0", "2001:db8::1") && !within("::/0", "1.2.3.4"));
        assert!(within("ffff::/16", "ffff:ffff::1") && !within("2001:db8::/32", "2001:db9::"));
    }

    #[test]
    fn ipv4_is_found_in_ipv6_clothes() {
        let inner = |text: &str| embedded_v4(text.parse().unwrap()).map(|(v4, before)| (v4.to_string(), before));
        let expected = |before| Some(("198.18.3.7".to_owned(), before));
        assert_eq!(inner("::ffff:198.18.3.7"), expected(96));
        assert_eq!(inner("64:ff9b::198.18.3.7"), expected(96));
        assert_eq!(inner("2002:c612:307::1"), expected(16));
        assert_eq!(inner("64:ff9b:1::198.18.3.7"), None);
        assert_eq!(inner("::198.18.3.7"), None);
    }

    #[test]
    fn private_blocks_have_their_length() {
        let cases = [
            ("0.1.2.3", Some(8)),
            ("10.1.2.3", Some(8)),
            ("100.64.0.1", Some(10)),
            ("100.128.0.1", None),
            ("127.0.0.1", Some(8)),
            ("169.254.1.1", Some(16)),
            ("172.16.0.1", Some(12)),
            ("172.32.0.1", None),
            ("192.168.1.1", Some(16)),
            ("198.18.0.1", None),
            ("192.0.2.1", None),
            ("::", Some(128)),
            ("::1", Some(128)),
            ("::2", None),
            ("fd00::1", Some(7)),
            ("fe80::1", Some(10)),
            ("fec0::1", None),
            ("2001:db8::1", None),
        ];
        for (address, length) in cases {
            assert_eq!(private_block(address.parse().unwrap()), length, "{address}");
        }
    }

    #[test]
    fn an_address_is_alike_as_far_as_no_block_begins() {
        let cases = [
            ("8.8.8.8", 7),
            ("10.1.2.3", 8),
            ("11.1.2.3", 8),
            ("100.63.0.1", 10),
            ("128.0.0.1", 3),
            ("172.15.0.1", 12),
            ("198.18.3.7", 6),
            ("255.255.255.255", 3),
            ("::1", 128),
            ("::2", 127),
            ("2001:db8::1", 15),
            ("2003::1", 16),
            ("8000::", 2),
            ("fd00::1", 7),
            ("fec0::", 10),
            ("::fffe:0:0", 96),
            ("64:ff9b:1::", 48),
        ];
        for (address, length) in cases {
            assert_eq!(Alike::of(address.parse().unwrap()).length, length, "{address}");
        }
    }
}
