//! `$ORIGIN`, `$TTL` and `$INCLUDE` (RFC 1035 §5.1, RFC 2308 §4), and the way to `$GENERATE`; any other is refused.
//!
//! An included file begins with the origin that the directive gives, else with that of the including file, and with its last
//! owner. Both are as before when it ends: RFC 1035 says so of the origin, and BIND does it for the owner too. `$TTL` and the last
//! TTL go on behind its end, as in BIND: they belong to the zone and not to a file, and a file that only sets them is a habit.

use super::fields::{decode, found, lacks_final_dot, or_help, what};
use super::lexer::{Entry, Token};
use super::parser::{Parser, Scope};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::limits::{INCLUDE_COUNT_MAX, INCLUDE_DEPTH_MAX};
use crate::wire::Name;

impl Parser<'_, '_> {
    /// Obeys the directive that an entry is.
    pub(super) fn directive(&mut self, scope: &mut Scope<'_>, entry: &Entry<'_>, first: &Token<'_>) -> Result<(), Diagnostic> {
        if entry.leading_blank {
            // Obeyed all the same, or every line that it is meant for would be reported too.
            self.findings.push(
                Diagnostic::error(first.span, format!("the directive {} must begin in the first column", found(first)))
                    .label("blanks stand before it")
                    .help("remove the blanks before it"),
            );
        }
        let (obeyed, usage) = match first.text.to_ascii_uppercase().as_slice() {
            b"$ORIGIN" => (self.set_origin(scope, entry), "$ORIGIN example.com."),
            b"$TTL" => (self.set_ttl(scope, entry), "$TTL 3600"),
            b"$GENERATE" => (self.generate(scope, entry), "$GENERATE 1-9 host$ A 192.0.2.$"),
            b"$INCLUDE" => (self.include_file(scope, entry), "$INCLUDE FILE, or $INCLUDE FILE ORIGIN"),
            other => return Err(unknown_directive(first, other)),
        };
        obeyed.map_err(|fault| or_help(fault, || format!("it is written: {usage}")))
    }

    fn set_origin(&mut self, scope: &mut Scope<'_>, entry: &Entry<'_>) -> Result<(), Diagnostic> {
        let mut fields = self.fields(scope, entry);
        fields.next();
        let relative = fields.peek().filter(|token| !token.text.ends_with(b".") && !token.is(b"@"));
        let origin = fields.name(what("the new origin, a domain name"));
        let rest = fields.finish();
        // Where it seems a slip that has been said.
        let relative = relative.filter(|token| !lacks_final_dot(token.text, self.apex_text.as_bytes()));
        if let (Some(token), Ok(origin)) = (relative, &origin) {
            self.findings.push(doubt_relative(&token, origin));
        }
        scope.origin = origin?;
        rest
    }

    fn set_ttl(&mut self, scope: &Scope<'_>, entry: &Entry<'_>) -> Result<(), Diagnostic> {
        let mut fields = self.fields(scope, entry);
        fields.next();
        let ttl = fields.ttl();
        let rest = fields.finish();
        // A default that can't be read is one all the same: the lines below are not to blame.
        self.default_ttl = Some(ttl.as_ref().copied().unwrap_or_default());
        ttl?;
        rest
    }

    fn include_file(&mut self, scope: &Scope<'_>, entry: &Entry<'_>) -> Result<(), Diagnostic> {
        let mut fields = self.fields(scope, entry);
        fields.next();
        let token = fields.take(what("the file to include"))?;
        let origin = if fields.peek().is_some() { fields.name(what("the origin of the file"))? } else { scope.origin.clone() };
        fields.finish()?;
        let path = String::from_utf8(decode(&token)?.into_owned())
            .map_err(|_| Diagnostic::error(token.span, format!("the path {} is not UTF-8", found(&token))).label("this path"))?;
        let refuse = |message: String| Diagnostic::error(token.span, message).label("included here");
        if self.open.len() > INCLUDE_DEPTH_MAX {
            return Err(refuse(format!("files include each other more than {INCLUDE_DEPTH_MAX} deep"))
                .help("include the file from the zone's own file"));
        }
        if self.included == INCLUDE_COUNT_MAX {
            return Err(refuse(format!("the zone includes more than {INCLUDE_COUNT_MAX} files")).help("join some of them"));
        }
        self.included += 1;
        let source = (self.include)(&path, scope.source).map_err(|reason| {
            refuse(format!("{} can't be included: {reason}", found(&token)))
                .help("paths count from the file that includes, and stay beneath the zone folder")
        })?;
        if self.open.iter().any(|open| open == source.name()) {
            return Err(refuse(format!("{} includes itself, directly or through others", found(&token)))
                .help("remove one $INCLUDE of the circle"));
        }
        self.file(Scope { source: &source, origin, owner: scope.owner.clone() });
        Ok(())
    }
}

/// RFC 1035 §5.1 lets an origin be relative, and so does BIND.
fn doubt_relative(token: &Token<'_>, origin: &Name) -> Diagnostic {
    Diagnostic::warning(token.span, format!("the origin {} is relative", found(token)))
        .label(format!("means \"{origin}\"; NSD and Knot refuse it"))
        .help(format!("write $ORIGIN {origin}"))
}

fn unknown_directive(first: &Token<'_>, upper: &[u8]) -> Diagnostic {
    let known = ["$ORIGIN", "$TTL", "$INCLUDE", "$GENERATE"];
    let fault = Diagnostic::error(first.span, format!("the directive {} is not known", found(first))).label("unknown directive");
    match did_you_mean(&String::from_utf8_lossy(upper), known) {
        Some(near) => fault.help(format!("did you mean \"{near}\"?")),
        None => fault.help(format!("known are {}; an owner that begins with $ is written \\$", known.join(", "))),
    }
}
