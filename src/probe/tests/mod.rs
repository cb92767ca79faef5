//! The prober against real endpoints on loopback that are well, sick, slow or strange.

mod endpoint;
mod kinds;
mod replan;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpSocket;

use super::*;
use crate::config::{CheckKind, HttpCheck, TcpCheck};
use crate::diagnostic::Sources;
use crate::limits::RECHECK_DELAY;
use endpoint::{Answer, Endpoint, Seen};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
/// For what is expected to happen: a slow machine makes no test fail.
const LONG: Duration = Duration::from_secs(20);
/// For what is expected never to happen.
const SHORT: Duration = Duration::from_millis(300);

pub(super) fn http() -> HttpCheck {
    HttpCheck {
        host: None,
        path: "/healthz".into(),
        method: "GET".into(),
        headers: Vec::new(),
        expect_status: vec![(200, 299)],
        expect_body: None,
    }
}

pub(super) fn check(kind: CheckKind, port: u16, timeout: Duration) -> Check {
    let span = Sources::default().add("signpost.toml", "").span(0, 0);
    Check {
        name: "web".into(),
        span,
        kind,
        port,
        interval: timeout,
        timeout,
        rise: 2,
        fall: 3,
        recheck: RECHECK_DELAY,
        hold_down: None,
        source: None,
        watch: false,
    }
}

/// The reason of a failure; none for a pass.
pub(super) fn reason_of(outcome: Outcome) -> Option<String> {
    match outcome {
        Outcome::Pass { .. } => None,
        Outcome::Fail { reason, .. } => Some(reason.to_string()),
    }
}

async fn probe(kind: CheckKind, endpoint: SocketAddr, timeout: Duration) -> Option<String> {
    reason_of(probe_once(&check(kind, endpoint.port(), timeout), endpoint.ip()).await)
}

/// An address where nobody listens, and nobody else can begin to while the socket is held.
fn nobody() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

#[tokio::test]
async fn an_answer_is_judged_by_its_status() {
    for (answer, reason) in [
        (Answer::Say(OK), None),
        (Answer::Say("HTTP/1.0 204 No Content\r\n\r\n"), None),
        (Answer::Say("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n"), Some("status 503, expected 2xx")),
        (Answer::SayAndHold("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n"), None),
        (Answer::SayForever("HTTP/1.1 200 OK\r\n\r\n", "more"), None),
        (Answer::Say("SSH-2.0-OpenSSH_9.9\r\n"), Some("answer is not HTTP/1.1")),
        (Answer::Say(""), Some("connection closed by the endpoint too early")),
        (Answer::SayForever("HTTP/1.1 200 OK\r\n", "x: y\r\n"), Some("answer has too many headers")),
    ] {
        let endpoint = Endpoint::new(answer.clone()).await;
        assert_eq!(probe(CheckKind::Http(http()), endpoint.address, LONG).await.as_deref(), reason, "{answer:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let mut endpoint = Endpoint::new(Answer::Say("HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n")).await;
    let reason = probe(CheckKind::Http(http()), endpoint.address, LONG).await;
    assert_eq!(reason.as_deref(), Some("status 302, expected 2xx"));
    endpoint.request().await;
    assert!(!endpoint.saw_more());
}

#[tokio::test]
async fn a_body_is_searched_as_far_as_needed() {
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nxhe\r\n4\r\nllox\r\n";
    const GZIP: &str = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 5\r\n\r\nhello";
    const CUT: &str = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhe";
    for (answer, timeout, reason) in [
        (Answer::Say(OK), LONG, None),
        (Answer::SayAndHold(CHUNKED), LONG, None),
        (Answer::Say(GZIP), LONG, None),
        (Answer::SayForever("HTTP/1.1 200 OK\r\n\r\n", "xhello"), LONG, None),
        (Answer::Say("HTTP/1.1 200 OK\r\n\r\nbye"), LONG, Some("body does not hold \"hello\"")),
        (Answer::Say(CUT), LONG, Some("connection closed by the endpoint before the body ended")),
        (Answer::SayForever("HTTP/1.1 200 OK\r\n\r\n", "helo"), LONG, Some("body does not hold \"hello\" in its first 64 KiB")),
        (Answer::SayAndHold(CUT), SHORT, Some("body does not hold \"hello\" within 300ms")),
        (Answer::Say("HTTP/1.1 404 No\r\n\r\nhello"), LONG, Some("status 404, expected 2xx")),
    ] {
        let endpoint = Endpoint::new(answer.clone()).await;
        let http = HttpCheck { expect_body: Some("hello".into()), ..http() };
        assert_eq!(probe(CheckKind::Http(http), endpoint.address, timeout).await.as_deref(), reason, "{answer:?}");
    }
}

#[tokio::test]
async fn a_silent_endpoint_fails_at_the_deadline_and_is_let_go() {
    let mut endpoint = Endpoint::new(Answer::SayAndHold("")).await;
    let reason = probe(CheckKind::Http(http()), endpoint.address, SHORT).await;
    assert_eq!(reason.as_deref(), Some("no answer within 300ms"));
    endpoint.request().await;
    assert_eq!(endpoint.saw().await, Seen::Closed);
}

#[tokio::test]
async fn a_request_says_what_the_check_says() {
    let mut endpoint = Endpoint::new(Answer::Say(OK)).await;
    let port = endpoint.address.port();
    for (host, said) in [
        (None, format!("127.0.0.1:{port}")),
        (Some("www.example.com"), format!("www.example.com:{port}")),
        // An address as host is said, but not gone to; 192.0.2.7 would not answer.
        (Some("192.0.2.7"), format!("192.0.2.7:{port}")),
        (Some("2001:db8::7"), format!("[2001:db8::7]:{port}")),
    ] {
        let http = HttpCheck {
            host: host.map(Into::into),
            path: "/up?deep=1".into(),
            method: "HEAD".into(),
            headers: vec![("x-probe".into(), "yes".into())],
            ..http()
        };
        assert_eq!(probe(CheckKind::Http(http), endpoint.address, LONG).await, None);
        let request = endpoint.request().await.to_lowercase();
        assert!(request.starts_with("head /up?deep=1 http/1.1\r\n"), "{request}");
        let agent = concat!("user-agent: signpost/", env!("CARGO_PKG_VERSION"));
        for line in [&format!("host: {said}"), "connection: close", "x-probe: yes", agent] {
            assert!(request.contains(&format!("\r\n{line}\r\n")), "{line} in {request}");
        }
        assert!(!request.contains("accept-encoding"), "nothing would be decompressed: {request}");
    }
}

#[tokio::test]
async fn probes_come_from_the_source() {
    let mut endpoint = Endpoint::new(Answer::Say(OK)).await;
    for (source, came_from) in [("127.0.0.2", "127.0.0.2"), ("2001:db8::1", "127.0.0.1")] {
        let mut check = check(CheckKind::Http(http()), endpoint.address.port(), LONG);
        check.source = Some(source.parse().unwrap());
        assert_eq!(reason_of(probe_once(&check, endpoint.address.ip()).await), None);
        assert!(matches!(endpoint.saw().await, Seen::Request(_, peer) if peer == came_from.parse::<IpAddr>().unwrap()));
    }
    for kind in [CheckKind::Http(http()), CheckKind::Tcp(TcpCheck::default())] {
        let mut check = check(kind, endpoint.address.port(), LONG);
        check.source = Some([192, 0, 2, 1].into());
        let reason = reason_of(probe_once(&check, endpoint.address.ip()).await);
        assert_eq!(reason.as_deref(), Some("source address is not on this machine, or its ports are used up"));
    }
}

#[tokio::test]
async fn nobody_at_home_is_refused() {
    let (_socket, nobody) = nobody();
    for kind in [CheckKind::Http(http()), CheckKind::Tcp(TcpCheck::default())] {
        assert_eq!(probe(kind, nobody, LONG).await.as_deref(), Some("connection refused"));
    }
}

#[tokio::test]
async fn a_tcp_probe_needs_no_more_than_a_connection() {
    let endpoint = Endpoint::new(Answer::SayAndHold("")).await;
    assert_eq!(probe(CheckKind::Tcp(TcpCheck::default()), endpoint.address, LONG).await, None);
}

#[tokio::test]
async fn an_ipv6_endpoint_is_probed_alike() {
    // A machine without IPv6 has nothing to show here.
    let Ok(mut endpoint) = Endpoint::on("[::1]:0", Answer::Say(OK)).await else { return };
    assert_eq!(probe(CheckKind::Tcp(TcpCheck::default()), endpoint.address, LONG).await, None);
    for host in [None, Some("www.example.com".into())] {
        assert_eq!(probe(CheckKind::Http(HttpCheck { host, ..http() }), endpoint.address, LONG).await, None);
    }
    let request = endpoint.request().await;
    assert!(request.contains(&format!("\r\nhost: [::1]:{}\r\n", endpoint.address.port())), "{request}");
}

#[tokio::test]
async fn what_can_not_be_asked_is_a_failure_with_a_reason() {
    for (http, reason) in [
        (HttpCheck { method: "GE T".into(), ..http() }, "\"GE T\" is no HTTP method"),
        (HttpCheck { headers: vec![("a b".into(), "c".into())], ..http() }, "\"a b\" is no HTTP header name"),
        (
            HttpCheck { host: Some("a b".into()), ..http() },
            "\"http://a b:80/healthz\" is no URL: invalid international domain name",
        ),
    ] {
        let check = check(CheckKind::Http(http), 80, LONG);
        assert_eq!(reason_of(probe_once(&check, [127, 0, 0, 1].into()).await).as_deref(), Some(reason));
    }
}
