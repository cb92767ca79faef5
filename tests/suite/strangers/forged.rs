//! Datagrams that no honest socket sends: from port 0, where nobody listens. Only a raw socket sends them, which takes root; the
//! rule itself is tested beside `transport/udp.rs` for everybody.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use signpost::answer::Transport;
use signpost::metrics::{Counter, DROPS, Loss};
use signpost::wire::RrType;
use socket2::{Domain, Protocol, Socket, Type};

use super::doors::{Doors, over_udp};
use super::{CAPS, SERVING, through};
use crate::harness::until;
use crate::scenario::query::Query;

/// Sends a datagram from port 0; whether this process may.
fn send_from_port_0(server: SocketAddr, message: &[u8]) -> bool {
    let socket = match Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::UDP)) {
        Ok(socket) => socket,
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return false,
        Err(error) => panic!("{error}"),
    };
    let length = u16::try_from(8 + message.len()).unwrap();
    // RFC 768: source port, destination port, length, and no checksum.
    let header = [0, server.port(), length, 0].map(u16::to_be_bytes).concat();
    let there = SocketAddr::from((IpAddr::from(Ipv4Addr::LOCALHOST), 0));
    assert_eq!(socket.send_to(&[&header, message].concat(), &there.into()).unwrap(), usize::from(length));
    true
}

#[test]
fn port_0_gets_no_answer() {
    let doors = Doors::open(SERVING.clone(), CAPS);
    let query = Query::new("www.example.com.", RrType::A).octets();
    let forged = (0..20).filter(|_| send_from_port_0(doors.address(), &query)).count() as u64;
    // Whoever may not forge is answered all the same, and this is all that can be seen then.
    assert_eq!(over_udp(doors.address(), &[&query]).replies, [through(Transport::Udp, &query)]);
    until("all have come", || (doors.totals().of(Counter::QueriesUdp) >= forged + 2).then_some(()));
    let totals = doors.close();
    assert_eq!((totals.of(Loss::SourcePort), totals.sum(DROPS)), (forged, forged));
}
