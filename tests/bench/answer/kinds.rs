//! The kinds of questions, and what their answers must look like.
//!
//! All are made before anything is counted, from fixed seeds, so that every run asks the same.

use signpost::wire::message::Rcode;

use super::question::{Random, message};
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
        ..plain("nxdomain", [0, 1], |random| message(&format!("x{:08x}.{ZONE}", random.next()), A, None))
    },
    plain("wildcard", [1, 0], |random| message(&format!("x{:08x}.wild.{ZONE}", random.next()), A, None)),
    plain("servers", [2, 0], |_| message(ZONE, NS, None)),
    plain("referral", [0, 2], |random| message(&format!("x{:08x}.child.{ZONE}", random.next()), A, None)),
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
        ..plain("refused", [0, 0], |random| message(&format!("x{:08x}.other", random.next()), A, None))
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
        let mut random = Random::new();
        (0..PREPARED).map(|_| (self.make)(&mut random)).collect()
    }
}
