//! Room for many values, which the system gets back when they go.
//!
//! An allocator maps large pieces apart and unmaps them when they are freed. glibc's learns from that: a piece of up to 32 MiB that
//! was freed makes it keep such pieces in its heaps from then on, and of a heap only the end is ever given back. A load that ends
//! would leave tens of MiB that nothing uses. So what is large gets room for more than that: room that is never written to takes
//! addresses and no memory, but where the system promises no more than it has.

use crate::limits::{ROOM_LARGE_LENGTH_MIN, ROOM_MAPPED_LENGTH};

/// An empty vector with room for so many values, where the system has it.
pub fn vec_for<T>(count: usize) -> Vec<T> {
    let mut values = Vec::new();
    let each = size_of::<T>().max(1);
    let is_large = count.saturating_mul(each) >= ROOM_LARGE_LENGTH_MIN;
    let least = if is_large { ROOM_MAPPED_LENGTH / each + 1 } else { 0 };
    // It may be more than there is; then it is what is needed, or grows as it is filled.
    if values.try_reserve_exact(count.max(least)).is_err() {
        let _ = values.try_reserve_exact(count);
    }
    values
}

/// So many times the same value.
pub fn vec_of<T: Clone>(value: T, count: usize) -> Vec<T> {
    let mut values = vec_for(count);
    values.resize(count, value);
    values
}

/// Gives back the room that was not needed, unless it costs nothing.
pub fn fit<T>(values: &mut Vec<T>) {
    if values.len().saturating_mul(size_of::<T>()) < ROOM_LARGE_LENGTH_MIN {
        values.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_large_is_larger_than_what_the_allocator_keeps() {
        let few: Vec<u32> = vec_for(1000);
        assert_eq!(few.capacity(), 1000);
        let many = vec_of(7u32, ROOM_LARGE_LENGTH_MIN / 4);
        assert!(many.capacity() * 4 > ROOM_MAPPED_LENGTH && many.iter().all(|value| *value == 7));
        assert_eq!(vec_for::<u8>(2 * ROOM_MAPPED_LENGTH).capacity(), 2 * ROOM_MAPPED_LENGTH);
        assert_eq!(vec_for::<u64>(usize::MAX).capacity(), 0, "nobody has that much");
    }

    #[test]
    fn little_is_made_to_fit() {
        let mut few = vec_for(1000);
        few.extend([1, 2, 3]);
        fit(&mut few);
        assert_eq!(few.capacity(), 3);
    }
}
