//! Geo databases, in either form: refused with a reason, or a world whose covers are whole and that policies compile over.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::sync::{Arc, LazyLock};

use signpost::config::{Config, Text, parse};
use signpost::diagnostic::{Sources, any_error};
use signpost::geo::{World, continent_of, is_continent, is_country};
use signpost::snapshot::Policies;

use super::query::texts;

/// Prefixes of a family that are walked over.
const WALKED_MAX: usize = 4096;

static CONFIG: LazyLock<Config> = LazyLock::new(|| {
    let source = Sources::default().add("signpost.toml", texts().config.text);
    parse(&[Text { source: &source, folder: Path::new("") }]).0.expect("a good configuration")
});

/// Reads the database twice, alone and below another.
pub(super) fn check(octets: &[u8]) {
    let file = ("fuzz.mmdb".to_owned(), octets.to_vec());
    let world = match World::read(std::slice::from_ref(&file)) {
        Ok(world) => world,
        Err(faults) => {
            assert!(!faults.is_empty() && faults.len() <= 50, "{} faults", faults.len());
            assert!(faults.iter().all(|fault| fault.starts_with("fuzz.mmdb:") && fault.len() < 4096), "{faults:?}");
            return;
        }
    };
    let again = World::read(std::slice::from_ref(&file)).expect("a good file, as before");
    assert_eq!(world.identity(), again.identity(), "read again, it is another world");
    let summary = world.summary();
    let walked = [walk(&world, IpAddr::V4(Ipv4Addr::UNSPECIFIED)), walk(&world, IpAddr::V6(Ipv6Addr::UNSPECIFIED))];
    for (walked, counted) in walked.into_iter().zip([summary.prefixes_v4, summary.prefixes_v6]) {
        assert!(walked == counted || walked == WALKED_MAX && counted > WALKED_MAX, "{walked} prefixes, counted {counted}");
    }
    // Twice the same file says no more than once.
    let twice = World::read(&[file.clone(), file]).expect("a good file, twice");
    assert_eq!(twice.identity(), world.identity(), "laid over itself, it is another world");
    let (policies, found) = Policies::compile(&CONFIG, Arc::new(world), None);
    assert!(!any_error(&found) && !policies.nodes().is_empty(), "{found:?}");
}

/// Goes from prefix to prefix through a whole family; each is aligned, and the same is true at both of its ends.
fn walk(world: &World, first: IpAddr) -> usize {
    let width = if first.is_ipv4() { 32 } else { 128 };
    let at = |bits: u128| match first {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::from_bits(bits as u32)),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from_bits(bits)),
    };
    let last = u128::MAX >> (128 - width);
    let mut bits = 0;
    for walked in 1..=WALKED_MAX {
        let hit = world.locate(at(bits));
        assert!(u32::from(hit.length) <= width, "a prefix of {} bits", hit.length);
        let mask = last.checked_shr(hit.length.into()).unwrap_or(0);
        assert_eq!(bits & mask, 0, "{}/{} is no prefix", at(bits), hit.length);
        assert_eq!(world.locate(at(bits | mask)), hit, "{}/{} is not one prefix", at(bits), hit.length);
        if let Some(location) = hit.value {
            assert!(location.country.is_none_or(is_country) && location.continent.is_none_or(is_continent), "{location:?}");
            let follows = location.country.is_none_or(|country| location.continent.is_some() || continent_of(country).is_none());
            assert!(follows, "{location:?}");
            assert!(location.asn != Some(0), "{location:?}");
        }
        match (bits | mask).checked_add(1).filter(|next| *next <= last) {
            Some(next) => bits = next,
            None => return walked,
        }
    }
    WALKED_MAX
}
