//! The properties of the notes about geo on random worlds, the whole way: database, places, biases, overrides and health by chance,
//! a query with or without a subnet; the answer and the scope to the bit against an oracle that shares no code with the product.
//!
//! The oracle finds an order by looking at every entry, and a scope by widening a prefix as long as nothing in it differs.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use signpost::answer::{Client, Dice, View};
use signpost::snapshot::Serving;
use signpost::wire::RrType;

use super::{addresses_of, client, zone};
use crate::harness::allocations::ask;
use crate::scenario::echoes;
use crate::scenario::query::{OPTION_SUBNET, Query};
use crate::scenario::reply::Reply;
use crate::scenario::world::{Health, Texts};

/// Where databases are cut, and how many pools a place orders.
const CLIP_V4: u8 = 24;
const CLIP_V6: u8 = 48;
const NEAREST: usize = 3;
const CITIES: [(f64, f64); 6] =
    [(51.51, -0.13), (40.71, -74.01), (34.05, -118.24), (-23.55, -46.63), (35.68, 139.69), (1.35, 103.82)];
/// Blocks that tell nothing about a place (RFC 7871 §10, §11.3).
const PRIVATE: [(&str, u8); 11] = [
    ("0.0.0.0", 8),
    ("10.0.0.0", 8),
    ("100.64.0.0", 10),
    ("127.0.0.0", 8),
    ("169.254.0.0", 16),
    ("172.16.0.0", 12),
    ("192.168.0.0", 16),
    ("::", 128),
    ("::1", 128),
    ("fc00::", 7),
    ("fe80::", 10),
];

/// IPv4 in IPv6 clothes: IPv4-mapped, NAT64, 6to4.
const CLOTHES: [(&str, u8); 3] = [("::ffff:0:0", 96), ("64:ff9b::", 96), ("2002::", 16)];
/// One address of each block, that in clothes known to most worlds.
const STRANGE: [&str; 14] = [
    "0.0.0.1",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "::",
    "::1",
    "fc00::1",
    "fe80::1",
    "::ffff:198.18.3.7",
    "64:ff9b::198.18.3.7",
    "2002:c612:307::1",
];

/// A network: family, first address left-aligned in 128 bits, length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Net {
    v4: bool,
    start: u128,
    length: u8,
}

/// What an operator has written, as the oracle sees it.
#[derive(Clone, Debug)]
struct Plan {
    database: Vec<(Net, usize)>,
    pools: Vec<Pool>,
    overrides: Vec<(Net, Vec<usize>)>,
}

/// One pool: where it stands, if anywhere, and its bias.
#[derive(Clone, Copy, Debug)]
struct Pool {
    place: Option<(i32, i32)>,
    bias: i32,
}

/// A query: where it comes from, the subnet's address and source length.
type Asked = (IpAddr, Option<(IpAddr, u8)>);

/// One property of all addresses of a family: where a stretch begins, and what holds there.
type Stretches<T> = Vec<(u128, T)>;

fn position(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()) << 96,
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

fn address_at(v4: bool, position: u128) -> IpAddr {
    if v4 { Ipv4Addr::from_bits((position >> 96) as u32).into() } else { Ipv6Addr::from_bits(position).into() }
}

fn mask(length: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0)
}

impl Net {
    fn around(address: IpAddr, length: u8) -> Self {
        Self { v4: address.is_ipv4(), start: position(address) & mask(length), length }
    }

    fn last(&self) -> u128 {
        self.start | !mask(self.length)
    }

    fn contains(&self, v4: bool, position: u128) -> bool {
        self.v4 == v4 && (self.start..=self.last()).contains(&position)
    }

    fn parse((address, length): &(&str, u8)) -> Self {
        Self::around(address.parse().expect("an address"), *length)
    }

    fn text(&self) -> String {
        format!("{}/{}", address_at(self.v4, self.start), self.length)
    }
}

/// The IPv4 address in an IPv6 one, and the bits before it.
fn undressed(address: IpAddr) -> (IpAddr, u8) {
    let IpAddr::V6(v6) = address else { return (address, 0) };
    let bits = v6.to_bits();
    let v4 = |bits: u128| IpAddr::V4(Ipv4Addr::from_bits(bits as u32));
    match (bits >> 32, bits >> 112) {
        (0xffff, _) | (0x0064_ff9b_0000_0000_0000_0000, _) => (v4(bits), 96),
        (_, 0x2002) => (v4(bits >> 80), 16),
        _ => (address, 0),
    }
}

/// Kilometres by the haversine.
fn distance((lat_a, lon_a): (f64, f64), (lat_b, lon_b): (f64, f64)) -> f64 {
    let [lat_a, lon_a, lat_b, lon_b] = [lat_a, lon_a, lat_b, lon_b].map(f64::to_radians);
    let half = |a: f64, b: f64| ((a - b) / 2.0).sin().powi(2);
    2.0 * 6371.0088 * (half(lat_a, lat_b) + lat_a.cos() * lat_b.cos() * half(lon_a, lon_b)).sqrt().min(1.0).asin()
}

impl Plan {
    /// The city of the clip-length block around a position: that of most of its addresses, the lowest of equals.
    fn city(&self, v4: bool, position: u128) -> Option<usize> {
        let (clip, unit) = if v4 { (CLIP_V4, 32) } else { (CLIP_V6, 56) };
        let block = position & mask(clip);
        let around = |position: u128| {
            let inside = self.database.iter().filter(|(net, _)| net.contains(v4, position));
            inside.max_by_key(|(net, _)| net.length).map(|(_, city)| *city)
        };
        if !self.database.iter().any(|(net, _)| net.length > clip && net.v4 == v4 && net.start & mask(clip) == block) {
            return around(block);
        }
        let mut votes: Vec<(usize, usize)> = Vec::new();
        for city in (0..1_u128 << (unit - clip)).filter_map(|step| around(block + (step << (128 - unit)))) {
            match votes.iter_mut().find(|(other, _)| *other == city) {
                Some((_, count)) => *count += 1,
                None => votes.push((city, 1)),
            }
        }
        votes.into_iter().rev().max_by_key(|(_, count)| *count).map(|(city, _)| city)
    }

    /// The nearest pools.
    fn nearest(&self, city: usize) -> Vec<usize> {
        let far = |pool: &Pool| {
            let (lat, lon) = pool.place?;
            let (km, bias) = (distance(CITIES[city], (lat.into(), lon.into())), f64::from(pool.bias));
            Some(if bias > 0.0 { km * (1.0 - bias / 100.0) } else { km / (1.0 + bias / 100.0) })
        };
        let mut order: Vec<(usize, f64)> = (0..).zip(&self.pools).filter_map(|(pool, one)| Some((pool, far(one)?))).collect();
        order.sort_by(|a, b| a.1.total_cmp(&b.1));
        order.into_iter().map(|(pool, _)| pool).take(NEAREST).collect()
    }

    /// The nearest pools for every address of a family.
    fn places(&self, v4: bool) -> Stretches<Option<Vec<usize>>> {
        let clip = if v4 { CLIP_V4 } else { CLIP_V6 };
        let blocks = self.database.iter().filter(|(net, _)| net.v4 == v4).map(|(net, _)| Net {
            start: net.start & mask(clip.min(net.length)),
            length: clip.min(net.length),
            ..*net
        });
        stretches(blocks, |position| self.city(v4, position).map(|city| self.nearest(city)))
    }

    /// The order that is written for every address of a family.
    fn written(&self, v4: bool) -> Stretches<Option<Vec<usize>>> {
        let nets = self.overrides.iter().map(|(net, _)| *net).filter(|net| net.v4 == v4);
        stretches(nets, |position| {
            let inside = self.overrides.iter().filter(|(net, _)| net.contains(v4, position));
            inside.max_by_key(|(net, _)| net.length).map(|(_, order)| order.clone())
        })
    }

    fn config(&self) -> String {
        let pool = |(index, pool): (usize, &Pool)| {
            let place = pool.place.map(|(lat, lon)| format!("location = {{ lat = {lat}, lon = {lon} }}\n")).unwrap_or_default();
            format!("[pool.p{index}]\ncheck = \"tcp\"\n{place}endpoints = {{ name = \"1\", v4 = \"192.0.2.{index}\" }}\n")
        };
        let pools: String = self.pools.iter().enumerate().map(pool).collect();
        let child = |(index, pool): (usize, &Pool)| format!("{{ use = \"p{index}\", bias = {} }}", pool.bias);
        let from: Vec<String> = self.pools.iter().enumerate().map(child).collect();
        let names = |order: &Vec<usize>| order.iter().map(|pool| format!("p{pool}")).collect::<Vec<_>>();
        let rows = self.overrides.iter().map(|(net, order)| format!("{{ net = \"{}\", use = {:?} }}", net.text(), names(order)));
        let overrides = rows.collect::<Vec<_>>().join(", ");
        format!(
            "[check.tcp]\nkind = \"tcp\"\nport = 80\n{pools}[policy.www]\nchoose = \"nearest\"\nfrom = [{}]\noverrides = [{overrides}]\n",
            from.join(", ")
        )
    }

    fn texts(&self) -> Texts {
        let line = |(net, city): &(Net, usize)| format!("{} {} {}\n", net.text(), CITIES[*city].0, CITIES[*city].1);
        let database: String = self.database.iter().map(line).collect();
        let mut texts = Texts::new(&self.config(), &zone(["www"]));
        texts.geo = Some(("world".to_owned(), database.into_bytes()));
        texts
    }
}

/// What holds from each place on where it may change.
fn stretches<T>(nets: impl Iterator<Item = Net>, holds: impl Fn(u128) -> T) -> Stretches<T> {
    let mut starts: Vec<u128> = nets.flat_map(|net| [net.start, net.last().wrapping_add(1)]).chain([0]).collect();
    starts.sort_unstable();
    starts.dedup();
    starts.into_iter().map(|start| (start, holds(start))).collect()
}

/// What holds at a position, and the length of the widest prefix around it in which nothing else does.
fn leaf<T: PartialEq>(stretches: &Stretches<T>, position: u128) -> (&T, u8) {
    let at = |position: u128| stretches.partition_point(|(start, _)| *start <= position) - 1;
    let value = &stretches[at(position)].1;
    let same = |length: &u8| {
        let (first, last) = (at(position & mask(*length)), at(position | !mask(*length)));
        stretches[first..=last].iter().all(|(_, other)| other == value)
    };
    (value, (0..=128).find(same).expect("an address is a prefix"))
}

/// The oracle for one plan.
struct Oracle {
    pools: usize,
    /// By family: IPv4, IPv6.
    places: [Stretches<Option<Vec<usize>>>; 2],
    written: [Stretches<Option<Vec<usize>>>; 2],
}

impl Oracle {
    fn new(plan: &Plan) -> Self {
        let families = [true, false];
        Self { pools: plan.pools.len(), places: families.map(|v4| plan.places(v4)), written: families.map(|v4| plan.written(v4)) }
    }

    /// The order for an address if anything is known of it, and the length for which that holds.
    fn known(&self, address: IpAddr) -> (Option<Vec<usize>>, u8) {
        let family = usize::from(address.is_ipv6());
        let (place, place_length) = leaf(&self.places[family], position(address));
        let (written, written_length) = leaf(&self.written[family], position(address));
        (written.clone().or_else(|| place.clone()), place_length.max(written_length))
    }

    /// The order of all pools for a query, and the scope if it has a subnet.
    fn order(&self, (source, subnet): Asked) -> (Vec<usize>, Option<u8>) {
        let (source, _) = undressed(source);
        let counts = subnet.filter(|(_, length)| *length > 0);
        let (order, scope) = match counts {
            None => (self.known(source).0, subnet.map(|_| 0)),
            Some((address, _)) => {
                let (address, before) = undressed(address);
                let (known, length) = self.known(address);
                (known.or_else(|| self.known(source).0), Some(before + length.max(alike(address))))
            }
        };
        let mut order = order.unwrap_or_default();
        order.extend((0..self.pools).filter(|pool| !order.contains(pool)).collect::<Vec<_>>());
        (order, scope)
    }
}

/// The length of the widest prefix around an address that lies in a private block, or has nothing of one, nor of IPv4 in clothes.
fn alike(address: IpAddr) -> u8 {
    let at = position(address);
    let private: Vec<Net> = PRIVATE.iter().map(Net::parse).collect();
    let blocks = || private.iter().copied().chain(CLOTHES.iter().map(Net::parse)).filter(|block| block.v4 == address.is_ipv4());
    match private.iter().find(|block| block.contains(address.is_ipv4(), at)) {
        Some(block) => block.length,
        None => {
            let apart = |length: &u8| blocks().all(|block| !Net::around(address, *length).contains(block.v4, block.start));
            (0..=128).find(apart).expect("an address is a prefix")
        }
    }
}

fn any_address() -> impl Strategy<Value = IpAddr> {
    let v4 = |bits: u32| IpAddr::V4(Ipv4Addr::from_bits(bits));
    let v6 = |bits: u128| IpAddr::V6(Ipv6Addr::from_bits(bits));
    let known_v4 = any::<u32>().prop_map(|bits| 0xc612_0000 | bits & 0x0001_ffff);
    prop_oneof![
        6 => known_v4.clone().prop_map(v4),
        4 => any::<u128>().prop_map(move |bits| v6(0x2001_0db8 << 96 | bits & (u128::MAX >> 39))),
        1 => any::<u32>().prop_map(move |bits| v4(0x0a00_0000 | bits >> 8)),
        1 => any::<u32>().prop_map(v4),
        1 => any::<u128>().prop_map(v6),
        1 => known_v4.clone().prop_map(move |bits| v6(0xffff << 32 | u128::from(bits))),
        1 => known_v4.clone().prop_map(move |bits| v6(0x64_ff9b << 96 | u128::from(bits))),
        1 => (known_v4, any::<u64>()).prop_map(move |(bits, low)| v6(0x2002 << 112 | u128::from(bits) << 80 | u128::from(low))),
    ]
}

/// A network around an address, in a family of its own.
fn any_net() -> impl Strategy<Value = Net> {
    let lengths = (any::<prop::sample::Index>(), prop::bool::weighted(0.2));
    (any_address(), lengths).prop_map(|(address, (length, is_short))| {
        let (address, _) = undressed(address);
        let shortest = if is_short { 1 } else { 14 };
        let longest = if address.is_ipv4() { 32 } else { 56 };
        Net::around(address, shortest + length.index(longest + 1 - usize::from(shortest)) as u8)
    })
}

fn any_plan() -> impl Strategy<Value = Plan> {
    let place = prop::option::weighted(0.8, (-80..80_i32, -179..180_i32));
    let bias = prop_oneof![3 => Just(0), 1 => -99..=99_i32];
    let pool = (place, bias).prop_map(|(place, bias)| Pool { place, bias });
    let pools = ((-80..80_i32, -179..180_i32), prop::collection::vec(pool, 1..6));
    let pools = pools.prop_map(|(first, rest)| [vec![Pool { place: Some(first), bias: 0 }], rest].concat());
    pools.prop_flat_map(|pools| {
        let all: Vec<usize> = (0..pools.len()).collect();
        let database = prop::collection::btree_map(any_net(), 0..CITIES.len(), 1..30);
        let orders = prop::sample::subsequence(all, 1..=pools.len()).prop_shuffle();
        let overrides = prop::collection::btree_map(any_net(), orders, 0..8);
        (Just(pools), database, overrides, any::<bool>()).prop_map(|(pools, database, overrides, in_pairs)| {
            let mut overrides: Vec<(Net, Vec<usize>)> = overrides.into_iter().collect();
            if in_pairs {
                add_siblings(&mut overrides);
            }
            Plan { database: database.into_iter().collect(), pools, overrides }
        })
    })
}

/// Gives every network its sibling with the same order: together they are one prefix, and one scope.
fn add_siblings(overrides: &mut Vec<(Net, Vec<usize>)>) {
    for (net, order) in overrides.clone() {
        let sibling = Net { start: net.start ^ (1 << (128 - net.length)), ..net };
        if !overrides.iter().any(|(other, _)| *other == sibling) {
            overrides.push((sibling, order));
        }
    }
}

fn any_asked() -> impl Strategy<Value = Asked> {
    let length = prop_oneof![Just(u8::MAX), Just(24), Just(56), Just(0), 1..=128_u8];
    let subnet = (any_address(), length).prop_map(|(address, length)| {
        let length = length.min(if address.is_ipv4() { 32 } else { 128 });
        let net = Net::around(address, length);
        (address_at(net.v4, net.start), length)
    });
    (any_address(), prop::option::weighted(0.8, subnet))
}

/// The data of the option.
fn data(address: IpAddr, length: u8) -> Vec<u8> {
    let octets = position(address).to_be_bytes();
    let family = if address.is_ipv4() { 1 } else { 2 };
    [&[0, family, length, 0], &octets[..usize::from(length).div_ceil(8)]].concat()
}

/// The pool that a query is answered with, and the scope.
fn answered(serving: &Serving, (source, subnet): Asked) -> (usize, Option<u8>) {
    let subnet = subnet.map(|(address, length)| data(address, length));
    let mut query = Query::new("www.example.com.", RrType::A);
    if let Some(data) = &subnet {
        query = query.with_option(OPTION_SUBNET, data.clone());
    }
    let view = View { serving, dice: Dice::seeded(1) };
    let octets = ask(&view, &query.octets(), &Client { address: source, ..client() }).expect("a reply");
    let reply = Reply::read(&octets).expect("a reply that can be decoded");
    assert_eq!(reply.rcode, 0);
    assert!(echoes(subnet.as_deref(), reply.subnet()) && subnet.is_some() == reply.subnet().is_some(), "the subnet is echoed");
    match addresses_of(&reply).as_slice() {
        [IpAddr::V4(v4)] => (v4.octets()[3].into(), reply.scope()),
        other => panic!("expected one address, but found {other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Properties 3 and 5: the answer is the first that is up of the order found by hand; the scope, found by hand too, is as wide as
    /// can be and the same in any health. So no two siblings carry the same (property 2), and leaves neither overlap nor leave gaps
    /// (property 1).
    #[test]
    fn answer_and_scope_are_those_found_by_hand(
        plan in any_plan(),
        asked in prop::collection::vec(any_asked(), 8),
        healths in prop::collection::vec(any::<u8>(), 3),
    ) {
        let compiled = plan.texts().compile().map_err(TestCaseError::fail)?;
        let oracle = Oracle::new(&plan);
        for down in [0].into_iter().chain(healths) {
            let is_down = |pool: &usize| down >> pool & 1 == 1;
            let health: Vec<Health> = (0..plan.pools.len()).filter(is_down).map(|pool| Health::down(&format!("p{pool}"), "*")).collect();
            let serving = compiled.serving(&health).map_err(TestCaseError::fail)?;
            for one in &asked {
                let (order, scope) = oracle.order(*one);
                let up = order.iter().find(|pool| !is_down(pool)).unwrap_or(&order[0]);
                prop_assert_eq!(answered(&serving, *one), (*up, scope), "{:?}, down {:b}, order {:?}\n{}", one, down, order, plan.config());
            }
        }
    }

    /// Property 4: two clients of one scope get the same answer and the same scope, so a resolver that keeps one for the other is right.
    #[test]
    fn every_address_of_a_scope_is_answered_alike(
        plan in any_plan(),
        asked in prop::collection::vec(any_asked(), 8),
        (salt, down) in (any::<u128>(), any::<u8>()),
    ) {
        let compiled = plan.texts().compile().map_err(TestCaseError::fail)?;
        let is_down = |pool: &usize| down >> pool & 1 == 1;
        let health: Vec<Health> = (0..plan.pools.len()).filter(is_down).map(|pool| Health::down(&format!("p{pool}"), "*")).collect();
        let serving = compiled.serving(&health).map_err(TestCaseError::fail)?;
        for (source, subnet) in asked {
            let Some((address, length)) = subnet.filter(|(_, length)| *length > 0) else { continue };
            let (pool, scope) = answered(&serving, (source, subnet));
            let behind = !mask(scope.unwrap_or(0));
            let neighbour = address_at(address.is_ipv4(), position(address) & !behind | salt & behind);
            let host = if address.is_ipv4() { 32 } else { 128 };
            let inside = |other: &IpAddr| Net::around(address, scope.unwrap_or(0)).contains(other.is_ipv4(), position(*other));
            let strange = STRANGE.iter().filter_map(|text| text.parse().ok()).filter(inside);
            for neighbour in strange.chain([neighbour]) {
                let found = answered(&serving, (source, Some((neighbour, host))));
                prop_assert_eq!(found, (pool, scope), "{}/{} and {} of {}\n{}", address, length, neighbour, source, plan.config());
            }
        }
    }
}
