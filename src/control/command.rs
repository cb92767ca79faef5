//! The command line: one table from which arguments, help and errors derive. Adding a command is adding a row.
//!
//! What was typed becomes a [`Command`] or a [`Reply`] (help, version, or what is wrong with the usage); nothing is done here.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches};

use super::{Deed, ExplainRequest, OrderRequest, Reply, StatusRequest};

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
    /// Play with a server, three edges and a zone, all local.
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

const CONFIG: Argument = Argument { name: "config", takes: Takes::Default("FILE", "signpost.toml"), help: "The configuration" };

const NAME: Argument = Argument {
    name: "name",
    takes: Takes::Place("NAME"),
    help: "An endpoint such as eu/fra-1, a pool such as eu, or a pattern such as 'eu/fra-*' or '*/fra-1'",
};
const REASON: Argument =
    Argument { name: "reason", takes: Takes::OptionalValue("TEXT"), help: "Why, for whoever looks at the status" };
const UNTIL: Argument = Argument {
    name: "until",
    takes: Takes::OptionalValue("TIME"),
    help: "When the order ends by itself: 2h, 18:00 or '2026-11-25 06:00'",
};

const JSON: Argument = Argument { name: "json", takes: Takes::Nothing, help: "Print one line of JSON, for programs" };

const COMMANDS: &[Row] = &[
    Row {
        name: "serve",
        summary: "Answer queries until told to stop",
        detail: "Reads the configuration, the zones and the geo databases, probes the endpoints and answers queries.\n\
                 SIGHUP, `signpost reload` and changed files make it read everything again; SIGTERM and SIGINT end it.",
        arguments: &[CONFIG],
        make: |found| Command::Serve { config: path(found, "config") },
    },
    Row {
        name: "check",
        summary: "Read everything as the server would and report every fault",
        detail: "Walks the same way as the start of the server, touches nothing, and exits 1 if the server would refuse a file.",
        arguments: &[
            CONFIG,
            Argument {
                name: "zone",
                takes: Takes::Pair(["NAME", "FILE"]),
                help: "Check only this file, as the zone NAME with the policies of the configuration",
            },
        ],
        make: |found| Command::Check { config: path(found, "config"), zone: zone_file(found) },
    },
    Row {
        name: "explain",
        summary: "Tell why a client gets what it gets",
        detail: "Sends one query the way that every query goes, and tells each stage: zone and binding, where the client is,\n\
                 the order of pools with distances, who is passed over and why, the odds, the draw, the answer and its scope.\n\
                 \n\
                 The dice are throws instead of chance: 79/100 is the throw 79 of 0 to 99. The first is for the bound policy,\n\
                 the next for the one below it; the last stays for all that follow, the pool included.",
        arguments: &[
            Argument { name: "name", takes: Takes::Place("NAME"), help: "The name that is asked for" },
            Argument {
                name: "type",
                takes: Takes::OptionalPlace("TYPE"),
                help: "The type that is asked for; A and then AAAA if left out",
            },
            Argument { name: "client", takes: Takes::Value("IP"), help: "Where the query comes from: a client, or its resolver" },
            Argument {
                name: "subnet",
                takes: Takes::OptionalValue("PREFIX"),
                help: "The client subnet (ECS) that the resolver sends along, such as 203.0.113.0/24",
            },
            Argument { name: "dice", takes: Takes::OptionalValue("R/SUM,.."), help: "Throws of the dice, such as 79/100" },
            Argument {
                name: "offline",
                takes: Takes::Nothing,
                help: "Read the files instead of asking the running server; every endpoint counts as up",
            },
            CONFIG,
        ],
        make: |found| Command::Explain {
            config: path(found, "config"),
            offline: found.get_flag("offline"),
            question: ExplainRequest {
                name: text(found, "name").unwrap_or_default(),
                qtype: text(found, "type"),
                client: text(found, "client").unwrap_or_default(),
                subnet: text(found, "subnet"),
                dice: text(found, "dice"),
            },
        },
    },
    Row {
        name: "status",
        summary: "Show how the running server and its endpoints are",
        detail: "First the server and its alarms, then a line for each address of each endpoint, the worst first: its verdict and\n\
                 for how long, orders, the share of its weight, how long the latest pass took, when the next probe is due, how\n\
                 often it flapped, when its certificate ends, and the last error. Columns in which nobody has anything are left out.\n\
                 \n\
                 On a terminal --watch looks every second and marks what changed, q ends it; elsewhere it prints a line for each\n\
                 change.",
        arguments: &[
            Argument {
                name: "wanted",
                takes: Takes::Places("NAME"),
                help: "Only these: a pool, a policy, an endpoint, an address, a zone, a bound name, or a pattern such as 'eu/fra-*'",
            },
            Argument {
                name: "down",
                takes: Takes::Nothing,
                help: "Only what is down, out by order, or failing or recovering now",
            },
            Argument { name: "alarms", takes: Takes::Nothing, help: "Only the server and its alarms" },
            Argument { name: "watch", takes: Takes::Nothing, help: "Go on and show what changes" },
            JSON,
            CONFIG,
        ],
        make: |found| Command::Status {
            config: path(found, "config"),
            request: StatusRequest {
                wanted: found.get_many::<String>("wanted").unwrap_or_default().cloned().collect(),
                down: found.get_flag("down"),
                alarms: found.get_flag("alarms"),
            },
            view: match (found.get_flag("watch"), found.get_flag("json")) {
                (true, _) => View::Watch,
                (false, true) => View::Json,
                (false, false) => View::Text,
            },
        },
    },
    Row {
        name: "reload",
        summary: "Let the running server read all files again",
        detail: "Returns when the new data answer, or with every fault that forbids them; then the old data serve on.",
        arguments: &[CONFIG],
        make: |found| Command::Reload { config: path(found, "config") },
    },
    Row {
        name: "drain",
        summary: "Take endpoints out of the answers, for maintenance",
        detail: "Prints when the last answer that names one of them will have run out: from then on the machine may be stopped.\n\
                 A drained endpoint is probed on, and stays out even when nothing is up, unless nothing else is left. Orders\n\
                 are written to orders.toml in the folder [server] state and survive a restart.",
        arguments: &[
            NAME,
            Argument {
                name: "over",
                takes: Takes::OptionalValue("DURATION"),
                help: "Lead clients away step by step over this time, such as 10m; at once if left out",
            },
            REASON,
            UNTIL,
            JSON,
            CONFIG,
        ],
        make: |found| order(found, Deed::Drain),
    },
    Row {
        name: "undrain",
        summary: "Let drained endpoints back into the answers",
        detail: "The verdict of meanwhile counts at once. Of a drain that was given for more endpoints, the others stay drained.",
        arguments: &[NAME, JSON, CONFIG],
        make: |found| order(found, Deed::Undrain),
    },
    Row {
        name: "force",
        summary: "Treat endpoints as up or down, whatever their probes say",
        detail: "The verdict goes on beside it; \"off\" takes the order back, and the verdict counts again at once. The name of an\n\
                 endpoint is stronger than a pattern, down is stronger than up, and a drain is stronger than up.",
        arguments: &[
            Argument { name: "to", takes: Takes::Place("up|down|off"), help: "As what they count" },
            NAME,
            REASON,
            UNTIL,
            JSON,
            CONFIG,
        ],
        make: |found| order(found, Deed::Force(text(found, "to").unwrap_or_default())),
    },
    Row {
        name: "weight",
        summary: "Give endpoints another weight than the configured one",
        detail: "\"off\" takes the order back. A pool or a pattern gives each of its endpoints this weight.",
        arguments: &[
            NAME,
            Argument { name: "to", takes: Takes::Place("N|off"), help: "The weight, from 1 to 65535" },
            REASON,
            UNTIL,
            JSON,
            CONFIG,
        ],
        make: |found| order(found, Deed::Weight(text(found, "to").unwrap_or_default())),
    },
    Row {
        name: "orders",
        summary: "List the orders that hold",
        detail: "For each order: for whom, what, how far it is, since when, until when, and why.",
        arguments: &[JSON, CONFIG],
        make: |found| Command::Orders { config: path(found, "config"), json: found.get_flag("json") },
    },
    Row {
        name: "demo",
        summary: "Play with a server, three edges and a zone, all on this machine",
        detail: "Starts three small HTTP edges and the zone example.com on 127.0.0.1:5300, prints what to ask with dig, and lets\n\
                 you kill and revive an edge to see the answers move. It brings its own configuration.",
        arguments: &[],
        make: |_| Command::Demo,
    },
];

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

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, Reply> {
        parse(std::iter::once("signpost").chain(line.split_whitespace()).map(OsString::from))
    }

    #[test]
    fn the_table_makes_a_sound_program() {
        program().debug_assert();
    }

    #[test]
    fn help_is_what_the_golden_file_says() {
        let lines = std::iter::once(String::from("--help")).chain(COMMANDS.iter().map(|row| format!("{} --help", row.name)));
        let help: String = lines.map(|line| format!("$ signpost {line}\n{}\n", parsed(&line).unwrap_err().out)).collect();
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/control/help.txt");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&file, &help).unwrap();
        }
        assert_eq!(help, std::fs::read_to_string(&file).unwrap_or_default(), "\n{help}");
    }

    #[test]
    fn what_is_typed_becomes_a_command() {
        let (standard, other) = (PathBuf::from("signpost.toml"), PathBuf::from("a/b.toml"));
        let zone = Some(ZoneFile { name: "example.com".into(), file: "x.zone".into() });
        let question = ExplainRequest { name: "www.example.com".into(), client: "192.0.2.1".into(), ..Default::default() };
        let whole = ExplainRequest {
            qtype: Some("AAAA".into()),
            subnet: Some("10.0.0.0/8".into()),
            dice: Some("1/2,3/4".into()),
            ..question.clone()
        };
        let order =
            |deed, name: &str| OrderRequest { deed, name: name.into(), over: None, reason: None, until: None, json: false };
        let drain = OrderRequest {
            over: Some("10m".into()),
            reason: Some("kernel".into()),
            until: Some("18:00".into()),
            ..order(Deed::Drain, "eu/fra-1")
        };
        let cases = [
            ("serve", Command::Serve { config: standard.clone() }),
            ("serve --config a/b.toml", Command::Serve { config: other.clone() }),
            ("check", Command::Check { config: standard.clone(), zone: None }),
            ("check --zone example.com x.zone --config=a/b.toml", Command::Check { config: other.clone(), zone }),
            ("status", Command::Status { config: standard.clone(), request: StatusRequest::default(), view: View::Text }),
            (
                "status eu */fra-1 --down --json",
                Command::Status {
                    config: standard.clone(),
                    request: StatusRequest { wanted: vec!["eu".into(), "*/fra-1".into()], down: true, alarms: false },
                    view: View::Json,
                },
            ),
            ("reload --config a/b.toml", Command::Reload { config: other.clone() }),
            ("demo", Command::Demo),
            ("orders --json", Command::Orders { config: standard.clone(), json: true }),
            (
                "drain eu/fra-1 --over 10m --reason kernel --until 18:00",
                Command::Order { config: standard.clone(), request: drain },
            ),
            ("undrain eu", Command::Order { config: standard.clone(), request: order(Deed::Undrain, "eu") }),
            (
                "force down */fra-1",
                Command::Order { config: standard.clone(), request: order(Deed::Force("down".into()), "*/fra-1") },
            ),
            ("weight eu off", Command::Order { config: standard.clone(), request: order(Deed::Weight("off".into()), "eu") }),
            ("explain www.example.com --client 192.0.2.1", Command::Explain { config: standard, offline: false, question }),
            (
                "explain www.example.com AAAA --client 192.0.2.1 --subnet 10.0.0.0/8 --dice 1/2,3/4 --offline --config a/b.toml",
                Command::Explain { config: other, offline: true, question: whole },
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(parsed(line), Ok(expected), "{line}");
        }
    }

    #[test]
    fn wrong_usage_exits_2_and_says_what_would_be_right() {
        let cases = [
            ("", "Usage: signpost <COMMAND>"),
            ("sreve", "a similar subcommand exists: 'serve'"),
            ("serve --confg x", "a similar argument exists: '--config'"),
            ("explain www.example.com", "--client <IP>"),
            ("check --zone example.com", "2 values required"),
        ];
        for (line, expected) in cases {
            let reply = parsed(line).unwrap_err();
            assert!(reply.exit == 2 && reply.err.contains(expected), "{line}: {reply:?}");
        }
    }

    #[test]
    fn the_version_is_the_packages() {
        assert_eq!(parsed("--version"), Err(Reply::done(format!("signpost {}\n", env!("CARGO_PKG_VERSION")))));
    }
}
