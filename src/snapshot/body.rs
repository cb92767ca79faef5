//! Records ready for the wire: all owned by the question's name, names in RDATA compressed, and a short list of what to patch.
//!
//! A body is compiled once and copied into messages at whatever offset; [`Bodies`] holds all of one zone in one arena. Pointers
//! inside a body lead to the body itself, never to the question: names in RDATA keep the case that the zone file gave them,
//! whatever a client asks (draft-vixie-dnsext-dns0x20 plays with it).

use crate::limits::{CNAME_CHAIN_LENGTH_MAX, NAME_LENGTH_MAX, RDATA_LENGTH_MAX};
use crate::room;
use crate::wire::message::{CLASS_IN, HEADER_LENGTH};
use crate::wire::{RrType, rdata};

/// The owner `c00c`: the question's name, which stands right behind the header.
pub const POINTER_TO_QUESTION: [u8; 2] = [0xc0, 0x0c];

/// The top bits of a pointer.
const POINTER: u16 = 0xc000;
/// Names that a body remembers for pointers: more save nothing, and searching them is linear.
const WRITTEN_NAMES_MAX: usize = 64;
/// Offsets in a body that pointers may name.
const POINTER_OFFSET_MAX: usize = 0x1a00;

/// Octets of the longest record of a chain: owner, type, class, TTL, length, and a name.
const LINK_LENGTH_MAX: usize = 12 + NAME_LENGTH_MAX;
// Behind the longest question, and the longest chain of DNAMEs with their CNAMEs, offsets still fit 14 bits (RFC 1035 §4.1.4).
const _: () = assert!(
    HEADER_LENGTH + NAME_LENGTH_MAX + 4 + 2 * (CNAME_CHAIN_LENGTH_MAX + 1) * LINK_LENGTH_MAX + POINTER_OFFSET_MAX < 0x4000
);

/// Where some compiled records stand in their zone's [`Bodies`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Body {
    pub(super) start: u32,
    pub(super) length: u32,
    pub(super) patches: u32,
    pub(super) patch_count: u16,
    pub(super) records: u16,
}

impl Body {
    /// How many records it is.
    pub fn records(self) -> u16 {
        self.records
    }

    /// How many octets it takes in a message.
    pub fn length(self) -> usize {
        self.length as usize
    }

    /// Where it ends in the arena.
    pub(super) fn end(self) -> u32 {
        self.start + self.length
    }
}

/// All compiled records of a zone, in one arena with the names that they stand at.
#[derive(Debug, Default)]
pub struct Bodies {
    octets: Vec<u8>,
    patches: Vec<u16>,
}

impl Bodies {
    /// The arena.
    pub(super) fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Where the next octet goes.
    pub(super) fn end(&self) -> u32 {
        self.octets.len() as u32
    }

    /// Adds octets to the arena.
    pub(super) fn extend(&mut self, octets: &[u8]) {
        self.octets.extend_from_slice(octets);
    }

    /// Puts octets at `at`, before what stands there.
    pub(super) fn insert(&mut self, at: usize, octets: &[u8]) {
        let at = at.min(self.octets.len());
        self.octets.splice(at..at, octets.iter().copied());
    }

    /// Replaces octets of the arena.
    pub(super) fn replace(&mut self, at: usize, octets: &[u8]) {
        if let Some(place) = self.octets.get_mut(at..at + octets.len()) {
            place.copy_from_slice(octets);
        }
    }

    /// Makes room for as many octets, so that the arena need not grow in steps: before anything is in it.
    pub(super) fn reserve(&mut self, octet_count: usize) {
        self.octets = room::vec_for(octet_count);
    }

    /// Gives back the room that was not needed.
    pub(super) fn shrink(&mut self) {
        room::fit(&mut self.octets);
        self.patches.shrink_to_fit();
    }

    /// Copies a body to `at` in `message` and patches its pointers. It begins at its record `first`, and those before come last:
    /// only for records of one length that hold no names, else `first` is 0.
    ///
    /// Returns the offset behind it, or `None` where it does not fit; then only octets behind `at` are disturbed.
    pub fn write(&self, body: Body, message: &mut [u8], at: usize, first: u16) -> Option<usize> {
        let start = body.start as usize;
        let octets = self.octets.get(start..start + body.length as usize)?;
        let room = message.get_mut(at..at + octets.len())?;
        if first > 0 {
            let record_length = octets.len() / usize::from(body.records.max(1));
            let (before, from_first) = octets.split_at_checked(usize::from(first) * record_length)?;
            let (head, tail) = room.split_at_mut_checked(from_first.len())?;
            head.copy_from_slice(from_first);
            tail.copy_from_slice(before);
            return Some(at + octets.len());
        }
        room.copy_from_slice(octets);
        let patches = body.patches as usize;
        for &patch in self.patches.get(patches..patches + body.patch_count as usize)? {
            let pointer = room.get_mut(patch as usize..)?.first_chunk_mut::<2>()?;
            *pointer = (POINTER | (at as u16).wrapping_add(u16::from_be_bytes(*pointer))).to_be_bytes();
        }
        Some(at + octets.len())
    }
}

/// Why records can't be compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyError {
    /// Together they are longer than any message.
    TooLong,
}

/// Compiles the records of one body into an arena.
#[derive(Debug)]
pub(super) struct BodyBuilder<'a> {
    bodies: &'a mut Bodies,
    body: Body,
    /// Names written in this body, with their offset.
    written: Vec<(Box<[u8]>, u16)>,
}

impl<'a> BodyBuilder<'a> {
    /// Begins a body.
    pub(super) fn new(bodies: &'a mut Bodies) -> Self {
        let body = Body { start: bodies.octets.len() as u32, patches: bodies.patches.len() as u32, ..Body::default() };
        Self { bodies, body, written: Vec::new() }
    }

    /// Adds a record; where the last name in its RDATA stands in the body, if pointers reach it.
    pub(super) fn push(&mut self, rtype: RrType, ttl: u32, rdata: &[u8]) -> Result<Option<u16>, BodyError> {
        self.bodies.octets.extend_from_slice(&POINTER_TO_QUESTION);
        self.bodies.octets.extend_from_slice(&rtype.0.to_be_bytes());
        self.bodies.octets.extend_from_slice(&CLASS_IN.to_be_bytes());
        self.bodies.octets.extend_from_slice(&ttl.to_be_bytes());
        let length_at = self.bodies.octets.len();
        self.bodies.octets.extend_from_slice(&[0, 0]);
        let name_at = self.push_rdata(rtype, rdata);
        let length = u16::try_from(self.bodies.octets.len() - length_at - 2).map_err(|_| BodyError::TooLong)?;
        if let Some(field) = self.bodies.octets.get_mut(length_at..length_at + 2) {
            field.copy_from_slice(&length.to_be_bytes());
        }
        self.body.records += 1;
        self.body.length = (self.bodies.octets.len() - self.body.start as usize) as u32;
        if self.body.length() > RDATA_LENGTH_MAX { Err(BodyError::TooLong) } else { Ok(name_at) }
    }

    /// What was built.
    pub(super) fn finish(mut self) -> Body {
        self.body.patch_count = (self.bodies.patches.len() - self.body.patches as usize) as u16;
        self.body
    }

    fn push_rdata(&mut self, rtype: RrType, rdata: &[u8]) -> Option<u16> {
        let mut copied = 0;
        let mut name_at = None;
        for name in rdata::embedded_names(rtype, rdata) {
            self.bodies.octets.extend_from_slice(rdata.get(copied..name.start).unwrap_or_default());
            copied = name.start + name.length;
            name_at = self.push_name(rdata.get(name.start..copied).unwrap_or_default(), name.compressible);
        }
        self.bodies.octets.extend_from_slice(rdata.get(copied..).unwrap_or_default());
        name_at
    }

    /// Writes a name up to the first suffix that stands in this body already, octet for octet; where a pointer to it leads.
    fn push_name(&mut self, wire: &[u8], compressible: bool) -> Option<u16> {
        let mut begins = None;
        let mut rest = wire;
        while let Some((&length, _)) = rest.split_first().filter(|(length, _)| **length > 0) {
            if let Some(&(_, offset)) = self.written.iter().find(|(name, _)| compressible && **name == *rest) {
                self.push_pointer(offset);
                return begins.unwrap_or(Some(offset));
            }
            let offset = self.offset();
            begins.get_or_insert(offset);
            if let Some(offset) = offset
                && self.written.len() < WRITTEN_NAMES_MAX
            {
                self.written.push((rest.into(), offset));
            }
            let (label, after) = rest.split_at_checked(1 + length as usize).unwrap_or((rest, &[]));
            self.bodies.octets.extend_from_slice(label);
            rest = after;
        }
        self.bodies.octets.push(0);
        begins.flatten()
    }

    /// Where the next octet goes, if pointers reach it.
    fn offset(&self) -> Option<u16> {
        let offset = self.bodies.octets.len() - self.body.start as usize;
        u16::try_from(offset).ok().filter(|offset| usize::from(*offset) < POINTER_OFFSET_MAX)
    }

    fn push_pointer(&mut self, offset: u16) {
        let at = self.bodies.octets.len() - self.body.start as usize;
        self.bodies.patches.push(at as u16);
        self.bodies.octets.extend_from_slice(&offset.to_be_bytes());
    }
}
