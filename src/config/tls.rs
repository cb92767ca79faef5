//! How a check judges TLS: `verify`, `ca`, `certificate`.
//!
//! Certificates of 45 days are renewed when 15 are left, so the usual warning comes at 14: later than every renewal in time,
//! and long before the end.

use std::time::Duration;

use super::keys::CERTIFICATE;
use super::table::{Item, Table};
use super::{CertificateLife, TlsCheck, value};
use crate::diagnostic::Diagnostic;
use crate::limits::CERTIFICATE_LIFE_MAX;

const WARN: Duration = Duration::from_secs(14 * 86_400);

/// Reads the TLS keys of a check.
pub(super) fn read(table: &Table<'_>) -> TlsCheck {
    let verify = table.read("verify", Item::boolean).unwrap_or(true);
    let ca = table.read("ca", Item::path);
    if !verify && ca.is_some() {
        let warning = Diagnostic::warning(table.key_span("ca"), "\"ca\" has no effect while \"verify\" is false");
        table.report(warning.help("remove one of the two"));
    }
    // Few certificates name an address; those that do are mostly signed by a CA of one's own.
    if verify && table.lacks("ca") && table.lacks("host") {
        let message = format!("{} verifies certificates, but has no \"host\" that they must name", table.subject());
        let warning = Diagnostic::warning(table.span, message).label("passes only if a certificate names the address itself");
        table.report(warning.help("write host = \"www.example.com\", or verify = false"));
    }
    // Who does not verify need not care when a certificate ends, unless they say so.
    let usual = verify.then_some(CertificateLife { warn: WARN, down: Duration::ZERO });
    TlsCheck { verify, ca, certificate: table.read("certificate", certificate).or(usual) }
}

fn certificate(item: Item<'_>) -> Option<CertificateLife> {
    let table = item.table(&CERTIFICATE)?;
    let life = |key: &str| table.read(key, |item| item.duration(Duration::ZERO, CERTIFICATE_LIFE_MAX));
    let (warn, down) = (life("warn"), life("down").unwrap_or_default());
    if let Some(warn) = warn.filter(|warn| *warn < down) {
        let message = format!("\"down\" is \"{}\", but \"warn\" only \"{}\"", value::shown(down), value::shown(warn));
        let fault = Diagnostic::error(table.key_span("down"), message).related("the warning is", table.key_span("warn"));
        table.report(fault.help("an endpoint is warned of before it goes down: lengthen \"warn\" or shorten \"down\""));
    }
    Some(CertificateLife { warn: warn.unwrap_or_else(|| WARN.max(down)), down })
}
