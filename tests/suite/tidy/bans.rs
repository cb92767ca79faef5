//! What code does not say: IO, clock and dice above the IO line; panics, `unsafe` and machine paths anywhere.

use super::floors::is_above_io_line;
use super::mention::{Token, tokens};
use super::tree::{File, Tree, numbered};
use super::{Complaint, complain};

/// Paths that are never mentioned above the IO line, and what stands there instead.
const ABSENT_ABOVE_IO: &[(&[&str], &str)] = &[
    (&["std", "fs"], "load/ reads files; take their bytes"),
    (&["std", "env"], "take it as an argument"),
    (&["std", "process"], "only main.rs ends the process"),
    (THREADS, "threads belong to the doors"),
    (&["std", "os"], "sockets and files belong below the IO line"),
    (&["io", "stdin"], "take a text"),
    (&["io", "stdout"], "return a text"),
    (&["io", "stderr"], "return a text"),
    (&["net", "UdpSocket"], "sockets belong to transport/"),
    (&["net", "TcpStream"], "sockets belong to the doors"),
    (&["net", "TcpListener"], "sockets belong to transport/"),
    (&["Instant", "now"], "take `now` as an argument"),
    (&["SystemTime", "now"], "take `now` as an argument"),
    (&["tokio"], "the asynchronous shell is below the IO line"),
    (&["tracing"], "return facts or diagnostics; who is below logs them"),
    (&["rand"], "take dice as an argument"),
    (&["getrandom"], "take dice as an argument"),
];

const THREADS: &[&str] = &["std", "thread"];
/// The one file above the IO line with threads: they end before its function does, and only compute.
const COMPUTING_HOME: &str = "src/zone/parts.rs";

/// Macros that print; above the IO line nothing does.
const PRINTING: &[&str] = &["print", "println", "eprint", "eprintln"];

/// Methods and macros that end a thread instead of handling a case.
const PANICKING_METHODS: &[&str] = &["unwrap", "expect"];
const PANICKING_MACROS: &[&str] = &["panic", "todo", "unimplemented", "dbg"];

/// The one file of the batched socket calls.
const UNSAFE_HOME: &str = "src/transport/mmsg.rs";

/// Folders that only exist on somebody's machine.
const MACHINE_FOLDERS: &[&str] = &["/home", "/root", "/tmp"];

pub(super) fn io(tree: &Tree) -> Vec<Complaint> {
    tree.sources().filter(|file| is_above_io_line(file)).flat_map(|file| [paths_of_io(file), printing(file)].concat()).collect()
}

fn paths_of_io(file: &File) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for mention in &file.product_mentions {
        let says = |path: &[&str]| mention.segments.windows(path.len()).any(|part| part == path);
        let absent = ABSENT_ABOVE_IO.iter().find(|(path, _)| says(path) && (*path != THREADS || file.path != COMPUTING_HOME));
        if let Some((path, instead)) = absent {
            complaints.push(complain(file, mention.line, format!("{} above the IO line: {instead}", path.join("::"))));
        }
    }
    complaints
}

fn printing(file: &File) -> Vec<Complaint> {
    let tokens = tokens(&file.product);
    let found = words_before(&tokens, PRINTING, "!");
    found.map(|token| complain(file, token.line, format!("{}! above the IO line: return a text", token.text))).collect()
}

pub(super) fn panics(tree: &Tree) -> Vec<Complaint> {
    tree.sources().flat_map(panics_in).collect()
}

fn panics_in(file: &File) -> Vec<Complaint> {
    let tokens = tokens(&file.product);
    let methods = tokens.windows(3).filter(|part| part[0].text == "." && part[2].text == "(").map(|part| part[1]);
    let methods = methods.filter(|token| PANICKING_METHODS.contains(&token.text)).map(|token| (token, "()"));
    let macros = words_before(&tokens, PANICKING_MACROS, "!").map(|token| (token, "!"));
    let message = |word: &str, mark: &str| format!("{word}{mark} outside tests: handle the case, or make it a type");
    methods.chain(macros).map(|(token, mark)| complain(file, token.line, message(token.text, mark))).collect()
}

pub(super) fn unsafety(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for file in tree.files.iter().filter(|file| file.path != UNSAFE_HOME) {
        let found = tokens(&file.code).into_iter().filter(|token| token.text == "unsafe");
        complaints.extend(found.map(|token| complain(file, token.line, format!("unsafe code belongs to {UNSAFE_HOME} alone"))));
    }
    complaints
}

pub(super) fn machine_paths(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for file in tree.sources() {
        for (line, text) in numbered(&file.text) {
            if let Some(folder) = MACHINE_FOLDERS.iter().find(|folder| names_folder(text, folder)) {
                complaints.push(complain(file, line, format!("a path of one machine: {folder}/")));
            }
        }
    }
    complaints
}

/// Whether a line names the folder itself, not one of that name further down a path.
fn names_folder(line: &str, folder: &str) -> bool {
    let continues = |before: &str| before.ends_with(|last: char| last.is_alphanumeric() || matches!(last, '_' | '.' | '-'));
    line.match_indices(&format!("{folder}/")).any(|(at, _)| !continues(&line[..at]))
}

/// The tokens that are one of `words` and stand right before `mark`.
fn words_before<'a>(tokens: &[Token<'a>], words: &[&str], mark: &str) -> impl Iterator<Item = Token<'a>> {
    tokens.windows(2).filter(move |pair| words.contains(&pair[0].text) && pair[1].text == mark).map(|pair| pair[0])
}
