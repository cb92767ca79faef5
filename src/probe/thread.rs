//! A thread for the probes that only wait: a connect, a packet and its echo.
//!
//! Ten thousand of them in a second are one thread's work as long as no other thread is woken for them; that costs more than they do
//! themselves. What computes, as TLS does, runs where the prober was made, on all cores.

use std::io;
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// Runs what is spawned on its handle; ends with this value, and what it ran with it.
#[derive(Debug)]
pub(super) struct Thread {
    pub(super) handle: Handle,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Thread {
    pub(super) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel();
        let run = move || {
            // Whether it is told or left, it ends.
            let _ = runtime.block_on(ended);
        };
        let thread = thread::Builder::new().name("signpost-probe".into()).spawn(run)?;
        Ok(Self { handle, end: Some(end), thread: Some(thread) })
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // It panicked if at all in a task, which was told there.
            let _ = thread.join();
        }
    }
}
