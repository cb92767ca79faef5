//! The three checkers that judge a zone beside us, each a process of its own that a timeout ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::APEX;
use super::cases::Case;
use super::records::Records;

/// What a shell does with each folder. BIND's checks are those of named-checkzone, but never beyond this machine (`-i local`), and
/// it writes the zone in wire form if it is good. Files that include each other without end end with the open files.
const SCRIPT: &str = r#"
PATH=$PATH:/usr/sbin
ulimit -n 64
for folder; do
    cd "$folder"
    named-compilezone -i local -k warn -n warn -m warn -r warn -F raw -o - "$0" zone >bind 2>bind.err; bind=$?
    nsd-checkzone -p "$0" zone >nsd 2>nsd.err; nsd=$?
    kzonecheck -d off -o "$0" zone >knot 2>&1; knot=$?
    echo $bind $nsd $knot >codes
done
"#;
/// Seconds after which a shell is ended; it takes less than one.
const TIMEOUT_SECONDS: &str = "60";
/// Exit codes from here on tell that a process was ended or not found.
const ABNORMAL: i32 = 124;
/// Shells at once.
const AT_ONCE: usize = 3;
/// Folders for one shell.
const AT_A_TIME: usize = 25;
/// Characters of what a checker says that a complaint shows.
const MESSAGE_LENGTH_MAX: usize = 120;

/// What the three say of one zone.
#[derive(Debug)]
pub(super) struct Verdicts {
    pub(super) bind: Verdict,
    pub(super) nsd: Verdict,
    pub(super) knot: Verdict,
}

/// What one of them says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It would be served, as these records if the checker tells them; as text that we can't read else.
    Accepted(Option<Result<Records, String>>),
    /// It would not.
    Refused(String),
    /// It did not come to an end.
    Failed(String),
}

impl Verdict {
    /// Whether it is accepted, if the checker came to a verdict.
    pub(super) fn accepts(&self) -> Option<bool> {
        match self {
            Self::Accepted(_) => Some(true),
            Self::Refused(_) => Some(false),
            Self::Failed(_) => None,
        }
    }
}

impl Verdicts {
    /// What all three say, if they say the same.
    pub(super) fn common(&self) -> Option<bool> {
        let first = self.bind.accepts();
        first.filter(|_| first == self.nsd.accepts() && first == self.knot.accepts())
    }

    /// All three in one line.
    pub(super) fn summary(&self) -> String {
        let word = |verdict: &Verdict| match verdict {
            Verdict::Accepted(_) => "accepts".to_owned(),
            Verdict::Refused(why) => format!("refuses ({why})"),
            Verdict::Failed(why) => format!("fails ({why})"),
        };
        format!("BIND {}, NSD {}, Knot {}", word(&self.bind), word(&self.nsd), word(&self.knot))
    }

    /// What the script left in a folder.
    fn read(folder: &Path) -> Self {
        let left = |name: &str| fs::read(folder.join(name)).unwrap();
        let codes = String::from_utf8(left("codes")).unwrap();
        let codes: Vec<i32> = codes.split_whitespace().map(|code| code.parse().unwrap()).collect();
        let knot = left("knot");
        let says = |words: &str| knot.windows(words.len()).any(|window| window == words.as_bytes());
        // kzonecheck's exit code tells of any finding; only what it calls serious keeps Knot from serving the zone.
        let is_served = says("Error summary") && !says("Serious semantic error");
        let [bind_code, nsd_code, knot_code] = codes[..] else { panic!("{folder:?}: exit codes {codes:?}") };
        Self {
            bind: verdict(bind_code, &left("bind.err"), || Some(Ok(Records::raw(&left("bind"))))),
            nsd: verdict(nsd_code, &left("nsd.err"), || Some(Records::printed(&left("nsd")))),
            knot: verdict(if is_served { 0 } else { knot_code }, &knot, || None),
        }
    }
}

/// Everybody's verdict on every case, in their order: ours is what `visit` makes of the folder that holds the case's files.
pub(super) fn each<T: Send>(cases: &[Case], visit: impl Fn(&Path) -> T + Sync) -> Vec<(T, Verdicts)> {
    let whole = tempfile::tempdir().unwrap();
    let written = |(index, case): (usize, &Case)| {
        let folder = whole.path().join(index.to_string());
        fs::create_dir(&folder).unwrap();
        case.files.iter().for_each(|(name, octets)| fs::write(folder.join(name), octets).unwrap());
        folder
    };
    let folders: Vec<PathBuf> = cases.iter().enumerate().map(written).collect();
    let next = AtomicUsize::new(0);
    let chunks: Vec<&[PathBuf]> = folders.chunks(AT_A_TIME).collect();
    std::thread::scope(|scope| {
        let work = || {
            while let Some(chunk) = chunks.get(next.fetch_add(1, Ordering::Relaxed)) {
                judge(chunk);
            }
        };
        let workers = [(); AT_ONCE].map(|()| scope.spawn(work));
        workers.into_iter().for_each(|worker| worker.join().unwrap());
    });
    folders.iter().map(|folder| (visit(folder), Verdicts::read(folder))).collect()
}

/// Lets the three checkers judge the zones in some folders; one shell for all of them, since starting it costs as much as a check.
fn judge(folders: &[PathBuf]) {
    let shell = |script: &str| {
        let mut command = Command::new("timeout");
        command.args([TIMEOUT_SECONDS, "sh", "-c", script, APEX]).args(folders);
        command.status().unwrap_or_else(|error| panic!("timeout: {error}"))
    };
    let status = shell(SCRIPT);
    assert!(status.success(), "the checkers hang or are not there ({status}), at one of {folders:?}");
}

fn verdict(code: i32, said: &[u8], records: impl FnOnce() -> Option<Result<Records, String>>) -> Verdict {
    let why = || String::from_utf8_lossy(said).lines().next().unwrap_or_default().chars().take(MESSAGE_LENGTH_MAX).collect();
    match code {
        0 => Verdict::Accepted(records()),
        1..ABNORMAL => Verdict::Refused(why()),
        _ => Verdict::Failed(why()),
    }
}
