//! Records ready for the wire: owners as pointers, names in RDATA compressed, and a short list of what to patch per message.
//!
//! A body is compiled once and copied into messages at whatever offset; [`Bodies`] holds all of one zone in one arena. Pointers
//! inside a body are either to the zone's apex, whose place follows from the question's length, or to the body itself.

use crate::limits::RDATA_LENGTH_MAX;
use crate::wire::message::CLASS_IN;
use crate::wire::{Name, RrType, rdata};

/// The owner `c00c`: the question's name, which stands right behind the header.
pub const POINTER_TO_QUESTION: [u8; 2] = [0xc0, 0x0c];

/// The top bits of a pointer to the apex, as it waits in a body.
const TO_APEX: u16 = 0xc000;
/// The top bits of a pointer to an offset in the body itself, as it waits in a body.
const TO_BODY: u16 = 0x8000;
/// Names that a body remembers for pointers: more save nothing, and searching them is linear.
const WRITTEN_NAMES_MAX: usize = 64;
/// Offsets in a body that pointers may name: with the longest chain in front they stay below the 14 bits of RFC 1035 §4.1.4.
const POINTER_OFFSET_MAX: usize = 0x2000;

/// Where some compiled records stand in their zone's [`Bodies`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Body {
    start: u32,
    length: u32,
    patches: u32,
    patch_count: u16,
    records: u16,
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
}

/// All compiled records of a zone.
#[derive(Debug, Default)]
pub struct Bodies {
    octets: Vec<u8>,
    patches: Vec<u16>,
}

impl Bodies {
    /// Octets of all bodies.
    pub(super) fn octet_count(&self) -> usize {
        self.octets.len()
    }

    /// Copies a body to `at` in `message` and patches its pointers; `apex_offset` is where the apex stands in the message.
    ///
    /// Returns the offset behind it, or `None` where it does not fit; then only octets behind `at` are disturbed.
    pub fn write(&self, body: Body, message: &mut [u8], at: usize, apex_offset: usize) -> Option<usize> {
        let start = body.start as usize;
        let octets = self.octets.get(start..start + body.length as usize)?;
        let room = message.get_mut(at..at + octets.len())?;
        room.copy_from_slice(octets);
        let first = body.patches as usize;
        for &patch in self.patches.get(first..first + body.patch_count as usize)? {
            let pointer = room.get_mut(patch as usize..)?.first_chunk_mut::<2>()?;
            let waiting = u16::from_be_bytes(*pointer);
            let target = if waiting == TO_APEX { apex_offset } else { at + (waiting & !TO_BODY) as usize };
            *pointer = (TO_APEX | target as u16).to_be_bytes();
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
    apex: &'a Name,
    body: Body,
    /// Names written in this body by their lower-case octets, with their offset.
    written: Vec<(Box<[u8]>, u16)>,
}

impl<'a> BodyBuilder<'a> {
    /// Begins a body of the zone `apex`.
    pub(super) fn new(bodies: &'a mut Bodies, apex: &'a Name) -> Self {
        let body = Body { start: bodies.octets.len() as u32, patches: bodies.patches.len() as u32, ..Body::default() };
        Self { bodies, apex, body, written: Vec::new() }
    }

    /// Adds a record; without an owner it belongs to the question's name.
    pub(super) fn push(&mut self, owner: Option<&Name>, rtype: RrType, ttl: u32, rdata: &[u8]) -> Result<(), BodyError> {
        match owner {
            None => self.bodies.octets.extend_from_slice(&POINTER_TO_QUESTION),
            Some(owner) => self.push_name(owner.as_wire()),
        }
        self.bodies.octets.extend_from_slice(&rtype.0.to_be_bytes());
        self.bodies.octets.extend_from_slice(&CLASS_IN.to_be_bytes());
        self.bodies.octets.extend_from_slice(&ttl.to_be_bytes());
        let length_at = self.bodies.octets.len();
        self.bodies.octets.extend_from_slice(&[0, 0]);
        self.push_rdata(rtype, rdata);
        let length = u16::try_from(self.bodies.octets.len() - length_at - 2).map_err(|_| BodyError::TooLong)?;
        if let Some(field) = self.bodies.octets.get_mut(length_at..length_at + 2) {
            field.copy_from_slice(&length.to_be_bytes());
        }
        self.body.records += 1;
        self.body.length = (self.bodies.octets.len() - self.body.start as usize) as u32;
        if self.length() > RDATA_LENGTH_MAX { Err(BodyError::TooLong) } else { Ok(()) }
    }

    /// Octets and records so far.
    pub(super) fn length(&self) -> usize {
        self.body.length as usize
    }

    /// What was built.
    pub(super) fn finish(mut self) -> Body {
        self.body.patch_count = (self.bodies.patches.len() - self.body.patches as usize) as u16;
        self.body
    }

    fn push_rdata(&mut self, rtype: RrType, rdata: &[u8]) {
        let mut copied = 0;
        for name in rdata::embedded_names(rtype, rdata).iter().filter(|name| name.compressible) {
            self.bodies.octets.extend_from_slice(rdata.get(copied..name.start).unwrap_or_default());
            copied = name.start + name.length;
            self.push_name(rdata.get(name.start..copied).unwrap_or_default());
        }
        self.bodies.octets.extend_from_slice(rdata.get(copied..).unwrap_or_default());
    }

    /// Writes labels up to the first suffix that stands somewhere already: in this body, or as the apex in the question.
    fn push_name(&mut self, wire: &[u8]) {
        let mut rest = wire;
        while let Some((&length, _)) = rest.split_first().filter(|(length, _)| **length > 0) {
            if rest.eq_ignore_ascii_case(self.apex.as_wire()) {
                return self.push_pointer(TO_APEX);
            }
            let lower = rest.to_ascii_lowercase();
            if let Some((_, offset)) = self.written.iter().find(|(name, _)| **name == *lower) {
                let waiting = TO_BODY | offset;
                return self.push_pointer(waiting);
            }
            let offset = self.bodies.octets.len() - self.body.start as usize;
            if offset < POINTER_OFFSET_MAX && self.written.len() < WRITTEN_NAMES_MAX {
                self.written.push((lower.into(), offset as u16));
            }
            let (label, after) = rest.split_at_checked(1 + length as usize).unwrap_or((rest, &[]));
            self.bodies.octets.extend_from_slice(label);
            rest = after;
        }
        self.bodies.octets.push(0);
    }

    fn push_pointer(&mut self, waiting: u16) {
        let offset = self.bodies.octets.len() - self.body.start as usize;
        self.bodies.patches.push(offset as u16);
        self.bodies.octets.extend_from_slice(&waiting.to_be_bytes());
    }
}
