//! Alarms: what an operator must know though every query is answered.
//!
//! Each kind has a stable name, under which logs, `status` and notices tell it. One kind may be raised for several subjects at
//! a time. Who raises and clears them is not known here, and nothing is logged.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// A kind of alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Alarm {
    /// The prober hears nobody of a family and doubts itself: it abstains. The subject is the family.
    ProberBlind,
    /// Endpoints that are down stay in, because a policy's `max_removed` is used up. The subject is the policy.
    RemovalLimited,
    /// What `[notify]` names does not take the notices. The subject is `command` or `webhook`.
    NoticesUndelivered,
    /// An endpoint shows a certificate that ends soon. The subject is the check and the address.
    CertificateEnds,
    /// The file of orders is refused or gone, and changes nothing. The subject is the file.
    OrdersFileRefused,
    /// What should survive a restart can't be written. The subject is the file.
    StateNotWritten,
    /// No reference of a family answers, but endpoints do. The subject is the family.
    ReferencesSilent,
    /// An edge can't be looked up, and its last good addresses serve on. The subject is its name.
    CnameUnresolved,
}

impl Alarm {
    /// Its name in logs, `status` and notices; it never changes.
    pub fn name(self) -> &'static str {
        match self {
            Self::ProberBlind => "prober-blind",
            Self::RemovalLimited => "removal-limited",
            Self::NoticesUndelivered => "notices-undelivered",
            Self::CertificateEnds => "certificate-ends",
            Self::OrdersFileRefused => "orders-file-refused",
            Self::StateNotWritten => "state-not-written",
            Self::ReferencesSilent => "references-silent",
            Self::CnameUnresolved => "cname-unresolved",
        }
    }
}

/// What is known of an alarm that is up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raised {
    /// Since when.
    pub since: Duration,
    /// What it is about and what helps, in plain words.
    pub text: Arc<str>,
}

/// All alarms that are up, by kind and subject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alarms {
    raised: BTreeMap<(Alarm, Arc<str>), Raised>,
}

impl Alarms {
    /// Raises an alarm; whether it was not up before. One that is up keeps its time and takes the new text.
    pub fn raise(&mut self, alarm: Alarm, subject: &Arc<str>, text: impl Into<Arc<str>>, now: Duration) -> bool {
        let text = text.into();
        let before = self.raised.get(&(alarm, Arc::clone(subject))).map(|raised| raised.since);
        self.raised.insert((alarm, Arc::clone(subject)), Raised { since: before.unwrap_or(now), text });
        before.is_none()
    }

    /// Clears an alarm; what was known of it, if it was up.
    pub fn clear(&mut self, alarm: Alarm, subject: &Arc<str>) -> Option<Raised> {
        self.raised.remove(&(alarm, Arc::clone(subject)))
    }

    /// Whether an alarm is up.
    pub fn is_raised(&self, alarm: Alarm, subject: &Arc<str>) -> bool {
        self.raised.contains_key(&(alarm, Arc::clone(subject)))
    }

    /// All that are up, with their subjects.
    pub fn raised(&self) -> impl Iterator<Item = (Alarm, &Arc<str>, &Raised)> {
        self.raised.iter().map(|((alarm, subject), raised)| (*alarm, subject, raised))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_is_news_once_each_way_for_each_subject() {
        let (mut alarms, seconds) = (Alarms::default(), Duration::from_secs);
        let (v4, v6) = ("IPv4".into(), "IPv6".into());
        assert!(alarms.raise(Alarm::ProberBlind, &v4, "nobody answers", seconds(1)));
        assert!(!alarms.raise(Alarm::ProberBlind, &v4, "still nobody answers", seconds(2)));
        assert!(alarms.raise(Alarm::ProberBlind, &v6, "nobody answers", seconds(3)));
        let told: Vec<_> = alarms.raised().map(|(_, subject, raised)| (&**subject, raised.since, &*raised.text)).collect();
        assert_eq!(told, [("IPv4", seconds(1), "still nobody answers"), ("IPv6", seconds(3), "nobody answers")]);
        assert_eq!(alarms.clear(Alarm::ProberBlind, &v4).map(|raised| raised.since), Some(seconds(1)));
        assert_eq!(alarms.clear(Alarm::ProberBlind, &v4), None);
        assert_eq!(alarms.raised().count(), 1);
    }
}
