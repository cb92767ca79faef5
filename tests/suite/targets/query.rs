//! Query bytes: to a world of every kind of name and policy, in several states of health.
//!
//! The id of the query chooses who asks, the dice and the server's limit, so that a seed is a plain message.

use std::net::IpAddr;
use std::sync::LazyLock;

use signpost::answer::{Client, Transport};
use signpost::snapshot::Serving;

use super::asking::replies;
use super::message::Message;
use crate::scenario::reply::Reply;
use crate::scenario::world::{Health, Texts, Written};

/// What is down, world by world.
const DOWN: [&[(&str, &str)]; 4] = [
    &[],
    &[("fra", "1"), ("iad", "2"), ("sin", "3")],
    &[("fra", "*"), ("iad", "*"), ("six", "*")],
    &[("fra", "*"), ("iad", "*"), ("sin", "*"), ("six", "*")],
];
const CLIENTS: [&str; 6] = ["203.0.113.53", "198.18.3.7", "198.19.3.7", "10.20.3.4", "2001:db8:12::1", "::1"];
const LIMITS: [usize; 3] = [512, 1232, 4096];

static WORLDS: LazyLock<Vec<Serving>> = LazyLock::new(|| {
    let compiled = texts().compile().unwrap_or_else(|faults| panic!("{faults}"));
    let down = |named: &[(&str, &str)]| named.iter().map(|(pool, endpoint)| Health::down(pool, endpoint)).collect::<Vec<_>>();
    DOWN.iter().map(|named| compiled.serving(&down(named)).unwrap_or_else(|fault| panic!("{fault}"))).collect()
});

/// What the world is made of.
pub(super) fn texts() -> Texts {
    let written = |name: &str, text: &str| Written { name: name.to_owned(), text: text.to_owned() };
    Texts {
        config: written("signpost.toml", include_str!("../../fuzz/world/signpost.toml")),
        zones: vec![
            ("example.com.".to_owned(), written("example.com.zone", include_str!("../../fuzz/world/example.com.zone"))),
            (
                "sub.example.com.".to_owned(),
                written("sub.example.com.zone", include_str!("../../fuzz/world/sub.example.com.zone")),
            ),
        ],
        geo: Some(("vectors.mmdb".to_owned(), include_bytes!("../../worlds/vectors.mmdb").to_vec())),
        ..Texts::default()
    }
}

/// What may never differ by health, client or dice: the RCODE, and whether there is an answer.
fn existence(reply: &Message<'_>) -> (u16, bool) {
    let [answers, ..] = &reply.sections;
    (reply.rcode(), answers.is_empty())
}

/// Asks every world.
pub(super) fn check(octets: &[u8]) {
    let id = usize::from(octets.first_chunk().map_or(0, |id| u16::from_be_bytes(*id)));
    let address = |number: usize| CLIENTS[number % CLIENTS.len()].parse::<IpAddr>().expect("an address");
    let client = Client { address: address(id), transport: Transport::Udp, size_limit: LIMITS[id / 8 % LIMITS.len()] };
    let dice = id as u64 / 64;
    let Some(first) = replies(&WORLDS[0], dice, octets, &client) else { return };
    for reply in [&first.datagram, &first.stream] {
        Reply::read(reply).unwrap_or_else(|fault| panic!("{fault}: {reply:02x?}"));
    }
    let healthy = Message::read(&first.stream).expect("a message");
    for world in &WORLDS[1..] {
        let other = replies(world, dice, octets, &client).expect("a reply, as before").stream;
        let sick = Message::read(&other).expect("a message");
        assert_eq!(existence(&healthy), existence(&sick), "health decides what exists");
        assert_eq!(healthy.subnet(), sick.subnet(), "health changes a scope");
    }
    let elsewhere = Client { address: address(id + 1), ..client };
    let other = replies(&WORLDS[0], !dice, octets, &elsewhere).expect("a reply, as before").stream;
    assert_eq!(existence(&healthy), existence(&Message::read(&other).expect("a message")), "the client decides what exists");
}
