//! The world of the design notes and what it answers, row by row, as far as tables decide it.

use std::net::IpAddr;

use super::writer::{Value, Writer, city, country};
use super::*;

/// The file that scenarios use too.
const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/worlds/vectors.mmdb");

const CITIES: &[(&str, f64, f64)] = &[
    ("198.18.0.0/20", 51.51, -0.13),
    ("198.18.16.0/20", 52.52, 13.40),
    ("198.18.32.0/20", 40.71, -74.01),
    ("198.18.48.0/21", 41.88, -87.63),
    ("198.18.56.0/22", 39.74, -104.99),
    ("198.18.60.0/24", 34.05, -118.24),
    ("198.18.61.0/24", 47.61, -122.33),
    ("198.18.64.0/18", -23.55, -46.63),
    ("198.18.128.0/17", 35.68, 139.69),
    ("203.0.113.0/24", 64.73, 177.50),
    ("198.19.0.0/17", 1.35, 103.82),
    ("198.19.128.0/18", -33.87, 151.21),
    ("198.19.192.0/19", 19.08, 72.88),
    ("198.19.224.0/20", -26.20, 28.05),
    ("192.0.2.0/25", 51.51, -0.13),
    ("192.0.2.128/26", 51.51, -0.13),
    ("192.0.2.192/26", 40.71, -74.01),
    ("198.51.100.0/24", 48.86, 2.35),
    ("2001:db8::/36", 52.52, 13.40),
    ("2001:db8:1000::/36", -23.55, -46.63),
    ("2001:db8:2000::/40", 1.35, 103.82),
    ("2001:db8:2100::/48", 34.05, -118.24),
    ("2001:db8:2101::/56", 40.71, -74.01),
    ("2001:db8:2101:100::/56", 39.74, -104.99),
    ("2001:db8:3000::/48", 51.51, -0.13),
];

const NAMES: [&str; 5] = ["iad", "sjc", "fra", "sin", "gru"];

const OVERRIDES: [(&str, &[u16]); 4] =
    [("198.18.20.0/24", &[3, 2]), ("198.18.64.0/25", &[0]), ("10.20.0.0/16", &[2]), ("2001:db8:40::/44", &[4])];

type Row = (u8, &'static str, &'static str, &'static str, &'static str, Option<u8>);

/// Resolver, ECS, what is down, the answer, its scope.
const ROWS: &[Row] = &[
    (1, "198.18.3.7", "", "", "fra", None),
    (2, "198.18.20.9", "", "", "sin", None),
    (3, "198.19.3.7", "198.18.3.0/24", "", "fra", Some(20)),
    (5, "198.19.3.7", "198.18.20.0/24", "", "sin", Some(24)),
    (6, "198.19.3.7", "198.18.21.0/24", "", "fra", Some(24)),
    (9, "198.19.3.7", "198.18.57.0/24", "", "sjc", Some(22)),
    (12, "198.19.3.7", "198.18.62.0/24", "", "sin", Some(23)),
    (13, "203.0.114.1", "198.18.62.0/24", "", "iad", Some(23)),
    (15, "198.19.3.7", "198.18.64.0/24", "", "iad", Some(25)),
    (18, "198.18.3.7", "198.19.77.0/24", "", "sin", Some(17)),
    (22, "198.18.3.7", "198.19.241.0/24", "", "iad", Some(21)),
    (25, "198.19.3.7", "192.0.2.0/24", "", "fra", Some(24)),
    (28, "198.19.3.7", "0.0.0.0/0", "", "sin", Some(0)),
    (29, "198.19.3.7", "10.1.2.0/24", "", "sin", Some(12)),
    (32, "198.19.3.7", "2001:db8:12::/56", "", "fra", Some(42)),
    (36, "198.19.3.7", "2001:db8:2101:100::/56", "", "iad", Some(48)),
    (39, "::ffff:198.18.3.7", "", "", "fra", None),
    (40, "198.19.3.7", "198.18.3.0/24", "fra", "iad", Some(20)),
    (42, "198.19.3.7", "198.18.20.0/24", "sin fra", "iad", Some(24)),
    (43, "198.19.3.7", "198.18.3.0/24", "iad sjc fra sin gru", "fra", Some(20)),
];

fn database() -> Vec<u8> {
    let mut writer = Writer::new(true);
    for &(prefix, latitude, longitude) in CITIES {
        writer.insert(prefix, &city(latitude, longitude));
    }
    writer.insert("198.19.240.0/21", &country("US"));
    writer.insert("198.19.248.0/22", &country("RU"));
    writer.insert("198.19.252.0/23", &Value::Map(vec![]));
    writer.finish()
}

pub(super) fn places() -> Vec<Placed> {
    let points = [(38.95, -77.45), (37.34, -121.89), (50.11, 8.68), (1.35, 103.82), (-23.55, -46.63)];
    points.map(|(latitude, longitude)| Placed { points: vec![point(latitude, longitude)], bias: 0 }).to_vec()
}

struct Tables {
    near: PlacesTable,
    overrides: NetTable,
}

impl Tables {
    /// The order for one address, if any is known, and the scope.
    fn order(&self, address: IpAddr) -> (Vec<u16>, u8) {
        let address = match address {
            IpAddr::V6(v6) => embedded_v4(v6).map_or(address, |(v4, _)| v4.into()),
            IpAddr::V4(_) => address,
        };
        let (near, overridden) = (self.near.lookup(address), self.overrides.lookup(address));
        let first = overridden.value.map_or(&[][..], |index| OVERRIDES[index as usize].1);
        let order = first.iter().chain(near.value.unwrap_or_default()).copied().collect();
        (order, near.length.max(overridden.length))
    }

    fn answer(&self, resolver: &str, ecs: &str, down: &str) -> (&'static str, Option<u8>) {
        let resolver = resolver.parse().unwrap();
        let (mut order, mut scope) = (Vec::new(), None);
        if let Some((address, source)) = ecs.split_once('/') {
            let address: IpAddr = address.parse().unwrap();
            scope = Some(0);
            if source != "0" {
                let (found, length) = self.order(address);
                let block = private_block(address).filter(|_| found.is_empty()).unwrap_or(0);
                (order, scope) = (found, Some(length.max(block)));
            }
        }
        if order.is_empty() {
            order = self.order(resolver).0;
        }
        order.extend(0..5);
        let up = order.iter().find(|&&index| !down.contains(NAMES[usize::from(index)]));
        (NAMES[usize::from(*up.unwrap_or(&order[0]))], scope)
    }
}

#[test]
fn every_row_of_the_notes_holds() {
    let world = world(std::fs::read(PATH).unwrap());
    let overrides: Vec<_> = (0..).zip(OVERRIDES).map(|(index, (net, _))| (net.parse().unwrap(), index)).collect();
    let tables = Tables { near: PlacesTable::compile(&world, &places()), overrides: NetTable::compile(&overrides) };
    for &(row, resolver, ecs, down, place, scope) in ROWS {
        assert_eq!(tables.answer(resolver, ecs, down), (place, scope), "row {row}");
    }
}

#[test]
fn the_committed_database_is_the_one_written_here() {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(PATH, database()).unwrap();
    }
    assert!(std::fs::read(PATH).unwrap() == database(), "run the tests with UPDATE_GOLDEN=1");
}

#[test]
fn the_nearest_come_first() {
    let table = PlacesTable::compile(&world(database()), &places());
    let cases = [
        ("198.18.3.7", "fra iad sjc", 19),
        ("198.18.57.1", "sjc iad fra", 22),
        ("198.18.200.1", "sin sjc fra", 17),
        ("198.19.130.1", "sin sjc gru", 18),
        ("198.19.230.1", "gru sin fra", 20),
        ("203.0.113.9", "sjc iad fra", 24),
        ("198.19.249.1", "fra iad sin", 22),
        ("2001:db8:2101:100::1", "iad sjc fra", 48),
    ];
    for (address, names, length) in cases {
        let hit = table.lookup(address.parse().unwrap());
        let found: Vec<_> = hit.value.unwrap().iter().map(|&index| NAMES[usize::from(index)]).collect();
        assert_eq!((found.join(" ").as_str(), hit.length), (names, length), "{address}");
    }
    let hole = table.lookup("198.19.253.1".parse().unwrap());
    assert_eq!((hole.value, hole.length), (None, 22), "a record that says nothing is a hole, merged with the one beside it");
}

#[test]
fn bias_children_of_many_places_and_ties() {
    let world = world(database());
    let first = |places: &[Placed], address: &str| {
        let table = PlacesTable::compile(&world, places);
        table.lookup(address.parse().unwrap()).value.unwrap().to_vec()
    };
    let (london, chicago) = ("198.18.3.7", "198.18.49.1");
    let mut places = places();
    places[0].bias = 99;
    assert_eq!(first(&places, london)[0], 0, "5921 km seem 59, Frankfurt is at 638");
    places[0].bias = 0;
    places[2].bias = -95;
    assert_eq!(first(&places, london), [0, 1, 4], "638 km seem 12760");
    places[2].bias = -128;
    assert_eq!(first(&places, london), [0, 1, 4]);
    let frankfurt = places[2].points[0];
    places[1] = Placed { points: vec![places[1].points[0], frankfurt], bias: 0 };
    assert_eq!(first(&places, london), [1, 0, 4], "the nearest leaf of a child counts");
    let twins = vec![places[0].clone(), Placed { points: vec![], bias: 0 }, places[0].clone()];
    assert_eq!(first(&twins, chicago), [0, 2], "what is not located is in no order, equals keep theirs");
    assert_eq!(first(&[], chicago), [] as [u16; 0]);
}
