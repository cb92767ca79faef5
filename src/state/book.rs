//! The orders that hold, and the file that they are in: read at the start and whenever it rests after a change, whole or not at
//! all, and changed by commands.
//!
//! A file that is refused or gone changes nothing. So that this holds over a restart, the text of the last good one is kept
//! beside it, in `orders.accepted`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::disk;
use crate::config::Config;
use crate::config::orders::{Plan, Wish, edit, read};
use crate::diagnostic::{Diagnostic, Severity, Sources, render};
use crate::health::Orders;
use crate::limits::ORDERS_FILE_LENGTH_MAX;

const FILE: &str = "orders.toml";
const ACCEPTED: &str = "orders.accepted";

/// What is in a file; nothing where there is none, and else why it can't be read.
type Content = Result<Option<Vec<u8>>, String>;

/// The orders of one state folder.
#[derive(Debug)]
pub struct Book {
    path: PathBuf,
    /// What holds, and its text.
    orders: Arc<Orders>,
    text: String,
    /// The file as it was judged last.
    judged: Content,
    /// The file as it was at the last look, if that was not the same.
    unsettled: Option<Content>,
    /// Whether what was judged last was refused.
    is_refused: bool,
}

/// Why a file, or a command, changes nothing: ready to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(pub String);

/// What a file said when it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// What should be looked at though it holds.
    pub warnings: Vec<String>,
    /// Why it does not hold, if it does not.
    pub refusal: Option<Refusal>,
    /// Why it could not be kept for the next start, if it could not.
    pub unkept: Option<String>,
}

/// What a command did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Granted {
    /// What an operator should know besides, a line each.
    pub notes: Vec<String>,
    /// Why it will be lost at the next start, if it will.
    pub unwritten: Option<String>,
}

/// A text of orders, judged.
struct Judged {
    orders: Option<Orders>,
    errors: String,
    warnings: Vec<String>,
}

impl Book {
    /// Reads the orders of a folder; where their file is refused or gone, the last good ones hold.
    pub fn open(folder: &Path, config: &Config) -> (Self, Reading) {
        let path = folder.join(FILE);
        let judged = disk::read(&path, ORDERS_FILE_LENGTH_MAX);
        let accepted = disk::read(&folder.join(ACCEPTED), ORDERS_FILE_LENGTH_MAX).ok().flatten().unwrap_or_default();
        let kept = judge(&accepted, &folder.join(ACCEPTED), config, None);
        let (orders, text) = match (kept.orders, String::from_utf8(accepted)) {
            (Some(orders), Ok(text)) => (orders, text),
            _ => Default::default(),
        };
        let mut book = Self { path, orders: Arc::new(orders), text, judged, unsettled: None, is_refused: false };
        // What was good at the last life's end is the measure; at the first start ever, there is none.
        let before = (!book.text.is_empty()).then(|| Arc::clone(&book.orders));
        let reading = book.judge_file(config, before.as_deref());
        (book, reading)
    }

    /// What holds.
    pub fn orders(&self) -> &Arc<Orders> {
        &self.orders
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Looks at the file; if it has changed and was the same at the look before, reads it.
    pub fn look(&mut self, config: &Config) -> Option<Reading> {
        let now = disk::read(&self.path, ORDERS_FILE_LENGTH_MAX);
        if now == self.judged {
            self.unsettled = None;
            return None;
        }
        if self.unsettled.as_ref() != Some(&now) {
            self.unsettled = Some(now);
            return None;
        }
        self.unsettled = None;
        self.judged = now;
        let before = Arc::clone(&self.orders);
        Some(self.judge_file(config, Some(&before)))
    }

    /// Judges what holds, or what is refused, by another configuration.
    pub fn review(&mut self, config: &Config) -> Reading {
        if let Some(reading) = self.refresh(config) {
            return reading;
        }
        // The file is as it was; what holds may be newer, if it could not be written.
        let Judged { orders, errors, warnings } = judge(self.text.as_bytes(), &self.path, config, Some(&self.orders));
        self.is_refused = orders.is_none();
        Reading { warnings, refusal: self.is_refused.then_some(Refusal(errors)), unkept: None }
    }

    /// Takes the file if it is not as it was judged, or was refused; a file that rests need not be waited for.
    fn refresh(&mut self, config: &Config) -> Option<Reading> {
        let now = disk::read(&self.path, ORDERS_FILE_LENGTH_MAX);
        self.unsettled = None;
        if now == self.judged && !self.is_refused {
            return None;
        }
        self.judged = now;
        let before = Arc::clone(&self.orders);
        Some(self.judge_file(config, Some(&before)))
    }

    /// Does what a command wishes: changes the file, if the whole of it can be read then, and what holds.
    pub fn grant(&mut self, wish: &Wish, config: &Config, now: SystemTime) -> Result<Granted, Refusal> {
        let refused = self.refresh(config).and_then(|reading| reading.refusal);
        // Where there is no file, the last good text is written anew.
        if let Some(Refusal(why)) = refused.filter(|_| !matches!(self.judged, Ok(None))) {
            let help = format!("mend \"{}\", or move it away: then the last good orders are written anew", self.path.display());
            return Err(Refusal(why + &said("no order can be given while their file is refused", help)));
        }
        let Plan { edits, notes } = wish.plan(&self.orders, config, now).map_err(|(fault, help)| Refusal(said(fault, help)))?;
        let text = edit(&self.text, &edits).ok_or_else(|| {
            let message = format!("\"{}\" can't be edited by commands as it is written", self.path.display());
            Refusal(said(message, "write each order as a table: [drain.\"eu/fra-1\"]"))
        })?;
        let Judged { orders, errors, .. } = judge(text.as_bytes(), &self.path, config, Some(&self.orders));
        let Some(orders) = orders else { return Err(Refusal(errors)) };
        self.orders = Arc::new(orders);
        let written = disk::write(&self.path, text.as_bytes());
        self.text = text;
        if written.is_ok() {
            self.judged = Ok(Some(self.text.clone().into_bytes()));
            self.is_refused = false;
        }
        let unwritten = written.and_then(|()| self.keep()).err();
        Ok(Granted { notes, unwritten: unwritten.map(|error| self.unwritable(&error)) })
    }

    /// Whether the file as it is now is refused.
    pub fn is_refused(&self) -> bool {
        self.is_refused
    }

    /// Takes the file, if it is good.
    fn judge_file(&mut self, config: &Config, before: Option<&Orders>) -> Reading {
        let refuse = |refusal: String| Reading { refusal: Some(Refusal(refusal)), ..Reading::default() };
        self.is_refused = true;
        let octets = match &self.judged {
            Ok(Some(octets)) => octets.clone(),
            Ok(None) if self.orders.is_empty() => {
                self.is_refused = false;
                return Reading::default();
            }
            Ok(None) => {
                let message = format!("the file of orders \"{}\" is gone; the orders in it hold on", self.path.display());
                return refuse(said(message, "to take all of them back, put an empty file there"));
            }
            Err(why) => {
                let message = format!("can't read the file of orders \"{}\": {why}", self.path.display());
                return refuse(said(message, "let the user that signpost runs as read it, or replace it"));
            }
        };
        let Judged { orders, errors, warnings } = judge(&octets, &self.path, config, before);
        let (Some(orders), Ok(text)) = (orders, String::from_utf8(octets)) else {
            return Reading { warnings, ..refuse(errors) };
        };
        self.is_refused = false;
        self.orders = Arc::new(orders);
        let is_new = self.text != text;
        self.text = text;
        let unkept = if is_new { self.keep().err().map(|error| self.unwritable(&error)) } else { None };
        Reading { warnings, refusal: None, unkept }
    }

    /// Keeps the text of what holds for a start with a bad file.
    fn keep(&self) -> std::io::Result<()> {
        disk::write(&self.path.with_file_name(ACCEPTED), self.text.as_bytes())
    }

    fn unwritable(&self, error: &std::io::Error) -> String {
        format!("can't write \"{}\": {}", self.path.display(), disk::plain(error))
    }
}

/// What is to be said of the file of orders in a folder, by severity.
pub fn check_orders(folder: &Path, config: &Config) -> Vec<(Severity, String)> {
    let path = folder.join(FILE);
    match disk::read(&path, ORDERS_FILE_LENGTH_MAX) {
        Ok(None) => Vec::new(),
        Ok(Some(octets)) => {
            let Judged { errors, warnings, .. } = judge(&octets, &path, config, None);
            let errors = Some((Severity::Error, errors)).filter(|(_, text)| !text.is_empty());
            errors.into_iter().chain(warnings.into_iter().map(|text| (Severity::Warning, text))).collect()
        }
        Err(why) => {
            let message = format!("can't read \"{}\": {why}", path.display());
            vec![(Severity::Error, said(message, "let the user that signpost runs as read it, or replace it"))]
        }
    }
}

fn judge(octets: &[u8], path: &Path, config: &Config, before: Option<&Orders>) -> Judged {
    let mut sources = Sources::default();
    let source = sources.add(path.display().to_string(), octets);
    let (orders, found) = read(&source, config, before);
    let (errors, warnings): (Vec<_>, Vec<_>) = found.iter().partition(|found| found.severity == Severity::Error);
    let text = |found: &Diagnostic| render(found, &sources);
    Judged { orders, errors: errors.into_iter().map(text).collect(), warnings: warnings.into_iter().map(text).collect() }
}

fn said(message: impl Into<String>, help: impl Into<String>) -> String {
    render(&Diagnostic::nowhere(message).help(help), &Sources::default())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::{Text, parse};
    use crate::health::{OrderKind, Pattern};

    fn config(endpoints: &[&str]) -> Config {
        let endpoint = |(octet, name): (usize, &&str)| format!("{{ name = '{name}', v4 = '192.0.2.{octet}' }}");
        let endpoints: Vec<String> = (1..).zip(endpoints).map(endpoint).collect();
        let source = Sources::default().add("signpost.toml", format!("[pool.eu]\nendpoints = [{}]\n", endpoints.join(", ")));
        parse(&[Text { source: &source, folder: Path::new("") }]).0.unwrap()
    }

    fn ons(book: &Book) -> Vec<&str> {
        book.orders().iter().map(|order| order.on.as_str()).collect()
    }

    fn give(book: &mut Book, on: &str, config: &Config) -> Result<Granted, Refusal> {
        let source = Sources::default().add("orders.toml", format!("[drain.\"{on}\"]\n"));
        let (orders, _) = read(&source, config, None);
        let order = orders.unwrap().iter().next().unwrap().clone();
        book.grant(&Wish::Give(order), config, SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn what_could_not_be_written_holds_on_and_is_written_with_the_next() {
        let (folder, config) = (tempfile::tempdir().unwrap(), config(&["a", "b", "c"]));
        let state = folder.path().join("state");
        fs::write(&state, "in the way").unwrap();
        let (mut book, reading) = Book::open(&state, &config);
        assert_eq!(reading, Reading::default());
        assert!(give(&mut book, "eu/a", &config).unwrap().unwritten.unwrap().starts_with("can't write \""));
        assert_eq!(book.review(&config), Reading::default());
        assert_eq!(ons(&book), ["eu/a"]);
        assert!(give(&mut book, "eu/b", &config).unwrap().unwritten.is_some());
        fs::remove_file(&state).unwrap();
        assert_eq!(give(&mut book, "eu/c", &config), Ok(Granted::default()));
        let (reopened, _) = Book::open(&state, &config);
        assert_eq!((ons(&reopened), ons(&book)), (vec!["eu/a", "eu/b", "eu/c"], vec!["eu/a", "eu/b", "eu/c"]));
    }

    #[test]
    fn a_file_is_read_when_it_was_the_same_twice_and_broken_it_changes_nothing() {
        let (folder, config) = (tempfile::tempdir().unwrap(), config(&["a", "b"]));
        let write = |text: &str| fs::write(folder.path().join(FILE), text).unwrap();
        let (mut book, _) = Book::open(folder.path(), &config);
        write("[drain.\"eu/");
        assert_eq!(book.look(&config), None, "it may be in the middle of being written");
        write("[drain.\"eu/a\"]\n");
        assert_eq!((book.look(&config), book.look(&config)), (None, Some(Reading::default())));
        write("[drain.\"eu/b\"]\n[drain.\"eu/x\"]\n");
        book.look(&config);
        let reading = book.look(&config).unwrap();
        assert!(reading.refusal.is_some() && book.is_refused());
        assert!(give(&mut book, "eu/b", &config).unwrap_err().0.contains("no endpoint is called \"eu/x\""));
        let (reopened, reading) = Book::open(folder.path(), &config);
        assert!(reading.refusal.is_some() && ons(&reopened) == ["eu/a"], "a restart makes it no better");
        fs::remove_file(folder.path().join(ACCEPTED)).unwrap();
        let (reopened, reading) = Book::open(folder.path(), &config);
        assert!(
            reading.refusal.is_none() && ons(&reopened) == ["eu/b", "eu/x"],
            "nobody knows whether there was such an endpoint"
        );
        fs::write(folder.path().join(ACCEPTED), "[drain.\"eu/a\"]\n").unwrap();
        fs::remove_file(folder.path().join(FILE)).unwrap();
        book.look(&config);
        assert!(book.look(&config).unwrap().refusal.unwrap().0.contains("is gone; the orders in it hold on"));
        assert_eq!(ons(&book), ["eu/a"]);
        assert!(give(&mut book, "eu/b", &config).is_ok() && !book.is_refused(), "a command writes it anew");
    }

    #[test]
    fn an_order_outlives_its_endpoint_with_a_warning() {
        let (folder, whole, less) = (tempfile::tempdir().unwrap(), config(&["a", "b"]), config(&["a"]));
        let (mut book, _) = Book::open(folder.path(), &whole);
        give(&mut book, "eu/b", &whole).unwrap();
        let reading = book.review(&less);
        assert!(reading.refusal.is_none() && reading.warnings.concat().contains("this order is for nobody"), "{reading:?}");
        assert!(book.orders().find(OrderKind::Drain, &Pattern::read("eu/b").unwrap()).is_some());
    }
}
