//! NSD as an endpoint: codes, data, and answers too long for UDP.

use std::fmt::Write;
use std::net::SocketAddr;

use signpost::health::Cause;

use super::{LONG, failed, outcome};
use crate::harness::ZONE_HEAD;
use crate::harness::peers::{Kind, Peer, ZoneText};

#[tokio::test]
async fn a_name_server_is_asked_as_a_resolver_asks() {
    let mut text = format!(
        "{ZONE_HEAD}\nwww IN A 192.0.2.1\n IN A 192.0.2.2\nalias IN CNAME WWW.Example.com.\n@ IN MX 10 Mail\n TXT \"v=spf1 -all\"\nmail IN A 192.0.2.3\n"
    );
    for number in 0..40 {
        writeln!(text, "long IN TXT \"a string of which there are many, number {number}\"").unwrap();
    }
    let nsd = Peer::start(Kind::Nsd, &[ZoneText { apex: "example.com.".into(), text }]);
    for (asked, reason) in [
        ("query = 'www.example.com. A'", None),
        ("query = 'WWW.example.com A'\nexpect = { data = ['192.0.2.2', '192.0.2.1'] }", None),
        ("query = 'alias.example.com. A'\nexpect = { data = '192.0.2.1' }", None),
        ("query = 'alias.example.com. CNAME'\nexpect = { data = 'www.EXAMPLE.com.' }", None),
        ("query = 'example.com. MX'\nexpect = { data = '10 mail.example.com.' }", None),
        ("query = 'example.com. TXT'\nexpect = { data = '\"v=spf1 -all\"' }", None),
        ("query = 'long.example.com. TXT'\nexpect = { data = '\"a string of which there are many, number 39\"' }", None),
        ("query = 'gone.example.com. A'\nexpect = { rcode = 'NXDOMAIN' }", None),
        ("query = 'example.net. A'\nexpect = { rcode = ['REFUSED', 'SERVFAIL'] }", None),
        ("query = 'example.net. A'", Some("answer is REFUSED, expected NOERROR")),
        ("query = 'www.example.com. A'\nexpect = { rcode = 'NXDOMAIN' }", Some("answer is NOERROR, expected NXDOMAIN")),
        (
            "query = 'www.example.com. A'\nexpect = { data = '192.0.2.9' }",
            Some("answer has A 192.0.2.1, 192.0.2.2, expected 192.0.2.9"),
        ),
        ("query = 'www.example.com. AAAA'\nexpect = { data = '2001:db8::1' }", Some("answer has no AAAA, expected 2001:db8::1")),
    ] {
        let SocketAddr::V4(address) = nsd.address() else { panic!("NSD is on 127.0.0.1") };
        let lines = format!("kind = 'dns'\nport = {}\n{LONG}{asked}", address.port());
        let reason = reason.and_then(|reason| failed(Cause::Wrong, reason));
        assert_eq!(outcome(&lines, (*address.ip()).into()).await, reason, "{asked}");
    }
}
