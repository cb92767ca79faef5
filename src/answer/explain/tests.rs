//! The account given to operators, word for word.

use std::num::NonZeroU16;
use std::sync::Arc;

use super::*;
use crate::answer::Throw;
use crate::config::*;
use crate::diagnostic::{Sources, Span};
use crate::geo::{Match, World};
use crate::golden;
use crate::health::Verdict;
use crate::snapshot::{Circumstances, Policies, Snapshot, Steering, bindings, compile_zone, link};
use crate::zone::{Record, Zone};

fn span() -> Span {
    Sources::default().add("signpost.toml", "").span(0, 0)
}

fn name(text: &str) -> Name {
    Name::parse(text.as_bytes(), Some(&Name::parse(b"example.com.", None).unwrap())).unwrap()
}

fn common(name: &str) -> Common {
    let min_up = MinUp::Count(NonZeroU16::MIN);
    Common { name: name.into(), span: span(), location: None, min_up, ttl: None, ecs: None }
}

/// The pool with what differs from [`pool`].
fn changed(mut node: Node, change: impl FnOnce(&mut Pool)) -> Node {
    if let Node::Pool(pool) = &mut node {
        change(pool);
    }
    node
}

/// Endpoints `NAME-1`, `NAME-2`, ... at 192.0.2.(10 x number + n), with an IPv6 address where `v6` says so.
fn pool(name: &str, number: u8, weights: &[u16], v6: bool) -> Node {
    let endpoint = |(index, weight): (u8, &u16)| Endpoint {
        name: format!("{name}-{index}"),
        span: span(),
        v4: Some([192, 0, 2, 10 * number + index].into()),
        v6: v6.then(|| format!("2001:db8:{number}::{index}").parse().unwrap()),
        cname: None,
        weight: *weight,
    };
    let endpoints = (1..).zip(weights).map(endpoint).collect();
    Node::Pool(Pool {
        common: common(name),
        check: Some(CheckId(0)),
        choose: PoolChoice::Weighted,
        answers: 1,
        slow_start: None,
        flatten: false,
        endpoints,
    })
}

fn policy(name: &str, choose: Choose, last: Option<u32>) -> Node {
    Node::Policy(Policy { common: common(name), choose, last: last.map(NodeId), max_removed: None })
}

fn children(shares: &[(u32, u16)]) -> Vec<Child> {
    shares.iter().map(|(node, weight)| Child { node: NodeId(*node), weight: *weight, bias: 0 }).collect()
}

fn config() -> Config {
    let check = Check {
        name: "web".into(),
        span: span(),
        kind: CheckKind::Tcp(TcpCheck::default()),
        port: 80,
        interval: std::time::Duration::from_secs(5),
        timeout: std::time::Duration::from_secs(2),
        rise: 2,
        fall: 3,
        recheck: std::time::Duration::ZERO,
        hold_down: None,
        source: None,
        watch: false,
    };
    let server = Server {
        listen: Vec::new(),
        threads: None,
        zones: "zones".into(),
        zones_span: None,
        geoip: Vec::new(),
        geoip_age: check.interval,
        control: "signpost.sock".into(),
        references: Vec::new(),
        resolvers: Vec::new(),
        warmup: check.interval,
        settle: check.interval,
        watch: false,
        udp_payload: 1232,
        rrset_order: RrsetOrder::Stable,
        tcp_connections: 1,
        tcp_connections_per_source: 1,
        identity: None,
        version: None,
        state: "state".into(),
    };
    let matches = Match { country: vec![*b"CN"], ..Match::default() };
    let rule = |node, strict| vec![Rule { matches: matches.clone(), order: vec![NodeId(node)], strict, span: span() }];
    let nodes = vec![
        pool("ap", 1, &[1], true),
        pool("us", 2, &[70, 30], false),
        pool("eu", 3, &[1, 1, 1], true),
        pool("sorry", 4, &[1], true),
        policy("web", Choose::Failover(children(&[(0, 1), (1, 1)])), Some(3)),
        policy("split", Choose::Weighted(children(&[(0, 10), (1, 60), (2, 30)])), None),
        policy("world", Choose::Hashed(children(&[(4, 1), (5, 1)])), None),
        policy("near", Choose::Nearest { from: children(&[(2, 1), (1, 1)]), overrides: Vec::new() }, None),
        changed(pool("all", 5, &[1, 1, 0], false), |pool| pool.choose = PoolChoice::All),
        changed(pool("hash", 6, &[1, 1, 1], false), |pool| (pool.choose, pool.answers) = (PoolChoice::Hashed, 2)),
        changed(pool("two", 7, &[1, 1], false), |pool| pool.answers = 2),
        changed(pool("many", 8, &[1, 1, 1], false), |pool| {
            pool.common.min_up = MinUp::Percent(50);
            pool.common.ecs = Some((false, span()));
        }),
        policy("rules", Choose::Geo { rules: rule(0, true), otherwise: Some(NodeId(4)) }, None),
        policy("apart", Choose::Geo { rules: rule(2, false), otherwise: Some(NodeId(1)) }, None),
    ];
    Config { server, notify: None, checks: vec![check], nodes, zones: Vec::new() }
}

fn zone() -> Zone {
    let record = |owner: &str, rtype, rdata: &[u8]| Record {
        owner: name(owner),
        rtype,
        ttl: 300,
        rdata: rdata.into(),
        span: span(),
        data: span(),
    };
    let soa = [name("ns1").as_wire(), name("hostmaster").as_wire(), &[0, 0, 0, 7], &[0; 12], &[0, 0, 0, 60]].concat();
    let mut records = vec![
        record("example.com.", RrType::SOA, &soa),
        record("example.com.", RrType::NS, name("ns1").as_wire()),
        record("plain", RrType::A, &[192, 0, 2, 99]),
        record("plain", RrType::TXT, b"\x0dsays \"hello\".\x02\x07."),
        record("alias", RrType::CNAME, name("web").as_wire()),
        record("cut", RrType::NS, name("ns.cut").as_wire()),
        record("ns.cut", RrType::A, &[192, 0, 2, 53]),
        record("svc", RrType::HTTPS, &[0, 1, 0]),
    ];
    for target in ["us", "web", "split", "world", "near", "all", "hash", "two", "many", "rules", "apart", "*.any"] {
        records.push(record(target, RrType::A, &[192, 0, 2, 1]));
        let text = if target == "*.any" { "web" } else { target };
        records.push(record(&format!("_steer.{target}"), RrType::TXT, &[&[text.len() as u8], text.as_bytes()].concat()));
    }
    Zone::new(name("example.com."), records)
}

/// Serves the world above with these addresses down.
fn serving(down: &[&str]) -> Serving {
    let config = config();
    let (policies, faults) = Policies::compile(&config, Arc::new(World::default()), None);
    assert_eq!(faults, Vec::new());
    let (bound, faults) = bindings(&zone(), true, None, |_| String::new());
    assert_eq!(faults, Vec::new());
    let linked = link(Arc::new(compile_zone(&zone(), bound, 1).unwrap()), None, &config, &policies).unwrap();
    let is_down = |probe: u32| down.contains(&&*policies.probes()[probe as usize].key.address.to_string());
    let verdict = |probe| if is_down(probe) { Verdict::Down } else { Verdict::Up };
    let steering = Steering::new(&policies, &Circumstances::judged(&policies, verdict), None);
    Serving { generation: 1, snapshot: Arc::new(Snapshot::new(1, vec![linked], Arc::new(policies))), steering }
}

fn account(down: &[&str], qname: &str, qtype: RrType, subnet: Option<(IpAddr, u8)>, throws: &[Throw]) -> String {
    let asked = Asked { name: name(qname), qtype, client: [198, 51, 100, 9].into(), subnet, dice: Dice::Given(throws) };
    let why = |_| Some(String::from("check \"web\": connection refused, for 12s"));
    explain(&serving(down), &asked, &Why { down: &why, ordered: &|_, _| None })
}

/// Compares with the file that keeps the account.
#[track_caller]
fn check(case: &str, account: String) {
    golden::check(&format!("tests/explain/{case}.txt"), &account);
}

fn subnet(text: &str, length: u8) -> Option<(IpAddr, u8)> {
    Some((text.parse().unwrap(), length))
}

const BOTH_DOWN: [&str; 3] = ["192.0.2.11", "192.0.2.21", "192.0.2.22"];

#[test]
fn a_pool_shows_its_odds_beside_the_throw() {
    check("pool", account(&[], "us", RrType::A, subnet("203.0.113.9", 24), &[Throw::exactly(79, 100)]));
}

#[test]
fn failover_tells_who_is_passed_over_and_why() {
    check("failover", account(&["192.0.2.11", "192.0.2.22"], "web", RrType::A, None, &[]));
}

#[test]
fn when_nothing_is_up_the_fallback_is_named() {
    check("last", account(&BOTH_DOWN, "web", RrType::A, None, &[]));
    let all = [&BOTH_DOWN[..], &["192.0.2.41"]].concat();
    check("all_down", account(&all, "web", RrType::A, None, &[]));
}

#[test]
fn a_throw_that_falls_to_the_wrong_family_is_shown() {
    let down = ["192.0.2.11", "2001:db8:1::1"];
    check("redraw", account(&down, "split", RrType::AAAA, None, &[Throw { draw: 1 << 30, redraw: 0 }]));
}

#[test]
fn nested_policies_are_told_one_by_one() {
    check("nested", account(&[], "world", RrType::A, subnet("2001:db8::", 56), &[]));
}

#[test]
fn pools_tell_how_they_choose() {
    check("all", account(&["192.0.2.51"], "all", RrType::A, None, &[]));
    check("hash", account(&["192.0.2.62"], "hash", RrType::A, None, &[]));
    check("two", account(&[], "two", RrType::A, None, &[Throw::exactly(1, 2)]));
}

#[test]
fn a_pool_below_min_up_still_answers_with_what_is_up() {
    check("min_up", account(&["192.0.2.81", "192.0.2.83"], "many", RrType::A, subnet("203.0.113.0", 24), &[]));
}

#[test]
fn a_client_that_no_rule_matches_goes_on() {
    check("otherwise", account(&[], "rules", RrType::A, subnet("0.0.0.0", 0), &[]));
}

#[test]
fn a_family_beyond_the_rules_is_told() {
    check("everywhere", account(&["2001:db8:3::1"], "apart", RrType::AAAA, None, &[]));
}

#[test]
fn a_client_without_a_place_gets_the_order_as_written() {
    check("unlocated", account(&[], "near", RrType::A, None, &[]));
}

#[test]
fn a_family_that_no_endpoint_has_is_the_zones_own() {
    check("own_family", account(&[], "us", RrType::AAAA, None, &[]));
}

#[test]
fn the_way_to_a_binding_is_shown() {
    check("cname", account(&[], "alias", RrType::A, None, &[]));
    check("wildcard", account(&[], "x.any", RrType::A, None, &[]));
}

#[test]
fn names_that_are_not_steered_are_answered_as_any() {
    check("referral", account(&[], "x.cut", RrType::A, None, &[]));
    check("text", account(&[], "plain", RrType::TXT, None, &[]));
    check("generic", account(&[], "svc", RrType::HTTPS, None, &[]));
    check("nxdomain", account(&[], "nothing", RrType::A, subnet("10.0.0.0", 8), &[]));
    check("other_type", account(&[], "web", RrType::TXT, None, &[]));
    check("no_zone", account(&[], "example.org.", RrType::A, None, &[]));
}

#[test]
fn shares_and_lists_fit_a_line() {
    assert_eq!([percent(70, 100), percent(1, 3), percent(0, 0)], ["70 %", "33.3 %", "0 %"]);
    assert_eq!(list((0..18).map(|n| n.to_string())), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 and 2 more");
}

#[test]
fn only_the_network_of_a_subnet_is_sent() {
    let cases =
        [("203.0.113.9", 24, "203.0.113.0"), ("203.0.113.9", 0, "0.0.0.0"), ("2001:db8:1:2ff::1", 57, "2001:db8:1:280::")];
    for (address, length, expected) in cases {
        assert_eq!(network(address.parse().unwrap(), length).to_string(), expected);
    }
    assert_eq!(subnet_option([203, 0, 113, 9].into(), 20), [0, 8, 0, 7, 0, 1, 20, 0, 203, 0, 112]);
}
