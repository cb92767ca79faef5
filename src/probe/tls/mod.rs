//! How probes judge TLS: rustls on ring, the system's CAs and the check's own, and the words for what went wrong.
//!
//! The provider is named here, so nothing depends on a process-wide default. The system's CAs are read once. A file that can't
//! be read is a reason to fail the probe, never to stop.

mod certificate;

use std::error::Error as StdError;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio::sync::OnceCell;

use crate::config::TlsCheck;
use crate::limits::CA_FILE_LENGTH_MAX;

use certificate::ago;

pub(super) use certificate::{judge, warning};

/// The TLS side of a client that probes over plain HTTP: it never shakes hands, but the client wants one.
pub(super) fn for_plain_http() -> Result<ClientConfig, String> {
    configured(RootCertStore::empty().into(), true)
}

/// The TLS side of a check, for whoever speaks these protocols over it.
pub(super) async fn for_check(check: &TlsCheck, protocols: &[&[u8]]) -> Result<ClientConfig, String> {
    let roots = match &check.ca {
        _ if !check.verify => RootCertStore::empty().into(),
        None => system_roots().await,
        Some(path) => with_file(system_roots().await, path.as_path().into()).await?,
    };
    let mut config = configured(roots, check.verify)?;
    // A session that is kept shows no certificate: what expired, or was changed for a wrong one, would pass for as long as the
    // endpoint takes tickets. Each probe is to prove what a new client would meet.
    config.resumption = Resumption::disabled();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(config)
}

/// What a TLS fault means to an operator, if this is one.
pub(super) fn reason(error: &(dyn StdError + 'static)) -> Option<String> {
    let error = error.downcast_ref::<Error>()?;
    #[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum that may grow")]
    Some(match error {
        Error::InvalidCertificate(fault) => certificate_reason(fault),
        Error::InvalidMessage(_) => "endpoint does not speak TLS on this port".into(),
        Error::AlertReceived(alert) => format!("endpoint refused TLS with the alert {alert:?}"),
        Error::PeerIncompatible(what) => format!("endpoint speaks no TLS that we do: {what:?}"),
        Error::NoCertificatesPresented => "endpoint shows no certificate".into(),
        other => format!("TLS failed: {other}"),
    })
}

/// The TLS side of a client that trusts the system's CAs.
pub async fn for_webhook() -> Result<ClientConfig, String> {
    configured(system_roots().await, true)
}

fn certificate_reason(fault: &CertificateError) -> String {
    #[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum that may grow")]
    match fault {
        CertificateError::Expired => "certificate expired".into(),
        CertificateError::ExpiredContext { time, not_after } => {
            format!("certificate expired {}", ago(time.as_secs().saturating_sub(not_after.as_secs())))
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "certificate is not valid yet".into(),
        CertificateError::NotValidForNameContext { expected, presented } => {
            format!("certificate is not valid for \"{}\"{}", expected.to_str(), shown(presented))
        }
        CertificateError::UnknownIssuer => "certificate comes from a CA that is not trusted here".into(),
        CertificateError::BadSignature => "certificate is not signed by the trusted CA whose name it bears".into(),
        CertificateError::BadEncoding => "certificate is damaged".into(),
        // webpki's own errors come wrapped; this one is met often, where `openssl req -x509` made the endpoint's certificate.
        CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "certificate is that of a CA, which TLS forbids for an endpoint".into()
        }
        other => format!("certificate is refused: {other}"),
    }
}

/// The names of a certificate, as rustls tells them: `DnsName("www.example.com")`.
fn shown(presented: &[String]) -> String {
    let names: Vec<_> = presented.iter().filter_map(|name| name.split('"').nth(1)).take(3).collect();
    if names.is_empty() { String::new() } else { format!(", but for \"{}\"", names.join("\", \"")) }
}

fn configured(roots: Arc<RootCertStore>, verify: bool) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS can't be used: {error}"))?;
    Ok(if verify {
        builder.with_root_certificates(roots).with_no_client_auth()
    } else {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(Unverified(provider))).with_no_client_auth()
    })
}

async fn system_roots() -> Arc<RootCertStore> {
    static ROOTS: OnceCell<Arc<RootCertStore>> = OnceCell::const_new();
    let load =
        || async { tokio::task::spawn_blocking(load_system_roots).await.unwrap_or_else(|_| RootCertStore::empty().into()) };
    Arc::clone(ROOTS.get_or_init(load).await)
}

fn load_system_roots() -> Arc<RootCertStore> {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "a CA of the system can't be read");
    }
    let mut roots = RootCertStore::empty();
    // Systems carry CAs that are too odd for webpki; the others still count.
    let (added, ignored) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        tracing::warn!(ignored, "the system has no CAs; https checks need a \"ca\" or SSL_CERT_FILE");
    }
    roots.into()
}

async fn with_file(roots: Arc<RootCertStore>, path: Arc<Path>) -> Result<Arc<RootCertStore>, String> {
    let load = move || {
        let mut roots = Arc::unwrap_or_clone(roots);
        add_file(&mut roots, &path).map_err(|fault| format!("ca file \"{}\" {fault}", path.display()))?;
        Ok(roots.into())
    };
    tokio::task::spawn_blocking(load).await.unwrap_or_else(|_| Err("ca file was not read: signpost is shutting down".into()))
}

fn add_file(roots: &mut RootCertStore, path: &Path) -> Result<(), String> {
    let cannot_read = |error: std::io::Error| format!("can't be read: {}", error.kind());
    // Opening a FIFO would wait for whoever writes it, and so hold up the end of the process as well.
    if !std::fs::metadata(path).map_err(cannot_read)?.is_file() {
        return Err("is not a regular file".into());
    }
    let mut text = Vec::new();
    File::open(path).and_then(|file| file.take(CA_FILE_LENGTH_MAX + 1).read_to_end(&mut text)).map_err(cannot_read)?;
    if text.len() as u64 > CA_FILE_LENGTH_MAX {
        return Err(format!("is longer than {CA_FILE_LENGTH_MAX} octets"));
    }
    let mut count = 0;
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| format!("is no PEM file: {error}"))?;
        roots.add(certificate).map_err(|error| format!("holds a certificate that can't be used as a CA: {error}"))?;
        count += 1;
    }
    if count == 0 { Err("holds no certificate in PEM form".into()) } else { Ok(()) }
}

/// Accepts any certificate, for `verify = false`.
///
/// The operator asked whether the endpoint answers, not who it is: a probe sends nothing secret and believes nothing but a
/// status, so a self-signed, expired or strange certificate need not take the endpoint down.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests;
