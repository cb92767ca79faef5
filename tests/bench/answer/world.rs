//! What answers the questions: one zone with 1,000 plain names and one of everything else, a weighted pool, and policies over
//! the shipped country database.

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use signpost::config::{Text, parse};
use signpost::diagnostic::{Diagnostic, Sources, any_error, render};
use signpost::geo::World;
use signpost::health::Verdict;
use signpost::snapshot::{Circumstances, Policies, Serving, Snapshot, Steering, bindings, compile_zone, link};
use signpost::wire::Name;
use signpost::zone;

/// The zone.
pub(crate) const ZONE: &str = "bench.example";
/// Its plain names.
pub(crate) const PLAIN: u32 = 1000;
/// The seed of the name hashes.
const SEED: u64 = 0x5eed;

const CONFIG: &str = r#"
[pool.weighted]
endpoints = [
  { name = "w-1", v4 = "192.0.2.1", v6 = "2001:db8::1", weight = 10 },
  { name = "w-2", v4 = "192.0.2.2", v6 = "2001:db8::2", weight = 20 },
  { name = "w-3", v4 = "192.0.2.3", v6 = "2001:db8::3", weight = 50 },
]
[pool.hashed]
choose = "hashed"
endpoints = [{ name = "h-1", v4 = "192.0.2.11" }, { name = "h-2", v4 = "192.0.2.12" }, { name = "h-3", v4 = "192.0.2.13" }]
[pool.eu]
location = { lat = 52.52, lon = 13.40 }
endpoints = { name = "eu", v4 = "192.0.2.21" }
[pool.us]
location = { lat = 40.71, lon = -74.01 }
endpoints = { name = "us", v4 = "192.0.2.22" }
[pool.ap]
location = { lat = 1.35, lon = 103.82 }
endpoints = { name = "ap", v4 = "192.0.2.23" }
[policy.nearest]
choose = "nearest"
from = ["eu", "us", "ap"]
[policy.rules]
choose = "geo"
rules = [{ country = "@eu", use = "eu" }, { continent = ["AS", "OC"], use = ["ap", "us"] }, { net = "203.0.113.0/24", use = "ap" }]
otherwise = "us"
"#;

const SPECIAL: &str = r#"
several IN A 192.0.2.31
several IN A 192.0.2.32
several IN A 192.0.2.33
several IN A 192.0.2.34
several IN A 192.0.2.35
several IN A 192.0.2.36
several IN A 192.0.2.37
several IN A 192.0.2.38
*.wild IN A 192.0.2.41
child IN NS ns1.child
child IN NS ns2.child
ns1.child IN A 192.0.2.51
ns2.child IN A 192.0.2.52
alias IN CNAME several2
several2 IN A 192.0.2.61
to-w IN CNAME w
w IN A 192.0.2.1
_steer.w IN TXT "weighted"
g IN A 192.0.2.21
_steer.g IN TXT "nearest"
r IN A 192.0.2.21
_steer.r IN TXT "rules"
h IN A 192.0.2.11
_steer.h IN TXT "hashed"
"#;

fn zone_text() -> String {
    let mut text = format!(
        "$ORIGIN {ZONE}.\n$TTL 300\n@ IN SOA ns1 hostmaster 1 7200 1800 259200 300\n@ IN NS ns1\n@ IN NS ns2\n\
         ns1 IN A 192.0.2.53\nns2 IN A 192.0.2.54\n{SPECIAL}"
    );
    for number in 0..PLAIN {
        let _ = writeln!(text, "n{number:06} IN A 10.0.{}.{}", number >> 8, number & 255);
    }
    text
}

/// What answers, everything being up.
pub(crate) fn serving(geo: Vec<u8>) -> Serving {
    let mut sources = Sources::default();
    let source = sources.add("signpost.toml", CONFIG);
    let (config, found) = parse(&[Text { source: &source, folder: Path::new("") }]);
    let config = config.unwrap_or_else(|| panic!("{}", rendered(&found, &sources)));
    let world = World::read(&[("country.mmdb".to_owned(), geo)]).expect("the shipped database");
    let (policies, found) = Policies::compile(&config, Arc::new(world), None);
    assert!(!any_error(&found), "{}", rendered(&found, &sources));
    let source = sources.add("bench.zone", zone_text());
    let apex = Name::parse(ZONE.as_bytes(), Some(&Name::root())).expect("a name");
    let (parsed, mut found) = zone::read(&apex, &source, &mut |_, _| Err("nothing is included".to_owned()));
    let (bindings, faults) = bindings(&parsed, true, None, |_| String::new());
    found.extend(faults);
    assert!(!any_error(&found), "{}", rendered(&found, &sources));
    let compiled = compile_zone(&parsed, bindings, SEED).unwrap_or_else(|found| panic!("{}", rendered(&found, &sources)));
    let linked =
        link(Arc::new(compiled), None, &config, &policies).unwrap_or_else(|found| panic!("{}", rendered(&found, &sources)));
    let policies = Arc::new(policies);
    let snapshot = Arc::new(Snapshot::new(SEED, vec![linked], Arc::clone(&policies)).with_order(config.server.rrset_order));
    Serving {
        generation: 1,
        snapshot,
        steering: Steering::new(&policies, &Circumstances::judged(&policies, |_| Verdict::Up), None),
    }
}

fn rendered(found: &[Diagnostic], sources: &Sources) -> String {
    found.iter().map(|diagnostic| render(diagnostic, sources)).collect()
}
