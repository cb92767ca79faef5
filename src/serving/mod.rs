//! The one pointer and its one writer.
//!
//! [`Current`] is what every query reads; [`Keeper`] alone publishes to it, on time that it is given; [`keep`] drives it from a
//! bounded channel of closed [`Event`]s. No door of the house is known here.

mod current;
mod doubt;
mod in_force;
mod keeper;
mod moderation;
mod names;
mod news;
mod renewals;
mod shell;
#[cfg(test)]
mod tests;

pub use current::Current;
pub use keeper::{Keeper, Survey};
pub use news::{Listener, News, Told};
pub use shell::{Event, keep};
