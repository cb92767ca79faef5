//! The reader of `signpost.toml`: good files to exact values, broken ones to the goldens in `tests/diagnostics/config/`.

mod written;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::diagnostic::tests::each_broken_file;
use crate::diagnostic::{Diagnostic, Source, Sources, any_error, render};
use crate::geo::airport;

const FOLDER: &str = "/etc/signpost";

/// The example of the design page, with the pools that it only names.
const EXAMPLE: &str = r#"
include = ["conf.d/*.toml"]

[server]
listen = ["0.0.0.0:53", "[::]:53"]
zones  = "zones"
geoip  = ["geoip/country.mmdb"]

[check.web]
kind = "https"              # http https tcp; later: tls icmp dns grpc command
host = "www.example.com"    # Host header and SNI; the connection goes to the endpoint's own address
path = "/healthz"
interval = "5s"

[pool.eu]
location = "FRA"            # an IATA code, or { lat = 50.1, lon = 8.7 }
check = "web"
endpoints = [
  { name = "fra-1", v4 = "192.0.2.10", v6 = "2001:db8::10", weight = 70 },
  { name = "fra-2", v4 = "192.0.2.11", weight = 30 },
]

[policy.web]
choose = "nearest"          # nearest failover weighted hashed geo
from   = ["eu", { use = "us", bias = -20 }, "ap"]         # pools or other policies; weight = N for weighted and hashed
last   = "sorry"            # optional: a pool for when no child is up
overrides = [ { net = "198.18.20.0/24", use = ["ap", "eu"] } ]

[policy.world]
choose    = "geo"           # country continent subdivision asn net, `not = {..}`, "@eu" = the EU's members
rules     = [ { country = ["CN"], use = "cn" }, { country = "@eu", use = ["eu", "eu-2"], strict = true } ]
otherwise = "web"

[zone."example.com"]
steer = { www = "world", "@" = "web", "*.cdn" = "web" }
policies = "web"
"#;

/// The pools that [`EXAMPLE`] names, as an included file.
const MORE_POOLS: &str = r#"
[pool]
us    = { location = { lat = 38.9, lon = -77 }, endpoints = { name = "iad-1", v4 = "198.51.100.10" } }
ap    = { location = "sin", endpoints = { name = "sin-1", v4 = "203.0.113.10" }, choose = "hashed", min_up = "50%" }
sorry = { endpoints = { name = "s", v4 = "192.0.2.99" }, ttl = "5s", ecs = false }
cn    = { endpoints = { name = "c", v4 = "192.0.2.98" } }
eu-2  = { endpoints = [{ name = "a", v4 = "192.0.2.97" }, { name = "b", v6 = "2001:db8::97" }], choose = "all" }
"#;

/// What is wanted of a certificate where nothing is written.
const USUAL: Option<CertificateLife> = Some(CertificateLife { warn: days(14), down: days(0) });

const fn days(count: u64) -> Duration {
    Duration::from_secs(count * 86_400)
}

fn parse_all(sources: &[Arc<Source>]) -> (Option<Config>, Vec<Diagnostic>) {
    let folder = Path::new(FOLDER);
    let texts: Vec<Text<'_>> = sources.iter().map(|source| Text { source, folder }).collect();
    parse(&texts)
}

/// The configuration of texts without a single fault.
fn good(texts: &[&str]) -> Config {
    let mut sources = Sources::default();
    let texts: Vec<Arc<Source>> = texts.iter().map(|text| sources.add("signpost.toml", *text)).collect();
    let (config, diagnostics) = parse_all(&texts);
    let rendered: String = diagnostics.iter().map(|diagnostic| render(diagnostic, &sources)).collect();
    assert_eq!(rendered, "");
    config.unwrap()
}

fn id(config: &Config, name: &str) -> NodeId {
    config.find(name).unwrap()
}

fn policy<'a>(config: &'a Config, name: &str) -> &'a Policy {
    match &config.nodes[id(config, name).0 as usize] {
        Node::Policy(policy) => policy,
        Node::Pool(_) => panic!("{name} is a pool"),
    }
}

fn pool<'a>(config: &'a Config, name: &str) -> &'a Pool {
    match &config.nodes[id(config, name).0 as usize] {
        Node::Pool(pool) => pool,
        Node::Policy(_) => panic!("{name} is a policy"),
    }
}

fn databases(server: &Server) -> Vec<&Path> {
    server.geoip.iter().map(|file| file.path.as_path()).collect()
}

fn name(text: &str) -> Name {
    Name::parse(text.as_bytes(), None).unwrap()
}

fn child(node: NodeId, weight: u16, bias: i8) -> Child {
    Child { node, weight, bias }
}

#[test]
fn patterns_of_include_are_given_with_their_places() {
    let mut sources = Sources::default();
    let patterns = |sources: &mut Sources, text: &str| {
        let source = sources.add("signpost.toml", text);
        let (patterns, diagnostics) = includes(&source);
        assert_eq!(diagnostics, []);
        patterns.into_iter().map(|(pattern, span)| (pattern, span.start)).collect::<Vec<_>>()
    };
    assert_eq!(patterns(&mut sources, EXAMPLE), [("conf.d/*.toml".to_owned(), 12)]);
    assert_eq!(patterns(&mut sources, "include = 'a.toml'"), [("a.toml".to_owned(), 10)]);
    assert_eq!(patterns(&mut sources, "[server]\n"), []);
    assert_eq!(patterns(&mut sources, "include = "), []);
}

#[test]
fn paths_count_from_the_folder_of_their_own_file() {
    let mut sources = Sources::default();
    let main = sources.add("signpost.toml", "[pool]\na = { check = 'c', endpoints = { name = 'a', v4 = '192.0.2.1' } }");
    let more = sources.add("conf.d/c.toml", "[check.c]\nkind = 'https'\nca = 'ca.pem'");
    let main = Text { source: &main, folder: Path::new("/etc") };
    let (config, _) = parse(&[main, Text { source: &more, folder: Path::new("/etc/conf.d") }]);
    let config = config.unwrap();
    assert!(matches!(&config.checks[0].kind, CheckKind::Https(_, tls) if tls.ca == Some(PathBuf::from("/etc/conf.d/ca.pem"))));
    assert_eq!(config.server.control, PathBuf::from("/etc/signpost.sock"));
}

#[test]
fn faults_are_counted_and_cut_with_the_errors_first() {
    let mut text = "[pool.a]\nttl = '2d'\nendpoints = { name = 'a', v4 = '192.0.2.1' }\n".to_owned();
    (0..70).for_each(|at| text += &format!("key{at} = 1\n"));
    let mut sources = Sources::default();
    let (config, diagnostics) = parse_all(&[sources.add("signpost.toml", text)]);
    assert_eq!((config, diagnostics.len()), (None, crate::limits::DIAGNOSTICS_PER_FILE_MAX));
    assert!(diagnostics.iter().all(|diagnostic| diagnostic.severity == crate::diagnostic::Severity::Error));
    assert_eq!(diagnostics.last().map(|last| last.message.as_str()), Some("22 more faults of this file are not shown"));
}

#[test]
fn a_long_chain_of_policies_is_refused_without_a_deep_stack() {
    let mut text = "[pool.p0]\nendpoints = { name = 'a', v4 = '192.0.2.1' }\n[policy]\n".to_owned();
    (1..20_000).for_each(|at| text += &format!("p{at} = {{ choose = 'failover', from = 'p{}' }}\n", at - 1));
    let mut sources = Sources::default();
    let (config, diagnostics) = parse_all(&[sources.add("signpost.toml", text)]);
    assert_eq!((config, diagnostics.len()), (None, 1));
    assert_eq!(diagnostics[0].message, "policy \"p9\" nests 9 policies, expected at most 8");
}

/// A line `### NAME` of a broken file begins an included one.
#[test]
fn goldens() {
    each_broken_file("tests/diagnostics/config", "toml", 40, |file| said_of(&fs::read(file).unwrap()));
}

fn said_of(text: &[u8]) -> String {
    let mut sources = Sources::default();
    let mut texts = Vec::new();
    let mut file = ("signpost.toml".to_owned(), Vec::new());
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        match line.strip_prefix(b"### ") {
            Some(next) => {
                let next = (String::from_utf8_lossy(next).trim().to_owned(), Vec::new());
                let (name, text) = std::mem::replace(&mut file, next);
                texts.push(sources.add(name, text));
            }
            None => file.1.extend_from_slice(line),
        }
    }
    texts.push(sources.add(file.0, file.1));
    let (_, mut diagnostics) = includes(&texts[0]);
    let (config, found) = parse_all(&texts);
    assert_eq!(config.is_none(), any_error(&found));
    diagnostics.extend(found);
    diagnostics.extend(config.iter().flat_map(|config| unused(config, &[])));
    assert!(!diagnostics.is_empty() && diagnostics.iter().all(|found| found.help.is_some()), "{diagnostics:?}");
    diagnostics.iter().map(|diagnostic| render(diagnostic, &sources)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_text_panics(edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..8)) {
        let mut bytes = [EXAMPLE, MORE_POOLS].concat().into_bytes();
        for (at, byte, how) in edits {
            let at = at.index(bytes.len() + 1).min(bytes.len().saturating_sub(1));
            match how {
                0 | 2 if bytes.is_empty() => {}
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => { bytes.remove(at); }
                _ => bytes.truncate(at + 1),
            }
        }
        let mut sources = Sources::default();
        let source = sources.add("signpost.toml", bytes);
        let (config, diagnostics) = parse_all(&[Arc::clone(&source)]);
        prop_assert_eq!(config.is_none(), any_error(&diagnostics));
        diagnostics.iter().for_each(|diagnostic| { render(diagnostic, &sources); });
        let _ = includes(&source);
    }

    /// Words move about, so that each finds itself where it means nothing.
    #[test]
    fn no_order_of_words_panics(swaps in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..12)) {
        let text = [EXAMPLE, MORE_POOLS].concat();
        let mut words: Vec<&str> = text.split_inclusive([' ', '\n']).collect();
        for (left, right) in swaps {
            let (left, right) = (left.index(words.len()), right.index(words.len()));
            words.swap(left, right);
        }
        let mut sources = Sources::default();
        let (config, diagnostics) = parse_all(&[sources.add("signpost.toml", words.concat())]);
        prop_assert_eq!(config.is_none(), any_error(&diagnostics));
        diagnostics.iter().for_each(|diagnostic| { render(diagnostic, &sources); });
    }
}
