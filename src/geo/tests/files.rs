//! Files of every layout and shape, layers of files, damaged files, and the database that ships.

use std::time::Instant;

use super::writer::{Value, Writer, city, country};
use super::*;
use crate::geo::location::Location;

fn locate(world: &World, address: &str) -> (Option<Location>, u8) {
    let hit = world.locate(address.parse().unwrap());
    (hit.value.cloned(), hit.length)
}

fn faults(name: &str, bytes: impl Into<Vec<u8>>) -> Vec<String> {
    World::read(&[(name.to_owned(), bytes.into())]).unwrap_err()
}

fn one(record: Vec<(&'static str, Value)>) -> Location {
    let mut writer = Writer::new(false);
    writer.insert("192.0.2.0/24", &Value::Map(record));
    locate(&world(writer.finish()), "192.0.2.1").0.unwrap()
}

#[test]
fn records_of_both_layouts_say_the_same() {
    let maxmind = one(vec![
        ("continent", Value::Map(vec![("code", Value::text("NA")), ("names", Value::Map(vec![("en", Value::text("x"))]))])),
        ("country", Value::Map(vec![("is_in_european_union", Value::Bool(false)), ("iso_code", Value::text("US"))])),
        ("location", Value::Map(vec![("latitude", Value::Double(37.75)), ("longitude", Value::Double(-122.25))])),
        ("subdivisions", Value::List(vec![Value::Map(vec![("iso_code", Value::text("CA"))]), Value::Map(vec![])])),
        ("autonomous_system_number", Value::U32(64500)),
        ("traits", Value::Map(vec![("raw", Value::Bytes(vec![1, 2])), ("big", Value::U128(1 << 100))])),
    ]);
    let flat = one(vec![
        ("country_code", Value::text("US")),
        ("latitude", Value::Float(37.75)),
        ("longitude", Value::text("-122.25")),
        ("region_code", Value::text("US-CA")),
        ("asn", Value::text("AS64500")),
    ]);
    assert_eq!(maxmind, flat);
    let expected = Location {
        point: Point::new(37.75, -122.25),
        country: Some(*b"US"),
        continent: Some(*b"NA"),
        subdivision: Some("US-CA".to_owned()),
        asn: Some(64500),
    };
    assert_eq!(flat, expected);
}

#[test]
fn what_a_record_says_strangely_is_not_heard() {
    let strange = one(vec![
        ("country", Value::List(vec![])),
        ("country_code", Value::text("QQ")),
        ("latitude", Value::I32(91)),
        ("longitude", Value::U64(8)),
        ("continent", Value::Bytes(vec![0])),
        ("asn", Value::U128(64501)),
    ]);
    assert_eq!(strange, Location { asn: Some(64501), ..Location::default() });
    assert_eq!(one(vec![("latitude", Value::I32(-33)), ("longitude", Value::U16(8))]).point, Point::new(-33.0, 8.0));
}

#[test]
fn every_record_size_and_alias_reads_the_same() {
    let mut writer = Writer::new(true);
    writer.insert("192.0.2.0/25", &country("DE"));
    writer.insert("2001:db8::/32", &country("FR"));
    let plain = world(writer.finish());
    for (alias, length) in [("::ffff:0:0", 96), ("2001::", 32), ("2002::", 16)] {
        writer.alias_ipv4(alias.parse().unwrap(), length);
    }
    for record_size in [24, 28, 32] {
        writer.record_size = record_size;
        let aliased = world(writer.finish());
        assert_eq!(aliased.identity(), plain.identity(), "{record_size} bits");
        assert_eq!(locate(&aliased, "192.0.2.1").1, 24);
        assert_eq!(locate(&aliased, "2001:db8::1"), (Some(Location::new(None, Some("FR"), None, None)), 32));
        assert_eq!(locate(&aliased, "2002:c000:201::1").0, None, "IPv4 is looked up as IPv4");
        assert_eq!(locate(&aliased, "2001:db9::").1, 32, "a hole has its own width");
    }
}

#[test]
fn a_record_above_the_ipv4_tree_is_about_ipv6() {
    let mut writer = Writer::new(true);
    let french = country("FR");
    writer.insert("::/64", &french);
    writer.insert("4000::/2", &french);
    let world = world(writer.finish());
    assert_eq!(locate(&world, "192.0.2.1"), (None, 0));
    assert_eq!(locate(&world, "4000::1").1, 2);
    assert_eq!(locate(&world, "::1:0:0:1").0.unwrap().country, Some(*b"FR"));
}

#[test]
fn the_first_file_that_knows_a_fact_wins() {
    let mut cities = Writer::new(false);
    cities.insert("192.0.2.0/25", &city(50.11, 8.68));
    cities.insert("192.0.3.0/24", &city(50.11, 8.68));
    let mut networks = Writer::new(true);
    networks.insert("192.0.2.0/23", &Value::Map(vec![("autonomous_system_number", Value::U32(64500))]));
    networks.insert("2001:db8::/32", &Value::Map(vec![("autonomous_system_number", Value::U32(64501))]));
    let countries = "192.0.2.0/24 FR\n192.0.0.0/16 US # the rest\n2001:db8::/33 DE\n\n10.0.0.0/8 52.5 13.4\n";
    let files = [
        ("cities.mmdb".to_owned(), cities.finish()),
        ("networks.mmdb".to_owned(), networks.finish()),
        ("countries.txt".to_owned(), countries.as_bytes().to_vec()),
    ];
    let world = World::read(&files).unwrap();
    let facts = |address: &str| {
        let (location, length) = locate(&world, address);
        let location = location.unwrap_or_default();
        (location.country.map(|code| String::from_utf8(code.to_vec()).unwrap()), location.asn, length)
    };
    assert_eq!(facts("192.0.2.1"), (None, Some(64500), 23), "a clipped /24 is one place: the city's");
    assert_eq!(facts("192.0.9.1"), (Some("US".to_owned()), None, 21));
    assert_eq!(facts("2001:db8::1"), (Some("DE".to_owned()), Some(64501), 33));
    assert_eq!(facts("2001:db8:8000::1"), (None, Some(64501), 33));
    assert_eq!(locate(&world, "10.9.8.7").0.unwrap().point, Point::new(52.5, 13.4));
    let summary = world.summary();
    let epochs: Vec<_> = summary.builds.iter().map(|build| build.epoch).collect();
    assert_eq!(epochs, [Some(1_781_654_400), Some(1_781_654_400), None]);
    assert_eq!(summary.locations, 5);
    assert_ne!(world.identity(), World::default().identity());
    assert_eq!(world.identity(), World::read(&files).unwrap().identity());
}

#[test]
fn a_bad_text_is_told_line_by_line() {
    let text = "10.0.0.0/8 DE\n10.0.0.1/8 DE\n10.0.0.0/8 FR\n10.1.0.0/16 de\n10.2.0.0/16 91 0\n10.3.0.0/16\nhello world\n";
    let expected = [
        "plan.txt:2: \"10.0.0.1/8\": bits are set behind the length; the network is \"10.0.0.0/8\"",
        "plan.txt:3: \"10.0.0.0/8\" is already at line 1",
        "plan.txt:4: expected a country such as \"DE\" or a latitude and a longitude, but found \"de\"",
        "plan.txt:5: expected a latitude and a longitude in degrees, but found \"91 0\"",
        "plan.txt:6: expected a country or a latitude and a longitude behind \"10.3.0.0/16\"",
        "plan.txt:7: \"hello\": expected a network such as \"198.51.100.0/24\" or \"2001:db8::/32\"",
    ];
    assert_eq!(faults("plan.txt", text), expected);
    assert_eq!(faults("plan.txt", "# nothing\n"), ["plan.txt: expected lines such as \"198.51.100.0/24 DE\", but found none"]);
    let marked = "\u{feff}10.0.0.0/8 DE\n";
    assert!(World::read(&[("plan.txt".to_owned(), marked.into())]).is_ok(), "behind a byte order mark");
    assert_eq!(faults("plan.txt", "x\n".repeat(1000)).len(), crate::limits::DIAGNOSTICS_PER_FILE_MAX);
}

#[test]
fn a_useless_or_foreign_file_is_refused_with_a_reason() {
    let refused = |change: fn(&mut Writer), reason: &str| {
        let mut writer = Writer::new(false);
        writer.insert("192.0.2.0/24", &country("DE"));
        change(&mut writer);
        let fault = faults("x.mmdb", writer.finish()).join("\n");
        assert!(fault.starts_with("x.mmdb: expected") && fault.contains(reason), "{fault}");
    };
    refused(|writer| writer.major_version = 3, "binary_format_major_version - Expected: 2 Actual: 3");
    refused(|writer| writer.build_epoch = u64::MAX, "build_epoch");
    refused(|writer| writer.build_epoch = 4_102_444_801, "build date in seconds since 1970, but found 4102444801");
    let useless = Value::Map(vec![("is_anonymous", Value::Bool(true)), ("isp", Value::text("x"))]);
    let mut writer = Writer::new(false);
    writer.insert("192.0.2.0/24", &useless);
    let expected = "x.mmdb: expected records with a country, coordinates or a network's number, \
                    but found only the keys \"is_anonymous\", \"isp\"";
    assert_eq!(faults("x.mmdb", writer.finish()), [expected]);
    let fault = faults("x.mmdb", vec![0u8; 100]);
    assert!(fault[0].contains("could not find MaxMind DB metadata"), "{fault:?}");
}

#[test]
fn a_tree_with_loops_ends() {
    // Every left child is a hole, every right child the same node again: 2^31 ways through an IPv4 tree of 32 nodes.
    let mut writer = Writer::new(false);
    writer.insert("192.0.2.0/31", &country("DE"));
    let mut bytes = writer.finish();
    for node in 0..31u8 {
        let start = usize::from(node) * 6;
        let child = node.min(29) + 1;
        bytes[start..start + 6].copy_from_slice(&[0, 0, child, 0, 0, child]);
    }
    let fault = faults("x.mmdb", bytes).join("\n");
    assert!(fault.contains("loop") || fault.contains("cycle"), "{fault}");
}

#[test]
fn damaged_files_never_panic() {
    let whole = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/worlds/vectors.mmdb")).unwrap();
    let read = |bytes: Vec<u8>| World::read(&[("x.mmdb".to_owned(), bytes)]);
    for length in (0..whole.len()).step_by(97) {
        assert!(read(whole[..length].to_vec()).is_err(), "cut at {length}");
    }
    let mut survived = 0;
    for (index, flip) in (0..whole.len()).step_by(3).zip([0xff, 0x01, 0x80, 0x20, 0x55].into_iter().cycle()) {
        let mut bytes = whole.clone();
        bytes[index] ^= flip;
        survived += usize::from(read(bytes).is_ok());
    }
    assert!(survived > 0 && survived < whole.len(), "{survived} of {}", whole.len());
}

#[test]
fn the_database_that_ships_knows_the_world() {
    let bytes = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/geoip/country.mmdb")).unwrap();
    let begun = Instant::now();
    let world = world(bytes);
    let read = begun.elapsed();
    let table = PlacesTable::compile(&world, &vectors::places());
    let compiled = begun.elapsed() - read;
    let rules = [Match { country: vec![*b"CN"], ..Match::default() }, Match { continent: vec![*b"EU"], ..Match::default() }];
    let rules = RuleTable::compile(&world, &rules);
    println!("read {read:?}, nearest {compiled:?} {:?}, rules {:?}", table.prefix_counts(), begun.elapsed() - read - compiled);
    println!("{:?}", world.summary());
    let cases = [
        ("8.8.8.8", "US"),
        ("17.0.0.1", "US"),
        ("193.0.6.139", "NL"),
        ("133.11.0.1", "JP"),
        ("202.112.0.36", "CN"),
        ("130.149.7.1", "DE"),
        ("200.160.2.3", "BR"),
        ("2001:4860:4860::8888", "US"),
        ("2001:67c:2e8:22::c100:68b", "NL"),
        ("2001:200::1", "JP"),
    ];
    for (address, code) in cases {
        let country = locate(&world, address).0.and_then(|location| location.country);
        assert_eq!(country.map(|code| String::from_utf8(code.to_vec()).unwrap()).as_deref(), Some(code), "{address}");
    }
    assert_eq!(locate(&world, "10.1.2.3").0, None);
    assert_eq!(rules.first_match(rules.place("202.112.0.36".parse().unwrap()).value, None), Some(0));
    assert_eq!(rules.first_match(rules.place("193.0.6.139".parse().unwrap()).value, None), Some(1));
    assert_eq!(rules.first_match(rules.place("8.8.8.8".parse().unwrap()).value, None), None);
    let summary = world.summary();
    assert!(summary.prefixes_v4 > 200_000 && summary.prefixes_v6 > 200_000 && summary.locations > 200);
}

#[test]
fn a_record_that_nests_on_and_on_is_refused_before_the_stack_ends() {
    let nested = |wrap: fn(Value) -> Value| (0..500).fold(country("DE"), |inner, _| wrap(inner));
    let map = |inner| Value::Map(vec![("country", inner)]);
    let list = |inner| Value::List(vec![inner]);
    for record in [nested(map), map(nested(list))] {
        let mut writer = Writer::new(false);
        writer.insert("192.0.2.0/24", &record);
        assert!(faults("x.mmdb", writer.finish()).join("\n").contains("depth"));
    }
}
