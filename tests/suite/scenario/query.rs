//! A query as octets, written by hand: what a client may send is more than what a library would let it.

use std::net::IpAddr;

use signpost::wire::{Name, RrType};

/// The id of every query.
const ID: [u8; 2] = [0x51, 0x97];
/// The option code of the client subnet (RFC 7871 §6).
pub(crate) const OPTION_SUBNET: u16 = 8;
/// The option code of the name server identifier (RFC 5001 §2.3).
pub(crate) const OPTION_NSID: u16 = 3;
/// Types that only questions have.
const QTYPES: [(&str, u16); 6] = [("ANY", 255), ("AXFR", 252), ("IXFR", 251), ("OPT", 41), ("TSIG", 250), ("MAILB", 253)];

/// What is asked, and how.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    /// The name as it is written, case and all.
    pub name: Name,
    pub qtype: u16,
    pub qclass: u16,
    /// The flags of the header, opcode included.
    pub flags: u16,
    pub edns: Option<Edns>,
    /// More records than a query needs, as octets.
    pub strays: Vec<(Place, Vec<u8>)>,
}

/// Where in a query a record stands that has no business there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Answer,
    Authority,
    /// In the additional section before the OPT record.
    Before,
    /// Behind the OPT record.
    Behind,
}

/// The OPT record of a query.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Edns {
    pub payload: u16,
    pub version: u8,
    pub dnssec_ok: bool,
    /// All flags beside DO.
    pub flags: u16,
    /// The upper bits of the RCODE.
    pub rcode: u8,
    /// Options by code, in order.
    pub options: Vec<(u16, Vec<u8>)>,
}

impl Query {
    /// A plain question with EDNS.
    pub(crate) fn new(name: &str, qtype: RrType) -> Self {
        let name = Name::parse(name.as_bytes(), None).expect("an absolute name");
        Self { name, qtype: qtype.0, qclass: 1, flags: 0, edns: Some(Edns::new(1232)), strays: Vec::new() }
    }

    /// The same with this option.
    pub(crate) fn with_option(mut self, code: u16, data: Vec<u8>) -> Self {
        self.edns.get_or_insert_with(|| Edns::new(1232)).options.push((code, data));
        self
    }

    /// The octets of its question.
    pub(crate) fn question(&self) -> Vec<u8> {
        let mut octets = self.name.as_wire().to_vec();
        octets.extend(self.qtype.to_be_bytes());
        octets.extend(self.qclass.to_be_bytes());
        octets
    }

    /// The whole message.
    pub(crate) fn octets(&self) -> Vec<u8> {
        let mut octets = ID.to_vec();
        let count = |place| self.strays_at(place).count() as u16;
        let additionals = count(Place::Before) + u16::from(self.edns.is_some()) + count(Place::Behind);
        for word in [self.flags, 1, count(Place::Answer), count(Place::Authority), additionals] {
            octets.extend(word.to_be_bytes());
        }
        octets.extend(self.question());
        for place in [Place::Answer, Place::Authority, Place::Before] {
            octets.extend(self.strays_at(place).flatten());
        }
        octets.extend(self.edns.iter().flat_map(Edns::octets));
        octets.extend(self.strays_at(Place::Behind).flatten());
        octets
    }

    fn strays_at(&self, wanted: Place) -> impl Iterator<Item = &Vec<u8>> {
        self.strays.iter().filter(move |(place, _)| *place == wanted).map(|(_, octets)| octets)
    }

    /// The client subnet that it brings, if any.
    pub(crate) fn subnet(&self) -> Option<&[u8]> {
        self.edns.as_ref()?.option(OPTION_SUBNET)
    }
}

impl Edns {
    pub(crate) fn new(payload: u16) -> Self {
        Self { payload, version: 0, dnssec_ok: false, flags: 0, rcode: 0, options: Vec::new() }
    }

    /// The data of the first option with this code.
    pub(crate) fn option(&self, wanted: u16) -> Option<&[u8]> {
        self.options.iter().find(|(code, _)| *code == wanted).map(|(_, data)| data.as_slice())
    }

    fn octets(&self) -> Vec<u8> {
        let mut rdata = Vec::new();
        for (code, data) in &self.options {
            rdata.extend(code.to_be_bytes());
            rdata.extend((data.len() as u16).to_be_bytes());
            rdata.extend(data);
        }
        let mut octets = vec![0, 0, 41];
        octets.extend(self.payload.to_be_bytes());
        octets.extend([self.rcode, self.version]);
        octets.extend((self.flags | if self.dnssec_ok { 0x8000 } else { 0 }).to_be_bytes());
        octets.extend((rdata.len() as u16).to_be_bytes());
        octets.extend(rdata);
        octets
    }
}

/// The type with this mnemonic, query types included.
pub(crate) fn qtype(text: &str) -> Option<u16> {
    let known = QTYPES.iter().find(|(mnemonic, _)| mnemonic.eq_ignore_ascii_case(text)).map(|(_, number)| *number);
    known.or_else(|| RrType::from_mnemonic(text).map(|rtype| rtype.0))
}

/// The data of a subnet option for `ADDRESS/LENGTH`; `None` if bits are set behind the length.
pub(crate) fn subnet(text: &str) -> Option<Vec<u8>> {
    let (address, length) = text.split_once('/')?;
    let length: u8 = length.parse().ok()?;
    let (family, octets) = match address.parse().ok()? {
        IpAddr::V4(v4) => (1, v4.octets().to_vec()),
        IpAddr::V6(v6) => (2, v6.octets().to_vec()),
    };
    let kept = octets.get(..usize::from(length).div_ceil(8))?;
    let bits_behind = kept.len() as u32 * 8 - u32::from(length);
    let clear = kept.last().is_none_or(|last| last.trailing_zeros() >= bits_behind);
    let rest_clear = octets[kept.len()..].iter().all(|octet| *octet == 0);
    (clear && rest_clear).then(|| [&[0, family, length, 0], kept].concat())
}

/// Octets in hexadecimal, blanks allowed between them.
pub(crate) fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> =
        text.chars().filter(|char| !char.is_whitespace()).map(|char| char.to_digit(16)).collect::<Option<_>>()?;
    digits.len().is_multiple_of(2).then(|| digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect())
}

#[test]
fn a_query_is_what_the_rfcs_say() {
    let query = Query::new("a.b.", RrType::A).with_option(OPTION_SUBNET, subnet("198.18.3.0/20").unwrap_or_default());
    assert_eq!(query.subnet(), Some(&[][..]));
    let query = Query::new("a.b.", RrType::A).with_option(OPTION_SUBNET, subnet("198.18.16.0/20").unwrap());
    let expected = "5197 0000 0001 0000 0000 0001 0161016200 0001 0001 00 0029 04d0 00000000 000b 0008 0007 0001 14 00 c61210";
    assert_eq!(query.octets(), hex(expected).unwrap());
}
