//! Networks that the operator wrote, each with a number: the longest around an address wins.
//!
//! A miss is as wide as the gap, the largest prefix around the address that contains no network.

use std::net::IpAddr;

use super::leaves::{Leaves, position};
use super::prefix::Prefix;
use super::table::{Hit, Tables};

/// A complete cover made of networks and the gaps between them.
#[derive(Debug)]
pub struct NetTable {
    pub(super) tables: Tables<u128>,
    numbers: Vec<u32>,
}

impl NetTable {
    /// The table of these networks; the caller has refused duplicates.
    pub fn compile(entries: &[(Prefix, u32)]) -> Self {
        let mut numbers: Vec<u32> = entries.iter().map(|&(_, number)| number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        // A leaf holds 24 bits, so it holds the place of a number among the distinct ones.
        let place = |number: u32| numbers.binary_search(&number).ok().and_then(|place| u32::try_from(place).ok());
        let values: Vec<_> = entries.iter().filter_map(|&(prefix, number)| Some((prefix, place(number)?))).collect();
        Self { tables: cover(&values), numbers }
    }

    /// The number of the longest network around an address.
    pub fn lookup(&self, address: IpAddr) -> Hit<u32> {
        self.tables.lookup(address).and_then(|place| self.numbers.get(place as usize).copied())
    }
}

/// The cover of both families in which the longest prefix wins.
pub(super) fn cover(entries: &[(Prefix, u32)]) -> Tables<u128> {
    let family = |v4: bool| {
        let of_family = entries.iter().filter(|(prefix, _)| prefix.address().is_ipv4() == v4);
        Leaves::nested(of_family.map(|&(prefix, value)| (position(prefix.address()), prefix.length(), value)).collect())
    };
    Tables::new(family(true), family(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_network_wins_and_gaps_have_a_width() {
        let entries = [("10.20.0.0/16", 7), ("10.20.4.0/24", 4_000_000_000), ("2001:db8::1/128", 3), ("2001:db8::/32", 7)];
        let table = NetTable::compile(&entries.map(|(prefix, number)| (prefix.parse().unwrap(), number)));
        let cases = [
            ("10.20.4.9", Some(4_000_000_000), 24),
            ("10.20.5.0", Some(7), 24),
            ("10.20.128.0", Some(7), 17),
            ("10.1.2.0", None, 12),
            ("192.0.2.1", None, 1),
            ("2001:db8::1", Some(3), 128),
            ("2001:db8::", Some(7), 128),
            ("2001:db8:8000::", Some(7), 33),
            ("fe80::1", None, 1),
        ];
        for (address, value, length) in cases {
            assert_eq!(table.lookup(address.parse().unwrap()), Hit { value, length }, "{address}");
        }
        let none = NetTable::compile(&[]);
        assert_eq!(none.lookup("192.0.2.1".parse().unwrap()), Hit { value: None, length: 0 });
        assert_eq!(none.lookup("::1".parse().unwrap()), Hit { value: None, length: 0 });
    }
}
