//! Which names of a zone hold an address in records of their own: for an operator who is about to stop a machine.
//! No query comes this way; all names are looked at.

use std::net::IpAddr;

use super::CompiledZone;
use crate::limits::MESSAGE_LENGTH_MAX;
use crate::snapshot::names::{Kind, Rrset};
use crate::snapshot::policies::Family;
use crate::wire::{Name, RrType};

/// Octets of an address record before its address: the pointer to its owner, type, class, TTL and length (RFC 1035 §3.2.1).
const HEAD_LENGTH: usize = 12;
const TTL_AT: usize = 6;

impl CompiledZone {
    /// The names that answer one of these addresses from records of their own, and with which TTL; `is_steered` tells whether a
    /// binding decides about a family in their place.
    pub fn holders(&self, addresses: &[IpAddr], is_steered: impl Fn(u32, Family) -> bool) -> impl Iterator<Item = (String, u32)> {
        let mut room = vec![0; MESSAGE_LENGTH_MAX];
        self.names.entries(self.bodies.octets()).filter_map(move |(labels, id)| {
            let entry = self.entry(id)?;
            let ttl = self.rrsets(&entry).iter().filter_map(|rrset| {
                let family = family(rrset.rtype)?;
                let steered = matches!(entry.kind, Kind::Steered(binding) if is_steered(binding, family));
                if steered || matches!(entry.kind, Kind::Cut(_)) { None } else { self.ttl_of(&rrset, addresses, &mut room) }
            });
            let ttl = ttl.max()?;
            let name = Name::from_wire(&[labels, self.apex.as_wire()].concat())?;
            Some((name.to_string(), ttl))
        })
    }

    /// The TTL of an RRset of addresses that has one of these.
    fn ttl_of(&self, rrset: &Rrset, addresses: &[IpAddr], room: &mut [u8]) -> Option<u32> {
        let length = self.bodies.write(rrset.body, room, 0, 0)?;
        let record_length = length / usize::from(rrset.body.records()).max(1);
        let mut records = room.get(..length)?.chunks_exact(record_length.max(HEAD_LENGTH + 4));
        records.find_map(|record| {
            let address = address(record.get(HEAD_LENGTH..)?)?;
            let ttl = record.get(TTL_AT..)?.first_chunk::<4>()?;
            addresses.contains(&address).then(|| u32::from_be_bytes(*ttl))
        })
    }
}

fn family(rtype: RrType) -> Option<Family> {
    [(RrType::A, Family::V4), (RrType::AAAA, Family::V6)].into_iter().find(|(known, _)| *known == rtype).map(|(_, family)| family)
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    match octets.len() {
        4 => octets.first_chunk::<4>().map(|octets| (*octets).into()),
        16 => octets.first_chunk::<16>().map(|octets| (*octets).into()),
        _ => None,
    }
}
