//! What goes over the control socket: one request and one reply, each a line of JSON.
//! Both ends are the same program; there is no older version to speak to.

use serde::{Deserialize, Serialize};

use crate::diagnostic::{Diagnostic, Sources, render};

/// What an operator wants of the running server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Request {
    /// How is everything?
    Status(StatusRequest),
    /// Read all files again.
    Reload,
    /// Why does a client get what it gets?
    Explain(ExplainRequest),
    /// Give an order, or take one back.
    Order(OrderRequest),
    /// Which orders hold? In JSON, if that is wanted.
    Orders(bool),
}

/// Which part of the status is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StatusRequest {
    /// Pools, policies, endpoints, patterns, addresses, zones and bound names; all endpoints if there are none.
    pub wanted: Vec<String>,
    /// Only what takes no clients, or may soon take none.
    pub down: bool,
    /// No endpoints, only alarms and the server.
    pub alarms: bool,
}

/// An order as the operator typed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderRequest {
    /// What is to be done.
    pub deed: Deed,
    /// For whom: a pool, an endpoint or a pattern.
    pub name: String,
    /// How long a drain takes.
    pub over: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// When the order ends by itself.
    pub until: Option<String>,
    /// Whether the reply is for a program.
    pub json: bool,
}

/// What an order does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Deed {
    /// Take out of the answers.
    Drain,
    /// Take that back.
    Undrain,
    /// up or down, or off to take it back.
    Force(String),
    /// A weight, or off to take it back.
    Weight(String),
}

/// A question as the operator typed it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExplainRequest {
    /// The name, with or without the final dot.
    pub name: String,
    /// The type; A and AAAA if unset.
    pub qtype: Option<String>,
    /// Where the query comes from.
    pub client: String,
    /// The client subnet that it carries, ADDRESS/LENGTH.
    pub subnet: Option<String>,
    /// Throws of the dice, R/SUM with commas between.
    pub dice: Option<String>,
}

/// What comes back, for any command: what to print, and the exit code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// 0 done, 1 the input is bad, 2 could not run.
    pub exit: u8,
    /// For stdout.
    pub out: String,
    /// For stderr.
    pub err: String,
}

impl Reply {
    /// Done, with this to show.
    pub fn done(out: impl Into<String>) -> Self {
        Self { exit: 0, out: out.into(), err: String::new() }
    }

    /// What the operator gave is bad, and this is why.
    pub fn bad_input(err: impl Into<String>) -> Self {
        Self { exit: 1, out: String::new(), err: err.into() }
    }

    /// The command could not run, and this is why.
    pub fn could_not_run(err: impl Into<String>) -> Self {
        Self { exit: 2, out: String::new(), err: err.into() }
    }
}

/// A fault without a place in a file, and the next step, as diagnostics read.
pub(super) fn fault(message: impl Into<String>, help: impl Into<String>) -> String {
    render(&Diagnostic::nowhere(message).help(help), &Sources::default())
}
