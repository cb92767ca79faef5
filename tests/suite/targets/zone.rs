//! Zone text: read, checked, printed and read again; what is accepted is served and asked for.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use signpost::answer::{Client, Transport};
use signpost::config::{Config, Text, parse};
use signpost::diagnostic::{Source, Sources, any_error};
use signpost::geo::World;
use signpost::health::Verdict;
use signpost::snapshot::{Circumstances, Policies, Serving, Snapshot, Steering, bindings, compile_zone, link, lint};
use signpost::wire::{Name, RrType};
use signpost::zone::{self, Record, record_line};

use super::asking::replies;
use super::message::Message;
use super::query::texts;
use super::{hold_bounded, hold_found};
use crate::scenario::query::Query;

/// Records of a zone that are asked for.
const ASKED_MAX: usize = 8;
const SEED: u64 = 0x5eed;
const NXDOMAIN: u16 = 3;

static CONFIG: LazyLock<(Config, Arc<Policies>)> = LazyLock::new(|| {
    let source = Sources::default().add("signpost.toml", texts().config.text);
    let config = parse(&[Text { source: &source, folder: Path::new("") }]).0.expect("a good configuration");
    let policies = Policies::compile(&config, Arc::new(World::default()), None).0;
    (config, Arc::new(policies))
});

/// Reads the text as the zone `example.com`, which every `$INCLUDE` includes once more.
pub(super) fn check(octets: &[u8]) {
    let apex = Name::parse(b"example.com.", None).expect("a name");
    let mut sources = Sources::default();
    let source = sources.add("example.com.zone", octets);
    let mut include = |path: &str, _: &Source| match path {
        "example.com.zone" => Ok(Arc::clone(&source)),
        other => Err(format!("no file \"{other}\"")),
    };
    let (zone, found) = zone::read(&apex, &source, &mut include);
    hold_bounded(&found, 1, &sources);
    assert!(zone.records.iter().all(|record| record.owner.is_at_or_below(&apex)), "a record outside the zone");
    hold_printed(&zone, !any_error(&found));
    let (bound, faults) = bindings(&zone, !any_error(&found), None, |_| String::new());
    hold_bounded(&faults, 1, &sources);
    if any_error(&found) || any_error(&faults) {
        return;
    }
    let (config, policies) = &*CONFIG;
    let compiled = match compile_zone(&zone, bound, SEED) {
        Ok(compiled) => Arc::new(compiled),
        Err(faults) => return hold_found(&faults, &sources),
    };
    match link(compiled, None, config, policies) {
        Ok(linked) => {
            hold_bounded(&lint(&zone, &linked, policies), 1, &sources);
            let snapshot = Arc::new(Snapshot::new(SEED, vec![linked], Arc::clone(policies)));
            let steering = Steering::new(policies, &Circumstances::judged(policies, |_| Verdict::Up), None);
            hold_served(&zone, &Serving { generation: 1, snapshot, steering });
        }
        // Some point into the configuration, whose text is not here.
        Err(faults) => assert!(any_error(&faults), "refused without a word"),
    }
}

/// What a printer makes of the records, a parser makes the same records of. A zone without a fault is one without a fault again.
fn hold_printed(zone: &zone::Zone, good: bool) {
    let lines: String = zone.records.iter().map(|record| record_line(record) + "\n").collect();
    let source = Sources::default().add("printed", lines.as_str());
    let (again, found) = zone::read(&zone.apex, &source, &mut |_, _| Err("nothing is included".to_owned()));
    let told = |record: &Record| (record.owner.as_wire().to_vec(), record.rtype, record.ttl, record.rdata.clone());
    for (record, same) in zone.records.iter().zip(&again.records) {
        assert_eq!(told(record), told(same), "{}", record_line(record));
    }
    assert_eq!(zone.records.len(), again.records.len(), "{found:?}\n{lines}");
    assert!(!good || !any_error(&found), "printed, it has faults: {found:?}\n{lines}");
    assert!(again.records.iter().zip(lines.lines()).all(|(record, line)| record_line(record) == line), "printed otherwise");
}

/// Asks for some of the records, first and last: what stands in the zone is there, a referral or a chain at the least.
fn hold_served(zone: &zone::Zone, serving: &Serving) {
    let client = Client { address: [203, 0, 113, 53].into(), transport: Transport::Udp, size_limit: 1232 };
    // The CNAME of a bound name is for servers that can't steer.
    let bound = serving.snapshot.zones()[0].zone.bindings();
    let is_hidden = |record: &Record| record.rtype == RrType::CNAME && bound.iter().any(|binding| binding.name == record.owner);
    let ends = zone.records.iter().take(ASKED_MAX / 2).chain(zone.records.iter().rev().take(ASKED_MAX / 2));
    for record in ends {
        for rtype in [record.rtype, RrType::A, RrType(255)] {
            let query = Query { name: record.owner.clone(), ..Query::new("example.com.", rtype) };
            let found = replies(serving, 1, &query.octets(), &client).expect("a reply");
            let reply = Message::read(&found.stream).expect("a message");
            let [answers, authorities, _] = &reply.sections;
            assert!(reply.rcode() != NXDOMAIN || !answers.is_empty(), "{} is in the zone", record.owner);
            let is_there = !answers.is_empty() || authorities.iter().any(|record| RrType(record.rtype) == RrType::NS);
            assert!(rtype != record.rtype || is_there || is_hidden(record), "not found: {}", record_line(record));
        }
    }
}
