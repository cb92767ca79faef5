//! What strangers send: no octets panic, every reply fits and belongs to its query, and an error is no longer than it.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use signpost::answer::{Client, Dice, Outcome, View};
use signpost::snapshot::Serving;
use signpost::wire::RrType;

use super::client;
use crate::harness::allocations::answer;
use crate::scenario::listen;
use crate::scenario::query::{Edns, OPTION_SUBNET, Query, subnet};
use crate::scenario::reply::Reply;
use crate::scenario::world::Texts;
use crate::{harness::throw, scenarios};

static SERVING: LazyLock<Serving> = LazyLock::new(|| {
    let config = r#"
[pool.www]
location = "FRA"
choose = "all"
endpoints = [{ name = "1", v4 = "198.51.100.1" }, { name = "2", v4 = "198.51.100.2", v6 = "2001:db8::2" }]
[policy.web]
choose = "nearest"
from = "www"
"#;
    let filler = "x".repeat(250);
    let zone = format!(
        "$TTL 300\n@ IN SOA ns1 host 1 2 3 4 60\n@ IN NS ns1\nns1 IN A 192.0.2.53\nwww IN A 192.0.2.1\nalias IN CNAME www\n\
         *.wild IN MX 10 www\nloop IN CNAME loop\nbig IN TXT \"{filler}\"\nbig IN TXT \"{filler}{}\"\nsub IN NS ns.sub\n\
         ns.sub IN A 192.0.2.54\nsub IN DS 1 13 2 00\n_steer.www IN TXT \"web\"\n",
        "\" \"y"
    );
    Texts::new(config, &zone).compile().and_then(|compiled| compiled.serving(&[])).expect("a good configuration")
});
const NAMES: [&str; 8] = ["www", "alias", "a.wild", "loop", "big", "x.sub", "nothing", "ns1"];

/// The seed of octets that replace others.
const SEED: u64 = 0x5eed_0003;
/// RCODEs that answer nothing: such a reply is a header, the question and OPT.
const REFUSALS: [u16; 6] = [1, 2, 4, 5, 16, 23];
/// The option of a server's name, which an operator may give and a query may ask for, errors included (RFC 5001 section 2.1).
const NSID: u16 = 3;
/// Octets of an OPT record without options.
const OPT_LENGTH: usize = 11;

fn view() -> View<'static> {
    View { serving: &SERVING, dice: Dice::seeded(7) }
}

fn any_query() -> impl Strategy<Value = Query> {
    let edns = prop::option::of((any::<u16>(), any::<bool>(), prop::option::of(0_u8..=32)));
    (prop::sample::select(&NAMES[..]), prop::sample::select(&[1_u16, 28, 16, 15, 5, 6, 43, 255, 2][..]), edns).prop_map(
        |(name, qtype, edns)| {
            let mut query = Query::new(&format!("{name}.example.com."), RrType(qtype));
            query.edns = edns.map(|(payload, dnssec_ok, length)| {
                let subnets = length.and_then(|length| subnet(&format!("0.0.0.0/{length}"))).map(|data| (OPTION_SUBNET, data));
                Edns { dnssec_ok, options: subnets.into_iter().collect(), ..Edns::new(payload) }
            });
            query
        },
    )
}

/// The reply if there is one; what every reply must be is asserted.
fn replied(query: &[u8], client: &Client) -> Option<Vec<u8>> {
    held(&view(), query, client)
}

/// The same of any view. An error is no longer than what asked for it and an OPT record: nobody is hit harder by our replies to
/// nonsense than by the nonsense.
pub(crate) fn held(view: &View<'_>, query: &[u8], client: &Client) -> Option<Vec<u8>> {
    let mut out = vec![0xa5; client.size_limit];
    match answer(view, query, client, &mut out) {
        Outcome::Drop(_) => None,
        Outcome::Reply { length, facts } => {
            assert!(length <= client.size_limit, "{length} octets, but {} at most", client.size_limit);
            assert_eq!(out.get(..2), query.get(..2), "the id");
            assert!(out[2] & 0x80 != 0 && query[2] & 0x80 == 0, "a response, to a query");
            assert_eq!((out[2] ^ query[2]) & 0x79, 0, "opcode and RD are the query's: {query:02x?}");
            assert_eq!(out[3] & 0xf0, 0, "RA, Z, AD and CD are clear");
            out.truncate(length);
            let reply = Reply::read(&out).unwrap_or_else(|error| panic!("{error}: {out:02x?} to {query:02x?}"));
            assert_eq!(reply.rcode, facts.rcode.number());
            if REFUSALS.contains(&reply.rcode) {
                let options = reply.edns.iter().flat_map(|edns| &edns.options);
                let named: usize = options.filter(|(code, _)| *code == NSID).map(|(_, name)| 4 + name.len()).sum();
                assert!(length <= query.len() + OPT_LENGTH + named, "{length} octets of error to {query:02x?}");
                assert_eq!(reply.sections.concat(), [""; 0], "an error has no records");
            }
            Some(out)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_reply_is_never_longer_than_it_may_be(query in any_query(), limit in 512_usize..1500) {
        let client = Client { size_limit: limit, ..client() };
        let asked = query.edns.as_ref().map_or(512, |edns| usize::from(edns.payload).max(512));
        let reply = replied(&query.octets(), &client).expect("a reply");
        prop_assert!(reply.len() <= asked.min(limit));
    }

    #[test]
    fn mutated_octets_never_panic(
        query in any_query(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        length in prop::option::of(any::<prop::sample::Index>()),
        behind in prop::collection::vec(any::<u8>(), 0..12),
    ) {
        let mut octets = query.octets();
        for (place, octet) in changes {
            let place = place.index(octets.len());
            octets[place] = octet;
        }
        octets.truncate(length.map_or(octets.len(), |length| length.index(octets.len())));
        octets.extend(behind);
        replied(&octets, &client());
    }

    #[test]
    fn any_octets_never_panic(octets in prop::collection::vec(any::<u8>(), 0..80)) {
        replied(&octets, &client());
    }
}

/// Every query of every scenario, with each bit turned, each octet replaced, and cut off behind each octet.
#[test]
fn no_change_of_a_valid_query_does_harm() {
    let before = MUTATED.load(Ordering::Relaxed);
    for (name, text) in scenarios::all() {
        assert_eq!(listen(&name, &text, mutate), [""; 0]);
    }
    assert!(MUTATED.load(Ordering::Relaxed) - before > 100_000, "the scenarios are mutated");
}

static MUTATED: AtomicUsize = AtomicUsize::new(0);

fn mutate(view: &View<'_>, query: &[u8], client: &Client) {
    let mut dice = SEED;
    let mut octets = query.to_vec();
    for at in 0..octets.len() {
        let whole = octets[at];
        let thrown = throw(&mut dice) as u8;
        for changed in (0..8).map(|bit| whole ^ 1 << bit).chain([thrown]) {
            octets[at] = changed;
            held(view, &octets, client);
        }
        octets[at] = whole;
        held(view, &octets[..at], client);
    }
    MUTATED.fetch_add(octets.len() * 10, Ordering::Relaxed);
}
