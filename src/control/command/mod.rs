//! The command line: one table (`table.rs`) from which arguments, help and errors derive.
//!
//! What was typed becomes a [`Command`] or a [`Reply`] (help, version, or what is wrong with the usage); nothing is done here.

mod table;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches};

use super::{Deed, ExplainRequest, OrderRequest, Reply, StatusRequest};
use table::COMMANDS;

/// What the operator wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Answer queries until told to stop.
    Serve {
        /// The configuration.
        config: PathBuf,
    },
    /// Read everything and report every fault.
    Check {
        /// The configuration.
        config: PathBuf,
        /// Only this zone, as it would be in the configuration.
        zone: Option<ZoneFile>,
    },
    /// Tell why a client gets what it gets.
    Explain {
        /// The configuration.
        config: PathBuf,
        /// From the files, with every endpoint up, instead of asking the running server.
        offline: bool,
        /// What is asked.
        question: ExplainRequest,
    },
    /// Show how the running server is.
    Status {
        /// The configuration.
        config: PathBuf,
        /// Which part.
        request: StatusRequest,
        /// How it is shown.
        view: View,
    },
    /// Let the running server read all files again.
    Reload {
        /// The configuration.
        config: PathBuf,
    },
    /// Give an order to the running server, or take one back.
    Order {
        /// The configuration.
        config: PathBuf,
        /// The order.
        request: OrderRequest,
    },
    /// List the orders that hold.
    Orders {
        /// The configuration.
        config: PathBuf,
        /// For a program.
        json: bool,
    },
    /// Play with a server, six edges in three places and a zone, all local.
    Demo,
}

/// How a status is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// As text, once.
    Text,
    /// As JSON, once.
    Json,
    /// As it changes, until told to end.
    Watch,
}

/// A zone file that need not be among those served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneFile {
    /// The zone's name, as typed.
    pub name: String,
    /// The file.
    pub file: PathBuf,
}

/// One row of the table.
struct Row {
    name: &'static str,
    summary: &'static str,
    detail: &'static str,
    arguments: &'static [Argument],
    make: fn(&ArgMatches) -> Command,
}

/// One argument of a command.
struct Argument {
    name: &'static str,
    takes: Takes,
    help: &'static str,
}

/// What an argument is followed by, or what it stands for.
enum Takes {
    /// It must stand in its place, without a name.
    Place(&'static str),
    /// It may stand in its place.
    OptionalPlace(&'static str),
    /// It may stand in its place, and more of its kind after it.
    Places(&'static str),
    /// `--name VALUE`, required.
    Value(&'static str),
    /// `--name VALUE`, or nothing.
    OptionalValue(&'static str),
    /// `--name VALUE`, with a default.
    Default(&'static str, &'static str),
    /// `--name VALUE VALUE`, or nothing.
    Pair([&'static str; 2]),
    /// `--name` alone.
    Nothing,
}

/// Reads the arguments, the program's own name first.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, Reply> {
    let found = program().try_get_matches_from(arguments).map_err(|refusal| {
        let text = refusal.render().to_string();
        if refusal.use_stderr() { Reply::could_not_run(text) } else { Reply::done(text) }
    })?;
    let row = found.subcommand().and_then(|(name, found)| Some((COMMANDS.iter().find(|row| row.name == name)?, found)));
    row.map(|(row, found)| (row.make)(found)).ok_or_else(|| Reply::could_not_run(program().render_help().to_string()))
}

fn program() -> clap::Command {
    clap::Command::new("signpost")
        .version(env!("CARGO_PKG_VERSION"))
        .about("An authoritative DNS server that balances load")
        .after_help("Exit codes: 0 done, 1 the input is bad, 2 could not run.")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommands(COMMANDS.iter().map(Row::command))
}

impl Row {
    fn command(&self) -> clap::Command {
        clap::Command::new(self.name).about(self.summary).after_help(self.detail).args(self.arguments.iter().map(Argument::arg))
    }
}

impl Argument {
    fn arg(&self) -> Arg {
        let arg = Arg::new(self.name).help(self.help);
        let named = || arg.clone().long(self.name);
        match self.takes {
            Takes::Place(value) => arg.value_name(value).required(true),
            Takes::OptionalPlace(value) => arg.value_name(value),
            Takes::Places(value) => arg.value_name(value).num_args(0..),
            Takes::Value(value) => named().value_name(value).required(true),
            Takes::OptionalValue(value) => named().value_name(value),
            Takes::Default(value, default) => named().value_name(value).default_value(default),
            Takes::Pair(values) => named().value_names(values).num_args(2),
            Takes::Nothing => named().action(ArgAction::SetTrue),
        }
    }
}

fn text(found: &ArgMatches, name: &str) -> Option<String> {
    found.get_one::<String>(name).cloned()
}

fn path(found: &ArgMatches, name: &str) -> PathBuf {
    text(found, name).map(PathBuf::from).unwrap_or_default()
}

fn order(found: &ArgMatches, deed: Deed) -> Command {
    let given = |name: &str| found.try_get_one::<String>(name).ok().flatten().cloned();
    let (over, reason, until) = (given("over"), given("reason"), given("until"));
    let json = found.get_flag("json");
    let request = OrderRequest { deed, name: given("name").unwrap_or_default(), over, reason, until, json };
    Command::Order { config: path(found, "config"), request }
}

fn zone_file(found: &ArgMatches) -> Option<ZoneFile> {
    let mut values = found.get_many::<String>("zone")?.cloned();
    Some(ZoneFile { name: values.next()?, file: values.next()?.into() })
}
