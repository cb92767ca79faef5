//! What strangers send: every message of `tests/strangers/*.txt`, against `answer()`, through both doors with their counters, and
//! against the real binary over UDP and TCP.
//!
//! Whoever answers, a reply is the same to the octet; what every reply must be is asserted in `laws/hostility.rs`.

mod connections;
mod doors;
mod forged;
mod language;
mod quantity;
mod types;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::LazyLock;

use signpost::answer::{Client, Dice, Outcome, Transport, View};
use signpost::limits::{STREAM_QUERY_LENGTH_MAX, UDP_QUERY_LENGTH_MAX};
use signpost::metrics::{DROPS, Loss, QUERIES, REPLIES};
use signpost::snapshot::Serving;
use signpost::transport::Caps;

use crate::harness::allocations::answer;
use crate::harness::server::Server;
use crate::harness::throw;
use crate::laws::hostility::held;
use crate::scenario::door;
use crate::scenario::world::{Texts, Written};
use doors::{Doors, Heard, number, over_tcp, over_udp};
use language::{Fate, Message, messages};

/// Where the catalogue is.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/strangers");
/// Links of the chains of CNAMEs and of DNAMEs.
const CHAIN: usize = 1000;
/// The longest datagram that loopback takes: 65,535 octets without the headers of IP and UDP.
const DATAGRAM_MAX: usize = 65_507;
/// The seed of the bits that are turned.
const SEED: u64 = 0x5eed_0004;
/// Messages with one bit turned, for each of the catalogue.
const NEIGHBOURS: usize = 4;
const CAPS: Caps = Caps { udp_payload: 1232, connections: 1024, connections_per_source: 20 };

static CATALOGUE: LazyLock<Vec<Message>> = LazyLock::new(|| {
    let mut files: Vec<_> = std::fs::read_dir(ROOT).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let texts = files.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "txt"));
    let all: Vec<Message> = texts.flat_map(|path| messages(&written(&path)).unwrap_or_else(|fault| panic!("{fault}"))).collect();
    assert!(all.len() > 5000, "{} messages", all.len());
    all
});
static SERVING: LazyLock<Serving> =
    LazyLock::new(|| world().compile().and_then(|compiled| compiled.serving(&[])).unwrap_or_else(|fault| panic!("{fault}")));

fn written(path: &Path) -> Written {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Written { name: format!("tests/strangers/{name}"), text: std::fs::read_to_string(path).unwrap() }
}

/// One zone with everything in it, and chains of aliases behind it.
fn world() -> Texts {
    let [config, mut zone] = ["signpost.toml", "example.com.zone"].map(|file| written(&Path::new(ROOT).join(file)).text);
    for link in 0..CHAIN {
        zone += &format!("c{link} CNAME c{}\nd{link} DNAME d{}\n", link + 1, link + 1);
    }
    zone += &format!("c{CHAIN} A 192.0.2.99\nx.d{CHAIN} A 192.0.2.98\n");
    for target in 0..1500 {
        zone += &format!("mx MX 10 m{target}\nm{target} A 192.0.2.97\nm{target} AAAA 2001:db8::97\n");
    }
    Texts::new(&config, &zone)
}

fn client(transport: Transport) -> Client {
    let size_limit = if transport == Transport::Udp { CAPS.udp_payload } else { 65_535 };
    Client { address: IpAddr::V4(Ipv4Addr::LOCALHOST), transport, size_limit }
}

fn view() -> View<'static> {
    View { serving: &SERVING, dice: Dice::seeded(7) }
}

/// What both transports may get, each message with an id of its own, and what comes back.
static EXPECTED: LazyLock<[Vec<Expected>; 2]> = LazyLock::new(|| {
    [(Transport::Udp, DATAGRAM_MAX), (Transport::Stream, 65_535)].map(|(transport, length_max)| {
        let fitting = CATALOGUE.iter().filter(|message| message.octets.len() <= length_max);
        let mut messages: Vec<_> = fitting.map(|message| message.octets.clone()).collect();
        number(&mut messages);
        messages.into_iter().map(|message| Expected { reply: through(transport, &message), message }).collect()
    })
});

struct Expected {
    message: Vec<u8>,
    reply: Option<Vec<u8>>,
}

/// What a door makes of a message: what is longer than it reads has no reply.
fn through(transport: Transport, message: &[u8]) -> Option<Vec<u8>> {
    let longest = if transport == Transport::Udp { UDP_QUERY_LENGTH_MAX } else { STREAM_QUERY_LENGTH_MAX };
    if message.len() > longest { None } else { held(&view(), message, &client(transport)) }
}

#[test]
fn every_message_of_the_catalogue_has_its_fate() {
    let mut failures = Vec::new();
    for (message, transport) in CATALOGUE.iter().flat_map(|message| [(message, Transport::Udp), (message, Transport::Stream)]) {
        let fate = match answer(&view(), &message.octets, &client(transport), &mut vec![0; 65_535]) {
            Outcome::Reply { facts, .. } => Fate::Rcode(facts.rcode.number()),
            Outcome::Drop(reason) => Fate::Drop(reason),
        };
        if !message.fates.contains(&fate) {
            failures.push(format!("{}: expected {:?}, but found {fate:?} over {transport:?}", message.title, message.fates));
        }
        // What no door reads is held to the same.
        if through(transport, &message.octets).is_none() {
            held(&view(), &message.octets, &client(transport));
        }
    }
    failures.truncate(50);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What is near to what broke others may break us.
#[test]
fn messages_near_to_those_of_the_catalogue_do_no_harm() {
    let mut dice = SEED;
    for message in CATALOGUE.iter().filter(|message| (1..=UDP_QUERY_LENGTH_MAX).contains(&message.octets.len())) {
        for _ in 0..NEIGHBOURS {
            let mut octets = message.octets.clone();
            let length = octets.len();
            // Beyond the header too little would be hit in short messages, and too much in long ones.
            let at = throw(&mut dice) as usize % length.min(300);
            octets[at] ^= 1 << (throw(&mut dice) % 8);
            held(&view(), &octets, &client(Transport::Udp));
        }
    }
}

/// Plays the catalogue at this address; how many messages were sent, and how many of them get no reply.
fn play(server: SocketAddr) -> [usize; 2] {
    let [datagrams, framed] = &*EXPECTED;
    let udp = over_udp(server, &datagrams.iter().map(|expected| expected.message.as_slice()).collect::<Vec<_>>());
    let replied = |expected: &Expected| expected.reply.is_some();
    let groups = framed.chunk_by(|one, next| replied(one) && replied(next));
    let tcp = groups.map(|group| over_tcp(server, &group.iter().map(|expected| expected.message.as_slice()).collect::<Vec<_>>()));
    let tcp = Heard { replies: tcp.flatten().collect(), sent: framed.len() };
    for (expected, heard) in [(datagrams, &udp), (framed, &tcp)] {
        assert_eq!(expected.len(), heard.replies.len());
        for (Expected { message, reply }, heard) in expected.iter().zip(&heard.replies) {
            assert_eq!(heard, reply, "to {message:02x?}");
        }
    }
    [udp.sent + tcp.sent, datagrams.iter().chain(framed).filter(|expected| !replied(expected)).count()]
}

#[test]
fn the_doors_answer_it_alike_and_their_counters_add_up() {
    let doors = Doors::open(SERVING.clone(), CAPS);
    let [sent, dropped] = play(doors.address());
    let totals = doors.close();
    let counted = [QUERIES, REPLIES, DROPS].map(|name| totals.sum(name));
    assert_eq!(counted, [sent, sent - dropped, dropped].map(|count| count as u64));
    assert_eq!((totals.of(Loss::Panic), totals.of(Loss::Send)), (0, 0));
}

#[test]
fn the_binary_answers_it_alike() {
    let server = Server::start(&door::folder(&world(), CAPS.udp_payload));
    play(server.address());
    ended_well(server);
}

/// Ends the server, which must have had no fault.
fn ended_well(server: Server) {
    server.signal("TERM");
    let (status, log) = server.wait();
    assert!(status.success() && !log.contains("fault in the server") && !log.contains("panic"), "{log}");
}
