//! What answers now: one pointer, loaded once per batch of queries.
//! Readers never wait; who publishes is `keeper.rs` alone.

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

    /// Puts `next` in place of any older generation and returns what it replaced; a newer one stays (invariant 3). The
    /// generations are compared at the moment of the swap, not before it.
    pub(super) fn publish(&self, next: &Arc<Serving>) -> Option<Arc<Serving>> {
        let mut before = self.pointer.load_full();
        while before.generation < next.generation {
            let seen = self.pointer.compare_and_swap(&before, Arc::clone(next));
            if Arc::ptr_eq(&seen, &before) {
                return Some(before);
            }
            before = Arc::clone(&seen);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_generation_wins_whatever_the_order_of_the_swaps() {
        let generation = |generation| Arc::new(Serving { generation, ..Serving::default() });
        let current = Current::new(Serving::default());
        std::thread::scope(|threads| {
            for first in 1..=4_u32 {
                let current = &current;
                threads.spawn(move || {
                    (first..400).step_by(4).rev().for_each(|number| drop(current.publish(&generation(u64::from(number)))))
                });
            }
        });
        assert_eq!(current.load().generation, 399);
        assert!(current.publish(&generation(399)).is_none());
        assert_eq!(current.publish(&generation(400)).map(|before| before.generation), Some(399));
    }
}
