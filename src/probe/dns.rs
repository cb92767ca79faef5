//! One run of a dns check: a query over UDP to the endpoint's own address; over TCP, too, where the answer is truncated.
//!
//! What is no answer to the query (another number, another question) is passed over, as a resolver would. Names and data are
//! compared in wire form, decompressed and in lower case.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::{IpAddr, SocketAddr};

use hickory_proto::op::{Message, MessageType, OpCode, Query};
use hickory_proto::rr::{Name, Record, RecordType};
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder, BinEncodable, BinEncoder, NameEncoding};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::connection;
use super::reason::{self, Fault};
use crate::config::{Check, DnsCheck};
use crate::limits::PROBE_DATAGRAM_LENGTH_MAX;
use crate::wire::{RrType, rdata};

/// What all runs of one check have alike.
#[derive(Debug)]
pub(super) struct Client {
    question: Query,
    check: DnsCheck,
}

impl Client {
    /// Gets ready to ask.
    pub(super) fn build(check: &DnsCheck) -> Result<Self, String> {
        let name = Name::read(&mut BinDecoder::new(check.name.as_wire()))
            .map_err(|error| format!("the name can't be asked: {error}"))?;
        Ok(Self { question: Query::query(name, RecordType::from(check.rtype.0)), check: check.clone() })
    }

    /// One run, at an end by the deadline; the fault if it failed.
    pub(super) async fn run(&self, check: &Check, address: IpAddr) -> Result<(), Fault> {
        let answer = timeout(check.timeout, self.ask(check, address)).await;
        self.judge(&answer.map_err(|_| reason::no_answer(check.timeout))??)
    }

    async fn ask(&self, check: &Check, address: IpAddr) -> Result<Message, Fault> {
        // Whoever does not see the query can't guess its number.
        let id = RandomState::new().hash_one(0) as u16;
        let mut query = Message::new(id, MessageType::Query, OpCode::Query);
        query.metadata.recursion_desired = true;
        query.add_query(self.question.clone());
        let query = query.to_vec().map_err(|error| reason::of_error(&error))?;
        let answer = self.over_udp(check, address, &query, id).await?;
        if answer.metadata.truncation { self.over_tcp(check, address, &query, id).await } else { Ok(answer) }
    }

    async fn over_udp(&self, check: &Check, address: IpAddr, query: &[u8], id: u16) -> Result<Message, Fault> {
        let io = |error: std::io::Error| reason::of_error(&error);
        let socket = UdpSocket::bind(SocketAddr::new(connection::source_or_any(check, address), 0)).await.map_err(io)?;
        socket.connect(SocketAddr::new(address, check.port)).await.map_err(io)?;
        socket.send(query).await.map_err(io)?;
        let mut room = vec![0; PROBE_DATAGRAM_LENGTH_MAX];
        loop {
            let length = socket.recv(&mut room).await.map_err(io)?;
            if let Some(answer) = self.answer(room.get(..length).unwrap_or_default(), id) {
                return Ok(answer);
            }
        }
    }

    /// RFC 1035 §4.2.2: the length goes before the message.
    async fn over_tcp(&self, check: &Check, address: IpAddr, query: &[u8], id: u16) -> Result<Message, Fault> {
        let io = |error: std::io::Error| reason::of_error(&error);
        let mut connection = connection::tcp(check, address).await.map_err(io)?;
        let length = u16::try_from(query.len()).unwrap_or(u16::MAX);
        connection.write_all(&[&length.to_be_bytes(), query].concat()).await.map_err(io)?;
        let mut room = vec![0; usize::from(connection.read_u16().await.map_err(io)?)];
        connection.read_exact(&mut room).await.map_err(io)?;
        self.answer(&room, id).ok_or_else(|| Fault::wrong("the answer over TCP is none to the query".into()))
    }

    /// The message, if it is one and answers the query.
    fn answer(&self, octets: &[u8], id: u16) -> Option<Message> {
        // Whoever floods us with other numbers is not read.
        octets.strip_prefix(&id.to_be_bytes())?;
        let answer = Message::from_vec(octets).ok()?;
        let metadata = &answer.metadata;
        let is_answer = metadata.message_type == MessageType::Response && metadata.op_code == OpCode::Query;
        // Whoever can't read the query leaves the question out.
        let asked = answer.queries.is_empty() || answer.queries == [self.question.clone()];
        (is_answer && asked).then_some(answer)
    }

    fn judge(&self, answer: &Message) -> Result<(), Fault> {
        let rcode = u16::from(answer.metadata.response_code);
        if !self.check.expect_rcode.contains(&rcode) {
            return Err(reason::rcode(rcode, &self.check.expect_rcode));
        }
        let rtype = self.check.rtype;
        let found: Vec<Vec<u8>> = answer.answers.iter().filter_map(|record| data_of(record, rtype)).collect();
        let missing = self.check.expect_data.iter().find(|wanted| !found.contains(wanted));
        missing.map_or(Ok(()), |wanted| Err(reason::data(rtype, wanted, &found)))
    }
}

/// A record's data in wire form, names in lower case; nothing for a record of another type.
fn data_of(record: &Record, rtype: RrType) -> Option<Vec<u8>> {
    if u16::from(record.record_type()) != rtype.0 {
        return None;
    }
    let mut octets = Vec::new();
    let mut encoder = BinEncoder::new(&mut octets);
    encoder.set_name_encoding(NameEncoding::Uncompressed);
    record.data.emit(&mut encoder).ok()?;
    Some(rdata::folded(rtype, &octets).into_owned())
}
