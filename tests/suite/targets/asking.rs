//! Asks over a datagram and over a stream, and asserts what must hold of every reply, whoever asks what of which zone.

use std::cell::RefCell;

use signpost::answer::{Client, Dice, DropReason, Outcome, Transport, View, answer};
use signpost::snapshot::Serving;

use super::message::{FLAG_AA, FLAG_QR, FLAG_RD, FLAG_TC, Message, OPCODE, RCODE, is_well_formed_subnet};

const FORMERR: u16 = 1;

/// Both replies to a query, octets as they came.
pub(super) struct Replies {
    pub datagram: Vec<u8>,
    pub stream: Vec<u8>,
}

/// Asks both ways; nothing comes of what is no query.
pub(super) fn replies(serving: &Serving, dice: u64, query: &[u8], client: &Client) -> Option<Replies> {
    let reply = |client: &Client| {
        let view = View { serving, dice: Dice::seeded(dice) };
        let first = ask(&view, query, client);
        assert_eq!(first, ask(&view, query, client), "asked again with the same dice, it is another answer");
        match first {
            Ok(octets) => Some(octets),
            Err(DropReason::Short) => {
                assert!(query.len() < 12, "a whole header is no short message");
                None
            }
            Err(DropReason::Response) => {
                assert!(query[2] & 0x80 != 0, "a query was taken for a response");
                None
            }
        }
    };
    let datagram = reply(&Client { transport: Transport::Udp, ..*client });
    let stream = reply(&Client { transport: Transport::Stream, size_limit: 65_535, ..*client });
    let replies = match (datagram, stream) {
        (Some(datagram), Some(stream)) => Replies { datagram, stream },
        (datagram, stream) => {
            assert_eq!(datagram, stream, "one transport answers, the other does not");
            return None;
        }
    };
    assert!(query[2] & 0x80 == 0, "a response was answered");
    assert!(replies.datagram.len() <= client.size_limit, "{} octets in a datagram", replies.datagram.len());
    replies.hold(query, client);
    Some(replies)
}

/// As in the server, what was there before is no part of a reply: the room is used again as it is.
fn ask(view: &View<'_>, query: &[u8], client: &Client) -> Result<Vec<u8>, DropReason> {
    thread_local! { static ROOM: RefCell<Vec<u8>> = RefCell::new(vec![0xa5; 65_535]) }
    ROOM.with_borrow_mut(|room| match answer(view, query, client, &mut room[..client.size_limit]) {
        Outcome::Reply { length, .. } => Ok(room[..length].to_vec()),
        Outcome::Drop(reason) => Err(reason),
    })
}

impl Replies {
    fn hold(&self, query: &[u8], client: &Client) {
        let read = |octets| Message::read(octets).unwrap_or_else(|| panic!("no whole message: {octets:02x?}"));
        let (datagram, stream) = (read(&self.datagram), read(&self.stream));
        for reply in [&datagram, &stream] {
            let header = [u16::from_be_bytes([query[0], query[1]]), u16::from_be_bytes([query[2], query[3]])];
            assert_eq!(reply.id, header[0], "the id");
            let copied = FLAG_QR | header[1] & (OPCODE | FLAG_RD);
            assert_eq!(reply.flags & !(FLAG_AA | FLAG_TC | RCODE), copied, "QR, opcode and RD, and no other flag");
            assert!(reply.questions <= 1 && reply.opts().count() <= 1, "one question and one OPT at most");
            assert_eq!(query.get(12..12 + reply.question.len()), Some(reply.question), "the question, octet for octet");
            if let Some(asked) = Message::read(query) {
                hold_for_whole(&asked, reply);
            }
        }
        if let Some(asked) = Message::read(query) {
            let payload = asked.opts().next().map_or(512, |opt| usize::from(opt.class).max(512));
            let refused = asked.questions != 1;
            assert!(refused || self.datagram.len() <= payload.min(client.size_limit), "{} octets", self.datagram.len());
        }
        assert!(stream.flags & FLAG_TC == 0 || self.stream.len() > 16_384, "a stream has room");
        let apart = FLAG_TC | RCODE;
        assert_eq!(datagram.flags & !apart, stream.flags & !apart, "the transports differ");
        // RFC 2181 §9: a truncated reply is not used; where its chain of aliases was cut, nobody knows how the chain ends.
        let is_cut = datagram.flags & FLAG_TC != 0 && datagram.rcode() == 0;
        assert!(is_cut || datagram.rcode() == stream.rcode(), "{} and {}", datagram.rcode(), stream.rcode());
        if datagram.flags & FLAG_TC == 0 {
            assert_eq!(datagram.records(0), stream.records(0), "the transports differ without TC");
            assert_eq!(datagram.records(1), stream.records(1), "the transports differ without TC");
            // Additional records may be left out, but none may come in.
            let all = stream.records(2);
            datagram.records(2).iter().for_each(|one| assert!(all.contains(one), "only in the datagram: {one:?}"));
        }
    }
}

/// What must hold where the query is one that another decoder can read too.
fn hold_for_whole(asked: &Message<'_>, reply: &Message<'_>) {
    let [answers, authorities, _] = &asked.sections;
    let is_plain = asked.flags & OPCODE == 0 && asked.questions == 1 && answers.is_empty() && authorities.is_empty();
    let uncompressed = asked.question.len() > 4 && reply.question == asked.question;
    let options = asked.options();
    let opts: Vec<_> = asked.opts().collect();
    let good_opt = match opts.as_slice() {
        [] => true,
        // RFC 6891 §6.1.2: the owner is the root, which is one octet; we take no pointer for it.
        [opt] => opt.owner == [0] && !opt.compressed && options.is_some(),
        _ => false,
    };
    let version = opts.first().map_or(0, |opt| opt.ttl >> 16 & 0xff);
    if !is_plain || !uncompressed || !good_opt || version != 0 {
        return;
    }
    assert_eq!(opts.len(), reply.opts().count(), "an OPT comes back where one came, and nowhere else");
    let subnets = options.iter().flatten().filter(|(code, _)| *code == 8);
    let well_formed = subnets.clone().all(|(_, data)| is_well_formed_subnet(data));
    if !well_formed || subnets.count() > 1 {
        return;
    }
    assert_ne!(reply.rcode(), FORMERR, "nothing is wrong with the query");
    assert_eq!(asked.subnet().is_some(), reply.subnet().is_some(), "a subnet comes back where one came, and nowhere else");
    if let Some(&[_, family, _, scope, ..]) = reply.subnet() {
        let as_asked = reply.subnet().map(|echo| [&echo[..3], &[0], &echo[4..]].concat());
        assert_eq!(as_asked.as_deref(), asked.subnet(), "the subnet comes back as it was, but for its scope");
        assert!(scope <= [0, 32, 128][usize::from(family)], "no scope is longer than an address");
    }
}
