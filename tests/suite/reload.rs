//! New, bad, half-written and vanished files under a running server: the new answers come, or the old ones stay, and the log
//! says why.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use signpost::load::Loader;

use crate::harness::asker::{Asker, slowest};
use crate::harness::client::{addresses, ask, ask_tcp, query, query_chaos};
use crate::harness::endpoint::{self, Nginx, PORT};
use crate::harness::server::{Folder, Server, command, launch};
use crate::harness::{WORLD, ZONE_HEAD, until};

/// Reads again on SIGHUP only, so that a test knows which load it sees.
const BY_SIGNAL: &str = "[server]\nlisten = \"127.0.0.1:0\"\nwatch = false\n";
const BY_WATCH: &str = "[server]\nlisten = \"127.0.0.1:0\"\nsettle = \"200ms\"\n";
const RELOADS: u8 = 20;

/// A zone whose name "www" has this address.
fn zone(www: u8) -> String {
    format!("{ZONE_HEAD}\nwww IN A {}\n", address(www))
}

fn address(last: u8) -> IpAddr {
    Ipv4Addr::new(192, 0, 2, last).into()
}

/// example.com and example.net, both with 192.0.2.1.
fn two_zones(config: &str) -> Folder {
    let zone = zone(1);
    Folder::new([("signpost.toml", config), ("zones/example.com.zone", &zone), ("zones/example.net.zone", &zone)])
}

/// What www has in the zone; an rcode where there is no answer.
fn www(server: &Server, zone: &str) -> Result<IpAddr, ResponseCode> {
    let reply = ask(server.address(), &query(&format!("www.{zone}."), RecordType::A));
    addresses(&reply).first().copied().ok_or(reply.metadata.response_code)
}

#[track_caller]
fn comes(server: &Server, zone: &str, expected: Result<IpAddr, ResponseCode>) {
    until(&format!("{zone} answers {expected:?}"), || (www(server, zone) == expected).then_some(()));
}

#[test]
fn a_changed_zone_answers_after_sighup() {
    let folder = two_zones(BY_SIGNAL);
    let server = Server::start(&folder);
    folder.write("zones/example.com.zone", &zone(2));
    assert_eq!(www(&server, "example.com"), Ok(address(1)), "not before it is told");
    let log = server.reload();
    assert!(log.contains("reloaded: 2 zones, 6 names"), "{log}");
    assert_eq!((www(&server, "example.com"), www(&server, "example.net")), (Ok(address(2)), Ok(address(1))));
}

#[test]
fn watched_files_answer_by_themselves() {
    let folder = two_zones(BY_WATCH);
    let server = Server::start(&folder);
    folder.write("zones/example.com.zone", &zone(2));
    comes(&server, "example.com", Ok(address(2)));
    folder.replace("zones/example.com.zone", &zone(3));
    comes(&server, "example.com", Ok(address(3)));
    folder.write("zones/example.org.zone", &zone(4));
    comes(&server, "example.org", Ok(address(4)));
    folder.remove("zones/example.org.zone");
    comes(&server, "example.org", Err(ResponseCode::Refused));
    assert_eq!(www(&server, "example.net"), Ok(address(1)));
}

#[test]
fn a_bad_zone_keeps_its_last_good_version_and_the_others_go_on() {
    let folder = two_zones(BY_SIGNAL);
    let server = Server::start(&folder);
    folder.write("zones/example.net.zone", &zone(2));
    folder.write("zones/example.com.zone", &format!("{}mail IN A 192.0.2.256\nftp IN AAAAA ::1\n", zone(2)));
    let log = server.reload();
    for fault in ["example.com.zone:6:11: error: ", "example.com.zone:7:8: error: ", "reloaded: 2 zones", "2 errors"] {
        assert!(log.contains(fault), "{fault}:\n{log}");
    }
    assert_eq!((www(&server, "example.com"), www(&server, "example.net")), (Ok(address(1)), Ok(address(2))));

    // A new zone that is bad was never served; it takes nothing from the others.
    folder.write("zones/example.org.zone", "www IN A 192.0.2.1\n");
    let log = server.reload();
    assert!(log.contains("example.org.zone:1:"), "{log}");
    assert!(log.contains("example.com.zone:6:11"), "what is still bad is told again:\n{log}");
    assert_eq!((www(&server, "example.org"), www(&server, "example.com")), (Err(ResponseCode::Refused), Ok(address(1))));

    folder.write("zones/example.com.zone", &zone(3));
    folder.write("zones/example.org.zone", &zone(4));
    server.reload();
    assert_eq!((www(&server, "example.org"), www(&server, "example.com")), (Ok(address(4)), Ok(address(3))));
}

#[test]
fn the_reload_command_tells_what_is_bad_and_exits_1() {
    let folder = two_zones(BY_SIGNAL);
    let server = Server::start(&folder);
    folder.write("zones/example.com.zone", &zone(2));
    folder.write("zones/example.net.zone", &format!("{}mail IN A 192.0.2.256\n", zone(2)));
    let output = command(&folder, "reload");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && stderr.contains("example.net.zone:6:11: error: "), "{stderr}");
    assert_eq!((www(&server, "example.com"), www(&server, "example.net")), (Ok(address(2)), Ok(address(1))));

    folder.write("zones/example.net.zone", &zone(2));
    assert_eq!(command(&folder, "reload").status.code(), Some(0));
    assert_eq!(www(&server, "example.net"), Ok(address(2)), "it answers when the command returns");
}

#[test]
fn what_serves_on_as_it_was_is_told_until_it_is_mended() {
    let folder = two_zones(BY_SIGNAL);
    let _server = Server::start(&folder);
    let told = |name: &str| String::from_utf8(command(&folder, name).stdout).unwrap();
    let refused = ["example.net. serves serial 1, older than its file", "reload refused for "];
    let stands = || refused.map(|part| told("status").contains(part));
    assert_eq!(stands(), [false, false]);

    folder.write("zones/example.net.zone", &zone(2).replace("IN A", "IN AA"));
    let reload = told("reload");
    let end = "; what was refused stays as it was\n  example.net. still serves serial 1: its file is refused\n";
    assert!(reload.ends_with(end), "{reload}");
    assert_eq!(stands(), [true, false]);

    folder.write("signpost.toml", "[server\n");
    let reload = told("reload");
    assert!(reload.starts_with("refused whole: ") && reload.ends_with("; everything serves on as it was\n"), "{reload}");
    assert_eq!(stands(), [true, true]);

    folder.write("signpost.toml", BY_SIGNAL);
    folder.write("zones/example.net.zone", &zone(2));
    let reload = told("reload");
    assert!(!reload.contains("as it was"), "{reload}");
    assert_eq!(stands(), [false, false]);
}

#[test]
fn an_operator_who_looks_all_the_time_does_not_keep_new_files_away() {
    let folder = two_zones(BY_WATCH);
    let server = Server::start(&folder);
    folder.write("zones/example.com.zone", &zone(2));
    until("the new zone answers", || {
        assert!(command(&folder, "status").status.success());
        (www(&server, "example.com") == Ok(address(2))).then_some(())
    });
}

#[test]
fn a_bad_configuration_changes_nothing() {
    let folder = two_zones(BY_SIGNAL);
    let server = Server::start(&folder);
    folder.write("signpost.toml", &format!("{BY_SIGNAL}[policy.web]\nchoose = \"nearst\"\nfrom = [\"eu\"]\n[pool.x]\n"));
    folder.write("zones/example.com.zone", &zone(2));
    let log = server.reload();
    for fault in ["signpost.toml:5:10: error: ", "signpost.toml:6:9: error: ", "signpost.toml:7:", "reload refused"] {
        assert!(log.contains(fault), "{fault}:\n{log}");
    }
    assert_eq!(www(&server, "example.com"), Ok(address(1)));

    folder.remove("signpost.toml");
    let log = server.reload();
    assert!(log.contains("can't read") && log.contains("reload refused"), "{log}");
    assert_eq!(www(&server, "example.com"), Ok(address(1)));

    folder.write("signpost.toml", BY_SIGNAL);
    server.reload();
    assert_eq!(www(&server, "example.com"), Ok(address(2)));
}

#[test]
fn a_watched_configuration_is_mended_without_a_word() {
    let config = format!("include = \"conf.d/*.toml\"\n{BY_WATCH}");
    let folder = two_zones(&config);
    folder.write("conf.d/a.toml", "");
    let server = Server::start(&folder);
    server.log_after("reload refused", || folder.write("conf.d/b.toml", "[polcy.web]\n"));
    server.log_after("reload refused", || folder.write("signpost.toml", "[server\n"));
    folder.write("zones/example.com.zone", &zone(2));
    server.log_after("reload refused", || folder.write("signpost.toml", &config));
    server.log_after("reloaded: ", || folder.write("conf.d/b.toml", ""));
    assert_eq!(www(&server, "example.com"), Ok(address(2)));
}

#[test]
fn what_a_served_zone_names_can_not_be_removed() {
    let pool = "[pool.web]\nendpoints = [{ name = \"a\", v4 = \"192.0.2.9\" }]\n";
    let folder = two_zones(&format!("{BY_SIGNAL}{pool}"));
    folder.write("zones/example.com.zone", &format!("{}_steer.www IN TXT \"web\"\n", zone(1)));
    let server = Server::start(&folder);
    assert_eq!(www(&server, "example.com"), Ok(address(9)));

    folder.write("signpost.toml", &format!("{BY_SIGNAL}{}", pool.replace("pool.web", "pool.wbe")));
    folder.write("zones/example.net.zone", &zone(2));
    let log = server.reload();
    for part in ["example.com.zone:6:", "\"web\"", "reload refused"] {
        assert!(log.contains(part), "{part}:\n{log}");
    }
    assert_eq!((www(&server, "example.com"), www(&server, "example.net")), (Ok(address(9)), Ok(address(1))), "refused whole");

    // The zone is bad besides: its last good version is what needs the pool, and the log says so.
    folder.write("zones/example.com.zone", "www IN A 192.0.2.1\n");
    let log = server.reload();
    assert!(log.contains("reload refused") && log.contains("last good version") && log.contains("\"web\""), "{log}");
    assert_eq!(www(&server, "example.com"), Ok(address(9)));

    folder.write("zones/example.com.zone", &zone(3));
    server.reload();
    assert_eq!((www(&server, "example.com"), www(&server, "example.net")), (Ok(address(3)), Ok(address(2))));
}

#[test]
fn a_half_written_zone_is_never_served() {
    let folder = two_zones(&BY_WATCH.replace("200ms", "1s"));
    let server = Server::start(&folder);
    let asker = Asker::start(server.address(), &query("www.example.com.", RecordType::A), Duration::from_millis(1));
    for round in 2..4 {
        let text = zone(round);
        let written = Instant::now();
        // Truncated, then without its last line, then whole; the second would load.
        let (half, _) = text.split_at(text.find("www").unwrap());
        folder.write("zones/example.com.zone", "");
        folder.write("zones/example.com.zone", half);
        asker.wait_for(20);
        folder.write("zones/example.com.zone", &text);
        asker.time_from(written, "the whole zone", |asked| asked.is_only(address(round)));
    }
    let story = asker.finish();
    let mut told: Vec<IpAddr> = story.iter().flat_map(|asked| asked.addresses.clone()).collect();
    told.dedup();
    assert_eq!(told, (1..4).map(address).collect::<Vec<_>>(), "whole versions only, each once");
}

#[test]
fn no_query_is_lost_while_everything_changes() {
    let folder = two_zones(BY_SIGNAL);
    let server = Server::start(&folder);
    let query = query("www.example.com.", RecordType::A);
    let askers: Vec<Asker> = (0..3).map(|_| Asker::start(server.address(), &query, Duration::ZERO)).collect();
    for round in 1..=RELOADS {
        folder.write("zones/example.com.zone", &zone(round));
        folder.write("signpost.toml", &format!("{BY_SIGNAL}udp_payload = {}\n", 1000 + u16::from(round)));
        let log = server.reload();
        assert!(log.contains("reloaded: 2 zones"), "{log}");
        let done = Instant::now();
        for asker in &askers {
            asker.time_from(done, "the new answer", |asked| asked.is_only(address(round)));
        }
    }
    for asker in askers {
        let story = asker.finish();
        let mut told: Vec<IpAddr> = story.iter().flat_map(|asked| asked.addresses.clone()).collect();
        told.dedup();
        assert_eq!(told, (1..=RELOADS).map(address).collect::<Vec<_>>(), "never back to an older one");
        println!("{RELOADS} reloads, {} queries, none lost, the slowest {:?}", story.len(), slowest(&story));
    }
}

#[test]
fn verdicts_outlive_a_reload() {
    let (alive, dead) = (Nginx::http(), endpoint::address());
    let config = |ttl: u8| {
        format!(
            "{BY_SIGNAL}[check.web]\nkind = \"http\"\nport = {PORT}\ninterval = \"60s\"\n\
             [pool.web]\ncheck = \"web\"\nendpoints = [{{ name = \"dead\", v4 = \"{dead}\", weight = 99 }},\
             {{ name = \"alive\", v4 = \"{}\" }}]\n[policy.web-2]\nchoose = \"failover\"\nfrom = \"web\"\nttl = \"{ttl}s\"\n",
            alive.address()
        )
    };
    let folder = two_zones(&config(1));
    folder.write("zones/example.com.zone", &format!("{}_steer.www IN TXT \"web-2\"\n", zone(1)));
    let server = Server::start(&folder);
    for ttl in 1..=10 {
        folder.write("signpost.toml", &config(ttl));
        let begun = Instant::now();
        server.reload();
        assert!(begun.elapsed() < Duration::from_secs(5), "no new warm-up");
        for _ in 0..20 {
            let reply = ask(server.address(), &query("www.example.com.", RecordType::A));
            assert_eq!(addresses(&reply), [alive.address()].into());
            assert_eq!(reply.answers[0].ttl, u32::from(ttl));
        }
    }
    // With an interval of a minute, only the first verdicts can have been logged.
    assert_eq!(server.log().matches("endpoint is").count(), 2, "{}", server.log());
}

#[test]
fn included_files_are_part_of_it() {
    let folder = two_zones(&format!("include = [\"conf.d/*.toml\"]\n{BY_WATCH}"));
    folder.write("conf.d/eu.toml", "[pool.web]\nendpoints = [{ name = \"a\", v4 = \"192.0.2.9\" }]\n");
    folder.write("zones/example.com.zone", &format!("{}_steer.www IN TXT \"web\"\n$INCLUDE shared/hosts\n", zone(1)));
    folder.write("zones/shared/hosts", "mail IN A 192.0.2.25\n");
    let server = Server::start(&folder);
    assert_eq!(www(&server, "example.com"), Ok(address(9)));

    folder.write("conf.d/eu.toml", "[pool.web]\nendpoints = [{ name = \"a\", v4 = \"192.0.2.8\" }]\n");
    comes(&server, "example.com", Ok(address(8)));
    // A file that is new there.
    folder.write("conf.d/us.toml", "[pool.us]\nendpoints = [{ name = \"a\", v4 = \"192.0.2.7\" }]\n");
    until("the new file is read", || server.log().contains("conf.d/us.toml:1:7: warning").then_some(()));
    folder.write("zones/shared/hosts", "mail IN A 192.0.2.26\n");
    let mail = query("mail.example.com.", RecordType::A);
    until("the included record", || (addresses(&ask(server.address(), &mail)) == [address(26)].into()).then_some(()));
}

#[test]
fn a_zone_folder_that_is_replaced_is_still_watched() {
    let folder = two_zones(BY_WATCH);
    let server = Server::start(&folder);
    for round in [2, 3] {
        folder.write("new/example.com.zone", &zone(round * 10));
        folder.write("new/example.net.zone", &zone(1));
        fs::rename(folder.path("zones"), folder.path(&format!("old-{round}"))).unwrap();
        fs::rename(folder.path("new"), folder.path("zones")).unwrap();
        comes(&server, "example.com", Ok(address(round * 10)));
        folder.write("zones/example.com.zone", &zone(round * 10 + 1));
        comes(&server, "example.com", Ok(address(round * 10 + 1)));
    }
    // Deleted and made anew, which may well be the same inode.
    fs::remove_dir_all(folder.path("zones")).unwrap();
    for round in [40, 41] {
        folder.write("zones/example.com.zone", &zone(round));
        comes(&server, "example.com", Ok(address(round)));
    }
}

#[test]
fn an_empty_zone_folder_takes_nothing_away() {
    let folder = two_zones(BY_SIGNAL);
    let server = Server::start(&folder);
    fs::rename(folder.path("zones"), folder.path("zones.away")).unwrap();
    fs::create_dir(folder.path("zones")).unwrap();
    let log = server.reload();
    for part in ["no zone would be left: the folder ", "put the zone files back", "reload refused"] {
        assert!(log.contains(part), "{part}:\n{log}");
    }
    assert_eq!(command(&folder, "reload").status.code(), Some(1));
    assert_eq!((www(&server, "example.com"), www(&server, "example.net")), (Ok(address(1)), Ok(address(1))));
    folder.write("zones/example.com.zone", &zone(2));
    let log = server.reload();
    assert!(log.contains("\"example.net.\" has no file any more") && log.contains("reloaded: 1 zone"), "{log}");
}

#[test]
fn a_bad_geo_database_leaves_the_last_good_one() {
    let folder = two_zones("[server]\ngeoip = \"world.mmdb\"\n");
    fs::copy(WORLD, folder.path("world.mmdb")).unwrap();
    let mut loader = Loader::new(folder.path("signpost.toml"), 1);
    let before = loader.load().unwrap();
    assert_eq!(before.report.text(), "");
    folder.write("world.mmdb", "no database");
    folder.write("zones/example.com.zone", &zone(2));
    for _ in 0..2 {
        assert!(loader.is_changed(loader.look()));
        let after = loader.load().unwrap();
        assert!(after.report.errors() == 1 && after.report.text().contains("world.mmdb"), "{}", after.report.text());
        assert_eq!(after.snapshot.policies.world().identity(), before.snapshot.policies.world().identity());
        assert!(!loader.is_changed(loader.look()));
        folder.replace("world.mmdb", "still none");
    }
}

#[test]
fn what_needs_a_restart_says_so_until_it_is_taken_back() {
    let folder = two_zones(BY_SIGNAL);
    let server = Server::start(&folder);
    let other = BY_SIGNAL.replace("127.0.0.1:0", "127.0.0.2:0");
    for _ in 0..2 {
        folder.write("signpost.toml", &other);
        let log = server.reload();
        assert!(log.contains("\"listen\" in [server] needs a restart"), "{log}");
        assert_eq!(www(&server, "example.com"), Ok(address(1)), "the old address answers");
    }
    folder.write("signpost.toml", BY_SIGNAL);
    let log = server.reload();
    assert!(!log.contains("restart"), "{log}");
}

#[test]
fn what_the_server_tells_about_itself_is_reloaded_with_the_rest() {
    let folder = two_zones(BY_SIGNAL);
    let server = Server::start(&folder);
    let told = |name: &str| {
        let query = query_chaos(name);
        let [udp, tcp] = [ask(server.address(), &query), ask_tcp(server.address(), &query)];
        assert_eq!(udp.answers, tcp.answers);
        udp.answers.first().map(|record| record.data.to_string()).ok_or(udp.metadata.response_code)
    };
    assert_eq!((told("id.server."), told("version.bind.")), (Err(ResponseCode::Refused), Err(ResponseCode::Refused)));
    for identity in ["fra-1", "fra-2"] {
        folder.write("signpost.toml", &format!("{BY_SIGNAL}identity = \"{identity}\"\nversion = \"1\"\n"));
        let log = server.reload();
        assert!(!log.contains("restart"), "{log}");
        assert_eq!((told("id.server."), told("version.bind.")), (Ok(identity.to_owned()), Ok("1".to_owned())));
    }
    folder.write("signpost.toml", BY_SIGNAL);
    server.reload();
    assert_eq!((told("id.server."), told("version.bind.")), (Err(ResponseCode::Refused), Err(ResponseCode::Refused)));
}

#[test]
fn a_start_with_bad_files_tells_every_fault_and_exits_1() {
    let folder = two_zones(&format!("{BY_SIGNAL}geoip = \"none.mmdb\"\n"));
    folder.write("zones/example.com.zone", &format!("{}mail IN A 192.0.2.256\n", zone(1)));
    // Beyond the zone folder, and beyond it by a link.
    folder.write("zones/example.net.zone", "$INCLUDE ../signpost.toml\n$INCLUDE link\n");
    symlink(folder.path("signpost.toml"), folder.path("zones/link")).unwrap();
    let (status, log) = launch(&folder).wait();
    assert_eq!(status.code(), Some(1), "{log}");
    for fault in
        ["none.mmdb", "example.com.zone:6:11: error: ", "example.net.zone:1:10: error: ", "example.net.zone:2:10: error: "]
    {
        assert!(log.contains(fault), "{fault}:\n{log}");
    }
    assert_eq!(log.matches("is not beneath the zone folder").count(), 2, "{log}");

    folder.write("signpost.toml", &format!("{BY_SIGNAL}thredas = 2\n[pool.x]\nendpoints = []\n"));
    let (status, log) = launch(&folder).wait();
    assert_eq!(status.code(), Some(1), "{log}");
    let parts = ["signpost.toml:4:1: error: ", "signpost.toml:6:13: error: ", "example.com.zone:6:11: error: "];
    for fault in parts.into_iter().chain(["error: the server is not started: ", "  help: mend every error above"]) {
        assert!(log.contains(fault), "{fault}:\n{log}");
    }
}

#[test]
fn a_signal_before_the_first_answer_is_no_harm() {
    let nobody = endpoint::address();
    let config = format!(
        "{BY_SIGNAL}warmup = \"60s\"\n[check.web]\nkind = \"tcp\"\nport = {PORT}\ninterval = \"60s\"\n\
         [pool.web]\ncheck = \"web\"\nendpoints = [{{ name = \"a\", v4 = \"{nobody}\" }}]\n"
    );
    let folder = two_zones(&config);
    folder.write("zones/example.com.zone", &format!("{}_steer.www IN TXT \"web\"\n", zone(1)));
    let server = launch(&folder);
    until("the files are read", || server.log().contains("loaded: ").then_some(()));
    let log = server.reload();
    assert!(log.contains("reloaded: 2 zones"), "{log}");
    server.signal("TERM");
    let (status, log) = server.wait();
    assert_eq!(status.code(), Some(0), "{log}");
}

/// What a change costs depends on the change: of many zones the changed one is read, and those beside it are not looked into.
#[test]
fn a_changed_record_among_many_zones_is_one_zone_to_read() {
    let zones = 2000;
    let folder = Folder::new([("signpost.toml", BY_SIGNAL)]);
    for n in 0..zones {
        folder.write(&format!("zones/z{n}.example.zone"), &zone(1));
    }
    let server = Server::start(&folder);
    let reload = || String::from_utf8(command(&folder, "reload").stdout).unwrap();
    let read = |count: usize| {
        let [read, served] = [count, zones].map(|count| format!("{count} zone{}", if count == 1 { "" } else { "s" }));
        let told = reload();
        assert!(told.starts_with(&format!("{served}, ")) && told.contains(&format!("({read} read in ")), "{told}");
    };
    read(0);
    folder.write("zones/z7.example.zone", &zone(2));
    read(1);
    assert_eq!((www(&server, "z7.example"), www(&server, "z8.example")), (Ok(address(2)), Ok(address(1))));
    // A new version that is as old as the one before is seen by its other marks.
    let modified = fs::metadata(folder.path("zones/z9.example.zone")).unwrap().modified().unwrap();
    folder.write("zones/z9.example.zone", &zone(3));
    fs::File::options().append(true).open(folder.path("zones/z9.example.zone")).unwrap().set_modified(modified).unwrap();
    read(1);
    assert_eq!(www(&server, "z9.example"), Ok(address(3)));
    // Policies change under all zones: they are linked again, not read.
    folder.write("signpost.toml", &format!("{BY_SIGNAL}[pool.web]\nendpoints = {{ name = \"a\", v4 = \"192.0.2.9\" }}\n"));
    read(0);
    folder.write("zones/z10.example.zone", &format!("{}_steer.www TXT web\n", zone(1)));
    folder.remove("zones/z11.example.zone");
    folder.write("zones/y11.example.zone", &zone(4));
    read(2);
    assert_eq!((www(&server, "z10.example"), www(&server, "y11.example")), (Ok(address(9)), Ok(address(4))));
    read(0);
}
