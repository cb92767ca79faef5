//! One delivery over HTTP: a POST of JSON that any 2xx confirms. No redirect is followed, no proxy asked, nothing of the answer's
//! body read, and no connection kept.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Client, redirect, retry};

use crate::probe::{USER_AGENT, client_tls, plain_reason};

/// Delivers, at an end by the timeout; why not, if it failed.
pub(super) async fn post(url: &str, json: String, timeout: Duration) -> Result<(), String> {
    let client = Client::builder()
        .user_agent(USER_AGENT)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .no_proxy()
        .referer(false)
        .http1_only()
        .pool_max_idle_per_host(0)
        .timeout(timeout)
        .tls_backend_preconfigured(client_tls().await?)
        .build()
        .map_err(|error| plain_reason(&error))?;
    let request = client.post(url).header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(json);
    let response = request
        .send()
        .await
        .map_err(|error| if error.is_timeout() { format!("no answer within {timeout:?}") } else { plain_reason(&error) })?;
    let status = response.status();
    if status.is_success() { Ok(()) } else { Err(format!("answered {}, expected 2xx", status.as_u16())) }
}
