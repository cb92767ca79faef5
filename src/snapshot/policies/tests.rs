//! Many policies over few sets of places: which tables are made, and who shares them.

use std::collections::HashSet;

use super::*;
use crate::config::{Config, NodeId, Text, parse};
use crate::diagnostic::Sources;
use crate::snapshot::{LinkedZone, bind};

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

/// A zone in which so many names are bound to the pool `p`.
fn bound_names(count: usize, config: &Config, policies: &Policies) -> LinkedZone {
    let apex = crate::wire::Name::parse(b"example.com.", None).unwrap();
    let names: String = (0..count).map(|n| format!("n{n} A 192.0.2.1\n_steer.n{n} TXT p\n")).collect();
    let text = format!("$TTL 300\n@ SOA ns1 hm 9 1 1 1 60\n@ NS ns1\nns1 A 192.0.2.53\n{names}");
    let source = Sources::default().add("example.com.zone", text);
    let (zone, _) = crate::zone::read(&apex, &source, &mut |_, _| Err(String::new()));
    let (bindings, faults) = crate::snapshot::bindings(&zone, true, None, |_| String::new());
    assert_eq!(faults, []);
    let compiled = crate::snapshot::compile_zone(&zone, bindings, 1).unwrap();
    crate::snapshot::link(Arc::new(compiled), None, config, policies).unwrap()
}

/// A pool of 255 endpoints whose check asks for this host.
fn asking(host: &str) -> (Config, Policies) {
    let endpoints: Vec<String> = (0..255).map(|n| format!("{{ name = \"e{n}\", v4 = \"10.0.0.{n}\" }}")).collect();
    let pool = format!("[pool.p]\ncheck = \"web\"\nendpoints = [{}]\n", endpoints.join(","));
    let text = format!("[server]\nlisten = \"127.0.0.1:0\"\n[check.web]\nkind = \"http\"\nhost = \"{host}\"\n{pool}");
    let source = Sources::default().add("signpost.toml", text);
    let (config, faults) = parse(&[Text { source: &source, folder: "".as_ref() }]);
    let config = config.unwrap_or_else(|| panic!("{faults:?}"));
    let policies = compiled(&config, &Arc::default(), None);
    (config, policies)
}

#[test]
fn each_bound_name_has_probes_of_its_own_where_a_check_asks_for_it() {
    for (host, copies) in [("{name}", 3), ("www.{zone}", 1), ("www.example.com", 0)] {
        let (config, policies) = asking(host);
        let mut zones = [bound_names(3, &config, &policies)];
        let bound = bind(policies, &config, &mut zones, &Edges::default()).unwrap();
        assert_eq!((bound.nodes().len(), bound.written().len()), (1 + copies, 1), "{host}");
        assert_eq!(bound.probes().len(), 255 * copies.max(1), "{host}");
        let nodes: Vec<NodeId> = zones[0].links.iter().map(|link| link.node).collect();
        assert_eq!(nodes.iter().collect::<HashSet<_>>().len(), copies.max(1), "{host}");
        assert!(nodes.iter().all(|node| bound.origin(*node) == NodeId(0) && !bound.node(*node).unwrap().needs.is_any()));
    }
}

#[test]
fn names_that_would_need_too_many_probes_are_refused() {
    let (config, policies) = asking("{name}");
    let most = crate::limits::BOUND_ENDPOINTS_MAX / 255;
    let mut zones = [bound_names(most, &config, &policies)];
    assert!(bind(policies, &config, &mut zones, &Edges::default()).is_ok());
    let (config, policies) = asking("{name}");
    let mut zones = [bound_names(most + 1, &config, &policies)];
    assert!(bind(policies, &config, &mut zones, &Edges::default()).unwrap_err().message.contains("more than 65536 endpoints"));
}
