//! Files of orders: good ones to what they say, broken ones to the goldens in `tests/diagnostics/orders/`, and what commands
//! make of them.

use std::fs;
use std::num::NonZeroU16;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::*;
use crate::config::parse;
use crate::diagnostic::tests::each_broken_file;
use crate::diagnostic::{Sources, any_error, render};

const CONFIG: &str = r#"
[pool.eu]
endpoints = [{ name = "fra-1", v4 = "192.0.2.1" }, { name = "fra-2", v4 = "192.0.2.2" }, { name = "ams-1", v4 = "192.0.2.3" }]
[pool.us]
endpoints = [{ name = "fra-1", v4 = "192.0.2.4", weight = 65000 }, { name = "iad-1", v4 = "192.0.2.5", weight = 100 }]
[policy.web]
choose = "failover"
from = ["eu", "us"]
"#;

const GOOD: &str = r#"# Ours.

# Until the new disks are in.
[drain."eu/fra-1"]
over = "10m"
since = 2026-11-24T14:22:07Z
until = 2026-11-25T08:00:00+01:00
reason = "disks"

[drain.us]

[force]
"*/ams-*" = { to = "down" } # it lies

[weight."us/iad-1"]
to = 7
"#;

fn config() -> Config {
    let source = Sources::default().add("signpost.toml", CONFIG);
    let (config, faults) = parse(&[Text { source: &source, folder: Path::new("") }]);
    config.unwrap_or_else(|| panic!("{faults:?}"))
}

fn read_text(text: &[u8], before: Option<&Orders>) -> (Option<Orders>, String) {
    let mut sources = Sources::default();
    let source = sources.add("state/orders.toml", text);
    let (orders, found) = read(&source, &config(), before);
    assert_eq!(orders.is_none(), any_error(&found), "{found:?}");
    assert!(found.iter().all(|found| found.help.is_some()), "{found:?}");
    (orders, found.iter().map(|found| render(found, &sources)).collect())
}

/// What a text without any fault says.
#[track_caller]
fn good(text: &str) -> Orders {
    let (orders, said) = read_text(text.as_bytes(), Some(&Orders::default()));
    assert_eq!(said, "", "{text}");
    orders.unwrap()
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_530_127 + seconds)
}

fn pattern(text: &str) -> Pattern {
    Pattern::read(text).unwrap()
}

fn drain(on: &str, over: u64) -> Order {
    let act = Act::Drain { over: Duration::from_secs(over) };
    Order { on: pattern(on), act, reason: None, since: Some(at(0)), until: None }
}

#[test]
fn a_file_says_what_is_ordered() {
    let orders = good(GOOD);
    let expected = [
        Order { reason: Some("disks".into()), until: Some(at(60_000 - 527)), ..drain("eu/fra-1", 600) },
        Order { since: None, ..drain("us", 0) },
        Order { act: Act::Force(Forced::Down), since: None, ..drain("*/ams-*", 0) },
        Order { act: Act::Weight(NonZeroU16::new(7).unwrap()), since: None, ..drain("us/iad-1", 0) },
    ];
    assert_eq!(
        orders.iter().map(|order| &order.on).collect::<Vec<_>>(),
        expected.iter().map(|order| &order.on).collect::<Vec<_>>()
    );
    for (order, expected) in orders.iter().zip(&expected) {
        let until = order.until.map(|_| SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_590_000));
        assert_eq!(order, &Order { until, ..expected.clone() });
    }
    assert!(good("").is_empty() && good("# nothing\n").is_empty());
}

/// Its endpoint went; the order stays and is told of. Where it never was, it is a slip.
#[test]
fn an_order_for_nobody_stands_only_if_it_stood_before() {
    let text = "[drain.\"eu/fra-9\"]\n";
    let (refused, error) = read_text(text.as_bytes(), Some(&Orders::default()));
    assert!(refused.is_none() && error.contains("error: no endpoint is called \"eu/fra-9\""), "{error}");
    let (kept, warning) = read_text(text.as_bytes(), None);
    assert!(warning.contains("warning: no endpoint is called \"eu/fra-9\""), "{warning}");
    assert_eq!(read_text(text.as_bytes(), kept.as_ref()), (kept, warning));
}

#[test]
fn goldens() {
    each_broken_file("tests/diagnostics/orders", "toml", 12, |file| {
        let (orders, said) = read_text(&fs::read(file).unwrap(), Some(&Orders::default()));
        assert!(orders.is_none(), "{}", file.display());
        said
    });
}

#[test]
fn an_edit_changes_what_it_says_and_nothing_else() {
    let put = Edit::Put(Order { reason: Some("a \"word\"".into()), ..drain("eu/fra-2", 90) });
    let text = edit(GOOD, &[put, Edit::Remove(OrderKind::Drain, pattern("eu/fra-1"))]).unwrap();
    let expected = GOOD.replace(&GOOD[GOOD.find("# Until").unwrap()..GOOD.find("[drain.us]").unwrap()], "").replace(
        "[drain.us]\n",
        "[drain.us]\n\n[drain.\"eu/fra-2\"]\nover = \"1m30s\"\nsince = 2026-11-24T14:22:07Z\nreason = 'a \"word\"'\n",
    );
    assert_eq!(text.replace("\n\n\n", "\n\n"), expected, "{text}");
    let text = edit(GOOD, &[Edit::Put(drain("eu/fra-1", 0))]).unwrap();
    assert!(
        text.contains("# Until the new disks are in.\n[drain.\"eu/fra-1\"]\nsince = 2026-11-24T14:22:07Z\n\n[drain.us]"),
        "{text}"
    );
    assert_eq!(edit("no [ toml", &[]), None);
}

#[test]
fn a_file_that_a_command_began_says_so_for_ever() {
    let begun = edit("", &[Edit::Put(drain("eu", 0))]).unwrap();
    assert!(
        begun.starts_with("# The orders that hold") && begun.ends_with("\n\n[drain.eu]\nsince = 2026-11-24T14:22:07Z\n"),
        "{begun}"
    );
    let emptied = edit(&begun, &[Edit::Remove(OrderKind::Drain, pattern("eu"))]).unwrap();
    assert_eq!(emptied, begun[..begun.find("[drain").unwrap()]);
    assert_eq!(edit(&emptied, &[Edit::Put(drain("eu", 0))]).unwrap(), begun);
}

/// Whatever form TOML allows: after the edit it says what it said before, and the change.
#[test]
fn every_form_of_a_file_can_be_edited() {
    for text in [
        "drain.us.reason = \"x\"\n",
        "drain = { us = { reason = \"x\" } }\n",
        "[drain]\nus = { reason = \"x\" }\n",
        "[drain]\nus.reason = \"x\"\n",
        "[drain.us]\nreason = \"x\"\n",
        "[drain.us]\nreason = \"x\"\n[force.us]\nto = \"up\"",
        "\u{feff}[drain.us]\r\nreason = \"x\"\r\n",
    ] {
        let before = good(text);
        let edited = edit(text, &[Edit::Put(drain("eu", 5))]).unwrap();
        let after = good(&edited);
        assert_eq!(after.find(OrderKind::Drain, &pattern("eu")), Some(&drain("eu", 5)), "{edited}");
        assert!(before.iter().all(|order| after.find(order.act.kind(), &order.on) == Some(order)), "{edited}");
        let undone = good(&edit(&edited, &[Edit::Remove(OrderKind::Drain, pattern("eu"))]).unwrap());
        assert_eq!(undone, before, "{edited}");
    }
}

fn names(orders: &Orders, kind: OrderKind) -> Vec<&str> {
    orders.iter().filter(|order| order.act.kind() == kind).map(|order| order.on.as_str()).collect()
}

fn granted(orders: &Orders, wish: &Wish) -> Result<(Orders, Vec<String>), (String, String)> {
    let plan = wish.plan(orders, &config(), at(100))?;
    let text = edit("", &orders.iter().cloned().map(Edit::Put).collect::<Vec<_>>()).unwrap();
    Ok((good(&edit(&text, &plan.edits).unwrap()), plan.notes))
}

#[test]
fn what_is_taken_back_for_some_stands_for_the_others() {
    let take_back = |on: &str| Wish::TakeBack(OrderKind::Drain, pattern(on));
    let orders = Orders::new([drain("eu", 600), drain("us/fra-1", 0)]);
    let (left, notes) = granted(&orders, &take_back("eu/fra-1")).unwrap();
    assert_eq!(names(&left, OrderKind::Drain), ["us/fra-1", "eu/fra-2", "eu/ams-1"]);
    assert_eq!(notes, ["the order on \"eu\" now stands for eu/fra-2, eu/ams-1 each"]);
    assert_eq!(left.find(OrderKind::Drain, &pattern("eu/ams-1")), Some(&drain("eu/ams-1", 600)));
    let (left, _) = granted(&orders, &take_back("*/fra-*")).unwrap();
    assert_eq!(names(&left, OrderKind::Drain), ["eu/ams-1"]);
    assert_eq!(granted(&orders, &take_back("eu")).unwrap(), (Orders::new([drain("us/fra-1", 0)]), Vec::new()));
    // Also one for nobody.
    let gone = Orders::new([drain("ap/sin-1", 0)]);
    let plan = take_back("ap/sin-1").plan(&gone, &config(), at(0)).unwrap();
    assert_eq!(plan.edits, [Edit::Remove(OrderKind::Drain, pattern("ap/sin-1"))]);
    let (message, help) = granted(&orders, &take_back("us/iad-1")).unwrap_err();
    assert_eq!(message, "\"us/iad-1\" is not drained");
    assert!(help.contains("signpost orders"), "{help}");
}

#[test]
fn a_drain_that_runs_is_not_begun_anew() {
    let orders = Orders::new([drain("eu", 600)]);
    let again = |over| Wish::Give(Order { since: Some(at(100)), reason: Some("x".into()), ..drain("eu", over) });
    let (orders_after, notes) = granted(&orders, &again(900)).unwrap();
    assert_eq!(orders_after, Orders::new([Order { reason: Some("x".into()), ..drain("eu", 600) }]));
    assert_eq!(notes, ["eu is being drained already: that goes on"]);
    let (at_once, _) = granted(&orders, &again(0)).unwrap();
    assert_eq!(at_once.find(OrderKind::Drain, &pattern("eu")).map(|order| order.share(at(100))), Some(0));
}

#[test]
fn what_has_ended_is_swept_away_with_the_next_command() {
    let orders = Orders::new([Order { until: Some(at(99)), ..drain("eu", 0) }, Order { until: Some(at(101)), ..drain("us", 0) }]);
    let (after, _) = granted(&orders, &Wish::Give(drain("eu/fra-1", 0))).unwrap();
    assert_eq!(names(&after, OrderKind::Drain), ["us", "eu/fra-1"]);
}

#[test]
fn names_that_nobody_has_are_refused_with_what_was_probably_meant() {
    for (on, message, help) in [
        ("eu/fra1", "no endpoint is called \"eu/fra1\"", "did you mean \"eu/fra-1\"?"),
        ("fra-2", "no pool is called \"fra-2\"", "did you mean \"eu/fra-2\"?"),
        ("web", "no pool is called \"web\"", "\"web\" is a policy; orders are for pools and endpoints: eu/fra-1"),
        ("eu/par-*", "no endpoint fits \"eu/par-*\"", "endpoints are called eu/fra-1, eu/fra-2"),
        ("asia", "no pool is called \"asia\"", "endpoints are called eu/fra-1"),
    ] {
        let (found, step) = granted(&Orders::default(), &Wish::Give(drain(on, 0))).unwrap_err();
        assert_eq!(found, message);
        assert!(step.starts_with(help), "{on}: {step}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_text_panics(edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..8)) {
        let mut octets = GOOD.as_bytes().to_vec();
        for (at, octet, how) in edits {
            let at = at.index(octets.len() + 1).min(octets.len().saturating_sub(1));
            match how {
                0 | 2 if octets.is_empty() => {}
                0 => octets[at] = octet,
                1 => octets.insert(at, octet),
                2 => { octets.remove(at); }
                _ => octets.truncate(at + 1),
            }
        }
        let (orders, _) = read_text(&octets, Some(&Orders::default()));
        // What was read can be changed, and then says that.
        if let (Some(orders), Ok(text)) = (orders, std::str::from_utf8(&octets)) {
            let edited = edit(text, &[Edit::Put(drain("eu/ams-1", 5))]).unwrap();
            let (after, said) = read_text(edited.as_bytes(), Some(&Orders::default()));
            prop_assert!(after.is_some(), "{}\n{}", edited, said);
            prop_assert!(orders.iter().all(|order| order.on == pattern("eu/ams-1") || after.as_ref().unwrap().find(order.act.kind(), &order.on) == Some(order)));
        }
    }
}
