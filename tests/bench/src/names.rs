//! The names that every server serves, as master-file lines that each peer completes in its own way.

use std::fmt::Write;
use std::net::Ipv4Addr;

/// The zone of everything but the big one.
pub const ZONE: &str = "bench.example";
/// The zone of a million names.
pub const BIG_ZONE: &str = "big.example";
/// Plain names in [`ZONE`].
pub const PLAIN: u32 = 1000;
/// What the weighted name answers, with its weights.
pub const WEIGHTED: [(Ipv4Addr, u32); 3] =
    [(Ipv4Addr::new(10, 1, 0, 1), 10), (Ipv4Addr::new(10, 1, 0, 2), 20), (Ipv4Addr::new(10, 1, 0, 3), 50)];

/// A place that clients are sent to.
#[derive(Debug)]
pub struct Site {
    /// What it is called.
    pub name: &'static str,
    /// A continent that those servers which choose by continent send here.
    pub continent: &'static str,
    /// Where it is: latitude and longitude.
    pub point: (f64, f64),
    /// What is answered; public addresses in that place, since PowerDNS looks up where they are. Nobody ever connects to them.
    pub address: Ipv4Addr,
}

/// The three places of the geo name.
pub const SITES: [Site; 3] = [
    Site { name: "eu", continent: "EU", point: (52.52, 13.40), address: Ipv4Addr::new(141, 20, 0, 1) },
    Site { name: "us", continent: "NA", point: (40.71, -74.01), address: Ipv4Addr::new(128, 59, 0, 1) },
    Site { name: "ap", continent: "AS", point: (1.35, 103.82), address: Ipv4Addr::new(137, 132, 0, 1) },
];

/// The address of the plain name with this number.
pub fn address(number: u32) -> Ipv4Addr {
    Ipv4Addr::from(0x0a40_0000 | number)
}

/// The label of the plain name with this number.
pub fn label(number: u32) -> String {
    format!("n{number:06}")
}

/// A zone with its apex records and `count` plain names.
pub fn zone(apex: &str, count: u32) -> String {
    let mut text = String::with_capacity(64 + 24 * count as usize);
    let _ = write!(
        text,
        "$ORIGIN {apex}.\n$TTL 300\n@ IN SOA ns1 hostmaster 1 7200 1800 259200 300\n@ IN NS ns1\n@ IN NS ns2\n\
         ns1 IN A 192.0.2.53\nns2 IN A 192.0.2.54\n"
    );
    for number in 0..count {
        let _ = writeln!(text, "{} IN A {}", label(number), address(number));
    }
    text
}
