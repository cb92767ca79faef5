//! The table of verdicts, one outcome after another: thresholds, reloads, and what `status` shows.

use std::time::Duration;

use proptest::prelude::*;

use super::seconds;
use crate::health::{Cause, Outcome, Planned, ProbeKey, Standing, Streak, Thresholds, Tracker, Verdict};

fn key(check: &str, last_octet: u8) -> ProbeKey {
    ProbeKey { check: check.into(), address: [192, 0, 2, last_octet].into(), port: 443, name: None }
}

fn outcome(letter: char) -> Outcome {
    match letter {
        'P' => Outcome::pass(Duration::from_millis(7)),
        _ => Outcome::fail(Cause::Refused, "connection refused"),
    }
}

fn planned(key: &ProbeKey, rise: u32, fall: u32) -> Planned {
    let thresholds = Thresholds { rise, fall };
    Planned { key: key.clone(), thresholds, hold_down: None, place: 0, timeout: seconds(1), round: seconds(5) }
}

fn tracker(keys: &[ProbeKey], rise: u32, fall: u32) -> Tracker {
    let mut tracker = Tracker::default();
    let plan: Vec<Planned> = keys.iter().map(|key| planned(key, rise, fall)).collect();
    tracker.replan(&plan, &[], seconds(0));
    tracker
}

/// Outcomes as letters to the verdicts that each one changes to: `u`, `d`, or `-` for no change.
fn play(tracker: &mut Tracker, key: &ProbeKey, outcomes: &str) -> String {
    let mut observe = |letter| {
        tracker.observe(key, outcome(letter), seconds(2), seconds(1));
        match tracker.changes().into_iter().find_map(|change| change.verdict) {
            Some(Verdict::Up) => 'u',
            Some(Verdict::Down) => 'd',
            Some(Verdict::Unknown) => '?',
            None => '-',
        }
    };
    outcomes.chars().map(&mut observe).collect()
}

#[test]
fn rise_brings_up_and_fall_takes_down() {
    for (rise, fall, outcomes, changes) in [
        (2, 3, "P", "u"),
        (2, 3, "F", "d"),
        (2, 3, "PFFF", "u--d"),
        (2, 3, "PFFPFFF", "u-----d"),
        (2, 3, "FPP", "d-u"),
        (2, 3, "FPFPP", "d---u"),
        (2, 3, "PFFFFFPPFFF", "u--d---u--d"),
        (1, 1, "PFPF", "udud"),
        (3, 1, "FPPP", "d--u"),
    ] {
        let key = key("web", 1);
        assert_eq!(play(&mut tracker(std::slice::from_ref(&key), rise, fall), &key, outcomes), changes, "{outcomes}");
    }
}

#[test]
fn a_replan_keeps_what_stays_and_forgets_what_leaves() {
    let (stays, leaves, comes) = (key("web", 1), key("web", 2), key("web", 3));
    let mut tracker = tracker(&[stays.clone(), leaves.clone()], 2, 3);
    assert!(!tracker.all_known());
    assert_eq!(play(&mut tracker, &stays, "PFF"), "u--");
    assert_eq!(play(&mut tracker, &leaves, "F"), "d");
    assert!(tracker.all_known());

    // The key that stays is named by two pools.
    let plan = [&stays, &comes, &stays].map(|key| planned(key, 2, 3));
    tracker.replan(&plan, &[], seconds(9));
    assert_eq!(tracker.verdict(&comes), Verdict::Unknown);
    assert!(!tracker.all_known(), "the one that came is unknown");
    assert_eq!(tracker.verdict(&leaves), Verdict::Unknown);
    assert_eq!(play(&mut tracker, &leaves, "P"), "-", "a straggler is ignored");
    assert_eq!(play(&mut tracker, &stays, "F"), "d", "the third failure in a row");
    assert_eq!(tracker.standings().map(|(key, _)| key).collect::<Vec<_>>(), [&stays, &comes]);
}

#[test]
fn a_replan_with_other_thresholds_holds_from_the_next_outcome() {
    let key = key("web", 1);
    let mut tracker = tracker(std::slice::from_ref(&key), 2, 9);
    play(&mut tracker, &key, "PFFF");
    tracker.replan(&[planned(&key, 2, 2)], &[], seconds(2));
    assert_eq!(tracker.verdict(&key), Verdict::Up);
    assert_eq!(play(&mut tracker, &key, "F"), "d");
}

#[test]
fn a_standing_tells_what_status_shows() {
    let key = key("web", 1);
    let mut tracker = tracker(std::slice::from_ref(&key), 2, 1);
    tracker.observe(&key, outcome('P'), seconds(15), seconds(10));
    tracker.observe(&key, outcome('F'), seconds(20), seconds(15));
    tracker.observe(&key, outcome('P'), seconds(25), seconds(20));
    let (_, standing) = tracker.standings().next().unwrap();
    let expected = Standing {
        verdict: Verdict::Down,
        since: seconds(15),
        streak: Streak::Passes(1),
        latency: Some(Duration::from_millis(7)),
        last_error: Some((seconds(15), "connection refused".into())),
        last_outcome_at: Some(seconds(20)),
        next_probe_at: Some(seconds(25)),
        uneasy: true,
        ..Standing::default()
    };
    assert_eq!(*standing, expected);
}

#[test]
fn an_empty_plan_is_all_known() {
    assert!(Tracker::default().all_known());
}

proptest! {
    #[test]
    fn a_change_needs_its_streak(outcomes in "[PF]{1,60}", rise in 1_u32..5, fall in 1_u32..5) {
        let key = key("web", 1);
        let changes = play(&mut tracker(std::slice::from_ref(&key), rise, fall), &key, &outcomes);
        let ends_with = |end: usize, letter: char, count: u32| {
            outcomes[..end].chars().rev().take_while(|&other| other == letter).count() >= count as usize
        };
        let mut verdict = None;
        for (index, change) in changes.chars().enumerate() {
            if change != '-' {
                prop_assert_ne!(Some(change), verdict, "a change changes");
                verdict = Some(change);
            }
            // The first outcome decides alone; after it a full streak always wins and a shorter one never does.
            let (down_due, up_due) = (ends_with(index + 1, 'F', fall), ends_with(index + 1, 'P', rise));
            match (index, change) {
                (0, _) => prop_assert_eq!(change, if outcomes.starts_with('P') { 'u' } else { 'd' }),
                (_, 'd') => prop_assert!(down_due),
                (_, 'u') => prop_assert!(up_due),
                (_, _) => {
                    prop_assert!(!down_due || verdict == Some('d'), "a full streak of failures takes down");
                    prop_assert!(!up_due || verdict == Some('u'), "a full streak of passes brings up");
                }
            }
        }
    }
}
