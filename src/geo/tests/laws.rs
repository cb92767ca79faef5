//! What must hold for every world, checked on random ones against answers found the slow way.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::writer::{Writer, city};
use super::*;
use crate::geo::leaves::{Leaves, position, size};
use crate::limits::{GEO_CLIP_V4, GEO_CLIP_V6, NEAREST_LENGTH};

const CITIES: [(f64, f64); 8] = [
    (51.51, -0.13),
    (40.71, -74.01),
    (34.05, -118.24),
    (-23.55, -46.63),
    (35.68, 139.69),
    (1.35, 103.82),
    (-33.87, 151.21),
    (48.86, 2.35),
];

type Entries = Vec<(Prefix, usize)>;

/// Prefixes in a corner of each family, short and longer than the clip; of equal ones the last stays.
fn entries() -> impl Strategy<Value = Entries> {
    let v4 = (any::<u32>(), 12u8..=32, 0..CITIES.len()).prop_map(|(bits, length, city)| {
        let bits = (0xc612_0000 | bits & 0x0001_ffff) & (u32::MAX << (32 - u32::from(length)));
        (Prefix::new(Ipv4Addr::from_bits(bits).into(), length).unwrap(), city)
    });
    let v6 = (any::<u128>(), 20u8..=56, 0..CITIES.len()).prop_map(|(bits, length, city)| {
        let bits = (0x2001_0db8 << 96 | (bits & 0x0001_ffff) << 72) & (u128::MAX << (128 - u32::from(length)));
        (Prefix::new(Ipv6Addr::from_bits(bits).into(), length).unwrap(), city)
    });
    prop::collection::vec(prop_oneof![v4, v6], 1..60).prop_map(|mut entries| {
        entries.sort_by_key(|(prefix, _)| prefix.length());
        entries.dedup_by_key(|(prefix, _)| *prefix);
        entries
    })
}

fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        4 => any::<u32>().prop_map(|bits| Ipv4Addr::from_bits(0xc612_0000 | bits & 0x0001_ffff).into()),
        1 => any::<u32>().prop_map(|bits| Ipv4Addr::from_bits(bits).into()),
        4 => any::<u128>().prop_map(|bits| Ipv6Addr::from_bits(0x2001_0db8 << 96 | (bits & 0x01_ffff_ffff) << 64).into()),
        1 => any::<u128>().prop_map(|bits| Ipv6Addr::from_bits(bits).into()),
    ]
}

fn written(entries: &Entries) -> World {
    let mut writer = Writer::new(true);
    for (prefix, number) in entries {
        let (latitude, longitude) = CITIES[*number];
        writer.insert(&prefix.to_string(), &city(latitude, longitude));
    }
    world(writer.finish())
}

fn addressed(position: u128, like: IpAddr) -> IpAddr {
    match like {
        IpAddr::V4(_) => Ipv4Addr::from_bits(u32::try_from(position >> 96).unwrap()).into(),
        IpAddr::V6(_) => Ipv6Addr::from_bits(position).into(),
    }
}

/// The city of an address in the clipped database: every unit of its clip-length prefix votes.
fn slow_city(entries: &Entries, address: IpAddr) -> Option<usize> {
    let (clip, unit) = if address.is_ipv4() { (GEO_CLIP_V4, 32) } else { (GEO_CLIP_V6, 56) };
    let block = position(address) & size(clip).wrapping_neg();
    let mut votes: Vec<(usize, usize)> = Vec::new();
    for step in 0..256 {
        let voter = addressed(block + step * size(unit), address);
        let around = entries.iter().filter(|(prefix, _)| prefix.contains(voter));
        let Some((_, city)) = around.max_by_key(|(prefix, _)| prefix.length()) else { continue };
        match votes.iter_mut().find(|(known, _)| known == city) {
            Some((_, count)) => *count += 1,
            None => votes.push((*city, 1)),
        }
    }
    votes.into_iter().rev().max_by_key(|&(_, count)| count).map(|(city, _)| city)
}

fn slow_order(city: usize, places: &[Placed]) -> Vec<u16> {
    let from = point(CITIES[city].0, CITIES[city].1);
    let mut order: Vec<(u16, f64)> = (0..)
        .zip(places)
        .filter(|(_, placed)| !placed.points.is_empty())
        .map(|(index, placed)| {
            let nearest = placed.points.iter().map(|&to| distance_km(from, to)).fold(f64::INFINITY, f64::min);
            let bias = f64::from(placed.bias);
            (index, if bias > 0.0 { nearest * (1.0 - bias / 100.0) } else { nearest / (1.0 + bias / 100.0) })
        })
        .collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    order.into_iter().map(|(index, _)| index).take(NEAREST_LENGTH).collect()
}

/// Disjoint and complete by their lengths, and no two siblings alike.
fn sound(leaves: &Leaves) {
    let mut next = Some(0);
    let mut before: Option<(u128, u8, Option<u32>)> = None;
    for leaf in leaves.iter() {
        assert_eq!(Some(leaf.start), next);
        assert_eq!(leaf.start & size(leaf.length).wrapping_sub(1), 0, "aligned");
        if let Some((start, length, value)) = before {
            let siblings = length == leaf.length && start ^ leaf.start == size(length);
            assert!(!siblings || value != leaf.value, "equal siblings at {start:x}/{length}");
        }
        before = Some((leaf.start, leaf.length, leaf.value));
        next = crate::geo::leaves::end(leaf.start, leaf.length);
    }
    assert_eq!(next, None, "covers everything");
}

fn placed() -> impl Strategy<Value = Vec<Placed>> {
    let points = prop::collection::vec((-80.0..80.0, -179.0..179.0).prop_map(|(lat, lon)| point(lat, lon)), 0..3);
    prop::collection::vec((points, -99i8..=99).prop_map(|(points, bias)| Placed { points, bias }), 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tables_are_covers_that_answer_like_the_database(
        entries in entries(), places in placed(), addresses in prop::collection::vec(address(), 30), salt in any::<u128>()
    ) {
        let world = written(&entries);
        let table = PlacesTable::compile(&world, &places);
        world.tables.leaves().into_iter().chain(table.tables.leaves()).for_each(sound);
        for address in addresses {
            let expected = slow_city(&entries, address).map(|city| slow_order(city, &places));
            let hit = table.lookup(address);
            prop_assert_eq!(hit.value.map(<[u16]>::to_vec), expected, "{}", address);
            let elsewhere = position(address) & size(hit.length).wrapping_neg() | salt & size(hit.length).wrapping_sub(1);
            let neighbour = addressed(elsewhere, address);
            prop_assert_eq!(table.lookup(neighbour), hit, "{} and {} are in one leaf", address, neighbour);
            let place = world.locate(address);
            prop_assert!(place.length >= hit.length);
        }
    }

    #[test]
    fn networks_are_found_and_gaps_measured(entries in entries(), addresses in prop::collection::vec(address(), 30)) {
        let numbered: Vec<(Prefix, u32)> = entries.iter().zip(0..).map(|(&(prefix, _), number)| (prefix, number)).collect();
        let table = NetTable::compile(&numbered);
        table.tables.leaves().into_iter().for_each(sound);
        for address in addresses {
            let inside = numbered.iter().filter(|(prefix, _)| prefix.contains(address));
            let expected = inside.max_by_key(|(prefix, _)| prefix.length());
            let hit = table.lookup(address);
            prop_assert_eq!(hit.value, expected.map(|&(_, number)| number));
            let leaf = |length: u8| {
                let start = addressed(position(address) & size(length).wrapping_neg(), address);
                Prefix::new(start, length).unwrap()
            };
            let cut = |leaf: Prefix| numbered.iter().any(|(prefix, _)| *prefix != leaf
                && leaf.contains(prefix.address()) && prefix.length() > leaf.length());
            prop_assert!(!cut(leaf(hit.length)), "no network begins inside a leaf");
            if expected.is_none() && hit.length > 0 {
                let wider = leaf(hit.length - 1);
                prop_assert!(cut(wider) || numbered.iter().any(|(prefix, _)| *prefix == wider), "the gap is as wide as can be");
            }
        }
    }

    #[test]
    fn rules_match_as_they_are_written(
        rules in prop::collection::vec(rule(), 0..20), addresses in prop::collection::vec(address(), 30), salt in any::<u128>()
    ) {
        let world = World::read(&[("w.txt".to_owned(), WORLD.as_bytes().to_vec())]).unwrap();
        let table = RuleTable::compile(&world, &rules);
        table.covers().into_iter().for_each(sound);
        for address in addresses {
            let location = world.locate(address).value;
            let expected = rules.iter().position(|rule| {
                slow_match(rule, location, address) && !rule.not.as_deref().is_some_and(|not| slow_match(not, location, address))
            });
            let (place, net) = (table.place(address), table.net(address));
            prop_assert_eq!(table.first_match(place.value, net.value), expected, "{}", address);
            for (hit, lookup) in [(place, RuleTable::place as fn(&RuleTable, IpAddr) -> _), (net, RuleTable::net)] {
                let behind = size(hit.length).wrapping_sub(1);
                let neighbour = addressed(position(address) & !behind | salt & behind, address);
                prop_assert_eq!(lookup(&table, neighbour), hit, "{} and {} are in one leaf", address, neighbour);
            }
        }
    }
}

const WORLD: &str = "198.18.0.0/17 DE\n198.18.128.0/18 FR\n198.19.0.0/18 US\n198.19.64.0/18 10.0 20.0\n2001:db8::/32 US\n";

fn rule() -> impl Strategy<Value = Match> {
    (keys(), prop::option::of(keys())).prop_map(|(keys, not)| Match { not: not.map(Box::new), ..keys })
}

fn keys() -> impl Strategy<Value = Match> {
    let country = prop::collection::vec(prop::sample::select(vec![*b"DE", *b"FR", *b"US"]), 0..3);
    let continent = prop::collection::vec(prop::sample::select(vec![*b"EU", *b"NA"]), 0..2);
    let net = prop::collection::vec(entries().prop_map(|entries| entries[0].0), 0..4);
    (country, continent, net).prop_map(|(country, continent, net)| Match { country, continent, net, ..Match::default() })
}

fn slow_match(rule: &Match, location: Option<&Location>, address: IpAddr) -> bool {
    let country = location.and_then(|location| location.country);
    let continent = location.and_then(|location| location.continent);
    (rule.country.is_empty() || country.is_some_and(|code| rule.country.contains(&code)))
        && (rule.continent.is_empty() || continent.is_some_and(|code| rule.continent.contains(&code)))
        && (rule.net.is_empty() || rule.net.iter().any(|net| net.contains(address)))
}
