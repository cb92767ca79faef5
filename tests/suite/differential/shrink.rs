//! The least case that still shows something: records, zones and labels are taken away as long as it does.
//!
//! Who asks is an argument and is asked about many candidates at once, since for four servers one start costs more than many zones.

use super::lawful::is_lawful;
use super::world::{Case, Question, Record, World};

/// Rounds of shrinking; each makes the case smaller, so this only bounds what a mistake could cost.
const ROUNDS_MAX: usize = 100;
/// Candidates of one round.
const CANDIDATES_MAX: usize = 400;

/// Shrinks a case; `shows` tells of each of many candidates whether it shows the same.
pub(super) fn shrink(mut case: Case, mut shows: impl FnMut(&[Case]) -> Vec<bool>) -> Case {
    for _ in 0..ROUNDS_MAX {
        let mut candidates = candidates(&case);
        candidates.truncate(CANDIDATES_MAX);
        if candidates.is_empty() {
            return case;
        }
        let shown = shows(&candidates);
        let smallest = candidates.into_iter().zip(shown).filter(|(_, shows)| *shows).map(|(case, _)| case).min_by_key(size);
        let Some(smaller) = smallest else { return case };
        case = smaller;
    }
    case
}

/// What makes one case smaller than another: records first, then signs.
fn size(case: &Case) -> (usize, usize, usize, Question) {
    let records = || case.world.zones.iter().flat_map(|zone| &zone.records);
    let length = |text: &str| text.len() + text.chars().filter(|sign| *sign == '*' || sign.is_ascii_uppercase()).count();
    let signs = records().map(|record| length(&record.owner) + length(&record.data)).sum::<usize>() + length(&case.question.name);
    (case.world.zones.len(), case.world.record_count(), signs, case.question.clone())
}

/// Every smaller case that is one step away, the boldest steps first.
fn candidates(case: &Case) -> Vec<Case> {
    let records = without_runs(case);
    let all = without_zones(case).into_iter().chain(records).chain(simpler_records(case)).chain(simpler_names(case));
    let mut candidates: Vec<Case> = Vec::new();
    for candidate in all.chain(simpler_questions(case)) {
        let is_smaller = size(&candidate) < size(case);
        if is_smaller && is_lawful(&candidate.world) && !candidates.contains(&candidate) {
            candidates.push(candidate);
        }
    }
    candidates
}

fn without_zones(case: &Case) -> Vec<Case> {
    let zones = case.world.zones.len();
    let without = |gone: usize| {
        let mut smaller = case.clone();
        smaller.world.zones.remove(gone);
        smaller
    };
    if zones > 1 { (0..zones).map(without).collect() } else { Vec::new() }
}

/// Without each run of records of each length that is a power of two.
fn without_runs(case: &Case) -> Vec<Case> {
    let mut smaller = Vec::new();
    for (place, zone) in case.world.zones.iter().enumerate() {
        let count = zone.records.len();
        let mut length = count.next_power_of_two() / 2;
        while length > 0 {
            for from in (0..count).step_by(length) {
                let mut without = case.clone();
                without.world.zones[place].records.drain(from..count.min(from + length));
                smaller.push(without);
            }
            length /= 2;
        }
        smaller.push(with_own_server(case, place));
    }
    smaller
}

/// With a name server that needs no address in the zone.
fn with_own_server(case: &Case, place: usize) -> Case {
    let mut simpler = case.clone();
    let zone = &mut simpler.world.zones[place];
    let apex = zone.apex.clone();
    zone.records.retain(|record| record.rtype != "NS" || !record.owner.eq_ignore_ascii_case(&apex));
    zone.records.insert(0, Record { owner: apex, rtype: "NS", data: "x.".to_owned() });
    simpler
}

/// With one record of a plainer kind.
fn simpler_records(case: &Case) -> Vec<Case> {
    let mut simpler = Vec::new();
    for (place, zone) in case.world.zones.iter().enumerate() {
        for (at, record) in zone.records.iter().enumerate() {
            let data = match record.rtype {
                "NS" | "CNAME" | "DNAME" | "PTR" => "x.",
                "MX" => "0 x.",
                "SRV" => "0 0 0 x.",
                "TXT" => "x",
                _ => continue,
            };
            let mut changed = case.clone();
            changed.world.zones[place].records[at] = Record { data: data.to_owned(), ..record.clone() };
            simpler.push(changed);
        }
    }
    simpler
}

/// With one name changed wherever it stands, itself and below it: a label less, or a plainer label.
fn simpler_names(case: &Case) -> Vec<Case> {
    let records = case.world.zones.iter().flat_map(|zone| &zone.records);
    let names = records.flat_map(|record| [record.owner.as_str(), last_word(&record.data)]).chain([case.question.name.as_str()]);
    let mut simpler = Vec::new();
    for name in names.filter(|name| name.ends_with(".test.")) {
        for suffix in super::world::suffixes(name).filter(|suffix| suffix.matches('.').count() > 2) {
            let (label, parent) = suffix.split_once('.').unwrap();
            simpler.push(renamed(case, suffix, parent));
            for plainer in ["a", "b", "c"].into_iter().filter(|plainer| *plainer != label) {
                simpler.push(renamed(case, suffix, &format!("{plainer}.{parent}")));
            }
        }
    }
    simpler
}

fn last_word(data: &str) -> &str {
    data.rsplit(' ').next().unwrap_or_default()
}

/// With another name in place of this one, everywhere but in the zones' own names.
fn renamed(case: &Case, from: &str, to: &str) -> Case {
    let mut changed = case.clone();
    for record in changed.world.zones.iter_mut().flat_map(|zone| &mut zone.records) {
        record.owner = with_suffix(&record.owner, from, to);
        let words: Vec<_> = record.data.split(' ').map(|word| with_suffix(word, from, to)).collect();
        record.data = words.join(" ");
    }
    changed.question.name = with_suffix(&changed.question.name, from, to);
    changed
}

fn with_suffix(name: &str, from: &str, to: &str) -> String {
    let start = name.len().checked_sub(from.len());
    let ends = |start: &usize| {
        let at_label = *start == 0 || name.as_bytes().get(start.wrapping_sub(1)) == Some(&b'.');
        at_label && name.get(*start..).is_some_and(|end| end.eq_ignore_ascii_case(from))
    };
    start.filter(ends).map_or_else(|| name.to_owned(), |start| format!("{}{to}", &name[..start]))
}

fn simpler_questions(case: &Case) -> Vec<Case> {
    let question = &case.question;
    let named = |name: &str| Question { name: name.to_owned(), ..question.clone() };
    // What is above the zones is asked about none of them.
    let parent = question.name.split_once('.').map(|(_, parent)| parent).filter(|parent| parent.matches('.').count() > 1);
    let parent = parent.unwrap_or(&question.name);
    let alternatives = [
        named(&question.name.to_ascii_lowercase()),
        named(parent),
        named(&format!("a.{parent}")),
        Question { payload: None, ..question.clone() },
        Question { payload: question.payload.map(|_| 512), ..question.clone() },
        Question { payload: question.payload.map(|_| 1232), ..question.clone() },
        Question { recursion_desired: false, ..question.clone() },
        Question { rtype: 1, ..question.clone() },
    ];
    let mut simpler: Vec<_> = alternatives.map(|question| Case { world: case.world.clone(), question }).into();
    simpler.push(in_lower_case(case));
    simpler
}

fn in_lower_case(case: &Case) -> Case {
    let lower = |record: &Record| Record {
        owner: record.owner.to_ascii_lowercase(),
        rtype: record.rtype,
        data: record.data.to_ascii_lowercase(),
    };
    let mut world = World::default();
    for zone in &case.world.zones {
        let records = zone.records.iter().map(lower).collect();
        world.zones.push(super::world::Zone { apex: zone.apex.to_ascii_lowercase(), records });
    }
    Case { world, question: Question { name: case.question.name.to_ascii_lowercase(), ..case.question.clone() } }
}

#[test]
fn a_planted_difference_is_shrunk_to_what_makes_it() {
    use super::{dice::Dice, generate, questions::questions};

    // What a server would answer wrongly that forgot the texts of wildcards below "b", if MX is asked with EDNS.
    let is_wrong = |case: &Case| {
        let mut records = case.world.zones.iter().flat_map(|zone| &zone.records);
        let is_at_fault = |record: &Record| record.rtype == "TXT" && record.owner.to_ascii_lowercase().starts_with("*.b.");
        records.any(is_at_fault) && case.question.rtype == 15 && case.question.payload.is_some()
    };
    let mut shrunk = Vec::new();
    for seed in 0..200 {
        let mut dice = Dice::new(seed);
        let world = generate::world(&mut dice);
        let asked = questions(&world, 50, &mut dice);
        let case = asked.into_iter().map(|question| Case { world: world.clone(), question }).find(is_wrong);
        shrunk.extend(case.map(|case| shrink(case, |candidates| candidates.iter().map(is_wrong).collect())));
    }
    assert!(shrunk.len() > 5, "the dice make too few cases: {}", shrunk.len());
    for case in shrunk {
        let [zone] = case.world.zones.as_slice() else { panic!("one zone is enough: {case:?}") };
        // A zone that is itself called "b" needs no name in between.
        let wildcard = if zone.apex.starts_with("b.") { format!("*.{}", zone.apex) } else { format!("*.b.{}", zone.apex) };
        let expected = [("NS", zone.apex.clone(), "x."), ("TXT", wildcard, "x")];
        let mut found: Vec<_> =
            zone.records.iter().map(|record| (record.rtype, record.owner.clone(), record.data.as_str())).collect();
        found.sort();
        assert_eq!(found, expected);
        let name = case.question.name.clone();
        assert_eq!(case.question, Question { name, rtype: 15, payload: Some(512), recursion_desired: false });
        assert_eq!(case.question.name.matches('.').count(), 2, "{case:?}");
    }
}
