//! The real binary on the wire: what clients, good and bad, get over UDP and TCP, and how the process begins and ends.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::RecordType;

use crate::harness::client::{
    addresses, ask, ask_tcp, framed, query, query_with_payload, receive, receive_framed, receive_octets, send_framed, tcp, udp,
};
use crate::harness::server::{Folder, Server, launch};
use crate::harness::{PATIENCE, ZONE_HEAD, throw};

/// Records of the name "many": more than fit 1232 octets, fewer than 4096 hold.
const MANY: u8 = 150;
/// Mutated queries that the server must survive.
const MUTATIONS: u32 = 200;

fn serve(listen: &str) -> Server {
    let config = format!("[server]\nlisten = [{listen}]\nudp_payload = 4096\n");
    let many: String = (0..MANY).map(|last| format!("many IN A 192.0.2.{last}\n")).collect();
    let zone = format!("{ZONE_HEAD}\nwww IN A 192.0.2.10\n    IN A 192.0.2.11\nalias IN CNAME www\n{many}");
    Server::start(&Folder::new([("signpost.toml", config.as_str()), ("zones/example.com.zone", &zone)]))
}

#[test]
fn udp_and_tcp_give_the_same_answers_on_every_address() {
    let server = serve(r#""127.0.0.1:0", "[::1]:0""#);
    assert_eq!(server.addresses().len(), 2);
    let questions = [
        ("www.example.com.", RecordType::A, ResponseCode::NoError, 2),
        ("WwW.eXample.com.", RecordType::AAAA, ResponseCode::NoError, 0),
        ("alias.example.com.", RecordType::A, ResponseCode::NoError, 3),
        ("nobody.example.com.", RecordType::A, ResponseCode::NXDomain, 0),
        ("www.example.net.", RecordType::A, ResponseCode::Refused, 0),
    ];
    for &address in server.addresses() {
        for (name, rtype, rcode, answers) in questions {
            let query = query_with_payload(name, rtype, 1232);
            let reply = ask(address, &query);
            assert_eq!((reply.metadata.response_code, reply.answers.len()), (rcode, answers), "{name}");
            assert_eq!(reply, ask_tcp(address, &query), "{name}");
        }
    }
}

#[test]
fn what_is_too_long_for_udp_comes_over_tcp() {
    let server = serve(r#""127.0.0.1:0""#);
    let name = "many.example.com.";
    for query in [query(name, RecordType::A), query_with_payload(name, RecordType::A, 1232)] {
        let reply = ask(server.address(), &query);
        assert!(reply.metadata.truncation && addresses(&reply).len() < usize::from(MANY));
    }
    let whole = ask_tcp(server.address(), &query(name, RecordType::A));
    let expected = (0..MANY).map(|last| Ipv4Addr::new(192, 0, 2, last).into()).collect();
    assert!(!whole.metadata.truncation && addresses(&whole) == expected);
    assert_eq!(addresses(&ask(server.address(), &query_with_payload(name, RecordType::A, 4096))), expected);
}

#[test]
fn no_reply_is_longer_than_the_client_allows() {
    let server = serve(r#""127.0.0.1:0""#);
    let socket = udp(server.address());
    for (payload, length_max) in [(None, 512), (Some(0), 512), (Some(600), 600), (Some(1232), 1232), (Some(65_535), 4096)] {
        for name in ["many.example.com.", "www.example.com.", "example.com."] {
            let query = match payload {
                None => query(name, RecordType::A),
                Some(payload) => query_with_payload(name, RecordType::A, payload),
            };
            socket.send(&query.to_vec().unwrap()).unwrap();
            let length = receive_octets(&socket).len();
            assert!(length <= length_max, "{name} with {payload:?}: {length} octets");
        }
    }
}

#[test]
fn many_queries_share_a_connection() {
    let server = serve(r#""127.0.0.1:0""#);
    let mut stream = tcp(server.address());
    let queries: Vec<Message> = (0..100).map(|_| query("www.example.com.", RecordType::A)).collect();
    let octets: Vec<u8> = queries.iter().flat_map(|query| framed(&query.to_vec().unwrap())).collect();
    // Cut in the middle of a length and of a message.
    let (first, rest) = octets.split_at(1);
    let (second, third) = rest.split_at(octets.len() / 2);
    for part in [first, second, third] {
        stream.write_all(part).unwrap();
    }
    let mut asked: Vec<u16> = queries.iter().map(|query| query.metadata.id).collect();
    let mut answered: Vec<u16> = queries.iter().map(|_| receive_framed(&mut stream).metadata.id).collect();
    asked.sort_unstable();
    answered.sort_unstable();
    assert_eq!(asked, answered);
}

#[test]
fn a_reply_is_never_answered() {
    let server = serve(r#""127.0.0.1:0""#);
    let mut reply = query("www.example.com.", RecordType::A).to_vec().unwrap();
    reply[2] |= 0x80;
    // Whatever its sections hold.
    let whole = ask(server.address(), &query("www.example.com.", RecordType::A)).to_vec().unwrap();
    let (socket, sentinel) = (udp(server.address()), query("example.com.", RecordType::SOA));
    for message in [&reply, &whole, &reply[..12].to_vec()] {
        socket.send(message).unwrap();
        socket.send(&sentinel.to_vec().unwrap()).unwrap();
        let first = receive(&socket);
        assert_eq!((first.metadata.id, first.queries), (sentinel.metadata.id, sentinel.queries.clone()));
    }
    // One socket is one worker's, which answers in order, so a reply to the reply would have come before the sentinel's.
    let mut stream = tcp(server.address());
    send_framed(&mut stream, &reply);
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(stream.read_to_end(&mut Vec::new()).unwrap_or_default(), 0, "nothing comes back");
}

#[test]
fn the_reply_comes_from_the_address_that_was_asked() {
    let server = serve(r#""0.0.0.0:0""#);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    for host in [2, 77, 1] {
        let asked = SocketAddr::from(([127, 0, 0, host], server.address().port()));
        socket.send_to(&query("www.example.com.", RecordType::A).to_vec().unwrap(), asked).unwrap();
        let (_, from) = socket.recv_from(&mut [0; 1232]).unwrap();
        assert_eq!(from, asked);
        assert_eq!(ask_tcp(asked, &query("www.example.com.", RecordType::A)).answers.len(), 2);
    }
}

#[test]
fn garbage_does_no_harm() {
    let server = serve(r#""127.0.0.1:0""#);
    let socket = udp(server.address());
    let good = query_with_payload("www.example.com.", RecordType::A, 1232);
    let mut dice = 0x5eed_u64;
    for _ in 0..MUTATIONS {
        let mut octets = good.to_vec().unwrap();
        for _ in 0..=throw(&mut dice) % 4 {
            let at = throw(&mut dice) as usize % octets.len();
            octets[at] = throw(&mut dice) as u8;
        }
        octets.truncate(octets.len() - throw(&mut dice) as usize % 3 * throw(&mut dice) as usize % octets.len());
        socket.send(&octets).unwrap();
        // The same over TCP, with a length that may lie.
        let mut stream = tcp(server.address());
        let length = if throw(&mut dice).is_multiple_of(2) { octets.len() as u16 } else { throw(&mut dice) as u16 };
        // The server may have hung up already.
        let _ = stream.write_all(&[&length.to_be_bytes(), octets.as_slice()].concat());
    }
    for junk in [vec![], vec![0], vec![0xff; 11], vec![0xff; 512], vec![0; 12], vec![0xc0; 4096], vec![7; 60_000]] {
        socket.send(&junk).unwrap();
    }
    assert_eq!(ask(server.address(), &good).answers.len(), 2);
    assert_eq!(ask_tcp(server.address(), &good).answers.len(), 2);
    server.signal("TERM");
    let (status, log) = server.wait();
    assert!(status.success() && !log.contains("panic"), "{log}");
}

#[test]
fn it_ends_in_order_when_told() {
    for signal in ["TERM", "INT"] {
        let server = serve(r#""127.0.0.1:0""#);
        // A connection that is open and idle does not hold it up.
        let mut stream = tcp(server.address());
        send_framed(&mut stream, &query("www.example.com.", RecordType::A).to_vec().unwrap());
        receive_framed(&mut stream);
        let told = Instant::now();
        server.signal(signal);
        let (status, log) = server.wait();
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(told.elapsed() < Duration::from_secs(5), "{:?}", told.elapsed());
        assert!(log.trim_end().ends_with("ended"), "{log}");
        assert_eq!(stream.read(&mut [0]).unwrap(), 0, "the connection is closed");
    }
}

#[test]
fn a_busy_port_is_named_and_exits_2() {
    let first = serve(r#""127.0.0.1:0""#);
    let config = format!("[server]\nlisten = \"{}\"\n", first.address());
    let zone = format!("{ZONE_HEAD}\n");
    let folder = Folder::new([("signpost.toml", config.as_str()), ("zones/example.com.zone", &zone)]);
    let (status, log) = launch(&folder).wait();
    assert_eq!(status.code(), Some(2), "{log}");
    assert!(log.contains(&format!("can't listen on {} over TCP", first.address())) && log.contains("ss -lntup"), "{log}");
    assert_eq!(ask(first.address(), &query("www.example.com.", RecordType::A)).answers.len(), 2, "the first serves on");
}
