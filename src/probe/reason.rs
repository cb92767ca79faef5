//! Why a probe failed, in plain words for a tired person.
//!
//! Errors come as chains of three or four crates' wrappers ("error sending request", "client error (Connect)", ...); what an
//! operator needs is at the end of the chain or hidden inside an `io::Error`.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::time::Duration;

use super::tls;
use crate::limits::PROBE_REASON_LENGTH_MAX;

const IO_WORDS: &[(ErrorKind, &str)] = &[
    (ErrorKind::ConnectionRefused, "connection refused"),
    (ErrorKind::ConnectionReset, "connection reset by the endpoint"),
    (ErrorKind::ConnectionAborted, "connection broken off"),
    (ErrorKind::BrokenPipe, "connection closed by the endpoint too early"),
    (ErrorKind::UnexpectedEof, "connection closed by the endpoint too early"),
    (ErrorKind::HostUnreachable, "host unreachable"),
    (ErrorKind::NetworkUnreachable, "network unreachable"),
    (ErrorKind::AddrNotAvailable, "source address is not on this machine, or its ports are used up"),
    (ErrorKind::PermissionDenied, "this machine does not permit the connection"),
    (ErrorKind::TimedOut, "no answer to the connection attempt"),
];

/// What the HTTP library says, and what we say.
const HTTP_WORDS: &[(&str, &str)] = &[
    ("connection closed before message completed", "connection closed by the endpoint too early"),
    ("invalid HTTP version parsed", "answer is not HTTP/1.1"),
    ("invalid HTTP status-code parsed", "answer is not HTTP/1.1"),
    ("invalid HTTP header parsed", "answer has a header that is not HTTP/1.1"),
    ("message head is too large", "answer has too many headers"),
    ("end of file before message length reached", "connection closed by the endpoint before the body ended"),
];

/// The cause that an operator can act on.
pub(super) fn of_error(error: &(dyn Error + 'static)) -> String {
    known(error).unwrap_or_else(|| shortened(innermost(error).to_string()))
}

/// The deadline ran out before an answer.
pub(super) fn no_answer(timeout: Duration) -> String {
    format!("no answer within {timeout:?}")
}

/// The endpoint answered with another status.
pub(super) fn status(found: u16, expected: &[(u16, u16)]) -> String {
    format!("status {found}, expected {}", statuses(expected))
}

/// The body ended, or its searched part did.
pub(super) fn body(needle: &str, whole: bool, searched: usize) -> String {
    let place = if whole { String::new() } else { format!(" in its first {} KiB", searched >> 10) };
    format!("body does not hold {}{place}", quoted(needle))
}

/// The deadline ran out within the body.
pub(super) fn slow_body(needle: &str, timeout: Duration) -> String {
    format!("body does not hold {} within {timeout:?}", quoted(needle))
}

fn known(error: &(dyn Error + 'static)) -> Option<String> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(reason) = tls::reason(error).or_else(|| io_reason(error)).or_else(|| http_reason(error)) {
            return Some(reason);
        }
        cause = error.source();
    }
    None
}

fn io_reason(error: &(dyn Error + 'static)) -> Option<String> {
    let error = error.downcast_ref::<io::Error>()?;
    // The source of a wrapping `io::Error` is the source of what it wraps: what it wraps itself has to be asked for.
    let wrapped = error.get_ref().and_then(|inner| known(inner));
    wrapped.or_else(|| IO_WORDS.iter().find(|(kind, _)| *kind == error.kind()).map(|(_, words)| (*words).into()))
}

fn http_reason(error: &(dyn Error + 'static)) -> Option<String> {
    let text = error.to_string();
    HTTP_WORDS.iter().find(|(theirs, _)| text == *theirs).map(|(_, words)| (*words).into())
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
    let words: Vec<String> = ranges.iter().map(|&range| status_range(range)).collect();
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
        let cases: [(Box<dyn Error>, &str); 6] = [
            (refused().into(), "connection refused"),
            (Wrapper(Wrapper(refused())).into(), "connection refused"),
            (io::Error::other(refused()).into(), "connection refused"),
            (
                Wrapper(io::Error::new(ErrorKind::UnexpectedEof, "tls handshake eof")).into(),
                "connection closed by the endpoint too early",
            ),
            (Wrapper(io::Error::other("invalid HTTP version parsed")).into(), "answer is not HTTP/1.1"),
            (Wrapper(io::Error::other("something new")).into(), "something new"),
        ];
        for (error, words) in cases {
            assert_eq!(of_error(error.as_ref()), words);
        }
    }

    #[test]
    fn what_the_kernel_says_is_put_plainly() {
        // Linux's numbers.
        for (number, words) in [
            (99, "source address is not on this machine, or its ports are used up"),
            (101, "network unreachable"),
            (110, "no answer to the connection attempt"),
            (111, "connection refused"),
            (113, "host unreachable"),
        ] {
            assert_eq!(of_error(&io::Error::from_raw_os_error(number)), words);
        }
        assert_eq!(of_error(&io::Error::from_raw_os_error(24)), "Too many open files (os error 24)");
    }

    #[test]
    fn statuses_read_as_they_were_written() {
        for (expected, words) in [
            (&[(200, 299)][..], "status 503, expected 2xx"),
            (&[(200, 200)], "status 503, expected 200"),
            (&[(200, 200), (204, 204), (301, 303)], "status 503, expected 200, 204 or 301-303"),
        ] {
            assert_eq!(status(503, expected), words);
        }
    }

    #[test]
    fn bodies_are_told_apart() {
        assert_eq!(body("ok", true, 65536), "body does not hold \"ok\"");
        assert_eq!(body("ok", false, 65536), "body does not hold \"ok\" in its first 64 KiB");
        assert_eq!(slow_body("ok", Duration::from_secs(2)), "body does not hold \"ok\" within 2s");
        assert_eq!(body(&"x".repeat(300), true, 0).chars().count(), "body does not hold ".len() + PROBE_REASON_LENGTH_MAX + 1);
    }
}
