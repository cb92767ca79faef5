//! Compiled zones: what is found at a name, which octets a body becomes, which bindings stand. Steering has a file of its own.

mod steering;

use std::net::IpAddr;
use std::sync::Arc;

use hickory_proto::op::Message;

use super::*;
use crate::config::{NodeId, Text, parse};
use crate::diagnostic::{Diagnostic, Sources};
use crate::health::Verdict;
use crate::wire::{Name, RrType};
use crate::zone::Zone;

const SEED: u64 = 7;
const HEAD: &str = "$TTL 300\n@ SOA ns1 hostmaster 9 1 1 1 60\n@ NS ns1\nns1 A 192.0.2.53\n";

/// What the text of example.com says, with its bindings.
fn read(text: &str) -> (Zone, Vec<Binding>, Vec<Diagnostic>) {
    let source = Sources::default().add("example.com.zone", format!("{HEAD}{text}"));
    let (zone, faults) = crate::zone::read(&name("example.com."), &source, &mut |_, _| Err(String::new()));
    assert!(!crate::diagnostic::any_error(&faults), "{faults:?}");
    let (bindings, faults) = bindings(&zone, true, None, |_| String::new());
    (zone, bindings, faults)
}

fn compiled(text: &str) -> CompiledZone {
    let (zone, bindings, faults) = read(text);
    assert_eq!(faults, []);
    compile_zone(&zone, bindings, SEED).unwrap()
}

fn name(text: &str) -> Name {
    Name::parse(text.as_bytes(), Some(&Name::parse(b"example.com.", None).unwrap())).unwrap()
}

/// The entry of a name that exists.
fn entry(zone: &CompiledZone, owner: &str) -> Entry {
    match find(zone, owner) {
        Found::Name(id) | Found::Cut { at: id, .. } => zone.entry(id).unwrap(),
        Found::Wildcard(_) | Found::Moved { .. } | Found::Nothing => panic!("{owner} does not exist"),
    }
}

/// The suffix of `count` labels of a lower-case name.
fn suffix(wire: &[u8], count: usize) -> &[u8] {
    let owner = Name::from_wire(wire).unwrap();
    let skipped: usize = owner.labels().take(owner.label_count() - count).map(|label| 1 + label.len()).sum();
    &wire[skipped..]
}

fn find(zone: &CompiledZone, owner: &str) -> Found {
    let wire = name(owner).to_lowercase_wire();
    zone.find(name(owner).label_count(), zone.apex().label_count(), |count| suffix(&wire, count))
}

/// A message with the question `owner` and `filler` octets of another record, then the body; as an independent decoder reads it.
fn decoded(zone: &CompiledZone, owner: &str, body: Body, filler: usize) -> Vec<String> {
    let question = name(owner);
    let mut message = vec![0, 0, 0x84, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    message.extend_from_slice(question.as_wire());
    message.extend_from_slice(&[0, 255, 0, 1]);
    if filler > 0 {
        // One record of an unknown type at the root.
        message.extend_from_slice(&[0, 0xff, 0, 0, 1, 0, 0, 0, 0]);
        message.extend_from_slice(&(filler as u16).to_be_bytes());
        message.resize(message.len() + filler, 0);
    }
    let start = message.len();
    message.resize(start + body.length(), 0);
    assert_eq!(zone.bodies().write(body, &mut message, start, 0), Some(message.len()));
    let records = body.records() + u16::from(filler > 0);
    message[6..8].copy_from_slice(&records.to_be_bytes());
    let read = Message::from_vec(&message).unwrap();
    read.answers.iter().skip(usize::from(filler > 0)).map(|record| record.to_string().replace('\t', " ")).collect()
}

fn body(zone: &CompiledZone, owner: &str, rtype: RrType) -> Body {
    zone.rrsets(&entry(zone, owner)).iter().find(|rrset| rrset.rtype == rtype).unwrap().body
}

/// RFC 4592 §2.2.1's zone, a cut, and a wildcard that is an empty non-terminal (§4.9).
#[test]
fn every_name_is_found_as_the_rfcs_say() {
    let zone = compiled(
        "*            TXT \"this is a wildcard\"
*            MX 10 host1
sub.*        TXT \"this is not a wildcard\"
host1        A 192.0.2.1
_ssh._tcp.host1 SRV 0 0 22 host1
_ssh._tcp.host2 SRV 0 0 22 host1
subdel       NS ns.example.com.
subdel       NS ns.subdel
ns.subdel    A 192.0.2.2
x.*.ent      TXT x
",
    );
    let expected = [
        ("example.com.", "name"),
        ("host1", "name"),
        ("HOST1", "name"),
        ("*", "name"),
        ("sub.*", "name"),
        ("_tcp.host1", "name"),
        ("host2", "name"),
        ("host3", "wildcard"),
        ("foo.bar", "wildcard"),
        ("_telnet._tcp.host1", "nothing"),
        ("ghost.*", "nothing"),
        ("other.host1", "nothing"),
        ("subdel", "cut"),
        ("ns.subdel", "cut"),
        ("host.subdel", "cut"),
        ("a.b.c.subdel", "cut"),
        ("ent", "name"),
        ("any.ent", "wildcard"),
        ("y.any.ent", "wildcard"),
        ("y.*.ent", "nothing"),
    ];
    for (owner, found) in expected {
        let told = match find(&zone, owner) {
            Found::Name(_) => "name",
            Found::Wildcard(_) => "wildcard",
            Found::Cut { .. } => "cut",
            Found::Moved { .. } => "moved",
            Found::Nothing => "nothing",
        };
        assert_eq!(told, found, "{owner}");
    }
}

#[test]
fn what_stands_at_a_name_is_told() {
    let zone = compiled("www A 192.0.2.1\n_steer.www TXT web\ncut NS ns.cut\ncut DS 1 13 2 00\nns.cut A 192.0.2.2\n");
    assert_eq!(entry(&zone, "www").kind, EntryKind::Steered(0));
    assert_eq!(entry(&zone, "ns1").kind, EntryKind::Plain);
    assert!(matches!(entry(&zone, "cut").kind, EntryKind::Cut(_)));
    let types: Vec<RrType> = zone.rrsets(&entry(&zone, "cut")).iter().map(|rrset| rrset.rtype).collect();
    assert_eq!(types, [RrType::DS], "of the parent's side");
    assert_eq!((zone.serial(), zone.name_count()), (9, 5));
}

#[test]
fn bodies_are_what_the_file_says_wherever_they_stand() {
    let zone = compiled(
        "mail 60 MX 10 Mx1.Example.COM.
mail 60 MX 20 mx2
mail 60 MX 20 MX2
mail 60 MX 30 a.b.example.net.
mail 60 MX 40 c.B.example.net.
alias CNAME WWW
alias CNAME www
",
    );
    let expected = [
        "www.mail.example.com. 60 IN MX 10 Mx1.Example.COM.",
        "www.mail.example.com. 60 IN MX 20 mx2.example.com.",
        "www.mail.example.com. 60 IN MX 30 a.b.example.net.",
        "www.mail.example.com. 60 IN MX 40 c.B.example.net.",
    ];
    for filler in [0, 1, 300, 8000] {
        assert_eq!(decoded(&zone, "www.mail", body(&zone, "mail", RrType::MX), filler), expected, "{filler}");
    }
    let alias = decoded(&zone, "alias", body(&zone, "alias", RrType::CNAME), 0);
    assert_eq!(alias, ["alias.example.com. 300 IN CNAME WWW.example.com."], "one, though the file has two");
    let negative = decoded(&zone, ".", zone.negative_soa(), 0);
    assert_eq!(negative, [". 60 IN SOA ns1.example.com. hostmaster.example.com. 9 1 1 1 60"]);
    let mut short = [0; 20];
    assert_eq!(zone.bodies().write(zone.negative_soa(), &mut short, 0, 0), None);
}

/// More names, and further away, than pointers may reach; and the longest RRset that fits no message.
#[test]
fn long_bodies_are_read_back_whole_or_refused() {
    let rrset =
        |count: usize| -> String { (0..count).map(|n| format!("m MX {n} host-{n}.zone-{}.example.net.\n", n % 97)).collect() };
    for (count, filler) in [(65, 0), (500, 2400), (1500, 2400)] {
        let zone = compiled(&rrset(count));
        let told = decoded(&zone, "m", body(&zone, "m", RrType::MX), filler);
        assert_eq!(told.len(), count);
        for (n, line) in told.iter().enumerate() {
            assert_eq!(*line, format!("m.example.com. 300 IN MX {n} host-{n}.zone-{}.example.net.", n % 97));
        }
    }
    let (zone, _, _) = read(&rrset(4000));
    let faults = compile_zone(&zone, Vec::new(), SEED).unwrap_err();
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].message, "the MX records of \"m.example.com.\" do not fit a DNS message");
}

/// What goes along with an RRset: the owner, as a name at the start of RDATA that stands at this offset, type, and whether it must.
fn additional(zone: &CompiledZone, rrset: &Rrset) -> Vec<(Option<u16>, RrType, bool)> {
    let told = |additional: &Additional| {
        let found = zone.rrset(additional.rrset).unwrap();
        (additional.owner, found.rtype, additional.is_required)
    };
    zone.additional(rrset).iter().map(told).collect()
}

#[test]
fn own_glue_comes_first_and_is_required() {
    let zone = compiled(
        "cut NS ns1\ncut NS ns.other\ncut NS ns.cut\ncut NS cut\ncut A 192.0.2.3\nns.cut A 192.0.2.2\nns.cut AAAA ::2\n\
         other NS ns.other\nns.other AAAA ::3\n",
    );
    let EntryKind::Cut(servers) = entry(&zone, "cut").kind else { panic!("no cut") };
    let servers = zone.rrset(servers).unwrap();
    assert_eq!((servers.rtype, servers.body.records()), (RrType::NS, 4));
    // 12 octets, `ns1.example.com.` in 17; 12, `ns.other` and a pointer in 11; 12, `ns.cut` and a pointer, whose end is `cut`.
    let expected = [
        (Some(64), RrType::A, true),
        (Some(64), RrType::AAAA, true),
        (Some(67), RrType::A, true),
        (Some(12), RrType::A, false),
        (Some(41), RrType::AAAA, false),
    ];
    assert_eq!(additional(&zone, &servers), expected);
    let EntryKind::Cut(other) = entry(&zone, "other").kind else { panic!("no cut") };
    assert_eq!(additional(&zone, &zone.rrset(other).unwrap()), [(Some(12), RrType::AAAA, true)]);
}

#[test]
fn addresses_go_along_where_they_are_known_and_no_policy_decides() {
    let zone = compiled(
        "m A 192.0.2.1\nm AAAA ::1\nsteered A 192.0.2.1\n_steer.steered TXT web\n*.w A 192.0.2.1\n*.s A 192.0.2.1\n_steer.*.s TXT web\nc CNAME m\n\
         cut NS ns.cut\nns.cut A 192.0.2.2\n\
         one MX 1 M.Example.com.\none MX 2 steered\none MX 3 x.w\none MX 4 c\none MX 5 ns.cut\none MX 6 m\none MX 7 x.s\none MX 8 a.\n\
         srv SRV 0 0 1 .\nhttps HTTPS 1 .\nhttps A 192.0.2.9\nalias HTTPS 0 https\nmany NS ns1\n",
    );
    let rrset = |owner: &str, rtype| zone.rrsets(&entry(&zone, owner)).iter().find(|rrset| rrset.rtype == rtype).unwrap();
    // The third names what a wildcard makes; it stands behind 12 + 2 + 15, 12 + 2 + 18 (`Example` is not `example`) and 12 + 2 octets.
    let expected = [(Some(14), RrType::A, false), (Some(14), RrType::AAAA, false), (Some(75), RrType::A, false)];
    assert_eq!(additional(&zone, &rrset("one", RrType::MX)), expected);
    assert_eq!(additional(&zone, &rrset("srv", RrType::SRV)), []);
    assert_eq!(additional(&zone, &rrset("https", RrType::HTTPS)), [(None, RrType::A, false)]);
    let alias = [(Some(14), RrType::A, false), (Some(14), RrType::HTTPS, false)];
    assert_eq!(additional(&zone, &rrset("alias", RrType::HTTPS)), alias);

    let hosts: String = (0..50).map(|n| format!("h{n} A 192.0.2.{n}\nm MX 1 h{n}\nm MX 2 h{n}\n")).collect();
    let zone = compiled(&hosts);
    let mx = zone.rrsets(&entry(&zone, "m")).iter().find(|rrset| rrset.rtype == RrType::MX).unwrap();
    assert_eq!(zone.additional(&mx).len(), crate::limits::ADDITIONAL_TARGETS_MAX);
}

/// Each record comes first once, and none is lost.
#[test]
fn addresses_turn() {
    let zone = compiled("www A 192.0.2.1\nwww A 192.0.2.2\nwww A 192.0.2.3\n");
    let body = body(&zone, "www", RrType::A);
    for first in 0..3 {
        let mut message = vec![0; body.length()];
        assert_eq!(zone.bodies().write(body, &mut message, 0, first), Some(48));
        let last_octets: Vec<u16> = message.chunks(16).map(|record| u16::from(record[15])).collect();
        assert_eq!(last_octets, [0, 1, 2].map(|n| 1 + (first + n) % 3));
    }
}

#[test]
fn a_binding_stands_on_a_name_of_the_zone_with_an_address() {
    for (text, fault) in [
        ("www A 192.0.2.1\n_steer.www TXT web\n", ""),
        ("*.cdn AAAA ::1\n_STEER.*.cdn TXT web\n", ""),
        ("@ A 192.0.2.1\n_steer TXT web\n", ""),
        ("d DNAME example.net.\nd A 192.0.2.1\n_steer TXT web\n@ A 192.0.2.1\n", ""),
        ("www TXT x\n_steer.www TXT web\n", "\"www.example.com.\" is bound, but has no A, AAAA or CNAME record"),
        ("_steer.wwww TXT web\n", "\"wwww.example.com.\" is bound, but has no A, AAAA or CNAME record"),
        ("www A 192.0.2.1\n_steer.www TXT a\n_steer.www TXT b\n", "\"www.example.com.\" is bound twice"),
        ("www A 192.0.2.1\n_steer.www TXT a b\n", "the binding of \"www.example.com.\" is not one string"),
        ("www A 192.0.2.1\n_steer.www TXT \"\"\n", "the binding of \"www.example.com.\" is not one string"),
        (
            "c NS ns.example.net.\nw.c A 192.0.2.1\n_steer.w.c TXT web\n",
            "\"w.c.example.com.\" is bound, but the zone ends at \"c.example.com.\" (NS)",
        ),
        (
            "c NS ns.c\nc A 192.0.2.1\n_steer.c TXT web\nns.c A 192.0.2.1\n",
            "\"c.example.com.\" is bound, but the zone ends at \"c.example.com.\" (NS)",
        ),
    ] {
        let (_, bindings, faults) = read(text);
        let told: Vec<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
        assert_eq!(told.join(" "), fault, "{text}");
        assert_eq!(
            bindings.len(),
            usize::from(!fault.contains("not one string")),
            "what names a policy is judged besides: {text}"
        );
    }
}

#[test]
fn the_longest_apex_wins() {
    let linked = |apex: &str| {
        let source = Sources::default().add("zone", HEAD);
        let (zone, _) = crate::zone::read(&name(apex), &source, &mut |_, _| Err(String::new()));
        let zone = Arc::new(compile_zone(&zone, Vec::new(), SEED).unwrap());
        LinkedZone::new(zone, Vec::new())
    };
    let zones = ["example.com.", "sub.example.com.", "Example.NET.", "a.b.c.example.com."].map(linked).to_vec();
    let snapshot = Snapshot::new(SEED, zones, Arc::default());
    for (owner, apex) in [
        ("example.com.", "example.com."),
        ("www.example.com.", "example.com."),
        ("x.sub.example.com.", "sub.example.com."),
        ("xsub.example.com.", "example.com."),
        ("b.c.example.com.", "example.com."),
        ("x.a.b.c.example.com.", "a.b.c.example.com."),
        ("www.example.net.", "Example.NET."),
        ("com.", ""),
        (".", ""),
    ] {
        let wire = name(owner).to_lowercase_wire();
        let found = snapshot.zone(name(owner).label_count(), |count| suffix(&wire, count));
        let found = found.map(|linked| linked.zone.apex().to_string());
        assert_eq!(found.unwrap_or_default(), apex, "{owner}");
    }
    assert!(Snapshot::default().zone(0, |_| &[0]).is_none());
}

#[test]
fn of_many_bad_bindings_some_are_told_and_at_once() {
    let good: String = (0..5000).map(|n| format!("a{n} 60 IN A 192.0.2.1\n")).collect();
    let bad: String = (0..5000).map(|n| format!("_steer.b{n} 60 IN TXT \"web\"\n")).collect();
    let (_, bindings, found) = read(&format!("{good}{bad}"));
    assert_eq!(found.len(), crate::limits::DIAGNOSTICS_PER_FILE_MAX);
    assert_eq!(bindings.len(), 5000, "their policies are judged besides");
    let last = found.last().unwrap();
    assert!(last.message.contains("more like this") && last.span.is_some(), "{last:?}");
}
