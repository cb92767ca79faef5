//! Watches the folders of everything loaded and tells when something in them may have changed.
//!
//! Folders, not files: editors and orchestrators replace files by renaming. What changed is not told; the loader compares stamps.

use std::path::PathBuf;
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::files::shown;

/// A watch on some folders.
#[derive(Debug)]
pub struct Watch {
    watcher: RecommendedWatcher,
    folders: Vec<PathBuf>,
    touched: mpsc::Receiver<()>,
    /// Since when nothing was touched, if something was and nobody was told yet.
    resting_since: Option<Instant>,
}

impl Watch {
    /// Watches nothing yet.
    pub fn new() -> Result<Self, String> {
        // One waiting hint is enough: it means "look".
        let (hints, touched) = mpsc::channel(1);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let worth = event.map_or(true, |event| !event.kind.is_access());
            if worth {
                let _ = hints.try_send(());
            }
        });
        let watcher = watcher.map_err(|error| format!("can't watch files: {error}"))?;
        Ok(Self { watcher, folders: Vec::new(), touched, resting_since: None })
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
        self.resting_since = Some(Instant::now());
        faults
    }

    /// Waits until something was touched and then left alone for `settle`. Whoever stops waiting halfway may wait again.
    pub async fn settled(&mut self, settle: Duration) {
        loop {
            let touched = match self.resting_since {
                None => self.touched.recv().await,
                Some(since) => match timeout_at(since + settle, self.touched.recv()).await {
                    Ok(touched) => touched,
                    Err(_) => {
                        self.resting_since = None;
                        return;
                    }
                },
            };
            if touched.is_none() {
                return std::future::pending().await;
            }
            self.resting_since = Some(Instant::now());
        }
    }
}
