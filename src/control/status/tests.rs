//! One status with everything in it: its JSON as the golden file has it, its text, and what is news about the next one.

use super::*;
use crate::golden;

fn moment(at: &str, seconds: f64) -> Moment {
    Moment { at: format!("2026-11-24T{at}Z"), seconds }
}

fn probe() -> ProbeStatus {
    ProbeStatus {
        check: "web".into(),
        port: 443,
        name: None,
        since: moment("14:18:55", -192.0),
        uneasy: false,
        remembered: false,
        flaps: 0,
        held_until: None,
        latency_seconds: Some(0.00124),
        last_outcome: Some(moment("14:22:06", -1.0)),
        last_error: None,
        next_probe: Some(moment("14:22:11", 4.0)),
        certificate_ends: None,
    }
}

fn row(endpoint: &str, address: &str, verdict: Seen, probe: Option<ProbeStatus>) -> EndpointStatus {
    EndpointStatus {
        pool: "eu".into(),
        endpoint: endpoint.into(),
        cname: None,
        address: address.parse().unwrap(),
        weight: 10,
        share_percent: 100.0,
        out: false,
        spared: false,
        orders: Vec::new(),
        verdict,
        probe,
    }
}

fn status() -> Status {
    let last_error = Some(LastError { when: moment("14:22:06", -0.9), reason: "connection refused".into() });
    let sick = ProbeStatus {
        since: moment("14:21:55", -12.0),
        flaps: 2,
        held_until: Some(moment("14:22:35", 28.0)),
        latency_seconds: None,
        name: Some("www.example.com".into()),
        last_error,
        ..probe()
    };
    let fine = ProbeStatus { certificate_ends: Some(moment("14:22:07", 21.0 * 86_400.0)), ..probe() };
    let drain = OrderStatus {
        order: "drain".into(),
        on: "eu/fra-*".into(),
        reason: Some("new kernel".into()),
        since: Some(moment("14:17:07", -300.0)),
        complete: Some(moment("14:27:07", 300.0)),
        until: Some(moment("16:22:07", 7200.0)),
    };
    Status {
        format: STATUS_FORMAT,
        version: "0.1.0".into(),
        now: "2026-11-24T14:22:07Z".into(),
        started: moment("11:10:07", -11_520.0),
        generation: 41,
        zones: 2,
        names: 1042,
        policies: 5,
        reload_refused: Some(moment("14:21:55", -12.0)),
        older_zones: vec![OlderZone { zone: "example.net.".into(), serial: 2_026_112_300, refused: moment("14:18:55", -192.0) }],
        geo: vec![GeoStatus { file: "geoip/country.mmdb".into(), built: Some(moment("14:22:07", -12.0 * 86_400.0)) }],
        answered: 1200,
        dropped: 3,
        probes: ProbesStatus { per_second: 0.4, half_within_seconds: 0.00064, most_within_seconds: 0.002 },
        blind: vec!["IPv6".into()],
        alarms: vec![AlarmStatus {
            name: "prober-blind".into(),
            subject: "IPv6".into(),
            since: moment("14:22:00", -7.0),
            text: "no reference answers".into(),
        }],
        count: Count { addresses: 3, up: 1, down: 1, unknown: 0, unprobed: 1, out: 0 },
        endpoints: vec![
            row("fra-1", "2001:db8::10", Seen::Down, Some(sick)),
            EndpointStatus { share_percent: 45.0, orders: vec![drain], ..row("fra-1", "192.0.2.10", Seen::Up, Some(fine)) },
            row("iad-1", "192.0.2.11", Seen::Unprobed, None),
        ],
    }
}

#[test]
fn the_json_is_what_the_golden_file_says() {
    let json = serde_json::to_string_pretty(&status()).unwrap() + "\n";
    golden::check("tests/control/status.json", &json);
    assert_eq!(Status::of(&Reply::done(status().json())), Some(status()));
    assert_eq!(Status::of(&Reply { exit: 1, ..Reply::done(status().json()) }), None);
}

#[test]
fn the_text_is_aligned_in_words_and_without_empty_columns() {
    let expected = "\
signpost 0.1.0, up 3h12m, generation 41
  2 zones, 1042 names, 5 pools and policies
  reload refused for 12s: everything serves on as it was; \"signpost reload\" tells why
  example.net. serves serial 2026112300, older than its file, which has been refused for 3m12s
  geo geoip/country.mmdb, built 12d ago
  1200 queries answered, 3 dropped
  0.4 probes a second, half of them begun within 0.6ms, 99 of 100 within 2.0ms
  3 addresses: 1 up, 1 down, 1 unprobed
  ALARM prober-blind IPv6 for 7s: no reference answers

ENDPOINT  ADDRESS       CHECK                VERDICT             FOR    ORDER                                    SHARE  LATENCY  NEXT  FLAPS  CERTIFICATE  LAST ERROR
eu/fra-1  2001:db8::10  web www.example.com  down, held for 28s  12s    -                                        -      -        4s    2      -            connection refused (900ms ago)
eu/fra-1  192.0.2.10    web                  up                  3m12s  drain, complete in 5m, ends in 2h (new kernel)  45%    1.2ms    4s    -      ends in 21d  -
eu/iad-1  192.0.2.11    -                    unprobed            -      -                                        -      -        -     -      -            -
";
    let squeezed = |text: &str| {
        text.lines()
            .map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join("|"))
            .collect::<Vec<_>>()
    };
    let text = status().text(Paint::None);
    assert_eq!(squeezed(&text), squeezed(expected), "\n{text}");
    let table: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("ENDPOINT")).collect();
    let begins = |line: &str| (line.find("web").or_else(|| line.find("CHECK")), line.find("4s").or_else(|| line.find("NEXT")));
    assert!(table[..3].iter().all(|line| begins(line) == begins(table[0])), "\n{text}");
    let calm = Status { endpoints: vec![row("fra-1", "192.0.2.10", Seen::Up, Some(probe()))], alarms: Vec::new(), ..status() };
    assert!(calm.text(Paint::None).contains("CHECK  VERDICT  FOR    LATENCY  NEXT\n"), "{}", calm.text(Paint::None));
    assert!(!calm.text(Paint::Colours).contains('\x1b'), "what is well has no colour");
    assert_eq!(status().text(Paint::Colours).matches("\x1b[31;1m").count(), 2, "the alarm and what is down");
}

#[test]
fn news_is_what_an_operator_would_act_on() {
    let mut changes = Changes::default();
    assert!(changes.take(&status()).is_empty(), "the first look changes nothing");
    let mut next = status();
    next.answered += 1;
    next.endpoints[0].probe.as_mut().unwrap().latency_seconds = Some(2.0);
    next.endpoints[1].probe.as_mut().unwrap().since.seconds = -193.0;
    next.endpoints[1].orders[0].complete = Some(moment("14:27:07", 299.0));
    assert!(changes.take(&next).is_empty(), "time passes");
    next.alarms.clear();
    next.endpoints[1].orders.clear();
    next.endpoints[1].verdict = Seen::Down;
    next.endpoints[1].probe.as_mut().unwrap().last_error =
        Some(LastError { when: moment("14:22:08", 0.0), reason: "no answer within 2s".into() });
    let sick = next.endpoints[0].probe.as_mut().unwrap();
    (sick.held_until, next.endpoints[0].verdict) = (None, Seen::Up);
    next.endpoints.pop();
    let told = changes.take(&next);
    let lines: Vec<&str> = told.iter().map(|(_, line)| line.as_str()).collect();
    assert_eq!(
        lines,
        [
            "alarm prober-blind IPv6 is over",
            "eu/fra-1 192.0.2.10 was up, is down: no answer within 2s",
            "eu/fra-1 192.0.2.10 has no such order any more: drain (new kernel)",
            "eu/fra-1 2001:db8::10 www.example.com was down, held, is up",
            "eu/iad-1 192.0.2.11 is gone",
        ]
    );
    assert_eq!(told[1].0, Some(EndpointKey::of(&next.endpoints[1])));
}
