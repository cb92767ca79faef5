//! What an HTTP(S) probe sends and expects: `path`, `method`, `headers`, `expect`, and `host`, which `host.rs` reads.
//!
//! Refused is whatever would not go over the wire as written, such as line ends in headers.

use super::keys::EXPECT;
use super::table::{Item, Table};
use super::{HttpCheck, host};
use crate::diagnostic::Diagnostic;
use crate::limits::{CHECK_HEADERS_MAX, EXPECT_BODY_LENGTH_MAX};

/// Headers with another home, and what to do instead.
const REFUSED_HEADERS: [(&str, &str); 4] = [
    ("host", "write it as host = \"www.example.com\""),
    ("connection", "remove it: every probe has a connection of its own"),
    ("content-length", "remove it: a probe has no body"),
    ("transfer-encoding", "remove it: a probe has no body"),
];

/// `expect`
struct Expect {
    status: Vec<(u16, u16)>,
    body: Option<String>,
}

impl Default for Expect {
    fn default() -> Self {
        Self { status: vec![(200, 299)], body: None }
    }
}

/// Reads the HTTP keys of a check.
pub(super) fn read(table: &Table<'_>) -> HttpCheck {
    let method = table.read("method", method).unwrap_or("GET").to_owned();
    let Expect { status, body } = table.read("expect", |item| expect(item, &method)).unwrap_or_default();
    HttpCheck {
        host: table.read("host", host::read),
        path: table.read("path", path).unwrap_or("/").to_owned(),
        method,
        headers: table.read("headers", headers).unwrap_or_default(),
        expect_status: status,
        expect_body: body,
    }
}

fn path(item: Item<'_>) -> Option<&str> {
    let is_path = |text: &str| text.starts_with('/') && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    item.text_such_that("a path such as \"/healthz\"", "begin with \"/\"; write what is no visible ASCII as %20", is_path)
}

fn method(item: Item<'_>) -> Option<&str> {
    let is_method =
        |text: &str| (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
    let help = "methods are written in upper case";
    let method = item.text_such_that("a method such as \"GET\" or \"HEAD\"", help, is_method)?;
    if method == "CONNECT" {
        item.report(
            item.fault("a check can't use the method \"CONNECT\", which asks for a tunnel").help("write \"GET\" or \"HEAD\""),
        );
        return None;
    }
    Some(method)
}

fn headers(item: Item<'_>) -> Option<Vec<(String, String)>> {
    let mut headers: Vec<(String, String)> = Vec::new();
    let members = item.members("a table of headers", "write headers = { Accept = \"text/plain\" }");
    if members.len() > CHECK_HEADERS_MAX {
        let message = format!("expected at most {CHECK_HEADERS_MAX} headers, but found {}", members.len());
        item.report(item.fault(message).help("send only those that the endpoint needs"));
    }
    for (name, value) in members {
        let report = |message: String, help: &str| item.report(Diagnostic::error(name.span, message).help(help));
        let shown = name.value.escape_debug();
        let refused = REFUSED_HEADERS.iter().find(|(refused, _)| name.value.eq_ignore_ascii_case(refused));
        if let Some((_, help)) = refused {
            report(format!("the header \"{shown}\" can't be set here"), help);
        } else if name.value.is_empty() || !name.value.bytes().all(is_token) {
            report(format!("expected the name of a header, but found \"{shown}\""), "use letters, digits and \"-\"");
        } else if headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name.value)) {
            report(format!("the header \"{shown}\" is written twice"), "the case of letters makes no difference; remove one");
        }
        if let Some(value) = value.text_such_that("the value of a header", "write printable ASCII on one line", is_header_value) {
            headers.push((name.value.to_owned(), value.to_owned()));
        }
    }
    Some(headers)
}

/// RFC 9110 §5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// RFC 9110 §5.5, without the obsolete octets and without space at the ends.
fn is_header_value(text: &str) -> bool {
    text.trim() == text && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

fn expect(item: Item<'_>, method: &str) -> Option<Expect> {
    let table = item.table(&EXPECT)?;
    let body = table.read("body", |item| {
        let accept = |text: &str| (1..=EXPECT_BODY_LENGTH_MAX).contains(&text.len());
        let help = format!("write 1 to {EXPECT_BODY_LENGTH_MAX} octets that a good answer holds");
        item.text_such_that("a part of the body", &help, accept)
    });
    if method == "HEAD"
        && let Some(item) = table.get("body")
    {
        item.report(
            item.fault("an answer to \"HEAD\" has no body to look into").help("write method = \"GET\", or expect a status only"),
        );
    }
    let status = table.read("status", statuses).unwrap_or_else(|| Expect::default().status);
    Some(Expect { status, body: body.map(str::to_owned) })
}

fn statuses(item: Item<'_>) -> Option<Vec<(u16, u16)>> {
    let items = item.list();
    if items.is_empty() {
        item.report(
            item.fault("expected a status that passes, but found an empty list").help("leave \"status\" out for \"2xx\""),
        );
    }
    Some(items.into_iter().filter_map(status).collect())
}

/// `200` or `"2xx"`.
fn status(item: Item<'_>) -> Option<(u16, u16)> {
    const EXPECTED: &str = "a status such as 200 or \"2xx\"";
    const HELP: &str = "statuses go from 100 to 599, classes from \"1xx\" to \"5xx\"";
    let class = |text: &str| text.strip_suffix("xx")?.parse::<u16>().ok().map(|class| (class * 100, class * 100 + 99));
    let range = match (item.integer(), item.value.as_str()) {
        (Some(number), _) => u16::try_from(number).ok().map(|status| (status, status)),
        (None, Some(text)) => Some(text).filter(|text| text.len() == 3).and_then(class),
        (None, None) => {
            item.wrong_type(EXPECTED, HELP);
            return None;
        }
    };
    let range = range.filter(|(low, _)| (100..=599).contains(low));
    if range.is_none() {
        item.wrong_value(EXPECTED, HELP);
    }
    range
}
