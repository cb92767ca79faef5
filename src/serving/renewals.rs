//! Certificates that somebody should renew: for which probes there is an alarm, and when it is over.
//! How soon is too soon was judged by the probe; the words are its own.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::health::{Outcome, ProbeKey};

/// The probes whose endpoints' certificates end soon, and the subjects of their alarms.
#[derive(Debug, Default)]
pub(super) struct Renewals {
    due: BTreeMap<ProbeKey, Arc<str>>,
}

/// What follows for an alarm, by its subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Renewal {
    /// It is raised, or stays up with this text.
    Due(Arc<str>, Arc<str>),
    /// It is over.
    Done(Arc<str>),
}

impl Renewals {
    /// Takes an outcome; a failure says nothing about a certificate that is still to be renewed.
    pub(super) fn observe(&mut self, key: &ProbeKey, outcome: &Outcome) -> Option<Renewal> {
        match outcome {
            Outcome::Pass { certificate_warning: Some(text), .. } => {
                let subject = self.due.entry(key.clone()).or_insert_with(|| subject(key));
                Some(Renewal::Due(Arc::clone(subject), Arc::clone(text)))
            }
            Outcome::Pass { certificate_warning: None, .. } => self.due.remove(key).map(Renewal::Done),
            Outcome::Fail { .. } => None,
        }
    }

    /// Forgets what is no longer probed; the subjects of alarms that are over.
    pub(super) fn replan<'k>(&mut self, plan: impl Iterator<Item = &'k ProbeKey>) -> Vec<Arc<str>> {
        if self.due.is_empty() {
            return Vec::new();
        }
        let plan: HashSet<&ProbeKey> = plan.collect();
        let (due, left) = std::mem::take(&mut self.due).into_iter().partition(|(key, _)| plan.contains(key));
        self.due = due;
        let left: BTreeMap<ProbeKey, Arc<str>> = left;
        left.into_values().collect()
    }
}

/// The check, the address, and the name if there is one.
fn subject(key: &ProbeKey) -> Arc<str> {
    let ProbeKey { check, address, port: _, name } = key;
    match name {
        Some(name) => format!("{check} {address} {name}").into(),
        None => format!("{check} {address}").into(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::health::Cause;

    #[test]
    fn an_alarm_is_up_until_the_certificate_is_renewed_or_nobody_probes() {
        let key = |octet: u8| ProbeKey { check: "web".into(), address: [192, 0, 2, octet].into(), port: 443, name: None };
        let pass = |warning: Option<&str>| Outcome::Pass {
            latency: Duration::ZERO,
            certificate_ends: None,
            certificate_warning: warning.map(Into::into),
        };
        let mut renewals = Renewals::default();
        let due = |text: &str| Some(Renewal::Due("web 192.0.2.1".into(), text.into()));
        assert_eq!(renewals.observe(&key(1), &pass(None)), None);
        assert_eq!(renewals.observe(&key(1), &pass(Some("2 days"))), due("2 days"));
        assert_eq!(renewals.observe(&key(1), &pass(Some("1 day"))), due("1 day"));
        assert_eq!(renewals.observe(&key(1), &Outcome::fail(Cause::Wrong, "ends today")), None);
        assert_eq!(renewals.observe(&key(2), &pass(None)), None);
        assert_eq!(renewals.observe(&key(1), &pass(None)), Some(Renewal::Done("web 192.0.2.1".into())));
        assert_eq!(renewals.observe(&key(1), &pass(None)), None);

        renewals.observe(&key(1), &pass(Some("2 days")));
        renewals.observe(&key(2), &pass(Some("2 days")));
        assert_eq!(renewals.replan([&key(2), &key(3)].into_iter()), ["web 192.0.2.1".into()]);
        assert_eq!(renewals.replan([].into_iter()), ["web 192.0.2.2".into()]);
    }
}
