//! Watches the folders of everything loaded and tells when something in them may have changed.
//!
//! Folders, not files: editors and orchestrators replace files by renaming. What changed is not told; the loader compares stamps.

use std::path::PathBuf;
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::files::{Look, shown};
use super::loader::Loader;

/// A watch on some folders.
#[derive(Debug)]
pub struct Watch {
    watcher: RecommendedWatcher,
    folders: Vec<PathBuf>,
    touches: Touches<Look>,
}

/// Hints that something was touched.
#[derive(Debug)]
struct Touches<L> {
    hints: mpsc::Receiver<()>,
    /// When we last looked and what we saw, if something was touched that nobody was told of yet.
    untold: Option<(Instant, L)>,
}

impl Watch {
    /// Watches nothing yet.
    pub fn new() -> Result<Self, String> {
        // One waiting hint is enough: it means "look".
        let (sender, hints) = mpsc::channel(1);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let worth = event.map_or(true, |event| !event.kind.is_access());
            if worth {
                // No room means that a hint waits already.
                let _ = sender.try_send(());
            }
        });
        let watcher = watcher.map_err(|error| format!("can't watch files: {error}"))?;
        Ok(Self { watcher, folders: Vec::new(), touches: Touches { hints, untold: None } })
    }

    /// Watches exactly the folders of what was loaded from now on; those that can't be watched are returned with the reason.
    pub fn replan(&mut self, loader: &Loader) -> Vec<String> {
        let folders = loader.folders();
        // All anew: deploys swap whole folders, and a watch stays with the folder that had the path when it began.
        for before in std::mem::take(&mut self.folders) {
            // A folder that was deleted has ended its own watch.
            let _ = self.watcher.unwatch(shown(&before));
        }
        let mut faults = Vec::new();
        for folder in &folders {
            if let Err(error) = self.watcher.watch(shown(folder), RecursiveMode::NonRecursive) {
                faults.push(format!("can't watch \"{}\": {error}", shown(folder).display()));
            }
        }
        self.folders = folders;
        // What changed since it was read was not told.
        self.touches.note(|| loader.then());
        faults
    }

    /// Waits until something was touched and what `loader` reads was then left alone for `settle`. Whoever stops waiting halfway
    /// may wait again. What is seen then is the result.
    pub async fn settled(&mut self, settle: Duration, loader: &Loader) -> Look {
        self.touches.settled(settle, || loader.look()).await
    }
}

impl<L: Copy + PartialEq> Touches<L> {
    /// Notes what is seen now; what was touched until now is part of it.
    fn note(&mut self, look: impl FnOnce() -> L) {
        while self.hints.try_recv().is_ok() {}
        self.untold = Some((Instant::now(), look()));
    }

    /// Looks, not touches, tell whether files rest: a log beside them that is written all the time holds nothing up, and a
    /// file that is written slowly is never read half.
    async fn settled(&mut self, settle: Duration, look: impl Fn() -> L) -> L {
        loop {
            let Some((noted, _)) = &self.untold else {
                match self.hints.recv().await {
                    Some(()) => self.note(&look),
                    None => std::future::pending().await,
                }
                continue;
            };
            sleep_until(*noted + settle).await;
            let before = self.untold.take().map(|(_, seen)| seen);
            self.note(&look);
            if let Some((_, seen)) = self.untold.take_if(|(_, seen)| before == Some(*seen)) {
                return seen;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const SETTLE: Duration = Duration::from_secs(1);

    fn touches() -> (mpsc::Sender<()>, Touches<u32>) {
        let (sender, hints) = mpsc::channel(1);
        (sender, Touches { hints, untold: None })
    }

    /// Waits `length` and no longer; whether the files had settled.
    async fn settled_within(touches: &mut Touches<u32>, length: Duration) -> bool {
        tokio::time::timeout(length, touches.settled(SETTLE, || 0)).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_touched_is_told_once_and_when_it_rests() {
        let (sender, mut touches) = touches();
        assert!(!settled_within(&mut touches, SETTLE * 5).await, "nothing was touched");
        sender.send(()).await.unwrap();
        assert!(!settled_within(&mut touches, SETTLE / 2).await, "too soon");
        assert!(settled_within(&mut touches, SETTLE).await, "the broken wait is not forgotten");
        assert!(!settled_within(&mut touches, SETTLE * 5).await, "told already");
    }

    #[tokio::test(start_paused = true)]
    async fn a_log_beside_the_files_holds_nothing_up() {
        let (sender, mut touches) = touches();
        let writer = tokio::spawn(async move {
            while sender.send(()).await.is_ok() {
                tokio::time::sleep(SETTLE / 4).await;
            }
        });
        assert!(settled_within(&mut touches, SETTLE * 2).await);
        writer.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_still_written_is_not_told() {
        let (sender, mut touches) = touches();
        sender.send(()).await.unwrap();
        // Something is written in each of the first 50 waits.
        let written = Cell::new(0);
        let look = || {
            written.set((written.get() + 1).min(50));
            written.get()
        };
        let begun = Instant::now();
        touches.settled(SETTLE, look).await;
        assert!(begun.elapsed() >= SETTLE * 49, "{:?}", begun.elapsed());
        assert_eq!(written.get(), 50);
    }
}
