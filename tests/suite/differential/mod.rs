//! Signpost beside NSD, Knot DNS and BIND: zones and questions made together, asked of all four at once.
//!
//! Where the three agree in a part of the reply, Signpost must agree; where they disagree, it must say what one of them says. What
//! is meant to differ stands in `exceptions.rs`. What nobody explained is shrunk to the least zones and question that show it.
//! DIFFERENTIAL_SEED makes another run; DIFFERENTIAL_WORLDS and DIFFERENTIAL_QUESTIONS (in each world) a longer one, and
//! DIFFERENTIAL_SHOWN shrinks more differences of one kind.

mod compare;
mod dice;
mod exceptions;
mod generate;
mod inquiry;
mod lawful;
mod panel;
mod questions;
mod reply;
mod report;
mod shrink;
mod variety;
mod world;

use std::collections::BTreeMap;

use compare::{Part, Stand, stand};
use dice::Dice;
use exceptions::{Seen, covering};
use panel::{Panel, Replies, ask_each};
use report::Tally;
use world::{Case, Question, World};

/// Worlds in one start of the servers.
const WORLDS_IN_A_BATCH: usize = 500;

/// How much is asked, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Plan {
    seed: u64,
    worlds: usize,
    /// In each world, if there are so many.
    questions: usize,
    /// Differences of one kind are many and most are one fault: so many are shrunk and shown.
    shown: usize,
}

/// What every run of the suite asks: more than 100,000 questions, with a seed by which every exception comes up.
const PLAN: Plan = Plan { seed: 3, worlds: 400, questions: 260, shown: 1 };

impl Plan {
    fn from_environment() -> Self {
        let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
        let count = |name: &str, usual: usize| number(name).map_or(usual, |count| count as usize);
        Self {
            seed: number("DIFFERENTIAL_SEED").unwrap_or(PLAN.seed),
            worlds: count("DIFFERENTIAL_WORLDS", PLAN.worlds),
            questions: count("DIFFERENTIAL_QUESTIONS", PLAN.questions),
            shown: count("DIFFERENTIAL_SHOWN", PLAN.shown),
        }
    }
}

/// A difference that no exception covers.
#[derive(Debug)]
struct Difference {
    case: Case,
    part: Part,
    stand: Stand,
}

#[test]
fn where_the_peers_agree_signpost_agrees() {
    let plan = Plan::from_environment();
    println!("{plan:?}");
    let mut dice = Dice::new(plan.seed);
    let mut tally = Tally::default();
    let mut differences = Vec::new();
    let worlds: Vec<World> = (0..plan.worlds).map(|_| generate::world(&mut dice)).collect();
    for batch in worlds.chunks(WORLDS_IN_A_BATCH) {
        let panel = Panel::start(batch.iter());
        let questions: Vec<Vec<Question>> =
            batch.iter().map(|world| questions::questions(world, plan.questions, &mut dice)).collect();
        let asked: Vec<(usize, &Question)> =
            questions.iter().enumerate().flat_map(|(number, all)| all.iter().map(move |question| (number, question))).collect();
        for ((number, question), replies) in asked.iter().zip(panel.ask(&asked)) {
            let case = Case { world: batch[*number].clone(), question: (*question).clone() };
            differences.extend(judge(&case, &replies, &mut tally));
        }
    }
    println!("{}", tally.text());
    let told = told(differences, plan.shown);
    assert!(told.is_empty(), "{}{plan:?}", told.join("\n"));
    // What is rare need not come with every seed.
    if plan == PLAN {
        assert!(tally.idle().is_empty(), "exceptions that cover nothing: {:?}", tally.idle());
        assert_eq!(tally.variety.lacking(tally.questions), [], "kinds of replies that are too rare");
    }
}

/// Compares part by part; gives what is not explained.
fn judge(case: &Case, replies: &Replies, tally: &mut Tally) -> Vec<Difference> {
    tally.questions += 1;
    // BIND always has an answer of its own, and is not what is tested.
    let [.., bind] = &replies.peers;
    tally.variety.count(case, bind, replies.truncated.contains(&true));
    let mut differences = Vec::new();
    for part in Part::ALL {
        let stand = stand(part, replies);
        *tally.stands.entry((part, stand)).or_default() += 1;
        if !matches!(stand, Stand::Against | Stand::Alone) {
            continue;
        }
        match covering(&Seen { case, part, stand, replies }) {
            Some(exception) => *tally.excepted.entry(exception).or_default() += 1,
            None => differences.push(Difference { case: case.clone(), part, stand }),
        }
    }
    differences
}

/// Some differences of each kind as text, shrunk, and how many there are.
fn told(differences: Vec<Difference>, shown: usize) -> Vec<String> {
    let mut kinds: BTreeMap<(Part, Stand), Vec<Difference>> = BTreeMap::new();
    for difference in differences {
        kinds.entry((difference.part, difference.stand)).or_default().push(difference);
    }
    let mut texts = Vec::new();
    for ((part, stand), differences) in kinds {
        texts.push(format!("{} differences: {part:?} {stand:?}\n", differences.len()));
        let step = differences.len().div_ceil(shown.max(1));
        let mut least: Vec<Case> = Vec::new();
        for difference in differences.into_iter().step_by(step) {
            let case = shrunk(difference);
            if !least.contains(&case) {
                least.push(case);
            }
        }
        let replies = ask_each(&least);
        let all = least.iter().zip(&replies).enumerate();
        texts.extend(all.map(|(number, (case, replies))| report::difference(case, number, part, stand, replies)));
    }
    texts
}

/// The least case that shows a difference of the same kind that is not explained either.
fn shrunk(difference: Difference) -> Case {
    let Difference { case, part, stand: kind } = difference;
    shrink::shrink(case, |candidates| {
        let replies = ask_each(candidates);
        let shows = |(case, replies): (&Case, &Replies)| {
            stand(part, replies) == kind && covering(&Seen { case, part, stand: kind, replies }).is_none()
        };
        candidates.iter().zip(&replies).map(shows).collect()
    })
}
