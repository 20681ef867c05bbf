//! What of a submit tells one part from another.

use mingluo_channels::sms::smpp::{ShortMessage, short_message::ESM_UDHI};

use super::dice::fingerprint;

/// Information elements of a long message: reference of 8 and of 16 bits (3GPP TS 23.040 clause 9.2.3.24).
const CONCATENATED: [u8; 2] = [0x00, 0x08];

/// Digits of a mainland mobile number; receipts and rosters agree in these.
const MOBILE: usize = 11;

/// One part as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arrival {
    /// The destination's digits as a number, without 86 before eleven digits; 0 for what is no number.
    pub(super) destination: u64,
    /// Which part, from 1.
    pub(super) part: u8,
    /// Of how many.
    pub(super) total: u8,
    /// A fingerprint of header and text, so that two warnings to one person are told apart.
    pub(super) text: u32,
}

impl Arrival {
    pub(super) fn of(message: &ShortMessage) -> Self {
        let has_header = message.esm_class & ESM_UDHI != 0;
        Self::new(message.destination.digits.as_bytes(), has_header, message.short_message.as_bytes())
    }

    /// A part of any protocol.
    pub(super) fn new(digits: &[u8], has_header: bool, content: &[u8]) -> Self {
        let header = if has_header { numbering(content) } else { None };
        let (part, total) = header.unwrap_or((1, 1));
        Self { destination: number(digits), part, total, text: fingerprint(content) }
    }
}

/// The digits of a destination as a number.
pub(super) fn number(digits: &[u8]) -> u64 {
    let bare = digits.strip_prefix(b"+").unwrap_or(digits);
    let national = bare.strip_prefix(b"86").filter(|rest| rest.len() == MOBILE).unwrap_or(bare);
    std::str::from_utf8(national).ok().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// Number and total out of a user data header.
fn numbering(octets: &[u8]) -> Option<(u8, u8)> {
    let (length, rest) = octets.split_first()?;
    let mut elements = rest.get(..usize::from(*length))?;
    while let [kind, length, rest @ ..] = elements {
        let (value, rest) = rest.split_at_checked(usize::from(*length))?;
        if CONCATENATED.contains(kind) {
            let [.., total, part] = value else { return None };
            return Some((*part, *total));
        }
        elements = rest;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_one_whatever_stands_before_it() {
        for digits in [&b"19730601234"[..], b"8619730601234", b"+8619730601234"] {
            assert_eq!(number(digits), 19_730_601_234);
        }
        assert_eq!((number(b"12125550123"), number(b"abc"), number(b"")), (12_125_550_123, 0, 0));
    }

    #[test]
    fn both_forms_of_the_header_number_their_part() {
        assert_eq!(numbering(&[5, 0, 3, 7, 3, 2, b'x']), Some((2, 3)));
        assert_eq!(numbering(&[6, 8, 4, 1, 7, 3, 2]), Some((2, 3)));
        assert_eq!(numbering(&[9, 0x24, 2, 9, 9, 0, 3, 7, 3, 2]), Some((2, 3)));
    }

    #[test]
    fn a_broken_header_is_no_header() {
        for octets in [&[][..], &[9, 0], &[2, 0, 9], &[3, 0, 1, 7], &[200; 3]] {
            assert_eq!(numbering(octets), None);
        }
    }
}
