//! Too much at one name: what no message could hold is refused with its place, and the most that is served costs no more than it
//! should.

use signpost::answer::Transport;
use signpost::limits::RDATA_LENGTH_MAX;
use signpost::wire::RrType;

use super::{CAPS, client, through};
use crate::harness::ZONE_HEAD;
use crate::laws::hostility::held;
use crate::scenario::query::Query;
use crate::scenario::reply::Reply;
use crate::scenario::world::Texts;

/// Octets of an A record behind a pointer to its owner.
const ADDRESS_LENGTH: usize = 16;
/// Targets of one answer whose addresses may come with it.
const TARGETS_MAX: usize = 13;

/// Addresses of "many" in a zone of its own.
fn addresses(count: usize) -> Texts {
    let lines = (0..count).map(|n| format!("many A 10.{}.{}.{}\n", n >> 16, n >> 8 & 255, n & 255));
    Texts::new("", &format!("{ZONE_HEAD}\n{}", lines.collect::<String>()))
}

#[track_caller]
fn is_refused(texts: &Texts, rtype: &str, name: &str) {
    let message = texts.compile().expect_err("it is refused");
    assert!(message.contains(&format!("the {rtype} records of \"{name}.example.com.\" do not fit a DNS message")), "{message}");
    assert!(message.starts_with("example.com.zone:5:1: error: ") && message.contains("help: "), "{message}");
}

#[test]
fn more_records_than_a_message_holds_are_refused() {
    is_refused(&addresses(100_000), "A", "many");
    let targets = (0..10_000).map(|n| format!("mx MX 10 m{n}\nm{n} A 192.0.2.1\n")).collect::<String>();
    is_refused(&Texts::new("", &format!("{ZONE_HEAD}\n{targets}")), "MX", "mx");
    let servers = (0..4000).map(|n| format!("sub NS n{n}.sub\nn{n}.sub A 192.0.2.1\n")).collect::<String>();
    is_refused(&Texts::new("", &format!("{ZONE_HEAD}\n{servers}")), "NS", "sub");
}

#[test]
fn the_most_that_is_served_comes_whole_over_tcp() {
    let most = RDATA_LENGTH_MAX / ADDRESS_LENGTH;
    is_refused(&addresses(most + 1), "A", "many");
    let serving = addresses(most).compile().and_then(|compiled| compiled.serving(&[])).unwrap();
    let view = signpost::answer::View { serving: &serving, dice: signpost::answer::Dice::seeded(1) };
    let query = Query::new("many.example.com.", RrType::A).octets();
    let whole = Reply::read(&held(&view, &query, &client(Transport::Stream)).unwrap()).unwrap();
    assert_eq!((whole.sections[0].len(), whole.flags & 0x0200), (most, 0));
    let cut = Reply::read(&held(&view, &query, &client(Transport::Udp)).unwrap()).unwrap();
    assert_eq!((cut.sections[0].len(), cut.flags & 0x0200), (0, 0x0200), "all or none (RFC 2181 section 9)");
    assert!(cut.length <= query.len(), "{} octets", cut.length);
}

#[test]
fn many_targets_bring_few_addresses() {
    let query = Query::new("mx.example.com.", RrType::MX).octets();
    let reply = Reply::read(&through(Transport::Stream, &query).unwrap()).unwrap();
    let [answers, _, additionals] = reply.sections.map(|section| section.len());
    assert_eq!(answers, 1500);
    assert!(additionals <= 2 * TARGETS_MAX, "{additionals} addresses");
    assert!(through(Transport::Udp, &query).unwrap().len() <= CAPS.udp_payload);
}

#[test]
fn any_of_many_types_is_one_of_them() {
    const TYPES: [&str; 7] =
        ["A 192.0.2.1", "AAAA 2001:db8::1", "TXT x", "MX 10 ns1", "SRV 1 2 3 ns1", "PTR ns1", "CAA 0 issue x"];
    let lines = TYPES.map(|rdata| format!("all {rdata}\n")).concat();
    let serving = Texts::new("", &format!("{ZONE_HEAD}\n{lines}")).compile().and_then(|compiled| compiled.serving(&[])).unwrap();
    let view = signpost::answer::View { serving: &serving, dice: signpost::answer::Dice::seeded(1) };
    let query = Query::new("all.example.com.", RrType::ANY).octets();
    let reply = Reply::read(&held(&view, &query, &client(Transport::Stream)).unwrap()).unwrap();
    assert_eq!(reply.sections[0].len(), 1, "RFC 8482 section 4.1");
}
