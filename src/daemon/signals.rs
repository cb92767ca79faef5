//! What the server is told by signals: SIGHUP to read everything again, SIGTERM and SIGINT to end.
//! They count from the first moment on, so that one that comes during the warm-up neither kills nor is lost.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a signal tells.
pub(super) enum Told {
    /// Read everything again.
    Reload,
    /// Close the doors and end.
    End,
}

/// The signals that mean something to us, and whether the end was told.
pub(super) struct Signals {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
    is_end: bool,
}

impl Signals {
    /// From now on they come here.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            is_end: false,
        })
    }

    /// Waits for the next one; after the end nothing comes but the end.
    pub(super) async fn next(&mut self) -> Told {
        if self.is_end {
            return Told::End;
        }
        tokio::select! {
            _ = self.hangup.recv() => return Told::Reload,
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        self.is_end = true;
        Told::End
    }
}
