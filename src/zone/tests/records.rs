//! Single records: owners, TTLs and classes, the RDATA of every type, and what is said of faulty fields.

use super::*;

#[test]
fn owner_ttl_and_class() {
    let table: &[(&str, &[&str])] = &[
        ("@ 60 IN A 192.0.2.1", &["example.com. 60 IN A 192.0.2.1"]),
        ("www IN 60 A 192.0.2.1", &["www.example.com. 60 IN A 192.0.2.1"]),
        ("www 1h30m a 192.0.2.1", &["www.example.com. 5400 IN A 192.0.2.1"]),
        ("www 1W2D3H4M5s in a 192.0.2.1", &["www.example.com. 788645 IN A 192.0.2.1"]),
        ("www CLASS1 5 TYPE1 192.0.2.1", &["www.example.com. 5 IN A 192.0.2.1"]),
        (
            "www 5 A 192.0.2.1\n  A 192.0.2.2\n\tAAAA ::1",
            &["www.example.com. 5 IN A 192.0.2.1", "www.example.com. 5 IN A 192.0.2.2", "www.example.com. 5 IN AAAA ::1"],
        ),
        (
            "$TTL 7\na A 192.0.2.1\nb 8 A 192.0.2.1\nc A 192.0.2.1\n$ttl 2m\nd A 192.0.2.1",
            &[
                "a.example.com. 7 IN A 192.0.2.1",
                "b.example.com. 8 IN A 192.0.2.1",
                "c.example.com. 7 IN A 192.0.2.1",
                "d.example.com. 120 IN A 192.0.2.1",
            ],
        ),
        (
            "$ORIGIN sub.example.com.\na 1 A 192.0.2.1\n$ORIGIN deep.sub.example.com.\na 1 A 192.0.2.1\n@ 1 A 192.0.2.1\n$ORIGIN com.\nexample 1 CNAME x.",
            &[
                "a.sub.example.com. 1 IN A 192.0.2.1",
                "a.deep.sub.example.com. 1 IN A 192.0.2.1",
                "deep.sub.example.com. 1 IN A 192.0.2.1",
                "example.com. 1 IN CNAME x.",
            ],
        ),
        (r"\@ 1 NS @", &[r"\@.example.com. 1 IN NS example.com."]),
        (r"a\.b\032\;c 1 A 192.0.2.1", &[r"a\.b\032\;c.example.com. 1 IN A 192.0.2.1"]),
        ("*.cdn 1 A 192.0.2.1", &["*.cdn.example.com. 1 IN A 192.0.2.1"]),
        ("in 1 in a 192.0.2.1", &["in.example.com. 1 IN A 192.0.2.1"]),
        (
            "@ 1 SOA ns1 host\\.master (\n 1 ; serial\n 1h 900 1w\n 5m )\r\n",
            &["example.com. 1 IN SOA ns1.example.com. host\\.master.example.com. 1 3600 900 604800 300"],
        ),
    ];
    for (text, expected) in table {
        assert_eq!(lines(text), *expected, "{text}");
    }
}

#[test]
fn without_any_ttl_the_soa_minimum_stands_in() {
    let (lines, diagnostics) = parse_text("@ SOA a b 1 2 3 4 55\nwww A 192.0.2.1\nx 9 A 192.0.2.1\ny A 192.0.2.1\n");
    assert_eq!(diagnostics.len(), 1);
    assert_eq!(diagnostics[0].severity, Severity::Warning);
    let ttls: Vec<&str> = lines.iter().map(|line| line.split(' ').nth(1).unwrap()).collect();
    assert_eq!(ttls, ["55", "55", "9", "55"]);
}

#[test]
fn rdata_of_every_type() {
    let table = [
        ("NS", "ns1", "ns1.example.com."),
        ("MX", "10 mail.example.net.", "10 mail.example.net."),
        ("TXT", r#"plain "two words" "\"\\\065\000" """#, r#""plain" "two words" "\"\\A\000" """#),
        ("SRV", "1 2 65535 .", "1 2 65535 ."),
        ("CAA", r#"128 issue "ca.example; policy=ev""#, r#"128 issue "ca.example; policy=ev""#),
        ("CAA", "0 iodef mailto:a@b.example", r#"0 iodef "mailto:a@b.example""#),
        ("DS", "60485 5 1 ( 2BB183AF5F22588179A53B0A\n 98631FAD1A292118 )", "60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118"),
        ("TLSA", "3 1 1 ab c d", "3 1 1 abcd"),
        ("SSHFP", "4 2 00ff", "4 2 00ff"),
        ("NAPTR", r#"100 10 u E2U+sip "!^.*$!sip:a@b!" ."#, r#"100 10 "u" "E2U+sip" "!^.*$!sip:a@b!" ."#),
        ("DNAME", "other.example.", "other.example."),
        ("AAAA", "2001:DB8:0::1", "2001:db8::1"),
        ("MX", r"\# 5 000a 01 6100", "10 a."),
        ("TYPE65280", r"\# 3 abCDef", r"\# 3 abcdef"),
        ("TYPE65280", r"\# 0", r"\# 0"),
    ];
    for (rtype, text, expected) in table {
        assert_eq!(data(rtype, text), expected);
    }
}

/// RFC 9460 appendix D.2, where the record is not of a private scheme, and the escapes of appendix A.1.
#[test]
fn service_parameters() {
    let table = [
        ("0 foo.example.com.", "0 foo.example.com."),
        ("1 .", "1 ."),
        ("16 foo.example.com. port=53", "16 foo.example.com. port=53"),
        ("1 foo.example.com. key667=hello", "1 foo.example.com. key667=hello"),
        (r#"1 foo.example.com. key667="hello\210qoo""#, r#"1 foo.example.com. key667="hello\210qoo""#),
        (
            r#"1 foo.example.com. (ipv6hint="2001:db8::1,2001:db8::53:1")"#,
            "1 foo.example.com. ipv6hint=2001:db8::1,2001:db8::53:1",
        ),
        (
            "16 foo.example.org. (alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1)",
            "16 foo.example.org. mandatory=alpn,ipv4hint alpn=h2,h3-19 ipv4hint=192.0.2.1",
        ),
        (r#"16 foo.example.org. alpn="f\\\\oo\\,bar,h2""#, r#"16 foo.example.org. alpn="f\\\\oo\\,bar,h2""#),
        (r"16 foo.example.org. alpn=f\\\092oo\092,bar,h2", r#"16 foo.example.org. alpn="f\\\\oo\\,bar,h2""#),
        ("1 . no-default-alpn alpn=h2", "1 . alpn=h2 no-default-alpn"),
        ("1 . ech=AEj+DQ==", "1 . ech=AEj+DQ=="),
        ("1 . alpn=h2 dohpath=/dns-query{?dns}", "1 . alpn=h2 dohpath=/dns-query{?dns}"),
        (r"1 . key3=\001\187", "1 . port=443"),
    ];
    for (text, expected) in table {
        assert_eq!(data("HTTPS", text), expected);
        assert_eq!(data("SVCB", text), expected);
    }
    let wire = parse_wire(r#"@ 1 SVCB 16 foo.example.org. alpn="f\\\\oo\\,bar,h2""#);
    assert_eq!(wire, b"\x00\x10\x03foo\x07example\x03org\x00\x00\x01\x00\x0c\x08f\\oo,bar\x02h2");
}

fn parse_wire(text: &str) -> Vec<u8> {
    let source = Sources::default().add("t", text);
    let (zone, faults) = parse(&apex(), &source, &mut |_, _| Err(String::new()));
    assert_eq!(faults, []);
    zone.records[0].rdata.to_vec()
}

#[test]
fn service_parameters_refused() {
    let table = [
        ("1 . port=53 port=54", "the parameter \"port\" is given twice"),
        ("1 . mandatory=alpn", "\"mandatory\" lists \"alpn\", which is not given"),
        ("1 . mandatory=mandatory", "expected names of other parameters with commas between as the value of \"mandatory\""),
        (
            "1 . mandatory=port,port port=1",
            "expected names of other parameters with commas between as the value of \"mandatory\"",
        ),
        ("1 . no-default-alpn", "\"no-default-alpn\" needs \"alpn\" beside it"),
        ("1 . no-default-alpn=x alpn=h2", "expected no value as the value of \"no-default-alpn\", but found \"x\""),
        ("1 . alpn=", "expected protocols such as h2,h3 as the value of \"alpn\", but found nothing"),
        ("1 . alpn=h2,,h3", "expected protocols such as h2,h3"),
        ("1 . port=65536", "expected a port from 0 to 65535"),
        ("1 . port=+5", "expected a port from 0 to 65535"),
        ("1 . ipv4hint=2001:db8::1", "expected IPv4 addresses"),
        ("1 . ipv6hint=192.0.2.1", "expected IPv6 addresses"),
        ("1 . ech=A", "expected base 64"),
        ("1 . dohpath=/dns-query", "expected a path with the variable dns"),
        ("1 . key03=a", "the parameter \"key03\" is not known"),
        ("1 . key65535=a", "the parameter \"key65535\" is not known"),
        ("1 . aplpn=h2", "the parameter \"aplpn\" is not known"),
        ("1 . =h2", "the parameter \"\" is not known"),
        (r"1 . key3=\001", "expected a port"),
        ("1 . \"alpn=h2\"", "expected a parameter such as alpn=h2"),
        ("0 x. alpn=h2", "priority 0 makes an alias, whose parameters are ignored"),
    ];
    for (text, message) in table {
        let (found, _) = fault("HTTPS", text);
        assert!(found.starts_with(message), "{text}: {found}");
    }
}

#[test]
fn mistakes_in_fields_have_a_cause() {
    let table = [
        ("A", "256.1.1.1", "each number is from 0 to 255"),
        ("A", "192.0.2", "an IPv4 address has four numbers"),
        ("A", "192.0.2.1.", "an IPv4 address has four numbers"),
        ("A", "192.0.2.01", "a number must not begin with 0"),
        ("A", "192.0.2.0/24", "an address stands alone, without a prefix length"),
        ("A", "2001:db8::1", "this is an IPv6 address"),
        ("A", "lb.example.net.", "a host's name belongs into a CNAME record"),
        ("A", "192.0.2.1 192.0.2.2", "one field too many"),
        ("A", "", "it ends here"),
        ("A", "\"192.0.2.1\"", "written without quotes"),
        ("AAAA", "192.0.2.1", "this is an IPv4 address"),
        ("AAAA", "1::2::3", "\"::\" may stand only once"),
        ("AAAA", "fe80::1%eth0", "an address with a zone works on one link only"),
        ("AAAA", "2001:db8:1", "eight groups of up to four hexadecimal digits, \"::\" for a row of zeros"),
        ("MX", "mail", "this is not a number"),
        ("MX", "65536 mail", "this is larger"),
        ("MX", "-1 mail", "this is not a number"),
        ("MX", "10 a..b", "a label is empty (two dots in a row, or a dot at the start)"),
        ("MX", "10 192.0.2.1", "it is read as a name"),
        ("CNAME", "www.example.com", "means \"www.example.com.example.com.\""),
        ("TXT", "v=DKIM1; k=rsa", "everything from here to the end of the line is ignored"),
        ("TXT", r"a\300", "it must be followed by three digits up to 255 or by one character"),
        ("DS", "1 8 2 abc", "the number of digits is odd: one is missing"),
        ("DS", "1 8 2 abxd", "\"x\" is no hexadecimal digit"),
        ("TYPE65280", "abc", "any octets are data of this type"),
        ("TYPE65280", r"\# 2 abcdef", "the length written here"),
        ("MX", r"\# 4 000a0161", "its layout is known, and they do not fit it"),
        ("ANY", "x", "not a known type"),
        ("TYPE255", "x", "it is for queries and messages only (RFC 6895)"),
    ];
    for (rtype, text, label) in table {
        assert_eq!(fault(rtype, text).1, label, "{rtype} {text}");
    }
}
