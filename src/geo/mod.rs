//! Where addresses are: databases and place names in, prefix tables with exact scopes out.
//!
//! Bytes of databases come from `load`; nothing here reads a file. They become a [`World`] once, and of it one table per
//! question: [`PlacesTable`] (which children are nearest), [`RuleTable`] (which rule matches), [`NetTable`] (which network).
//! Every table covers its family completely with disjoint prefixes, so the length found is the exact ECS scope. Health is not
//! known here: a table gives an order of places, the walk over what is up is `answer`'s.
#![warn(clippy::indexing_slicing)]

mod airports;
mod countries;
mod point;
mod prefix;

mod leaves;
mod marks;
mod table;

mod location;
mod mmdb;
mod record;
mod text;
mod world;

mod nets;
mod places;
mod rules;

#[cfg(test)]
mod tests;

pub use airports::{airport, airports};
pub use countries::{EU_MEMBERS, continent_of, country_point, is_continent, is_country};
pub use location::Location;
pub use nets::NetTable;
pub use places::{Placed, PlacesTable};
pub use point::{Point, distance_km};
pub use prefix::{Alike, Prefix, PrefixError, embedded_v4, private_block};
pub use rules::{Match, RuleTable};
pub use table::Hit;
pub use world::{Build, Facts, Summary, World};
