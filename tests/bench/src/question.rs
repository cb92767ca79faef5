//! Questions as octets, and the random numbers that choose them: the same in every run and on every machine.
//!
//! Both benchmarks ask with these: the one against other servers and the one of `answer()` alone.

/// Octets of the UDP replies that we take, as we announce it.
const PAYLOAD: u16 = 1232;

/// A query with EDNS, and with a client subnet of 24 bits if one is given; its id is 0.
pub(crate) fn message(name: &str, rtype: u16, subnet: Option<[u8; 3]>) -> Vec<u8> {
    let mut octets = vec![0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1];
    for label in name.split('.') {
        octets.push(label.len() as u8);
        octets.extend_from_slice(label.as_bytes());
    }
    octets.push(0);
    octets.extend_from_slice(&rtype.to_be_bytes());
    octets.extend_from_slice(&[0, 1]);
    octets.extend_from_slice(&[0, 0, 41]);
    octets.extend_from_slice(&PAYLOAD.to_be_bytes());
    octets.extend_from_slice(&[0; 4]);
    match subnet {
        None => octets.extend_from_slice(&[0, 0]),
        Some([first, second, third]) => octets.extend_from_slice(&[0, 11, 0, 8, 0, 7, 0, 1, 24, 0, first, second, third]),
    }
    octets
}

/// xorshift64*: enough for questions, and the same everywhere.
pub(crate) struct Random(u64);

impl Random {
    /// From the one seed.
    pub(crate) fn new() -> Self {
        Self(0x5eed_0f51_6e90_57ed)
    }

    /// The next 32 bits.
    pub(crate) fn next(&mut self) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16) as u32
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        self.next() % end
    }

    /// A public-looking /24: what is not unicast, private or local is drawn again.
    pub(crate) fn subnet(&mut self) -> [u8; 3] {
        loop {
            let [first, second, third, _] = self.next().to_be_bytes();
            if (1..=223).contains(&first) && ![10, 100, 127, 169, 172, 192, 198].contains(&first) {
                return [first, second, third];
            }
        }
    }
}
