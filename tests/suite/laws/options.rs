//! What comes back of the options of a query, whatever they are: the subnet octet for octet but for its scope, the identifier
//! where it is asked, nothing else; and which of them make the query malformed, told independently of the product.

use std::sync::LazyLock;

use proptest::prelude::*;
use signpost::answer::{Dice, Transport, View};
use signpost::snapshot::Serving;
use signpost::wire::RrType;

use super::{client, zone};
use crate::harness::allocations::ask;
use crate::scenario::query::{Edns, OPTION_NSID, OPTION_SUBNET, Place, Query};
use crate::scenario::reply::Reply;
use crate::scenario::world::Texts;

const IDENTITY: &str = "fra-1";
/// Steered, static, absent, refused.
const NAMES: [&str; 4] = ["web.example.com.", "ns1.example.com.", "nothing.example.com.", "example.net."];

static SERVING: LazyLock<Serving> = LazyLock::new(|| {
    let config = format!(
        r#"
[server]
identity = "{IDENTITY}"
[pool.fra]
location = "FRA"
endpoints = {{ name = "1", v4 = "198.51.100.1" }}
[pool.sin]
location = "SIN"
endpoints = {{ name = "1", v4 = "198.51.100.2" }}
[policy.web]
choose = "nearest"
from = ["fra", "sin"]
"#
    );
    let mut texts = Texts::new(&config, &zone(["web"]));
    let world = "128.0.0.0/1 51.51 -0.13\n64.0.0.0/4 1.35 103.82\n2000::/3 1.35 103.82\n";
    texts.geo = Some(("world".to_owned(), world.as_bytes().to_vec()));
    texts.compile().and_then(|compiled| compiled.serving(&[])).expect("a good configuration")
});

type Option16 = (u16, Vec<u8>);

/// A subnet as RFC 7871 §6 wants it.
fn good_subnet() -> impl Strategy<Value = Vec<u8>> {
    let lengths = prop_oneof![(Just(0_u16), Just(0_u8)), (Just(1), 0..=32_u8), (Just(2), 0..=128_u8)];
    (lengths, any::<[u8; 16]>()).prop_map(|((family, length), address)| {
        let mut data = [&family.to_be_bytes()[..], &[length, 0]].concat();
        data.extend(&address[..usize::from(length).div_ceil(8)]);
        if !length.is_multiple_of(8) {
            *data.last_mut().expect("a length") &= 0xff << (8 - length % 8);
        }
        data
    })
}

/// One that is good but for an octet, or for octets at its end.
fn any_subnet() -> impl Strategy<Value = Vec<u8>> {
    let changed = (good_subnet(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut data, place, octet)| {
        let place = place.index(data.len());
        data[place] = octet;
        data
    });
    let longer = (good_subnet(), prop::collection::vec(any::<u8>(), 1..3)).prop_map(|(data, more)| [data, more].concat());
    let shorter = (good_subnet(), 1..6_usize).prop_map(|(mut data, less)| {
        data.truncate(data.len().saturating_sub(less));
        data
    });
    prop_oneof![4 => good_subnet(), 1 => changed, 1 => longer, 1 => shorter]
}

fn any_option() -> impl Strategy<Value = Option16> {
    let other = (any::<u16>(), prop::collection::vec(any::<u8>(), 0..20));
    prop_oneof![
        2 => any_subnet().prop_map(|data| (OPTION_SUBNET, data)),
        1 => prop::collection::vec(any::<u8>(), 0..4).prop_map(|data| (OPTION_NSID, data)),
        3 => other.prop_filter("options that we do not know", |(code, _)| ![OPTION_SUBNET, OPTION_NSID].contains(code)),
    ]
}

/// Options in any number and order; sometimes one of them twice.
fn any_options() -> impl Strategy<Value = Vec<Option16>> {
    (prop::collection::vec(any_option(), 0..5), any::<prop::sample::Index>(), prop::bool::weighted(0.3)).prop_map(
        |(mut options, place, twice)| {
            if twice && !options.is_empty() {
                options.push(options[place.index(options.len())].clone());
            }
            options
        },
    )
}

/// RFC 7871 §6, written down from its text: family, lengths, octets, padding.
fn is_good(data: &[u8]) -> bool {
    let [f0, f1, source, scope, address @ ..] = data else { return false };
    let bits_max = match (f0, f1) {
        (0, 0) => 0,
        (0, 1) => 32,
        (0, 2) => 128,
        _ => return false,
    };
    let bits: Vec<bool> = address.iter().flat_map(|octet| (0..8).map(move |bit| octet << bit & 0x80 != 0)).collect();
    let source = usize::from(*source);
    let octets_needed = (0..=16).find(|octets| octets * 8 >= source);
    *scope == 0 && source <= bits_max && octets_needed == Some(address.len()) && !bits[source..].contains(&true)
}

/// The one subnet of the options; an error where they are malformed.
fn subnet_of(options: &[Option16]) -> Result<Option<&[u8]>, ()> {
    let subnets: Vec<&[u8]> = options.iter().filter(|(code, _)| *code == OPTION_SUBNET).map(|(_, data)| &data[..]).collect();
    let same = subnets.windows(2).all(|pair| pair[0] == pair[1]);
    if same && subnets.iter().all(|data| is_good(data)) { Ok(subnets.first().copied()) } else { Err(()) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Property 6 of the notes about geo, and what RFC 5001, 6891 and 7871 say of every other option.
    #[test]
    fn what_comes_back_is_what_came_but_for_the_scope(
        name in prop::sample::select(&NAMES[..]),
        options in any_options(),
        (version, flags, rcode, payload) in (prop::bool::weighted(0.1), any::<u16>(), any::<u8>(), any::<u16>()),
        (is_stream, stray) in (any::<bool>(), prop::bool::weighted(0.1)),
    ) {
        let edns = Edns { version: version.into(), dnssec_ok: flags & 1 == 1, flags: flags >> 1, rcode, options: options.clone(), ..Edns::new(payload) };
        let mut query = Query { edns: Some(edns.clone()), ..Query::new(name, RrType::A) };
        if stray {
            query.strays.push((Place::Behind, vec![0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]));
        }
        let transport = if is_stream { Transport::Stream } else { Transport::Udp };
        let view = View { serving: &SERVING, dice: Dice::seeded(1) };
        let octets = ask(&view, &query.octets(), &signpost::answer::Client { transport, ..client() }).expect("a reply");
        let reply = Reply::read(&octets).expect("a reply that can be decoded");

        let subnet = if version { Ok(None) } else { subnet_of(&options) };
        let usual = [0, 0, 3, 5][NAMES.iter().position(|other| *other == name).expect("a name")];
        let expected = match (stray || subnet.is_err(), version) {
            (true, _) => 1,
            (false, true) => 16,
            (false, false) => usual,
        };
        prop_assert_eq!(reply.rcode, expected);
        let given = reply.edns.as_ref().expect("an OPT record for an OPT record");
        prop_assert_eq!((given.payload, given.version, given.dnssec_ok, given.flags), (1232, 0, edns.dnssec_ok, 0));
        let mut wanted: Vec<Option16> = subnet.ok().flatten().map(|data| (OPTION_SUBNET, data.to_vec())).into_iter().collect();
        if !version && edns.option(OPTION_NSID).is_some() {
            wanted.push((OPTION_NSID, IDENTITY.into()));
        }
        let mut found = given.options.clone();
        if let Some((_, data)) = found.iter_mut().find(|(code, _)| *code == OPTION_SUBNET) {
            let scope = std::mem::take(&mut data[3]);
            let bits_max = [0, 32, 128][usize::from(data[1])];
            prop_assert!(scope <= bits_max, "scope {}", scope);
            prop_assert!(scope == 0 || (name == NAMES[0] && data[2] > 0), "scope {} for {}", scope, name);
        }
        prop_assert_eq!(found, wanted);
    }

    /// The order of options means nothing (RFC 6891 section 6.1.2).
    #[test]
    fn the_order_of_options_means_nothing(options in any_options(), shuffled in any::<prop::sample::Index>()) {
        let asked = |options: Vec<Option16>| {
            let query = Query { edns: Some(Edns { options, ..Edns::new(1232) }), ..Query::new(NAMES[0], RrType::A) };
            ask(&View { serving: &SERVING, dice: Dice::seeded(1) }, &query.octets(), &client()).expect("a reply")
        };
        let mut other = options.clone();
        other.reverse();
        prop_assert_eq!(asked(options.clone()), asked(other.clone()));
        other.rotate_left(shuffled.index(options.len().max(1)));
        prop_assert_eq!(asked(options), asked(other));
    }
}
