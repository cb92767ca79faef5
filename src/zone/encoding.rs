//! Octets as text and back: hexadecimal, base 32, base 64 (RFC 4648) and quoted strings.
//!
//! Reading refuses what is not exactly the encoding; writing gives the one form that the printer uses.

const BASE64_DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The value of a hexadecimal digit.
pub(super) fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Octets in hexadecimal, lower case.
pub(super) fn to_hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// What base 64 with its padding stands for; `None` where it is none.
pub(super) fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len() / 4 * 3);
    let (last, groups) = text.as_chunks::<4>().0.split_last().map_or((None, &[][..]), |(last, groups)| (Some(last), groups));
    if !text.len().is_multiple_of(4) {
        return None;
    }
    for group in groups {
        octets.extend_from_slice(&base64_group(group)?);
    }
    if let Some(last) = last {
        let padding = last.iter().rev().take_while(|&&digit| digit == b'=').count();
        let digits = last.map(|digit| if digit == b'=' && padding > 0 { b'A' } else { digit });
        let length = 3usize.checked_sub(padding).filter(|&length| length > 0)?;
        let (kept, dropped) =
            base64_group(&digits)?.split_at_checked(length).map(|(kept, rest)| (kept.to_vec(), rest.to_vec()))?;
        // RFC 4648 §3.5: bits that encode nothing are zero; an "=" before the end is caught here or as length.
        let padded = last.iter().filter(|&&digit| digit == b'=').count() == padding;
        if !padded || dropped.iter().any(|&octet| octet != 0) {
            return None;
        }
        octets.extend_from_slice(&kept);
    }
    Some(octets)
}

fn base64_group(group: &[u8; 4]) -> Option<[u8; 3]> {
    let mut bits: u32 = 0;
    for digit in group {
        let value = BASE64_DIGITS.iter().position(|known| known == digit)?;
        bits = bits << 6 | u32::try_from(value).ok()?;
    }
    let [_, first, second, third] = bits.to_be_bytes();
    Some([first, second, third])
}

/// Octets in base 64 with padding.
pub(super) fn to_base64(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len().div_ceil(3) * 4);
    for chunk in octets.chunks(3) {
        let mut bits: u32 = 0;
        for index in 0..3 {
            bits = bits << 8 | chunk.get(index).copied().map_or(0, u32::from);
        }
        for index in 0..4 {
            let value = (bits >> (18 - 6 * index) & 63) as usize;
            let digit = BASE64_DIGITS.get(value).copied().filter(|_| index <= chunk.len());
            text.push(digit.map_or('=', char::from));
        }
    }
    text
}

/// What base 32 with extended hexadecimal digits and without padding stands for (RFC 5155 §3.3); `None` where it is none.
pub(super) fn from_base32(text: &[u8]) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len() * 5 / 8);
    let (mut bits, mut count) = (0u32, 0);
    for &digit in text {
        bits = bits << 5 | char::from(digit).to_digit(32)?;
        count += 5;
        if count >= 8 {
            count -= 8;
            octets.push(u8::try_from(bits >> count).ok()?);
            bits &= (1 << count) - 1;
        }
    }
    // RFC 4648 §3.5: less than a digit is left, and it is zero.
    (count < 5 && bits == 0).then_some(octets)
}

/// Octets in base 32 with extended hexadecimal digits, lower case, without padding.
pub(super) fn to_base32(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len().div_ceil(5) * 8);
    let (mut bits, mut count) = (0u32, 0);
    for &octet in octets {
        bits = bits << 8 | u32::from(octet);
        count += 8;
        while count >= 5 {
            count -= 5;
            text.extend(char::from_digit(bits >> count, 32));
            bits &= (1 << count) - 1;
        }
    }
    if count > 0 {
        text.extend(char::from_digit(bits << (5 - count), 32));
    }
    text
}

/// Octets as a string in double quotes, whatever is not printable escaped.
pub(super) fn to_quoted(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len() + 2);
    text.push('"');
    for &octet in octets {
        match octet {
            b'"' | b'\\' => text.extend(['\\', char::from(octet)]),
            0x20..=0x7e => text.push(char::from(octet)),
            other => text.push_str(&format!("\\{other:03}")),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_goes_both_ways_and_refuses_the_rest() {
        for (octets, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE=")]
        {
            assert_eq!(to_base64(octets.as_bytes()), text);
            assert_eq!(from_base64(text.as_bytes()).as_deref(), Some(octets.as_bytes()), "{text}");
        }
        for text in ["Z", "Zg", "Zg=", "Zg=a", "Z===", "====", "Zh==", "Zm9=", "Zg==Zg==", "Zm 9"] {
            assert_eq!(from_base64(text.as_bytes()), None, "{text}");
        }
    }

    /// RFC 4648 §10, without the padding.
    #[test]
    fn base32_goes_both_ways_and_refuses_the_rest() {
        for (octets, text) in [
            ("", ""),
            ("f", "co"),
            ("fo", "cpng"),
            ("foo", "cpnmu"),
            ("foob", "cpnmuog"),
            ("fooba", "cpnmuoj1"),
            ("foobar", "cpnmuoj1e8"),
        ] {
            assert_eq!(to_base32(octets.as_bytes()), text);
            assert_eq!(from_base32(text.to_uppercase().as_bytes()).as_deref(), Some(octets.as_bytes()), "{text}");
        }
        for text in ["c", "cp", "cpn", "cpnmuo", "co======", "cw", "c o"] {
            assert_eq!(from_base32(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn strings_are_escaped() {
        assert_eq!(to_quoted(b"a\"b\\c\x00\xff;"), r#""a\"b\\c\000\255;""#);
    }
}
