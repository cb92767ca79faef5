//! A client: raw messages over UDP and TCP by the standard library, read by hickory-proto, which shares no code with the server.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};

use hickory_proto::op::{Edns, Message, Query};
use hickory_proto::rr::rdata::opt::{ClientSubnet, EdnsOption};
use hickory_proto::rr::{DNSClass, Name, RecordType};

use super::PATIENCE;

/// A query as a resolver makes it, without EDNS.
pub(crate) fn query(name: &str, rtype: RecordType) -> Message {
    let mut message = Message::query();
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), rtype));
    message
}

/// The same with EDNS and room for so many octets.
pub(crate) fn query_with_payload(name: &str, rtype: RecordType, payload: u16) -> Message {
    let mut message = query(name, rtype);
    let mut edns = Edns::new();
    edns.set_max_payload(payload).set_version(0);
    message.set_edns(edns);
    message
}

/// Asks in class CH what the server tells about itself.
pub(crate) fn query_chaos(name: &str) -> Message {
    let mut message = Message::query();
    let mut question = Query::query(Name::from_ascii(name).unwrap(), RecordType::TXT);
    question.set_query_class(DNSClass::CH);
    message.add_query(question);
    message
}

/// The same on behalf of a client in this network (RFC 7871).
pub(crate) fn query_for(name: &str, rtype: RecordType, network: IpAddr, length: u8) -> Message {
    let mut message = query_with_payload(name, rtype, 1232);
    let subnet = ClientSubnet::new(network, length, 0);
    message.edns.as_mut().unwrap().options_mut().insert(EdnsOption::Subnet(subnet));
    message
}

pub(crate) fn addresses(message: &Message) -> BTreeSet<IpAddr> {
    message.answers.iter().filter_map(|record| record.data.ip_addr()).collect()
}

/// A socket that hears only this server.
pub(crate) fn udp(server: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind((if server.is_ipv4() { "127.0.0.1" } else { "::1" }, 0)).unwrap();
    socket.connect(server).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

pub(crate) fn tcp(server: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect_timeout(&server, PATIENCE).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

pub(crate) fn receive(socket: &UdpSocket) -> Message {
    decode(&receive_octets(socket))
}

pub(crate) fn receive_octets(socket: &UdpSocket) -> Vec<u8> {
    let mut room = [0; 65_535];
    let length = socket.recv(&mut room).expect("a reply");
    room[..length].to_vec()
}

pub(crate) fn ask(server: SocketAddr, query: &Message) -> Message {
    let socket = udp(server);
    socket.send(&query.to_vec().unwrap()).unwrap();
    of(query, receive(&socket))
}

pub(crate) fn ask_tcp(server: SocketAddr, query: &Message) -> Message {
    let mut stream = tcp(server);
    send_framed(&mut stream, &query.to_vec().unwrap());
    of(query, receive_framed(&mut stream))
}

pub(crate) fn send_framed(stream: &mut TcpStream, message: &[u8]) {
    stream.write_all(&framed(message)).unwrap();
}

/// With its length before it (RFC 1035 §4.2.2).
pub(crate) fn framed(message: &[u8]) -> Vec<u8> {
    [&u16::try_from(message.len()).unwrap().to_be_bytes(), message].concat()
}

pub(crate) fn receive_framed(stream: &mut TcpStream) -> Message {
    let mut length = [0; 2];
    stream.read_exact(&mut length).expect("a reply");
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut message).expect("a whole reply");
    decode(&message)
}

fn decode(octets: &[u8]) -> Message {
    Message::from_vec(octets).unwrap_or_else(|error| panic!("{error}: {octets:02x?}"))
}

/// The message, if it answers the query.
fn of(query: &Message, reply: Message) -> Message {
    assert_eq!((reply.metadata.id, &reply.queries), (query.metadata.id, &query.queries));
    reply
}
