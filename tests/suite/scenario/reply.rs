//! A reply as text. An independent decoder (hickory-proto) reads the records; the header, the OPT record and its options are
//! read by hand, since that decoder takes option data for right that is not.

use std::ops::Range;

use hickory_proto::op::Message;
use hickory_proto::rr::Record as Decoded;
use hickory_proto::serialize::binary::{BinEncodable, BinEncoder, NameEncoding};
use signpost::diagnostic::Sources;
use signpost::wire::{Name, RrType};
use signpost::zone::{Record, record_line};

use super::query::{Edns, OPTION_NSID, OPTION_SUBNET};

/// The sections by the names that dig gives them.
pub(crate) const SECTIONS: [&str; 3] = ["answer", "authority", "additional"];

/// A reply, decoded.
#[derive(Debug)]
pub(crate) struct Reply {
    pub id: [u8; 2],
    pub flags: u16,
    /// With the upper bits of the OPT record.
    pub rcode: u16,
    pub questions: u16,
    /// The octets of the question section.
    pub question: Vec<u8>,
    /// Lines of a master file by section, without the OPT record.
    pub sections: [Vec<String>; 3],
    pub edns: Option<Edns>,
    pub length: usize,
}

impl Reply {
    /// Decodes a reply, or says in what way it is none.
    pub(crate) fn read(octets: &[u8]) -> Result<Self, String> {
        let layout = Layout::read(octets).ok_or("the reply is cut off, or longer than its sections")?;
        let message =
            Message::from_vec(&layout.without_options(octets)).map_err(|error| format!("the reply can't be decoded: {error}"))?;
        let high = layout.opt.as_ref().map_or(0, |edns| u16::from(edns.rcode));
        Ok(Self {
            id: [octets[0], octets[1]],
            flags: u16::from_be_bytes([octets[2], octets[3]]),
            rcode: high << 4 | u16::from(octets[3] & 0x0f),
            questions: u16::from_be_bytes([octets[4], octets[5]]),
            question: octets[12..layout.question_end].to_vec(),
            sections: [lines(&message.answers)?, lines(&message.authorities)?, lines(&message.additionals)?],
            edns: layout.opt,
            length: octets.len(),
        })
    }

    /// The data of the client subnet, if the reply has one.
    pub(crate) fn subnet(&self) -> Option<&[u8]> {
        self.edns.as_ref()?.option(OPTION_SUBNET)
    }

    /// The name server identifier, if the reply has one.
    pub(crate) fn nsid(&self) -> Option<&[u8]> {
        self.edns.as_ref()?.option(OPTION_NSID)
    }

    /// The scope of the client subnet.
    pub(crate) fn scope(&self) -> Option<u8> {
        self.subnet().and_then(|data| data.get(3)).copied()
    }
}

fn lines(records: &[Decoded]) -> Result<Vec<String>, String> {
    records.iter().map(|record| line(record).map_err(|error| format!("{record}: {error}"))).collect()
}

/// The record as a line of a master file, names as long as they are.
fn line(record: &Decoded) -> Result<String, String> {
    let class = match u16::from(record.dns_class) {
        1 => "IN",
        3 => "CH",
        other => return Err(format!("expected class IN or CH, but found {other}")),
    };
    let owner = Name::from_wire(&uncompressed(&record.name)?).ok_or("the owner is no name")?;
    let rdata = uncompressed(&record.data)?.into();
    let nowhere = Sources::default().add("reply", "").span(0, 0);
    let line = record_line(&Record {
        owner,
        rtype: RrType(record.record_type().into()),
        ttl: record.ttl,
        rdata,
        span: nowhere,
        data: nowhere,
    });
    Ok(line.replacen(" IN ", &format!(" {class} "), 1))
}

fn uncompressed(part: &impl BinEncodable) -> Result<Vec<u8>, String> {
    let mut octets = Vec::new();
    let mut encoder = BinEncoder::new(&mut octets);
    encoder.set_name_encoding(NameEncoding::Uncompressed);
    part.emit(&mut encoder.with_name_encoding(NameEncoding::Uncompressed)).map_err(|error| error.to_string())?;
    Ok(octets)
}

/// Where things stand in a message, found by walking over it.
struct Layout {
    question_end: usize,
    opt: Option<Edns>,
    /// Where the options are.
    options: Range<usize>,
}

impl Layout {
    fn read(octets: &[u8]) -> Option<Self> {
        let word = |at: usize| Some(u16::from_be_bytes(*octets.get(at..)?.first_chunk()?));
        let mut at = 12;
        for _ in 0..word(4)? {
            at = name_end(octets, at)? + 4;
        }
        let question_end = at;
        let (mut opt, mut options) = (None, 0..0);
        for _ in 0..word(6)? + word(8)? + word(10)? {
            let fixed = name_end(octets, at)?;
            let end = fixed + 10 + usize::from(word(fixed + 8)?);
            if word(fixed)? == 41 && opt.is_none() {
                let edns = Edns {
                    payload: word(fixed + 2)?,
                    version: *octets.get(fixed + 5)?,
                    dnssec_ok: word(fixed + 6)? & 0x8000 != 0,
                    flags: word(fixed + 6)? & 0x7fff,
                    rcode: *octets.get(fixed + 4)?,
                    options: read_options(octets.get(fixed + 10..end)?)?,
                };
                options = fixed + 10..end;
                opt = Some(edns);
            }
            at = end;
        }
        (at == octets.len()).then_some(Self { question_end, opt, options })
    }

    /// The message without its options: the decoder knows no subnet of family 0.
    fn without_options(&self, octets: &[u8]) -> Vec<u8> {
        let mut octets = octets.to_vec();
        if !self.options.is_empty() {
            octets.drain(self.options.clone());
            octets[self.options.start - 2..self.options.start].fill(0);
        }
        octets
    }
}

fn name_end(octets: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *octets.get(at)? {
            0 => return Some(at + 1),
            length @ 1..=63 => at += 1 + usize::from(length),
            192.. => return Some(at + 2),
            _ => return None,
        }
    }
}

fn read_options(mut rdata: &[u8]) -> Option<Vec<(u16, Vec<u8>)>> {
    let mut options = Vec::new();
    while let Some((head, rest)) = rdata.split_first_chunk::<4>() {
        let [c0, c1, l0, l1] = *head;
        let (data, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes([l0, l1])))?;
        options.push((u16::from_be_bytes([c0, c1]), data.to_vec()));
        rdata = rest;
    }
    rdata.is_empty().then_some(options)
}
