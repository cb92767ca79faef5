//! Real endpoints (nginx) that die, come back and lie about who they are; the answers follow by themselves.

use std::net::IpAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::RecordType;

use crate::harness::asker::{Asker, slowest};
use crate::harness::client::{addresses, ask, query, query_for};
use crate::harness::endpoint::{Authority, Nginx, PORT};
use crate::harness::server::{Folder, Server};
use crate::harness::{WORLD, ZONE_HEAD, until};

/// What the issue allows from the death of an endpoint to other answers, with interval 1 s and fall 2.
const CHANGE_MAX: Duration = Duration::from_millis(3500);
/// A new verdict is in the answers within this, on a machine that has nothing else to do; here it may be busy.
const PUBLISHED_MAX: Duration = Duration::from_secs(1);
/// How often each of the askers in the background asks.
const PAUSE: Duration = Duration::from_millis(5);

/// A pool in Frankfurt and one in Washington, behind one policy that prefers the first and one that prefers the nearest.
fn two_places(eu: IpAddr, us: IpAddr) -> Folder {
    let config = format!(
        r#"
[server]
listen = "127.0.0.1:0"
geoip = "{WORLD}"

[check.web]
kind = "http"
port = {PORT}
interval = "1s"
timeout = "1s"
rise = 2
fall = 2

[pool.eu]
location = "FRA"
check = "web"
endpoints = [{{ name = "fra-1", v4 = "{eu}" }}]

[pool.us]
location = "IAD"
check = "web"
endpoints = [{{ name = "iad-1", v4 = "{us}" }}]

[policy.first]
choose = "failover"
from = ["eu", "us"]

[policy.near]
choose = "nearest"
from = ["us", "eu"]
"#,
    );
    let zone = format!(
        "{ZONE_HEAD}
failover        IN A   192.0.2.10
_steer.failover IN TXT \"first\"
nearest         IN A   192.0.2.10
_steer.nearest  IN TXT \"near\"
"
    );
    Folder::new([("signpost.toml", config.as_str()), ("zones/example.com.zone", &zone)])
}

/// A client in London.
fn from_london(name: &str) -> Message {
    query_for(name, RecordType::A, [198, 18, 3, 0].into(), 24)
}

/// One client of each policy; both are told the same endpoint as long as it is up.
struct Clients {
    first: Asker,
    near: Asker,
}

impl Clients {
    fn start(server: &Server) -> Self {
        let start = |query: Message| Asker::start(server.address(), &query, PAUSE);
        Self { first: start(query("failover.example.com.", RecordType::A)), near: start(from_london("nearest.example.com.")) }
    }

    /// Waits until both are told this address only; how long after `moment` was that?
    #[track_caller]
    fn are_sent_to(&self, address: IpAddr, moment: Instant) -> Duration {
        let time = |asker: &Asker| asker.time_from(moment, &format!("answers {address}"), |asked| asked.is_only(address));
        time(&self.first).max(time(&self.near))
    }
}

#[test]
fn answers_follow_the_endpoints_and_no_query_is_lost() {
    let (mut eu, mut us) = (Nginx::http(), Nginx::http());
    let server = Server::start(&two_places(eu.address(), us.address()));
    let clients = Clients::start(&server);
    clients.are_sent_to(eu.address(), Instant::now());

    let killed = Instant::now();
    eu.kill();
    let away = clients.are_sent_to(us.address(), killed);
    assert!(away <= CHANGE_MAX, "from the kill to other answers: {away:?}");

    eu.start();
    let started = Instant::now();
    let back = clients.are_sent_to(eu.address(), started);
    assert!(back <= CHANGE_MAX, "from the start to the old answers: {back:?}");

    // All are dead: there is an answer all the same.
    server.log_after(&format!("address={}", us.address()), || us.kill());
    server.log_after(&format!("address={}", eu.address()), || eu.kill());
    clients.first.wait_for(100);
    clients.near.wait_for(100);
    let revived = Instant::now();
    us.start();
    clients.are_sent_to(us.address(), revived);

    let stories = [clients.first.finish(), clients.near.finish()];
    let queries: usize = stories.iter().map(Vec::len).sum();
    let slowest = stories.iter().map(|story| slowest(story)).max().unwrap();
    println!("kill to change {away:?}, start to change {back:?}; {queries} queries, none lost, the slowest {slowest:?}");
}

#[test]
fn a_verdict_is_in_the_answers_at_once_and_stays() {
    let (eu, us) = (Nginx::http(), Nginx::http());
    let server = Server::start(&two_places(eu.address(), us.address()));
    let clients = Clients::start(&server);
    clients.are_sent_to(eu.address(), Instant::now());
    // Connections are taken and nothing comes back: the timeout decides.
    let log = server.log_after("endpoint is down", || eu.freeze());
    let down = Instant::now();
    assert!(log.contains(&format!("address={}", eu.address())) && log.contains("1s"), "{log}");
    let seen = clients.are_sent_to(us.address(), down);
    assert!(seen <= PUBLISHED_MAX, "from the verdict to the answers: {seen:?}");
    eu.thaw();
    clients.are_sent_to(eu.address(), Instant::now());
    for story in [clients.first.finish(), clients.near.finish()] {
        let told: Vec<IpAddr> = story.iter().filter_map(|asked| asked.addresses.first().copied()).collect();
        assert_eq!(changes(&told), 2, "to the other endpoint and back");
    }
}

/// How often the answer was another than before.
fn changes(told: &[IpAddr]) -> usize {
    told.windows(2).filter(|pair| pair[0] != pair[1]).count()
}

#[test]
fn an_endpoint_counts_only_with_a_certificate_for_the_checks_host() {
    let authority = Authority::new();
    let (good, wrong) = (Nginx::https(&authority, "www.example.com"), Nginx::https(&authority, "www.example.net"));
    let config = format!(
        r#"
[server]
listen = "127.0.0.1:0"

[check.web]
kind = "https"
host = "www.example.com"
path = "/healthz"
port = {PORT}
ca = "ca.pem"
interval = "1s"

[pool.web]
check = "web"
endpoints = [{{ name = "good", v4 = "{}" }}, {{ name = "wrong", v4 = "{}", weight = 99 }}]
"#,
        good.address(),
        wrong.address()
    );
    let zone = format!("{ZONE_HEAD}\nwww IN A 192.0.2.10\n_steer.www IN TXT \"web\"\n");
    let files = [("signpost.toml", config.as_str()), ("zones/example.com.zone", &zone), ("ca.pem", &authority.pem())];
    let server = Server::start(&Folder::new(files));

    // The first verdicts are there before the first answer.
    for _ in 0..100 {
        let reply = ask(server.address(), &query("www.example.com.", RecordType::A));
        assert_eq!(addresses(&reply), [good.address()].into());
    }
    let reason = r#"certificate is not valid for \"www.example.com\", but for \"www.example.net\""#;
    assert!(server.log().contains(reason), "{}", server.log());
}

#[test]
fn dig_understands_the_answers() {
    let (eu, us) = (Nginx::http(), Nginx::http());
    let server = Server::start(&two_places(eu.address(), us.address()));
    // London shares its scope with Berlin, New York with nobody.
    let clients = [("198.18.3.0/24", "19", eu.address()), ("198.18.33.0/24", "20", us.address())];
    for (network, scope, address) in clients {
        let output = dig(&server, &["nearest.example.com", "A", &format!("+subnet={network}")]);
        assert!(output.contains("status: NOERROR") && output.contains("flags: qr aa rd"), "{output}");
        assert!(output.contains(&format!("CLIENT-SUBNET: {network}/{scope}")), "{output}");
        let answer = output.lines().find(|line| line.starts_with("nearest.example.com.")).unwrap_or_default();
        let words: Vec<&str> = answer.split_whitespace().collect();
        assert_eq!(words, ["nearest.example.com.", "30", "IN", "A", &address.to_string()], "{output}");
    }
    let output = dig(&server, &["+tcp", "example.com", "SOA"]);
    assert!(output.contains("status: NOERROR") && output.contains("ns1.example.com. hostmaster.example.com. 1 "), "{output}");
}

fn dig(server: &Server, arguments: &[&str]) -> String {
    let (address, port) = (server.address().ip().to_string(), server.address().port().to_string());
    let dig = Command::new("dig").args([&format!("@{address}"), "-p", &port, "+tries=1", "+time=10"]).args(arguments).output();
    let output = dig.expect("dig is missing: apt-get install bind9-dnsutils");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn an_endpoint_that_is_dead_at_the_start_is_never_answered() {
    let (mut eu, us) = (Nginx::http(), Nginx::http());
    eu.kill();
    let server = Server::start(&two_places(eu.address(), us.address()));
    let reply = ask(server.address(), &query("failover.example.com.", RecordType::A));
    assert_eq!((reply.metadata.response_code, addresses(&reply)), (ResponseCode::NoError, [us.address()].into()));
    eu.start();
    until("the endpoint is answered", || {
        let reply = ask(server.address(), &query("failover.example.com.", RecordType::A));
        (addresses(&reply) == [eu.address()].into()).then_some(())
    });
}
