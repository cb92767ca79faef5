//! MaxMind DB files, in the layout of MaxMind (`country.iso_code`), in the flat one (`country_code`), or mixed.
//!
//! The walk takes what records say and ignores what we don't use; each distinct record is decoded once. A file that is
//! damaged anywhere the walk comes by is refused whole. IPv4 in IPv6 clothes is not walked: who looks it up undresses it.

use std::collections::{BTreeMap, HashMap};
use std::net::{Ipv4Addr, Ipv6Addr};

use maxminddb::{LookupResult, MaxMindDbError, Reader, WithinOptions};
use serde::de::IgnoredAny;

use super::leaves::{Builder, Leaves, position};
use super::location::{Location, Locations, Source};
use super::point::Point;
use super::prefix::Prefix;
use super::record::Fact;
use crate::limits;

/// Parts of the IPv6 tree that stand for IPv4: plain, mapped, NAT64, Teredo and 6to4. Writers alias them to one subtree.
const CLOTHES: [(u128, u8); 5] = [(0, 96), (0xffff << 32, 96), (0x0064_ff9b << 96, 96), (0x2001 << 112, 32), (0x2002 << 112, 16)];

/// Reads a whole database; the error says what is wrong with it.
pub(super) fn read(bytes: &[u8], locations: &mut Locations) -> Result<Source, String> {
    let reader = Reader::from_source(bytes).map_err(damaged)?;
    let build_epoch = reader.metadata().build_epoch;
    if build_epoch > limits::GEO_BUILD_SECONDS_MAX {
        return Err(format!("expected its build date in seconds since 1970, but found {build_epoch}"));
    }
    let visits_left = limits::GEO_VISITS_PER_NODE_MAX * (u64::from(reader.metadata().node_count) + 1024);
    let mut walk = Walk { reader: &reader, visits_left, keys: Vec::new(), numbers: HashMap::new(), locations };
    let v4 = walk.family(Prefix::new(Ipv4Addr::UNSPECIFIED.into(), 0), limits::GEO_CLIP_V4)?;
    let v6 = if reader.metadata().ip_version == 6 { plain_ipv6() } else { Vec::new() };
    let v6 = walk.family(v6, limits::GEO_CLIP_V6)?;
    walk.refuse_useless()?;
    Ok(Source { v4, v6, build_epoch: Some(build_epoch) })
}

/// IPv6 without what stands for IPv4, in ascending order.
fn plain_ipv6() -> Vec<Prefix> {
    let cover = Leaves::nested(CLOTHES.map(|(start, length)| (start, length, 0)).to_vec());
    let plain = cover.iter().filter(|leaf| leaf.value.is_none());
    plain.filter_map(|leaf| Prefix::new(Ipv6Addr::from_bits(leaf.start).into(), leaf.length)).collect()
}

struct Walk<'a, 'b> {
    reader: &'a Reader<&'b [u8]>,
    /// A damaged tree may have a loop, or paths without number.
    visits_left: u64,
    /// Keys of the first record that has any, for the message.
    keys: Vec<String>,
    /// The location of each record by its offset; `None` where a record says nothing of use.
    numbers: HashMap<usize, Option<u32>>,
    locations: &'a mut Locations,
}

impl Walk<'_, '_> {
    fn family(&mut self, parts: impl IntoIterator<Item = Prefix>, clip: u8) -> Result<Leaves, String> {
        let mut builder = Builder::new(clip);
        for part in parts {
            self.part(part, &mut builder)?;
        }
        Ok(builder.finish())
    }

    fn part(&mut self, part: Prefix, builder: &mut Builder) -> Result<(), String> {
        // Holes are asked for too, so that none of the steps below runs without being counted. Without the aliases the
        // reader would drop whatever shares a record with ::/96.
        let options = WithinOptions::default().include_aliased_networks().include_networks_without_data();
        let network = part.to_string().parse().map_err(|_| format!("no network \"{part}\""))?;
        for found in self.reader.within(network, options).map_err(damaged)? {
            let found = found.map_err(damaged)?;
            self.visits_left = self.visits_left.checked_sub(1).ok_or("its search tree has a loop")?;
            let network = found.network().map_err(damaged)?;
            // A record above the IPv4 part of an IPv6 tree is about IPv6.
            if network.ip().is_ipv4() != part.address().is_ipv4() {
                continue;
            }
            if let Some(number) = self.number(&found)? {
                let start = position(network.ip()).max(position(part.address()));
                builder.push(start, network.prefix().max(part.length()), number);
            }
        }
        Ok(())
    }

    fn number(&mut self, found: &LookupResult<'_, &[u8]>) -> Result<Option<u32>, String> {
        let Some(offset) = found.offset() else { return Ok(None) };
        if let Some(&number) = self.numbers.get(&offset) {
            return Ok(number);
        }
        if self.keys.is_empty() {
            let record: Option<BTreeMap<String, IgnoredAny>> = found.decode().ok().flatten();
            self.keys =
                record.map(|record| record.into_keys().take(limits::DIAGNOSTICS_PER_FILE_MAX).collect()).unwrap_or_default();
        }
        let record: Fact = found.decode().map_err(damaged)?.unwrap_or_default();
        let location = location(&record);
        let number = if location.is_known() {
            Some(self.locations.number(location).ok_or("it has more different locations than a table can hold")?)
        } else {
            None
        };
        self.numbers.insert(offset, number);
        Ok(number)
    }

    fn refuse_useless(&self) -> Result<(), String> {
        if self.numbers.values().any(Option::is_some) {
            return Ok(());
        }
        let keys: Vec<_> = self.keys.iter().map(|key| format!("\"{key}\"")).collect();
        let found = if keys.is_empty() { "none with keys".to_owned() } else { format!("only the keys {}", keys.join(", ")) };
        Err(format!("expected records with a country, coordinates or a network's number, but found {found}"))
    }
}

/// What a record says, whichever layout says it.
fn location(record: &Fact) -> Location {
    let text = |paths: &[&[&str]]| paths.iter().find_map(|path| record.at(path)?.text());
    let number = |paths: &[&[&str]]| paths.iter().find_map(|path| record.at(path)?.number());
    let latitude = number(&[&["location", "latitude"], &["latitude"], &["lat"]]);
    let longitude = number(&[&["location", "longitude"], &["longitude"], &["lng"], &["lon"]]);
    let point = latitude.zip(longitude).and_then(|(latitude, longitude)| Point::new(latitude, longitude));
    let country = text(&[&["country", "iso_code"], &["country_code"], &["country"]]);
    let continent = text(&[&["continent", "code"], &["continent_code"], &["continent"]]);
    let asn = number(&[&["autonomous_system_number"], &["asn"]]);
    let asn = asn.filter(|asn| (1.0..=f64::from(u32::MAX)).contains(asn)).map(|asn| asn as u32);
    Location::new(point, country, continent, asn).subdivision(text(&[&["subdivisions", "iso_code"], &["region_code"]]))
}

fn damaged(error: MaxMindDbError) -> String {
    format!("expected a whole MaxMind DB file of version 2, but found a fault: {error}")
}
