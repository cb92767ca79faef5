//! When an endpoint's certificate ends, and whether that is too soon.
//! Chain and name are rustls' business.

use std::time::{Duration, SystemTime};

use x509_parser::prelude::{FromDer, X509Certificate};

use crate::config::CertificateLife;

const DAY: u64 = 86_400;

/// When a certificate in DER form ends, or why that is too soon; nothing if it can't be read, which is for rustls to judge.
pub(in crate::probe) fn judge(der: &[u8], life: CertificateLife) -> Option<Result<SystemTime, String>> {
    let end = end(der)?;
    Some(in_time(end, life, SystemTime::now()).map(|()| end))
}

/// What to say of a certificate that ends so soon that somebody should renew it.
pub(in crate::probe) fn warning(end: SystemTime, life: CertificateLife) -> Option<String> {
    let left = end.duration_since(SystemTime::now()).unwrap_or_default();
    (left < life.warn).then(|| format!("certificate ends in {}: renew it", span(left)))
}

fn end(der: &[u8]) -> Option<SystemTime> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    // Before 1970 is as long past as 1970.
    let seconds = u64::try_from(certificate.validity().not_after.timestamp()).unwrap_or(0);
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

fn in_time(end: SystemTime, life: CertificateLife, now: SystemTime) -> Result<(), String> {
    match end.duration_since(now) {
        Ok(left) if left < life.down => Err(format!("certificate ends in {}, expected {} at least", span(left), span(life.down))),
        Ok(_) => Ok(()),
        Err(past) => Err(format!("certificate expired {}", ago(past.duration().as_secs()))),
    }
}

/// How long ago something was, in days.
pub(super) fn ago(seconds: u64) -> String {
    match seconds / DAY {
        0 => "today".into(),
        1 => "1 day ago".into(),
        days => format!("{days} days ago"),
    }
}

/// A time as people speak of it: days, or hours where it is less than two days.
fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / DAY, seconds / 3600) {
        (0 | 1, 0) => "less than an hour".into(),
        (0 | 1, 1) => "1 hour".into(),
        (0 | 1, hours) => format!("{hours} hours"),
        (days, _) => format!("{days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_ends_in_time_or_too_soon() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000 * DAY);
        let life = CertificateLife { warn: Duration::from_secs(21 * DAY), down: Duration::from_secs(2 * DAY) };
        let judged = |seconds: u64| in_time(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds), life, now).err();
        for (end, reason) in [
            (1_002 * DAY, None),
            (1_002 * DAY - 1, Some("certificate ends in 47 hours, expected 2 days at least")),
            (1_000 * DAY + 4_000, Some("certificate ends in 1 hour, expected 2 days at least")),
            (1_000 * DAY, Some("certificate ends in less than an hour, expected 2 days at least")),
            (1_000 * DAY - 5, Some("certificate expired today")),
            (999 * DAY - 5, Some("certificate expired 1 day ago")),
            (0, Some("certificate expired 1000 days ago")),
        ] {
            assert_eq!(judged(end).as_deref(), reason, "{end}");
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        assert_eq!(end(b""), None);
        assert_eq!(end(b"\x30\x03\x02\x01\x00"), None);
    }
}
