//! What the server tells about itself in class CH (RFC 4892), if the operator wrote it down: which machine this is, and its version.
//!
//! Only TXT is there, at four names; all else of the class is not ours and refused, as other servers do. Nothing is told unasked.

use super::question::Question;
use super::reply::Reply;
use crate::snapshot::Identity;
use crate::wire::RrType;
use crate::wire::message::Rcode;

/// What is told at which name.
type Told = fn(&Identity) -> Option<&[u8]>;

/// The names, in lower-case wire form. RFC 4892 §2 describes them by the first that had them and by one that names no product.
const NAMES: [(&[u8], Told); 4] = [
    (b"\x02id\x06server\x00", Identity::name_text),
    (b"\x08hostname\x04bind\x00", Identity::name_text),
    (b"\x07version\x06server\x00", Identity::version_text),
    (b"\x07version\x04bind\x00", Identity::version_text),
];

/// Answers a question of class CH.
pub(super) fn answer(identity: &Identity, question: &Question<'_>, reply: &mut Reply<'_>) -> Rcode {
    let name = question.name.whole();
    // RFC 8482 §4.1: the one RRset is an answer to ANY.
    let asked = question.qtype == RrType::TXT || question.qtype == RrType::ANY;
    let told = NAMES.iter().find(|(known, _)| *known == name).filter(|_| asked).and_then(|(_, told)| told(identity));
    let Some(text) = told else { return Rcode::Refused };
    if !reply.push_chaos_text(text) {
        reply.set_truncated();
    }
    Rcode::NoError
}
