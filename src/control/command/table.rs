//! Every command with its arguments and its help. Adding a command is adding a row.
//! How a row is read is `mod.rs`'s matter.

use super::{Argument, Command, Row, Takes, View, order, path, text, zone_file};
use crate::control::{Deed, ExplainRequest, StatusRequest};

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

pub(super) const COMMANDS: &[Row] = &[
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
        summary: "Play with a server, six edges in three places and a zone, all on this machine",
        detail: "Starts six small HTTP edges in three places and the zone example.com on 127.0.0.1:5300, prints what to ask with dig, and lets\n\
                 you kill and revive an edge to see the answers move. It brings its own configuration.",
        arguments: &[],
        make: |_| Command::Demo,
    },
];
