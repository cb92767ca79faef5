//! What is asked of a world: every name that something may stand at or be made at, and every type that may matter there.

use std::collections::BTreeSet;

use signpost::wire::RrType;

use super::dice::Dice;
use super::generate::LONG_LABEL_LENGTH;
use super::world::{Question, Record, World, suffixes};

/// Types by weight: A AAAA NS CNAME DNAME MX TXT SRV DS SOA PTR HTTPS ANY, and one that nobody has a name for.
const TYPES: [(usize, u16); 15] = [
    (8, 1),
    (3, 28),
    (4, 2),
    (3, 5),
    (3, 39),
    (3, 15),
    (4, 16),
    (3, 33),
    (3, 43),
    (2, 6),
    (2, 12),
    (1, 65),
    (1, 255),
    (1, 731),
    (1, 35),
];
/// Labels that are asked for below names that exist.
const CHILDREN: [&str; 4] = ["a", "*", "x", "b.c"];
/// Sizes that OPT records announce, and none.
const PAYLOADS: [Option<u16>; 4] = [None, Some(512), Some(1232), Some(4096)];

/// A name of no zone.
const OUTSIDE: &str = "a.outside.invalid.";

/// So many different questions, or all there are.
pub(super) fn questions(world: &World, count: usize, dice: &mut Dice) -> Vec<Question> {
    let names: Vec<String> = names(world).into_iter().collect();
    let records: Vec<&Record> = world.zones.iter().flat_map(|zone| &zone.records).collect();
    let mut questions = BTreeSet::new();
    // A small world runs out of questions.
    for _ in 0..4 * count {
        if questions.len() == count {
            break;
        }
        // Most names that can be asked for have no data: what stands in the zone is asked for besides.
        let record = dice.percent(35).then(|| *dice.pick(&records));
        let rtype =
            record.filter(|_| dice.percent(70)).and_then(|record| RrType::from_mnemonic(record.rtype)).map(|rtype| rtype.0);
        let name = match record {
            Some(record) => below(&record.owner, dice),
            None if dice.percent(2) => OUTSIDE.to_owned(),
            None => names[dice.below(names.len())].clone(),
        };
        questions.insert(Question {
            name: in_some_case(&name, dice),
            rtype: rtype.unwrap_or_else(|| *dice.weighted(&TYPES)),
            payload: *dice.pick(&PAYLOADS),
            recursion_desired: dice.percent(20),
        });
    }
    questions.into_iter().collect()
}

/// The owner itself or, of a wildcard, mostly a name that it makes.
fn below(owner: &str, dice: &mut Dice) -> String {
    match owner.strip_prefix("*.").filter(|_| dice.percent(70)) {
        Some(parent) => format!("{}.{parent}", dice.pick(&["x", "y.z", "a.b"])),
        None => owner.to_owned(),
    }
}

fn names(world: &World) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for zone in &world.zones {
        let long = "k".repeat(LONG_LABEL_LENGTH);
        for record in &zone.records {
            let above = suffixes(&record.owner).take_while(|name| name.len() >= zone.apex.len());
            for name in above.chain(target(&record.data)) {
                names.extend(CHILDREN.iter().map(|child| format!("{child}.{name}")));
                names.insert(name.to_owned());
                if let Some((_, parent)) = name.split_once('.').filter(|(_, parent)| parent.len() >= zone.apex.len()) {
                    names.insert(format!("c.{parent}"));
                }
            }
            if record.rtype == "DNAME" {
                // One makes a name of 255 octets, the next one of 256.
                let room = 255_usize.saturating_sub(1 + wire_length(&record.data));
                let fits = room.clamp(1, 62);
                names.extend([fits, fits + 1].map(|length| format!("{}.{}", "k".repeat(length), record.owner)));
                names.insert(format!("{long}.{}", record.owner));
            }
        }
    }
    // A target may be as long as a name can be, and nothing is below it.
    names.retain(|name| wire_length(name) <= 255);
    names
}

/// The name that a record leads to, if it is one that somebody serves.
fn target(data: &str) -> Option<&str> {
    data.rsplit(' ').next().filter(|last| last.ends_with(".test."))
}

/// Octets of a name on the wire; a world's number takes four.
fn wire_length(name: &str) -> usize {
    name.len() + 1 + 3 * name.matches('%').count()
}

fn in_some_case(name: &str, dice: &mut Dice) -> String {
    match dice.percent(30) {
        true => name.chars().map(|sign| if dice.percent(30) { sign.to_ascii_uppercase() } else { sign }).collect(),
        false => name.to_owned(),
    }
}
