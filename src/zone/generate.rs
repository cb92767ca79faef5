//! `$GENERATE START-STOP/STEP OWNER TTL CLASS TYPE DATA`, BIND's directive: one record for each number of a range.
//!
//! In owner and data `$` stands for the number, `$$` and `\$` for a dollar sign, `${OFFSET,WIDTH,BASE}` for the number plus an
//! offset, padded, in another base. The records are read as if their lines stood in the file; the first faulty one ends the
//! directive, and its message shows the line that was made.

use std::ops::RangeInclusive;

use super::fields::{expected, found, what};
use super::lexer::{Entry, Lexer, Token};
use super::parser::{Parser, Scope};
use crate::diagnostic::{Diagnostic, Severity, Sources};
use crate::limits::{
    GENERATE_NUMBER_MAX, GENERATE_WIDTH_MAX, GENERATED_OCTETS_PER_ZONE_MAX, GENERATED_PER_DIRECTIVE_MAX, GENERATED_PER_ZONE_MAX,
};
use crate::wire::RrType;

/// The numbers of one directive.
struct Numbers {
    range: RangeInclusive<u64>,
    step: u64,
}

impl Numbers {
    fn count(&self) -> u64 {
        (self.range.end() - self.range.start()) / self.step + 1
    }

    fn iter(&self) -> impl Iterator<Item = u64> {
        let (start, step) = (*self.range.start(), self.step);
        (0..self.count()).map(move |index| start + index * step)
    }
}

/// Text with numbers to be put in.
struct Template<'a> {
    pieces: Vec<Piece<'a>>,
    token: Token<'a>,
}

/// A part of a template.
enum Piece<'a> {
    Text(&'a [u8]),
    Number { offset: i64, width: usize, base: Base },
}

/// How a number is written.
#[derive(Clone, Copy)]
enum Base {
    Decimal,
    Octal,
    Hex {
        upper: bool,
    },
    /// Hexadecimal digits, the last one first, dots between: the labels below ip6.arpa.
    Nibbles {
        upper: bool,
    },
}

impl Parser<'_, '_> {
    /// Makes the records of a `$GENERATE`.
    pub(super) fn generate(&mut self, scope: &mut Scope<'_>, entry: &Entry<'_>) -> Result<(), Diagnostic> {
        let mut fields = self.fields(scope, entry);
        fields.next();
        let range = fields.take(what("a range such as 1-254"))?;
        let numbers = numbers(&range)?;
        let owner = Template::new(fields.word(what("an owner such as host$"))?)?;
        // What stands between is TTL, class and type; the data is one word, or all of it in quotes.
        let rest: Vec<Token<'_>> = std::iter::from_fn(|| fields.next()).collect();
        let is_type = |token: &Token<'_>| RrType::from_mnemonic(&String::from_utf8_lossy(token.text)).is_some();
        let behind_type = rest.iter().position(is_type).map_or(rest.len(), |at| at + 1);
        let (between, data) = rest.split_at_checked(behind_type).unwrap_or_default();
        let data = match data {
            [data] => *data,
            [] => {
                let fault = Diagnostic::error(owner.token.span, "expected a type and data behind the owner");
                return Err(fault.label("the owner"));
            }
            [_, second, ..] => {
                let fault = expected(what("the end of the line"), second).label("the data of a $GENERATE is one word");
                return Err(fault.help("put all of it into quotes, such as MX \"10 mail$\""));
            }
        };
        let data = Template::new(data)?;
        self.bound(&numbers, &range, owner.token.text.len() + data.token.text.len())?;
        // BIND leaves the last owner as it was.
        let last_owner = scope.owner.clone();
        let mut made = Ok(());
        for (index, number) in numbers.iter().enumerate() {
            made = self.generate_one(scope, number, (&owner, between, &data), index == 0);
            made = made.map_err(|fault| fault.related(format!("the line for {number}"), range.span));
            if made.is_err() {
                break;
            }
        }
        scope.owner = last_owner;
        made
    }

    /// Makes the record of one number. Warnings are kept for the first only: the others would say the same.
    fn generate_one(
        &mut self,
        scope: &mut Scope<'_>,
        number: u64,
        (owner, between, data): (&Template<'_>, &[Token<'_>], &Template<'_>),
        first: bool,
    ) -> Result<(), Diagnostic> {
        let (owner_text, data_text) = (owner.fill(number)?, data.fill(number)?);
        let source = Sources::default().add("", [owner_text.as_slice(), b" ", &data_text, b"\n"].concat());
        let mut line = Entry::default();
        Lexer::new(&source).next_entry(&mut line);
        if let Some(fault) = line.fault {
            return Err(Diagnostic { span: Some(data.token.span), ..fault });
        }
        if line.tokens.last().is_some_and(|last| last.span.end as usize + 1 < source.text().len()) && first {
            let warning = Diagnostic::warning(data.token.span, "the data ends where a comment begins in it");
            let help = "a string with a semicolon in it needs quotes of its own: \"\\\"a; b\\\"\"";
            self.findings.push(warning.label("ignored from the semicolon on").help(help));
        }
        // Places in a text that no file has would be of no use: each token gets the place of what it was made of.
        let mut tokens = line.tokens.into_iter();
        let owner_token = tokens.next().map(|token| Token { span: owner.token.span, ..token });
        let data_tokens = tokens.map(|token| Token { span: data.token.span, ..token });
        let tokens = owner_token.into_iter().chain(between.iter().copied()).chain(data_tokens).collect();
        let before = std::mem::take(&mut self.findings);
        let read = self.record(scope, &Entry { tokens, ..Entry::default() });
        let said = std::mem::replace(&mut self.findings, before);
        for finding in said.into_diagnostics() {
            if finding.severity == Severity::Error {
                return Err(finding);
            }
            if first {
                self.findings.push(finding);
            }
        }
        read
    }

    /// Counts the records, and the octets of their lines, before any is made.
    fn bound(&mut self, numbers: &Numbers, range: &Token<'_>, line_length: usize) -> Result<(), Diagnostic> {
        let count = numbers.count();
        let refuse = |message: String| {
            Err(Diagnostic::error(range.span, message).label(format!("{count} numbers")).help("write a shorter range"))
        };
        if count > GENERATED_PER_DIRECTIVE_MAX {
            return refuse(format!("a $GENERATE makes {GENERATED_PER_DIRECTIVE_MAX} records at most"));
        }
        self.generated += count;
        self.generated_octets = self.generated_octets.saturating_add(count.saturating_mul(line_length as u64));
        if self.generated > GENERATED_PER_ZONE_MAX {
            return refuse(format!("the $GENERATEs of a zone make {GENERATED_PER_ZONE_MAX} records at most"));
        }
        if self.generated_octets > GENERATED_OCTETS_PER_ZONE_MAX {
            return refuse(format!("the $GENERATEs of a zone make {GENERATED_OCTETS_PER_ZONE_MAX} octets of text at most"));
        }
        Ok(())
    }
}

/// `START-STOP` or `START-STOP/STEP`.
fn numbers(token: &Token<'_>) -> Result<Numbers, Diagnostic> {
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|number| digits && *number <= GENERATE_NUMBER_MAX)
    };
    let read = || {
        let text = std::str::from_utf8(token.text).ok()?;
        let (range, step) = text.split_once('/').unwrap_or((text, "1"));
        let (start, stop) = range.split_once('-')?;
        Some((number(start)?, number(stop)?, number(step)?))
    };
    match read() {
        Some((start, stop, step)) if start <= stop && step > 0 => Ok(Numbers { range: start..=stop, step }),
        Some((start, stop, _)) if start > stop => {
            Err(expected(what("a range such as 1-254"), token).label("it ends before it begins"))
        }
        _ => {
            let label = format!("START-STOP or START-STOP/STEP, numbers up to {GENERATE_NUMBER_MAX}, a step of 1 at least");
            Err(expected(what("a range such as 1-254"), token).label(label))
        }
    }
}

impl<'a> Template<'a> {
    fn new(token: Token<'a>) -> Result<Self, Diagnostic> {
        let mut pieces = Vec::new();
        let mut rest = token.text;
        while let Some(&byte) = rest.first() {
            let plain = rest.iter().position(|byte| matches!(byte, b'$' | b'\\')).unwrap_or(rest.len());
            let (text, length) = match (byte, rest.get(1)) {
                (b'$', Some(b'$')) => (Piece::Text(b"\\$"), 2),
                (b'$', Some(b'{')) => modified(rest).ok_or_else(|| bad_modifier(&token))?,
                (b'$', _) => (Piece::Number { offset: 0, width: 0, base: Base::Decimal }, 1),
                // The quotes that an outer pair of quotes made necessary to escape stand alone inside.
                (b'\\', Some(b'"')) if token.quoted => (Piece::Text(b"\""), 2),
                (b'\\', _) => (Piece::Text(rest.get(..2).unwrap_or(rest)), 2),
                _ => (Piece::Text(rest.get(..plain).unwrap_or_default()), plain),
            };
            pieces.push(text);
            rest = rest.get(length..).unwrap_or_default();
        }
        Ok(Self { pieces, token })
    }

    /// The text for one number.
    fn fill(&self, number: u64) -> Result<Vec<u8>, Diagnostic> {
        let mut text = Vec::with_capacity(self.token.text.len() + 8);
        for piece in &self.pieces {
            match *piece {
                Piece::Text(octets) => text.extend_from_slice(octets),
                Piece::Number { offset, width, base } => {
                    let sum = i64::try_from(number).ok().and_then(|number| number.checked_add(offset));
                    let written = sum.and_then(|sum| base.text(sum, width)).ok_or_else(|| {
                        Diagnostic::error(self.token.span, format!("{number} with the offset {offset} is out of range"))
                            .label("in here")
                            .help(format!("sums go from 0 to {GENERATE_NUMBER_MAX}, and below 0 in decimal only"))
                    })?;
                    text.extend_from_slice(written.as_bytes());
                }
            }
        }
        Ok(text)
    }
}

impl Base {
    fn text(self, number: i64, width: usize) -> Option<String> {
        let natural = u64::try_from(number).ok().filter(|number| *number <= GENERATE_NUMBER_MAX);
        Some(match self {
            Self::Decimal if number < 0 => format!("{number:0width$}"),
            Self::Decimal => format!("{:0width$}", natural?),
            Self::Octal => format!("{:0width$o}", natural?),
            Self::Hex { upper: false } => format!("{:0width$x}", natural?),
            Self::Hex { upper: true } => format!("{:0width$X}", natural?),
            Self::Nibbles { upper } => nibbles(natural?, width, upper),
        })
    }
}

/// BIND counts the dots into the width, and ends in a dot where a digit more would be too wide.
fn nibbles(number: u64, width: usize, upper: bool) -> String {
    let (mut text, mut rest) = (String::new(), number);
    while text.is_empty() || rest > 0 || text.len() < width {
        let digit = char::from_digit((rest % 16) as u32, 16).unwrap_or_default();
        text.push(if upper { digit.to_ascii_uppercase() } else { digit });
        rest /= 16;
        if rest > 0 || text.len() < width {
            text.push('.');
        }
    }
    text
}

/// `${OFFSET}`, `${OFFSET,WIDTH}` or `${OFFSET,WIDTH,BASE}` at the start of `text`, and its length.
fn modified(text: &[u8]) -> Option<(Piece<'static>, usize)> {
    let length = text.iter().position(|byte| *byte == b'}')? + 1;
    let inside = std::str::from_utf8(text.get(2..length - 1)?).ok()?;
    let mut parts = inside.split(',');
    let offset: i64 = parts.next()?.parse().ok()?;
    let width: usize = parts.next().unwrap_or("0").parse().ok()?;
    let base = match parts.next().unwrap_or("d") {
        "d" => Base::Decimal,
        "o" => Base::Octal,
        "x" => Base::Hex { upper: false },
        "X" => Base::Hex { upper: true },
        "n" => Base::Nibbles { upper: false },
        "N" => Base::Nibbles { upper: true },
        _ => return None,
    };
    let fits = parts.next().is_none() && offset.unsigned_abs() <= GENERATE_NUMBER_MAX && width <= GENERATE_WIDTH_MAX;
    fits.then_some((Piece::Number { offset, width, base }, length))
}

fn bad_modifier(token: &Token<'_>) -> Diagnostic {
    Diagnostic::error(token.span, format!("there is a \"${{\" without a meaning in {}", found(token)))
        .label(format!("an offset, a width up to {GENERATE_WIDTH_MAX}, and a base out of d o x X n N"))
        .help("it is written ${OFFSET}, ${OFFSET,WIDTH} or ${OFFSET,WIDTH,BASE}, such as ${0,3,d}")
}
