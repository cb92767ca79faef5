//! The text of `signpost.toml`: refused with places, or compiled to policies that answer.
//!
//! What stands behind the first NUL octet is a second file, included by the first: TOML has no such octet.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use signpost::answer::{Client, Transport};
use signpost::config::{Config, Node, NodeId, Text, includes, parse, unused, unwatched};
use signpost::diagnostic::{Sources, any_error};
use signpost::geo::World;
use signpost::health::Verdict;
use signpost::snapshot::{
    Circumstances, Edges, Family, Policies, Serving, Snapshot, Steering, bind, bindings, blind, compile_zone, link, lint_load,
};
use signpost::wire::{Name, RrType};
use signpost::zone;

use super::asking::replies;
use super::message::Message;
use super::{hold_bounded, hold_found};
use crate::scenario::query::Query;

/// Pools and policies that are asked.
const ASKED_MAX: usize = 8;
const SEED: u64 = 0x5eed;
/// When it is, in seconds since 1970.
const NOW: u64 = 1_800_000_000;

static WORLD: LazyLock<Arc<World>> = LazyLock::new(|| {
    let file = ("vectors.mmdb".to_owned(), include_bytes!("../../worlds/vectors.mmdb").to_vec());
    Arc::new(World::read(&[file]).expect("a good world"))
});

/// Reads the configuration, and serves what is accepted.
pub(super) fn check(octets: &[u8]) {
    let mut files = octets.splitn(2, |octet| *octet == 0);
    let mut sources = Sources::default();
    let mut texts = vec![sources.add("signpost.toml", files.next().unwrap_or_default())];
    texts.extend(files.next().map(|text| sources.add("conf.d/more.toml", text)));
    let (_, found) = includes(&texts[0]);
    hold_found(&found, &sources);
    let texts: Vec<_> = texts.iter().map(|source| Text { source, folder: Path::new("conf") }).collect();
    let (config, found) = parse(&texts);
    hold_bounded(&found, texts.len(), &sources);
    assert_eq!(config.is_none(), any_error(&found), "refused without a word, or accepted with an error: {found:?}");
    assert_eq!(parse(&texts), (config.clone(), found), "read again, it is another");
    let Some(config) = config else { return };
    let (policies, found) = Policies::compile(&config, Arc::clone(&WORLD), None);
    hold_found(&found, &sources);
    let bound: Vec<NodeId> = (0..).zip(&config.nodes).map(|(id, _)| NodeId(id)).collect();
    let doubts = lint_load(&config, &bound, policies.world(), NOW);
    for found in [unwatched(&config), unused(&config, &[]), blind(&config, policies.world()), doubts] {
        hold_found(&found, &sources);
        assert!(!any_error(&found), "what was accepted has an error after all: {found:?}");
    }
    assert_eq!(policies.nodes().len(), config.nodes.len(), "a pool or policy got lost");
    if !any_error(&found) {
        serve(&config, policies);
    }
}

/// Binds a name to each of some pools and policies: whatever is up, a family that the configuration has is answered.
fn serve(config: &Config, policies: Policies) {
    let names: Vec<&str> = config.nodes.iter().map(|node: &Node| node.common().name.as_str()).rev().take(ASKED_MAX).collect();
    let head = "$TTL 60\n@ IN SOA ns host 1 2 3 4 5\n@ IN NS ns\nns IN A 192.0.2.53\n".to_owned();
    let bound = names.iter().enumerate().map(|(at, name)| format!("n{at} IN AAAA 2001:db8::\n_steer.n{at} IN TXT \"{name}\"\n"));
    let source = Sources::default().add("example.com.zone", head + &bound.collect::<String>());
    let apex = Name::parse(b"example.com.", None).expect("a name");
    let (zone, found) = zone::read(&apex, &source, &mut |_, _| Err(String::new()));
    let (bound, faults) = bindings(&zone, true, None, |_| String::new());
    assert!(!any_error(&found) && !any_error(&faults), "a name that no zone file can hold: {found:?} {faults:?}");
    let compiled = compile_zone(&zone, bound, SEED).unwrap_or_else(|faults| panic!("{faults:?}"));
    // A check may make no host of such names, and an endpoint may be one of them.
    let Ok(mut linked) = link(Arc::new(compiled), None, config, &policies) else { return };
    let bound = bind(policies, config, std::slice::from_mut(&mut linked), &Edges::default());
    let policies = Arc::new(bound.unwrap_or_else(|fault| panic!("{fault:?}")));
    let links = linked.links.clone();
    let snapshot = Arc::new(Snapshot::new(SEED, vec![linked], Arc::clone(&policies)));
    let client = Client { address: [198, 18, 3, 7].into(), transport: Transport::Udp, size_limit: 1232 };
    let verdicts: [fn(u32) -> Verdict; 3] =
        [|_| Verdict::Up, |_| Verdict::Down, |probe| if probe % 2 == 0 { Verdict::Down } else { Verdict::Up }];
    for verdict in verdicts {
        let steering = Steering::new(&policies, &Circumstances::judged(&policies, verdict), None);
        let serving = Serving { generation: 1, snapshot: Arc::clone(&snapshot), steering };
        for (at, name) in names.iter().enumerate() {
            for (rtype, family) in [(RrType::A, Family::V4), (RrType::AAAA, Family::V6)] {
                let query = Query::new(&format!("n{at}.example.com."), rtype).with_option(8, vec![0, 1, 24, 0, 198, 18, 20]);
                let found = replies(&serving, at as u64, &query.octets(), &client).expect("a reply");
                let reply = Message::read(&found.stream).expect("a message");
                let is_there = links[at].is_cname || links[at].decides[family] || family == Family::V6;
                let [answers, ..] = &reply.sections;
                assert_eq!((reply.rcode(), !answers.is_empty()), (0, is_there), "{name} {rtype}");
            }
        }
    }
}
