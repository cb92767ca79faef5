//! The one pointer and its one writer.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

use crate::snapshot::Serving;

/// What answers now. Anybody may look; only the Keeper publishes.
#[derive(Debug)]
pub struct Current {
    pointer: ArcSwap<Serving>,
}

impl Current {
    /// Begins with this.
    pub fn new(serving: Serving) -> Self {
        Self { pointer: ArcSwap::from_pointee(serving) }
    }

    /// What answers now; load it once per batch and let go of it before waiting.
    pub fn load(&self) -> Guard<Arc<Serving>> {
        self.pointer.load()
    }
}
