//! The operator's door: the command line, the control socket and what both say.
//!
//! `command.rs` turns arguments into a [`Command`]; what needs the running server goes as a [`Request`] over the socket and
//! comes back as a [`Reply`]. Nothing here loads, reloads or publishes: the daemon does, and answers.

mod client;
mod command;
mod console;
mod explain;
mod notice;
mod orders;
mod orders_json;
mod protocol;
mod socket;
mod span;
mod status;
mod time;

pub use client::call;
pub use command::{Command, View, ZoneFile, parse};
pub use console::{deliver, show_progress};
pub use explain::{Query, down};
pub use notice::Notices;
pub use orders::{Done, Safety, kept_out, list, read_wish};
pub use orders_json::list_json;
pub use protocol::{Deed, ExplainRequest, OrderRequest, Reply, Request, StatusRequest};
pub use socket::{Listening, listen};
pub use span::brief;
pub use status::{Changes, Clock, EndpointKey, Filter, GeoStatus, OlderZone, Paint, ProbesStatus, STATUS_FORMAT, Status};
pub use time::clock;
