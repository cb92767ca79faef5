//! The hashed choice: which member a client's network belongs to, equal on every node and after every restart.
//!
//! Weighted rendezvous: each member has a score for each bucket, the highest wins; a member that leaves moves only its own
//! clients. All arithmetic is on integers or IEEE basic operations, so that every machine agrees. Ranks depend on
//! configuration alone, but for a share or a weight by order; health only decides how far down a rank one goes.

use std::net::IpAddr;
use std::sync::Arc;

use crate::limits::HASH_BUCKETS;

/// For each bucket, the members in order of score; members of weight 0 have no rank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranks {
    members: usize,
    /// Shared by all copies: 8 KiB a member.
    rows: Arc<[u16]>,
}

impl Ranks {
    /// Ranks members given by name and weight.
    pub fn new<'a>(members: impl IntoIterator<Item = (&'a str, u16)>) -> Self {
        Self::finely(members.into_iter().map(|(name, weight)| (name, u32::from(weight))))
    }

    /// The same of weights in finer units; only their proportion counts.
    pub(super) fn finely<'a>(members: impl IntoIterator<Item = (&'a str, u32)>) -> Self {
        let weighted: Vec<(u16, u64, u32)> = (0..)
            .zip(members)
            .filter(|(_, (_, weight))| *weight > 0)
            .map(|(index, (name, weight))| (index, fingerprint(name.as_bytes()), weight))
            .collect();
        let mut rows = Vec::with_capacity(HASH_BUCKETS * weighted.len());
        let mut row: Vec<(f64, u16)> = Vec::with_capacity(weighted.len());
        for bucket in 0..HASH_BUCKETS as u64 {
            row.clear();
            row.extend(weighted.iter().map(|&(index, name, weight)| (cost(spread(name ^ spread(bucket)), weight), index)));
            row.sort_by(|left, right| left.0.total_cmp(&right.0).then(left.1.cmp(&right.1)));
            rows.extend(row.iter().map(|(_, index)| index));
        }
        Self { members: weighted.len(), rows: rows.into() }
    }

    /// The members for a client, best first. IPv4 clients count by /24, IPv6 ones by /56.
    pub fn order(&self, client: IpAddr) -> &[u16] {
        let bucket = bucket(client);
        self.rows.get(bucket * self.members..(bucket + 1) * self.members).unwrap_or_default()
    }
}

/// The prefix length by which the hashed choice tells clients apart.
pub const fn network_length(client: IpAddr) -> u8 {
    match client {
        IpAddr::V4(_) => 24,
        IpAddr::V6(_) => 56,
    }
}

/// The bucket of a client's network.
pub(super) fn bucket(client: IpAddr) -> usize {
    let network = match client {
        IpAddr::V4(v4) => u64::from(v4.to_bits() >> 8) | 1 << 63,
        IpAddr::V6(v6) => (v6.to_bits() >> 72) as u64,
    };
    (spread(network) >> 52) as usize
}

const _: () = assert!(HASH_BUCKETS == 1 << 12, "the bucket is the top 12 bits");

/// -ln(u)/weight for u uniform in (0, 1): the least of these falls to each member in proportion to its weight.
fn cost(hash: u64, weight: u32) -> f64 {
    // 52 bits, shifted by a half so that neither 0 nor 1 comes out.
    let uniform = ((hash >> 12) as f64 + 0.5) / (1_u64 << 52) as f64;
    -natural_logarithm(uniform) / f64::from(weight)
}

/// ln by argument reduction and a series: basic IEEE operations only, unlike the platform's `ln`, which may differ in the last bit.
fn natural_logarithm(x: f64) -> f64 {
    let bits = x.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i64 - 1023;
    let mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 1023 << 52);
    // ln m = 2 artanh((m-1)/(m+1)); for m in [1, 2) the ratio is at most 1/3, so 20 terms are below one last bit.
    let ratio = (mantissa - 1.0) / (mantissa + 1.0);
    let square = ratio * ratio;
    let series = (0..20).rev().fold(0.0, |sum, term| sum * square + 1.0 / f64::from(2 * term + 1));
    exponent as f64 * std::f64::consts::LN_2 + 2.0 * ratio * series
}

/// FNV-1a, then spread: names are few and fixed, speed does not matter.
fn fingerprint(name: &[u8]) -> u64 {
    spread(name.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &octet| (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3)))
}

/// The finaliser of splitmix64: every input bit reaches every output bit.
fn spread(word: u64) -> u64 {
    let word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    fn winners(members: &[(&str, u16)]) -> Vec<u16> {
        let ranks = Ranks::new(members.iter().copied());
        (0..HASH_BUCKETS).map(|bucket| ranks.rows[bucket * ranks.members]).collect()
    }

    #[test]
    fn shares_follow_weights() {
        let won = winners(&[("a", 10), ("b", 20), ("c", 0), ("d", 70)]);
        let share = |index| won.iter().filter(|&&winner| winner == index).count() as f64 / HASH_BUCKETS as f64;
        assert_eq!(share(2), 0.0);
        for (index, expected) in [(0, 0.1), (1, 0.2), (3, 0.7)] {
            assert!((share(index) - expected).abs() < 0.03, "member {index}: {}", share(index));
        }
    }

    #[test]
    fn a_member_that_leaves_moves_only_its_own_clients() {
        let all = winners(&[("a", 1), ("b", 1), ("c", 1)]);
        let without = winners(&[("a", 1), ("b", 1)]);
        assert!(all.iter().zip(&without).all(|(before, after)| *before == 2 || before == after));
    }

    #[test]
    fn a_weight_that_grows_only_draws_clients_in() {
        let won = |growing: u32| -> Vec<u16> {
            let ranks = Ranks::finely([("a", 1000), ("b", 1000), ("c", growing)]);
            (0..HASH_BUCKETS).map(|bucket| ranks.rows[bucket * ranks.members]).collect()
        };
        let (little, more) = (won(250), won(500));
        assert!(little.iter().zip(&more).all(|(before, after)| before == after || *after == 2));
        let share = little.iter().filter(|winner| **winner == 2).count() as f64 / HASH_BUCKETS as f64;
        assert!((share - 1.0 / 9.0).abs() < 0.03, "{share}");
    }

    #[test]
    fn the_logarithm_is_one() {
        for x in [1e-15, 0.001, 0.3, 0.5, 0.999, 1.0] {
            assert!((natural_logarithm(x) - f64::ln(x)).abs() <= 1e-13 * f64::ln(x).abs().max(1.0), "{x}");
        }
    }

    #[test]
    fn ranks_are_the_same_on_every_machine() {
        let ranks = Ranks::new([("eu/fra-1", 70), ("eu/fra-2", 30)]);
        let row = |client: &str| ranks.order(client.parse().unwrap()).to_vec();
        assert_eq!(row("192.0.2.1"), row("192.0.2.254"));
        assert_eq!(row("2001:db8::1"), row("2001:db8:0:ff::1"));
        // Fixed for ever: a change here moves every client of every hashed pool.
        let told: Vec<usize> = ["192.0.2.1", "198.51.100.1", "2001:db8::"].map(|client| bucket(client.parse().unwrap())).to_vec();
        assert_eq!(told, [809, 3891, 984]);
    }
}
