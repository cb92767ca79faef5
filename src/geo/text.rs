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
    let mut lines_of: HashMap<Prefix, usize> = HashMap::new();
    let mut families = [Vec::new(), Vec::new()];
    let mut faults = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.split_once('#').map_or(line, |(before, _)| before);
        let words: Vec<&str> = line.split_whitespace().collect();
        let [prefix, place @ ..] = words.as_slice() else { continue };
        let [v4, v6] = &mut families;
        let entry = entry(prefix, place).and_then(|(prefix, location)| {
            let number = locations.number(location).ok_or("more different locations than a table can hold")?;
            match lines_of.insert(prefix, index + 1) {
                Some(first) => Err(format!("\"{prefix}\" is already at line {first}")),
                None => Ok((prefix, number)),
            }
        });
        match entry {
            Ok((prefix, number)) => {
                let family = if prefix.address().is_ipv4() { v4 } else { v6 };
                family.push((position(prefix.address()), prefix.length(), number));
            }
            Err(fault) => faults.push(format!("{}: {fault}", index + 1)),
        }
    }
    if lines_of.is_empty() && faults.is_empty() {
        faults.push(" expected lines such as \"198.51.100.0/24 DE\", but found none".to_owned());
    }
    if !faults.is_empty() {
        faults.truncate(limits::DIAGNOSTICS_PER_FILE_MAX);
        return Err(faults);
    }
    let [v4, v6] = families.map(Leaves::nested);
    Ok(Source { v4: v4.clipped(limits::GEO_CLIP_V4), v6: v6.clipped(limits::GEO_CLIP_V6), build_epoch: None })
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
