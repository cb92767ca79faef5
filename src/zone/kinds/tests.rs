//! What octets each kind of field may hold, for laws over generated records.

use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;

use crate::wire::rdata::Field;

fn octets(length: std::ops::Range<usize>) -> BoxedStrategy<Vec<u8>> {
    vec(any::<u8>(), length).boxed()
}

fn prefixed(octets: Vec<u8>) -> Vec<u8> {
    [&[u8::try_from(octets.len()).unwrap()], octets.as_slice()].concat()
}

fn name() -> BoxedStrategy<Vec<u8>> {
    vec(octets(1..12).prop_map(prefixed), 0..5).prop_map(|labels| [labels.concat(), vec![0]].concat()).boxed()
}

/// No zero octet at the end.
fn trimmed(mut octets: Vec<u8>) -> Vec<u8> {
    while octets.last() == Some(&0) {
        octets.pop();
    }
    octets
}

fn params() -> BoxedStrategy<Vec<u8>> {
    let one = |(key, value): (u16, Vec<u8>)| {
        [key.to_be_bytes().as_slice(), &u16::try_from(value.len()).unwrap().to_be_bytes(), &value].concat()
    };
    btree_map(8u16..60_000, octets(0..20), 0..4).prop_map(move |params| params.into_iter().flat_map(one).collect()).boxed()
}

fn windows(least: usize) -> BoxedStrategy<Vec<u8>> {
    let window = |(window, bitmap): (u8, Vec<u8>)| [vec![window], prefixed(bitmap)].concat();
    let bitmap = (octets(0..32), 1..=u8::MAX).prop_map(|(bitmap, last)| [bitmap, vec![last]].concat());
    btree_map(any::<u8>(), bitmap, least..4).prop_map(move |windows| windows.into_iter().flat_map(window).collect()).boxed()
}

fn gateway(before: impl Fn(u8) -> BoxedStrategy<Vec<u8>>) -> BoxedStrategy<Vec<u8>> {
    prop_oneof![
        before(0),
        (before(1), octets(4..5)).prop_map(|(before, address)| [before, address].concat()),
        (before(2), octets(16..17)).prop_map(|(before, address)| [before, address].concat()),
        (before(3), name()).prop_map(|(before, name)| [before, name].concat()),
    ]
    .boxed()
}

fn location() -> BoxedStrategy<Vec<u8>> {
    let size = || (1u8..10, 0u8..10).prop_map(|(digit, power)| digit << 4 | power);
    let angle = |degrees: u32| (1 << 31) - degrees * 3_600_000..=(1 << 31) + degrees * 3_600_000;
    (size(), size(), size(), angle(90), angle(180), any::<u32>())
        .prop_map(|(size, horizontal, vertical, latitude, longitude, altitude)| {
            let numbers = [latitude, longitude, altitude].map(u32::to_be_bytes).concat();
            [&[0, size, horizontal, vertical], numbers.as_slice()].concat()
        })
        .boxed()
}

fn prefixes() -> BoxedStrategy<Vec<u8>> {
    let item = |family: u8, length: usize| {
        (0..=u8::try_from(length * 8).unwrap(), any::<bool>(), octets(0..length + 1).prop_map(trimmed)).prop_map(
            move |(prefix, negated, address)| {
                let sign = u8::from(negated) << 7;
                [vec![0, family, prefix, sign | u8::try_from(address.len()).unwrap()], address].concat()
            },
        )
    };
    vec(prop_oneof![item(1, 4), item(2, 16)], 0..4).prop_map(|items| items.concat()).boxed()
}

fn a6() -> BoxedStrategy<Vec<u8>> {
    (0u8..=128, any::<u128>(), name())
        .prop_map(|(length, address, name)| {
            let suffix = address.checked_shl(length.into()).unwrap_or_default().checked_shr(length.into()).unwrap_or_default();
            let suffix = suffix.to_be_bytes()[usize::from(length / 8)..].to_vec();
            [vec![length], suffix, if length > 0 { name } else { Vec::new() }].concat()
        })
        .boxed()
}

fn identity() -> BoxedStrategy<Vec<u8>> {
    (octets(1..256), any::<u8>(), octets(1..300))
        .prop_map(|(tag, algorithm, key)| {
            let [high, low] = u16::try_from(key.len()).unwrap().to_be_bytes();
            [vec![u8::try_from(tag.len()).unwrap(), algorithm, high, low], tag, key].concat()
        })
        .boxed()
}

/// Octets that fit a field.
pub(in crate::zone) fn field_octets(field: Field) -> BoxedStrategy<Vec<u8>> {
    match field {
        Field::U8 | Field::Code8(_) => octets(1..2),
        Field::U16 | Field::Code16(_) | Field::Type => octets(2..3),
        Field::U32 | Field::Seconds | Field::Timestamp | Field::Ipv4 => octets(4..5),
        Field::Eui48 => octets(6..7),
        Field::Locator64 | Field::Eui64 => octets(8..9),
        Field::Ipv6 => octets(16..17),
        Field::Name | Field::PlainName | Field::ExactName => name(),
        Field::ExactNames => vec(name(), 0..4).prop_map(|names| names.concat()).boxed(),
        Field::String | Field::Salt => octets(0..256).prop_map(prefixed).boxed(),
        Field::OptionalString => prop_oneof![Just(Vec::new()), octets(0..256).prop_map(prefixed)].boxed(),
        Field::Strings => vec(octets(0..256).prop_map(prefixed), 1..4).prop_map(|strings| strings.concat()).boxed(),
        Field::Tag => "[a-zA-Z0-9]{1,20}".prop_map(|tag: String| prefixed(tag.into_bytes())).boxed(),
        Field::Text | Field::OptionalBase64 | Field::FlaggedBase64 | Field::DashBase64 => octets(0..400),
        Field::Base64 | Field::Nsap => octets(1..400),
        Field::Hex(least) => octets(least.max(1)..100),
        Field::Base32 => octets(1..256).prop_map(prefixed).boxed(),
        Field::Types => windows(1),
        Field::OptionalTypes => windows(0),
        Field::OldTypes => btree_set(1u8..128, 0..20)
            .prop_map(|types| {
                let mut bitmap = vec![0; 16];
                types.into_iter().for_each(|number| bitmap[usize::from(number / 8)] |= 0x80 >> (number % 8));
                trimmed(bitmap)
            })
            .boxed(),
        Field::Ports => octets(0..100).prop_map(trimmed).boxed(),
        Field::SvcParams => params(),
        Field::Location => location(),
        Field::Prefixes => prefixes(),
        Field::Gateway => gateway(|kind| any::<u8>().prop_map(move |algorithm| vec![kind, algorithm]).boxed()),
        Field::Relay => gateway(|kind| any::<bool>().prop_map(move |bit| vec![u8::from(bit) << 7 | kind]).boxed()),
        Field::HostIdentity => identity(),
        Field::A6 => a6(),
        Field::Atma => prop_oneof![
            octets(1..20).prop_map(|address| [vec![0], address].concat()),
            "[0-9]{1,15}".prop_map(|digits: String| [vec![1], digits.into_bytes()].concat()),
        ]
        .boxed(),
    }
}
