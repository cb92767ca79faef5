//! Many policies over few sets of places: which tables are made, and who shares them.

use std::collections::HashSet;

use super::*;
use crate::config::{Config, Text, parse};
use crate::diagnostic::Sources;

const PLACES: usize = 50;
const SETS: usize = 20;
const POLICIES: usize = 1000;

/// Each policy chooses among ten places, the next two places on for each set, and has an override that is like no other's.
fn config(ttl_seconds: u32) -> Config {
    let pool = |n| {
        let location = format!("{{ lat = {}, lon = {} }}", n as f64 - 25.0, n as f64 * 7.0 - 175.0);
        format!("[pool.p{n}]\nlocation = {location}\nendpoints = {{ name = \"e\", v4 = \"192.0.2.{n}\" }}\n")
    };
    let policy = |n: usize| {
        let from: Vec<String> = (0..10).map(|place| format!("\"p{}\"", (n % SETS * 2 + place) % PLACES)).collect();
        let overrides = format!("{{ net = \"{}/24\", use = {} }}", own_net(n), from[9]);
        format!(
            "[policy.w{n}]\nchoose = \"nearest\"\nttl = \"{ttl_seconds}s\"\nfrom = [{}]\noverrides = {overrides}\n",
            from.join(",")
        )
    };
    let nodes: String = (0..PLACES).map(pool).chain((0..POLICIES).map(policy)).collect();
    let source = Sources::default().add("signpost.toml", format!("[server]\nlisten = \"127.0.0.1:0\"\n{nodes}"));
    let (config, faults) = parse(&[Text { source: &source, folder: "".as_ref() }]);
    config.unwrap_or_else(|| panic!("{faults:?}"))
}

fn own_net(policy: usize) -> IpAddr {
    [10, (policy / 250) as u8, (policy % 250) as u8, 0].into()
}

fn world(text: &str) -> Arc<World> {
    Arc::new(World::read(&[("world.txt".to_owned(), text.into())]).unwrap())
}

fn compiled(config: &Config, world: &Arc<World>, previous: Option<&Policies>) -> Policies {
    let (policies, faults) = Policies::compile(config, Arc::clone(world), previous);
    assert_eq!(faults, []);
    policies
}

/// The table of places of a policy, and its overrides.
fn tables(policies: &Policies, policy: usize) -> (&Arc<PlacesTable>, &Overrides) {
    let node = policies.node(policies.find(&format!("w{policy}")).unwrap()).unwrap();
    let Kind::Policy(CompiledPolicy { order: Order::Nearest { places, overrides: Some(overrides), .. }, .. }) = &node.kind else {
        panic!("{node:?}")
    };
    (places, overrides)
}

/// How many tables of places all policies have together.
fn count<'a>(generations: impl IntoIterator<Item = &'a Policies>) -> usize {
    let all = generations.into_iter().flat_map(|policies| (0..POLICIES).map(|n| Arc::as_ptr(tables(policies, n).0)));
    all.collect::<HashSet<_>>().len()
}

#[test]
fn a_thousand_policies_over_twenty_sets_of_places_share_twenty_tables() {
    let world = world("198.51.100.0/24 -25 -175\n10.0.0.0/8 20 140\n");
    let policies = compiled(&config(30), &world, None);
    assert_eq!((count([&policies]), policies.places_tables.len()), (SETS, SETS));
    for n in 0..POLICIES {
        let (places, Overrides { nets, orders }) = tables(&policies, n);
        assert!(Arc::ptr_eq(places, tables(&policies, n % SETS).0), "one for each set");
        // An override is in no table but its own: the shared one keeps the one prefix that the world has there.
        assert_eq!(places.lookup(own_net(n)).length, 8);
        assert_eq!((nets.lookup(own_net(n)).value, nets.lookup(own_net(n)).length), (Some(0), 24));
        assert_eq!(nets.lookup(own_net((n + 1) % POLICIES)).value, None);
        assert_eq!(*orders, [Box::from([9u16])].into());
    }
}

#[test]
fn tables_outlive_a_reload_for_as_long_as_the_world_is_the_same() {
    let world = world("198.51.100.0/24 -25 -175\n10.0.0.0/8 20 140\n");
    let first = compiled(&config(30), &world, None);
    let second = compiled(&config(60), &world, Some(&first));
    assert_eq!(count([&first, &second]), SETS, "none was made again");
    let elsewhere = compiled(&config(60), &self::world("198.51.100.0/24 20 140\n"), Some(&second));
    assert_eq!(count([&second, &elsewhere]), 2 * SETS, "none is of the old world");
}
