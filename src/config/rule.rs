//! `rules` and `otherwise` of a `geo` policy: which clients get which children.
//! Codes and networks are checked here, against geo's tables; references stay names until `resolve.rs`.

use toml::de::DeTable;

use super::keys::{NOT, RULE};
use super::spec::{Placed, Reference, RuleSpec};
use super::table::{Item, Table};
use crate::diagnostic::Diagnostic;
use crate::geo::{EU_MEMBERS, Match, Prefix, is_continent, is_country};
use crate::limits::GEO_RULES_MAX;

/// Names that people use for a country, and its code in ISO 3166-1.
const COUNTRY_SLIPS: [(&str, &str); 3] = [("UK", "GB"), ("EL", "GR"), ("EU", "@eu")];

/// Reads `rules` and `otherwise`.
pub(super) fn read(table: &Table<'_>) -> (Vec<RuleSpec>, Option<Reference>) {
    let list = rule_items(table);
    report_catch_all(table, &list);
    let otherwise = table.read("otherwise", |item| item.reference("the name of a pool or policy"));
    (list.into_iter().filter_map(rule).collect(), otherwise)
}

fn rule_items<'a>(table: &Table<'a>) -> Vec<Item<'a>> {
    const HELP: &str = "write rules = [{ country = \"DE\", use = \"eu\" }]";
    let Some(item) = table.require("rules", HELP) else {
        return Vec::new();
    };
    let mut list = item.list();
    if list.is_empty() {
        item.report(item.fault(format!("{} has no rules", table.subject())).help(HELP));
    } else if list.len() > GEO_RULES_MAX {
        let message = format!("{} has {} rules, expected at most {GEO_RULES_MAX}", table.subject(), list.len());
        let at = Diagnostic::error(table.key_span("rules"), message);
        table.report(at.help("give \"otherwise\" a geo policy with the rest of them"));
        list.truncate(GEO_RULES_MAX);
    }
    list
}

/// Every client needs an answer, and no rule may stand where no client comes.
fn report_catch_all(table: &Table<'_>, list: &[Item<'_>]) {
    let mut from_catch_all = list.iter().skip_while(|item| !matches_all(**item));
    if let Some(catch_all) = from_catch_all.next() {
        if let Some(next) = from_catch_all.next() {
            let warning = Diagnostic::warning(next.span, "no client reaches this rule");
            let warning = warning.related("every client matches the rule", catch_all.span);
            table.report(warning.help("move the rule without conditions to the end"));
        }
    } else if table.get("otherwise").is_none() && !list.is_empty() {
        let message = format!("{} has no answer for clients that no rule matches", table.subject());
        table.report(table.fault(message).help("write otherwise = \"eu\", the pool or policy for all the others"));
    }
}

/// Whether the rule is written without any condition.
fn matches_all(item: Item<'_>) -> bool {
    let unconditional = |entries: &DeTable<'_>| entries.keys().all(|key| ["use", "strict"].contains(&key.get_ref().as_ref()));
    item.value.as_table().is_some_and(unconditional)
}

fn rule(item: Item<'_>) -> Option<RuleSpec> {
    let table = item.table(&RULE)?;
    let mut matches = conditions(&table);
    matches.not = table.read("not", not).map(Box::new);
    Some(RuleSpec {
        matches,
        order: table.require("use", "write use = \"eu\"").map_or(Vec::new(), Item::references),
        strict: table.read("strict", Item::boolean).unwrap_or(false),
        span: item.span,
    })
}

fn not(item: Item<'_>) -> Option<Match> {
    let table = item.table(&NOT)?;
    if item.value.as_table().is_some_and(|entries| !NOT.keys.iter().any(|key| entries.contains_key(*key))) {
        item.report(item.fault("\"not\" without a condition matches no client").help("write not = { country = \"DE\" }"));
    }
    Some(conditions(&table))
}

fn conditions(table: &Table<'_>) -> Match {
    Match {
        country: table.read("country", |item| Some(values(item, countries))).unwrap_or_default(),
        continent: table.read("continent", |item| Some(values(item, continent))).unwrap_or_default(),
        subdivision: table.read("subdivision", |item| Some(values(item, subdivision))).unwrap_or_default(),
        asn: table.read("asn", |item| Some(values(item, asn))).unwrap_or_default(),
        net: table.read("net", |item| Some(nets(item).into_iter().map(|net| net.value).collect())).unwrap_or_default(),
        not: None,
    }
}

/// Networks, at least one.
pub(super) fn nets(item: Item<'_>) -> Vec<Placed<Prefix>> {
    filled_list(item).into_iter().filter_map(net).collect()
}

/// What `read` makes of each item of a list, each value once.
fn values<T: PartialEq>(item: Item<'_>, read: fn(Item<'_>) -> Vec<T>) -> Vec<T> {
    let mut values: Vec<T> = Vec::new();
    for value in filled_list(item).into_iter().flat_map(read) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

fn filled_list(item: Item<'_>) -> Vec<Item<'_>> {
    let list = item.list();
    if list.is_empty() {
        let fault = item.fault("expected at least one value, but found an empty list");
        item.report(fault.help("an empty condition would match no client; remove the key or give it a value"));
    }
    list
}

fn countries(item: Item<'_>) -> Vec<[u8; 2]> {
    const EXPECTED: &str = "a country of ISO 3166-1 such as \"DE\", or \"@eu\"";
    const HELP: &str = "write two letters: \"DE\", \"US\", \"CN\"; \"@eu\" stands for the members of the European Union";
    let Some(text) = item.text(EXPECTED, HELP) else {
        return Vec::new();
    };
    if text.eq_ignore_ascii_case("@eu") {
        return EU_MEMBERS.to_vec();
    }
    let upper = text.to_ascii_uppercase();
    let code = code(&upper).filter(|code| is_country(*code));
    if code.is_none() {
        let help = match COUNTRY_SLIPS.iter().find(|(slip, _)| *slip == upper) {
            Some((_, meant)) => format!("did you mean \"{meant}\"?"),
            None => HELP.to_owned(),
        };
        item.wrong_value(EXPECTED, help);
    }
    code.into_iter().collect()
}

fn continent(item: Item<'_>) -> Vec<[u8; 2]> {
    const EXPECTED: &str = "a continent such as \"EU\"";
    const HELP: &str = "the continents are AF, AN, AS, EU, NA, OC and SA";
    let Some(text) = item.text(EXPECTED, HELP) else {
        return Vec::new();
    };
    let code = code(&text.to_ascii_uppercase()).filter(|code| is_continent(*code));
    if code.is_none() {
        item.wrong_value(EXPECTED, HELP);
    }
    code.into_iter().collect()
}

/// Two letters.
fn code(text: &str) -> Option<[u8; 2]> {
    <[u8; 2]>::try_from(text.as_bytes()).ok()
}

fn subdivision(item: Item<'_>) -> Vec<String> {
    const EXPECTED: &str = "a subdivision of ISO 3166-2 such as \"US-CA\"";
    const HELP: &str = "write the country, a hyphen and the one to three characters of its part";
    let Some(text) = item.text(EXPECTED, HELP) else {
        return Vec::new();
    };
    let upper = text.to_ascii_uppercase();
    let is_part = |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let known = upper.split_once('-').is_some_and(|(country, part)| code(country).is_some_and(is_country) && is_part(part));
    if !known {
        item.wrong_value(EXPECTED, HELP);
        return Vec::new();
    }
    vec![upper]
}

fn asn(item: Item<'_>) -> Vec<u32> {
    const EXPECTED: &str = "an autonomous system such as 64500 or \"AS64500\"";
    const HELP: &str = "write 64500 or \"AS64500\"; numbers go from 1 to 4294967295";
    let digits = |text: &str| {
        let (prefix, digits) = text.split_at_checked(2)?;
        (prefix.eq_ignore_ascii_case("as") && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
    };
    let number = match (item.integer(), item.value.as_str()) {
        (Some(number), _) => u32::try_from(number).ok(),
        (None, Some(text)) => digits(text),
        (None, None) => {
            item.wrong_type(EXPECTED, HELP);
            return Vec::new();
        }
    };
    let number = number.filter(|number| *number > 0);
    if number.is_none() {
        item.wrong_value(EXPECTED, HELP);
    }
    number.into_iter().collect()
}

fn net(item: Item<'_>) -> Option<Placed<Prefix>> {
    const EXPECTED: &str = "a network such as \"192.0.2.0/24\" or \"2001:db8::/32\"";
    match item.text(EXPECTED, "write the network in quotes")?.parse::<Prefix>() {
        Ok(value) if value.is_embedding() => {
            item.wrong_value(EXPECTED, "these addresses carry IPv4 ones (NAT64, 6to4), which count: write the IPv4 network");
            None
        }
        Ok(value) => Some(Placed { value, span: item.span }),
        Err(error) => {
            item.wrong_value(EXPECTED, error.to_string());
            None
        }
    }
}
