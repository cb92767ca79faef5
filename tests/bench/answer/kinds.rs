//! The kinds of questions, and what their answers must look like.
//!
//! All are made before anything is counted, from fixed seeds, so that every run asks the same.

use signpost::wire::message::Rcode;

use super::world::{PLAIN, ZONE};

/// Questions prepared for each kind.
const PREPARED: u32 = 1024;

/// One kind of question.
pub(crate) struct Kind {
    /// What it is called in the table.
    pub name: &'static str,
    /// The RCODE of every answer.
    pub rcode: Rcode,
    /// Whether a policy chooses.
    pub steered: bool,
    /// Records in the answer and authority sections.
    pub records: [u8; 2],
    make: fn(&mut Random) -> Vec<u8>,
}

const A: u16 = 1;
const NS: u16 = 2;
const AAAA: u16 = 28;
const HTTPS: u16 = 65;

/// All kinds, in the order of the table. All carry an OPT; names are longest where names are random.
pub(crate) const ALL: &[Kind] = &[
    plain("static", [1, 0], |random| message(&format!("n{:06}.{ZONE}", random.below(PLAIN)), A, None)),
    plain("several", [8, 0], |_| message(&format!("several.{ZONE}"), A, None)),
    plain("nodata", [0, 1], |random| message(&format!("n{:06}.{ZONE}", random.below(PLAIN)), AAAA, None)),
    Kind {
        rcode: Rcode::NxDomain,
        ..plain("nxdomain", [0, 1], |random| message(&format!("x{:08x}.{ZONE}", random.next() as u32), A, None))
    },
    plain("wildcard", [1, 0], |random| message(&format!("x{:08x}.wild.{ZONE}", random.next() as u32), A, None)),
    plain("servers", [2, 0], |_| message(ZONE, NS, None)),
    plain("referral", [0, 2], |random| message(&format!("x{:08x}.child.{ZONE}", random.next() as u32), A, None)),
    plain("cname", [2, 0], |_| message(&format!("alias.{ZONE}"), A, None)),
    steered("weighted", [1, 0], |_| message(&format!("w.{ZONE}"), A, None)),
    steered("weighted6", [1, 0], |_| message(&format!("w.{ZONE}"), AAAA, None)),
    plain("steered-no", [0, 1], |_| message(&format!("w.{ZONE}"), HTTPS, None)),
    steered("alias-steer", [2, 0], |_| message(&format!("to-w.{ZONE}"), A, None)),
    steered("geo", [1, 0], |random| message(&format!("g.{ZONE}"), A, Some(random.subnet()))),
    steered("geo-rules", [1, 0], |random| message(&format!("r.{ZONE}"), A, Some(random.subnet()))),
    steered("hashed", [1, 0], |random| message(&format!("h.{ZONE}"), A, Some(random.subnet()))),
    steered("source", [1, 0], |_| message(&format!("g.{ZONE}"), A, None)),
    Kind {
        rcode: Rcode::Refused,
        ..plain("refused", [0, 0], |random| message(&format!("x{:08x}.other", random.next() as u32), A, None))
    },
];

const fn plain(name: &'static str, records: [u8; 2], make: fn(&mut Random) -> Vec<u8>) -> Kind {
    Kind { name, rcode: Rcode::NoError, steered: false, records, make }
}

const fn steered(name: &'static str, records: [u8; 2], make: fn(&mut Random) -> Vec<u8>) -> Kind {
    Kind { steered: true, ..plain(name, records, make) }
}

impl Kind {
    /// Its questions, the same in every run.
    pub(crate) fn questions(&self) -> Vec<Vec<u8>> {
        let mut random = Random(0x5eed_0f51_6e90_57ed);
        (0..PREPARED).map(|_| (self.make)(&mut random)).collect()
    }
}

/// A query with EDNS, and with a client subnet of 24 bits if one is given.
fn message(name: &str, rtype: u16, subnet: Option<[u8; 3]>) -> Vec<u8> {
    let mut octets = vec![0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1];
    for label in name.split('.') {
        octets.push(label.len() as u8);
        octets.extend_from_slice(label.as_bytes());
    }
    let [t0, t1] = rtype.to_be_bytes();
    octets.extend_from_slice(&[0, t0, t1, 0, 1, 0, 0, 41, 4, 208, 0, 0, 0, 0]);
    match subnet {
        None => octets.extend_from_slice(&[0, 0]),
        Some([first, second, third]) => octets.extend_from_slice(&[0, 11, 0, 8, 0, 7, 0, 1, 24, 0, first, second, third]),
    }
    octets
}

/// xorshift64*: enough for questions, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, end: u32) -> u32 {
        (self.next() % u64::from(end)) as u32
    }

    /// A /24 that is unicast and not private.
    fn subnet(&mut self) -> [u8; 3] {
        loop {
            let [first, second, third, _] = (self.next() as u32).to_be_bytes();
            if (1..=223).contains(&first) && ![10, 100, 127, 169, 172, 192, 198].contains(&first) {
                return [first, second, third];
            }
        }
    }
}
