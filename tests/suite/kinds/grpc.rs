//! A gRPC server over HTTP/2, with TLS and without: what it says of its health, what it says instead, and where it says nothing.

use std::io::Cursor;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use h2::server::{Builder, SendResponse};
use http_messages::{HeaderMap, HeaderValue, Request, Response};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use signpost::health::Cause;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::{LONG, SHORT, failed, outcome};
use crate::harness::endpoint::Authority;

/// A server whose answer depends on the service that it is asked for.
async fn serve(tls: Option<TlsAcceptor>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            match tls.clone() {
                None => drop(tokio::spawn(connection(stream))),
                Some(tls) => drop(tokio::spawn(async move {
                    if let Ok(stream) = tls.accept(stream).await {
                        connection(stream).await;
                    }
                })),
            }
        }
    });
    address
}

async fn connection(stream: impl AsyncRead + AsyncWrite + Unpin) {
    let Ok(mut connection) = Builder::new().handshake::<_, Cursor<Vec<u8>>>(stream).await else { return };
    while let Some(Ok((request, reply))) = connection.accept().await {
        tokio::spawn(answer(request, reply));
    }
}

async fn answer(request: Request<h2::RecvStream>, mut reply: SendResponse<Cursor<Vec<u8>>>) {
    assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/grpc.health.v1.Health/Check"));
    for (name, value) in [("content-type", "application/grpc"), ("te", "trailers")] {
        assert_eq!(request.headers()[name], value);
    }
    let mut message = Vec::new();
    let mut body = request.into_body();
    while let Some(piece) = body.data().await {
        message.extend_from_slice(&piece.unwrap());
    }
    // The frame's head, the key of field 1 and its length go before the service.
    let service = String::from_utf8_lossy(message.get(7..).unwrap_or_default()).into_owned();
    let head = |status: u16, kind: &str| Response::builder().status(status).header("content-type", kind);
    let ok = || head(200, "application/grpc+proto").body(()).unwrap();
    let code = |code: &'static str| HeaderMap::from_iter([("grpc-status".parse().unwrap(), HeaderValue::from_static(code))]);
    let health = |health: u8| Cursor::new(vec![0, 0, 0, 0, 2, 0x08, health]);
    match service.as_str() {
        "" | "well" => {
            let mut body = reply.send_response(ok(), false).unwrap();
            body.send_data(health(1), false).unwrap();
            body.send_trailers(code("0")).unwrap();
        }
        "sick" => drop(reply.send_response(ok(), false).unwrap().send_data(health(2), true)),
        // A message in pieces, and no end.
        "slow" => {
            let mut body = reply.send_response(ok(), false).unwrap();
            for octet in [0, 0, 0, 0, 2, 0x08, 1] {
                body.send_data(Cursor::new(vec![octet]), false).unwrap();
                tokio::task::yield_now().await;
            }
            std::future::pending::<()>().await;
        }
        "unknown" => {
            let head = head(200, "application/grpc").header("grpc-status", "5").body(()).unwrap();
            drop(reply.send_response(head, true));
        }
        "busy" => drop(reply.send_response(ok(), false).unwrap().send_trailers(code("14"))),
        "page" => drop(reply.send_response(head(200, "text/html").body(()).unwrap(), true)),
        "gone" => drop(reply.send_response(head(404, "text/html").body(()).unwrap(), true)),
        "huge" => {
            let mut body = reply.send_response(ok(), false).unwrap();
            body.send_data(Cursor::new(vec![0, 0xff, 0xff, 0xff, 0xff, 0x08]), false).unwrap();
            std::future::pending::<()>().await;
        }
        _ => std::future::pending::<()>().await,
    }
}

#[tokio::test]
async fn a_grpc_server_is_asked_for_its_health() {
    let server = serve(None).await;
    for (service, timeout, reason) in [
        ("", LONG, None),
        ("well", LONG, None),
        ("slow", LONG, None),
        ("sick", LONG, failed(Cause::Wrong, "health is NOT_SERVING, expected SERVING")),
        ("unknown", LONG, failed(Cause::Wrong, "endpoint does not know the service \"unknown\"")),
        ("busy", LONG, failed(Cause::Wrong, "gRPC status UNAVAILABLE")),
        ("page", LONG, failed(Cause::Wrong, "answer is not gRPC")),
        ("gone", LONG, failed(Cause::Wrong, "status 404, expected 200")),
        ("huge", LONG, failed(Cause::Wrong, "answer is no message of grpc.health.v1")),
        ("silent", SHORT, failed(Cause::Silent, "no answer within 300ms")),
    ] {
        let lines = format!("kind = 'grpc'\nport = {}\n{timeout}service = '{service}'", server.port());
        assert_eq!(outcome(&lines, server.ip()).await, reason, "{service}");
    }
}

#[tokio::test]
async fn a_grpc_server_over_tls_shows_its_certificate() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, authority.pem()).unwrap();
    let (certificate, key) = authority.certificate("www.example.com", SystemTime::now() + Duration::from_secs(5 * 86_400 - 600));
    let mut config = ServerConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
        )
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let server = serve(Some(TlsAcceptor::from(Arc::new(config)))).await;
    let wrong_name = "certificate is not valid for \"www.example.net\", but for \"www.example.com\"";
    for (host, certificate, reason) in [
        ("www.example.com", "", None),
        ("www.example.com", "certificate = { down = '6d' }", Some("certificate ends in 4 days, expected 6 days at least")),
        ("www.example.net", "", Some(wrong_name)),
    ] {
        let lines = format!(
            "kind = 'grpc'\ntls = true\nport = {}\n{LONG}host = '{host}'\nca = '{}'\n{certificate}",
            server.port(),
            ca.display()
        );
        assert_eq!(
            outcome(&lines, server.ip()).await,
            reason.and_then(|reason| failed(Cause::Wrong, reason)),
            "{host} {certificate}"
        );
    }
}
