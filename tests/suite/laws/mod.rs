//! What must hold for every draw, every client, every health and every query: properties, each proved by enumeration where it can
//! be, else tried on generated worlds.

mod geography;
pub(crate) mod hostility;
mod options;
mod plan;
mod steering;
mod weights;
mod worlds;

use std::net::{IpAddr, Ipv4Addr};

use signpost::answer::{Client, Dice, Throw, Transport, View};
use signpost::snapshot::Serving;
use signpost::wire::RrType;

use super::harness::allocations::ask;
use super::scenario::query::Query;
use super::scenario::reply::Reply;

/// The types of the two families.
const TYPES: [RrType; 2] = [RrType::A, RrType::AAAA];

/// A client over UDP whose subnet nobody tells.
pub(super) fn client() -> Client {
    Client { address: IpAddr::V4(Ipv4Addr::new(203, 0, 113, 53)), transport: Transport::Udp, size_limit: 1232 }
}

/// A zone `example.com` in which every name of `bound` is bound to the policy of the same name.
fn zone<'a>(bound: impl IntoIterator<Item = &'a str>) -> String {
    let head = "$TTL 3600\n@ IN SOA ns1 host 1 7200 3600 1209600 300\n@ IN NS ns1\nns1 IN A 192.0.2.53\n";
    let names = bound.into_iter().map(|name| format!("{name} IN A 192.0.2.10\n_steer.{name} IN TXT \"{name}\"\n"));
    std::iter::once(head.to_owned()).chain(names).collect()
}

/// The addresses that a query is answered with, in order.
fn addresses(serving: &Serving, throws: &[Throw], query: &Query, client: &Client) -> Vec<IpAddr> {
    let view = View { serving, dice: Dice::Given(throws) };
    let octets = ask(&view, &query.octets(), client).expect("a reply");
    let reply = Reply::read(&octets).expect("a reply that can be decoded");
    addresses_of(&reply)
}

/// The addresses of the answer section.
fn addresses_of(reply: &Reply) -> Vec<IpAddr> {
    let [answers, ..] = &reply.sections;
    let last_word = |line: &String| line.rsplit(' ').next().and_then(|word| word.parse().ok());
    answers.iter().map(last_word).collect::<Option<_>>().unwrap_or_default()
}
