//! Decimal digits of every script.

/// One decimal digit of any script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Digit {
    /// The script's zero, as a code point.
    pub(super) zero: u32,
    value: u8,
}

/// The zeros of Unicode's category Nd (version 16), ascending; the digits one to nine follow each.
#[rustfmt::skip]
const ZEROS: [u32; 76] = [
    0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620,
    0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x10d40, 0x11066, 0x110f0, 0x11136,
    0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x116d0, 0x116da, 0x11730, 0x118e0, 0x11950, 0x11bf0,
    0x11c50, 0x11d50, 0x11da0, 0x11f50, 0x16130, 0x16a60, 0x16ac0, 0x16b50, 0x16d70, 0x1ccf0, 0x1d7ce, 0x1d7d8,
    0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e4f0, 0x1e5f1, 0x1e950, 0x1fbf0,
];

impl Digit {
    pub(super) fn of(c: char) -> Option<Self> {
        let code = u32::from(c);
        let zero = ZEROS[..ZEROS.partition_point(|&zero| zero <= code)].last().copied()?;
        let value = u8::try_from(code - zero).ok().filter(|value| *value < 10)?;
        Some(Self { zero, value })
    }

    pub(super) fn ascii(self) -> char {
        char::from(b'0' + self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_zero_is_followed_by_its_digits() {
        assert!(ZEROS.windows(2).all(|pair| pair[0] + 10 <= pair[1]));
        for code in ZEROS.iter().flat_map(|&zero| zero..zero + 10) {
            let c = char::from_u32(code).unwrap();
            assert!(c.is_numeric() && Digit::of(c).is_some(), "{code:x}");
        }
        for c in ['a', '²', 'Ⅷ', '五', '½', ':', '/'] {
            assert_eq!(Digit::of(c), None, "{c}");
        }
    }
}
