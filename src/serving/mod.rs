//! The one pointer and its one writer.
//!
//! [`Current`] is what every query reads; [`Keeper`] alone publishes to it, from a bounded channel of closed [`Event`]s. No door
//! of the house is known here.

mod current;
mod keeper;
#[cfg(test)]
mod tests;

pub use current::Current;
pub use keeper::{Event, Keeper, Survey};
