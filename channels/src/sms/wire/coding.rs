//! The alphabets of a message's content, which CMPP, SMGP and SGIP number alike.

use std::borrow::Cow;

use encoding_rs::GB18030;

use super::behind_header;

/// The alphabet of a content: Msg_Fmt (CMPP), MsgFormat (SMGP), MessageCoding (SGIP). Any value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Coding(pub u8);

impl Coding {
    /// ASCII.
    pub const ASCII: Self = Self(0);
    /// Octets for the card (写卡操作).
    pub const CARD: Self = Self(3);
    /// Octets for a program.
    pub const BINARY: Self = Self(4);
    /// UCS-2, big-endian; as the networks take it, UTF-16.
    pub const UCS2: Self = Self(8);
    /// Chinese (含GB汉字): GBK and its successor GB 18030.
    pub const GB: Self = Self(15);
    /// UCS-2 that shows at once and is not kept, class 0 (闪信; 3GPP TS 23.038 clause 4).
    pub const UCS2_FLASH: Self = Self(0x18);

    /// The text of `content`. What the alphabet does not know becomes U+FFFD. Where the alphabet is another, or is said
    /// to be ASCII and is not, it is read as UTF-8, and what is no UTF-8 as Chinese: phones and gateways write that
    /// without saying so.
    pub fn read(self, content: &[u8]) -> Cow<'_, str> {
        match self {
            Self::UCS2 | Self::UCS2_FLASH => Cow::Owned(utf16(content)),
            Self::GB => GB18030.decode_without_bom_handling(content).0,
            _ => std::str::from_utf8(content)
                .map_or_else(|_| GB18030.decode_without_bom_handling(content).0, Cow::Borrowed),
        }
    }

    /// The octets of `text`; `None` when this is no alphabet or cannot write it.
    pub fn write(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::UCS2 | Self::UCS2_FLASH => Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
            Self::GB => Some(GB18030.encode(text).0.into_owned()),
            Self::ASCII if text.is_ascii() => Some(text.into()),
            _ => None,
        }
    }

    /// The text of a content that may start with a user data header, which is left out.
    pub(in crate::sms) fn read_behind_header(self, tp_udhi: u8, content: &[u8]) -> Cow<'_, str> {
        self.read(if tp_udhi & 1 == 1 { behind_header(content) } else { content })
    }
}

fn utf16(content: &[u8]) -> String {
    let units = content.chunks_exact(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]]));
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opt_out_is_read_in_every_alphabet() {
        for coding in [Coding::UCS2, Coding::UCS2_FLASH, Coding::GB] {
            assert_eq!(coding.read(&coding.write("退订𠮷").unwrap()), "退订𠮷");
        }
        assert_eq!(Coding::GB.write("退订").unwrap(), [0xCD, 0xCB, 0xB6, 0xA9]);
        assert_eq!(Coding::ASCII.read(b"TD"), "TD");
    }

    #[test]
    fn chinese_that_says_to_be_ascii_is_read() {
        for coding in [Coding::ASCII, Coding::BINARY, Coding(0xF1)] {
            assert_eq!(coding.read(&Coding::GB.write("水进屋了").unwrap()), "水进屋了");
            assert_eq!(coding.read("水进屋了".as_bytes()), "水进屋了");
        }
    }

    #[test]
    fn what_an_alphabet_lacks_is_not_sent() {
        assert_eq!((Coding::ASCII.write("退订"), Coding::BINARY.write("TD")), (None, None));
    }

    #[test]
    fn a_header_is_no_text_and_a_lying_one_is_kept() {
        let part = [&[5, 0, 3, 7, 2, 1][..], &Coding::UCS2.write("预警").unwrap()].concat();
        assert_eq!(Coding::UCS2.read_behind_header(1, &part), "预警");
        assert_eq!(Coding::ASCII.read_behind_header(1, b"zoo"), "zoo");
        assert_eq!(Coding::ASCII.read_behind_header(1, b""), "");
    }
}
