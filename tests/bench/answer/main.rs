//! What an answer costs, in instructions: `answer()` alone, for each kind of question, counted by callgrind.
//!
//! Without arguments this program runs itself under callgrind, which dumps what it counted before [`counted`] and before [`settled`]. It prints
//! a table beside the recorded figures and fails where a kind has become dearer than the tolerance allows; `--record` writes
//! the figures down instead. Instructions do not depend on what else the machine does, so the figures of one compiler and
//! profile can be compared to about 1 %.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::expect_used, clippy::panic, reason = "a program for developers")]

mod kinds;
#[path = "../src/question.rs"]
mod question;
mod world;

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write;
use std::fs;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::{Command, ExitCode};

use signpost::answer::{Client, Dice, Outcome, Transport, View, answer};
use signpost::snapshot::Serving;

use kinds::Kind;

/// Questions of a kind that are counted.
const QUESTIONS: usize = 4096;
/// How much dearer a kind may become before it counts as a regression, with the compiler of the recorded figures.
const TOLERANCE: f64 = 1.03;
/// The same with another compiler, which moves all kinds a little by itself.
const FOREIGN_TOLERANCE: f64 = 1.10;
/// The compiler, then the figures of the commit, a kind a line.
const RECORDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bench/answer/instructions.txt");

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    // Cargo itself says `--bench`.
    let words: Vec<&str> = arguments.iter().map(String::as_str).filter(|word| *word != "--bench").collect();
    match words.as_slice() {
        [] => compare(),
        ["--record"] => record(),
        ["--run"] => ask(|_| QUESTIONS),
        ["--run", name, count] => {
            let count = count.parse().expect("a number of questions");
            ask(|kind| if kind.name == *name { count } else { 0 })
        }
        _ => {
            eprintln!("usage: [--record] | --run [KIND COUNT]");
            ExitCode::from(2)
        }
    }
}

/// Counts, and prints what was recorded beside it.
fn compare() -> ExitCode {
    let recorded = fs::read_to_string(RECORDED).unwrap_or_default();
    let (compiler, figures) = recorded.split_once('\n').unwrap_or_default();
    let figures: BTreeMap<&str, f64> = figures
        .lines()
        .filter_map(|line| line.split_once(' ').and_then(|(kind, count)| Some((kind, count.trim().parse().ok()?))))
        .collect();
    let tolerance = if compiler == this_compiler() { TOLERANCE } else { FOREIGN_TOLERANCE };
    println!(
        "recorded with {compiler}, counted with {}: up to {:.0} % dearer passes",
        this_compiler(),
        100.0 * (tolerance - 1.0)
    );
    println!("{:<12} {:>12} {:>9} {:>8}", "kind", "instructions", "recorded", "change");
    let mut dearer = false;
    for (name, instructions) in count_all() {
        let change = figures.get(name).map(|before| (before, instructions / before));
        let is_dearer = change.is_none_or(|(_, ratio)| ratio > tolerance);
        dearer |= is_dearer;
        let shown = change.map(|(before, ratio)| format!("{before:>9.0} {:>+6.1} %", 100.0 * (ratio - 1.0)));
        println!("{name:<12} {instructions:>12.0} {}{}", shown.unwrap_or_default(), if is_dearer { "  dearer" } else { "" });
    }
    if dearer {
        eprintln!("an answer has become dearer than recorded; make it cheaper, or record what it is worth with `-- --record`");
    }
    ExitCode::from(u8::from(dearer))
}

/// The compiler of this folder, in its own words.
fn this_compiler() -> String {
    let output = Command::new("rustc").arg("--version").output().expect("rustc is installed");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn record() -> ExitCode {
    let mut text = this_compiler() + "\n";
    for (name, instructions) in count_all() {
        let _ = writeln!(text, "{name} {instructions:.0}");
    }
    print!("{text}");
    fs::write(RECORDED, text).expect("the folder of the bench can be written to");
    ExitCode::SUCCESS
}

/// The instructions of one question, by kind.
fn count_all() -> impl Iterator<Item = (&'static str, f64)> {
    let folder = tempfile::tempdir().expect("a folder for callgrind's dumps");
    let dumps = folder.path().join("dump");
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--dump-before=*counted*", "--dump-before=*settled*"]);
    valgrind.arg(format!("--callgrind-out-file={}", dumps.display())).arg(env::current_exe().expect("this program has a path"));
    let output = valgrind.arg("--run").output().expect("valgrind is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // Dumps are numbered from 1: what stood before the first kind, the first kind, what stood between, and so on.
    (1..).zip(kinds::ALL).map(move |(number, kind)| {
        let dump = fs::read_to_string(folder.path().join(format!("dump.{}", 2 * number))).expect("a dump for each kind");
        let total = dump.lines().find_map(|line| line.strip_prefix("totals: ")?.trim().parse::<f64>().ok());
        (kind.name, total.expect("a dump ends in its total") / QUESTIONS as f64)
    })
}

/// Asks of each kind as many questions as `count` says.
fn ask(count: impl Fn(&Kind) -> usize) -> ExitCode {
    let geo = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("geoip/country.mmdb")).expect("the shipped database");
    let serving = world::serving(geo);
    for kind in kinds::ALL {
        let questions = kind.questions();
        expect(kind, &serving, &questions);
        counted(&serving, &questions, count(kind));
        settled();
    }
    ExitCode::SUCCESS
}

/// Asks `count` questions, round and round. Callgrind knows it by its name.
#[inline(never)]
fn counted(serving: &Serving, questions: &[Vec<u8>], count: usize) {
    let mut out = [0; 1232];
    for (seed, question) in (0..).zip(questions.iter().cycle()).take(count) {
        black_box(reply(serving, seed, question, &mut out));
    }
}

/// Where counting ends; likewise.
#[inline(never)]
fn settled() {
    black_box(());
}

fn reply(serving: &Serving, seed: u64, question: &[u8], out: &mut [u8]) -> Outcome {
    let view = View { serving, dice: Dice::seeded(seed) };
    let client = Client { address: IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7)), transport: Transport::Udp, size_limit: 1232 };
    answer(&view, question, &client, out)
}

/// A count of wrong answers would mean nothing.
fn expect(kind: &Kind, serving: &Serving, questions: &[Vec<u8>]) {
    for question in questions {
        let mut out = [0; 1232];
        let outcome = reply(serving, 1, question, &mut out);
        let Outcome::Reply { facts, .. } = outcome else { panic!("{}: {outcome:?}", kind.name) };
        let counts = [out[7], out[9]];
        assert_eq!((facts.rcode, facts.steered, counts), (kind.rcode, kind.steered, kind.records), "{}", kind.name);
    }
}
