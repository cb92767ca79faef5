//! Writes MaxMind DB files of every record size, with aliases, from prefixes and records. Longer prefixes cut shorter ones.

use std::net::IpAddr;

use crate::geo::leaves::position;
use crate::geo::prefix::Prefix;

#[derive(Clone, Debug)]
pub(super) enum Value {
    Map(Vec<(&'static str, Self)>),
    List(Vec<Self>),
    Text(String),
    Double(f64),
    Float(f32),
    U16(u16),
    U32(u32),
    U64(u64),
    I32(i32),
    Bool(bool),
    Bytes(Vec<u8>),
    U128(u128),
}

impl Value {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Map(entries) => {
                head(out, 7, entries.len());
                for (key, value) in entries {
                    Self::text(key).encode(out);
                    value.encode(out);
                }
            }
            Self::List(items) => {
                head(out, 11, items.len());
                items.iter().for_each(|item| item.encode(out));
            }
            Self::Text(text) => tail(out, 2, text.as_bytes()),
            Self::Double(number) => tail(out, 3, &number.to_be_bytes()),
            Self::Bytes(bytes) => tail(out, 4, bytes),
            Self::U16(number) => tail(out, 5, &number.to_be_bytes()),
            Self::U32(number) => tail(out, 6, &number.to_be_bytes()),
            Self::I32(number) => tail(out, 8, &number.to_be_bytes()),
            Self::U64(number) => tail(out, 9, &number.to_be_bytes()),
            Self::U128(number) => tail(out, 10, &number.to_be_bytes()),
            Self::Bool(truth) => head(out, 14, usize::from(*truth)),
            Self::Float(number) => tail(out, 15, &number.to_be_bytes()),
        }
    }
}

fn head(out: &mut Vec<u8>, kind: u8, size: usize) {
    let (short, rest) = if size < 29 { (size, None) } else { (29, Some(size - 29)) };
    let upper = if kind < 8 { kind << 5 } else { 0 };
    out.push(upper | u8::try_from(short).unwrap());
    out.extend((kind > 7).then(|| kind - 7));
    out.extend(rest.map(|rest| u8::try_from(rest).unwrap()));
}

fn tail(out: &mut Vec<u8>, kind: u8, bytes: &[u8]) {
    head(out, kind, bytes.len());
    out.extend(bytes);
}

#[derive(Clone, Copy)]
enum Child {
    Nothing,
    Node(usize),
    Data(usize),
}

pub(super) struct Writer {
    ipv6: bool,
    nodes: Vec<[Child; 2]>,
    data: Vec<u8>,
    pub(super) record_size: u16,
    pub(super) major_version: u16,
    pub(super) build_epoch: u64,
}

impl Writer {
    /// A database of both families, or of IPv4 only.
    pub(super) fn new(ipv6: bool) -> Self {
        let nodes = vec![[Child::Nothing; 2]];
        Self { ipv6, nodes, data: Vec::new(), record_size: 24, major_version: 2, build_epoch: 1_781_654_400 }
    }

    pub(super) fn insert(&mut self, prefix: &str, record: &Value) {
        let offset = self.data.len();
        record.encode(&mut self.data);
        let (key, length) = self.key(prefix.parse().unwrap());
        self.place(key, length, Child::Data(offset));
    }

    /// Makes an IPv6 prefix another name for the IPv4 tree, as MaxMind's files do.
    pub(super) fn alias_ipv4(&mut self, address: IpAddr, length: u8) {
        let root = (0..96).fold(0, |node, _| match self.nodes[node][0] {
            Child::Node(next) => next,
            Child::Nothing | Child::Data(_) => panic!("no IPv4 tree"),
        });
        self.place(position(address), length, Child::Node(root));
    }

    fn key(&self, prefix: Prefix) -> (u128, u8) {
        match prefix.address() {
            IpAddr::V4(_) if self.ipv6 => (position(prefix.address()) >> 96, prefix.length() + 96),
            IpAddr::V4(_) | IpAddr::V6(_) => (position(prefix.address()), prefix.length()),
        }
    }

    fn place(&mut self, key: u128, length: u8, child: Child) {
        let bit = |depth: u8| usize::from(key >> (127 - depth) & 1 == 1);
        let mut node = 0;
        for depth in 0..length - 1 {
            node = match self.nodes[node][bit(depth)] {
                Child::Node(next) => next,
                leaf @ (Child::Nothing | Child::Data(_)) => {
                    self.nodes.push([leaf; 2]);
                    self.nodes[node][bit(depth)] = Child::Node(self.nodes.len() - 1);
                    self.nodes.len() - 1
                }
            };
        }
        self.nodes[node][bit(length - 1)] = child;
    }

    pub(super) fn finish(&self) -> Vec<u8> {
        let count = self.nodes.len();
        let mut out = Vec::new();
        for node in &self.nodes {
            let [left, right] = node.map(|child| match child {
                Child::Nothing => count,
                Child::Node(next) => next,
                Child::Data(offset) => count + 16 + offset,
            });
            let [left, right] = [left, right].map(|number| u32::try_from(number).unwrap());
            match self.record_size {
                24 => [left, right].iter().for_each(|number| out.extend(&number.to_be_bytes()[1..])),
                28 => {
                    out.extend(&left.to_be_bytes()[1..]);
                    out.push(u8::try_from((left >> 24) << 4 | right >> 24).unwrap());
                    out.extend(&right.to_be_bytes()[1..]);
                }
                _ => [left, right].iter().for_each(|number| out.extend(number.to_be_bytes())),
            }
        }
        out.extend([0; 16]);
        out.extend(&self.data);
        out.extend(b"\xab\xcd\xefMaxMind.com");
        Value::Map(vec![
            ("binary_format_major_version", Value::U16(self.major_version)),
            ("binary_format_minor_version", Value::U16(0)),
            ("build_epoch", Value::U64(self.build_epoch)),
            ("database_type", Value::text("Test")),
            ("description", Value::Map(vec![("en", Value::text("a world of its own"))])),
            ("ip_version", Value::U16(if self.ipv6 { 6 } else { 4 })),
            ("languages", Value::List(vec![])),
            ("node_count", Value::U32(u32::try_from(count).unwrap())),
            ("record_size", Value::U16(self.record_size)),
        ])
        .encode(&mut out);
        out
    }
}

/// A record in MaxMind's layout.
pub(super) fn city(latitude: f64, longitude: f64) -> Value {
    let location = vec![("latitude", Value::Double(latitude)), ("longitude", Value::Double(longitude))];
    Value::Map(vec![("location", Value::Map(location))])
}

/// A record in MaxMind's layout that knows the country only.
pub(super) fn country(code: &str) -> Value {
    Value::Map(vec![("country", Value::Map(vec![("iso_code", Value::text(code))]))])
}
