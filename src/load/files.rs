//! Files as the loader sees them: bytes up to a limit, and a stamp that tells whether they changed.
//!
//! Only regular files are opened: a FIFO or a device would hang the load.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::diagnostic::{Diagnostic, Span};
use crate::limits::GEO_FILE_LENGTH_MAX;
use crate::room;

/// What tells one version of a file from another without reading it, unless one came right after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Stamp {
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// The stamp of a file, if it is there.
fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(path).ok()?;
    Some(Stamp {
        device: metadata.dev(),
        inode: metadata.ino(),
        length: metadata.len(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
    })
}

impl Stamp {
    /// Whether the file was changed so lately that another change may leave the stamp as it is.
    fn is_young(&self) -> bool {
        // Kernels count in steps of 1 to 10 ms; a file system that keeps no fractions, in steps of up to 2 s.
        let step = Duration::from_millis(if self.changed.1 == 0 { 2_000 } else { 100 });
        let (seconds, nanoseconds) = self.changed;
        let changed = u64::try_from(seconds).ok().zip(u32::try_from(nanoseconds).ok());
        let changed = changed.map_or(Duration::ZERO, |(seconds, nanoseconds)| Duration::new(seconds, nanoseconds));
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() < changed.saturating_add(step)
    }
}

/// A file as it was before it was read: what changes meanwhile has changed since.
#[derive(Clone, Debug)]
pub(super) struct Noted {
    path: Box<Path>,
    /// Nothing where there is no file.
    stamp: Option<Stamp>,
    /// A hash of its content, if its stamp was too young to tell the next version from this one.
    content: Option<u64>,
}

impl Noted {
    pub(super) fn new(path: &Path) -> Self {
        let stamp = stamp(path);
        let content = stamp.filter(Stamp::is_young).and_then(|_| content(path));
        Self { path: path.into(), stamp, content }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn is_still(&self) -> bool {
        stamp(&self.path) == self.stamp && (self.content.is_none() || content(&self.path) == self.content)
    }
}

/// A hash of what is in a file.
fn content(path: &Path) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    hasher.write(&read(path, GEO_FILE_LENGTH_MAX).ok()?);
    Some(hasher.finish())
}

/// What a load looked at, and how it was then.
#[derive(Debug, Default)]
pub(super) struct Seen {
    files: BTreeMap<PathBuf, Noted>,
    /// Files that belong together, such as those of a zone.
    groups: Vec<Arc<[Noted]>>,
    /// Patterns with the files that they named, or why the folder could not be read.
    lists: BTreeMap<PathBuf, Listed>,
}

/// The files that a pattern names.
type Listed = Result<Arc<[PathBuf]>, Unreadable>;

/// Whether two lists are one, octet for octet: to compare components takes ten times as long.
pub(super) fn is_same_list(one: &[PathBuf], other: &[PathBuf]) -> bool {
    one.iter().map(|path| path.as_os_str()).eq(other.iter().map(|path| path.as_os_str()))
}

fn is_same(one: &Listed, other: &Listed) -> bool {
    match (one, other) {
        (Ok(one), Ok(other)) => is_same_list(one, other),
        (one, other) => one == other,
    }
}

/// How everything was at one time, in a number: two looks are alike where nothing is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look(u64);

impl Seen {
    /// Notes a file; whether it was not noted before.
    pub(super) fn note(&mut self, file: &Path) -> bool {
        let is_new = !self.files.contains_key(file);
        if is_new {
            self.files.insert(file.to_owned(), Noted::new(file));
        }
        is_new
    }

    pub(super) fn note_group(&mut self, files: Arc<[Noted]>) {
        self.groups.push(files);
    }

    /// The files that a pattern names, noted as such a list.
    pub(super) fn note_list(&mut self, pattern: &Path) -> Listed {
        let list = matching(pattern);
        self.lists.insert(pattern.to_owned(), list.clone());
        list
    }

    fn noted(&self) -> impl Iterator<Item = &Noted> {
        self.files.values().chain(self.groups.iter().flat_map(|files| files.iter()))
    }

    /// Whether a file is not as it was, one has come, or one has gone, as a look tells that was taken just now.
    pub(super) fn is_changed(&self, now: Look) -> bool {
        // Where the stamp can't tell, the content does.
        now != self.then() || self.noted().any(|file| file.content.is_some() && !file.is_still())
    }

    /// How all of it was.
    pub(super) fn then(&self) -> Look {
        self.look_with(Vec::new(), |file| file.stamp)
    }

    /// How all of it is now, with what else the patterns name by now.
    pub(super) fn look(&self) -> Look {
        let listed =
            self.lists.iter().map(|(pattern, known)| (matching(pattern), known)).filter(|(now, known)| !is_same(now, known));
        let stamped = |paths: Arc<[PathBuf]>| paths.iter().map(|path| (stamp(path), path.clone())).collect();
        let news = listed.map(|(now, _)| now.map(stamped).unwrap_or_default()).collect();
        self.look_with(news, |file| stamp(&file.path))
    }

    /// `news` is what each pattern names that names something else by now.
    fn look_with(&self, news: Vec<Vec<(Option<Stamp>, PathBuf)>>, stamp: impl Fn(&Noted) -> Option<Stamp>) -> Look {
        let mut hasher = DefaultHasher::new();
        news.hash(&mut hasher);
        self.noted().for_each(|file| stamp(file).hash(&mut hasher));
        Look(hasher.finish())
    }

    /// The folders that hold all this; for one that is missing, the nearest above it, in which it will come.
    pub(super) fn folders(&self) -> Vec<PathBuf> {
        let paths = self.noted().map(Noted::path).chain(self.lists.keys().map(PathBuf::as_path));
        let mut wanted: BTreeSet<&Path> = BTreeSet::new();
        let mut last = None;
        for folder in paths.map(folder_of) {
            // Most lie side by side.
            if last.replace(folder.as_os_str()) != Some(folder.as_os_str()) {
                wanted.insert(folder);
            }
        }
        let there = wanted.iter().filter_map(|folder| folder.ancestors().find(|folder| shown(folder).is_dir()));
        there.collect::<BTreeSet<&Path>>().into_iter().map(Path::to_owned).collect()
    }
}

/// Why a file or folder can't be read, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    pub why: String,
    pub help: &'static str,
}

impl Unreadable {
    fn new(what: &str, path: &Path, error: &io::Error) -> Self {
        let help = if error.kind() == ErrorKind::NotFound {
            "correct the path, or put it there"
        } else if error.kind() == ErrorKind::PermissionDenied {
            "let the user that signpost runs as read it, and enter the folders above it"
        } else {
            "repair or replace it"
        };
        Self { why: format!("can't read {what}\"{}\": {}", path.display(), plain(error)), help }
    }

    fn file(path: &Path, why: &str, help: &'static str) -> Self {
        Self { why: format!("can't read \"{}\": {why}", path.display()), help }
    }

    /// The fault as the operator sees it, where the file is named if it is.
    pub(super) fn at(self, span: Option<Span>) -> Diagnostic {
        Diagnostic { span, ..Diagnostic::nowhere(self.why) }.label("named here").help(self.help)
    }
}

/// Reads a regular file of at most `length_max` octets, or says why not.
pub(super) fn read(path: &Path, length_max: usize) -> Result<Vec<u8>, Unreadable> {
    let refuse = |error: io::Error| Unreadable::new("", path, &error);
    let metadata = fs::metadata(path).map_err(refuse)?;
    if !metadata.is_file() {
        return Err(Unreadable::file(
            path,
            "it is not a regular file",
            "put a plain file there; folders, pipes and devices are not read",
        ));
    }
    let too_long =
        || Unreadable::file(path, &format!("it is longer than {} MiB", length_max >> 20), "look whether it is the file you mean");
    if metadata.len() > length_max as u64 {
        return Err(too_long());
    }
    let mut octets = room::vec_for(metadata.len() as usize + 1);
    let file = fs::File::open(path).map_err(refuse)?;
    // One more than allowed, in case it grows while we read.
    file.take(length_max as u64 + 1).read_to_end(&mut octets).map_err(refuse)?;
    if octets.len() > length_max { Err(too_long()) } else { Ok(octets) }
}

/// The files that a pattern names, in order; `*` stands for any part of the last component.
fn matching(pattern: &Path) -> Listed {
    let wanted = pattern.file_name().unwrap_or_default().as_encoded_bytes();
    let folder = folder_of(pattern);
    if !wanted.contains(&b'*') {
        return Ok([pattern.to_owned()].into());
    }
    let refuse = |error: io::Error| Unreadable::new("the folder ", shown(folder), &error);
    let mut names = Vec::new();
    for entry in fs::read_dir(shown(folder)).map_err(refuse)? {
        let name = entry.map_err(refuse)?.file_name();
        if fits(name.as_encoded_bytes(), wanted) {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}

/// The folder of a file, fit for joining and listing.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or_else(|| Path::new(""))
}

/// The empty path is the working folder.
pub(super) fn shown(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

/// Whether a file's name fits a pattern with `*`.
fn fits(name: &[u8], pattern: &[u8]) -> bool {
    let mut parts = pattern.split(|octet| *octet == b'*');
    let (Some(first), Some(last)) = (parts.next(), parts.next_back()) else { return false };
    let Some(mut rest) = name.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else { return false };
    // A hidden file is meant only if the pattern says so.
    let hidden = name.starts_with(b".") && !pattern.starts_with(b".");
    !hidden && parts.all(|part| behind(rest, part).map(|behind| rest = behind).is_some())
}

/// What stands behind the first place of `part`.
fn behind<'t>(text: &'t [u8], part: &[u8]) -> Option<&'t [u8]> {
    (0..=text.len()).find_map(|at| text.get(at..)?.strip_prefix(part))
}

/// An error without the number that the standard library appends.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let end = text.find(" (os error").unwrap_or(text.len());
    text.get(..end).unwrap_or(&text).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_a_shell_would() {
        let fits = |name: &str, pattern: &str| super::fits(name.as_bytes(), pattern.as_bytes());
        assert!(fits("eu.toml", "*.toml"));
        assert!(fits("a-b-c.toml", "a*b*.toml"));
        assert!(!fits("eu.toml.bak", "*.toml"));
        assert!(!fits(".eu.toml", "*.toml"));
        assert!(!fits("ab", "ab*b") && !fits("a-c.toml", "a*b*.toml"));
    }

    /// Two versions of the same length within one step of the kernel's clock have the same stamp.
    #[test]
    fn a_change_that_leaves_the_stamp_as_it_is_is_seen_while_that_can_be() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        fs::write(&file, "1").unwrap();
        let young = Noted::new(&file);
        assert!(young.content.is_some() && young.is_still());
        fs::write(&file, "2").unwrap();
        let unlucky = Noted { stamp: stamp(&file), ..young };
        assert!(!unlucky.is_still());
        let long_ago = |nanoseconds| Stamp { changed: (1, nanoseconds), ..stamp(&file).unwrap() };
        assert!(!long_ago(0).is_young() && !long_ago(1).is_young());
        assert!(Noted { content: None, ..unlucky }.is_still(), "an old stamp is enough, and the file is not read");
    }

    #[test]
    fn only_regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path(), 10).unwrap_err().why.contains("not a regular file"));
        let file = folder.path().join("a");
        fs::write(&file, "0123456789").unwrap();
        assert_eq!(read(&file, 10).unwrap().len(), 10);
        assert!(read(&file, 9).unwrap_err().why.contains("longer"));
        assert!(read(&folder.path().join("b"), 9).unwrap_err().why.ends_with("no such file or directory"));
    }
}
