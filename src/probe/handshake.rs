//! A TLS handshake over a connection that stands: one run of a tls check, and the beginning of one over gRPC.
//! Who is trusted, and how long, is said in `tls`.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::reason::{self, Fault};
use super::{connection, tls};
use crate::config::{CertificateLife, Check, TlsCheck};

/// What all handshakes of one check have alike.
#[derive(Debug)]
pub(super) struct Handshake {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    life: Option<CertificateLife>,
}

impl Handshake {
    /// Gets ready to shake hands with who calls itself `host`, or with the address.
    pub(super) async fn build(
        check: &TlsCheck,
        host: Option<&str>,
        address: IpAddr,
        protocols: &[&[u8]],
    ) -> Result<Self, String> {
        let config = tls::for_check(check, protocols).await?.into();
        let name = match host {
            Some(host) => ServerName::try_from(host.to_owned()).map_err(|_| format!("{host:?} is no name for TLS"))?,
            None => address.into(),
        };
        Ok(Self { config, name, life: check.certificate })
    }

    /// Shakes hands; the stream, and when the certificate ends if it matters.
    pub(super) async fn shake(&self, connection: TcpStream) -> Result<(TlsStream<TcpStream>, Option<SystemTime>), Fault> {
        let connector = TlsConnector::from(Arc::clone(&self.config));
        let stream = connector.connect(self.name.clone(), connection).await.map_err(|error| reason::of_error(&error))?;
        let (_, session) = stream.get_ref();
        let leaf = session.peer_certificates().and_then(|chain| chain.first());
        let end = self.life.zip(leaf).and_then(|(life, leaf)| tls::judge(leaf, life)).transpose().map_err(Fault::wrong)?;
        Ok((stream, end))
    }

    /// One run of a tls check, at an end by the deadline; when the certificate ends if it matters, or the fault.
    pub(super) async fn run(&self, check: &Check, address: IpAddr) -> Result<Option<SystemTime>, Fault> {
        let shaken = async {
            let connection = connection::tcp(check, address).await.map_err(|error| reason::of_error(&error))?;
            let (mut stream, end) = self.shake(connection).await?;
            // A good-bye is for the endpoint's log; whether it arrives is not what was asked.
            let _ = stream.shutdown().await;
            Ok(end)
        };
        timeout(check.timeout, shaken).await.map_err(|_| reason::no_answer(check.timeout))?
    }
}
