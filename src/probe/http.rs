//! One run of an http or https check: a fresh connection to the endpoint's own address, one request, no more of the answer than
//! the check asks for.
//!
//! The check's host is only a name to say (Host header and SNI), it is never looked up. No redirects, proxies, decompression,
//! retries or kept connections: the verdict is about this endpoint, now.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::{Duration, SystemTime};

use reqwest::header::{CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue};
use reqwest::tls::TlsInfo;
use reqwest::{Method, Request, Response, Url, redirect, retry};
use tokio::time::{Instant, timeout_at};

use super::reason::{self, Fault};
use super::search::{Found, Search};
use super::{USER_AGENT, connection, tls};
use crate::config::{CertificateLife, Check, HttpCheck, TlsCheck};
use crate::limits::PROBE_BODY_LENGTH_MAX;

/// What all runs of one check against one address have alike.
#[derive(Debug)]
pub(super) struct Client {
    client: reqwest::Client,
    method: Method,
    url: Url,
    headers: HeaderMap,
    expect_status: Vec<(u16, u16)>,
    expect_body: Option<String>,
    life: Option<CertificateLife>,
    timeout: Duration,
}

impl Client {
    /// Gets ready to probe; what stands in the way (a CA file, mostly) is the reason that every run would fail for.
    pub(super) async fn build(check: &Check, http: &HttpCheck, tls: Option<&TlsCheck>, address: IpAddr) -> Result<Self, String> {
        let endpoint = SocketAddr::new(address, check.port);
        let scheme = if tls.is_some() { "https" } else { "http" };
        let target = target(scheme, endpoint, http)?;
        let life = tls.and_then(|tls| tls.certificate);
        let tls = match tls {
            Some(tls) => tls::for_check(tls, &[b"http/1.1"]).await?,
            None => tls::for_plain_http()?,
        };
        let mut builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy()
            .referer(false)
            .http1_only()
            .pool_max_idle_per_host(0)
            .tcp_keepalive(None)
            .local_address(connection::source(check, address))
            .tls_info(life.is_some())
            .tls_backend_preconfigured(tls);
        if let Some(domain) = target.url.domain() {
            builder = builder.resolve(domain, endpoint);
        }
        Ok(Self {
            client: builder.build().map_err(|error| reason::of_error(&error).reason)?,
            method: Method::from_bytes(http.method.as_bytes()).map_err(|_| format!("{:?} is no HTTP method", http.method))?,
            url: target.url,
            headers: headers(target.host, &http.headers)?,
            expect_status: http.expect_status.clone(),
            expect_body: http.expect_body.clone(),
            life,
            timeout: check.timeout,
        })
    }

    /// One run, at an end by the deadline whatever the endpoint does; when the certificate ends if it matters, or the fault.
    pub(super) async fn run(&self) -> Result<Option<SystemTime>, Fault> {
        let deadline = Instant::now() + self.timeout;
        let mut request = Request::new(self.method.clone(), self.url.clone());
        *request.headers_mut() = self.headers.clone();
        let answer = timeout_at(deadline, self.client.execute(request)).await;
        let response = answer.map_err(|_| reason::no_answer(self.timeout))?.map_err(|error| reason::of_error(&error))?;
        let shown = response.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate);
        let end = self.life.zip(shown).and_then(|(life, shown)| tls::judge(shown, life)).transpose().map_err(Fault::wrong)?;
        let status = response.status().as_u16();
        if !self.expect_status.iter().any(|&(first, last)| (first..=last).contains(&status)) {
            return Err(reason::status(status, &self.expect_status));
        }
        let Some(needle) = &self.expect_body else { return Ok(end) };
        let searched = timeout_at(deadline, search(response, needle)).await;
        searched.unwrap_or_else(|_| Err(reason::slow_body(needle, self.timeout))).map(|()| end)
    }
}

struct Target {
    url: Url,
    /// Set where the URL does not say it.
    host: Option<HeaderValue>,
}

/// The URL leads to the endpoint in every case: a name is pinned to its address by the caller, an address is replaced by it.
fn target(scheme: &str, endpoint: SocketAddr, http: &HttpCheck) -> Result<Target, String> {
    let authority = match &http.host {
        None => endpoint.to_string(),
        Some(host) if host.parse::<Ipv6Addr>().is_ok() => format!("[{host}]:{}", endpoint.port()),
        Some(host) => format!("{host}:{}", endpoint.port()),
    };
    let text = format!("{scheme}://{authority}{}", http.path);
    let mut url = Url::parse(&text).map_err(|error| format!("\"{text}\" is no URL: {error}"))?;
    if http.host.is_none() || url.domain().is_some() {
        return Ok(Target { url, host: None });
    }
    let name = url.host_str().unwrap_or_default();
    let name = url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
    let host = HeaderValue::try_from(name).map_err(|_| format!("\"{text}\" has no usable host"))?;
    url.set_ip_host(endpoint.ip()).map_err(|()| format!("\"{text}\" can't lead to {endpoint}"))?;
    Ok(Target { url, host: Some(host) })
}

fn headers(host: Option<HeaderValue>, written: &[(String, String)]) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    // Each probe has a connection of its own, and it is good manners to say so.
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    headers.extend(host.map(|host| (HOST, host)));
    for (name, value) in written {
        let name = HeaderName::try_from(name).map_err(|_| format!("{name:?} is no HTTP header name"))?;
        let value = HeaderValue::try_from(value).map_err(|_| format!("{value:?} is no HTTP header value"))?;
        headers.insert(name, value);
    }
    Ok(headers)
}

/// Reads as far as the needle, to the limit at most.
async fn search(mut response: Response, needle: &str) -> Result<(), Fault> {
    let mut search = Search::new(needle.as_bytes());
    loop {
        let piece = response.chunk().await.map_err(|error| reason::of_error(&error))?;
        match search.take(piece.as_deref().unwrap_or_default()) {
            Found::Yes => return Ok(()),
            Found::NotYet if piece.is_some() => {}
            found @ (Found::NotYet | Found::Never) => {
                return Err(reason::body(needle, found == Found::NotYet, PROBE_BODY_LENGTH_MAX));
            }
        }
    }
}
