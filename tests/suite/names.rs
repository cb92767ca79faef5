//! What a bound name has for itself: verdicts of hosts that are made for it; and endpoints that are names, looked up at a real server.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use hickory_proto::rr::{RData, RecordType};

use crate::harness::client::{addresses, ask, query};
use crate::harness::endpoint::{self, Nginx, PORT};
use crate::harness::peers::{Kind, Peer, ZoneText};
use crate::harness::server::{Folder, Server, command, command_with};
use crate::harness::{ZONE_HEAD, until};

/// An endpoint that serves one of two names: the other is sent elsewhere.
#[test]
fn an_endpoint_that_serves_one_name_is_down_for_the_other_alone() {
    let endpoint = Nginx::http_for("www.example.com");
    let address = endpoint.address();
    let config = format!(
        r#"
[server]
listen = "127.0.0.1:0"

[check.web]
kind = "http"
port = {PORT}
host = "{{name}}"
interval = "1s"

[pool.eu]
check = "web"
endpoints = {{ name = "fra-1", v4 = "{address}" }}

[pool.backup]
endpoints = {{ name = "iad-1", v4 = "192.0.2.99" }}

[policy.web]
choose = "failover"
from = ["eu", "backup"]
"#,
    );
    let zone = format!(
        "{ZONE_HEAD}
www         IN A   192.0.2.10
_steer.www  IN TXT \"web\"
shop        IN A   192.0.2.10
_steer.shop IN TXT \"web\"
"
    );
    let folder = Folder::new([("signpost.toml", config.as_str()), ("zones/example.com.zone", &zone)]);
    let server = Server::start(&folder);
    let answer = |name: &str| addresses(&ask(server.address(), &query(name, RecordType::A)));
    let only = |address: IpAddr| BTreeSet::from([address]);
    until("each name has its verdict", || (answer("shop.example.com.") != only(address)).then_some(()));
    assert_eq!(answer("www.example.com."), only(address));
    assert_eq!(answer("shop.example.com."), only([192, 0, 2, 99].into()));
    assert!(server.log().contains("name=\"shop.example.com\""), "{}", server.log());
    let status = String::from_utf8(command(&folder, "status").stdout).unwrap();
    let row = |host: &str| status.lines().find(|line| line.contains(host)).unwrap_or_default().to_owned();
    assert!(row("web www.example.com").contains(" up "), "{status}");
    assert!(row("web shop.example.com").contains(" down ") && row("web shop.example.com").contains("503"), "{status}");
}

/// The name server of a CDN whose edge has these addresses.
fn cdn(addresses: &[IpAddr]) -> ZoneText {
    let records: String = addresses.iter().map(|address| format!("e1 5 IN A {address}\n")).collect();
    let head = "$TTL 300\n@ IN SOA ns1 host 1 7200 3600 1209600 300\n@ IN NS ns1\nns1 IN A 192.0.2.53\n";
    ZoneText { apex: "cdn.example.".into(), text: format!("{head}d1 5 IN CNAME e1\n{records}") }
}

/// The apex and www are bound to one edge, which is looked up there.
fn one_edge(resolver: SocketAddr) -> Folder {
    let zone = format!("{ZONE_HEAD}\n@ IN A 192.0.2.10\n_steer IN TXT \"cdn\"\nwww IN A 192.0.2.10\n_steer.www IN TXT \"cdn\"\n");
    Folder::new([("signpost.toml", edge_config(resolver).as_str()), ("zones/example.com.zone", &zone)])
}

fn edge_config(resolver: SocketAddr) -> String {
    format!(
        r#"
[server]
listen = "127.0.0.1:0"
resolvers = "{resolver}"

[check.web]
kind = "http"
port = {PORT}
interval = "1s"

[pool.cdn]
check = "web"
endpoints = {{ name = "d1", cname = "d1.cdn.example." }}
"#,
    )
}

/// It takes as long as an edge is not looked up again: at least five seconds, whatever its TTL.
#[test]
fn an_edge_is_looked_up_and_probed_again_and_again_and_the_last_good_addresses_are_kept() {
    let (first, second) = (Nginx::http(), Nginx::http());
    let dead = endpoint::address();
    let nsd = Peer::start(Kind::Nsd, &[cdn(&[first.address(), dead])]);
    let folder = one_edge(nsd.address());
    let server = Server::start(&folder);
    let answer = || addresses(&ask(server.address(), &query("example.com.", RecordType::A)));
    // At the apex only what is up, elsewhere the name.
    until("the dead address is left out", || (answer() == BTreeSet::from([first.address()])).then_some(()));
    let told = ask(server.address(), &query("www.example.com.", RecordType::MX));
    let told: Vec<String> = told.answers.iter().map(|record| record.data.to_string()).collect();
    assert_eq!(told, ["d1.cdn.example."]);

    nsd.rewrite(0, &cdn(&[second.address()]).text);
    until("the edge has moved", || (answer() == BTreeSet::from([second.address()])).then_some(()));
    let explained = explain(&folder);
    assert!(explained.contains(&format!("edge      d1.cdn.example. resolved to {}\n", second.address())), "{explained}");

    // Nobody knows the edge any more: it stays where it was, and there is an alarm until somebody knows it again.
    drop(nsd);
    let log = server.log_after("alarm=\"cname-unresolved\"", || drop(server.reload()));
    assert!(log.contains("subject=d1.cdn.example."), "{log}");
    assert_eq!(answer(), BTreeSet::from([second.address()]));
    let nsd = Peer::start(Kind::Nsd, &[cdn(&[first.address()])]);
    folder.write("signpost.toml", &edge_config(nsd.address()));
    server.log_after("the alarm is over", || drop(server.reload()));
    until("the edge has moved back", || (answer() == BTreeSet::from([first.address()])).then_some(()));
}

#[test]
fn an_edge_that_was_never_found_leaves_the_zones_own_address() {
    let nobody = SocketAddr::new(endpoint::address(), 53_053);
    let folder = one_edge(nobody);
    let server = Server::start(&folder);
    let told = ask(server.address(), &query("example.com.", RecordType::A));
    assert_eq!(addresses(&told), BTreeSet::from([IpAddr::from([192, 0, 2, 10])]));
    until("the alarm is up", || server.log().contains("alarm=\"cname-unresolved\"").then_some(()));
    let told = ask(server.address(), &query("www.example.com.", RecordType::A));
    assert!(matches!(told.answers[0].data, RData::CNAME(_)), "{told:?}");
    assert!(explain(&folder).contains("cdn: no IPv4 address of its names is known"), "{}", explain(&folder));
}

/// Why the apex is answered as it is.
fn explain(folder: &Folder) -> String {
    let output = command_with(folder, "explain", &["example.com", "A", "--client", "192.0.2.1"]);
    String::from_utf8(output.stdout).unwrap()
}
