//! The parameters of SVCB and HTTPS records (RFC 9460 §2, §7, §8; dohpath: RFC 9461 §5), text to wire and back.
//!
//! A parameter that is known by name is a row of `PARAMS`. What comes as `keyNNNNN` for a known number has to fit that row too,
//! which the printer decides: what it can't read is refused.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::encoding::{from_base64, to_base64, to_quoted};
use super::fields::{Fields, decode_text, found, what};
use super::lexer::Token;
use crate::diagnostic::{Diagnostic, Span, did_you_mean};

/// RFC 9460 §14.3.2: the registered keys that have a text form here.
const PARAMS: &[(u16, &str, Shape)] = &[
    (MANDATORY, "mandatory", Shape::Keys),
    (ALPN, "alpn", Shape::Protocols),
    (NO_DEFAULT_ALPN, "no-default-alpn", Shape::Empty),
    (3, "port", Shape::Port),
    (4, "ipv4hint", Shape::Ipv4),
    (5, "ech", Shape::Base64),
    (6, "ipv6hint", Shape::Ipv6),
    (7, "dohpath", Shape::Path),
];
const MANDATORY: u16 = 0;
const ALPN: u16 = 1;
const NO_DEFAULT_ALPN: u16 = 2;
/// RFC 9460 §14.3.2: 65535 is reserved as the key that can't be.
const NO_KEY: u16 = 65_535;

/// How the value of a parameter looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Keys,
    Protocols,
    Empty,
    Port,
    Ipv4,
    Base64,
    Ipv6,
    Path,
    /// Any octets: `keyNNNNN`.
    Opaque,
}

impl Shape {
    fn of(key: u16) -> Self {
        PARAMS.iter().find(|row| row.0 == key).map_or(Self::Opaque, |row| row.2)
    }

    fn what(self) -> &'static str {
        match self {
            Self::Keys => "names of other parameters with commas between",
            Self::Protocols => "protocols such as h2,h3",
            Self::Empty => "no value",
            Self::Port => "a port from 0 to 65535",
            Self::Ipv4 => "IPv4 addresses with commas between",
            Self::Base64 => "base 64",
            Self::Ipv6 => "IPv6 addresses with commas between",
            Self::Path => "a path with the variable dns such as /dns-query{?dns}",
            Self::Opaque => "octets",
        }
    }

    /// Wire octets from a value whose escapes are replaced.
    fn encode(self, value: &[u8]) -> Option<Vec<u8>> {
        let text = || std::str::from_utf8(value).ok();
        let wire = match self {
            Self::Keys => {
                let mut keys: Vec<u16> = text()?.split(',').map(key_number).collect::<Option<_>>()?;
                keys.sort_unstable();
                keys.iter().flat_map(|key| key.to_be_bytes()).collect()
            }
            Self::Protocols => protocols(value)?,
            Self::Port => text()?.parse::<u16>().ok().filter(|_| value.iter().all(u8::is_ascii_digit))?.to_be_bytes().to_vec(),
            Self::Ipv4 => {
                text()?.split(',').map(|part| Some(part.parse::<Ipv4Addr>().ok()?.octets())).collect::<Option<Vec<_>>>()?.concat()
            }
            Self::Ipv6 => {
                text()?.split(',').map(|part| Some(part.parse::<Ipv6Addr>().ok()?.octets())).collect::<Option<Vec<_>>>()?.concat()
            }
            Self::Base64 => from_base64(value)?,
            Self::Empty | Self::Path | Self::Opaque => value.to_vec(),
        };
        self.decode(&wire).is_some().then_some(wire)
    }

    /// The value's text from wire octets, without the quotes; `None` where they are no such value.
    fn decode(self, wire: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Keys => {
                let (keys, rest) = wire.as_chunks::<2>();
                let keys: Vec<u16> = keys.iter().map(|key| u16::from_be_bytes(*key)).collect();
                let fits = rest.is_empty()
                    && !keys.is_empty()
                    && !keys.contains(&MANDATORY)
                    && keys.is_sorted_by(|left, right| left < right);
                fits.then(|| keys.iter().map(|key| key_text(*key)).collect::<Vec<_>>().join(",").into_bytes())
            }
            Self::Protocols => protocols_text(wire),
            Self::Empty => wire.is_empty().then(Vec::new),
            Self::Port => Some(u16::from_be_bytes(wire.try_into().ok()?).to_string().into_bytes()),
            Self::Ipv4 => {
                let (addresses, rest) = wire.as_chunks::<4>();
                list_text(addresses.iter().map(|octets| Ipv4Addr::from(*octets)), rest)
            }
            Self::Ipv6 => {
                let (addresses, rest) = wire.as_chunks::<16>();
                list_text(addresses.iter().map(|octets| Ipv6Addr::from(*octets)), rest)
            }
            Self::Base64 => (!wire.is_empty()).then(|| to_base64(wire).into_bytes()),
            Self::Path => is_doh_path(wire).then(|| wire.to_vec()),
            Self::Opaque => Some(wire.to_vec()),
        }
    }
}

/// One parameter that was read.
#[derive(Debug)]
struct Param {
    key: u16,
    value: Vec<u8>,
    span: Span,
}

/// Reads `key=value` fields to the end of the record and appends them in wire order; the fixed part stands in `wire` already.
pub(super) fn read_params(fields: &mut Fields<'_, '_>, wire: &mut Vec<u8>) -> Result<(), Diagnostic> {
    let alias_mode = wire.first_chunk::<2>() == Some(&[0, 0]);
    let mut params = Vec::new();
    while fields.peek().is_some() {
        params.push(read_param(fields)?);
    }
    if let (true, Some(first)) = (alias_mode, params.first()) {
        // RFC 9460 §2.4.2: recipients ignore them.
        let warning = Diagnostic::warning(first.span, "priority 0 makes an alias, whose parameters are ignored")
            .label("ignored by clients")
            .help("write priority 1 if the parameters are meant, or remove them");
        fields.findings.push(warning);
    }
    params.sort_by_key(|param| param.key);
    refuse_contradictions(&params)?;
    for param in &params {
        let length = u16::try_from(param.value.len())
            .map_err(|_| Diagnostic::error(param.span, "the parameter has more than 65535 octets").label("too long"))?;
        wire.extend(param.key.to_be_bytes());
        wire.extend(length.to_be_bytes());
        wire.extend_from_slice(&param.value);
    }
    Ok(())
}

fn read_param(fields: &mut Fields<'_, '_>) -> Result<Param, Diagnostic> {
    let token = fields.word(what("a parameter such as alpn=h2"))?;
    fields.doubt_comment(&token);
    let equals = token.text.iter().position(|&byte| byte == b'=');
    let (key_part, after) = token.text.split_at_checked(equals.unwrap_or(token.text.len())).unwrap_or_default();
    let key = key_number(&String::from_utf8_lossy(key_part)).ok_or_else(|| unknown_key(&token, key_part, fields))?;
    let mut raw = after.strip_prefix(b"=").unwrap_or_default();
    let mut end = token.span.end;
    // alpn="h2,h3": the quoted part is a token of its own.
    if equals.is_some()
        && raw.is_empty()
        && let Some(quoted) = fields.peek().filter(|next| next.quoted && next.joined)
    {
        fields.next();
        raw = quoted.text;
        end = quoted.span.end;
    }
    let span = Span { end, ..token.span };
    // RFC 9460 §2.1: behind keyNNNNN stand the octets themselves, even where the number has a name.
    let shape = PARAMS.iter().find(|row| row.1.as_bytes() == key_part).map_or(Shape::Opaque, |row| row.2);
    let value = decode_text(raw).and_then(|value| shape.encode(&value)).filter(|value| Shape::of(key).decode(value).is_some());
    let value = value.ok_or_else(|| {
        let shape = Shape::of(key);
        let found = if raw.is_empty() { "nothing".to_owned() } else { found(&Token { text: raw, ..token }) };
        Diagnostic::error(span, format!("expected {} as the value of \"{}\", but found {found}", shape.what(), key_text(key)))
            .label(mistake(shape, raw))
    })?;
    Ok(Param { key, value, span })
}

fn mistake(shape: Shape, raw: &[u8]) -> &'static str {
    match shape {
        Shape::Keys => "each once, known by name or as keyNNNNN, not \"mandatory\" itself",
        Shape::Empty => "write the name alone",
        Shape::Ipv4 if raw.contains(&b':') => "IPv6 addresses belong into ipv6hint",
        Shape::Ipv6 if !raw.contains(&b':') && raw.iter().all(|byte| !byte.is_ascii_alphabetic()) => {
            "IPv4 addresses belong into ipv4hint"
        }
        Shape::Protocols => "each from 1 to 255 octets",
        Shape::Ipv4 => "such as 192.0.2.1,192.0.2.2; a name can't stand here",
        Shape::Ipv6 => "such as 2001:db8::1,2001:db8::2; a name can't stand here",
        Shape::Port => "such as 443",
        Shape::Base64 => "letters and digits, padded with = to a multiple of 4",
        Shape::Path | Shape::Opaque => "",
    }
}

fn unknown_key(token: &Token<'_>, key: &[u8], fields: &Fields<'_, '_>) -> Diagnostic {
    let word = String::from_utf8_lossy(key);
    let names = || PARAMS.iter().map(|row| row.1);
    let end = token.span.start as usize + key.len();
    let fault =
        Diagnostic::error(fields.context.source.span(token.span.start as usize, end.max(token.span.start as usize + 1)), {
            format!("the parameter {} is not known", found(&Token { text: key, ..*token }))
        });
    match did_you_mean(&word, names()) {
        Some(near) => fault.label("unknown parameter").help(format!("did you mean \"{near}\"?")),
        None => fault.label("unknown parameter").help(format!(
            "known are {}; any other is written as keyNNNNN with its number",
            names().collect::<Vec<_>>().join(", ")
        )),
    }
}

/// RFC 9460 §2.2, §7.1.1, §8: no key twice, and what one parameter says of others is true. `params` are sorted by key.
fn refuse_contradictions(params: &[Param]) -> Result<(), Diagnostic> {
    for (first, second) in params.iter().zip(params.iter().skip(1)) {
        if first.key == second.key {
            return Err(Diagnostic::error(second.span, format!("the parameter \"{}\" is given twice", key_text(second.key)))
                .label("again here")
                .related("first given", first.span)
                .help("put all values into one parameter with commas between"));
        }
    }
    let find = |key: u16| params.iter().find(|param| param.key == key);
    for listed in find(MANDATORY).map_or(&[][..], |param| param.value.as_chunks::<2>().0) {
        let key = u16::from_be_bytes(*listed);
        if let (None, Some(mandatory)) = (find(key), find(MANDATORY)) {
            let message = format!("\"mandatory\" lists \"{}\", which is not given", key_text(key));
            return Err(Diagnostic::error(mandatory.span, message)
                .label("every key listed must be there (RFC 9460 section 8)")
                .help(format!("add {}=VALUE or take it from the list", key_text(key))));
        }
    }
    match find(NO_DEFAULT_ALPN) {
        Some(param) if find(ALPN).is_none() => Err(Diagnostic::error(param.span, "\"no-default-alpn\" needs \"alpn\" beside it")
            .label("no protocol is left")
            .help("add alpn=h2 or whatever the service speaks, or remove no-default-alpn")),
        Some(_) | None => Ok(()),
    }
}

/// RFC 9460 §7.1, appendix A.1: items with commas between; in an item `\,` is a comma and `\\` a backslash, whatever escapes
/// the string had on top of that.
fn protocols(value: &[u8]) -> Option<Vec<u8>> {
    let mut items: Vec<Vec<u8>> = vec![Vec::new()];
    let mut rest = value.iter();
    while let Some(&byte) = rest.next() {
        let octet = match byte {
            b',' => {
                items.push(Vec::new());
                continue;
            }
            b'\\' => *rest.next().filter(|next| matches!(next, b',' | b'\\'))?,
            plain => plain,
        };
        items.last_mut()?.push(octet);
    }
    let mut wire = Vec::with_capacity(value.len() + 1);
    for item in &items {
        wire.push(u8::try_from(item.len()).ok()?);
        wire.extend_from_slice(item);
    }
    Some(wire)
}

fn protocols_text(wire: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut rest = wire;
    while let Some((&length, after)) = rest.split_first() {
        let (item, after) = after.split_at_checked(length as usize).filter(|_| length > 0)?;
        if !text.is_empty() {
            text.push(b',');
        }
        for &octet in item {
            if matches!(octet, b',' | b'\\') {
                text.push(b'\\');
            }
            text.push(octet);
        }
        rest = after;
    }
    (!text.is_empty()).then_some(text)
}

fn list_text(addresses: impl Iterator<Item = impl ToString>, rest: &[u8]) -> Option<Vec<u8>> {
    let list: Vec<String> = addresses.map(|address| address.to_string()).collect();
    (rest.is_empty() && !list.is_empty()).then(|| list.join(",").into_bytes())
}

/// RFC 9461 §5: a relative URI template in UTF-8 with the variable dns.
fn is_doh_path(octets: &[u8]) -> bool {
    let variables =
        |text: &str| text.split('{').skip(1).any(|part| part.split_once('}').is_some_and(|(inside, _)| inside.contains("dns")));
    std::str::from_utf8(octets).is_ok_and(|text| text.starts_with('/') && variables(text))
}

/// The number of a key by name or as `keyNNNNN` without leading zeros (RFC 9460 §2.1).
fn key_number(text: &str) -> Option<u16> {
    if let Some(row) = PARAMS.iter().find(|row| row.1 == text) {
        return Some(row.0);
    }
    let digits = text.strip_prefix("key")?;
    let number: u16 = digits.parse().ok()?;
    (number.to_string() == digits && number != NO_KEY).then_some(number)
}

fn key_text(key: u16) -> String {
    PARAMS.iter().find(|row| row.0 == key).map_or_else(|| format!("key{key}"), |row| row.1.to_owned())
}

/// The text of parameters in wire form, each with a blank before it; `None` where the octets are none.
pub(super) fn params_text(wire: &[u8]) -> Option<String> {
    let mut text = String::new();
    let mut rest = wire;
    let mut previous = None;
    while let Some((head, after)) = rest.split_first_chunk::<4>() {
        let [key_high, key_low, length_high, length_low] = *head;
        let key = u16::from_be_bytes([key_high, key_low]);
        let (value, after) = after.split_at_checked(u16::from_be_bytes([length_high, length_low]).into())?;
        if previous.is_some_and(|previous| previous >= key) || key == NO_KEY {
            return None;
        }
        let decoded = Shape::of(key).decode(value)?;
        text.push(' ');
        text.push_str(&key_text(key));
        if !decoded.is_empty() {
            text.push('=');
            text.push_str(&value_text(&decoded));
        }
        previous = Some(key);
        rest = after;
    }
    rest.is_empty().then_some(text)
}

/// A value as it stands behind `=`, in quotes where that is needed.
fn value_text(value: &[u8]) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.,:/+=?&{}".contains(byte);
    match std::str::from_utf8(value) {
        Ok(text) if value.iter().all(plain) => text.to_owned(),
        Ok(_) | Err(_) => to_quoted(value),
    }
}
