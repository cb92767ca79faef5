//! Why a probe failed: in plain words for a tired person, and sorted by whose fault it may be.
//!
//! Errors come as chains of three or four crates' wrappers ("error sending request", "client error (Connect)", ...); what an
//! operator needs is at the end of the chain or hidden inside an `io::Error`.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::time::Duration;

use super::tls;
use crate::config::rcode_text;
use crate::health::Cause;
use crate::limits::PROBE_REASON_LENGTH_MAX;
use crate::wire::RrType;
use crate::zone::data_text;

/// Why a run failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Whose fault it may be.
    pub(super) cause: Cause,
    /// For an operator.
    pub(super) reason: String,
}

const IO_WORDS: &[(ErrorKind, Cause, &str)] = &[
    (ErrorKind::ConnectionRefused, Cause::Refused, "connection refused"),
    (ErrorKind::ConnectionReset, Cause::Refused, "connection reset by the endpoint"),
    (ErrorKind::ConnectionAborted, Cause::Refused, "connection broken off"),
    (ErrorKind::BrokenPipe, Cause::Refused, "connection closed by the endpoint too early"),
    (ErrorKind::UnexpectedEof, Cause::Refused, "connection closed by the endpoint too early"),
    (ErrorKind::HostUnreachable, Cause::Unreachable, "host unreachable"),
    (ErrorKind::NetworkUnreachable, Cause::Unreachable, "network unreachable"),
    (ErrorKind::NetworkDown, Cause::Unreachable, "network is down"),
    (ErrorKind::AddrNotAvailable, Cause::Ours, "source address is not on this machine, or its ports are used up"),
    (ErrorKind::PermissionDenied, Cause::Ours, "this machine does not permit the connection"),
    (ErrorKind::TimedOut, Cause::Silent, "no answer to the connection attempt"),
];

/// Linux's numbers for what has no kind of its own: this process or this machine lacks descriptors, buffers, memory or IPv6.
const OUR_ERRORS: [i32; 5] = [24, 23, 105, 12, 97];

/// What the HTTP library says, and what we say.
const HTTP_WORDS: &[(&str, Cause, &str)] = &[
    ("connection closed before message completed", Cause::Refused, "connection closed by the endpoint too early"),
    ("invalid HTTP version parsed", Cause::Wrong, "answer is not HTTP/1.1"),
    ("invalid HTTP status-code parsed", Cause::Wrong, "answer is not HTTP/1.1"),
    ("invalid HTTP header parsed", Cause::Wrong, "answer has a header that is not HTTP/1.1"),
    ("message head is too large", Cause::Wrong, "answer has too many headers"),
    ("end of file before message length reached", Cause::Refused, "connection closed by the endpoint before the body ended"),
];

impl Fault {
    /// An answer came, but not the one expected.
    pub(super) fn wrong(reason: String) -> Self {
        Self { cause: Cause::Wrong, reason }
    }
}

/// The cause that an operator can act on.
pub(super) fn of_error(error: &(dyn Error + 'static)) -> Fault {
    // What nobody foresaw was said by somebody: an answer, but not the one expected.
    known(error).unwrap_or_else(|| Fault::wrong(shortened(innermost(error).to_string())))
}

/// The cause in words alone.
pub fn plain(error: &(dyn Error + 'static)) -> String {
    of_error(error).reason
}

/// The deadline ran out before an answer.
pub(super) fn no_answer(timeout: Duration) -> Fault {
    Fault { cause: Cause::Silent, reason: format!("no answer within {timeout:?}") }
}

/// The endpoint answered with another status.
pub(super) fn status(found: u16, expected: &[(u16, u16)]) -> Fault {
    Fault::wrong(format!("status {found}, expected {}", statuses(expected)))
}

/// The body ended, or its searched part did.
pub(super) fn body(needle: &str, whole: bool, searched: usize) -> Fault {
    let place = if whole { String::new() } else { format!(" in its first {} KiB", searched >> 10) };
    Fault::wrong(format!("body does not hold {}{place}", quoted(needle)))
}

/// The deadline ran out within the body: somebody is there, but too slow.
pub(super) fn slow_body(needle: &str, timeout: Duration) -> Fault {
    Fault::wrong(format!("body does not hold {} within {timeout:?}", quoted(needle)))
}

/// The endpoint closed the connection without a word.
pub(super) fn closed() -> Fault {
    Fault { cause: Cause::Refused, reason: "connection closed by the endpoint too early".into() }
}

/// What came over a bare connection is not what was expected.
pub(super) fn answer(found: &[u8], expected: &[u8]) -> Fault {
    let [found, expected] = [found, expected].map(|octets| quoted(&octets.escape_ascii().to_string().replace("\\'", "'")));
    Fault::wrong(format!("answer is {found}, expected {expected} in it"))
}

/// A DNS answer has another response code.
pub(super) fn rcode(found: u16, expected: &[u16]) -> Fault {
    let expected = expected.iter().map(|&rcode| rcode_text(rcode)).collect();
    Fault::wrong(format!("answer is {}, expected {}", rcode_text(found), listed(expected)))
}

/// A DNS answer lacks a record.
pub(super) fn data(rtype: RrType, missing: &[u8], found: &[Vec<u8>]) -> Fault {
    let found: Vec<String> = found.iter().map(|data| data_text(rtype, data)).collect();
    let found = if found.is_empty() { format!("no {rtype}") } else { format!("{rtype} {}", found.join(", ")) };
    Fault::wrong(shortened(format!("answer has {found}, expected {}", data_text(rtype, missing))))
}

/// A gRPC server says how it is.
pub(super) fn health(word: Option<&str>) -> Fault {
    Fault::wrong(format!("health is {}, expected SERVING", word.unwrap_or("none of the known ones")))
}

/// A program ended without success.
pub(super) fn exit(how: &str, last_line: &str) -> Fault {
    let said = if last_line.is_empty() { String::new() } else { format!(": {}", printable(last_line)) };
    Fault::wrong(shortened(format!("command {how}{said}")))
}

/// A program wrote without end.
pub(super) fn flood(limit: usize) -> Fault {
    Fault::wrong(format!("command wrote more than {} KiB", limit >> 10))
}

/// What a terminal shows as it is: no control characters, which a program may have coloured its output with.
fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

fn known(error: &(dyn Error + 'static)) -> Option<Fault> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let fault = tls::reason(error).map(Fault::wrong).or_else(|| io_fault(error)).or_else(|| http_fault(error));
        if fault.is_some() {
            return fault;
        }
        cause = error.source();
    }
    None
}

fn io_fault(error: &(dyn Error + 'static)) -> Option<Fault> {
    let error = error.downcast_ref::<io::Error>()?;
    // The source of a wrapping `io::Error` is the source of what it wraps: what it wraps itself has to be asked for.
    let wrapped = error.get_ref().and_then(|inner| known(inner));
    let fault = |cause: Cause, words: &str| Fault { cause, reason: words.into() };
    let by_kind = || IO_WORDS.iter().find(|(kind, ..)| *kind == error.kind()).map(|(_, cause, words)| fault(*cause, words));
    let ours =
        || error.raw_os_error().filter(|number| OUR_ERRORS.contains(number)).map(|_| fault(Cause::Ours, &error.to_string()));
    wrapped.or_else(by_kind).or_else(ours)
}

fn http_fault(error: &(dyn Error + 'static)) -> Option<Fault> {
    let text = error.to_string();
    let known = HTTP_WORDS.iter().find(|(theirs, ..)| text == *theirs);
    known.map(|(_, cause, words)| Fault { cause: *cause, reason: (*words).into() })
}

fn innermost<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost
}

/// `2xx`, or `200, 204 or 301-303`.
fn statuses(ranges: &[(u16, u16)]) -> String {
    listed(ranges.iter().map(|&range| status_range(range)).collect())
}

/// `a, b or c`.
fn listed(words: Vec<String>) -> String {
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => "none".into(),
    }
}

fn status_range((first, last): (u16, u16)) -> String {
    if first == last {
        first.to_string()
    } else if first % 100 == 0 && last == first + 99 {
        format!("{}xx", first / 100)
    } else {
        format!("{first}-{last}")
    }
}

fn quoted(text: &str) -> String {
    shortened(format!("{text:?}"))
}

fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(PROBE_REASON_LENGTH_MAX) {
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    /// A wrapper as the HTTP libraries make them: says little, has a source.
    #[derive(Debug)]
    struct Wrapper<E>(E);

    impl<E> fmt::Display for Wrapper<E> {
        fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("error sending request")
        }
    }

    impl<E: Error + 'static> Error for Wrapper<E> {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn the_cause_is_found_in_the_chain() {
        let refused = || io::Error::from(ErrorKind::ConnectionRefused);
        let cases: [(Box<dyn Error>, Cause, &str); 6] = [
            (refused().into(), Cause::Refused, "connection refused"),
            (Wrapper(Wrapper(refused())).into(), Cause::Refused, "connection refused"),
            (io::Error::other(refused()).into(), Cause::Refused, "connection refused"),
            (
                Wrapper(io::Error::new(ErrorKind::UnexpectedEof, "tls handshake eof")).into(),
                Cause::Refused,
                "connection closed by the endpoint too early",
            ),
            (Wrapper(io::Error::other("invalid HTTP version parsed")).into(), Cause::Wrong, "answer is not HTTP/1.1"),
            (Wrapper(io::Error::other("something new")).into(), Cause::Wrong, "something new"),
        ];
        for (error, cause, words) in cases {
            assert_eq!(of_error(error.as_ref()), Fault { cause, reason: words.into() });
        }
    }

    #[test]
    fn what_the_kernel_says_is_put_plainly() {
        // Linux's numbers.
        for (number, cause, words) in [
            (24, Cause::Ours, "Too many open files (os error 24)"),
            (99, Cause::Ours, "source address is not on this machine, or its ports are used up"),
            (100, Cause::Unreachable, "network is down"),
            (101, Cause::Unreachable, "network unreachable"),
            (110, Cause::Silent, "no answer to the connection attempt"),
            (111, Cause::Refused, "connection refused"),
            (113, Cause::Unreachable, "host unreachable"),
        ] {
            assert_eq!(of_error(&io::Error::from_raw_os_error(number)), Fault { cause, reason: words.into() });
        }
    }

    #[test]
    fn statuses_read_as_they_were_written() {
        for (expected, words) in [
            (&[(200, 299)][..], "status 503, expected 2xx"),
            (&[(200, 200)], "status 503, expected 200"),
            (&[(200, 200), (204, 204), (301, 303)], "status 503, expected 200, 204 or 301-303"),
        ] {
            assert_eq!(status(503, expected).reason, words);
        }
    }

    #[test]
    fn bodies_are_told_apart() {
        assert_eq!(body("ok", true, 65536).reason, "body does not hold \"ok\"");
        assert_eq!(body("ok", false, 65536).reason, "body does not hold \"ok\" in its first 64 KiB");
        assert_eq!(slow_body("ok", Duration::from_secs(2)).reason, "body does not hold \"ok\" within 2s");
        assert_eq!(
            body(&"x".repeat(300), true, 0).reason.chars().count(),
            "body does not hold ".len() + PROBE_REASON_LENGTH_MAX + 1
        );
    }
}
