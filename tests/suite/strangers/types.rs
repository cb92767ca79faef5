//! Every type there is and every opcode, of each kind of name, asked of the real binary over UDP and TCP: the same answers, and none
//! missing.

use std::collections::BTreeSet;

use signpost::answer::Transport;
use signpost::wire::RrType;

use super::doors::{all_over_udp, number, over_tcp};
use super::{CAPS, ended_well, through, world};
use crate::harness::server::Server;
use crate::scenario::door;
use crate::scenario::query::Query;

/// Steered; and plain, made by a wildcard, below a cut, not there, the apex, an alias, moved by a DNAME, of no zone of ours.
const STEERED: &str = "www.example.com.";
const OTHERS: [&str; 8] = [
    "plain.example.com.",
    "x.wild.example.com.",
    "x.sub.example.com.",
    "nothing.example.com.",
    "example.com.",
    "alias.example.com.",
    "x.final.example.com.",
    "example.net.",
];
/// Opcodes, of which 0 asks.
const OPCODES: std::ops::RangeInclusive<u16> = 1..=15;

/// Where types have a meaning, or a table might end.
fn telling_types() -> impl Iterator<Item = u16> + Clone {
    (0..=300).chain(32_767..=32_770).chain(65_279..=65_281).chain(65_533..=65_535)
}

fn query(name: &str, qtype: u16, opcode: u16) -> Vec<u8> {
    // Without EDNS, whose size would differ.
    Query { edns: None, flags: opcode << 11, ..Query::new(name, RrType(qtype)) }.octets()
}

#[test]
fn every_type_and_opcode_is_answered_alike_over_udp_and_tcp() {
    let every =
        (0..=u16::MAX).flat_map(|qtype| [STEERED, OTHERS[usize::from(qtype) % OTHERS.len()]].map(|name| query(name, qtype, 0)));
    let telling = telling_types().flat_map(|qtype| OTHERS.map(|name| query(name, qtype, 0)));
    let opcodes = OPCODES.flat_map(|opcode| telling_types().map(move |qtype| query(STEERED, qtype, opcode)));
    let mut queries: Vec<Vec<u8>> = every.chain(telling).chain(opcodes).collect();
    number(&mut queries);
    let queries: Vec<&[u8]> = queries.iter().map(Vec::as_slice).collect();

    let server = Server::start(&door::folder(&world(), CAPS.udp_payload));
    let (tcp, udp) = std::thread::scope(|scope| {
        let udp = scope.spawn(|| all_over_udp(server.address(), &queries));
        (over_tcp(server.address(), &queries), udp.join().unwrap())
    });
    ended_well(server);

    let mut rcodes = BTreeSet::new();
    for (number, ((query, udp), tcp)) in queries.iter().zip(udp).zip(tcp).enumerate() {
        assert_eq!(Some(&udp), tcp.as_ref(), "to {query:02x?}");
        assert_eq!(udp[2] & 0x02, 0, "none is too long for UDP");
        rcodes.insert(udp[3] & 0x0f);
        // What both say is what answer() says, asked of a part for the sake of time.
        if number.is_multiple_of(16) {
            assert_eq!(Some(udp), through(Transport::Udp, query), "to {query:02x?}");
        }
    }
    assert_eq!(rcodes, BTreeSet::from([0, 3, 4, 5]), "NOERROR, NXDOMAIN, NOTIMP and REFUSED");
}
