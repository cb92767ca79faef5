//! What is told of a run: the plan, how often the four agreed in which part, and each difference that nobody explained.

use std::collections::BTreeMap;
use std::fmt::Write;

use signpost::wire::RrType;

use super::compare::{Part, Stand};
use super::exceptions::EXCEPTIONS;
use super::panel::Replies;
use super::variety::Variety;
use super::world::{Case, numbered};
use crate::harness::peers::Kind;

/// What was counted.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) questions: usize,
    pub(super) stands: BTreeMap<(Part, Stand), usize>,
    /// Differences that each exception covers, by its place in the table.
    pub(super) excepted: BTreeMap<usize, usize>,
    pub(super) variety: Variety,
}

impl Tally {
    /// A table of the parts and one of the exceptions.
    pub(super) fn text(&self) -> String {
        let mut text = format!("{} questions\n{:<12}", self.questions, "");
        let stands = [Stand::Agreed, Stand::Sided, Stand::Alone, Stand::Against];
        stands.iter().for_each(|stand| write!(text, "{:>10}", format!("{stand:?}")).unwrap());
        for part in Part::ALL {
            write!(text, "\n{:<12}", format!("{part:?}")).unwrap();
            for stand in stands {
                write!(text, "{:>10}", self.stands.get(&(part, stand)).unwrap_or(&0)).unwrap();
            }
        }
        for (place, exception) in EXCEPTIONS.iter().enumerate() {
            let count = self.excepted.get(&place).unwrap_or(&0);
            write!(text, "\nexcepted {count:>7}  {} ({}): {}", exception.name, exception.rfc, exception.why).unwrap();
        }
        text + "\n" + &self.variety.text()
    }

    /// Exceptions that covered nothing: they are no longer true.
    pub(super) fn idle(&self) -> Vec<&'static str> {
        let idle = EXCEPTIONS.iter().enumerate().filter(|(place, _)| !self.excepted.contains_key(place));
        idle.map(|(_, exception)| exception.name).collect()
    }
}

/// The zones, the question and the four replies, of the world of this number.
pub(super) fn difference(case: &Case, number: usize, part: Part, stand: Stand, replies: &Replies) -> String {
    let mut text = format!(
        "{part:?}: {}\n",
        match stand {
            Stand::Against => "the peers agree, and Signpost says something else",
            Stand::Agreed | Stand::Sided | Stand::Alone => "Signpost says what none of the peers says",
        }
    );
    for zone in case.world.files(number) {
        writeln!(text, "zone {}\n{}", zone.apex, zone.text).unwrap();
    }
    let question = &case.question;
    let size = question.payload.map_or_else(|| "without EDNS".to_owned(), |payload| format!("EDNS {payload}"));
    let rd = if question.recursion_desired { ", RD" } else { "" };
    writeln!(text, "query {} {} ({size}{rd})", numbered(&question.name, number), RrType(question.rtype)).unwrap();
    let names = std::iter::once("Signpost".to_owned()).chain(Kind::ALL.map(|kind| kind.to_string()));
    let all = std::iter::once(&replies.signpost).chain(&replies.peers).zip(replies.truncated);
    for (name, (reply, truncated)) in names.zip(all) {
        let note = if truncated { " (truncated over UDP)" } else { "" };
        writeln!(text, "{name}{note}: {}", reply.text().trim_end()).unwrap();
    }
    text
}
