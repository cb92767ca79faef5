//! Both doors over real sockets on loopback. Deadlines are tested in `connection.rs` on a paused clock.

use std::io::{Read, Write};
use std::net::{IpAddr, TcpStream, UdpSocket};
use std::num::NonZeroUsize;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use super::*;
use crate::answer::DropReason;
use crate::metrics::{CONNECTIONS_ENDED, Counter, DROPS, Loss, QUERIES, REPLIES, Totals};
use crate::snapshot::Serving;
use crate::wire::message::Rcode;

const CAPS: Caps = Caps { udp_payload: 1232, connections: 40, connections_per_source: 20 };

struct Server {
    transport: Transport,
    current: Arc<Current>,
    registry: Registry,
}

fn start(listen: &str) -> Server {
    let bound = bind(&[listen.parse().unwrap()], NonZeroUsize::new(2).unwrap()).unwrap();
    let (current, registry) = (Arc::new(Current::new(Serving::default())), Registry::default());
    let transport = bound.start(&current, &registry, CAPS).unwrap();
    Server { transport, current, registry }
}

impl Server {
    fn address(&self) -> SocketAddr {
        self.transport.local_addrs()[0]
    }

    /// Stops it, proves that nothing is left, and gives the counters, which add up.
    fn stop(self) -> Totals {
        let address = self.address();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(self.transport.stop());
        assert_eq!(Arc::strong_count(&self.current), 1, "no worker is left");
        assert!(TcpStream::connect(address).is_err() && bind(&[address], NonZeroUsize::MIN).is_ok(), "no socket is left");
        let totals = self.registry.totals();
        assert_eq!(totals.in_hand(), 0, "queries = replies + drops");
        assert_eq!(totals.of(Counter::Connections), totals.sum(CONNECTIONS_ENDED), "connections = their ends");
        totals
    }
}

/// www.example.com. A
fn query(id: u16) -> Vec<u8> {
    let mut query = id.to_be_bytes().to_vec();
    query.extend_from_slice(b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x03com\x00\x00\x01\x00\x01");
    query
}

fn framed(query: &[u8]) -> Vec<u8> {
    [&(query.len() as u16).to_be_bytes(), query].concat()
}

fn udp_client(bound: &str) -> UdpSocket {
    let socket = UdpSocket::bind(bound).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    socket
}

fn tcp_client(server: SocketAddr, from: &str) -> TcpStream {
    let socket = Socket::new(Domain::for_address(server), Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::new(from.parse::<IpAddr>().unwrap(), 0).into()).unwrap();
    socket.connect(&server.into()).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    socket.into()
}

fn read_reply(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut reply = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut reply).map(|()| reply)
}

fn ask(stream: &mut TcpStream, id: u16) -> bool {
    stream.write_all(&framed(&query(id))).is_ok() && read_reply(stream).is_ok_and(|reply| is_reply(&reply, id))
}

/// Connected, and has had one reply.
fn asked_client(server: SocketAddr, from: &str) -> TcpStream {
    let mut client = tcp_client(server, from);
    assert!(ask(&mut client, 7));
    client
}

fn is_reply(reply: &[u8], id: u16) -> bool {
    reply[..2] == id.to_be_bytes() && reply[2] & 0x80 != 0
}

#[test]
fn every_query_over_udp_is_answered_to_its_sender() {
    for listen in ["127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "[::]:0"] {
        let server = start(listen);
        let (loopback, port) = (if server.address().is_ipv4() { "127.0.0.1" } else { "::1" }, server.address().port());
        std::thread::scope(|scope| {
            for client in 0..4_u16 {
                scope.spawn(move || {
                    let socket = UdpSocket::bind((loopback, 0)).unwrap();
                    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
                    socket.connect((loopback, port)).unwrap();
                    for window in 0..10_u16 {
                        let ids = (0..50).map(|n| client << 12 | window << 6 | n);
                        ids.clone().for_each(|id| assert_eq!(socket.send(&query(id)).unwrap(), 33));
                        let mut answered: Vec<u16> = ids.clone().map(|_| receive_id(&socket)).collect();
                        answered.sort_unstable();
                        assert!(answered.into_iter().eq(ids));
                    }
                });
            }
        });
        let totals = server.stop();
        assert_eq!((totals.of(Counter::QueriesUdp), totals.of(Rcode::Refused)), (2000, 2000), "{listen}");
    }
}

fn receive_id(socket: &UdpSocket) -> u16 {
    let mut reply = [0; 512];
    let length = socket.recv(&mut reply).unwrap();
    let id = u16::from_be_bytes([reply[0], reply[1]]);
    assert!(length == 33 && is_reply(&reply, id));
    id
}

#[test]
fn a_wildcard_socket_replies_from_the_address_asked() {
    let server = start("0.0.0.0:0");
    let client = udp_client("127.0.0.1:0");
    for last in [2, 1, 77] {
        let asked = SocketAddr::from(([127, 0, 0, last], server.address().port()));
        client.send_to(&query(9), asked).unwrap();
        assert_eq!(client.recv_from(&mut [0; 512]).unwrap(), (33, asked));
    }
    server.stop();
}

#[test]
fn what_must_not_be_answered_over_udp_is_dropped_and_counted() {
    let server = start("127.0.0.1:0");
    let client = udp_client("127.0.0.1:0");
    client.connect(server.address()).unwrap();
    let mut response = query(1);
    response[2] |= 0x80;
    for message in [&response, &vec![0; 11], &vec![], &vec![0; 4097]] {
        client.send(message).unwrap();
    }
    client.send(&query(2)).unwrap();
    assert_eq!(receive_id(&client), 2);
    let totals = server.stop();
    assert_eq!((totals.of(DropReason::Response), totals.of(DropReason::Short), totals.of(Loss::TooLong)), (1, 2, 1));
    assert_eq!((totals.sum(QUERIES), totals.sum(REPLIES), totals.sum(DROPS)), (5, 1, 4));
}

#[test]
fn pipelined_queries_are_answered_in_order_however_they_are_cut() {
    let server = start("127.0.0.1:0");
    let queries: Vec<u8> = (0..100).flat_map(|id| framed(&query(id))).collect();
    for piece in [queries.len(), 1, 7] {
        let mut client = tcp_client(server.address(), "127.0.0.1");
        client.set_nodelay(true).unwrap();
        let mut replies = client.try_clone().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| queries.chunks(piece).for_each(|piece| client.write_all(piece).unwrap()));
            (0..100).for_each(|id| assert!(is_reply(&read_reply(&mut replies).unwrap(), id), "piece {piece}, query {id}"));
        });
    }
    let totals = server.stop();
    assert_eq!((totals.of(Counter::QueriesStream), totals.sum(REPLIES)), (300, 300));
}

#[test]
fn replies_come_though_the_client_has_finished_sending() {
    let server = start("[::1]:0");
    let mut client = tcp_client(server.address(), "::1");
    client.write_all(&[framed(&query(1)), framed(&query(2))].concat()).unwrap();
    client.shutdown(std::net::Shutdown::Write).unwrap();
    assert!(is_reply(&read_reply(&mut client).unwrap(), 1) && is_reply(&read_reply(&mut client).unwrap(), 2));
    assert_eq!(client.read(&mut [0; 1]).unwrap(), 0);
    assert_eq!(server.stop().of(Counter::ConnectionsClosed), 1);
}

#[test]
fn the_21st_connection_of_a_source_displaces_its_longest_idle_one() {
    let server = start("127.0.0.1:0");
    let mut other = asked_client(server.address(), "127.0.0.2");
    let mut clients: Vec<_> = (0..20).map(|_| asked_client(server.address(), "127.0.0.1")).collect();
    assert!(ask(&mut clients[0], 20), "the first one is now the one used last");
    let _newcomer = asked_client(server.address(), "127.0.0.1");
    assert_eq!(clients[1].read(&mut [0; 1]).unwrap_or(0), 0, "the second one was idle for longest");
    assert!((0..20).filter(|&n| n != 1).all(|n| ask(&mut clients[n], 22)));
    assert!(ask(&mut other, 23), "another source is not concerned");
    assert_eq!(server.stop().of(Counter::ConnectionsCut), 1 + 21);
}

#[test]
fn when_all_connections_are_taken_the_longest_idle_one_gives_way() {
    let server = start("127.0.0.1:0");
    let source = |n: usize| format!("127.0.0.{}", 1 + n / 10);
    let mut clients: Vec<_> = (0..40).map(|n| asked_client(server.address(), &source(n))).collect();
    let mut newcomer = asked_client(server.address(), "127.0.0.9");
    assert!(!ask(&mut clients[0], 3) && clients[1..].iter_mut().all(|client| ask(client, 3)));
    server.transport.set_caps(Caps { connections_per_source: 1, ..CAPS });
    let _second = asked_client(server.address(), "127.0.0.9");
    assert!(!ask(&mut newcomer, 4), "caps may change at any time");
    server.stop();
}

#[test]
fn the_doors_close_when_the_transport_is_dropped() {
    let Server { transport, current, registry: _ } = start("127.0.0.1:0");
    drop(transport);
    let closed = (0..500).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        Arc::strong_count(&current) == 1
    });
    assert!(closed);
}
