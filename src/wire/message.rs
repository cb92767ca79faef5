//! The header of a message, RCODEs, opcodes and the pieces that readers and writers of messages share (RFC 1035 §4.1).
//! No message is read or written here.

/// Octets of the header.
pub const HEADER_LENGTH: usize = 12;

/// Class IN.
pub const CLASS_IN: u16 = 1;
/// Class CH: what a server tells about itself (RFC 4892).
pub const CLASS_CH: u16 = 3;
/// Class ANY, in questions only.
pub const CLASS_ANY: u16 = 255;

/// QR: this is a response.
pub const FLAG_QR: u16 = 0x8000;
/// AA: authoritative answer.
pub const FLAG_AA: u16 = 0x0400;
/// TC: truncated.
pub const FLAG_TC: u16 = 0x0200;
/// RD: recursion desired, copied into the reply.
pub const FLAG_RD: u16 = 0x0100;
/// The opcode's bits within the flags.
pub const OPCODE_MASK: u16 = 0x7800;

/// The response codes that we send (RFC 1035 §4.1.1, RFC 6891 §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rcode {
    /// 0
    NoError,
    /// 1
    FormErr,
    /// 2
    ServFail,
    /// 3
    NxDomain,
    /// 4
    NotImp,
    /// 5
    Refused,
    /// 6: a DNAME makes a name that is too long (RFC 6672 §2.2)
    YxDomain,
    /// 16, whose upper bits travel in the OPT record
    BadVers,
}

impl Rcode {
    /// The whole number, of which the header carries the lower four bits.
    pub const fn number(self) -> u16 {
        match self {
            Self::NoError => 0,
            Self::FormErr => 1,
            Self::ServFail => 2,
            Self::NxDomain => 3,
            Self::NotImp => 4,
            Self::Refused => 5,
            Self::YxDomain => 6,
            Self::BadVers => 16,
        }
    }

    /// The mnemonic, as dig prints it.
    pub const fn mnemonic(self) -> &'static str {
        match self {
            Self::NoError => "NOERROR",
            Self::FormErr => "FORMERR",
            Self::ServFail => "SERVFAIL",
            Self::NxDomain => "NXDOMAIN",
            Self::NotImp => "NOTIMP",
            Self::Refused => "REFUSED",
            Self::YxDomain => "YXDOMAIN",
            Self::BadVers => "BADVERS",
        }
    }
}
