//! Which rule of a `geo` policy matches a client: two tables, one of places and one of networks, whose classes are bit masks.
//!
//! A client's place and network may come from two addresses (a private one has a network but no place), so they are looked up
//! apart and joined by [`RuleTable::first_match`]. Matching costs three words whatever the rules are.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use super::location::Location;
use super::nets::cover;
use super::prefix::Prefix;
use super::table::{Hit, Tables};
use super::world::World;
use crate::limits::GEO_RULES_MAX;

/// What a rule asks of a client: all keys that are written must match, each by any of its values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Match {
    /// ISO 3166-1 codes in upper case, `@eu` already expanded.
    pub country: Vec<[u8; 2]>,
    /// Codes of continents in upper case.
    pub continent: Vec<[u8; 2]>,
    /// ISO 3166-2 codes, "US-CA".
    pub subdivision: Vec<String>,
    /// Numbers of autonomous systems.
    pub asn: Vec<u32>,
    /// Networks.
    pub net: Vec<Prefix>,
    /// What must not match; it has no `not` of its own.
    pub not: Option<Box<Self>>,
}

impl Match {
    /// Whether the keys about the place match; where a client can't be located, only the absence of such keys does.
    fn place_matches(&self, location: Option<&Location>) -> bool {
        let country = location.and_then(|location| location.country);
        let continent = location.and_then(|location| location.continent);
        let subdivision = location.and_then(|location| location.subdivision.as_ref());
        let asn = location.and_then(|location| location.asn);
        matches_any(&self.country, country.as_ref())
            && matches_any(&self.continent, continent.as_ref())
            && matches_any(&self.subdivision, subdivision)
            && matches_any(&self.asn, asn.as_ref())
    }
}

fn matches_any<T: PartialEq>(written: &[T], actual: Option<&T>) -> bool {
    written.is_empty() || actual.is_some_and(|actual| written.contains(actual))
}

/// A policy's rules, ready for a query.
#[derive(Debug)]
pub struct RuleTable {
    /// Rules that have a `not`.
    excepting: u64,
    places: Tables<u64>,
    place_classes: Vec<Masks>,
    /// What holds for a client that can't be located.
    unlocated: Masks,
    nets: Tables<u128>,
    net_classes: Vec<Masks>,
    /// What holds for an address in none of the networks.
    outside: Masks,
}

/// One bit a rule: whose keys match, and the keys of whose `not` match, as far as the place or the network decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Masks {
    matching: u64,
    excepted: u64,
}

impl RuleTable {
    /// The table of these rules, of which there are at most [`GEO_RULES_MAX`].
    pub fn compile(world: &World, rules: &[Match]) -> Self {
        let rules = rules.get(..GEO_RULES_MAX).unwrap_or(rules);
        let mut classes = Classes::default();
        let class_of: Vec<Option<u32>> =
            world.locations.iter().map(|location| classes.number(place_masks(rules, Some(location)))).collect();
        let [v4, v6] = world.tables.leaves().map(|leaves| leaves.map(|number| class_of.get(number as usize).copied().flatten()));
        let (nets, net_classes) = net_classes(rules);
        Self {
            excepting: mask(rules, |rule| rule.not.is_some()),
            places: Tables::new(v4, v6),
            place_classes: classes.list,
            unlocated: place_masks(rules, None),
            nets,
            net_classes,
            outside: outside_masks(rules),
        }
    }

    /// The class of an address's location; no value where it can't be located.
    pub fn place(&self, address: IpAddr) -> Hit<u16> {
        self.places.lookup(address).and_then(|class| u16::try_from(class).ok())
    }

    /// The class of an address's network; no value where no rule names one.
    pub fn net(&self, address: IpAddr) -> Hit<u16> {
        self.nets.lookup(address).and_then(|class| u16::try_from(class).ok())
    }

    /// The covers of places and of networks.
    #[cfg(test)]
    pub(super) fn covers(&self) -> [&super::leaves::Leaves; 4] {
        let ([places_v4, places_v6], [nets_v4, nets_v6]) = (self.places.leaves(), self.nets.leaves());
        [places_v4, places_v6, nets_v4, nets_v6]
    }

    /// The first rule that matches a client with these classes.
    pub fn first_match(&self, place: Option<u16>, net: Option<u16>) -> Option<usize> {
        let masks = |list: &[Masks], class: Option<u16>| class.and_then(|class| list.get(usize::from(class)).copied());
        let place = masks(&self.place_classes, place).unwrap_or(self.unlocated);
        let net = masks(&self.net_classes, net).unwrap_or(self.outside);
        let matching = place.matching & net.matching & !(self.excepting & place.excepted & net.excepted);
        (matching != 0).then_some(matching.trailing_zeros() as usize)
    }
}

/// The bits of the rules of which something is true.
fn mask(rules: &[Match], holds: impl Fn(&Match) -> bool) -> u64 {
    rules.iter().rev().fold(0, |mask, rule| mask << 1 | u64::from(holds(rule)))
}

fn masks(rules: &[Match], holds: impl Fn(&Match) -> bool) -> Masks {
    let excepted = mask(rules, |rule| rule.not.as_deref().is_some_and(&holds));
    Masks { matching: mask(rules, holds), excepted }
}

fn place_masks(rules: &[Match], location: Option<&Location>) -> Masks {
    masks(rules, |rule| rule.place_matches(location))
}

/// The masks of an address in none of the networks.
fn outside_masks(rules: &[Match]) -> Masks {
    masks(rules, |rule| rule.net.is_empty())
}

/// The networks of all rules as one cover: an address belongs to the longest around it, whose class counts the wider ones in.
fn net_classes(rules: &[Match]) -> (Tables<u128>, Vec<Masks>) {
    let mut named: BTreeMap<Prefix, Masks> = BTreeMap::new();
    for (index, rule) in rules.iter().enumerate() {
        for &network in &rule.net {
            named.entry(network).or_default().matching |= 1 << index;
        }
        for &network in rule.not.iter().flat_map(|not| &not.net) {
            named.entry(network).or_default().excepted |= 1 << index;
        }
    }
    let mut classes = Classes::default();
    // Networks come in the order of addresses, wider ones first: those around the present one are still open.
    let mut open: Vec<(Prefix, Masks)> = Vec::new();
    let mut entries = Vec::new();
    for (network, own) in named {
        while open.pop_if(|(outer, _)| !outer.contains(network.address())).is_some() {}
        let around = open.last().map_or_else(|| outside_masks(rules), |&(_, masks)| masks);
        let masks = Masks { matching: around.matching | own.matching, excepted: around.excepted | own.excepted };
        open.push((network, masks));
        entries.extend(classes.number(masks).map(|class| (network, class)));
    }
    (cover(&entries), classes.list)
}

/// Distinct masks, numbered.
#[derive(Default)]
struct Classes {
    list: Vec<Masks>,
    numbers: HashMap<Masks, u32>,
}

impl Classes {
    /// The number of a class. With more than 65 536, which takes rules that pick networks by the ten thousand at random, the
    /// rest counts as unknown.
    fn number(&mut self, masks: Masks) -> Option<u32> {
        let next = u16::try_from(self.list.len()).ok().map(u32::from);
        if let Some(&number) = self.numbers.get(&masks) {
            return Some(number);
        }
        self.numbers.insert(masks, next?);
        self.list.push(masks);
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORLD: &[u8] = b"198.18.0.0/24 DE\n198.18.1.0/24 FR\n198.18.2.0/24 10.0 20.0\n";

    /// The rule that a client gets whose place is told by one address and whose network by another.
    fn first(rules: &[Match], place: &str, net: &str) -> Option<usize> {
        let world = World::read(&[("world.txt".to_owned(), WORLD.to_vec())]).unwrap();
        let table = RuleTable::compile(&world, rules);
        table.first_match(table.place(place.parse().unwrap()).value, table.net(net.parse().unwrap()).value)
    }

    fn country(code: [u8; 2]) -> Match {
        Match { country: vec![code], ..Match::default() }
    }

    #[test]
    fn a_place_is_not_matched_unless_known_but_can_be_denied() {
        let (german, elsewhere) = ("198.18.0.1", "203.0.113.1");
        let not_german = Match { not: Some(Box::new(country(*b"DE"))), ..Match::default() };
        assert_eq!(first(&[country(*b"DE")], german, german), Some(0));
        assert_eq!(first(&[country(*b"DE")], elsewhere, elsewhere), None);
        assert_eq!(first(std::slice::from_ref(&not_german), german, german), None);
        assert_eq!(first(std::slice::from_ref(&not_german), elsewhere, elsewhere), Some(0));
        assert_eq!(first(&[not_german], "198.18.2.1", elsewhere), Some(0), "a place without a country");
        assert_eq!(first(&[], german, german), None);
        assert_eq!(first(&[country(*b"FR"), Match::default()], german, german), Some(1), "no keys match everybody");
    }

    #[test]
    fn keys_join_by_and_values_by_or_and_not_is_whole() {
        let networks: Vec<Prefix> = ["10.0.0.0/8", "192.0.2.0/24"].map(|net| net.parse().unwrap()).to_vec();
        let inner = Match { net: vec!["10.20.0.0/16".parse().unwrap()], ..country(*b"FR") };
        let rule = Match { country: vec![*b"DE", *b"FR"], net: networks, not: Some(Box::new(inner)), ..Match::default() };
        let first = |place, net| first(std::slice::from_ref(&rule), place, net).is_some();
        assert!(first("198.18.0.1", "10.1.2.3") && first("198.18.1.1", "192.0.2.9") && first("198.18.0.1", "10.20.1.1"));
        assert!(!first("198.18.0.1", "198.18.0.1") && !first("198.18.2.1", "10.1.2.3") && !first("198.18.1.1", "10.20.1.1"));
    }

    #[test]
    fn facts_beyond_the_country_count_and_classes_merge() {
        let location = Location { subdivision: Some("US-CA".to_owned()), asn: Some(64500), ..Location::default() };
        let californian = Match { subdivision: vec!["US-CA".to_owned()], asn: vec![64499, 64500], ..Match::default() };
        assert!(californian.place_matches(Some(&location)));
        assert!(!Match { asn: vec![64499], ..californian }.place_matches(Some(&location)));
        let world = World::read(&[("world.txt".to_owned(), WORLD.to_vec())]).unwrap();
        let table = RuleTable::compile(&world, &[Match { continent: vec![*b"EU"], ..Match::default() }]);
        let [german, french] = ["198.18.0.1", "198.18.1.1"].map(|address| table.place(address.parse().unwrap()));
        assert_eq!((german, german.length), (french, 23), "countries of the same class are one prefix");
        assert_eq!(table.net("198.18.0.1".parse().unwrap()), Hit { value: None, length: 0 });
    }
}
