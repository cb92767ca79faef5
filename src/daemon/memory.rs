//! Remembers verdicts over a restart: gives those of the last life to the Keeper, and writes down how they change.
//! The Keeper never waits for the disk: it is asked now and then, and what was not written in time is written with the next.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::warn;

use crate::health::Alarm;
use crate::limits::{VERDICTS_RENEW_INTERVAL, VERDICTS_WRITE_INTERVAL};
use crate::serving::Event;
use crate::state;

/// How long the end of the process waits for a disk.
const LAST_WRITE: Duration = Duration::from_secs(5);

/// Writes until it is told to end.
pub(super) struct MemoryWriter {
    memory: Memory,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Memory {
    folder: PathBuf,
    events: mpsc::Sender<Event>,
}

impl MemoryWriter {
    /// Gives the Keeper what is remembered, and begins to write.
    pub(super) async fn begin(folder: &Path, events: &mpsc::Sender<Event>) -> Self {
        match state::remembered(folder) {
            Ok(memories) => {
                let (done, taken) = oneshot::channel();
                if events.send(Event::Remembered(memories, done)).await.is_ok() {
                    // An error means that the Keeper ended, and with it the process.
                    let _ = taken.await;
                }
            }
            Err(why) => warn!("{why}; probing finds everything out anew"),
        }
        let memory = Memory { folder: folder.to_owned(), events: events.clone() };
        let task = tokio::spawn(memory.clone().keep_writing());
        Self { memory, task }
    }

    /// Writes a last time.
    pub(super) async fn end(self) {
        self.task.abort();
        // An error means that it was aborted, as it should be.
        let _ = self.task.await;
        match tokio::time::timeout(LAST_WRITE, self.memory.write(None)).await {
            Ok(Written::Failed(why)) => warn!("{why}"),
            Ok(Written::Count(_) | Written::Nothing) => {}
            Err(_) => warn!("the verdicts could not be written in time; those of the last write will be remembered"),
        }
    }
}

/// What came of a write.
enum Written {
    /// Nothing was to be written, or the Keeper has ended.
    Nothing,
    /// The verdicts are written; how often one had changed then.
    Count(u64),
    /// It can't be done, and this is why.
    Failed(String),
}

impl Memory {
    async fn keep_writing(self) {
        let mut ticks = interval(VERDICTS_WRITE_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut written, mut written_at) = (None, Instant::now());
        loop {
            ticks.tick().await;
            let known = written.filter(|_| written_at.elapsed() < VERDICTS_RENEW_INTERVAL);
            let text = match self.write(known).await {
                Written::Nothing => continue,
                Written::Count(count) => {
                    (written, written_at) = (Some(count), Instant::now());
                    None
                }
                Written::Failed(why) => Some(Arc::from(why)),
            };
            let subject = self.folder.display().to_string().into();
            // An error means that the Keeper ended, and with it the process.
            let _ = self.events.send(Event::Alarm { alarm: Alarm::StateNotWritten, subject, text }).await;
        }
    }

    /// Writes the verdicts if one has changed since so many had.
    async fn write(&self, since: Option<u64>) -> Written {
        let (reply, asked) = oneshot::channel();
        let sent = self.events.send(Event::Memories(since, reply)).await;
        let Some((memories, count)) = asked.await.ok().filter(|_| sent.is_ok()).flatten() else { return Written::Nothing };
        let folder = self.folder.clone();
        match tokio::task::spawn_blocking(move || state::remember(&folder, &memories)).await {
            Ok(Ok(())) => Written::Count(count),
            Ok(Err(error)) => Written::Failed(format!("the verdicts can't be written: {error}; a restart finds them out anew")),
            Err(_) => Written::Nothing,
        }
    }
}
