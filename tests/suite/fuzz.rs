//! The corpus and the finds of fuzzing, replayed through the bodies of the targets, and mutated a bounded number of times.

use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::targets::{Body, TARGETS};

/// Where `cargo fuzz` keeps what belongs to its targets.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz");
/// Octets of all that is kept for replaying.
const KEPT_LENGTH_MAX: u64 = 1 << 20;
/// Mutations tried of each target.
const MUTATIONS: u32 = 1000;
/// The seed of the mutations; the same find comes again.
const SEED: [u8; 32] = *b"signpost: one seed for all times";

/// The files of a target: its corpus, and what was found once.
fn files(target: &str) -> Vec<PathBuf> {
    let folders = ["corpus", "regressions"].map(|folder| Path::new(ROOT).join(folder).join(target));
    let entries = folders.iter().filter(|folder| folder.exists()).flat_map(|folder| fs::read_dir(folder).expect("a folder"));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    files(target).iter().map(|file| fs::read(file).expect("a file")).collect()
}

/// Replays all of a target; which files fail is printed with what they say.
fn replay(target: &str, body: Body) {
    let fails = |file: &PathBuf| {
        let octets = fs::read(file).expect("a file");
        panic::catch_unwind(AssertUnwindSafe(|| body(&octets))).is_err()
    };
    let files = files(target);
    assert!(!files.is_empty(), "no corpus for {target}");
    let failed: Vec<_> = files.into_iter().filter(fails).collect();
    assert!(failed.is_empty(), "{target}: {failed:#?}");
}

/// Octets replaced, taken out and put in, and parts of another seed.
fn mutate(seeds: &[Vec<u8>], (seed, other, changes): &(Index, Index, Vec<(u8, Index, u8)>)) -> Vec<u8> {
    let mut octets = seed.get(seeds).clone();
    let other = other.get(seeds);
    for (how, place, octet) in changes {
        let at = place.index(octets.len() + 1);
        match (how % 6, octets.get_mut(at)) {
            (0 | 1, Some(place)) => *place = *octet,
            (2, Some(place)) => *place ^= 1 << (octet % 8),
            (3, Some(_)) => drop(octets.drain(at..octets.len().min(at + usize::from(octet % 8)))),
            (4, _) => octets.insert(at, *octet),
            (_, _) => {
                let from = place.index(other.len() + 1);
                let part = &other[from..other.len().min(from + usize::from(*octet))];
                octets.splice(at..at, part.iter().copied());
            }
        }
    }
    octets
}

/// Mutates the seeds of a target.
fn mutations_hold(target: &str, body: Body) {
    let seeds = seeds(target);
    let config = Config { cases: MUTATIONS, failure_persistence: None, max_shrink_iters: 2000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &SEED));
    let changes = (any::<Index>(), any::<Index>(), prop::collection::vec((any::<u8>(), any::<Index>(), any::<u8>()), 1..6));
    let outcome = runner.run(&changes, |changes| {
        let octets = mutate(&seeds, &changes);
        let held = panic::catch_unwind(AssertUnwindSafe(|| body(&octets)));
        prop_assert!(held.is_ok(), "{target}: {}", octets.escape_ascii());
        Ok(())
    });
    outcome.unwrap_or_else(|fault| panic!("{fault}"));
}

fn body_of(target: &str) -> Body {
    TARGETS.iter().find(|(known, _)| *known == target).map(|(_, body)| *body).expect("a target")
}

macro_rules! replayed {
    ($($target:ident)*) => {
        $(mod $target {
            #[test]
            fn corpus_and_finds_hold() {
                super::replay(stringify!($target), super::body_of(stringify!($target)));
            }

            #[test]
            fn mutations_hold() {
                super::mutations_hold(stringify!($target), super::body_of(stringify!($target)));
            }
        })*
    };
}

replayed! { config mmdb query zone }

#[test]
fn every_target_has_its_door_and_what_is_kept_is_small() {
    let kept: u64 =
        TARGETS.iter().flat_map(|(target, _)| files(target)).map(|file| fs::metadata(file).expect("a file").len()).sum();
    assert!(kept <= KEPT_LENGTH_MAX, "{kept} octets of corpus: cargo fuzz cmin");
    for (target, _) in TARGETS {
        let door = fs::read_to_string(format!("{ROOT}/targets/{target}.rs")).expect("a door");
        assert!(door.contains(&format!("run(\"{target}\"")), "{target} is behind another door");
    }
}

/// `tests/fuzz` builds the bodies without the rest of the suite, and nothing that runs here would notice if it no longer could.
#[test]
fn the_bodies_stand_on_nothing_but_what_the_targets_have() {
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite");
    let doors = fs::read_to_string(Path::new(ROOT).join("scenario/mod.rs")).expect("what the targets have");
    let bodies = fs::read_dir(suite.join("targets")).expect("a folder").map(|entry| entry.expect("an entry").path());
    let shared: Vec<PathBuf> = ["query", "reply", "world"].map(|name| suite.join(format!("scenario/{name}.rs"))).into();
    assert_eq!(doors.matches("#[path").count(), shared.len(), "another file is shared: name it here");
    for file in bodies.chain(shared) {
        let text = fs::read_to_string(&file).expect("a source");
        for (_, rest) in text.match_indices("crate::").map(|(at, found)| text.split_at(at + found.len())) {
            let known = ["query", "reply", "world"].iter().any(|name| rest.starts_with(&format!("scenario::{name}::")));
            assert!(known, "{}: crate::{}", file.display(), rest.lines().next().unwrap_or_default());
        }
    }
}
