//! A message taken apart by hand: what other decoders are too kind or too strict for. Nothing of it is shared with the product.

/// Octets of the header.
const HEADER_LENGTH: usize = 12;
pub(super) const FLAG_QR: u16 = 0x8000;
pub(super) const FLAG_AA: u16 = 0x0400;
pub(super) const FLAG_TC: u16 = 0x0200;
pub(super) const FLAG_RD: u16 = 0x0100;
pub(super) const OPCODE: u16 = 0x7800;
pub(super) const RCODE: u16 = 0x000f;
const TYPE_OPT: u16 = 41;
const OPTION_SUBNET: u16 = 8;

/// A whole message.
#[derive(Debug, PartialEq)]
pub(super) struct Message<'m> {
    pub id: u16,
    pub flags: u16,
    /// The octets of the question section, as they came.
    pub question: &'m [u8],
    pub questions: u16,
    /// Answer, authority and additional section.
    pub sections: [Vec<Record<'m>>; 3],
}

/// A record, its owner written out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Record<'m> {
    pub owner: Vec<u8>,
    /// Whether a pointer stood in it.
    pub compressed: bool,
    pub rtype: u16,
    pub class: u16,
    pub ttl: u32,
    pub rdata: &'m [u8],
}

impl<'m> Message<'m> {
    /// Takes a message apart; `None` if it is not exactly what its counts say.
    pub(super) fn read(octets: &'m [u8]) -> Option<Self> {
        let word = |at: usize| Some(u16::from_be_bytes(*octets.get(at..)?.first_chunk()?));
        let questions = word(4)?;
        let mut at = HEADER_LENGTH;
        for _ in 0..questions {
            at = name(octets, at)?.1 + 4;
        }
        let question = octets.get(HEADER_LENGTH..at)?;
        let mut sections: [Vec<Record<'_>>; 3] = Default::default();
        for (section, count) in sections.iter_mut().zip([word(6)?, word(8)?, word(10)?]) {
            for _ in 0..count {
                let (owner, fixed) = name(octets, at)?;
                let compressed = fixed - at != owner.len();
                let ttl = u32::from_be_bytes(*octets.get(fixed + 4..)?.first_chunk()?);
                let rdata = octets.get(fixed + 10..fixed + 10 + usize::from(word(fixed + 8)?))?;
                section.push(Record { owner, compressed, rtype: word(fixed)?, class: word(fixed + 2)?, ttl, rdata });
                at = fixed + 10 + rdata.len();
            }
        }
        (at == octets.len()).then_some(Self { id: word(0)?, flags: word(2)?, question, questions, sections })
    }

    /// The RCODE with its upper bits (RFC 6891 §6.1.3).
    pub(super) fn rcode(&self) -> u16 {
        let high = self.opts().next().map_or(0, |opt| (opt.ttl >> 24) as u16);
        high << 4 | self.flags & RCODE
    }

    /// The OPT records of the additional section.
    pub(super) fn opts(&self) -> impl Iterator<Item = &Record<'m>> {
        let [_, _, additional] = &self.sections;
        additional.iter().filter(|record| record.rtype == TYPE_OPT)
    }

    /// The options of the first OPT; `None` if they are cut off.
    pub(super) fn options(&self) -> Option<Vec<(u16, &'m [u8])>> {
        let mut options = Vec::new();
        let mut rest = self.opts().next().map_or(&[][..], |opt| opt.rdata);
        while !rest.is_empty() {
            let (&[c0, c1, l0, l1], after) = rest.split_first_chunk::<4>()?;
            let (data, after) = after.split_at_checked(usize::from(u16::from_be_bytes([l0, l1])))?;
            options.push((u16::from_be_bytes([c0, c1]), data));
            rest = after;
        }
        Some(options)
    }

    /// The first client subnet among them.
    pub(super) fn subnet(&self) -> Option<&'m [u8]> {
        self.options()?.into_iter().find(|(code, _)| *code == OPTION_SUBNET).map(|(_, data)| data)
    }

    /// The records of a section, in which what an OPT says of its sender's size is left out.
    pub(super) fn records(&self, section: usize) -> Vec<Record<'m>> {
        let mut records = self.sections[section].clone();
        records.iter_mut().filter(|record| record.rtype == TYPE_OPT).for_each(|opt| opt.class = 0);
        records
    }
}

/// A client subnet as RFC 7871 §6 wants it.
pub(super) fn is_well_formed_subnet(data: &[u8]) -> bool {
    let Some((&[f0, f1, source, scope], address)) = data.split_first_chunk::<4>() else { return false };
    let bits_max = match [f0, f1] {
        [0, 0] => 0,
        [0, 1] => 32,
        [0, 2] => 128,
        _ => return false,
    };
    let bits: String = address.iter().map(|octet| format!("{octet:08b}")).collect();
    let fits = source <= bits_max && bits.len() == usize::from(source).next_multiple_of(8);
    fits && scope == 0 && !bits[usize::from(source)..].contains('1')
}

/// A name written out, and the offset behind it. A pointer leads backwards (RFC 1035 §4.1.4).
fn name(octets: &[u8], start: usize) -> Option<(Vec<u8>, usize)> {
    let (mut name, mut at, mut end, mut before) = (Vec::new(), start, None, start);
    loop {
        match *octets.get(at)? {
            0 => {
                name.push(0);
                return (name.len() <= 255).then_some((name, end.unwrap_or(at + 1)));
            }
            length @ 1..=63 => {
                name.extend(octets.get(at..=at + usize::from(length))?);
                at += 1 + usize::from(length);
            }
            high @ 192.. => {
                end = end.or(Some(at + 2));
                at = usize::from(high & 0x3f) << 8 | usize::from(*octets.get(at + 1)?);
                if at >= before {
                    return None;
                }
                before = at;
            }
            _ => return None,
        }
    }
}

#[test]
fn a_message_is_taken_apart_or_refused() {
    let octets = b"\0\x01\x84\0\0\x01\0\x01\0\0\0\x01\x01a\0\0\x01\0\x01\xc0\x0c\0\x01\0\x01\0\0\0\x05\0\x01\x07\0\0\x29\x02\0\x01\0\0\0\0\0";
    let message = Message::read(octets).unwrap();
    assert_eq!((message.question, message.rcode()), (&octets[12..19], 16));
    assert_eq!(
        message.sections[0][0],
        Record { owner: b"\x01a\0".to_vec(), compressed: true, rtype: 1, class: 1, ttl: 5, rdata: b"\x07" }
    );
    for length in 0..octets.len() {
        assert_eq!(Message::read(&octets[..length]), None, "{length}");
    }
    let loops = b"\0\0\0\0\0\0\0\x01\0\0\0\0\xc0\x0c\0\x01\0\x01\0\0\0\x05\0\0";
    assert_eq!(Message::read(loops), None);
    let subnets: [(&[u8], bool); 5] = [
        (b"\0\x01\x18\0\x0a\x01\x02", true),
        (b"\0\x01\x14\0\x0a\x01\x08", false),
        (b"\0\x01\x18\x01\x0a\x01\x02", false),
        (b"\0\0\0\0", true),
        (b"\0\x01\x21\0\x0a\x01\x02\x03\0", false),
    ];
    subnets.iter().for_each(|(data, good)| assert_eq!(is_well_formed_subnet(data), *good, "{data:?}"));
}
