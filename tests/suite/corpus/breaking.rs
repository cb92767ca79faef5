//! Whole zones, broken in one way each: every way is tried on every line of every zone until it has changed three of them.

use super::cases::{self, Case};

/// Lines of one zone that one way breaks.
const LINES_MAX: usize = 1;

/// A way to break a line; `None` where the line has nothing to break.
type Breaker = fn(&str) -> Option<String>;

/// Every way, and what it is called.
const BREAKERS: &[(&str, Breaker)] = &[
    ("last field lost", |line| Some(line.trim_end().rsplit_once([' ', '\t'])?.0.to_owned())),
    ("last field twice", |line| Some(format!("{line} {}", line.split_whitespace().last()?))),
    ("a field too many", |line| (!line.contains(';')).then(|| format!("{line} 7"))),
    ("first blank lost", |line| Some(line.replacen([' ', '\t'], "", 1)).filter(|changed| changed != line)),
    ("indented", |line| (!line.starts_with([' ', '\t'])).then(|| format!(" {line}"))),
    ("no longer indented", |line| line.strip_prefix([' ', '\t']).map(|line| line.trim_start().to_owned())),
    ("parenthesis opened", |line| Some(format!("{line} ("))),
    ("parenthesis closed", |line| Some(format!("{line} )"))),
    ("quote opened", |line| Some(format!("{line} \""))),
    ("quote lost", |line| Some(line.replacen('"', "", 1)).filter(|changed| changed != line)),
    ("backslash at the end", |line| Some(format!("{line}\\"))),
    ("backslash before the owner", |line| line.starts_with(|c: char| c.is_ascii_lowercase()).then(|| format!("\\{line}"))),
    ("owner with two dots", |line| Some(line.replacen(['.'], "..", 1)).filter(|changed| changed != line)),
    ("label of 64 octets", |line| {
        line.starts_with(|c: char| c.is_ascii_lowercase()).then(|| format!("{}{line}", "l".repeat(64)))
    }),
    ("name of 256 octets", |line| {
        line.starts_with(|c: char| c.is_ascii_lowercase()).then(|| format!("{}{line}", "l.".repeat(128)))
    }),
    ("type misspelt", |line| misspelt(line, &["A", "NS", "MX", "TXT", "CNAME", "SOA", "AAAA", "SRV", "CAA", "DS"])),
    ("class CH", |line| Some(line.replacen(" IN ", " CH ", 1)).filter(|changed| changed != line)),
    ("class twice", |line| Some(line.replacen(" IN ", " IN IN ", 1)).filter(|changed| changed != line)),
    ("number with a letter", |line| after_digit(line, "x")),
    ("number too large", |line| after_digit(line, "99999999999")),
    ("number negative", |line| Some(line.replacen(|c: char| c.is_ascii_digit(), "-1", 1)).filter(|changed| changed != line)),
    ("address with a fifth part", |line| line.contains(" A ").then(|| after_digit(line, ".1.2.3.4.5"))?),
    ("commented away", |line| Some(format!(";{line}"))),
    ("half commented away", |line| Some(line.replacen(' ', " ; ", 1)).filter(|changed| changed != line)),
    ("last octet lost", |line| line.get(..line.len() - 1).map(str::to_owned)),
    ("joined by a NUL", |line| Some(line.replacen([' ', '\t'], "\0", 1)).filter(|changed| changed != line)),
    ("joined by a carriage return", |line| Some(line.replacen(' ', "\r", 1)).filter(|changed| changed != line)),
    ("unknown directive", |line| line.starts_with(|c: char| c.is_ascii_alphabetic()).then(|| format!("${line}"))),
    ("repeated", |line| Some(format!("{line}\n{line}"))),
    ("an alias besides", |line| Some(format!("{line}\n{} CNAME elsewhere.example.net.", line.split_whitespace().next()?))),
    ("outside the zone", |line| {
        let (owner, rest) = line.split_once(' ').filter(|(owner, _)| owner.bytes().all(|byte| byte.is_ascii_lowercase()))?;
        Some(format!("{owner}.example.net. {rest}"))
    }),
    ("lost", |_| Some(String::new())),
];

/// Every valid zone as it is, and broken in every way.
pub(super) fn made() -> Vec<Case> {
    let mut made = Vec::new();
    for (name, text) in cases::valid() {
        for (way, breaker) in BREAKERS {
            let mut lines = 0;
            for (index, line) in text.split('\n').enumerate().filter(|(_, line)| !line.is_empty()) {
                let Some(changed) = breaker(line).filter(|_| lines < LINES_MAX) else { continue };
                // Spread over the zone: not three lines of the SOA.
                if index % 3 == lines % 3 {
                    lines += 1;
                    let all = text.split('\n').enumerate().map(|(at, line)| if at == index { &changed } else { line });
                    let zone = all.collect::<Vec<_>>().join("\n");
                    made.push(Case::of(format!("{name}.zone:{}: {way}", index + 1), zone.into_bytes()));
                }
            }
        }
        made.push(Case::of(format!("{name}.zone: as it is"), text.into_bytes()));
    }
    made
}

/// The first of the words that the line has, with a letter too many.
fn misspelt(line: &str, words: &[&str]) -> Option<String> {
    words.iter().find_map(|word| {
        let changed = line.replacen(&format!(" {word} "), &format!(" {word}Q "), 1);
        (changed != line).then_some(changed)
    })
}

/// The line with something behind its last digit.
fn after_digit(line: &str, what: &str) -> Option<String> {
    let at = line.rfind(|c: char| c.is_ascii_digit())?;
    let (before, after) = line.split_at(at + 1);
    Some(format!("{before}{what}{after}"))
}
