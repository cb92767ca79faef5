//! Everything compiled: zones to wire answers, pools and policies to what a query walks over.

/// What answers now: one snapshot and the steering that follows from health. Readers take it from `serving`, once per batch.
#[derive(Debug, Default)]
pub struct Serving {
    /// Counts up with every publication, by reload or by health.
    pub generation: u64,
}
