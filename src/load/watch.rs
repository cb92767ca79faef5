//! Watches the folders of everything loaded and tells when something in them may have changed.
//!
//! Folders, not files: editors and orchestrators replace files by renaming. What changed is not told; the loader compares stamps.

use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

/// A watch on some folders.
#[derive(Debug)]
pub struct Watch {
    watcher: RecommendedWatcher,
    folders: Vec<PathBuf>,
    touched: mpsc::Receiver<()>,
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
        Ok(Self { watcher, folders: Vec::new(), touched })
    }

    /// Watches exactly these folders from now on; those that can't be watched are returned with the reason.
    pub fn replan(&mut self, folders: Vec<PathBuf>) -> Vec<String> {
        for gone in self.folders.iter().filter(|folder| !folders.contains(folder)) {
            // A folder that was deleted has ended its own watch.
            let _ = self.watcher.unwatch(shown(gone));
        }
        let known = std::mem::take(&mut self.folders);
        let mut faults = Vec::new();
        for folder in folders {
            let watched = known.contains(&folder)
                || match self.watcher.watch(shown(&folder), RecursiveMode::NonRecursive) {
                    Ok(()) => true,
                    Err(error) => {
                        faults.push(format!("can't watch \"{}\": {error}", shown(&folder).display()));
                        false
                    }
                };
            if watched {
                self.folders.push(folder);
            }
        }
        faults
    }

    /// Waits until something was touched and then left alone for `settle`.
    pub async fn settled(&mut self, settle: Duration) {
        if self.touched.recv().await.is_none() {
            return std::future::pending().await;
        }
        while tokio::time::timeout(settle, self.touched.recv()).await.is_ok() {}
    }
}

/// The empty path is the working folder.
fn shown(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}
