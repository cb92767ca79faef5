//! The plain rest of a large file, parsed by several threads at once: they only compute, and what comes out is what one would make.
//!
//! Lines depend on each other by directives, parentheses, an owner left out and a TTL left out. Where the rest of a file has none
//! of the first two, parts that begin with an owner stand for themselves once there is a `$TTL`. A part in which anything is to be
//! told is parsed again with all others, one line after the other, so that messages and their limits are those of one reader.

use std::ops::Range;
use std::thread;

use super::lexer::Lexer;
use super::parser::{Owner, Parser, Scope};
use crate::limits::{ZONE_PART_LENGTH_MIN, ZONE_PARTS_MAX};
use crate::room;

impl Parser<'_, '_> {
    /// Parses all that follows `at`, where a line begins; `false` where that is to be done line by line.
    pub(super) fn rest_at_once(&mut self, scope: &mut Scope<'_>, at: usize) -> bool {
        let text = scope.source.text();
        let threads = thread::available_parallelism().map_or(1, usize::from).min(ZONE_PARTS_MAX);
        let parts = parts(text, at, threads);
        if parts.len() < 2 || self.default_ttl.is_none() {
            return false;
        }
        let before = self.records.len();
        let mut records = std::mem::take(&mut self.records);
        let read = |records, part: Range<usize>| {
            let mut none = |_: &str, _: &_| Err(String::new());
            let mut parser = Parser::new(self.apex, &mut none);
            parser.records = records;
            parser.default_ttl = self.default_ttl;
            let source = scope.source;
            let mut scope = Scope { source, origin: scope.origin.clone(), owner: Owner::None };
            parser.entries(&mut scope, &mut Lexer::of_part(source, part), usize::MAX);
            (parser.records, parser.findings.is_empty(), scope.owner)
        };
        let mut whole = true;
        let mut last = None;
        thread::scope(|threads| {
            let mut parts = parts.into_iter();
            let first = parts.next();
            // Each part has about as many records as the first, whose room is for all of them.
            let share = records.capacity() / parts.len().max(1);
            let others: Vec<_> = parts.map(|part| threads.spawn(move || read(room::vec_for(share), part))).collect();
            if let Some(part) = first {
                let (own, is_silent, _) = read(std::mem::take(&mut records), part);
                records = own;
                whole &= is_silent;
            }
            for other in others {
                match other.join() {
                    Ok((mut part, true, owner)) => {
                        records.append(&mut part);
                        last = Some(owner);
                    }
                    Ok(_) | Err(_) => whole = false,
                }
            }
        });
        self.records = records;
        if !whole {
            self.records.truncate(before);
        }
        if let Some(owner) = last.filter(|_| whole) {
            scope.owner = owner;
        }
        whole
    }
}

/// The text from `at` in up to `count` parts that each begin with an owner; none where lines depend on each other.
fn parts(text: &[u8], at: usize, count: usize) -> Vec<Range<usize>> {
    let rest = text.get(at..).unwrap_or_default();
    let count = count.min(rest.len() / ZONE_PART_LENGTH_MIN);
    if count < 2 || b"($)".iter().any(|mark| rest.contains(mark)) {
        return Vec::new();
    }
    let mut bounds = vec![at];
    for part in 1..count {
        let from = at + rest.len() / count * part;
        bounds.extend(owner_after(text, from).filter(|bound| bounds.last() < Some(bound)));
    }
    bounds.push(text.len());
    bounds.windows(2).filter_map(|bounds| Some(*bounds.first()?..*bounds.last()?)).collect()
}

/// The first line behind `from` that begins with an owner.
fn owner_after(text: &[u8], from: usize) -> Option<usize> {
    let is_bound = |pair: &[u8]| matches!(pair, [b'\n', next] if !b" \t\r\n;".contains(next));
    text.get(from..)?.windows(2).position(is_bound).map(|at| from + at + 1)
}

#[cfg(test)]
mod tests {
    use super::super::{Include, parse};
    use super::*;
    use crate::diagnostic::Sources;
    use crate::wire::Name;

    fn large() -> String {
        let mut text = "$TTL 300\n@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\nns1 A 192.0.2.1\n".to_owned();
        for number in 0..=5 * ZONE_PART_LENGTH_MIN / 2 / 60 {
            text.push_str(&format!("n{number:06} IN A 192.0.2.7 ; \"\n       IN 60 TXT \"a ; b\" {number:06}\n"));
        }
        text
    }

    /// Records and messages of a text that is read in parts, where the machine has the cores, and of one that never is.
    fn both(text: &str) {
        let apex = Name::parse(b"example.com.", None).unwrap();
        let none: &mut Include<'_> = &mut |_, _| Err(String::new());
        let mut sources = Sources::default();
        let (parted, told) = parse(&apex, &sources.add("a", text), none);
        let mut sources = Sources::default();
        let (plain, told_plain) = parse(&apex, &sources.add("a", format!("{text}$TTL 300\n")), none);
        assert!(parted.records == plain.records && told == told_plain);
        assert!(parted.records.len() > 80_000);
    }

    #[test]
    fn parts_make_what_the_whole_makes() {
        both(&large());
    }

    #[test]
    fn faults_are_told_as_one_reader_tells_them() {
        let text = large();
        let middle = text.len() / 2 + text[text.len() / 2..].find('\n').unwrap();
        both(&format!("{}\nx A\ny A 192.0.2.300{}", &text[..middle], &text[middle..]));
    }

    #[test]
    fn parts_begin_with_an_owner_and_leave_nothing_out() {
        let text = large();
        let at = text.find("ns1 A").unwrap();
        let found = parts(text.as_bytes(), at, 3);
        assert_eq!((found.len(), found[0].start, found[1].end), (2, at, text.len()));
        assert!(found.windows(2).all(|pair| pair[0].end == pair[1].start && text[pair[1].start..].starts_with('n')));
        assert!(parts(format!("{text}(").as_bytes(), at, 3).is_empty());
        assert!(parts(text.as_bytes(), at, 1).is_empty());
    }
}
