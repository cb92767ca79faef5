//! What a scenario expects of a reply, compared with what came, as text that an operator reads.

use signpost::answer::{Client, DropReason, Transport};
use signpost::diagnostic::{Sources, render};
use signpost::wire::Name;
use signpost::zone::{parse, record_line};

use super::query::{OPTION_NSID, OPTION_SUBNET, Query};
use super::reply::{Reply, SECTIONS};
use super::script::{Fault, Statement};

/// The RCODEs by the names that dig gives them.
pub(crate) const RCODES: [(&str, u16); 8] = [
    ("NOERROR", 0),
    ("FORMERR", 1),
    ("SERVFAIL", 2),
    ("NXDOMAIN", 3),
    ("NOTIMP", 4),
    ("REFUSED", 5),
    ("YXDOMAIN", 6),
    ("BADVERS", 16),
];
pub(crate) const DROPS: [(&str, DropReason); 2] = [("short", DropReason::Short), ("response", DropReason::Response)];
const FLAG_AA: u16 = 0x0400;
const FLAG_TC: u16 = 0x0200;
const FLAG_RD: u16 = 0x0100;
const FLAG_QR: u16 = 0x8000;
const OPCODE: u16 = 0x7800;

/// An `expect` statement.
#[derive(Debug)]
pub(crate) enum Expected {
    Drop(DropReason),
    Reply(Box<ExpectedReply>),
}

#[derive(Debug, Default)]
pub(crate) struct ExpectedReply {
    rcode: u16,
    flags: u16,
    sections: [Vec<String>; 3],
    /// Whether the records of a section must come in this order.
    ordered: bool,
    /// `Some(None)` expects that no subnet comes back.
    scope: Option<Option<u8>>,
    length_max: Option<usize>,
    /// What the OPT record announces.
    payload: Option<u16>,
    /// Whether an OPT record comes back, where the scenario sends octets of its own.
    edns: Option<bool>,
    /// How many questions come back.
    questions: Option<u16>,
    /// The name server identifier; none comes unless it is said.
    nsid: Option<String>,
}

impl Expected {
    pub(crate) fn read(statement: &Statement) -> Result<Self, Fault> {
        let words = statement.words();
        let fault = || statement.fault("expected \"expect drop short|response\" or \"expect RCODE [aa] [tc]\"");
        if let ["drop", reason] = words.as_slice() {
            return find(&DROPS, reason).map(Self::Drop).ok_or_else(fault);
        }
        let (rcode, flags) = words.split_first().ok_or_else(fault)?;
        let mut expected = ExpectedReply { rcode: find(&RCODES, rcode).ok_or_else(fault)?, ..ExpectedReply::default() };
        for flag in flags {
            expected.flags |= find(&[("aa", FLAG_AA), ("tc", FLAG_TC)], flag).ok_or_else(fault)?;
        }
        for (line, text) in statement.block.iter().filter(|(_, text)| !text.starts_with('#')) {
            expected.take(text).map_err(|message| Fault::new(*line, message))?;
        }
        Ok(Self::Reply(Box::new(expected)))
    }

    /// A subnet must be answered with a scope, so a scenario has to say which.
    pub(crate) fn tells_scope(&self) -> bool {
        match self {
            Self::Drop(_) => true,
            Self::Reply(expected) => expected.scope.is_some(),
        }
    }

    /// What differs, as lines to print; nothing if the reply is as expected.
    pub(crate) fn differences(
        &self,
        query: Option<&Query>,
        reply: Result<Reply, Option<DropReason>>,
        client: &Client,
    ) -> Vec<String> {
        match (self, reply) {
            // On the wire no reason can be seen.
            (Self::Drop(expected), Err(reason)) if reason.is_none_or(|reason| *expected == reason) => Vec::new(),
            (Self::Drop(_), Err(reason)) => vec![format!("+ dropped for the reason {reason:?}")],
            (Self::Drop(_), Ok(reply)) => vec!["- drop".to_owned(), format!("+ {}", headline(reply.rcode, reply.flags))],
            (Self::Reply(_), Err(reason)) => vec![format!("+ dropped for the reason {reason:?}")],
            (Self::Reply(expected), Ok(reply)) => {
                let mut differences = diff(&expected.lines(), &expected.lines_of(&reply));
                differences.extend(query.into_iter().flat_map(|query| broken_rules(query, &reply, client)));
                differences
            }
        }
    }
}

impl ExpectedReply {
    /// One line of the block.
    fn take(&mut self, text: &str) -> Result<(), String> {
        let (keyword, rest) = text.split_once(' ').map_or((text, ""), |(keyword, rest)| (keyword, rest.trim()));
        if let Some(section) = SECTIONS.iter().position(|section| *section == keyword) {
            self.sections[section].push(canonical(rest)?);
            return Ok(());
        }
        let number = |text: &str| text.parse::<usize>().map_err(|_| format!("expected a number, but found \"{text}\""));
        match (keyword, rest) {
            ("ordered", "") => self.ordered = true,
            ("no", "subnet") => self.scope = Some(None),
            ("no", "edns") => self.edns = Some(false),
            ("edns", "") => self.edns = Some(true),
            ("questions", count) => self.questions = Some(number(count)? as u16),
            ("nsid", text) => self.nsid = Some(text.to_owned()),
            ("scope", length) => self.scope = Some(Some(number(length)? as u8)),
            ("payload", size) => self.payload = Some(number(size)? as u16),
            ("length", rest) => self.length_max = Some(number(rest.trim_start_matches("<= "))?),
            _ => {
                return Err(format!(
                    "\"{text}\" is none of: answer, authority, additional, ordered, scope N, no subnet, payload N, length <= N, \
                     nsid TEXT, edns, no edns, questions N"
                ));
            }
        }
        Ok(())
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = vec![headline(self.rcode, self.flags)];
        lines.extend(section_lines(&self.sections, self.ordered));
        lines.extend(self.scope.map(scope_line));
        lines.extend(self.length_max.map(|length| format!("length <= {length}")));
        lines.extend(self.payload.map(|size| format!("payload {size}")));
        lines.extend(self.edns.map(edns_line));
        lines.extend(self.questions.map(|count| format!("questions {count}")));
        lines.extend(self.nsid.as_ref().map(|text| format!("nsid {text}")));
        lines
    }

    /// The reply in the same words, as far as there are expectations.
    fn lines_of(&self, reply: &Reply) -> Vec<String> {
        let mut lines = vec![headline(reply.rcode, reply.flags)];
        lines.extend(section_lines(&reply.sections, self.ordered));
        lines.extend(self.scope.map(|_| scope_line(reply.scope())));
        lines.extend(self.length_max.map(|max| match reply.length <= max {
            true => format!("length <= {max}"),
            false => format!("length {}", reply.length),
        }));
        let payload = reply.edns.as_ref().map_or(0, |edns| edns.payload);
        lines.extend(self.payload.map(|_| format!("payload {payload}")));
        lines.extend(self.edns.map(|_| edns_line(reply.edns.is_some())));
        lines.extend(self.questions.map(|_| format!("questions {}", reply.questions)));
        lines.extend(reply.nsid().map(|octets| format!("nsid {}", octets.escape_ascii())));
        lines
    }
}

/// What every reply must be, whatever a scenario is about.
fn broken_rules(query: &Query, reply: &Reply, client: &Client) -> Vec<String> {
    let copied = query.flags & (OPCODE | FLAG_RD);
    let asked = query.edns.as_ref();
    let given = reply.edns.as_ref();
    let payload = asked.map_or(512, |edns| usize::from(edns.payload).max(512));
    let length_max = if client.transport == Transport::Udp { payload.min(client.size_limit) } else { 65_535 };
    let codes: Vec<u16> = given.iter().flat_map(|edns| &edns.options).map(|(code, _)| *code).collect();
    let once = |code: &u16| codes.iter().filter(|other| *other == code).count() == 1;
    let wanted = |code: &u16| asked.is_some_and(|edns| edns.option(*code).is_some());
    let known = |code: &u16| [OPTION_SUBNET, OPTION_NSID].contains(code);
    let rules = [
        (reply.id[..] == query.octets()[..2], "the id is not the query's"),
        (reply.flags & !(FLAG_AA | FLAG_TC | 0xf) == FLAG_QR | copied, "QR, opcode and RD are not as they must be"),
        (reply.question == query.question(), "the question is not the query's, octet for octet"),
        (given.is_some() == asked.is_some(), "an OPT record is not there though asked for, or there though not"),
        (given.is_none_or(|edns| edns.version == 0), "the EDNS version of the reply is not 0"),
        (given.zip(asked).is_none_or(|(given, asked)| given.dnssec_ok == asked.dnssec_ok), "DO is not copied"),
        (given.is_none_or(|edns| edns.flags == 0), "flags are set that nobody knows"),
        (codes.iter().all(|code| known(code) && wanted(code) && once(code)), "options came that nobody asked for, or twice"),
        (echoes(query.subnet(), reply.subnet()), "the subnet is not echoed octet for octet but for its scope"),
        (reply.length <= length_max, "the reply is longer than the client takes"),
    ];
    rules.iter().filter(|(holds, _)| !holds).map(|(_, message)| format!("! {message}")).collect()
}

/// RFC 7871 §7.2.1: what comes back is what was sent, but for the scope; and nothing comes back unasked.
pub(crate) fn echoes(sent: Option<&[u8]>, received: Option<&[u8]>) -> bool {
    match (sent, received) {
        (None, received) => received.is_none(),
        // Whether it must come back depends on the RCODE; the scenario says so.
        (Some(_), None) => true,
        (Some(sent), Some(received)) => {
            let same = |at: usize| at == 3 || sent.get(at) == received.get(at);
            sent.len() == received.len() && (0..sent.len()).all(same)
        }
    }
}

pub(crate) fn find<T: Copy>(table: &[(&str, T)], word: &str) -> Option<T> {
    table.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, value)| *value)
}

/// A record as our printer writes it, from whatever a master file may hold in one line; also one of class CH, which none holds.
fn canonical(record: &str) -> Result<String, String> {
    if record.split_whitespace().nth(2) == Some("CH") {
        return canonical(&record.replacen(" CH ", " IN ", 1)).map(|line| line.replacen(" IN ", " CH ", 1));
    }
    let mut sources = Sources::default();
    let source = sources.add("record", record);
    let (zone, found) = parse(&Name::root(), &source, &mut |_, _| Err(String::new()));
    match (zone.records.as_slice(), found.first()) {
        ([record], None) => Ok(record_line(record)),
        (_, Some(fault)) => Err(render(fault, &sources)),
        _ => Err("expected one record: NAME TTL [IN] TYPE DATA".to_owned()),
    }
}

fn headline(rcode: u16, flags: u16) -> String {
    let rcode = RCODES
        .iter()
        .find(|(_, number)| *number == rcode)
        .map_or_else(|| format!("RCODE{rcode}"), |(name, _)| (*name).to_owned());
    let flag = |name: &'static str, bit| if flags & bit != 0 { name } else { "" };
    rcode + flag(" aa", FLAG_AA) + flag(" tc", FLAG_TC)
}

fn section_lines(sections: &[Vec<String>; 3], ordered: bool) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, records) in SECTIONS.iter().zip(sections) {
        let mut records = records.clone();
        if !ordered {
            records.sort();
        }
        lines.extend(records.into_iter().map(|record| format!("  {name} {record}")));
    }
    lines
}

fn edns_line(is_there: bool) -> String {
    if is_there { "edns".to_owned() } else { "no edns".to_owned() }
}

fn scope_line(scope: Option<u8>) -> String {
    scope.map_or_else(|| "no subnet".to_owned(), |scope| format!("scope {scope}"))
}

/// Both lists in one, where they differ: ` ` in both, `-` only expected, `+` only found.
fn diff(expected: &[String], found: &[String]) -> Vec<String> {
    if expected == found {
        return Vec::new();
    }
    let mark = |lines: &[String], others: &[String], mark: char| -> Vec<String> {
        let same = |line: &&String| others.contains(line);
        lines.iter().map(|line| format!("{} {line}", if same(&line) { ' ' } else { mark })).collect()
    };
    let mut lines = mark(expected, found, '-');
    lines.extend(mark(found, expected, '+').into_iter().filter(|line| line.starts_with('+')));
    if lines.iter().all(|line| line.starts_with(' ')) {
        lines.push("! the records are these, but in another order or number".to_owned());
        lines.extend(found.iter().map(|line| format!("+ {line}")));
    }
    lines
}
