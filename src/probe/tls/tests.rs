//! Real TLS endpoints on loopback: a good one, and each way of being wrong that an operator meets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::*;
use crate::config::{Check, CheckKind, HttpCheck};
use crate::health::{Outcome, ProbeKey};
use crate::probe::tests::{check, http, reason_of};
use crate::probe::{Job, Prober, probe_once};

const NAME: &str = "www.example.com";
const TIMEOUT: Duration = Duration::from_secs(20);

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// An endpoint whose certificate is for these names, signed by the authority.
fn endpoint(authority: &CertifiedIssuer<'_, KeyPair>, names: &[&str], change: fn(&mut CertificateParams)) -> SocketAddr {
    let mut params = CertificateParams::new(names.iter().map(|&name| name.into()).collect::<Vec<String>>()).unwrap();
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    serve(certificate.der().clone(), key)
}

fn serve(certificate: CertificateDer<'static>, key: KeyPair) -> SocketAddr {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let tls = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(tls, connection.unwrap());
            // A refused handshake ends here; a good one brings the request in one read.
            if stream.read(&mut [0; 4096]).is_ok() {
                let asked = stream.conn.server_name().unwrap_or("nobody").to_owned();
                let _ = write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{asked}", asked.len());
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    address
}

fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

async fn probe(endpoint: SocketAddr, host: Option<&str>, tls: TlsCheck) -> Option<String> {
    let http = HttpCheck { host: host.map(Into::into), expect_body: host.map(Into::into), ..http() };
    reason_of(probe_once(&check(CheckKind::Https(http, tls), endpoint.port(), TIMEOUT), endpoint.ip()).await)
}

#[tokio::test]
async fn a_certificate_is_judged() {
    let authority = authority("Our CA");
    let (_folder, path) = file(&authority.pem());
    let trusting = TlsCheck { verify: true, ca: Some(path), certificate: None };
    let good = endpoint(&authority, &[NAME], |_| ());
    let expired = endpoint(&authority, &[NAME], |params| params.not_after = date_time_ymd(2020, 1, 1));
    let future = endpoint(&authority, &[NAME], |params| params.not_before = date_time_ymd(3000, 1, 1));
    let other_name = endpoint(&authority, &["shop.example.com"], |_| ());
    let by_address = endpoint(&authority, &["127.0.0.1"], |_| ());
    let by_a_stranger = endpoint(&self::authority("Another CA"), &[NAME], |_| ());
    let by_a_namesake = endpoint(&self::authority("Our CA"), &[NAME], |_| ());
    let of_a_ca = endpoint(&authority, &[NAME], |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let wrong_name = "certificate is not valid for \"www.example.com\", but for \"shop.example.com\"";
    for (endpoint, host, reason) in [
        (good, Some(NAME), None),
        (by_address, None, None),
        (future, Some(NAME), Some("certificate is not valid yet")),
        (other_name, Some(NAME), Some(wrong_name)),
        (by_a_stranger, Some(NAME), Some("certificate comes from a CA that is not trusted here")),
        (by_a_namesake, Some(NAME), Some("certificate is not signed by the trusted CA whose name it bears")),
        (of_a_ca, Some(NAME), Some("certificate is that of a CA, which TLS forbids for an endpoint")),
    ] {
        assert_eq!(probe(endpoint, host, trusting.clone()).await.as_deref(), reason);
    }
    let reason = probe(expired, Some(NAME), trusting).await.unwrap();
    assert!(reason.starts_with("certificate expired ") && reason.ends_with(" days ago"), "{reason}");
    // Whoever does not verify takes them all, still by the name that is asked for.
    for endpoint in [good, expired, future, other_name, by_a_stranger, of_a_ca] {
        assert_eq!(probe(endpoint, Some(NAME), TlsCheck { verify: false, ca: None, certificate: None }).await, None);
    }
    let only_the_system = TlsCheck { verify: true, ca: None, certificate: None };
    let untrusted = "certificate comes from a CA that is not trusted here";
    assert_eq!(probe(good, Some(NAME), only_the_system).await.as_deref(), Some(untrusted));
}

#[tokio::test]
async fn a_bad_ca_file_is_a_reason_not_a_crash() {
    let (_empty_folder, empty) = file("# nothing here\n");
    let (_damaged_folder, damaged) = file("-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n");
    let (_odd_folder, odd) = file("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    for (path, reason) in [
        (PathBuf::from("/no/such/ca.pem"), "can't be read: entity not found"),
        (PathBuf::from("/"), "is not a regular file"),
        (PathBuf::from("/dev/zero"), "is not a regular file"),
        (empty, "holds no certificate in PEM form"),
        (damaged, "is no PEM file: "),
        (odd, "holds a certificate that can't be used as a CA: "),
    ] {
        let found =
            probe(([127, 0, 0, 1], 9).into(), None, TlsCheck { verify: true, ca: Some(path.clone()), certificate: None }).await;
        let expected = format!("ca file \"{}\" {reason}", path.display());
        assert!(found.as_ref().is_some_and(|found| found.starts_with(&expected)), "{found:?}, expected {expected}");
    }
}

#[tokio::test]
async fn a_mended_ca_file_is_noticed_without_a_reload() {
    let authority = authority("Our CA");
    let (_folder, path) = file("# to be written\n");
    let endpoint = endpoint(&authority, &[NAME], |_| ());
    let tls = TlsCheck { verify: true, ca: Some(path.clone()), certificate: None };
    let http = HttpCheck { host: Some(NAME.into()), ..http() };
    let check = Check { interval: Duration::from_millis(50), ..check(CheckKind::Https(http, tls), endpoint.port(), TIMEOUT) };
    let (reports, mut receiver) = mpsc::channel(1);
    let mut prober = Prober::new(reports, Instant::now(), 7, 512);
    let key = ProbeKey { check: "web".into(), address: endpoint.ip(), port: endpoint.port(), name: None };
    prober.replan(vec![Job { key, check: check.into() }]);
    assert!(matches!(receiver.recv().await.unwrap().outcome, Outcome::Fail { .. }));
    std::fs::write(&path, authority.pem()).unwrap();
    let mended = async { while matches!(receiver.recv().await.unwrap().outcome, Outcome::Fail { .. }) {} };
    tokio::time::timeout(TIMEOUT, mended).await.expect("the file is not read again");
}

#[tokio::test]
async fn an_endpoint_without_tls_is_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let _ = connection.read(&mut [0; 4096]);
        let _ = connection.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let reason = probe(address, Some(NAME), TlsCheck { verify: true, ca: None, certificate: None }).await;
    assert_eq!(reason.as_deref(), Some("endpoint does not speak TLS on this port"));
}

#[test]
fn the_age_of_an_expired_certificate_is_told_in_days() {
    for (seconds, words) in [(5, "today"), (100_000, "1 day ago"), (864_000, "10 days ago")] {
        assert_eq!(ago(seconds), words);
    }
}
