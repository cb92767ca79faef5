//! `explain` as the operator types it: strings to a [`Query`], every fault of them in one go, and the words for what is down.
//! The account itself is made by `answer::explain`.

use std::net::IpAddr;
use std::time::Duration;

use super::protocol::fault;
use super::span::brief;
use super::{ExplainRequest, Reply};
use crate::answer::{Asked, Dice, Throw, Why, explain};
use crate::config::Check;
use crate::diagnostic::did_you_mean;
use crate::health::{Standing, Verdict};
use crate::limits::{ANSWERS_MAX, WEIGHT_SUM_MAX};
use crate::snapshot::Serving;
use crate::wire::rdata::LAYOUTS;
use crate::wire::{Name, RrType};

/// Throws beyond this number would stay unused: one for each slot that a query throws in.
const THROWS_MAX: usize = Dice::POOL_SLOT as usize + ANSWERS_MAX;

/// An [`ExplainRequest`] that makes sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    name: Name,
    types: Vec<RrType>,
    client: IpAddr,
    subnet: Option<(IpAddr, u8)>,
    throws: Vec<Throw>,
}

impl Query {
    /// Reads what was typed, or says everything that is wrong with it.
    pub fn read(request: &ExplainRequest) -> Result<Self, Reply> {
        let (name, client) = (name(&request.name), client(&request.client));
        let types = request.qtype.as_deref().map_or_else(|| Ok(vec![RrType::A, RrType::AAAA]), rrtype);
        let subnet = request.subnet.as_deref().map(subnet).transpose();
        let throws = request.dice.as_deref().map_or_else(|| Ok(Vec::new()), throws);
        match (name, types, client, subnet, throws) {
            (Ok(name), Ok(types), Ok(client), Ok(subnet), Ok(throws)) => Ok(Self { name, types, client, subnet, throws }),
            (name, types, client, subnet, throws) => {
                let faults = [name.err(), types.err(), client.err(), subnet.err(), throws.err()];
                Err(Reply::bad_input(faults.into_iter().flatten().collect::<String>()))
            }
        }
    }

    /// The account of each type that is asked for; the seed throws where the operator did not.
    pub fn explain(&self, serving: &Serving, why: &Why<'_>, seed: u64) -> String {
        let dice = if self.throws.is_empty() { Dice::seeded(seed) } else { Dice::Given(&self.throws) };
        let accounts = self.types.iter().map(|&qtype| {
            let asked = Asked { name: self.name.clone(), qtype, client: self.client, subnet: self.subnet, dice };
            explain(serving, &asked, why)
        });
        accounts.collect::<Vec<_>>().join("\n")
    }
}

/// Why what this check probes is down, and for how long; nothing if it is not.
pub fn down(check: &Check, standing: &Standing, now: Duration) -> Option<String> {
    let kind = check.kind.word();
    let reason = standing.last_error.as_ref().map_or("failed", |(_, reason)| reason);
    let since = brief(now.saturating_sub(standing.since));
    (standing.verdict == Verdict::Down).then(|| format!("{kind} check \"{}\": {reason}, for {since}", check.name))
}

fn name(text: &str) -> Result<Name, String> {
    // What people type is absolute, with or without the final dot.
    let parsed = Name::parse(text.as_bytes(), Some(&Name::root()));
    parsed.map_err(|why| fault(format!("\"{text}\" is no domain name: {why}"), "write the whole name, such as www.example.com"))
}

fn rrtype(text: &str) -> Result<Vec<RrType>, String> {
    let known = if text.eq_ignore_ascii_case("ANY") { Some(RrType::ANY) } else { RrType::from_mnemonic(text) };
    known.map(|rtype| vec![rtype]).ok_or_else(|| {
        let near = did_you_mean(text, LAYOUTS.iter().map(|layout| layout.mnemonic));
        let general = || String::from("write a mnemonic such as AAAA, or TYPE and a number such as TYPE65");
        fault(format!("\"{text}\" is no record type"), near.map_or_else(general, |near| format!("did you mean \"{near}\"?")))
    })
}

fn client(text: &str) -> Result<IpAddr, String> {
    let address = text.parse::<IpAddr>().map(|address| address.to_canonical());
    address.map_err(|_| {
        let help = if text.contains('/') {
            "a prefix belongs to --subnet; --client is the one address that the query comes from"
        } else {
            "write an address such as 203.0.113.9 or 2001:db8::9"
        };
        fault(format!("expected an IP address after --client, but found \"{text}\""), help)
    })
}

fn subnet(text: &str) -> Result<(IpAddr, u8), String> {
    let prefix = text.split_once('/').and_then(|(address, length)| {
        let (address, length) = (address.parse::<IpAddr>().ok()?, length.parse::<u8>().ok()?);
        (length <= if address.is_ipv4() { 32 } else { 128 }).then_some((address, length))
    });
    prefix.ok_or_else(|| {
        let help = "write an address and a length up to 32 or 128, such as 203.0.113.0/24 or 2001:db8::/56";
        fault(format!("expected a prefix after --subnet, but found \"{text}\""), help)
    })
}

fn throws(text: &str) -> Result<Vec<Throw>, String> {
    let throw = |text: &str| {
        let (r, sum) = text.trim().split_once('/')?;
        let (r, sum) = (r.parse::<u32>().ok()?, sum.parse::<u32>().ok()?);
        (r < sum && sum <= WEIGHT_SUM_MAX).then(|| Throw::exactly(r, sum))
    };
    let throws: Option<Vec<Throw>> = text.split(',').take(THROWS_MAX + 1).map(throw).collect();
    throws.filter(|throws| throws.len() <= THROWS_MAX).ok_or_else(|| {
        let message = format!("expected throws such as 79/100 after --dice, but found \"{text}\"");
        let bounds = format!("R below SUM, SUM at most {WEIGHT_SUM_MAX}, at most {THROWS_MAX} of them");
        fault(message, format!("write R/SUM with commas between; {bounds}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(name: &str, qtype: Option<&str>, client: &str, subnet: Option<&str>, dice: Option<&str>) -> ExplainRequest {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        ExplainRequest { name: name.into(), qtype: owned(qtype), client: client.into(), subnet: owned(subnet), dice: owned(dice) }
    }

    #[test]
    fn what_is_typed_becomes_a_query() {
        let typed = request("www.Example.com", Some("aaaa"), "::ffff:192.0.2.1", Some("2001:db8::/56"), Some("1/2, 79/100"));
        let query = Query::read(&typed).unwrap();
        assert_eq!(query.name.to_string(), "www.Example.com.");
        assert_eq!(query.types, [RrType::AAAA]);
        assert_eq!(query.client, IpAddr::from([192, 0, 2, 1]));
        assert_eq!(query.subnet, Some(("2001:db8::".parse().unwrap(), 56)));
        assert_eq!(query.throws, [Throw::exactly(1, 2), Throw::exactly(79, 100)]);
        assert_eq!(Query::read(&request("a.", None, "::1", None, None)).unwrap().types, [RrType::A, RrType::AAAA]);
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let reply = Query::read(&request("a..b", Some("AAAAA"), "192.0.2.0/24", Some("10.0.0.0/33"), Some("2/2"))).unwrap_err();
        let expected = "\
error: \"a..b\" is no domain name: a label is empty (two dots in a row, or a dot at the start)
  help: write the whole name, such as www.example.com
error: \"AAAAA\" is no record type
  help: did you mean \"AAAA\"?
error: expected an IP address after --client, but found \"192.0.2.0/24\"
  help: a prefix belongs to --subnet; --client is the one address that the query comes from
error: expected a prefix after --subnet, but found \"10.0.0.0/33\"
  help: write an address and a length up to 32 or 128, such as 203.0.113.0/24 or 2001:db8::/56
error: expected throws such as 79/100 after --dice, but found \"2/2\"
  help: write R/SUM with commas between; R below SUM, SUM at most 65535, at most 32 of them
";
        assert_eq!(reply, Reply::bad_input(expected));
    }

    #[test]
    fn both_families_are_explained_with_a_line_between() {
        let query = Query::read(&request("example.org", None, "192.0.2.1", None, None)).unwrap();
        let account = query.explain(&Serving::default(), &Why { down: &|_| None, ordered: &|_, _| None }, 0);
        let headlines: Vec<&str> = account.lines().filter(|line| line.starts_with("example.org.")).collect();
        assert_eq!(headlines, ["example.org. A for 192.0.2.1", "example.org. AAAA for 192.0.2.1"]);
        assert!(account.contains("REFUSED\n\nexample.org. AAAA"), "{account}");
    }
}
