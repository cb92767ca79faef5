//! Changes and what is left of them, second by second on virtual time.

use super::*;
use crate::config::{Text, parse};
use crate::diagnostic::Sources;
use crate::snapshot::{Policies, Treatment};

/// A snapshot of one pool `eu` and a policy `web` over it; `keys` are added to them.
fn snapshot(weights: &[u16], pool_keys: &str, policy_keys: &str) -> Snapshot {
    let endpoint = |(n, weight): (usize, &u16)| format!("{{ name = \"e{n}\", v4 = \"192.0.2.{n}\", weight = {weight} }}");
    let endpoints: Vec<String> = (1..).zip(weights).map(endpoint).collect();
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[check.web]\nkind = \"tcp\"\nport = 80\n\
         [pool.eu]\ncheck = \"web\"\nttl = \"30s\"\nendpoints = [{}]\n{pool_keys}\n\
         [policy.web]\nchoose = \"failover\"\nfrom = \"eu\"\n{policy_keys}\n",
        endpoints.join(", ")
    );
    let source = Sources::default().add("signpost.toml", text);
    let (config, faults) = parse(&[Text { source: &source, folder: "".as_ref() }]);
    let (policies, _) = Policies::compile(&config.unwrap_or_else(|| panic!("{faults:?}")), Arc::default(), None);
    Snapshot::new(1, Vec::new(), Arc::new(policies))
}

struct Scene {
    snapshot: Snapshot,
    moderation: Moderation,
}

impl Scene {
    fn new(snapshot: Snapshot) -> Self {
        let mut moderation = Moderation::default();
        moderation.replan(&snapshot);
        Self { snapshot, moderation }
    }

    /// What is made of these verdicts at this second: one letter an endpoint, `?` unknown, `u`p, `d`own, `o` up but kept out by
    /// an order, `i` down but forced in.
    fn at(&mut self, second: u64, letters: &str) -> Steering {
        let now = Duration::from_secs(second);
        let letter = |probe: u32| letters.as_bytes()[probe as usize];
        let mut circumstances = Circumstances::judged(&self.snapshot.policies, |probe| match letter(probe) {
            b'?' => Verdict::Unknown,
            b'd' | b'i' => Verdict::Down,
            _ => Verdict::Up,
        });
        for (index, letter) in (0..).zip(letters.bytes()) {
            let stance = match letter {
                b'o' => Stance::Out,
                b'i' => Stance::In,
                _ => continue,
            };
            circumstances.treatments.insert((NodeId(0), index), Treatment { stance, ..Treatment::default() });
        }
        self.moderation.soften(&mut circumstances, now);
        let steering = Steering::new(&self.snapshot.policies, &circumstances, None);
        self.moderation.note(&steering, now);
        steering
    }

    /// The weights that are drawn from, by endpoint, and the second of the next change by time alone.
    fn drawn(&mut self, second: u64, letters: &str) -> (Vec<(u16, u32)>, Option<u64>) {
        let steering = self.at(second, letters);
        let draw = steering.state(NodeId(0)).unwrap().draw(crate::snapshot::Grade::Up, Some(Family::V4));
        (draw.members().collect(), self.moderation.next().map(|next| next.as_secs()))
    }

    fn is_up(&mut self, second: u64, letters: &str) -> bool {
        self.at(second, letters).state(NodeId(0)).unwrap().up
    }

    /// How many are held in though they are down.
    fn held(&self) -> usize {
        self.moderation.limited().values().map(|(_, count)| count).sum()
    }
}

#[test]
fn a_weight_grows_in_steps_of_the_answers_life() {
    let mut scene = Scene::new(snapshot(&[1, 1], "slow_start = \"2m\"", ""));
    assert_eq!(scene.drawn(0, "??"), (vec![(0, 1), (1, 1)], None));
    assert_eq!(scene.drawn(1, "uu"), (vec![(0, 1), (1, 1)], None), "a first verdict is no recovery");
    assert_eq!(scene.drawn(10, "du"), (vec![(1, 1)], None));
    assert_eq!(scene.drawn(100, "uu"), (vec![(0, 200), (1, 1000)], Some(130)));
    assert_eq!(scene.drawn(129, "uu"), (vec![(0, 200), (1, 1000)], Some(130)));
    assert_eq!(scene.drawn(130, "uu"), (vec![(0, 400), (1, 1000)], Some(160)));
    assert_eq!(scene.drawn(190, "uu"), (vec![(0, 800), (1, 1000)], Some(220)));
    assert_eq!(scene.drawn(220, "uu"), (vec![(0, 1), (1, 1)], None));
    // It went down in the middle: it begins anew.
    scene.at(300, "du");
    scene.at(310, "uu");
    scene.at(350, "du");
    assert_eq!(scene.drawn(360, "uu"), (vec![(0, 200), (1, 1000)], Some(390)));
}

#[test]
fn nobody_starts_slowly_where_nobody_is_warm() {
    let mut scene = Scene::new(snapshot(&[1, 1, 1], "slow_start = \"2m\"", ""));
    scene.at(0, "uuu");
    scene.at(10, "ddd");
    assert_eq!(scene.drawn(20, "udd"), (vec![(0, 1)], None));
    assert_eq!(scene.drawn(21, "uud"), (vec![(0, 1), (1, 1)], None), "the first is as cold as the second");
    assert_eq!(scene.drawn(150, "uuu"), (vec![(0, 1000), (1, 1000), (2, 200)], Some(180)));
    // Who is warm but kept out carries nothing.
    let mut scene = Scene::new(snapshot(&[1, 1], "slow_start = \"2m\"", ""));
    scene.at(0, "do");
    assert_eq!(scene.drawn(10, "uo"), (vec![(0, 1)], None));
}

#[test]
fn a_reload_keeps_a_slow_start_by_name() {
    let mut scene = Scene::new(snapshot(&[1, 1], "slow_start = \"2m\"", ""));
    scene.at(0, "uu");
    scene.at(10, "du");
    scene.at(100, "uu");
    scene.snapshot = snapshot(&[1, 1, 1], "slow_start = \"4m\"", "");
    scene.moderation.replan(&scene.snapshot);
    assert_eq!(scene.drawn(131, "uu?"), (vec![(0, 222), (1, 1000), (2, 1000)], Some(160)), "two of nine");
}

#[test]
fn health_takes_out_so_much_in_a_minute_and_no_more() {
    let mut scene = Scene::new(snapshot(&[1, 1, 1, 1], "", "max_removed = \"50%\""));
    scene.at(0, "uuuu");
    assert_eq!(scene.drawn(10, "duuu"), (vec![(1, 1), (2, 1), (3, 1)], None));
    assert_eq!(scene.drawn(20, "dduu"), (vec![(2, 1), (3, 1)], None));
    assert_eq!(scene.drawn(30, "dddd"), (vec![(2, 1), (3, 1)], Some(70)));
    assert_eq!(scene.held(), 2);
    assert!(scene.at(31, "dddd").state(NodeId(0)).unwrap().uneasy, "they are about to go");
    assert_eq!(scene.drawn(70, "dddd"), (vec![(3, 1)], Some(80)));
    assert_eq!((scene.drawn(80, "dddd").0, scene.held()), (vec![], 0));
    // Who comes back gives back what it took.
    let mut scene = Scene::new(snapshot(&[1, 1, 1, 1], "", "max_removed = \"50%\""));
    scene.at(0, "uuuu");
    scene.at(10, "dduu");
    scene.at(11, "uduu");
    assert_eq!(scene.drawn(12, "udud").0, [(0, 1), (2, 1)]);
}

#[test]
fn a_limit_does_not_hold_what_is_larger_than_it_nor_what_it_has_no_say_in() {
    let mut scene = Scene::new(snapshot(&[90, 10], "", "max_removed = \"50%\""));
    scene.at(0, "uu");
    assert_eq!(scene.drawn(1, "du").0, [(1, 10)], "the first goes, however large");
    assert_eq!(scene.drawn(2, "dd"), (vec![(1, 10)], Some(61)));
    // First verdicts, and orders.
    let mut scene = Scene::new(snapshot(&[1, 1, 1], "", "max_removed = \"34%\""));
    assert_eq!(scene.drawn(0, "?dd").0, [(0, 1)]);
    assert_eq!(scene.held(), 0);
    let mut scene = Scene::new(snapshot(&[1, 1, 1], "", "max_removed = \"34%\""));
    scene.at(0, "uuu");
    assert_eq!(scene.drawn(1, "oou").0, [(2, 1)]);
    assert_eq!(scene.drawn(2, "ood"), (vec![], None), "orders use up nothing");
    assert_eq!(scene.held(), 0);
}

#[test]
fn a_pool_that_fell_needs_a_margin_or_patience() {
    let mut scene = Scene::new(snapshot(&[1, 1, 1], "min_up = 2", ""));
    assert!(scene.is_up(0, "?d?"));
    assert!(scene.is_up(1, "udu"), "it has not fallen yet");
    assert!(!scene.is_up(10, "udd"));
    assert!(!scene.is_up(20, "udu"), "one flapping member does not bring it back");
    assert_eq!(scene.moderation.next(), Some(Duration::from_secs(140)));
    assert!(!scene.is_up(30, "udd"));
    assert!(scene.is_up(40, "uuu"));
    assert!(!scene.is_up(50, "udd"));
    assert!(!scene.is_up(60, "udu"));
    assert!(!scene.is_up(179, "udu"));
    assert!(scene.is_up(180, "udu"), "what would give the margin may be gone for good");
    assert!(scene.is_up(181, "udu"));
    assert_eq!(scene.moderation.next(), None);
}
