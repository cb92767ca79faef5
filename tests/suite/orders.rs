//! Orders and memory with the real binary: drains that lead clients away as promised, restarts that forget nothing, and files
//! that are broken and change nothing.

use std::net::IpAddr;
use std::process::Output;
use std::time::{Duration, Instant, SystemTime};

use hickory_proto::op::Message;
use hickory_proto::rr::RecordType;

use crate::harness::client::{addresses, ask, query, udp};
use crate::harness::endpoint::{Nginx, PORT};
use crate::harness::server::{Folder, Server, command, command_with};
use crate::harness::{ZONE_HEAD, until};

const FIRST: [u8; 4] = [192, 0, 2, 10];
/// Seconds that an answer lives.
const TTL: u64 = 3;
/// Seconds of the drain that is watched.
const OVER: u64 = 4;
/// Queries while it lasts, at least.
const QUERIES_MIN: usize = 20_000;

/// Two endpoints of equal weight that nobody probes.
fn two() -> Folder {
    let config = format!(
        r#"
[server]
listen = "127.0.0.1:0"

[pool.eu]
ttl = "{TTL}s"
endpoints = [{{ name = "fra-1", v4 = "192.0.2.10" }}, {{ name = "fra-2", v4 = "192.0.2.11" }}]
"#
    );
    let zone = format!("{ZONE_HEAD}\nwww IN A 192.0.2.99\n_steer.www IN TXT \"eu\"\nold 7 IN A 192.0.2.10\n");
    Folder::new([("signpost.toml", config.as_str()), ("zones/example.com.zone", &zone)])
}

fn www() -> Message {
    query("www.example.com.", RecordType::A)
}

/// How many of so many answers name the first endpoint.
fn named(server: &Server, queries: usize) -> usize {
    let answers = (0..queries).map(|_| addresses(&ask(server.address(), &www())));
    answers.filter(|answer| answer.contains(&IpAddr::from(FIRST))).count()
}

#[track_caller]
fn said(output: &Output, exit: i32) -> String {
    let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).unwrap();
    let said = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(exit), "{said}");
    said
}

#[track_caller]
fn order(folder: &Folder, name: &str, arguments: &[&str]) -> String {
    said(&command_with(folder, name, arguments), 0)
}

/// The moment behind these words of an output in UTC, the next with that time of day.
fn moment(said: &str, words: &str) -> SystemTime {
    let time = said.split(words).nth(1).unwrap_or_else(|| panic!("no {words:?}: {said}")).trim_start();
    let part = |at: usize| time[at..at + 2].parse::<u64>().unwrap();
    let in_day = part(0) * 3600 + part(3) * 60 + part(6);
    // Shortly before now is meant as well.
    let recent = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() - 3600;
    let day = recent - recent % 86_400 + in_day;
    SystemTime::UNIX_EPOCH + Duration::from_secs(if day < recent { day + 86_400 } else { day })
}

/// The part of the draws that the draining endpoint has in a step, beside one with all of its weight.
fn chance(step: i64) -> f64 {
    let steps = OVER as i64;
    let share = if step >= steps { 0.0 } else { (2.0 * (steps - step.max(0)) as f64 - 1.0) / (2.0 * steps as f64) };
    share / (1.0 + share)
}

/// A busy machine may be a step late, so each second is held to its own share and those of its neighbours; that the moments are
/// kept on time is shown on virtual time beside the Keeper.
#[test]
fn a_drain_leads_clients_away_step_by_step_and_tells_when_it_is_safe_to_stop() {
    let folder = two();
    let server = Server::start(&folder);
    let told = order(&folder, "drain", &["eu/fra-1", "--over", &format!("{OVER}s"), "--reason", "new kernel"]);
    assert!(told.starts_with(&format!("eu/fra-1 drains over {OVER}s, until ")), "{told}");
    assert!(told.contains("records of their own go on naming it: old.example.com. (TTL 7s)"), "{told}");
    let complete = moment(&told, ", until ");
    let safe = moment(&told, "safe to stop at ");
    let begun = complete - Duration::from_secs(OVER);
    let listed = order(&folder, "orders", &[]);
    assert!(listed.contains("eu/fra-1  drain") && listed.contains("new kernel"), "{listed}");

    let socket = udp(server.address());
    let mut seconds = vec![(0_usize, 0_usize); OVER as usize + 1];
    let mut last = None;
    let asked_until = complete + Duration::from_secs(1);
    let mut queries = 0;
    while SystemTime::now() < asked_until || queries < QUERIES_MIN {
        let sent = SystemTime::now();
        socket.send(&www().to_vec().unwrap()).unwrap();
        let reply = crate::harness::client::receive(&socket);
        let names_it = addresses(&reply).contains(&IpAddr::from(FIRST));
        assert!(reply.answers.iter().all(|record| u64::from(record.ttl) == TTL));
        // It was given after this moment, whatever held us up since.
        last = if names_it { Some(sent) } else { last };
        let second = sent.duration_since(begun).unwrap_or_default().as_secs() as usize;
        if let Some((all, named)) = seconds.get_mut(second) {
            *all += 1;
            *named += usize::from(names_it);
        }
        queries += 1;
    }
    println!("{queries} queries; of each second, all and those that named it: {seconds:?}");
    for (step, (all, named)) in (0_i64..).zip(&seconds).filter(|(_, (all, _))| *all > 0) {
        let (all, named) = (*all as f64, *named as f64);
        let deviation = |chance: f64| 5.0 * (all * chance * (1.0 - chance)).sqrt();
        let (least, most) = (chance(step + 1), chance(step - 1));
        assert!(named >= all * least - deviation(least) && named <= all * most + deviation(most), "second {step}: {seconds:?}");
    }
    let last = last.expect("an answer that named it");
    assert!(last + Duration::from_secs(TTL) <= safe, "an answer of {last:?} outlives {safe:?}");
    let latest = complete + Duration::from_secs(TTL + 3);
    assert!(safe <= latest, "{safe:?} is later than need be: {told}");

    let again = order(&folder, "drain", &["eu/fra-1"]);
    assert!(again.starts_with("eu/fra-1 is drained\n") && again.contains("safe to stop"), "{again}");
    assert_eq!(named(&server, 200), 0);
}

#[test]
fn a_restart_keeps_the_orders_and_undrain_takes_them_back() {
    let folder = two();
    let server = Server::start(&folder);
    order(&folder, "drain", &["eu/*-1", "--until", "1h"]);
    order(&folder, "weight", &["eu/fra-2", "7"]);
    assert_eq!(named(&server, 100), 0);
    drop(server);
    let server = Server::start(&folder);
    assert_eq!(named(&server, 100), 0, "from the first answer on");
    let listed = order(&folder, "orders", &[]);
    assert!(listed.contains("eu/*-1    drain") && listed.contains("eu/fra-2  weight 7"), "{listed}");
    let listed = order(&folder, "orders", &["--json"]);
    assert!(listed.contains(r#""on":"eu/fra-2","order":"weight""#) && listed.contains(r#""to":7"#), "{listed}");
    assert_eq!(order(&folder, "undrain", &["eu"]), "eu/fra-1 is no longer drained\n");
    assert_eq!(order(&folder, "weight", &["eu/fra-2", "off"]), "eu/fra-2 has its configured weight again\n");
    let half = named(&server, 1000);
    assert!((400..600).contains(&half), "{half} of 1000");
    // Out even though nothing else is left would be no answer.
    let told = order(&folder, "force", &["down", "eu"]);
    assert!(told.contains("error: orders leave nothing else for eu") && !told.contains("safe to stop at"), "{told}");
    assert!(named(&server, 100) > 0);
    assert_eq!(order(&folder, "force", &["off", "*"]), "eu/fra-1, eu/fra-2 are no longer forced\n");
    let refused = said(&command_with(&folder, "drain", &["eu/fra1"]), 1);
    assert_eq!(refused, "error: no endpoint is called \"eu/fra1\"\n  help: did you mean \"eu/fra-1\"?\n");
}

#[test]
fn a_broken_file_of_orders_changes_nothing_not_even_over_a_restart() {
    let folder = two();
    let server = Server::start(&folder);
    order(&folder, "drain", &["eu/fra-1"]);
    let good = std::fs::read_to_string(folder.path("state/orders.toml")).unwrap();
    let broken = good.clone() + "\n[force.\"eu/fra2\"]\nto = \"down\"\n";
    let log = server.log_after("alarm=\"orders-file-refused\"", || folder.replace("state/orders.toml", &broken));
    assert!(log.contains("no endpoint is called \"eu/fra2\"") && log.contains("did you mean \"eu/fra-2\"?"), "{log}");
    assert_eq!(named(&server, 100), 0);
    let refused = said(&command_with(&folder, "undrain", &["eu/fra-1"]), 1);
    assert!(refused.contains("no order can be given while their file is refused"), "{refused}");

    // As after a crash of the machine: half a file, and a start.
    folder.write("state/orders.toml", &good[..good.len() - 4]);
    drop(server);
    let checked = said(&command(&folder, "check"), 1);
    assert!(checked.contains("orders.toml:"), "{checked}");
    let server = Server::start(&folder);
    assert!(server.log().contains("alarm=\"orders-file-refused\""), "{}", server.log());
    assert_eq!(named(&server, 100), 0, "the last good orders hold");
    let log = server.log_after("is gone; the orders in it hold on", || folder.remove("state/orders.toml"));
    assert_eq!(named(&server, 100), 0, "{log}");

    // Written by something else than our commands; what it says holds without a word to the server.
    let log =
        server.log_after("the alarm is over", || folder.replace("state/orders.toml", "[force.\"eu/fra-2\"]\nto = \"down\"\n"));
    assert_eq!(named(&server, 100), 100, "{log}");
}

#[test]
fn what_can_not_be_written_stops_nothing_and_says_so() {
    let folder = two();
    folder.write("state", "a file where the folder should be");
    let server = Server::start(&folder);
    until("the alarm", || server.log().contains("alarm=\"state-not-written\"").then_some(()));
    let told = order(&folder, "drain", &["eu/fra-1"]);
    assert!(told.contains("the order holds, but would not survive a restart"), "{told}");
    assert_eq!(named(&server, 100), 0);
}

/// Verdicts of the last life count from the first answer on, and nobody waits for new ones.
#[test]
fn a_dead_endpoint_that_was_known_is_not_answered_after_a_restart() {
    let (mut eu, us) = (Nginx::http(), Nginx::http());
    let config = format!(
        r#"
[server]
listen = "127.0.0.1:0"
warmup = "60s"

[check.web]
kind = "http"
port = {PORT}
interval = "1s"
timeout = "1s"
fall = 1

[pool.web]
check = "web"
endpoints = [{{ name = "eu", v4 = "{}" }}, {{ name = "us", v4 = "{}" }}]
"#,
        eu.address(),
        us.address()
    );
    let zone = format!("{ZONE_HEAD}\nwww IN A 192.0.2.99\n_steer.www IN TXT \"web\"\n");
    let folder = Folder::new([("signpost.toml", config.as_str()), ("zones/example.com.zone", &zone)]);
    let server = Server::start(&folder);
    server.log_after("endpoint is down", || eu.kill());
    until("the verdict is written", || {
        let text = std::fs::read_to_string(folder.path("state/verdicts")).ok()?;
        text.lines().any(|line| line.starts_with("down\t")).then_some(())
    });
    drop(server);
    let begun = Instant::now();
    let server = Server::start(&folder);
    let story: Vec<_> = (0..200).map(|_| addresses(&ask(server.address(), &www()))).collect();
    assert!(story.iter().all(|answer| *answer == [us.address()].into()), "{story:?}\n{}", server.log());
    assert!(server.log().contains("remembered=2"), "{}", server.log());
    println!("answered {:?} after the start", begun.elapsed());
    drop(server);

    // Torn, it is only a memory: the probes find out.
    let torn = std::fs::read(folder.path("state/verdicts")).unwrap();
    folder.write("state/verdicts", std::str::from_utf8(&torn[..torn.len() - 9]).unwrap());
    let server = Server::start(&folder);
    assert!(server.log().contains("are not remembered: it is torn"), "{}", server.log());
    assert_eq!(addresses(&ask(server.address(), &www())), [us.address()].into());
}
