//! Watches the folders of everything loaded and tells when something in them may have changed.
//!
//! Folders, not files: editors and orchestrators replace files by renaming. What changed is not told; the loader compares stamps.

use std::path::PathBuf;
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::files::shown;
use crate::limits::SETTLE_WAITS_MAX;

/// A watch on some folders.
#[derive(Debug)]
pub struct Watch {
    watcher: RecommendedWatcher,
    folders: Vec<PathBuf>,
    touches: Touches,
}

/// Hints that something was touched.
#[derive(Debug)]
struct Touches {
    hints: mpsc::Receiver<()>,
    /// When the first and the latest came of those that nobody was told of yet.
    untold: Option<(Instant, Instant)>,
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

    /// Watches exactly these folders from now on; those that can't be watched are returned with the reason.
    pub fn replan(&mut self, folders: Vec<PathBuf>) -> Vec<String> {
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
        self.touches.note();
        faults
    }

    /// Waits until something was touched and then left alone for `settle`. Whoever stops waiting halfway may wait again.
    pub async fn settled(&mut self, settle: Duration) {
        self.touches.settled(settle).await;
    }
}

impl Touches {
    fn note(&mut self) {
        let now = Instant::now();
        self.untold = Some((self.untold.map_or(now, |(first, _)| first), now));
    }

    async fn settled(&mut self, settle: Duration) {
        loop {
            let touched = match self.untold {
                None => self.hints.recv().await,
                Some((first, latest)) => {
                    // A log beside our files that is written all the time must not hold up the news for ever.
                    let rested = (latest + settle).min(first + settle * SETTLE_WAITS_MAX);
                    match timeout_at(rested, self.hints.recv()).await {
                        Ok(touched) => touched,
                        Err(_) => {
                            self.untold = None;
                            return;
                        }
                    }
                }
            };
            if touched.is_none() {
                return std::future::pending().await;
            }
            self.note();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTLE: Duration = Duration::from_secs(1);

    fn touches() -> (mpsc::Sender<()>, Touches) {
        let (sender, hints) = mpsc::channel(1);
        (sender, Touches { hints, untold: None })
    }

    /// Waits `length` and no longer; whether the files had settled.
    async fn settled_within(touches: &mut Touches, length: Duration) -> bool {
        tokio::time::timeout(length, touches.settled(SETTLE)).await.is_ok()
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
    async fn endless_touches_are_told_in_the_end() {
        let (sender, mut touches) = touches();
        let begun = Instant::now();
        let writer = tokio::spawn(async move {
            while sender.send(()).await.is_ok() {
                tokio::time::sleep(SETTLE / 2).await;
            }
        });
        touches.settled(SETTLE).await;
        assert_eq!(begun.elapsed(), SETTLE * SETTLE_WAITS_MAX);
        writer.abort();
    }
}
