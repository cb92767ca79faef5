//! The rows of section 5 of the notes about geo, the whole way: the database, a configuration, a query with a client subnet.

use std::net::IpAddr;

use signpost::answer::{Client, Dice, View};
use signpost::snapshot::Serving;
use signpost::wire::RrType;

use super::{addresses_of, client, zone};
use crate::harness::allocations::ask;
use crate::scenario::echoes;
use crate::scenario::query::{OPTION_SUBNET, Query, subnet};
use crate::scenario::reply::Reply;
use crate::scenario::world::{Compiled, Health, Texts};

const WORLD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/worlds/vectors.mmdb");
const CONFIG: &str = r#"
[check.tcp]
kind = "tcp"
port = 80
[pool.iad]
location = { lat = 38.95, lon = -77.45 }
check = "tcp"
endpoints = { name = "1", v4 = "192.0.2.1" }
[pool.sjc]
location = { lat = 37.34, lon = -121.89 }
check = "tcp"
endpoints = { name = "1", v4 = "192.0.2.2" }
[pool.fra]
location = { lat = 50.11, lon = 8.68 }
check = "tcp"
endpoints = { name = "1", v4 = "192.0.2.3" }
[pool.sin]
location = { lat = 1.35, lon = 103.82 }
check = "tcp"
endpoints = { name = "1", v4 = "192.0.2.4" }
[pool.gru]
location = { lat = -23.55, lon = -46.63 }
check = "tcp"
endpoints = { name = "1", v4 = "192.0.2.5" }
[policy.www]
choose = "nearest"
from = ["iad", "sjc", "fra", "sin", "gru"]
overrides = [
  { net = "198.18.20.0/24", use = ["sin", "fra"] },
  { net = "198.18.64.0/25", use = "iad" },
  { net = "10.20.0.0/16", use = "fra" },
  { net = "2001:db8:40::/44", use = "gru" },
]
"#;
/// The pools in the order of their addresses.
const POOLS: [&str; 5] = ["iad", "sjc", "fra", "sin", "gru"];

/// Number, resolver, subnet, what is down; where to, and the scope.
type Row = (u32, &'static str, Option<&'static str>, &'static str, &'static str, Option<u8>);

const ROWS: [Row; 20] = [
    (1, "198.18.3.7", None, "", "fra", None),
    (2, "198.18.20.9", None, "", "sin", None),
    (3, "198.19.3.7", Some("198.18.3.0/24"), "", "fra", Some(20)),
    (5, "198.19.3.7", Some("198.18.20.0/24"), "", "sin", Some(24)),
    (6, "198.19.3.7", Some("198.18.21.0/24"), "", "fra", Some(24)),
    (9, "198.19.3.7", Some("198.18.57.0/24"), "", "sjc", Some(22)),
    (12, "198.19.3.7", Some("198.18.62.0/24"), "", "sin", Some(23)),
    (13, "203.0.114.1", Some("198.18.62.0/24"), "", "iad", Some(23)),
    (15, "198.19.3.7", Some("198.18.64.0/24"), "", "iad", Some(25)),
    (18, "198.18.3.7", Some("198.19.77.0/24"), "", "sin", Some(17)),
    (22, "198.18.3.7", Some("198.19.241.0/24"), "", "iad", Some(21)),
    (25, "198.19.3.7", Some("192.0.2.0/24"), "", "fra", Some(24)),
    (28, "198.19.3.7", Some("0.0.0.0/0"), "", "sin", Some(0)),
    (29, "198.19.3.7", Some("10.1.2.0/24"), "", "sin", Some(12)),
    (32, "198.19.3.7", Some("2001:db8:12::/56"), "", "fra", Some(42)),
    (36, "198.19.3.7", Some("2001:db8:2101:100::/56"), "", "iad", Some(48)),
    (39, "::ffff:198.18.3.7", None, "", "fra", None),
    (40, "198.19.3.7", Some("198.18.3.0/24"), "fra", "iad", Some(20)),
    (42, "198.19.3.7", Some("198.18.20.0/24"), "sin fra", "iad", Some(24)),
    (43, "198.19.3.7", Some("198.18.3.0/24"), "iad sjc fra sin gru", "fra", Some(20)),
];

fn compiled() -> Compiled {
    let mut texts = Texts::new(CONFIG, &zone(["www"]));
    texts.geo = Some((WORLD.to_owned(), std::fs::read(WORLD).expect("the world of the vectors")));
    texts.compile().expect("a good configuration")
}

fn serving(compiled: &Compiled, down: &str) -> Serving {
    let health: Vec<Health> = down.split_whitespace().map(|pool| Health::down(pool, "*")).collect();
    compiled.serving(&health).expect("pools that are probed")
}

/// Where the client is sent, and the scope.
fn asked(serving: &Serving, resolver: IpAddr, subnet: Option<&[u8]>) -> (&'static str, Option<u8>) {
    let mut query = Query::new("www.example.com.", RrType::A);
    if let Some(subnet) = subnet {
        query = query.with_option(OPTION_SUBNET, subnet.to_vec());
    }
    let view = View { serving, dice: Dice::seeded(1) };
    let octets = ask(&view, &query.octets(), &Client { address: resolver, ..client() }).expect("a reply");
    let reply = Reply::read(&octets).expect("a reply that can be decoded");
    assert!(echoes(subnet, reply.subnet()) && subnet.is_some() == reply.subnet().is_some(), "the subnet comes back as it was");
    match addresses_of(&reply).as_slice() {
        [IpAddr::V4(v4)] => (POOLS[usize::from(v4.octets()[3]) - 1], reply.scope()),
        other => panic!("expected one address, but found {other:?}"),
    }
}

#[test]
fn every_row_of_the_vectors_comes_out() {
    let compiled = compiled();
    for (number, resolver, net, down, pool, scope) in ROWS {
        let net = net.map(|net| subnet(net).expect("a subnet"));
        let found = asked(&serving(&compiled, down), resolver.parse().expect("an address"), net.as_deref());
        assert_eq!(found, (pool, scope), "row {number}");
    }
}

/// Property 5 of the notes: whatever is down, the scope of every subnet is what it was.
#[test]
fn a_change_of_health_never_changes_a_scope() {
    let compiled = compiled();
    let healths = ["", "fra", "sin fra", "iad sjc gru", "iad sjc fra sin gru"].map(|down| serving(&compiled, down));
    for third in 0..=255_u8 {
        for second in [18, 19] {
            let net = subnet(&format!("198.{second}.{third}.0/24")).expect("a subnet");
            let scopes = healths.each_ref().map(|serving| asked(serving, client().address, Some(&net)).1);
            assert!(scopes.iter().all(|scope| *scope == scopes[0]), "198.{second}.{third}.0/24: {scopes:?}");
        }
    }
}
