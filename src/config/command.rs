//! Which program is run by a command check, or for `[notify]`: `command`, the program and its arguments, with no shell between.
//! Whether the program is there is found out when it is run: it may come or go at any time.

use super::CommandCheck;
use super::table::{Item, Table};
use crate::limits::{CHECK_ARGUMENTS_MAX, CHECK_TEXT_LENGTH_MAX};

/// Reads the keys of a command check.
pub(super) fn read(table: &Table<'_>) -> Option<CommandCheck> {
    const HELP: &str = "write command = [\"/usr/local/lib/check-web\", \"--fast\"]";
    program(table.require("command", HELP)?, HELP)
}

/// A program and its arguments; `help` shows how they are written.
pub(super) fn program(item: Item<'_>, help: &str) -> Option<CommandCheck> {
    let words = item.list();
    let (program, arguments) = words.split_first().or_else(|| {
        item.report(item.fault("expected a program, but found an empty list").help(help));
        None
    })?;
    if arguments.len() > CHECK_ARGUMENTS_MAX {
        let message = format!("expected at most {CHECK_ARGUMENTS_MAX} arguments, but found {}", arguments.len());
        item.report(item.fault(message).help("put them into a script of your own, and name that"));
    }
    // Neither PATH nor the folder that the server was started in decides which program it is.
    let written = program.text_such_that(
        "the path of a program such as \"/usr/local/lib/check-web\"",
        "a path holds a \"/\"; write \"./check-web\" for a file beside this one, and each argument in quotes of its own",
        |text| text.contains('/'),
    );
    let program = written.and_then(|_| program.path());
    let arguments = arguments.iter().filter_map(|item| argument(*item)).map(str::to_owned).collect();
    Some(CommandCheck { program: program?, arguments })
}

fn argument(item: Item<'_>) -> Option<&str> {
    let help = format!("write up to {CHECK_TEXT_LENGTH_MAX} octets in quotes, without \\u0000");
    item.text_such_that("an argument", &help, |text| text.len() <= CHECK_TEXT_LENGTH_MAX && !text.contains('\0'))
}
