//! The language of `tests/strangers/*.txt`, told in the README.md there: octets of messages, with lengths, repetitions and
//! variables, and what becomes of them.

use std::collections::HashMap;

use signpost::answer::DropReason;

use crate::scenario::expect::{DROPS, RCODES, find};
use crate::scenario::query::hex;
use crate::scenario::world::Written;

/// Values of all variables that one entry may have.
const VALUES_MAX: usize = 1 << 16;

/// One message of the catalogue.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// FILE:LINE, the title, and the values of its variables.
    pub title: String,
    pub octets: Vec<u8>,
    /// What may become of it; the answer is one of these.
    pub fates: Vec<Fate>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Rcode(u16),
    Drop(DropReason),
}

/// An entry as it is written.
struct Entry {
    title: String,
    variables: Vec<(String, Vec<usize>)>,
    tokens: Vec<String>,
    fates: Vec<Fate>,
}

type Values = HashMap<String, usize>;
type Macros = HashMap<String, Vec<String>>;

/// All messages of a file, or what is wrong with it.
pub(crate) fn messages(file: &Written) -> Result<Vec<Message>, String> {
    let mut macros = Macros::new();
    let mut entries: Vec<Entry> = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        let place = format!("{}:{number}", file.name);
        let line = line.split('#').next().unwrap_or_default().trim_end();
        let said = match line.strip_prefix("let ") {
            _ if line.is_empty() => Ok(()),
            Some(definition) => define(definition, &mut macros),
            None if line.starts_with(' ') => {
                entries.last_mut().ok_or_else(|| "no title".to_owned()).and_then(|entry| entry.take(line))
            }
            None => title(line, &place).map(|entry| entries.push(entry)),
        };
        said.map_err(|message| format!("{place}: {message}"))?;
    }
    let spread = entries.iter().map(|entry| entry.messages(&macros).map_err(|message| format!("{}: {message}", entry.title)));
    spread.collect::<Result<Vec<_>, _>>().map(|messages| messages.concat())
}

fn define(definition: &str, macros: &mut Macros) -> Result<(), String> {
    let (name, tokens) = definition.split_once('=').ok_or("expected: let NAME = OCTETS")?;
    let tokens = tokens.split_whitespace().map(str::to_owned).collect();
    match macros.insert(name.trim().to_owned(), tokens) {
        None => Ok(()),
        Some(_) => Err(format!("{name} is defined twice")),
    }
}

/// `TITLE (N = 0..15; M = 1 3 255)`
fn title(line: &str, place: &str) -> Result<Entry, String> {
    let parts = line.strip_suffix(')').and_then(|line| line.rsplit_once(" (")).filter(|(_, inside)| inside.contains('='));
    let (words, variables) = parts.unwrap_or((line, ""));
    let variables = variables.split(';').filter(|text| !text.is_empty()).map(|text| {
        let (name, values) = text.split_once('=').ok_or_else(|| format!("expected N = VALUES, but found \"{text}\""))?;
        let ranges: Option<Vec<Vec<usize>>> = values.split_whitespace().map(range).collect();
        Ok((name.trim().to_owned(), ranges.ok_or_else(|| format!("\"{values}\" are no numbers"))?.concat()))
    });
    let title = format!("{place}: {words}");
    Ok(Entry { title, variables: variables.collect::<Result<_, String>>()?, tokens: Vec::new(), fates: Vec::new() })
}

/// `7`, `0x8000`, `0..41` (the last one included) or `0..65535/257`.
fn range(text: &str) -> Option<Vec<usize>> {
    let (bounds, step) = text.split_once('/').unwrap_or((text, "1"));
    let (first, last) = bounds.split_once("..").unwrap_or((bounds, bounds));
    Some((number(first)?..=number(last)?).step_by(number(step)?).collect())
}

fn number(text: &str) -> Option<usize> {
    match text.strip_prefix("0x") {
        Some(digits) => usize::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

impl Entry {
    /// One indented line: octets, or what becomes of them.
    fn take(&mut self, line: &str) -> Result<(), String> {
        let line = line.trim();
        if !self.fates.is_empty() {
            return Err("expected a title, because the entry above has its \"=>\"".to_owned());
        }
        let Some(fates) = line.strip_prefix("=> ") else {
            self.tokens.extend(line.split_whitespace().map(str::to_owned));
            return Ok(());
        };
        self.fates = fates
            .split(" or ")
            .map(|text| fate(text).ok_or_else(|| format!("\"{text}\" is no fate")))
            .collect::<Result<_, _>>()?;
        Ok(())
    }

    /// One message for each combination of values.
    fn messages(&self, macros: &Macros) -> Result<Vec<Message>, String> {
        if self.fates.is_empty() {
            return Err("what becomes of it? Write \"=> RCODE\" or \"=> drop REASON\"".to_owned());
        }
        let mut combinations = vec![Values::new()];
        for (name, values) in &self.variables {
            let with = |known: &Values, value: &usize| {
                let mut known = known.clone();
                known.insert(name.clone(), *value);
                known
            };
            combinations =
                combinations.iter().flat_map(|known| values.iter().map(|value| with(known, value)).collect::<Vec<_>>()).collect();
        }
        if combinations.len() > VALUES_MAX {
            return Err(format!("{} messages are too many for one entry", combinations.len()));
        }
        combinations.into_iter().map(|values| self.message(macros, &values)).collect()
    }

    fn message(&self, macros: &Macros, values: &Values) -> Result<Message, String> {
        let mut tokens = Tokens { rest: self.tokens.iter(), macros, values };
        let octets = tokens.octets(None)?;
        let told: String = self.variables.iter().map(|(name, _)| format!(" {name}={}", values[name])).collect();
        Ok(Message { title: format!("{}{told}", self.title), octets, fates: self.fates.clone() })
    }
}

fn fate(text: &str) -> Option<Fate> {
    match text.strip_prefix("drop ") {
        Some(reason) => find(&DROPS, reason).map(Fate::Drop),
        None => find(&RCODES, text).map(Fate::Rcode),
    }
}

/// What is left of an entry.
struct Tokens<'e> {
    rest: std::slice::Iter<'e, String>,
    macros: &'e Macros,
    values: &'e Values,
}

impl Tokens<'_> {
    /// Everything up to the closing token.
    fn octets(&mut self, close: Option<&str>) -> Result<Vec<u8>, String> {
        let mut octets = Vec::new();
        while let Some(token) = self.rest.next() {
            match token.as_str() {
                token if Some(token) == close => return Ok(octets),
                "{" => {
                    let inside = self.octets(Some("}"))?;
                    let length = u16::try_from(inside.len()).map_err(|_| format!("{} octets have no length", inside.len()))?;
                    octets.extend(length.to_be_bytes());
                    octets.extend(inside);
                }
                token => octets.extend(self.token(token)?),
            }
        }
        close.map_or(Ok(octets), |close| Err(format!("\"{close}\" is missing")))
    }

    fn token(&mut self, token: &str) -> Result<Vec<u8>, String> {
        if let Some(count) = token.strip_suffix("*(") {
            let count = number(count).or_else(|| self.values.get(count).copied()).ok_or_else(|| format!("\"{token}\"?"))?;
            return Ok(self.octets(Some(")"))?.repeat(count));
        }
        if let Some(name) = token.strip_prefix('$') {
            let tokens = self.macros.get(name).ok_or_else(|| format!("{token} is not defined before"))?;
            return Tokens { rest: tokens.iter(), macros: self.macros, values: self.values }.octets(None);
        }
        if token.ends_with('.') {
            return Ok(self.name(token));
        }
        let value = |bits: &str| token.strip_suffix(bits).and_then(|name| self.values.get(name));
        match (value("/8"), value("/16")) {
            (Some(value), _) => Ok(vec![*value as u8]),
            (_, Some(value)) => Ok((*value as u16).to_be_bytes().to_vec()),
            (None, None) => hex(token).ok_or_else(|| format!("\"{token}\" are no octets")),
        }
    }

    /// A name in wire form, however long; `<N>` is the value of N.
    fn name(&self, token: &str) -> Vec<u8> {
        let filled = self
            .values
            .iter()
            .fold(token.to_owned(), |name, (variable, value)| name.replace(&format!("<{variable}>"), &value.to_string()));
        let labels = filled.split('.').filter(|label| !label.is_empty());
        let mut octets: Vec<u8> = labels.flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat()).collect();
        octets.push(0);
        octets
    }
}

#[test]
fn the_language_builds_octets() {
    let text =
        "let Q = a.b. N/8\ntwo (N = 1..2; M = 0x100)\n  $Q M/16\n  { 2*( N*( ff ) ) }\n  n<N>.\n  => FORMERR or drop short\n";
    let file = |text: &str| Written { name: "f".to_owned(), text: text.to_owned() };
    let built = messages(&file(text)).unwrap();
    let octets: Vec<Vec<u8>> = built.iter().map(|message| message.octets.clone()).collect();
    assert_eq!(
        octets,
        [hex("0161 0162 00 01 0100 0002 ffff 026e31 00").unwrap(), hex("0161 0162 00 02 0100 0004 ffffffff 026e32 00").unwrap()]
    );
    assert_eq!(built[1].title, "f:2: two N=2 M=256");
    assert_eq!(built[1].fates, [Fate::Rcode(1), Fate::Drop(DropReason::Short)]);
    for (text, message) in [
        ("one\n  00\n", "f:1: one: what becomes of it?"),
        ("one\n  0\n  => FORMERR\n", "f:1: one: \"0\" are no octets"),
        ("one\n  { 00\n  => FORMERR\n", "f:1: one: \"}\" is missing"),
        ("one\n  $Q\n  => FORMERR\n", "f:1: one: $Q is not defined before"),
        ("one\n  00\n  => GOOD\n", "f:3: \"GOOD\" is no fate"),
        ("  00\n", "f:1: no title"),
    ] {
        let error = messages(&file(text)).unwrap_err();
        assert!(error.starts_with(message), "{error}");
    }
}
