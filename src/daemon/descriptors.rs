//! File descriptors: as many as the machine grants, since ten thousand endpoints may each have a probe under way.
//! How they are shared out is for those who use them.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What a process has where nobody says otherwise.
const USUAL: u64 = 1024;

/// Raises the soft limit to the hard one, as any process may; gives what holds then.
pub(super) fn claimed() -> usize {
    let before = getrlimit(Resource::Nofile);
    let wanted = Rlimit { current: before.maximum, maximum: before.maximum };
    let limit = match setrlimit(Resource::Nofile, wanted) {
        Ok(()) => wanted.current,
        Err(error) => {
            tracing::warn!(%error, "the limit of file descriptors can't be raised");
            before.current.or(Some(USUAL))
        }
    };
    // None is "unlimited", which the kernel bounds all the same.
    limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX)
}
