//! The reader of `signpost.toml`: good files to exact values, broken ones to the goldens in `tests/diagnostics/config/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
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
fn the_example_of_the_design_is_read_as_written() {
    let config = good(&[EXAMPLE, MORE_POOLS]);
    assert_eq!(databases(&config.server), [Path::new("/etc/signpost/geoip/country.mmdb")]);
    assert_eq!(config.checks.len(), 1);
    let check = &config.checks[0];
    assert_eq!((check.name.as_str(), check.port, check.rise, check.fall, check.source), ("web", 443, 2, 3, None));
    assert_eq!((check.interval, check.timeout), (Duration::from_secs(5), Duration::from_secs(2)));
    let http = HttpCheck {
        host: Some("www.example.com".into()),
        path: "/healthz".to_owned(),
        method: "GET".to_owned(),
        headers: vec![],
        expect_status: vec![(200, 299)],
        expect_body: None,
    };
    assert_eq!(check.kind, CheckKind::Https(http, TlsCheck { verify: true, ca: None, certificate: USUAL }));

    let order: Vec<&str> = config.nodes.iter().map(|node| node.common().name.as_str()).collect();
    assert_eq!(order, ["eu", "us", "ap", "sorry", "web", "cn", "eu-2", "world"]);

    let web = policy(&config, "web");
    let [eu, us, ap, sorry] = ["eu", "us", "ap", "sorry"].map(|name| id(&config, name));
    assert_eq!(web.last, Some(sorry));
    let Choose::Nearest { from, overrides } = &web.choose else { panic!("{web:?}") };
    assert_eq!(*from, [child(eu, 1, 0), child(us, 1, -20), child(ap, 1, 0)]);
    assert_eq!(overrides[0].nets, ["198.18.20.0/24".parse().unwrap()]);
    assert_eq!(overrides[0].order, [ap, eu]);

    let Choose::Geo { rules, otherwise } = &policy(&config, "world").choose else { panic!() };
    assert_eq!(*otherwise, Some(id(&config, "web")));
    assert_eq!((rules[0].matches.country.as_slice(), rules[0].strict), ([*b"CN"].as_slice(), false));
    assert_eq!((rules[1].matches.country.as_slice(), rules[1].strict), (crate::geo::EU_MEMBERS.as_slice(), true));
    assert_eq!(rules[1].order, [eu, id(&config, "eu-2")]);

    let zone = &config.zones[0];
    assert_eq!(zone.apex, name("example.com."));
    assert_eq!(zone.policies, Some(vec![id(&config, "web")]));
    let bound: Vec<(String, NodeId)> = zone.steer.iter().flatten().map(|steer| (steer.name.to_string(), steer.node)).collect();
    let [world, web] = ["world", "web"].map(|name| id(&config, name));
    assert_eq!(bound, [("www.example.com.".into(), world), ("example.com.".into(), web), ("*.cdn.example.com.".into(), web)]);
}

#[test]
fn pools_are_read_as_written() {
    let config = good(&[EXAMPLE, MORE_POOLS]);
    let eu = pool(&config, "eu");
    assert_eq!((eu.check, eu.choose, eu.answers), (Some(CheckId(0)), PoolChoice::Weighted, 1));
    assert_eq!((eu.common.location, eu.common.min_up), (airport("FRA"), MinUp::Count(NonZeroU16::MIN)));
    assert!(eu.common.location.is_some());
    let endpoint = &eu.endpoints[0];
    assert_eq!((endpoint.name.as_str(), endpoint.weight), ("fra-1", 70));
    assert_eq!((endpoint.v4, endpoint.v6), ("192.0.2.10".parse().ok(), "2001:db8::10".parse().ok()));
    assert_eq!((eu.endpoints[1].v6, eu.endpoints[1].weight), (None, 30));
    assert_eq!(pool(&config, "us").common.location, Point::new(38.9, -77.0));
    let ap = pool(&config, "ap");
    assert_eq!((ap.common.location, ap.common.min_up, ap.choose), (airport("SIN"), MinUp::Percent(50), PoolChoice::Hashed));
    assert_eq!(pool(&config, "sorry").common.ttl.map(|(ttl, _)| ttl), Some(Ttl { steady: 5, uneasy: 5 }));
    assert_eq!(pool(&config, "sorry").common.ecs.map(|(honoured, _)| honoured), Some(false));
    assert_eq!((pool(&config, "eu-2").choose, pool(&config, "eu-2").answers), (PoolChoice::All, 2));
}

#[test]
fn an_empty_file_gives_the_defaults() {
    let server = good(&[""]).server;
    assert_eq!(server.listen, ["0.0.0.0:53".parse().unwrap(), "[::]:53".parse().unwrap()]);
    assert_eq!((server.threads, server.watch, server.rrset_order), (None, true, RrsetOrder::Stable));
    assert_eq!((server.zones, server.geoip), (PathBuf::from("/etc/signpost/zones"), vec![]));
    assert_eq!(server.geoip_age, Duration::from_secs(365 * 86_400));
    assert_eq!(server.control, PathBuf::from("/etc/signpost/signpost.sock"));
    assert_eq!((server.warmup, server.settle), (Duration::from_secs(5), Duration::from_secs(1)));
    assert_eq!((server.udp_payload, server.tcp_connections, server.tcp_connections_per_source), (1232, 1024, 20));
    assert_eq!((server.identity, server.version), (None, None), "nothing is told unasked");
    assert_eq!(server.references, []);
}

#[test]
fn every_key_of_the_server_is_read() {
    let server = good(&[r#"[server]
        listen = ["192.0.2.1", "[2001:db8::1]:5300", "2001:db8::2", "[2001:db8::3]"]
        threads = 3
        zones = "../zones"
        geoip = "/usr/share/country.mmdb"
        geoip_age = "30d"
        control = "/run/signpost.sock"
        references = ["192.0.2.9:443", "[2001:db8::9]:53"]
        resolvers = ["192.0.2.53", "2001:db8::53", "[2001:db8::54]:5300"]
        warmup = "0s"
        settle = "1m30s"
        watch = false
        udp_payload = 4096
        rrset_order = "rotated"
        tcp_connections = 10
        tcp_connections_per_source = 5
        identity = "fra-1"
        version = "Signpost"
    "#])
    .server;
    let listen = ["192.0.2.1:53", "[2001:db8::1]:5300", "[2001:db8::2]:53", "[2001:db8::3]:53"];
    assert_eq!(server.listen, listen.map(|address| address.parse().unwrap()));
    assert_eq!((server.threads, server.watch, server.rrset_order), (NonZeroUsize::new(3), false, RrsetOrder::Rotated));
    assert_eq!(databases(&server), [Path::new("/usr/share/country.mmdb")]);
    assert_eq!(server.geoip_age, Duration::from_secs(30 * 86_400));
    assert_eq!((server.zones, server.control), (PathBuf::from("/etc/signpost/../zones"), PathBuf::from("/run/signpost.sock")));
    assert_eq!(server.references, ["192.0.2.9:443", "[2001:db8::9]:53"].map(|address| address.parse().unwrap()));
    let resolvers = ["192.0.2.53:53", "[2001:db8::53]:53", "[2001:db8::54]:5300"];
    assert_eq!(server.resolvers, resolvers.map(|address| address.parse().unwrap()));
    assert_eq!((server.warmup, server.settle), (Duration::ZERO, Duration::from_secs(90)));
    assert_eq!((server.udp_payload, server.tcp_connections, server.tcp_connections_per_source), (4096, 10, 5));
    assert_eq!((server.identity.as_deref(), server.version.as_deref()), (Some("fra-1"), Some("Signpost")));
}

#[test]
fn every_key_of_a_check_is_read() {
    let config = good(&[r#"
        [check.a]
        kind = "https"
        port = 8443
        interval = "500ms"
        rise = 1
        fall = 1
        recheck = "50ms"
        hold_down = { first = "10s", max = "5m" }
        source = "192.0.2.1"
        method = "POST"
        headers = { Accept = "text/plain", X-Probe = "signpost 1" }
        expect = { status = [200, "3xx"], body = "all is well" }
        ca = "ca.pem"
        [check.b]
        kind = "https"
        verify = false
        expect = { status = 204 }
        [check.c]
        kind = "tcp"
        port = 25
        watch = true
        [check.d]
        kind = "http"
        [pool]
        a = { check = "a", endpoints = { name = "a", v4 = "192.0.2.2" } }
        b = { check = "b", endpoints = { name = "a", v4 = "192.0.2.2" } }
        c = { check = "c", endpoints = { name = "a", v4 = "192.0.2.2" } }
        d = { check = "d", endpoints = { name = "a", v4 = "192.0.2.2" } }
    "#]);
    let [a, b, c, d] = config.checks.as_slice() else { panic!() };
    // The timeout, not written, goes down with the interval.
    assert_eq!((a.port, a.interval, a.timeout), (8443, Duration::from_millis(500), Duration::from_millis(500)));
    assert_eq!((a.rise, a.fall, a.source), (1, 1, "192.0.2.1".parse().ok()));
    let hold_down = HoldDown { first: Duration::from_secs(10), max: Duration::from_secs(300) };
    assert_eq!((a.recheck, a.hold_down), (Duration::from_millis(50), Some(hold_down)));
    assert_eq!((b.recheck, b.hold_down), (Duration::from_millis(250), None));
    let CheckKind::Https(http, tls) = &a.kind else { panic!() };
    assert_eq!((http.host.as_deref(), http.path.as_str(), http.method.as_str()), (None, "/", "POST"));
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(http.headers, [header("Accept", "text/plain"), header("X-Probe", "signpost 1")]);
    assert_eq!(
        (http.expect_status.as_slice(), http.expect_body.as_deref()),
        ([(200, 200), (300, 399)].as_slice(), Some("all is well"))
    );
    assert_eq!(*tls, TlsCheck { verify: true, ca: Some(PathBuf::from("/etc/signpost/ca.pem")), certificate: USUAL });
    let CheckKind::Https(http, tls) = &b.kind else { panic!() };
    assert_eq!((http.expect_status.as_slice(), tls.verify, tls.certificate), ([(204, 204)].as_slice(), false, None));
    assert_eq!((&c.kind, c.port, c.watch, d.watch), (&CheckKind::Tcp(TcpCheck::default()), 25, true, false));
    assert!(matches!((&d.kind, d.port), (CheckKind::Http(_), 80)));
}

/// The check of these lines.
fn check_of(lines: &str) -> Check {
    let pool = "[pool.a]\ncheck = 'a'\nendpoints = { name = 'a', v4 = '192.0.2.2' }";
    good(&[&format!("[check.a]\n{lines}\n{pool}")]).checks.remove(0)
}

#[test]
fn every_kind_of_check_is_read() {
    let tcp = check_of("kind = 'tcp'\nport = 6379\nsend = 'PING\\r\\n'\nexpect = \"+PONG\\r\\n\"");
    assert_eq!(tcp.kind, CheckKind::Tcp(TcpCheck { send: b"PING\r\n".into(), expect: Some(b"+PONG\r\n".into()) }));

    let tls = check_of("kind = 'tls'\nhost = 'a.example'\ncertificate = { down = '30d' }");
    let certificate = Some(CertificateLife { warn: days(30), down: days(30) });
    let expected = CheckKind::Tls(Some("a.example".into()), TlsCheck { verify: true, ca: None, certificate });
    assert_eq!((tls.kind, tls.port), (expected, 443));

    let icmp = check_of("kind = 'icmp'\nsource = '192.0.2.1'");
    assert_eq!((icmp.kind, icmp.port), (CheckKind::Icmp, 0));

    let dns = check_of("kind = 'dns'\nquery = 'www.example.com. a'");
    let asked =
        DnsCheck { name: name("www.example.com."), rtype: crate::wire::RrType::A, expect_rcode: vec![0], expect_data: vec![] };
    assert_eq!((dns.kind, dns.port), (CheckKind::Dns(asked.clone()), 53));
    let dns =
        check_of("kind = 'dns'\nquery = 'www.example.com A'\nexpect = { rcode = ['NOERROR', 'NXDOMAIN'], data = '192.0.2.1' }");
    let expected = DnsCheck { expect_rcode: vec![0, 3], expect_data: vec![vec![192, 0, 2, 1]], ..asked };
    assert_eq!(dns.kind, CheckKind::Dns(expected));

    let grpc = check_of("kind = 'grpc'\nport = 50051\nservice = 'shop.v1.Basket'");
    assert_eq!(grpc.kind, CheckKind::Grpc(GrpcCheck { host: None, service: "shop.v1.Basket".into() }, None));
    let grpc = check_of("kind = 'grpc'\nport = 443\nhost = 'a.example'\ntls = true\ncertificate = { warn = '21d', down = '2d' }");
    let tls = TlsCheck { verify: true, ca: None, certificate: Some(CertificateLife { warn: days(21), down: days(2) }) };
    assert_eq!(grpc.kind, CheckKind::Grpc(GrpcCheck { host: Some("a.example".into()), service: String::new() }, Some(tls)));

    let command = check_of("kind = 'command'\ncommand = ['./probe', '--fast', '']");
    let expected = CommandCheck { program: "/etc/signpost/./probe".into(), arguments: vec!["--fast".into(), String::new()] };
    assert_eq!((command.kind, command.port), (CheckKind::Command(expected), 0));
}

#[test]
fn every_kind_of_policy_is_read() {
    let config = good(&[r#"
        [policy]
        first = { choose = "failover", from = "a", min_up = 1 }
        drawn = { choose = "weighted", from = ["a", { use = "first", weight = 3 }], location = "FRA", ttl = "1m" }
        same = { choose = "hashed", from = [{ use = "b", weight = 0 }, "a"] }
        [policy.ruled]
        choose = "geo"
        [[policy.ruled.rules]]
        continent = ["eu", "NA"]
        subdivision = "us-ca"
        asn = [64500, "AS64501"]
        net = ["192.0.2.0/24", "2001:db8::/32"]
        not = { country = ["de", "DE"] }
        use = ["drawn", "same"]
        [[policy.ruled.rules]]
        use = "b"
        [pool]
        a = { endpoints = { name = "a", v4 = "192.0.2.1" } }
        b = { endpoints = { name = "a", v4 = "192.0.2.1" } }
    "#]);
    let [a, b, first] = ["a", "b", "first"].map(|name| id(&config, name));
    assert_eq!(policy(&config, "first").choose, Choose::Failover(vec![child(a, 1, 0)]));
    assert_eq!(policy(&config, "drawn").choose, Choose::Weighted(vec![child(a, 1, 0), child(first, 3, 0)]));
    assert_eq!(policy(&config, "same").choose, Choose::Hashed(vec![child(b, 0, 0), child(a, 1, 0)]));
    let Choose::Geo { rules, otherwise: None } = &policy(&config, "ruled").choose else { panic!() };
    let expected = Match {
        country: vec![],
        continent: vec![*b"EU", *b"NA"],
        subdivision: vec!["US-CA".to_owned()],
        asn: vec![64500, 64501],
        net: vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()],
        not: Some(Box::new(Match { country: vec![*b"DE"], ..Match::default() })),
    };
    assert_eq!(rules[0].matches, expected);
    assert_eq!(rules[1].matches, Match::default());
    assert!(config.nodes.iter().enumerate().all(|(at, node)| match node {
        Node::Pool(_) => true,
        Node::Policy(_) => id(&config, &node.common().name).0 as usize == at,
    }));
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

/// Each broken file beside what is said of it. A line `### NAME` begins an included file; `UPDATE_GOLDEN=1` rewrites.
#[test]
fn goldens() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics/config");
    let mut cases: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    cases.sort();
    assert!(cases.len() >= 40, "{} cases in {}", cases.len(), folder.display());
    let mut wrong = Vec::new();
    for case in cases {
        let said = said_of(&fs::read(&case).unwrap());
        let expected = case.with_extension("expected");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&expected, &said).unwrap();
        } else if fs::read_to_string(&expected).ok().as_ref() != Some(&said) {
            wrong.push(format!("{}:\n{said}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
