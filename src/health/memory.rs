//! Verdicts as they survive a restart: one text with its version, its time and a checksum.
//!
//! What is torn, foreign, of another version or too old is refused with its reason; it is only a memory, and probing brings
//! everything back. Nothing is read or written here.

use std::fmt::Write;
use std::time::{Duration, SystemTime};

use super::{ProbeKey, Verdict};
use crate::limits::REMEMBERED_AGE_MAX;

/// The first line: what it is, and in which version.
const TITLE: &str = "signpost verdicts 1";

/// One verdict, and for how long it has been that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Of what.
    pub key: ProbeKey,
    /// Up or down; what is unknown is not worth remembering.
    pub verdict: Verdict,
    /// For how long.
    pub age: Duration,
}

/// All verdicts as a text, written now.
pub fn write_memories(memories: &[Memory], now: SystemTime) -> String {
    let mut text = format!("{TITLE}\nat {}\n", seconds(now));
    for Memory { key, verdict, age } in memories {
        let verdict = match verdict {
            Verdict::Up => "up",
            Verdict::Down => "down",
            Verdict::Unknown => continue,
        };
        let name = key.name.as_deref().unwrap_or_default();
        if key.check.contains(char::is_control) || name.contains(char::is_control) {
            continue;
        }
        let since = seconds(now.checked_sub(*age).unwrap_or(SystemTime::UNIX_EPOCH));
        // Writing into a String can't fail.
        let _ = writeln!(text, "{verdict}\t{since}\t{}\t{}\t{}\t{name}", key.address, key.port, key.check);
    }
    let sum = checksum(text.as_bytes());
    let _ = writeln!(text, "sum {sum:016x}");
    text
}

/// What a text remembers, or why it is of no use.
pub fn read_memories(octets: &[u8], now: SystemTime) -> Result<Vec<Memory>, String> {
    let text = std::str::from_utf8(octets).map_err(|_| "it is not text".to_owned())?;
    let title = text.lines().next().unwrap_or_default();
    if title != TITLE {
        let other =
            title.strip_prefix("signpost verdicts ").map(|version| format!("it has the version {}", version.escape_debug()));
        return Err(other.unwrap_or_else(|| "it is no file of verdicts".to_owned()));
    }
    let torn = || "it is torn: its end is missing or damaged".to_owned();
    let (body, end) = text.trim_end_matches('\n').rsplit_once('\n').ok_or_else(torn)?;
    let body_length = body.len() + 1;
    let body = text.get(..body_length).ok_or_else(torn)?;
    if end != format!("sum {:016x}", checksum(body.as_bytes())) {
        return Err(torn());
    }
    let mut lines = body.lines().skip(1);
    let at = lines.next().and_then(|line| line.strip_prefix("at ")?.parse().ok()).and_then(moment).ok_or_else(torn)?;
    // A clock that was set back makes a memory no older than it is.
    let age = now.duration_since(at).unwrap_or_default();
    if age > REMEMBERED_AGE_MAX {
        return Err(format!(
            "it is {} hours old, and {} are the most",
            age.as_secs() / 3600,
            REMEMBERED_AGE_MAX.as_secs() / 3600
        ));
    }
    lines.map(|line| memory(line, now).ok_or_else(torn)).collect()
}

fn memory(line: &str, now: SystemTime) -> Option<Memory> {
    let mut fields = line.split('\t');
    let verdict = match fields.next()? {
        "up" => Verdict::Up,
        "down" => Verdict::Down,
        _ => return None,
    };
    let since = moment(fields.next()?.parse().ok()?)?;
    let (address, port) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    let (check, name) = (fields.next()?, fields.next()?);
    let name = Some(name).filter(|name| !name.is_empty()).map(Into::into);
    let key = ProbeKey { check: check.into(), address, port, name };
    fields.next().is_none().then(|| Memory { key, verdict, age: now.duration_since(since).unwrap_or_default() })
}

fn seconds(moment: SystemTime) -> u64 {
    moment.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn moment(seconds: u64) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// FNV-1a over 64 bits: it need not withstand anybody who forges, only a disk that was cut off.
fn checksum(octets: &[u8]) -> u64 {
    octets.iter().fold(0xcbf2_9ce4_8422_2325, |sum, octet| (sum ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::health::{Cause, Outcome, Planned, Thresholds, Tracker};

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_530_127 + seconds)
    }

    fn key(last_octet: u8) -> ProbeKey {
        ProbeKey { check: "web".into(), address: [192, 0, 2, last_octet].into(), port: 443, name: None }
    }

    fn memories() -> Vec<Memory> {
        let memory = |check: &str, address: &str, name: Option<&str>, verdict, age| Memory {
            key: ProbeKey { check: check.into(), address: address.parse().unwrap(), port: 443, name: name.map(Into::into) },
            verdict,
            age: Duration::from_secs(age),
        };
        vec![
            memory("web", "192.0.2.1", None, Verdict::Up, 12),
            memory("web", "2001:db8::1", Some("www.example.com"), Verdict::Down, 86_400 * 30),
            memory("tcp", "192.0.2.1", None, Verdict::Up, 0),
        ]
    }

    #[test]
    fn what_is_written_is_remembered_and_grows_older() {
        let text = write_memories(&memories(), at(0));
        let later: Vec<Memory> =
            memories().into_iter().map(|memory| Memory { age: memory.age + Duration::from_secs(60), ..memory }).collect();
        assert_eq!(read_memories(text.as_bytes(), at(60)), Ok(later));
        assert_eq!(read_memories(write_memories(&[], at(0)).as_bytes(), at(0)), Ok(Vec::new()));
        // A clock that was set back is no reason to forget.
        assert!(read_memories(text.as_bytes(), SystemTime::UNIX_EPOCH).is_ok());
    }

    #[test]
    fn what_is_of_no_use_says_why() {
        let text = write_memories(&memories(), at(0));
        let why = |text: &str, seconds| read_memories(text.as_bytes(), at(seconds)).unwrap_err();
        assert_eq!(why(&text, 25 * 3600), "it is 25 hours old, and 24 are the most");
        assert_eq!(why(&text.replacen(" 1\n", " 2\n", 1), 0), "it has the version 2");
        assert_eq!(why("", 0), "it is no file of verdicts");
        assert_eq!(why(&text.replacen("up", "down", 1), 0), "it is torn: its end is missing or damaged");
        assert_eq!(read_memories(b"\xff", at(0)), Err("it is not text".to_owned()));
    }

    #[test]
    fn a_text_that_is_cut_anywhere_is_not_believed() {
        let text = write_memories(&memories(), at(0));
        for length in 0..text.len() - 1 {
            assert!(read_memories(&text.as_bytes()[..length], at(0)).is_err(), "{length} octets");
        }
    }

    #[test]
    fn what_is_remembered_holds_until_the_first_outcome_which_decides_alone() {
        let seconds = Duration::from_secs;
        let (web, other) = (key(1), key(2));
        let thresholds = Thresholds { rise: 2, fall: 3 };
        let mut tracker = Tracker::default();
        let plan = [&web, &other].map(|key| Planned {
            key: key.clone(),
            thresholds,
            hold_down: None,
            place: 0,
            timeout: seconds(1),
            round: seconds(6),
        });
        tracker.replan(&plan, &[], seconds(1));
        let memory = |key: &ProbeKey, verdict| Memory { key: key.clone(), verdict, age: seconds(100) };
        let memories = [memory(&web, Verdict::Down), memory(&other, Verdict::Up), memory(&key(3), Verdict::Up)];
        assert_eq!(tracker.remember(&memories, seconds(1)), 2, "what is not in the plan is not remembered");
        assert!(tracker.all_known());
        let standing = tracker.standing(&web).unwrap();
        assert_eq!((standing.verdict, standing.remembered, standing.age(seconds(11))), (Verdict::Down, true, seconds(110)));
        assert_eq!(tracker.memories(seconds(11)).len(), 2);
        tracker.observe(&web, Outcome::pass(Duration::ZERO), seconds(2), seconds(2));
        tracker.observe(&web, Outcome::fail(Cause::Refused, "connection refused"), seconds(3), seconds(3));
        tracker.observe(&other, Outcome::pass(Duration::ZERO), seconds(2), seconds(2));
        assert_eq!((tracker.verdict(&web), tracker.verdict(&other)), (Verdict::Up, Verdict::Up));
        let standing = tracker.standing(&other).unwrap();
        assert_eq!((standing.remembered, standing.age(seconds(11))), (false, seconds(110)), "it was confirmed");
        assert_eq!(tracker.remember(&memories, seconds(2)), 0, "what is known is not to be remembered");
    }

    proptest! {
        #[test]
        fn no_octet_changes_unseen(place in any::<prop::sample::Index>(), octet in any::<u8>()) {
            let mut octets = write_memories(&memories(), at(0)).into_bytes();
            let place = place.index(octets.len());
            prop_assume!(octets[place] != octet);
            octets[place] = octet;
            prop_assert!(read_memories(&octets, at(0)).is_err());
        }
    }
}
