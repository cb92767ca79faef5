//! Notices: what `[notify]` passes on of the Keeper's news, as JSON for programs and as one line for people.
//! The form is documented in the README: fields may be added, but keep their names and meanings.

use std::net::IpAddr;
use std::time::SystemTime;

use serde::Serialize;

use super::time::utc;
use crate::health::Verdict;
use crate::serving::{News, Told};

/// The number of this form; another one only if a field ever changes its name or meaning.
const NOTICES_FORMAT: u32 = 1;

/// Notices that are delivered together, in the order in which they came about.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Notices {
    format: u32,
    server: Option<String>,
    at: String,
    left_out: u64,
    notices: Vec<Notice>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Notice {
    Verdict {
        at: String,
        endpoints: Vec<String>,
        check: String,
        address: IpAddr,
        port: u16,
        name: Option<String>,
        verdict: &'static str,
        reason: Option<String>,
    },
    Alarm {
        at: String,
        alarm: &'static str,
        subject: String,
        on: bool,
        text: String,
    },
}

impl Notices {
    /// News of the server that calls itself so; `left_out` found no room before it.
    pub fn new<'a>(server: Option<&str>, now: SystemTime, left_out: u64, news: impl IntoIterator<Item = &'a Told>) -> Self {
        let notices = news.into_iter().map(Notice::new).collect();
        Self { format: NOTICES_FORMAT, server: server.map(str::to_owned), at: utc(now), left_out, notices }
    }

    /// As one line of JSON.
    pub fn json(&self) -> String {
        // Plain numbers, texts and lists can't fail to be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What a program finds in its environment.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let count = |of: fn(&Notice) -> bool| self.notices.iter().filter(|notice| of(notice)).count().to_string();
        vec![
            ("SIGNPOST_SERVER", self.server.clone().unwrap_or_default()),
            ("SIGNPOST_NOTICES", self.notices.len().to_string()),
            ("SIGNPOST_DOWN", count(|notice| matches!(notice, Notice::Verdict { verdict: "down", .. }))),
            ("SIGNPOST_UP", count(|notice| matches!(notice, Notice::Verdict { verdict: "up", .. }))),
            ("SIGNPOST_ALARMS_ON", count(|notice| matches!(notice, Notice::Alarm { on: true, .. }))),
            ("SIGNPOST_ALARMS_OVER", count(|notice| matches!(notice, Notice::Alarm { on: false, .. }))),
            ("SIGNPOST_SUMMARY", self.summary()),
        ]
    }

    /// In one line.
    fn summary(&self) -> String {
        let more = match self.notices.len() {
            0 | 1 => String::new(),
            count => format!(" (and {} more)", count - 1),
        };
        format!("{}{more}", self.notices.first().map(Notice::words).unwrap_or_default())
    }
}

impl Notice {
    fn new(told: &Told) -> Self {
        let at = utc(told.at);
        match &told.news {
            News::Verdict { key, endpoints, verdict, reason } => Self::Verdict {
                at,
                endpoints: endpoints.split(' ').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
                check: key.check.to_string(),
                address: key.address,
                port: key.port,
                name: key.name.as_deref().map(str::to_owned),
                verdict: match verdict {
                    Verdict::Up | Verdict::Unknown => "up",
                    Verdict::Down => "down",
                },
                reason: reason.as_deref().map(str::to_owned),
            },
            News::Alarm { alarm, subject, on, text } => {
                Self::Alarm { at, alarm: alarm.name(), subject: subject.to_string(), on: *on, text: text.to_string() }
            }
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Verdict { endpoints, address, name, verdict, reason, .. } => {
                let name = name.as_ref().map(|name| format!(" for {name}")).unwrap_or_default();
                let reason = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
                format!("{} {address} is {verdict}{name}{reason}", endpoints.join(" "))
            }
            Self::Alarm { alarm, subject, on: true, text, .. } => format!("alarm {alarm} {subject}: {text}"),
            Self::Alarm { alarm, subject, on: false, .. } => format!("alarm {alarm} {subject} is over"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::health::{Alarm, ProbeKey};

    #[test]
    fn notices_are_said_to_programs_and_to_people() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_530_127);
        let key = ProbeKey { check: "web".into(), address: [192, 0, 2, 10].into(), port: 443, name: None };
        let down = News::Verdict {
            key,
            endpoints: "eu/fra-1 us/iad-1".into(),
            verdict: Verdict::Down,
            reason: Some("connection refused".into()),
        };
        let over = News::Alarm { alarm: Alarm::ProberBlind, subject: "IPv4".into(), on: false, text: "nobody answers".into() };
        let told = [Told { at, news: down }, Told { at, news: over }];
        let notices = Notices::new(Some("ns1"), at, 7, &told);
        let expected = concat!(
            r#"{"format":1,"server":"ns1","at":"2026-11-24T14:22:07Z","left_out":7,"notices":["#,
            r#"{"kind":"verdict","at":"2026-11-24T14:22:07Z","endpoints":["eu/fra-1","us/iad-1"],"check":"web","#,
            r#""address":"192.0.2.10","port":443,"name":null,"verdict":"down","reason":"connection refused"},"#,
            r#"{"kind":"alarm","at":"2026-11-24T14:22:07Z","alarm":"prober-blind","subject":"IPv4","on":false,"text":"nobody answers"}]}"#
        );
        assert_eq!(notices.json(), expected);
        let variables: Vec<String> = notices.variables().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let expected = [
            "SIGNPOST_SERVER=ns1",
            "SIGNPOST_NOTICES=2",
            "SIGNPOST_DOWN=1",
            "SIGNPOST_UP=0",
            "SIGNPOST_ALARMS_ON=0",
            "SIGNPOST_ALARMS_OVER=1",
            "SIGNPOST_SUMMARY=eu/fra-1 us/iad-1 192.0.2.10 is down: connection refused (and 1 more)",
        ];
        assert_eq!(variables, expected);
        assert_eq!(Notices::new(None, at, 0, &told[1..]).summary(), "alarm prober-blind IPv4 is over");
    }
}
