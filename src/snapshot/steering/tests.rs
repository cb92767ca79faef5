//! One node under all circumstances: orders, shares, margins and blindness, at each grade.

use super::*;
use crate::config::{Text, parse};
use crate::diagnostic::Sources;
use crate::health::Verdict;
use crate::snapshot::policies::{Family, PerFamily};

fn policies(nodes: &str) -> Policies {
    let head = "[server]\nlisten = \"127.0.0.1:0\"\n[check.web]\nkind = \"tcp\"\nport = 80\n";
    let source = Sources::default().add("signpost.toml", format!("{head}{nodes}"));
    let (config, faults) = parse(&[Text { source: &source, folder: "".as_ref() }]);
    let (policies, faults) = Policies::compile(&config.unwrap_or_else(|| panic!("{faults:?}")), Arc::default(), None);
    assert_eq!(faults, []);
    policies
}

/// A pool with endpoints 192.0.2.1, ... of these weights.
fn pool(weights: &[u16], rest: &str) -> Policies {
    let endpoint = |(n, weight): (usize, &u16)| format!("{{ name = \"e{n}\", v4 = \"192.0.2.{n}\", weight = {weight} }}");
    let endpoints: Vec<String> = (1..).zip(weights).map(endpoint).collect();
    policies(&format!("[pool.eu]\ncheck = \"web\"\nendpoints = [{}]\n{rest}", endpoints.join(", ")))
}

/// Letters to circumstances, one an endpoint of the first pool: `u`p, `d`own, `o`ut, `O`ut and down, `i`n though down.
fn told(policies: &Policies, letters: &str) -> Circumstances {
    let letter = |probe: u32| letters.as_bytes()[probe as usize];
    let mut circumstances = Circumstances::judged(policies, |probe| match letter(probe) {
        b'd' | b'O' | b'i' => Verdict::Down,
        _ => Verdict::Up,
    });
    for (index, letter) in (0..).zip(letters.bytes()) {
        let stance = match letter {
            b'o' | b'O' => Stance::Out,
            b'i' => Stance::In,
            _ => Stance::Judged,
        };
        circumstances.treatments.insert((NodeId(0), index), Treatment { stance, ..Treatment::default() });
    }
    circumstances
}

fn drawn(steering: &Steering, grade: Grade) -> Vec<(u16, u32)> {
    steering.state(NodeId(0)).unwrap().draw(grade, Some(Family::V4)).members().collect()
}

/// Who answers, and at which grade.
fn answers(steering: &Steering, node: u32) -> (Grade, Vec<u16>) {
    let state = steering.state(NodeId(node)).unwrap();
    let grade = Grade::ALL.into_iter().find(|grade| state.usable(*grade, Family::V4)).unwrap();
    (grade, state.draw(grade, Some(Family::V4)).members().map(|(member, _)| member).collect())
}

#[test]
fn what_an_order_keeps_out_answers_only_where_nothing_else_is_left() {
    let policies = pool(&[1, 1, 1], "min_up = 2\n");
    for (letters, grade, members) in [
        ("uuu", Grade::Up, &[0, 1, 2][..]),
        ("ouu", Grade::Up, &[1, 2]),
        ("oud", Grade::Remnant, &[1]),
        ("odd", Grade::Allowed, &[1, 2]),
        ("ood", Grade::Allowed, &[2]),
        ("ooo", Grade::All, &[0, 1, 2]),
        ("oOO", Grade::All, &[0, 1, 2]),
        ("diu", Grade::Up, &[1, 2]),
        ("idd", Grade::Remnant, &[0]),
    ] {
        let steering = Steering::new(&policies, &told(&policies, letters), None);
        assert_eq!(answers(&steering, 0), (grade, members.to_vec()), "{letters}");
    }
}

#[test]
fn an_ordered_weight_holds_until_everything_answers() {
    let policies = pool(&[70, 30, 0], "");
    let with = |letters: &str, weights: [Option<u16>; 3]| {
        let mut circumstances = told(&policies, letters);
        for (index, weight) in (0..).zip(weights) {
            circumstances.treatments.entry((NodeId(0), index)).or_default().weight = weight;
        }
        Steering::new(&policies, &circumstances, None)
    };
    let steering = with("uuu", [Some(10), None, Some(5)]);
    assert_eq!(drawn(&steering, Grade::Up), [(0, 10), (1, 30), (2, 5)]);
    assert_eq!(drawn(&steering, Grade::Allowed), [(0, 10), (1, 30), (2, 5)]);
    assert_eq!(drawn(&steering, Grade::All), [(0, 70), (1, 30)]);
    // Weight 0 keeps out as a drain does.
    assert_eq!(answers(&with("udu", [Some(0), None, None]), 0), (Grade::Allowed, vec![1]));
    assert_eq!(answers(&with("uuu", [Some(0), Some(0), None]), 0), (Grade::All, vec![0, 1]));
    // Orders may go beyond what the configuration allows in sum.
    let sum = drawn(&with("uuu", [Some(u16::MAX); 3]), Grade::Up).iter().map(|(_, weight)| weight).sum::<u32>();
    assert_eq!(sum, 3 * u32::from(u16::MAX));
}

#[test]
fn a_share_is_a_part_of_the_weight_beside_the_others() {
    let policies = pool(&[70, 30], "");
    let with = |letters: &str, share: Share| {
        let mut circumstances = told(&policies, letters);
        circumstances.treatments.entry((NodeId(0), 0)).or_default().share = share;
        Steering::new(&policies, &circumstances, None)
    };
    let steering = with("uu", Share::new(1, 4));
    assert_eq!(drawn(&steering, Grade::Up), [(0, 70 * 250), (1, 30 * 1000)]);
    assert!(steering.state(NodeId(0)).unwrap().uneasy);
    assert_eq!(drawn(&with("uu", Share::NONE), Grade::Up), [(1, 30)]);
    assert_eq!(drawn(&with("uu", Share::FULL), Grade::Up), [(0, 70), (1, 30)]);
    // Alone it takes all, however small its share.
    assert_eq!(answers(&with("ud", Share::new(1, 1000)), 0), (Grade::Up, vec![0]));
    assert_eq!(drawn(&with("dd", Share::new(1, 4)), Grade::Allowed), [(0, 70), (1, 30)]);
}

#[test]
fn a_hashed_pool_ranks_by_the_weights_that_hold() {
    let policies = pool(&[1, 1, 1], "choose = \"hashed\"\n");
    let client = |n: u8| std::net::IpAddr::from([198, 51, n, 1]);
    let first = |steering: &Steering, grade, n: u8| {
        let ranks = steering.state(NodeId(0)).unwrap().ranks(grade).map(|ranks| ranks.order(client(n))[0]);
        ranks.unwrap_or_else(|| {
            let Kind::Pool(pool) = &policies.nodes()[0].kind else { panic!("no pool") };
            pool.ranks.as_ref().unwrap().order(client(n))[0]
        })
    };
    let mut circumstances = told(&policies, "uuu");
    let whole = Steering::new(&policies, &circumstances, None);
    circumstances.treatments.entry((NodeId(0), 0)).or_default().share = Share::new(1, 10);
    let little = Steering::new(&policies, &circumstances, Some(&whole));
    let won = |steering: &Steering, grade| (0..=255).filter(|n| first(steering, grade, *n) == 0).count();
    assert!(won(&little, Grade::Up) < won(&whole, Grade::Up) / 3);
    assert_eq!(won(&little, Grade::All), won(&whole, Grade::All), "in the end all is as configured");
    for n in 0..=255 {
        let (before, after) = (first(&whole, Grade::Up, n), first(&little, Grade::Up, n));
        assert!(before == after || before == 0, "nobody but its own clients move");
    }
    // What does not change is not reckoned again.
    circumstances.verdicts[1] = Verdict::Down;
    let later = Steering::new(&policies, &circumstances, Some(&little));
    let ranks = [&little, &later].map(|steering| steering.state(NodeId(0)).unwrap().ranks(Grade::Up).unwrap());
    assert!(std::ptr::eq(ranks[0], ranks[1]));
}

#[test]
fn what_fell_is_up_again_only_with_a_margin() {
    for (weights, min_up, letters, up, fallen_up) in [
        // One is enough: there is no edge to stay beside.
        (&[1, 1][..], "1", "ud", true, true),
        (&[1, 1, 1, 1], "2", "uddd", false, false),
        (&[1, 1, 1, 1], "2", "uudd", true, false),
        (&[1, 1, 1, 1], "2", "uuud", true, true),
        // The margin is asked only of those who could give it.
        (&[1, 1], "2", "uu", true, true),
        (&[1, 1, 1], "2", "uuo", true, true),
        (&[50, 50], "\"50%\"", "ud", true, false),
        (&[50, 50], "\"50%\"", "uo", true, true),
        (&[60, 40], "\"50%\"", "ud", true, true),
        (&[59, 41], "\"50%\"", "ud", true, false),
        (&[95, 5], "\"90%\"", "ud", true, false),
        (&[95, 5], "\"90%\"", "uu", true, true),
    ] {
        let policies = pool(weights, &format!("min_up = {min_up}\n"));
        let circumstances = told(&policies, letters);
        let fallen = Circumstances { fallen: [NodeId(0)].into(), ..circumstances.clone() };
        let states = [circumstances, fallen].map(|circumstances| Steering::new(&policies, &circumstances, None));
        let ups = states.each_ref().map(|steering| steering.state(NodeId(0)).unwrap().up);
        assert_eq!(ups, [up, fallen_up], "{weights:?} {min_up} {letters}");
        assert!(states.iter().all(|steering| steering.state(NodeId(0)).unwrap().reaches_min_up == up));
    }
}

const TWO: &str = "[pool.eu]\ncheck = \"web\"\nmin_up = 2\n\
    endpoints = [{ name = \"a\", v4 = \"192.0.2.1\" }, { name = \"b\", v4 = \"192.0.2.2\" }]\n\
    [pool.sorry]\nendpoints = { name = \"s\", v4 = \"192.0.2.9\" }\n\
    [policy.web]\nchoose = \"failover\"\nfrom = \"eu\"\nlast = \"sorry\"\n";

#[test]
fn the_blind_do_not_take_last() {
    let policies = policies(TWO);
    let web = policies.find("web").unwrap().0;
    for (letters, blind, grade) in [
        ("dd", [false, false], Grade::Last),
        ("dd", [false, true], Grade::Last),
        ("dd", [true, false], Grade::Allowed),
        ("ud", [true, true], Grade::Remnant),
        ("uu", [true, true], Grade::Up),
    ] {
        let blind = PerFamily::new(|family| blind[usize::from(family == Family::V6)]);
        let steering = Steering::new(&policies, &Circumstances { blind, ..told(&policies, letters) }, None);
        assert_eq!(answers(&steering, web).0, grade, "{letters} {blind:?}");
        assert_eq!(steering.state(NodeId(web)).unwrap().takes_last(Family::V4), !blind[Family::V4]);
    }
}

#[test]
fn a_node_is_uneasy_with_what_may_answer_below_it() {
    let policies = policies(TWO);
    let web = policies.find("web").unwrap();
    for (letters, uneasy, expected) in [("uu", None, false), ("uu", Some(1), true), ("uo", Some(1), false), ("dd", Some(0), true)]
    {
        let circumstances = Circumstances { uneasy: uneasy.into_iter().collect(), ..told(&policies, letters) };
        let steering = Steering::new(&policies, &circumstances, None);
        assert_eq!(steering.state(web).unwrap().uneasy, expected, "{letters} {uneasy:?}");
    }
}

/// Without an IPv6 route the prober has never seen an IPv6 address: it is taken to be as its endpoint's IPv4 address is.
#[test]
fn what_the_blind_have_never_seen_is_as_its_other_family() {
    let policies = policies(
        "[pool.eu]\ncheck = \"web\"\nendpoints = [{ name = \"a\", v4 = \"192.0.2.1\", v6 = \"2001:db8::1\" },\n\
         { name = \"b\", v4 = \"192.0.2.2\", v6 = \"2001:db8::2\" }, { name = \"c\", v6 = \"2001:db8::3\" }]\n",
    );
    let (known, unknown) = (Verdict::Down, Verdict::Unknown);
    for (blind, third, drawn) in [(true, unknown, vec![1, 2]), (false, unknown, vec![0, 1, 2]), (true, known, vec![1])] {
        let of = |probe: u32| match policies.probes()[probe as usize].key.address.to_string().as_str() {
            "192.0.2.1" => Verdict::Down,
            "192.0.2.2" => Verdict::Up,
            "2001:db8::3" => third,
            _ => Verdict::Unknown,
        };
        let blind = PerFamily::new(|family| blind && family == Family::V6);
        let steering = Steering::new(&policies, &Circumstances { blind, ..Circumstances::judged(&policies, of) }, None);
        let state = steering.state(NodeId(0)).unwrap();
        let members = |family| state.draw(Grade::Up, Some(family)).members().map(|(member, _)| member).collect::<Vec<_>>();
        assert_eq!((members(Family::V4), members(Family::V6)), (vec![1], drawn), "{blind:?} {third:?}");
    }
}
