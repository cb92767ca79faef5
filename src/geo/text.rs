//! The text form of a database, for private address plans: `PREFIX LATITUDE LONGITUDE` or `PREFIX COUNTRY` a line.
//!
//! `#` begins a comment. Prefixes may nest, the longest wins; the same prefix twice is a mistake.

use std::collections::HashMap;

use super::countries::is_country;
use super::leaves::{Leaves, position};
use super::location::{Location, Locations, Source};
use super::point::Point;
use super::prefix::Prefix;
use crate::limits;

/// Reads a whole text; the errors begin with the number of their line.
pub(super) fn read(text: &str, locations: &mut Locations) -> Result<Source, Vec<String>> {
    let mut plan = Plan::default();
    let mut faults = Vec::new();
    // Some editors begin a text with a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (number, line) in (1..).zip(text.lines()) {
        if let Err(fault) = plan.take(number, line, locations) {
            faults.push(format!("{number}: {fault}"));
        }
    }
    if plan.line_of.is_empty() && faults.is_empty() {
        faults.push(" expected lines such as \"198.51.100.0/24 DE\", but found none".to_owned());
    }
    faults.truncate(limits::DIAGNOSTICS_PER_FILE_MAX);
    if faults.is_empty() { Ok(plan.source()) } else { Err(faults) }
}

/// What the lines have said so far.
#[derive(Default)]
struct Plan {
    line_of: HashMap<Prefix, usize>,
    v4: Vec<(u128, u8, u32)>,
    v6: Vec<(u128, u8, u32)>,
}

impl Plan {
    fn take(&mut self, number: usize, line: &str, locations: &mut Locations) -> Result<(), String> {
        let line = line.split_once('#').map_or(line, |(before, _)| before);
        let words: Vec<&str> = line.split_whitespace().collect();
        let [prefix, place @ ..] = words.as_slice() else { return Ok(()) };
        let (prefix, location) = entry(prefix, place)?;
        if let Some(first) = self.line_of.insert(prefix, number) {
            return Err(format!("\"{prefix}\" is already at line {first}"));
        }
        let location = locations.number(location).ok_or("more different locations than a table can hold")?;
        let family = if prefix.address().is_ipv4() { &mut self.v4 } else { &mut self.v6 };
        family.push((position(prefix.address()), prefix.length(), location));
        Ok(())
    }

    fn source(self) -> Source {
        let v4 = Leaves::nested(self.v4).clipped(limits::GEO_CLIP_V4);
        let v6 = Leaves::nested(self.v6).clipped(limits::GEO_CLIP_V6);
        Source { v4, v6, build_epoch: None }
    }
}

fn entry(prefix: &str, place: &[&str]) -> Result<(Prefix, Location), String> {
    let prefix = prefix.parse::<Prefix>().map_err(|fault| format!("\"{prefix}\": {fault}"))?;
    let location = match place {
        [country] if country.as_bytes().try_into().is_ok_and(is_country) => Location::new(None, Some(country), None, None),
        [country] => {
            return Err(format!("expected a country such as \"DE\" or a latitude and a longitude, but found \"{country}\""));
        }
        [latitude, longitude] => {
            let degrees = latitude.parse().ok().zip(longitude.parse().ok());
            let point = degrees.and_then(|(latitude, longitude)| Point::new(latitude, longitude));
            let fault = || format!("expected a latitude and a longitude in degrees, but found \"{latitude} {longitude}\"");
            Location::new(Some(point.ok_or_else(fault)?), None, None, None)
        }
        _ => return Err(format!("expected a country or a latitude and a longitude behind \"{prefix}\"")),
    };
    Ok((prefix, location))
}
