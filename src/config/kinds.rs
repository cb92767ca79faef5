//! The kinds of check: what a probe of each says to the endpoint, and what it expects.
//! How they are written is read in `check.rs` and the files of the kinds, how they run is in `probe`.

use std::path::PathBuf;
use std::time::Duration;

use super::{Check, Host};
use crate::wire::{Name, RrType};

/// The kinds of check.
#[derive(Clone, Debug, PartialEq)]
pub enum CheckKind {
    /// A TCP connection, and what is said over it.
    Tcp(TcpCheck),
    /// A TLS handshake: chain, name and end of the certificate.
    Tls(Option<Host>, TlsCheck),
    /// A request over plain HTTP.
    Http(HttpCheck),
    /// A request over TLS.
    Https(HttpCheck, TlsCheck),
    /// An ICMP echo.
    Icmp,
    /// A query over UDP, and over TCP where the answer is truncated.
    Dns(DnsCheck),
    /// `grpc.health.v1.Health/Check`, over TLS or without.
    Grpc(GrpcCheck, Option<TlsCheck>),
    /// A program of the operator's own.
    Command(CommandCheck),
}

/// What a TCP probe says and expects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TcpCheck {
    /// Octets that are sent; none where nothing is said.
    pub send: Vec<u8>,
    /// Octets that the answer must hold.
    pub expect: Option<Vec<u8>>,
}

/// What an HTTP(S) probe sends and expects.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpCheck {
    /// Host header and SNI; the endpoint's own address if unset.
    pub host: Option<Host>,
    /// Path and query, beginning with `/`.
    pub path: String,
    /// The method, upper case.
    pub method: String,
    /// Headers beside Host.
    pub headers: Vec<(String, String)>,
    /// Statuses that pass, as inclusive ranges.
    pub expect_status: Vec<(u16, u16)>,
    /// Bytes that the body must hold.
    pub expect_body: Option<String>,
}

/// How TLS is judged.
#[derive(Clone, Debug, PartialEq)]
pub struct TlsCheck {
    /// Whether chain and name must hold.
    pub verify: bool,
    /// A PEM file of CAs that count beside the system's.
    pub ca: Option<PathBuf>,
    /// How much life the endpoint's certificate must have left; nothing if nobody cares.
    pub certificate: Option<CertificateLife>,
}

/// How much life a certificate must have left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateLife {
    /// Below this there is an alarm.
    pub warn: Duration,
    /// Below this the probe fails.
    pub down: Duration,
}

/// What a DNS probe asks and expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsCheck {
    /// The name asked for.
    pub name: Name,
    /// The type asked for.
    pub rtype: RrType,
    /// Response codes that pass.
    pub expect_rcode: Vec<u16>,
    /// Data that records of the type must have in the answer, all of it: uncompressed, names in lower case.
    pub expect_data: Vec<Vec<u8>>,
}

/// What a gRPC probe asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrpcCheck {
    /// The authority, and the name for TLS; the endpoint's own address if unset.
    pub host: Option<Host>,
    /// The service whose health is asked for; the whole server if empty.
    pub service: String,
}

/// Which program probes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandCheck {
    /// The program's file.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
}

impl CheckKind {
    /// As the configuration calls it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Tcp(_) => "tcp",
            Self::Tls(..) => "tls",
            Self::Http(_) => "http",
            Self::Https(..) => "https",
            Self::Icmp => "icmp",
            Self::Dns(_) => "dns",
            Self::Grpc(..) => "grpc",
            Self::Command(_) => "command",
        }
    }

    /// How TLS is judged, where it is spoken.
    pub fn tls(&self) -> Option<&TlsCheck> {
        match self {
            Self::Tls(_, tls) | Self::Https(_, tls) | Self::Grpc(_, Some(tls)) => Some(tls),
            Self::Tcp(_) | Self::Http(_) | Self::Icmp | Self::Dns(_) | Self::Grpc(_, None) | Self::Command(_) => None,
        }
    }
}

impl Check {
    /// The host that it asks for, if it asks for one.
    pub fn host(&self) -> Option<&Host> {
        match &self.kind {
            CheckKind::Http(http) | CheckKind::Https(http, _) => http.host.as_ref(),
            CheckKind::Tls(host, _) => host.as_ref(),
            CheckKind::Grpc(grpc, _) => grpc.host.as_ref(),
            CheckKind::Tcp(_) | CheckKind::Icmp | CheckKind::Dns(_) | CheckKind::Command(_) => None,
        }
    }

    /// The same check, asking for this host where it asks for one.
    #[must_use]
    pub fn with_host(mut self, host: Host) -> Self {
        match &mut self.kind {
            CheckKind::Http(http) | CheckKind::Https(http, _) => http.host = Some(host),
            CheckKind::Tls(asked, _) => *asked = Some(host),
            CheckKind::Grpc(grpc, _) => grpc.host = Some(host),
            CheckKind::Tcp(_) | CheckKind::Icmp | CheckKind::Dns(_) | CheckKind::Command(_) => {}
        }
        self
    }
}
