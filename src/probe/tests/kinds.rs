//! Each kind of check against small endpoints that answer right, wrong, slowly or not at all.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

use super::*;
use crate::config::{CommandCheck, DnsCheck, GrpcCheck};
use crate::health::Cause;
use crate::wire::{Name, RrType};

/// What came of a probe: nothing for a pass.
async fn outcome(kind: CheckKind, endpoint: SocketAddr, timeout: Duration) -> Option<(Cause, String)> {
    match probe_once(&check(kind, endpoint.port(), timeout), endpoint.ip()).await {
        Outcome::Pass { .. } => None,
        Outcome::Fail { cause, reason } => Some((cause, reason.to_string())),
    }
}

fn failed(cause: Cause, reason: &str) -> Option<(Cause, String)> {
    Some((cause, reason.to_owned()))
}

/// An endpoint that says this to whoever connects, in pieces; then, when the prober has said something, the second. It holds
/// the connection if it is told to.
async fn talker(greeting: &'static [u8], answer: &'static [u8], holds: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            tokio::spawn(async move {
                for octet in greeting {
                    let _ = connection.write_all(&[*octet]).await;
                    tokio::task::yield_now().await;
                }
                if !answer.is_empty() && connection.read(&mut [0; 64]).await.is_ok() {
                    let _ = connection.write_all(answer).await;
                }
                if holds {
                    let _ = connection.read_to_end(&mut Vec::new()).await;
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn what_is_said_over_tcp_is_judged() {
    for (greeting, answer, holds, timeout, reason) in [
        (&b""[..], &b"+PONG\r\n"[..], true, LONG, None),
        (b"220 ready\r\n", b"+PONG\r\n", true, LONG, None),
        (b"+PONG", b"", false, LONG, None),
        (b"", b"-ERR\r\n", false, LONG, failed(Cause::Wrong, r#"answer is "-ERR\\r\\n", expected "+PONG" in it"#)),
        (b"", b"-ERR\r\n", true, SHORT, failed(Cause::Wrong, r#"answer is "-ERR\\r\\n", expected "+PONG" in it"#)),
        (b"", b"", true, SHORT, failed(Cause::Silent, "no answer within 300ms")),
    ] {
        let tcp = TcpCheck { send: b"PING\r\n".into(), expect: Some(b"+PONG".into()) };
        let endpoint = talker(greeting, answer, holds).await;
        assert_eq!(outcome(CheckKind::Tcp(tcp), endpoint, timeout).await, reason, "{}", answer.escape_ascii());
    }
}

fn asked(data: &[&[u8]]) -> DnsCheck {
    let name = Name::parse(b"www.example.com.", None).unwrap();
    let expect_data = data.iter().map(|data| data.to_vec()).collect();
    DnsCheck { name, rtype: RrType::A, expect_rcode: vec![0], expect_data }
}

/// A reply to whatever is asked: these flags, and A records with these last octets.
fn reply(query: &[u8], flags: [u8; 2], octets: &[u8]) -> Vec<u8> {
    let mut reply = query.to_vec();
    reply[2..4].copy_from_slice(&flags);
    reply[7] = octets.len() as u8;
    for octet in octets {
        reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, *octet]);
    }
    reply
}

/// A DNS server: over UDP it says each of these replies, over TCP the whole.
async fn dns(replies: fn(&[u8]) -> Vec<Vec<u8>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let socket = UdpSocket::bind(address).await.unwrap();
    tokio::spawn(async move {
        let mut room = [0; 512];
        while let Ok((length, peer)) = socket.recv_from(&mut room).await {
            for reply in replies(&room[..length]) {
                let _ = socket.send_to(&reply, peer).await;
            }
        }
    });
    tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let length = connection.read_u16().await.unwrap();
        let mut query = vec![0; usize::from(length)];
        connection.read_exact(&mut query).await.unwrap();
        let reply = reply(&query, [0x81, 0], &[1, 2]);
        connection.write_u16(reply.len() as u16).await.unwrap();
        connection.write_all(&reply).await.unwrap();
        let _ = connection.read_u8().await;
    });
    address
}

#[tokio::test]
async fn a_dns_answer_is_judged_by_rcode_and_data() {
    let two = [&[192, 0, 2, 2][..], &[192, 0, 2, 1]];
    for (replies, data, timeout, reason) in [
        ((|query| vec![reply(query, [0x81, 0], &[1, 2])]) as fn(&[u8]) -> Vec<Vec<u8>>, &two[..], LONG, None),
        (|query| vec![reply(query, [0x81, 0], &[])], &[], LONG, None),
        // Truncated: the whole comes over TCP.
        (|query| vec![reply(query, [0x83, 0], &[])], &two, LONG, None),
        // What is forged is passed over: another number, another question, a query.
        (
            |query| {
                let [mut number, mut question] = [query, query].map(|query| reply(query, [0x81, 3], &[]));
                (number[0], question[13]) = (!number[0], b'x');
                vec![vec![], vec![0; 11], query.to_vec(), number, question, reply(query, [0x81, 0], &[2, 1])]
            },
            &two,
            LONG,
            None,
        ),
        (|query| vec![reply(query, [0x81, 3], &[])], &[], LONG, failed(Cause::Wrong, "answer is NXDOMAIN, expected NOERROR")),
        (
            |query| vec![reply(query, [0x81, 0], &[1, 3])],
            &two,
            LONG,
            failed(Cause::Wrong, "answer has A 192.0.2.1, 192.0.2.3, expected 192.0.2.2"),
        ),
        (|query| vec![reply(query, [0x81, 0], &[])], &two, LONG, failed(Cause::Wrong, "answer has no A, expected 192.0.2.2")),
        (|_| vec![], &two, SHORT, failed(Cause::Silent, "no answer within 300ms")),
    ] {
        assert_eq!(outcome(CheckKind::Dns(asked(data)), dns(replies).await, timeout).await, reason);
    }
    let (_socket, nobody) = nobody();
    assert_eq!(outcome(CheckKind::Dns(asked(&[])), nobody, LONG).await, failed(Cause::Refused, "connection refused"));
}

#[tokio::test]
async fn loopback_answers_an_echo() {
    let mut check = check(CheckKind::Icmp, 0, LONG);
    for address in ["127.0.0.1", "127.1.2.3", "::1"] {
        let address: IpAddr = address.parse().unwrap();
        // A machine without IPv6, or one that lets nobody ping, has nothing to show here.
        let outcome = probe_once(&check, address).await;
        let ours = matches!(outcome, Outcome::Fail { cause: Cause::Ours | Cause::Unreachable, .. });
        assert!(ours || matches!(outcome, Outcome::Pass { .. }), "{address}: {outcome:?}");
    }
    check.source = Some([192, 0, 2, 1].into());
    let elsewhere = reason_of(probe_once(&check, [127, 0, 0, 1].into()).await).unwrap();
    assert!(elsewhere.starts_with("source address is not") || elsewhere.starts_with("this machine permits"), "{elsewhere}");
}

fn shell(script: &str) -> CheckKind {
    CheckKind::Command(CommandCheck { program: "/bin/sh".into(), arguments: vec!["-c".into(), script.into()] })
}

#[tokio::test]
async fn a_command_is_judged_by_its_exit() {
    let here: SocketAddr = "192.0.2.1:8080".parse().unwrap();
    for (script, reason) in [
        ("exit 0", None),
        ("echo fine; exit 3", failed(Cause::Wrong, "command exited with 3: fine")),
        ("echo 1; echo CRITICAL - 2 >&2; echo; exit 2", failed(Cause::Wrong, "command exited with 2: CRITICAL - 2")),
        ("printf 'a\\033[31mb'; exit 1", failed(Cause::Wrong, "command exited with 1: a [31mb")),
        ("exit 1", failed(Cause::Wrong, "command exited with 1")),
        ("kill -9 $$", failed(Cause::Wrong, "command was ended by signal 9")),
        ("echo $SIGNPOST_CHECK {address} $SIGNPOST_PORT {port}; exit 1", {
            failed(Cause::Wrong, "command exited with 1: web 192.0.2.1 8080 8080")
        }),
        // The shell adds PWD, SHLVL and _ by itself.
        ("echo $(env | cut -d= -f1 | grep -v -e PWD -e SHLVL -e '^_$' | sort) $(pwd); exit 1", {
            failed(Cause::Wrong, "command exited with 1: PATH SIGNPOST_ADDRESS SIGNPOST_CHECK SIGNPOST_PORT /")
        }),
        ("cat; exit 0", None),
        ("yes", failed(Cause::Wrong, "command wrote more than 64 KiB")),
        // What it left behind holds the pipe, and is no reason to wait.
        ("sleep 600 & exit 0", None),
        ("trap '' TERM HUP INT; sleep 600 & exit 5", failed(Cause::Wrong, "command exited with 5")),
    ] {
        assert_eq!(outcome(shell(script), here, LONG).await, reason, "{script}");
    }
    let missing = CommandCheck { program: "/no/such/program".into(), arguments: vec![] };
    let reason = "command \"/no/such/program\" can't be started: there is no such file";
    assert_eq!(outcome(CheckKind::Command(missing), here, LONG).await, failed(Cause::Ours, reason));
    let folder = CommandCheck { program: "/".into(), arguments: vec![] };
    let reason = "command \"/\" can't be started: this process may not execute it";
    assert_eq!(outcome(CheckKind::Command(folder), here, LONG).await, failed(Cause::Ours, reason));
}

#[tokio::test]
async fn a_command_that_hangs_is_killed_with_all_that_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let pids = folder.path().join("pids");
    let script = format!("sleep 600 & echo $$ $! >'{}'; wait", pids.display());
    let here = "192.0.2.1:80".parse().unwrap();
    let reason = failed(Cause::Silent, "command did not end within 1s");
    assert_eq!(outcome(shell(&script), here, Duration::from_secs(1)).await, reason);
    let started = std::fs::read_to_string(pids).unwrap();
    assert_eq!(started.split_ascii_whitespace().count(), 2, "{started}");
    let gone = async {
        for pid in started.split_ascii_whitespace() {
            while runs(pid) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    };
    tokio::time::timeout(LONG, gone).await.expect("a process is left");
}

/// Whether there is a process with this number that is no zombie: what is orphaned waits for somebody else to reap it.
fn runs(pid: &str) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    state.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with(['Z', 'X']))
}

#[tokio::test]
async fn what_is_no_grpc_is_told_apart() {
    let grpc = || CheckKind::Grpc(GrpcCheck { host: None, service: String::new() }, None);
    for (greeting, holds, timeout, reason) in [
        (&b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"[..], true, LONG, {
            failed(Cause::Wrong, "endpoint does not speak HTTP/2 on this port")
        }),
        (b"SSH-2.0-OpenSSH_9.9\r\n", true, LONG, failed(Cause::Wrong, "endpoint does not speak HTTP/2 on this port")),
        (b"", true, SHORT, failed(Cause::Silent, "no answer within 300ms")),
    ] {
        let endpoint = talker(greeting, b"", holds).await;
        assert_eq!(outcome(grpc(), endpoint, timeout).await, reason, "{}", greeting.escape_ascii());
    }
    // Closed or reset: that depends on what has arrived meanwhile.
    let closed = outcome(grpc(), talker(b"", b"", false).await, LONG).await;
    assert!(matches!(closed, Some((Cause::Refused, _))), "{closed:?}");
}
