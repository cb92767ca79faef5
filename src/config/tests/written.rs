//! Good files to exact values: every key, every kind, every default.

use super::*;

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
