//! `[notify]`: who is told of changed verdicts and of alarms.
//! Whether the program or the server is there is found out when there is news: both may come and go at any time.

use std::time::Duration;

use super::keys::NOTIFY;
use super::table::Item;
use super::{CommandCheck, command};
use crate::limits::{NOTIFY_TIMEOUT_MAX, NOTIFY_TIMEOUT_MIN, WEBHOOK_LENGTH_MAX};

/// What a program or a server has to take the notices, if nothing is written.
const TIMEOUT: Duration = Duration::from_secs(10);

/// `[notify]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notify {
    /// A program that is run with the notices on its standard input.
    pub command: Option<CommandCheck>,
    /// A URL to which they are posted.
    pub webhook: Option<String>,
    /// How long either may take.
    pub timeout: Duration,
}

/// Reads the table `[notify]`.
pub(super) fn read(item: Item<'_>) -> Option<Notify> {
    const HELP: &str =
        "write command = [\"/usr/local/lib/tell\", \"oncall\"] or webhook = \"https://alerts.example.com/signpost\"";
    let table = item.table(&NOTIFY)?;
    if table.get("command").is_none() && table.get("webhook").is_none() {
        item.report(item.fault("[notify] names nobody to be told").help(HELP));
    }
    Some(Notify {
        command: table.read("command", |item| command::program(item, HELP)),
        webhook: table.read("webhook", webhook),
        timeout: table.read("timeout", |item| item.duration(NOTIFY_TIMEOUT_MIN, NOTIFY_TIMEOUT_MAX)).unwrap_or(TIMEOUT),
    })
}

fn webhook(item: Item<'_>) -> Option<String> {
    let expected = format!("a URL of at most {WEBHOOK_LENGTH_MAX} characters such as \"https://alerts.example.com/signpost\"");
    let help = "write http:// or https://, a host, and the path; neither spaces nor \"#\"";
    item.text_such_that(&expected, help, is_url).map(str::to_owned)
}

fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split(['/', '?']).next().unwrap_or_default());
    let is_plain = text.bytes().all(|octet| octet.is_ascii_graphic() && octet != b'#');
    text.len() <= WEBHOOK_LENGTH_MAX && is_plain && host.is_some_and(|host| !host.is_empty() && !host.starts_with(':'))
}
