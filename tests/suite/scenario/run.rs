//! A scenario, statement by statement: what each keyword means.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use signpost::answer::{Client, Throw, Transport};
use signpost::health::Verdict;
use signpost::snapshot::{Family, PerFamily, Stance};
use signpost::wire::Name;

use super::door::{Door, Listener, Reaction, ask_wire, refuses};
use super::expect::Expected;
use super::query::{Edns, OPTION_SUBNET, Place, Query, hex, qtype, subnet};
use super::reply::Reply;
use super::script::{Fault, Statement, statements};
use super::world::{Compiled, Health, Holds, Texts, Written};

/// Where the files are that scenarios share.
pub(crate) const WORLDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios/worlds");
/// What a statement does to the scene.
type Play = fn(&mut Scene, &Statement) -> Result<(), Fault>;
/// What every keyword does.
const KEYWORDS: [(&str, Play); 19] = [
    ("config", Scene::config),
    ("zone", Scene::zone),
    ("geo", Scene::geo),
    ("edge", Scene::edge),
    ("health", Scene::health),
    ("blind", Scene::blind),
    ("client", Scene::client),
    ("subnet", Scene::subnet),
    ("option", Scene::option),
    ("edns", Scene::edns),
    ("stray", Scene::stray),
    ("transport", Scene::transport),
    ("wire", Scene::wire),
    ("limit", Scene::limit),
    ("dice", Scene::dice),
    ("query", Scene::query),
    ("bytes", Scene::bytes),
    ("expect", Scene::expect),
    ("refused", Scene::refused),
];
const PLACES: [(&str, Place); 4] =
    [("answer", Place::Answer), ("authority", Place::Authority), ("before", Place::Before), ("behind", Place::Behind)];
const CLASSES: [(&str, u16); 4] = [("IN", 1), ("CH", 3), ("NONE", 254), ("ANY", 255)];
const FLAGS: [(&str, u16); 6] = [("qr", 0x8000), ("aa", 0x0400), ("tc", 0x0200), ("rd", 0x0100), ("ad", 0x0020), ("cd", 0x0010)];

/// The mark of a file that is played against the binary, too; its first statement.
const WIRE: &str = "wire";
/// What can't be said of a server from outside.
const NOT_ON_THE_WIRE: [&str; 5] = ["dice", "health", "blind", "client", "edge"];

/// Runs the text of a scenario; what failed, each with its place.
pub(crate) fn run(name: &str, text: &str) -> Vec<String> {
    run_through(name, text, Door::Process(None))
}

/// The same, with every query and what answers it told to the listener.
pub(crate) fn listen(name: &str, text: &str, listener: Listener) -> Vec<String> {
    run_through(name, text, Door::Process(Some(listener)))
}

/// Runs it against the binary, if it is marked so.
pub(crate) fn run_on_the_wire(name: &str, text: &str) -> Option<Vec<String>> {
    is_marked(text).then(|| run_through(name, text, Door::Wire(None)))
}

fn is_marked(text: &str) -> bool {
    statements(text).is_ok_and(|statements| statements.first().is_some_and(|first| first.keyword == WIRE))
}

fn run_through(name: &str, text: &str, door: Door) -> Vec<String> {
    let mut scene = Scene::new(name, door);
    let outcome = statements(text).and_then(|statements| scene.play(&statements));
    let fault = outcome.err().map(|Fault { line, message }| format!("{name}:{line}: {}", message.trim_end()));
    scene.failures.into_iter().chain(fault).collect()
}

/// Everything as it stands at a statement.
struct Scene {
    name: String,
    door: Door,
    texts: Texts,
    /// Of `texts` as they are, if they were asked.
    compiled: Option<Result<Compiled, String>>,
    health: Vec<Health>,
    blind: PerFamily<bool>,
    client: Client,
    subnet: Option<Vec<u8>>,
    options: Vec<(u16, Vec<u8>)>,
    edns: Option<Edns>,
    strays: Vec<(Place, Vec<u8>)>,
    throws: Vec<Throw>,
    asked: Option<Asked>,
    failures: Vec<String>,
}

/// A query that waits for its `expect`.
struct Asked {
    line: usize,
    title: String,
    query: Option<Query>,
    octets: Vec<u8>,
}

impl Scene {
    fn new(name: &str, door: Door) -> Self {
        Self {
            name: name.to_owned(),
            door,
            texts: Texts::default(),
            compiled: None,
            health: Vec::new(),
            blind: PerFamily::default(),
            client: Client { address: IpAddr::V4(Ipv4Addr::new(203, 0, 113, 53)), transport: Transport::Udp, size_limit: 1232 },
            subnet: None,
            options: Vec::new(),
            edns: Some(Edns::new(1232)),
            strays: Vec::new(),
            throws: vec![Throw::default()],
            asked: None,
            failures: Vec::new(),
        }
    }

    fn play(&mut self, statements: &[Statement]) -> Result<(), Fault> {
        let mut expectations = 0;
        let marked = statements.first().is_some_and(|first| first.keyword == WIRE);
        for statement in statements {
            let keyword = statement.keyword.as_str();
            expectations += usize::from(["expect", "refused"].contains(&keyword));
            if let Some(asked) = self.asked.as_ref().filter(|_| keyword != "expect") {
                return Err(Fault::new(asked.line, "a query without \"expect\" behind it"));
            }
            if marked && NOT_ON_THE_WIRE.contains(&keyword) {
                return Err(
                    statement.fault(format!("\"wire\" can't hold: \"{keyword}\" can't be set from outside; use another file"))
                );
            }
            match KEYWORDS.iter().find(|(known, _)| *known == keyword) {
                Some((_, play)) => play(self, statement)?,
                None => return Err(statement.fault(format!("\"{keyword}\" is no keyword of scenarios; see README.md"))),
            }
        }
        match &self.asked {
            Some(asked) => Err(Fault::new(asked.line, "a query without \"expect\" behind it")),
            None if expectations == 0 => Err(Fault::new(1, "nothing is expected here")),
            None => Ok(()),
        }
    }

    /// What it means is known before anything is played; here only its place is.
    fn wire(&mut self, statement: &Statement) -> Result<(), Fault> {
        let first = self.texts.config.text.is_empty() && self.texts.zones.is_empty();
        if first { Ok(()) } else { Err(statement.fault("\"wire\" is the first statement of a file")) }
    }

    /// The texts are others than those that were asked.
    fn changed(&mut self) -> Result<(), Fault> {
        self.compiled = None;
        self.door.forget();
        Ok(())
    }

    fn config(&mut self, statement: &Statement) -> Result<(), Fault> {
        self.texts.config = self.written(statement, statement.words().first().copied())?;
        self.changed()
    }

    fn zone(&mut self, statement: &Statement) -> Result<(), Fault> {
        let words = statement.words();
        let Some((apex, file)) = words.split_first() else { return Err(statement.fault("expected: zone NAME [FILE]")) };
        let written = self.written(statement, file.first().copied())?;
        self.texts.zones.retain(|(other, _)| other != apex);
        self.texts.zones.push(((*apex).to_owned(), written));
        self.changed()
    }

    fn geo(&mut self, statement: &Statement) -> Result<(), Fault> {
        self.texts.geo = match statement.words().first() {
            Some(file) => Some((
                (*file).to_owned(),
                std::fs::read(shared(file)).map_err(|error| statement.fault(format!("{file}: {error}")))?,
            )),
            None => Some((self.name.clone(), statement.block_text().into_bytes())),
        };
        self.changed()
    }

    /// The addresses that the name of an edge was found to have.
    fn edge(&mut self, statement: &Statement) -> Result<(), Fault> {
        let words = statement.words();
        let wrong = || statement.fault("expected: edge NAME [ADDRESS ...]");
        let (name, addresses) = words.split_first().ok_or_else(wrong)?;
        let name = Name::parse(name.as_bytes(), None).map_err(|_| wrong())?;
        let addresses: Result<Vec<IpAddr>, _> = addresses.iter().map(|address| address.parse()).collect();
        self.texts.edges.set(name, &addresses.map_err(|_| wrong())?);
        self.changed()
    }

    /// The block below the statement, or the file that it names.
    fn written(&self, statement: &Statement, file: Option<&str>) -> Result<Written, Fault> {
        match file {
            None if statement.block.is_empty() => Err(statement.fault("expected a file, or an indented block below")),
            None => Ok(Written { name: self.name.clone(), text: statement.block_text() }),
            Some(_) if !statement.block.is_empty() => Err(statement.fault("expected a file or a block, but found both")),
            Some(file) => {
                let text = std::fs::read_to_string(shared(file)).map_err(|error| statement.fault(format!("{file}: {error}")))?;
                Ok(Written { name: file.to_owned(), text })
            }
        }
    }

    /// `all up`, or a list of `POOL/ENDPOINT [v4|v6] down|up|unknown`; what is not in the list is up.
    fn health(&mut self, statement: &Statement) -> Result<(), Fault> {
        self.health.clear();
        if statement.rest == "all up" {
            return Ok(());
        }
        for one in statement.rest.split(',') {
            let health = health(one).ok_or_else(|| {
                statement.fault("expected: POOL/ENDPOINT [v4|v6] down|up|unknown|uneasy|held|out|in|weight N|share N%, ...")
            })?;
            self.health.push(health);
        }
        Ok(())
    }

    fn blind(&mut self, statement: &Statement) -> Result<(), Fault> {
        let words = statement.words();
        if words != ["none"] && words.iter().any(|word| !["v4", "v6"].contains(word)) {
            return Err(statement.fault("expected: blind v4, v6, both, or none"));
        }
        self.blind = PerFamily::new(|family| words.contains(&if family == Family::V4 { "v4" } else { "v6" }));
        Ok(())
    }

    fn client(&mut self, statement: &Statement) -> Result<(), Fault> {
        self.client.address = statement.rest.parse().map_err(|_| statement.fault("expected: client ADDRESS"))?;
        Ok(())
    }

    fn subnet(&mut self, statement: &Statement) -> Result<(), Fault> {
        let read = || subnet(&statement.rest).ok_or_else(|| statement.fault("expected: subnet ADDRESS/LENGTH, or none"));
        self.subnet = if statement.rest == "none" { None } else { Some(read()?) };
        Ok(())
    }

    fn option(&mut self, statement: &Statement) -> Result<(), Fault> {
        if statement.rest == "none" {
            self.options.clear();
            return Ok(());
        }
        let (code, data) = statement.rest.split_once(' ').unwrap_or((&statement.rest, ""));
        let option = code.parse().ok().zip(hex(data));
        self.options.push(option.ok_or_else(|| statement.fault("expected: option CODE [HEX], or none"))?);
        Ok(())
    }

    fn edns(&mut self, statement: &Statement) -> Result<(), Fault> {
        let fault = || statement.fault("expected: edns SIZE [do] [version N] [flags HEX] [rcode N], or none");
        self.edns = if statement.rest == "none" { None } else { Some(edns(&statement.words()).ok_or_else(fault)?) };
        Ok(())
    }

    fn stray(&mut self, statement: &Statement) -> Result<(), Fault> {
        if statement.rest == "none" {
            self.strays.clear();
            return Ok(());
        }
        let (place, record) = statement.rest.split_once(' ').unwrap_or((&statement.rest, ""));
        let place = PLACES.iter().find(|(word, _)| *word == place).map(|(_, place)| *place);
        let stray = place.zip(hex(record)).ok_or_else(|| statement.fault("expected: stray PLACE HEX, or none"))?;
        self.strays.push(stray);
        Ok(())
    }

    fn transport(&mut self, statement: &Statement) -> Result<(), Fault> {
        (self.client.transport, self.client.size_limit) = match statement.rest.as_str() {
            "udp" => (Transport::Udp, 1232),
            "tcp" => (Transport::Stream, 65_535),
            _ => return Err(statement.fault("expected: transport udp|tcp")),
        };
        Ok(())
    }

    fn limit(&mut self, statement: &Statement) -> Result<(), Fault> {
        self.client.size_limit = statement.rest.parse().map_err(|_| statement.fault("expected: limit OCTETS"))?;
        Ok(())
    }

    /// A throw a slot, the last for all that follow: `70/100` is a draw of 70 of 100, `+3/8` a second one behind it.
    fn dice(&mut self, statement: &Statement) -> Result<(), Fault> {
        let throws: Option<Vec<Throw>> = statement.words().into_iter().map(throw).collect();
        let throws = throws.filter(|throws| !throws.is_empty());
        self.throws = throws.ok_or_else(|| statement.fault("expected: dice R/SUM[+R/SUM] ..., with R below SUM"))?;
        Ok(())
    }

    /// `query NAME TYPE [CLASS] [FLAG ...] [opcode N]`
    fn query(&mut self, statement: &Statement) -> Result<(), Fault> {
        let words = statement.words();
        let [name, rtype, rest @ ..] = words.as_slice() else {
            return Err(statement.fault("expected: query NAME TYPE [FLAG ...]"));
        };
        let name = Name::parse(name.as_bytes(), None).map_err(|error| statement.fault(format!("\"{name}\": {error}")))?;
        let qtype = qtype(rtype).ok_or_else(|| statement.fault(format!("\"{rtype}\" is no type")))?;
        let mut query = Query { name, qtype, qclass: 1, flags: 0, edns: self.edns.clone(), strays: self.strays.clone() };
        let options = self.subnet.iter().map(|data| (OPTION_SUBNET, data.clone())).chain(self.options.clone());
        let options: Vec<_> = options.collect();
        match &mut query.edns {
            Some(edns) => edns.options = options,
            None if options.is_empty() => {}
            None => return Err(statement.fault("a subnet or option needs EDNS")),
        }
        let mut rest = rest.iter();
        while let Some(word) = rest.next() {
            let opcode = || rest.next().and_then(|number| number.parse::<u16>().ok()).map(|opcode| opcode << 11);
            match CLASSES.iter().find(|(class, _)| class == word) {
                Some((_, class)) => query.qclass = *class,
                None if *word == "opcode" => query.flags |= { opcode }().ok_or_else(|| statement.fault("expected: opcode N"))?,
                None => query.flags |= flag(word).ok_or_else(|| statement.fault(format!("\"{word}\" is no flag")))?,
            }
        }
        self.asked =
            Some(Asked { line: statement.line, title: statement.rest.clone(), octets: query.octets(), query: Some(query) });
        Ok(())
    }

    fn bytes(&mut self, statement: &Statement) -> Result<(), Fault> {
        let text = format!("{}\n{}", statement.rest, statement.block_text());
        // What stands behind a "#" says what the octets are.
        let digits: String = text.lines().map(|line| line.split('#').next().unwrap_or_default()).collect();
        let octets = hex(&digits).ok_or_else(|| statement.fault("expected: bytes HEX"))?;
        self.asked = Some(Asked { line: statement.line, title: "bytes".to_owned(), query: None, octets });
        Ok(())
    }

    fn expect(&mut self, statement: &Statement) -> Result<(), Fault> {
        let expected = Expected::read(statement)?;
        let Some(asked) = self.asked.take() else { return Err(statement.fault("no query before it")) };
        if asked.query.as_ref().is_some_and(|query| query.subnet().is_some()) && !expected.tells_scope() {
            return Err(statement.fault("the query has a subnet: say \"scope N\" or \"no subnet\""));
        }
        let differences = match self.reply(&asked.octets).map_err(|message| statement.fault(message))? {
            Ok(octets) => match Reply::read(&octets) {
                Ok(reply) if reply.id[..] != asked.octets[..2] => vec!["! the id is not the query's".to_owned()],
                Ok(reply) => expected.differences(asked.query.as_ref(), Ok(reply), &self.client),
                Err(message) => vec![format!("! {message}"), format!("! {octets:02x?}")],
            },
            Err(reason) => expected.differences(asked.query.as_ref(), Err(reason), &self.client),
        };
        if !differences.is_empty() {
            let lines: String = differences.iter().map(|line| format!("\n    {line}")).collect();
            self.failures.push(format!("{}:{}: {} (- expected, + found){lines}", self.name, statement.line, asked.title));
        }
        Ok(())
    }

    /// What the octets are answered with; an error where there is nobody to answer.
    fn reply(&mut self, octets: &[u8]) -> Result<Reaction, String> {
        if let Door::Wire(running) = &mut self.door {
            return ask_wire(running, &self.texts, &self.client, octets);
        }
        let compiled = self.compiled.get_or_insert_with(|| self.texts.compile()).as_ref().map_err(Clone::clone)?;
        let serving = compiled.serving_to(&self.health, self.blind)?;
        Ok(self.door.ask_process(&serving, &self.throws, octets, &self.client))
    }

    /// The world is not served, and a message says this.
    fn refused(&mut self, statement: &Statement) -> Result<(), Fault> {
        if let Door::Wire(_) = self.door {
            let wrong = refuses(&self.texts, &statement.rest).err();
            self.failures.extend(wrong.map(|message| format!("{}:{}: {message}", self.name, statement.line)));
            return Ok(());
        }
        match self.compiled.get_or_insert_with(|| self.texts.compile()) {
            Err(message) if message.contains(&statement.rest) => {}
            Err(message) => {
                let failure = format!("{}:{}: refused for another reason:\n{message}", self.name, statement.line);
                self.failures.push(failure);
            }
            Ok(_) => self.failures.push(format!("{}:{}: expected a refusal, but it is served", self.name, statement.line)),
        }
        Ok(())
    }
}

/// A file that scenarios share.
fn shared(file: &str) -> PathBuf {
    Path::new(WORLDS).join(file)
}

fn health(text: &str) -> Option<Health> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (name, address, words) = match words.as_slice() {
        [endpoint, "for", name, rest @ ..] => (Some((*name).to_owned()), None, [&[*endpoint], rest].concat()),
        [endpoint, "at", address, rest @ ..] => (None, Some(address.parse().ok()?), [&[*endpoint], rest].concat()),
        _ => (None, None, words),
    };
    let (endpoint, words) = words.split_first()?;
    let (family, words) = match words {
        ["v4", rest @ ..] => (Some(Family::V4), rest),
        ["v6", rest @ ..] => (Some(Family::V6), rest),
        rest => (None, rest),
    };
    let holds = match words {
        ["down"] => Holds::Verdict(Verdict::Down),
        ["up"] => Holds::Verdict(Verdict::Up),
        ["unknown"] => Holds::Verdict(Verdict::Unknown),
        ["uneasy"] => Holds::Uneasy,
        ["held"] => Holds::Held,
        ["out"] => Holds::Stance(Stance::Out),
        ["in"] => Holds::Stance(Stance::In),
        ["weight", weight] => Holds::Weight(weight.parse().ok()?),
        ["share", share] => Holds::Share(share.strip_suffix('%')?.parse().ok()?),
        _ => return None,
    };
    let (pool, endpoint) = endpoint.split_once('/')?;
    Some(Health { pool: pool.to_owned(), endpoint: endpoint.to_owned(), name, address, family, holds })
}

fn throw(text: &str) -> Option<Throw> {
    let exactly = |text: &str| {
        let (r, of) = text.split_once('/')?;
        let (r, of) = (r.parse().ok()?, of.parse().ok()?);
        (r < of).then(|| Throw::exactly(r, of))
    };
    match text.split_once('+') {
        None => exactly(text),
        Some((first, second)) => Some(Throw { draw: exactly(first)?.draw, redraw: exactly(second)?.redraw }),
    }
}

/// `SIZE [do] [version N] [flags HEX] [rcode N]`
fn edns(words: &[&str]) -> Option<Edns> {
    let (size, mut rest) = words.split_first()?;
    let mut edns = Edns::new(size.parse().ok()?);
    while let Some((word, after)) = rest.split_first() {
        let number = || after.first().copied();
        match *word {
            "do" => edns.dnssec_ok = true,
            "version" => edns.version = number()?.parse().ok()?,
            "flags" => edns.flags = u16::from_str_radix(number()?, 16).ok()?,
            "rcode" => edns.rcode = number()?.parse().ok()?,
            _ => return None,
        }
        rest = if *word == "do" { after } else { after.get(1..)? };
    }
    Some(edns)
}

fn flag(word: &str) -> Option<u16> {
    FLAGS.iter().find(|(flag, _)| flag == &word).map(|(_, bit)| *bit)
}
