//! DNS as bytes: names, types, RDATA layouts, message headers.
//!
//! Shared vocabulary of all floors above. Nothing here knows zones, policies or sockets. Bytes from strangers are read with
//! checked accesses only.
#![warn(clippy::indexing_slicing)]

mod codes;
mod family;
mod field;
pub mod message;
mod name;
mod octets;
pub mod rdata;
mod rrtype;

pub use family::{Family, PerFamily};
pub use name::{Labels, Name, NameError, unescape};
pub use octets::Octets;
pub use rrtype::RrType;
