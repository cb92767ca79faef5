//! What is made once for all runs of a check against an address, one variant a kind, and a run of it.
//! What a run says and expects is in the file of its kind; when one is due is for `job.rs`.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::time::Instant;

use super::handshake::Handshake;
use super::reason::Fault;
use super::{command, dns, grpc, http, icmp, tcp, tls};
use crate::config::{Check, CheckKind, CommandCheck, TcpCheck};
use crate::health::{Cause, Outcome};

#[derive(Debug)]
pub(super) enum Client {
    Tcp(TcpCheck),
    Tls(Box<Handshake>),
    Http(Box<http::Client>),
    Icmp,
    Dns(Box<dns::Client>),
    Grpc(Box<grpc::Client>),
    Command(CommandCheck),
    /// It could not be made, and this is why every run fails.
    Unbuilt(Arc<str>),
}

impl Client {
    pub(super) async fn build(check: &Check, address: IpAddr) -> Self {
        let built = match &check.kind {
            CheckKind::Tcp(tcp) => Ok(Self::Tcp(tcp.clone())),
            CheckKind::Tls(host, tls) => {
                Handshake::build(tls, host.as_deref(), address, &[]).await.map(|handshake| Self::Tls(handshake.into()))
            }
            CheckKind::Http(http) => http::Client::build(check, http, None, address).await.map(Self::http),
            CheckKind::Https(http, tls) => http::Client::build(check, http, Some(tls), address).await.map(Self::http),
            CheckKind::Icmp => Ok(Self::Icmp),
            CheckKind::Dns(dns) => dns::Client::build(dns).map(|client| Self::Dns(client.into())),
            CheckKind::Grpc(grpc, tls) => {
                grpc::Client::build(check, grpc, tls.as_ref(), address).await.map(|client| Self::Grpc(client.into()))
            }
            CheckKind::Command(command) => Ok(Self::Command(command.clone())),
        };
        built.unwrap_or_else(|reason| Self::Unbuilt(reason.into()))
    }

    fn http(client: http::Client) -> Self {
        Self::Http(client.into())
    }

    pub(super) async fn run(&self, check: &Check, address: IpAddr) -> Outcome {
        // A program waits for its place before its time begins.
        let place = if self.shares_places() { None } else { command::place().await };
        let begun = Instant::now();
        let result = match self {
            Self::Tcp(tcp) => tcp::run(check, tcp, address).await.map(|()| None),
            // A task is as large as the largest thing that it may wait for, and ten thousand tcp probes wait for little.
            Self::Tls(handshake) => Box::pin(handshake.run(check, address)).await,
            Self::Http(client) => Box::pin(client.run()).await,
            Self::Icmp => Box::pin(icmp::run(check, address)).await.map(|()| None),
            Self::Dns(client) => Box::pin(client.run(check, address)).await.map(|()| None),
            Self::Grpc(client) => Box::pin(client.run(check, address)).await,
            Self::Command(command) => Box::pin(command::run(check, command, address, place)).await.map(|()| None),
            Self::Unbuilt(reason) => return Outcome::fail(Cause::Ours, Arc::clone(reason)),
        };
        match result {
            Ok(certificate_ends) => {
                let latency = begun.elapsed();
                let life = check.kind.tls().and_then(|tls| tls.certificate);
                let certificate_warning =
                    certificate_ends.zip(life).and_then(|(end, life)| tls::warning(end, life)).map(Into::into);
                Outcome::Pass { latency, certificate_ends, certificate_warning }
            }
            Err(Fault { cause, reason }) => Outcome::fail(cause, reason),
        }
    }

    /// Whether a run takes one of the places that probes share: programs have places of their own, so that those that hang
    /// keep nobody else from probing.
    pub(super) fn shares_places(&self) -> bool {
        !matches!(self, Self::Command(_))
    }
}
