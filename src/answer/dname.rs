//! The CNAME that a DNAME makes for a name below it (RFC 6672 §2.2): the labels before the DNAME's owner, then its target.
//!
//! Works on the reply as it stands, so the case of the question is kept. What becomes of the new name is `resolve.rs`'s matter.

use crate::limits::NAME_LENGTH_MAX;

/// The leftmost labels of a name that stands in our reply, without a root label.
pub(super) struct Prefix {
    octets: [u8; NAME_LENGTH_MAX],
    length: usize,
    /// Where the rest of the name stands.
    pub rest_at: u16,
}

/// A name made from two parts, the second of which may be a pointer.
pub(super) struct MovedName {
    octets: [u8; NAME_LENGTH_MAX],
    length: usize,
}

impl Prefix {
    /// Reads the first `labels` labels of the name at `at`, following pointers.
    pub(super) fn read(message: &[u8], at: u16, labels: usize) -> Option<Self> {
        let mut prefix = Self { octets: [0; NAME_LENGTH_MAX], length: 0, rest_at: at };
        let mut left = labels;
        // Each step takes a label or a pointer, and no name has more of both than octets.
        for _ in 0..NAME_LENGTH_MAX {
            let (&length, after) = message.get(usize::from(prefix.rest_at)..)?.split_first()?;
            if length >= 0xc0 {
                prefix.rest_at = u16::from(length & 0x3f) << 8 | u16::from(*after.first()?);
            } else if left == 0 {
                return Some(prefix);
            } else {
                let label = message.get(usize::from(prefix.rest_at)..)?.get(..=usize::from(length))?;
                prefix.octets.get_mut(prefix.length..prefix.length + label.len())?.copy_from_slice(label);
                prefix.length += label.len();
                prefix.rest_at += label.len() as u16;
                left -= 1;
            }
        }
        None
    }

    /// These labels below `target`; `None` if that is longer than a name may be.
    pub(super) fn below(&self, target: &[u8]) -> Option<MovedName> {
        let mut moved = MovedName { octets: self.octets, length: self.length + target.len() };
        moved.octets.get_mut(self.length..moved.length)?.copy_from_slice(target);
        Some(moved)
    }

    /// These labels before a pointer to the name at `target_at` of the message (RFC 1035 §4.1.4), if one reaches so far.
    pub(super) fn before(&self, target_at: usize) -> Option<MovedName> {
        let target_at = u16::try_from(target_at).ok().filter(|at| *at < 0x4000)?;
        self.below(&(0xc000 | target_at).to_be_bytes())
    }
}

impl MovedName {
    pub(super) fn as_wire(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Prefix;

    #[test]
    fn labels_move_below_the_target() {
        let message = b"............\x01a\x02Bc\x03old\x00\x01x\xc0\x0c";
        let prefix = Prefix::read(message, 12, 2).unwrap();
        assert_eq!(prefix.rest_at, 17);
        assert_eq!(prefix.below(b"\x03new\x00").unwrap().as_wire(), b"\x01a\x02Bc\x03new\x00");
        let compressed = Prefix::read(message, 22, 3).unwrap();
        assert_eq!((compressed.rest_at, compressed.below(b"\x00").unwrap().as_wire()), (17, &b"\x01x\x01a\x02Bc\x00"[..]));
        assert!(prefix.below(&[b'x'; 251]).is_none());
        assert_eq!(prefix.before(0x3fff).unwrap().as_wire(), b"\x01a\x02Bc\xff\xff");
        assert!(prefix.before(0x4000).is_none(), "no pointer leads so far");
        assert!(Prefix::read(b"\xc0\x00", 0, 1).is_none(), "a loop ends");
    }
}
