//! Policies and what health makes of them: who is up, who is drawn, what a change renews, and how long answers live.

use super::*;

/// The policies of a configuration.
fn policies(text: &str) -> Policies {
    let text = format!("[server]\nlisten = \"127.0.0.1:0\"\n[check.web]\nkind = \"tcp\"\nport = 80\n{text}");
    let source = Sources::default().add("signpost.toml", text);
    let (config, faults) = parse(&[Text { source: &source, folder: "".as_ref() }]);
    let (policies, faults) = Policies::compile(&config.unwrap_or_else(|| panic!("{faults:?}")), Arc::default(), None);
    assert_eq!(faults, []);
    policies
}

/// Endpoints 192.0.2.1, 192.0.2.2, ... with these weights.
fn pool(name: &str, weights: &[u16]) -> String {
    let endpoint = |(n, weight): (usize, &u16)| format!("{{ name = \"e{n}\", v4 = \"192.0.2.{n}\", weight = {weight} }}");
    let endpoints: Vec<String> = (1..).zip(weights).map(endpoint).collect();
    format!("[pool.{name}]\ncheck = \"web\"\nendpoints = [{}]\n", endpoints.join(", "))
}

/// The steering while the endpoints with these last octets are down.
fn steering(policies: &Policies, down: &[u8], previous: Option<&Steering>) -> Steering {
    let is_down =
        |probe: u32| down.iter().any(|octet| policies.probes()[probe as usize].key.address == IpAddr::from([192, 0, 2, *octet]));
    let verdict = |probe| if is_down(probe) { Verdict::Down } else { Verdict::Up };
    Steering::new(policies, &Circumstances::judged(policies, verdict), previous)
}

#[test]
fn a_pool_is_up_while_enough_of_it_is() {
    for (weights, min_up, down, up) in [
        (&[1, 1, 1][..], "1", &[1, 2][..], true),
        (&[1, 1, 1], "1", &[1, 2, 3], false),
        (&[1, 1, 1], "2", &[1], true),
        (&[1, 1, 1], "2", &[1, 2], false),
        (&[70, 30], "\"70%\"", &[2], true),
        (&[70, 30], "\"71%\"", &[2], false),
        (&[1, 1, 1], "\"33%\"", &[1, 2], true),
        (&[1, 1, 1], "\"34%\"", &[1, 2], false),
        (&[1, 1, 1], "\"100%\"", &[], true),
        (&[1, 1, 1], "\"100%\"", &[3], false),
        // What is never chosen counts for nothing.
        (&[1, 0], "1", &[1], false),
        (&[1, 0], "\"50%\"", &[2], true),
        (&[65_534, 1], "\"1%\"", &[1], false),
    ] {
        let policies = policies(&format!("{}min_up = {min_up}\n", pool("eu", weights)));
        let steering = steering(&policies, down, None);
        let state = steering.state(policies.find("eu").unwrap()).unwrap();
        assert_eq!((state.up, state.usable(Grade::Up, Family::V4)), (up, up), "{weights:?} {min_up} {down:?}");
        assert!(state.usable(Grade::All, Family::V4) && !state.usable(Grade::All, Family::V6));
    }
}

#[test]
fn every_draw_falls_to_a_member_in_its_share() {
    let policies = policies(&pool("eu", &[3, 0, 1, 65_000]));
    let draws = |down: &[u8], grade| {
        let steering = steering(&policies, down, None);
        let draw = steering.state(NodeId(0)).unwrap().draw(grade, Some(Family::V4)).clone();
        assert_eq!(draw.pick(draw.sum()), None);
        (0..draw.sum()).fold([0_u32; 4], |mut counts, r| {
            counts[usize::from(draw.pick(r).unwrap())] += 1;
            counts
        })
    };
    assert_eq!(draws(&[], Grade::Up), [3, 0, 1, 65_000]);
    assert_eq!(draws(&[4], Grade::Up), [3, 0, 1, 0]);
    assert_eq!(draws(&[1, 3, 4], Grade::Up), [0; 4]);
    assert_eq!(draws(&[1, 3, 4], Grade::All), [3, 0, 1, 65_000]);
}

#[test]
fn a_change_of_health_renews_only_what_it_touches() {
    let other = pool("us", &[1]).replace("192.0.2.1", "192.0.2.9");
    let policies = policies(&format!(
        "{}{other}[policy.web]\nchoose = \"failover\"\nfrom = [\"eu\", \"us\"]\n[policy.far]\nchoose = \"failover\"\nfrom = \"us\"\n",
        pool("eu", &[1, 1]),
    ));
    let before = steering(&policies, &[], None);
    let renewed = |down: &[u8]| -> Vec<&str> {
        let after = steering(&policies, down, Some(&before));
        let nodes = (0..).map(NodeId).zip(policies.nodes());
        let is_renewed = |id: NodeId| !std::ptr::eq(before.state(id).unwrap(), after.state(id).unwrap());
        nodes.filter(|(id, _)| is_renewed(*id)).map(|(_, node)| node.name.as_str()).collect()
    };
    assert_eq!(renewed(&[]), [""; 0]);
    assert_eq!(renewed(&[1]), ["eu"], "the policy over it may choose as before");
    assert_eq!(renewed(&[1, 2]), ["eu", "web"]);
    assert_eq!(renewed(&[9]), ["us", "web", "far"]);
}

const ORDERED: &str = "[pool.eu]
endpoints = [{ name = 'a', v4 = '192.0.2.1', v6 = '2001:db8::1' }, { name = 'b', v4 = '192.0.2.2' }]
[pool.us]
endpoints = { name = 'c', v4 = '192.0.2.3' }
[pool.idle]
endpoints = { name = 'd', v4 = '192.0.2.4' }
[policy.web]
choose = 'failover'
from = ['eu', 'us']
ttl = '5m'
";

fn bound_snapshot(zone: &str) -> Snapshot {
    let source = Sources::default().add("signpost.toml", ORDERED);
    let (config, faults) = parse(&[Text { source: &source, folder: "".as_ref() }]);
    let config = config.unwrap_or_else(|| panic!("{faults:?}"));
    let (policies, _) = Policies::compile(&config, Arc::default(), None);
    let linked = link(Arc::new(compiled(zone)), None, &config, &policies).unwrap();
    Snapshot::new(SEED, vec![linked], Arc::new(policies))
}

#[test]
fn an_answer_that_names_an_endpoint_lives_as_long_as_the_longest_binding_says() {
    let both = bound_snapshot("www A 192.0.2.9\n_steer.www TXT web\nmail A 192.0.2.9\n_steer.mail TXT eu\n");
    let lifetimes = Lifetimes::of(&both);
    assert_eq!(["eu", "us", "idle"].map(|pool| lifetimes.longest(pool)), [Some(300), Some(300), None]);
    let one = Lifetimes::of(&bound_snapshot("mail A 192.0.2.9\n_steer.mail TXT eu\n"));
    assert_eq!(["eu", "us", "idle"].map(|pool| one.longest(pool)), [Some(30), None, None]);
    let mut longer: Vec<_> = lifetimes.longer_than(&one).collect();
    longer.sort_unstable();
    assert_eq!(longer, [("eu", 300), ("us", 300)]);
    assert_eq!(one.longer_than(&lifetimes).count(), 0);
}

#[test]
fn who_must_answer_because_orders_leave_nothing_else_is_told() {
    let snapshot = bound_snapshot("www A 192.0.2.9\n_steer.www TXT web\nmail A 192.0.2.9\n_steer.mail TXT eu\n");
    let resorts = |endpoints: &[(&str, &str)]| last_resorts(&snapshot, endpoints, |pool, name| endpoints.contains(&(pool, name)));
    assert!(resorts(&[("eu", "b")]).is_empty());
    // It alone has an IPv6 address.
    assert_eq!(resorts(&[("eu", "a")]), ["web", "eu"]);
    assert_eq!(resorts(&[("us", "c"), ("eu", "b")]), Vec::<String>::new());
    assert_eq!(resorts(&[("us", "c"), ("eu", "b"), ("eu", "a")]), ["web", "eu"]);
    assert!(resorts(&[("idle", "d")]).is_empty(), "nobody asks for it");
}

#[test]
fn records_that_hold_an_address_are_found_unless_a_binding_decides_in_their_place() {
    let snapshot = bound_snapshot(
        "www A 192.0.2.1\n_steer.www TXT web\nold 77 A 192.0.2.1\nold A 192.0.2.8\nold AAAA 2001:db8::1\n\
         us A 192.0.2.3\nus AAAA 2001:db8::1\n_steer.us TXT us\nother A 192.0.2.9\n",
    );
    let mut found = fixed(&snapshot, &["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()], 9);
    found.sort_unstable();
    assert_eq!(found, [("old.example.com.".to_owned(), 300), ("us.example.com.".to_owned(), 300)]);
    assert_eq!(fixed(&snapshot, &["192.0.2.1".parse().unwrap()], 9), [("old.example.com.".to_owned(), 77)]);
}
