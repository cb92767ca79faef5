//! Who may be connected: caps in all and for each source, and who gives way to a newcomer.
//!
//! A newcomer is always let in; where a cap is reached, the connection that answered its last query longest ago gives way, first
//! within the newcomer's own source. So one source can't crowd out the others, and a flood displaces its own kind first. Bookkeeping
//! only: no socket, no clock.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};

use crate::limits::STREAM_SOURCE_LENGTH_V6;

/// The open connections, each with a handle by which it can be cut.
#[derive(Debug)]
pub(super) struct Admission<H> {
    /// Counts admissions and uses; the order of what happened is all that "longest ago" needs.
    ticks: u64,
    open: HashMap<Id, Entry<H>>,
    /// By last use.
    order: BTreeMap<u64, Id>,
    /// Likewise, for each source that has any.
    sources: HashMap<IpAddr, BTreeMap<u64, Id>>,
}

/// One connection in the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Id(u64);

#[derive(Debug)]
struct Entry<H> {
    source: IpAddr,
    used: u64,
    handle: H,
}

impl<H> Admission<H> {
    pub(super) fn new() -> Self {
        Self { ticks: 0, open: HashMap::new(), order: BTreeMap::new(), sources: HashMap::new() }
    }

    /// Whether nobody is connected.
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Lets a newcomer in; gives the handles of those who give way, no longer in the books.
    pub(super) fn admit(&mut self, peer: IpAddr, handle: H, in_all: usize, per_source: usize) -> (Id, Vec<H>) {
        let source = source(peer);
        let mut displaced = Vec::new();
        let own = self.sources.get(&source);
        if let Some((_, &id)) = own.filter(|own| own.len() >= per_source).and_then(BTreeMap::first_key_value) {
            displaced.extend(self.remove(id));
        }
        if self.open.len() >= in_all {
            displaced.extend(self.displace());
        }
        let used = self.tick();
        let id = Id(used);
        self.open.insert(id, Entry { source, used, handle });
        self.note(id, source, used);
        (id, displaced)
    }

    /// The connection has just answered a query.
    pub(super) fn touch(&mut self, id: Id) {
        let used = self.tick();
        let Some(entry) = self.open.get_mut(&id) else { return };
        let (source, before) = (entry.source, entry.used);
        entry.used = used;
        self.forget(source, before);
        self.note(id, source, used);
    }

    /// Takes out the one that answered longest ago.
    pub(super) fn displace(&mut self) -> Option<H> {
        let (_, &id) = self.order.first_key_value()?;
        self.remove(id)
    }

    /// Takes out one that is over; `None` if it had given way before.
    pub(super) fn remove(&mut self, id: Id) -> Option<H> {
        let entry = self.open.remove(&id)?;
        self.forget(entry.source, entry.used);
        Some(entry.handle)
    }

    fn tick(&mut self) -> u64 {
        self.ticks += 1;
        self.ticks
    }

    fn note(&mut self, id: Id, source: IpAddr, used: u64) {
        self.order.insert(used, id);
        self.sources.entry(source).or_default().insert(used, id);
    }

    fn forget(&mut self, source: IpAddr, used: u64) {
        self.order.remove(&used);
        if let Some(own) = self.sources.get_mut(&source) {
            own.remove(&used);
            if own.is_empty() {
                self.sources.remove(&source);
            }
        }
    }
}

/// What counts as one source: an IPv4 address, or the IPv6 network that one site has to itself.
fn source(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (!0 << (128 - STREAM_SOURCE_LENGTH_V6))).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_full_source_gives_way_to_its_own_newcomer() {
        let mut books = Admission::new();
        let (other, _) = books.admit(address("192.0.2.99"), 99, 10, 3);
        let ids: Vec<_> = (0..3).map(|n| books.admit(address("192.0.2.1"), n, 10, 3).0).collect();
        books.touch(ids[0]);
        assert_eq!(books.admit(address("192.0.2.1"), 3, 10, 3).1, [1]);
        assert_eq!(books.admit(address("192.0.2.1"), 4, 10, 3).1, [2]);
        assert_eq!(books.admit(address("192.0.2.1"), 5, 10, 3).1, [0]);
        assert_eq!((books.remove(ids[0]), books.remove(other)), (None, Some(99)));
    }

    #[test]
    fn when_all_is_full_the_longest_idle_gives_way() {
        let mut books = Admission::new();
        let ids: Vec<_> = (0..4).map(|n| books.admit(IpAddr::from([192, 0, 2, n]), n, 4, 3).0).collect();
        books.touch(ids[0]);
        assert_eq!(books.admit(address("198.51.100.1"), 4, 4, 3).1, [1]);
        assert_eq!((books.displace(), books.displace(), books.displace()), (Some(2), Some(3), Some(0)));
        assert_eq!((books.displace(), books.displace()), (Some(4), None));
        assert!(books.is_empty() && books.order.is_empty() && books.sources.is_empty());
    }

    #[test]
    fn never_more_than_the_caps_whatever_comes() {
        let mut books = Admission::new();
        for n in 0..1000_u32 {
            let (id, _) = books.admit(IpAddr::from([10, 0, 0, (n % 7) as u8]), n, 12, 2);
            assert!(books.open.len() <= 12 && books.sources.values().all(|own| own.len() <= 2));
            assert_eq!(books.open.len(), books.order.len());
            if n % 3 == 0 {
                books.remove(id);
            }
        }
    }

    #[test]
    fn an_ipv6_source_is_a_56() {
        assert_eq!(source(address("2001:db8:0:12ff::1")), source(address("2001:db8:0:1200:ffff::")));
        assert_ne!(source(address("2001:db8:0:1200::1")), source(address("2001:db8:0:1300::1")));
        assert_eq!(source(address("::ffff:192.0.2.1")), address("192.0.2.1"));
    }
}
