//! EDNS beside NSD, Knot DNS and BIND: a table of queries, well-formed and not. Where the three agree about the RCODE, TC and the OPT
//! record, we agree, or the row says which RFC has it otherwise and what we do; an exception that is none is a failure, too.
//!
//! Options that one server alone gives unasked (cookies, extended errors) are not compared.

use std::net::SocketAddr;

use signpost::answer::{Dice, View};
use signpost::wire::RrType;

use crate::harness::allocations::ask;
use crate::harness::client::udp;
use crate::harness::peers::{Kind, Peer, ZoneText};
use crate::scenario::query::{Edns, Place, Query, hex};
use crate::scenario::reply::Reply;
use crate::scenario::world::Texts;

const ZONE: &str =
    "$TTL 3600\n@ IN SOA ns1 host 1 7200 3600 1209600 300\n@ IN NS ns1\nns1 IN A 192.0.2.53\nwww IN A 192.0.2.10\n";
/// Options that are compared: the client subnet alone.
const OPTION_SUBNET: u16 = 8;
/// The id of the query that is sent behind each row; who answers it has answered the row, or never will.
const BEHIND: [u8; 2] = [0xbe, 0x41];
/// An OPT record without options, and an address record.
const OPT: &str = "00 0029 04d0 00000000 0000";
const ADDRESS: &str = "00 0001 0001 00000000 0004 c0000201";

/// What is compared of a reply.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    rcode: u16,
    is_truncated: bool,
    edns: Option<Edns>,
}

/// One query, and why we differ from all three if we do.
struct Row {
    title: &'static str,
    octets: Vec<u8>,
    exception: Option<&'static str>,
}

fn query() -> Query {
    Query::new("www.example.com.", RrType::A)
}

fn edns(change: impl FnOnce(&mut Edns)) -> Query {
    let mut edns = Edns::new(1232);
    change(&mut edns);
    Query { edns: Some(edns), ..query() }
}

fn option(code: u16, data: &str) -> Query {
    query().with_option(code, hex(data).expect("octets"))
}

fn stray(mut query: Query, place: Place, record: &str) -> Query {
    query.strays.push((place, hex(record).expect("octets")));
    query
}

fn bare(query: Query) -> Query {
    Query { edns: None, ..query }
}

/// The question for www.example.com A, and what is written behind it, with these counts.
fn raw(counts: &str, behind: &str) -> Vec<u8> {
    hex(&format!("5197 0000 {counts} 03777777 076578616d706c65 03636f6d 00 0001 0001 {behind}")).expect("octets")
}

fn rows() -> Vec<Row> {
    const SUBNET: &str = "0001 18 00 c61203";
    /// RFC 6891 §6.1.1 and §7: who sends an OPT record gets one, even with a FORMERR.
    const OPT_WITH_FORMERR: Option<&str> = Some("RFC 6891 section 7: a FORMERR for the OPT record has an OPT record");
    let nothing = edns(|_| {});
    let table: Vec<(&str, Vec<u8>, Option<&str>)> = vec![
        ("no EDNS", bare(query()).octets(), None),
        ("EDNS", nothing.octets(), None),
        ("DO", edns(|edns| edns.dnssec_ok = true).octets(), None),
        ("version 1", edns(|edns| edns.version = 1).octets(), None),
        ("version 255", edns(|edns| edns.version = 255).octets(), None),
        ("version 1 with flags", edns(|edns| (edns.version, edns.dnssec_ok, edns.flags) = (1, true, 0x7fff)).octets(), None),
        ("all flags", edns(|edns| (edns.dnssec_ok, edns.flags) = (true, 0x7fff)).octets(), None),
        ("all flags but DO", edns(|edns| edns.flags = 0x7fff).octets(), None),
        ("an RCODE's upper bits", edns(|edns| edns.rcode = 255).octets(), None),
        ("size 0", edns(|edns| edns.payload = 0).octets(), None),
        ("size 511", edns(|edns| edns.payload = 511).octets(), None),
        ("size 65535", edns(|edns| edns.payload = 65_535).octets(), None),
        ("an unknown option", option(65_001, "c0ffee").octets(), None),
        ("an unknown option without data", option(65_001, "").octets(), None),
        ("padding", option(12, "000000000000").octets(), None),
        ("keepalive", option(11, "").octets(), None),
        ("keepalive with a timeout", option(11, "0064").octets(), None),
        ("a cookie", option(10, "0011223344556677").octets(), None),
        ("a subnet", option(OPTION_SUBNET, SUBNET).octets(), None),
        ("a subnet twice", option(OPTION_SUBNET, SUBNET).with_option(OPTION_SUBNET, hex(SUBNET).expect("octets")).octets(), None),
        ("a subnet that is cut off", option(OPTION_SUBNET, "0001 18").octets(), None),
        ("a subnet of family 3", option(OPTION_SUBNET, "0003 18 00 c61203").octets(), None),
        ("no such name", Query { edns: Some(Edns::new(1232)), ..Query::new("nothing.example.com.", RrType::A) }.octets(), None),
        ("no zone of ours", Query { edns: Some(Edns::new(1232)), ..Query::new("example.net.", RrType::A) }.octets(), None),
        ("two OPT records", stray(nothing.clone(), Place::Behind, OPT).octets(), OPT_WITH_FORMERR),
        ("two OPT records, version 1", stray(edns(|edns| edns.version = 1), Place::Behind, OPT).octets(), OPT_WITH_FORMERR),
        ("an OPT record in the answer section", stray(bare(query()), Place::Answer, OPT).octets(), None),
        ("an OPT record in the authority section", stray(bare(query()), Place::Authority, OPT).octets(), None),
        ("OPT records in two sections", stray(nothing.clone(), Place::Authority, OPT).octets(), OPT_WITH_FORMERR),
        ("an address before", stray(nothing.clone(), Place::Before, ADDRESS).octets(), None),
        ("an address behind", stray(nothing.clone(), Place::Behind, ADDRESS).octets(), None),
        ("an answer", stray(nothing, Place::Answer, ADDRESS).octets(), None),
        ("owned by a name", raw("0001 0000 0000 0001", "0161 00 0029 04d0 00000000 0000"), None),
        ("owned by a pointer", raw("0001 0000 0000 0001", "c00c 0029 04d0 00000000 0000"), None),
        ("cut off before its TTL", raw("0001 0000 0000 0001", "00 0029 04d0"), None),
        ("cut off before its options", raw("0001 0000 0000 0001", "00 0029 04d0 00000000 0004"), None),
        ("an option cut off", raw("0001 0000 0000 0001", "00 0029 04d0 00000000 0006 fde9 0008 0011"), OPT_WITH_FORMERR),
        ("half an option", raw("0001 0000 0000 0001", "00 0029 04d0 00000000 0003 fde9 00"), OPT_WITH_FORMERR),
        ("a record counted that is not there", raw("0001 0000 0000 0001", ""), None),
        ("an OPT record that is not counted", raw("0001 0000 0000 0000", OPT), None),
        ("octets behind", raw("0001 0000 0000 0001", &format!("{OPT} 000000")), None),
        ("two questions", raw("0002 0000 0000 0000", "c00c 001c 0001"), None),
        ("no question", hex("5197 0000 0000 0000 0000 0000").expect("octets"), None),
        ("no question, but an OPT record", hex(&format!("5197 0000 0000 0000 0000 0001 {OPT}")).expect("octets"), None),
    ];
    table.into_iter().map(|(title, octets, exception)| Row { title, octets, exception }).collect()
}

fn seen(octets: &[u8]) -> Seen {
    let reply = Reply::read(octets).expect("a reply that can be decoded");
    let edns = reply.edns.map(|mut edns| {
        edns.options.retain(|(code, _)| *code == OPTION_SUBNET);
        // The upper bits of the RCODE are compared with the rest of it.
        Edns { rcode: 0, ..edns }
    });
    Seen { rcode: reply.rcode, is_truncated: reply.flags & 0x0200 != 0, edns }
}

/// What a server answers; nothing if it does not.
fn asked(server: SocketAddr, octets: &[u8]) -> Option<Seen> {
    let socket = udp(server);
    socket.send(octets).expect("a query");
    let behind = [&BEHIND, &query().octets()[2..]].concat();
    socket.send(&behind).expect("a query");
    let mut found = None;
    let mut room = [0; 65_535];
    loop {
        let length = socket.recv(&mut room).expect("a reply to the second query");
        if room[..2] == BEHIND {
            return found;
        }
        found = Some(seen(&room[..length]));
    }
}

#[test]
fn where_the_peers_agree_about_edns_we_do_too() {
    let zones = [ZoneText { apex: "example.com.".to_owned(), text: ZONE.to_owned() }];
    let peers = Kind::ALL.map(|kind| Peer::start(kind, &zones));
    let serving = Texts::new("", ZONE).compile().and_then(|compiled| compiled.serving(&[])).expect("a good zone");
    let view = View { serving: &serving, dice: Dice::seeded(1) };
    let (mut agreed, mut complaints) = (0, Vec::new());
    for Row { title, octets, exception } in rows() {
        let ours = ask(&view, &octets, &super::laws::client()).ok().map(|reply| seen(&reply));
        let theirs = peers.each_ref().map(|peer| asked(peer.address(), &octets));
        let agree = theirs.iter().all(|other| *other == theirs[0]);
        agreed += usize::from(agree);
        match exception {
            None if agree && ours != theirs[0] => complaints.push(format!("{title}:\n  all  {:?}\n  ours {ours:?}", theirs[0])),
            Some(why) if !agree || ours == theirs[0] => complaints.push(format!("{title}: is no exception, but it says: {why}")),
            None | Some(_) => {}
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert!(agreed >= 25, "the peers agree about {agreed} rows only");
}
