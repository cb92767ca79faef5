//! What is typed, the help as a golden, and what wrong usage is told.

use super::*;
use crate::golden;

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
    golden::check("tests/control/help.txt", &help);
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
    let order = |deed, name: &str| OrderRequest { deed, name: name.into(), over: None, reason: None, until: None, json: false };
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
        ("drain eu/fra-1 --over 10m --reason kernel --until 18:00", Command::Order { config: standard.clone(), request: drain }),
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
