//! What a bound name has for itself: verdicts of hosts that are made for it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use hickory_proto::rr::RecordType;

use crate::harness::client::{addresses, ask, query};
use crate::harness::endpoint::{Nginx, PORT};
use crate::harness::server::{Folder, Server, command};
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
