//! One run of a grpc check: `grpc.health.v1.Health/Check` over HTTP/2, on a fresh connection to the endpoint's own address.
//!
//! One call of a protocol with two messages of one field each needs no stub generator: the frame (five octets) and the fields
//! are written and read here. The connection lives inside the run, so nothing of it outlasts the deadline.

use std::io::Cursor;
use std::net::IpAddr;
use std::pin::pin;
use std::time::SystemTime;

use h2::RecvStream;
use h2::client::{Builder, SendRequest};
use http_messages::{HeaderMap, HeaderValue, Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::connection;
use super::handshake::Handshake;
use super::reason::{self, Fault};
use crate::config::{Check, GrpcCheck, TlsCheck};
use crate::limits::{PROBE_GRPC_MESSAGE_LENGTH_MAX, PROBE_HEADERS_LENGTH_MAX};

const PATH: &str = "/grpc.health.v1.Health/Check";
/// Octets before each message: whether it is compressed, and its length.
const FRAME_HEAD_LENGTH: usize = 5;
/// `HealthCheckResponse.ServingStatus`.
const SERVING: u64 = 1;
const HEALTHS: [&str; 4] = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];
/// Codes of `grpc-status` by number.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];
const OK: usize = 0;
const NOT_FOUND: usize = 5;
const UNIMPLEMENTED: usize = 12;

/// What all runs of one check against one address have alike.
#[derive(Debug)]
pub(super) struct Client {
    handshake: Option<Handshake>,
    request: Request<()>,
    frame: Vec<u8>,
    service: String,
}

impl Client {
    /// Gets ready to ask.
    pub(super) async fn build(check: &Check, grpc: &GrpcCheck, tls: Option<&TlsCheck>, address: IpAddr) -> Result<Self, String> {
        let (scheme, usual_port) = if tls.is_some() { ("https", 443) } else { ("http", 80) };
        let host = grpc.host.as_ref().map_or_else(
            || match address {
                IpAddr::V4(address) => address.to_string(),
                IpAddr::V6(address) => format!("[{address}]"),
            },
            ToString::to_string,
        );
        let port = if check.port == usual_port { String::new() } else { format!(":{}", check.port) };
        let request = Request::post(format!("{scheme}://{host}{port}{PATH}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("user-agent", super::USER_AGENT)
            .header("grpc-timeout", format!("{}m", check.timeout.as_millis().clamp(1, 99_999_999)))
            .body(())
            .map_err(|error| format!("{host:?} can't be asked: {error}"))?;
        let handshake = match tls {
            Some(tls) => Some(Handshake::build(tls, grpc.host.as_deref(), address, &[b"h2"]).await?),
            None => None,
        };
        Ok(Self { handshake, request, frame: frame(&grpc.service), service: grpc.service.clone() })
    }

    /// One run, at an end by the deadline; when the certificate ends if there is one, or the fault.
    pub(super) async fn run(&self, check: &Check, address: IpAddr) -> Result<Option<SystemTime>, Fault> {
        let run = async {
            let connection = connection::tcp(check, address).await.map_err(|error| reason::of_error(&error))?;
            match &self.handshake {
                None => self.talk(connection).await.map(|()| None),
                Some(handshake) => {
                    let (stream, end) = handshake.shake(connection).await?;
                    self.talk(stream).await.map(|()| end)
                }
            }
        };
        timeout(check.timeout, run).await.map_err(|_| reason::no_answer(check.timeout))?
    }

    async fn talk(&self, stream: impl AsyncRead + AsyncWrite + Unpin) -> Result<(), Fault> {
        let mut builder = Builder::new();
        builder.enable_push(false).max_header_list_size(PROBE_HEADERS_LENGTH_MAX);
        let (sender, connection) = builder.handshake(stream).await.map_err(fault)?;
        let mut exchange = pin!(self.exchange(sender));
        let ended = tokio::select! {
            biased;
            result = &mut exchange => return result,
            ended = connection => ended,
        };
        // What came before the end counts; if that is no answer, the end says why.
        exchange.await.map_err(|found| ended.err().map_or(found, fault))
    }

    async fn exchange(&self, sender: SendRequest<Cursor<Vec<u8>>>) -> Result<(), Fault> {
        let mut sender = sender.ready().await.map_err(fault)?;
        let (response, mut body) = sender.send_request(self.request.clone(), false).map_err(fault)?;
        body.send_data(Cursor::new(self.frame.clone()), true).map_err(fault)?;
        self.judge(response.await.map_err(fault)?).await
    }

    async fn judge(&self, response: Response<RecvStream>) -> Result<(), Fault> {
        let status = response.status().as_u16();
        if status != 200 {
            return Err(reason::status(status, &[(200, 200)]));
        }
        let kind = response.headers().get("content-type").map(HeaderValue::as_bytes).unwrap_or_default();
        if !kind.starts_with(b"application/grpc") {
            return Err(Fault::wrong("answer is not gRPC".into()));
        }
        self.judge_code(response.headers())?;
        let mut body = response.into_body();
        if let Some(message) = message(&mut body).await? {
            return match health(&message) {
                Some(SERVING) => Ok(()),
                Some(health) => Err(reason::health(usize::try_from(health).ok().and_then(|health| HEALTHS.get(health).copied()))),
                None => Err(Fault::wrong("answer is no message of grpc.health.v1".into())),
            };
        }
        let trailers = body.trailers().await.map_err(fault)?.unwrap_or_default();
        self.judge_code(&trailers)?;
        Err(Fault::wrong("answer has no message".into()))
    }

    /// What `grpc-status` says, if anything: without a message there is one, in the trailers or in their stead.
    fn judge_code(&self, headers: &HeaderMap) -> Result<(), Fault> {
        let Some(code) = headers.get("grpc-status") else { return Ok(()) };
        let code: Option<usize> = code.to_str().ok().and_then(|code| code.parse().ok());
        match code {
            Some(OK) => Ok(()),
            Some(NOT_FOUND) => Err(Fault::wrong(format!("endpoint does not know the service {:?}", self.service))),
            Some(UNIMPLEMENTED) => Err(Fault::wrong("endpoint has no grpc.health.v1.Health".into())),
            code => {
                let word = code.and_then(|code| CODES.get(code)).unwrap_or(&"beyond the known ones");
                Err(Fault::wrong(format!("gRPC status {word}")))
            }
        }
    }
}

/// The first message, as soon as it is whole; nothing if there is none.
async fn message(body: &mut RecvStream) -> Result<Option<Vec<u8>>, Fault> {
    let mut octets = Vec::new();
    loop {
        if let Some((head, message)) = octets.split_first_chunk::<FRAME_HEAD_LENGTH>() {
            let [compressed, length @ ..] = *head;
            let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
            if compressed != 0 || length > PROBE_GRPC_MESSAGE_LENGTH_MAX {
                return Err(Fault::wrong("answer is no message of grpc.health.v1".into()));
            }
            if let Some(message) = message.get(..length) {
                return Ok(Some(message.to_vec()));
            }
        }
        let Some(piece) = body.data().await else { return Ok(None) };
        let piece = piece.map_err(fault)?;
        octets.extend(piece.iter().take(FRAME_HEAD_LENGTH + PROBE_GRPC_MESSAGE_LENGTH_MAX));
        body.flow_control().release_capacity(piece.len()).map_err(fault)?;
    }
}

/// `HealthCheckRequest` in its frame.
fn frame(service: &str) -> Vec<u8> {
    let mut message = Vec::new();
    if !service.is_empty() {
        // Field 1, of a length that is written in groups of seven bits.
        message.push(0x0a);
        let mut rest = service.len();
        while rest >= 0x80 {
            message.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        message.push(rest as u8);
        message.extend_from_slice(service.as_bytes());
    }
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    [&[0], &length.to_be_bytes()[..], &message].concat()
}

/// Field 1 of `HealthCheckResponse`, 0 where it is left out; nothing if this is no such message.
fn health(mut message: &[u8]) -> Option<u64> {
    let mut health = 0;
    while !message.is_empty() {
        let key = varint(&mut message)?;
        let skipped = match key & 7 {
            0 => {
                let value = varint(&mut message)?;
                if key >> 3 == 1 {
                    health = value;
                }
                0
            }
            1 => 8,
            2 => usize::try_from(varint(&mut message)?).ok()?,
            5 => 4,
            _ => return None,
        };
        message = message.get(skipped..)?;
    }
    Some(health)
}

/// Seven bits an octet, the lowest first; ten octets at most.
fn varint(octets: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&octet, rest) = octets.split_first()?;
        *octets = rest;
        value |= u64::from(octet & 0x7f).checked_shl(shift)?;
        if octet & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn fault(error: h2::Error) -> Fault {
    if error.is_io() {
        return error.get_io().map_or_else(reason::closed, |io| reason::of_error(io));
    }
    // What the library finds fault with by itself is no HTTP/2; a code that came from there is theirs.
    match error.reason() {
        Some(code) if error.is_remote() => Fault::wrong(format!("endpoint broke off HTTP/2: {}", code.description())),
        Some(_) if error.is_go_away() => Fault::wrong("endpoint does not speak HTTP/2 on this port".into()),
        _ => reason::of_error(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_framed() {
        assert_eq!(frame(""), [0, 0, 0, 0, 0]);
        assert_eq!(frame("ab"), [0, 0, 0, 0, 4, 0x0a, 2, b'a', b'b']);
        assert_eq!(frame(&"x".repeat(300))[..8], [0, 0, 0, 1, 47, 0x0a, 0xac, 0x02]);
    }

    #[test]
    fn answers_are_read_and_what_is_none_is_refused() {
        for (message, expected) in [
            (&[][..], Some(0)),
            (&[0x08, 0x01], Some(1)),
            (&[0x12, 2, 9, 9, 0x08, 0x02], Some(2)),
            (&[0x08, 0x80, 0x01], Some(128)),
            (&[0x15, 1, 2, 3, 4, 0x08, 0x01], Some(1)),
            (&[0x08], None),
            (&[0x12, 200, 1], None),
            (&[0x0b], None),
            (&[0xff; 20], None),
        ] {
            assert_eq!(health(message), expected, "{message:?}");
        }
    }
}
