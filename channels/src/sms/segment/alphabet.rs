//! The alphabets that a text may leave in, and how many units each of its characters takes on the networks.

use bytes::{BufMut, BytesMut};

use super::super::wire::Coding;

/// The default alphabet of GSM, septet by septet (3GPP TS 23.038 clause 6.2.1). The escape's own place is empty.
const GSM7: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{1B}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                    ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// The septet that leads to [`EXTENSION`].
const ESCAPE: u8 = 0x1B;

/// Characters that take two septets: the escape and this one (3GPP TS 23.038 clause 6.2.1.1).
const EXTENSION: [(char, u8); 10] = [
    ('\u{0C}', 0x0A),
    ('^', 0x14),
    ('{', 0x28),
    ('}', 0x29),
    ('\\', 0x2F),
    ('[', 0x3C),
    ('~', 0x3D),
    (']', 0x3E),
    ('|', 0x40),
    ('€', 0x65),
];

/// What an account's texts leave in. Whatever it is, a text with one character that it lacks leaves as UCS-2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Alphabet {
    /// UCS-2, big-endian; as the networks take it, UTF-16. Every gateway takes it for every text.
    #[default]
    Ucs2,
    /// The default alphabet of GSM, an octet for each septet: what an SMPP centre packs by itself.
    Gsm7,
    /// ASCII, which the gateway writes as the default alphabet of GSM: the Msg_Fmt 0 of the carriers' protocols.
    Ascii,
}

impl Alphabet {
    /// What a text leaves in by an account of this alphabet.
    pub(super) fn of(self, text: &str) -> Self {
        let fits = |character| self.octets(character).is_some();
        if self != Self::Ucs2 && text.chars().all(fits) { self } else { Self::Ucs2 }
    }

    /// Units of a message that travels alone: 140 octets of the networks hold 70 of UCS-2 and 160 septets (3GPP TS
    /// 23.040 clause 9.2.3.24). ASCII content must be shorter than 160 octets (CMPP 3.0 clause 8.4.3.1, Msg_Length).
    pub const fn single(self) -> usize {
        match self {
            Self::Ucs2 => 70,
            Self::Gsm7 => 160,
            Self::Ascii => 159,
        }
    }

    /// Units of one part of several: 140 octets less the 6 of the header (3GPP TS 23.040 clause 9.2.3.24.1).
    pub const fn part(self) -> usize {
        match self {
            Self::Ucs2 => 67,
            Self::Gsm7 | Self::Ascii => 153,
        }
    }

    /// How the wire numbers it.
    pub(super) const fn coding(self) -> Coding {
        match self {
            Self::Ucs2 => Coding::UCS2,
            // SMPP has the centre's default alphabet under the same number as the carriers have ASCII.
            Self::Gsm7 | Self::Ascii => Coding::ASCII,
        }
    }

    /// Units of a text that this can write.
    pub(super) fn units(self, text: &str) -> usize {
        text.chars().map(|character| self.width(character)).sum()
    }

    /// Units of one character that this can write.
    pub(super) fn width(self, character: char) -> usize {
        match self {
            Self::Ucs2 => character.len_utf16(),
            Self::Gsm7 | Self::Ascii => {
                if is_extended(character) {
                    2
                } else {
                    1
                }
            }
        }
    }

    /// Appends a text that this can write.
    pub(super) fn put(self, text: &str, out: &mut BytesMut) {
        match self {
            Self::Ucs2 => text.encode_utf16().for_each(|unit| out.put_u16(unit)),
            Self::Gsm7 | Self::Ascii => {
                for (escaped, octet) in text.chars().filter_map(|character| self.octets(character)) {
                    if escaped && self == Self::Gsm7 {
                        out.put_u8(ESCAPE);
                    }
                    out.put_u8(octet);
                }
            }
        }
    }

    /// A character of the Latin alphabets as it is written, and whether an escape goes before it on the networks.
    fn octets(self, character: char) -> Option<(bool, u8)> {
        let (escaped, septet) = septet(character)?;
        match self {
            Self::Ucs2 => None,
            Self::Gsm7 => Some((escaped, septet)),
            Self::Ascii => u8::try_from(character).ok().filter(u8::is_ascii).map(|octet| (escaped, octet)),
        }
    }
}

fn is_extended(character: char) -> bool {
    EXTENSION.iter().any(|(one, _)| *one == character)
}

fn septet(character: char) -> Option<(bool, u8)> {
    if let Some((_, septet)) = EXTENSION.iter().find(|(one, _)| *one == character) {
        return Some((true, *septet));
    }
    let place = GSM7.chars().position(|one| one == character)? as u8;
    (place != ESCAPE).then_some((false, place))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(alphabet: Alphabet, text: &str) -> Vec<u8> {
        let mut out = BytesMut::new();
        alphabet.put(text, &mut out);
        out.to_vec()
    }

    #[test]
    fn the_default_alphabet_has_its_characters_in_their_places() {
        assert_eq!(GSM7.chars().count(), 128);
        // Places that other implementations get wrong, from the table of 3GPP TS 23.038.
        assert_eq!(written(Alphabet::Gsm7, "@$_ ¡§à"), [0x00, 0x02, 0x11, 0x20, 0x40, 0x5F, 0x7F]);
        assert_eq!(written(Alphabet::Gsm7, "A0az\n"), *b"A0az\n");
        assert_eq!(written(Alphabet::Gsm7, "[€]"), [0x1B, 0x3C, 0x1B, 0x65, 0x1B, 0x3E]);
    }

    #[test]
    fn ascii_leaves_as_it_is_and_counts_as_the_networks_will() {
        assert_eq!(written(Alphabet::Ascii, "@[a]"), *b"@[a]");
        assert_eq!([Alphabet::Ascii, Alphabet::Gsm7].map(|one| one.units("@[a]")), [6, 6]);
    }

    #[test]
    fn one_character_that_is_lacking_makes_all_of_it_ucs2() {
        let of = |text| [Alphabet::Ascii, Alphabet::Gsm7, Alphabet::Ucs2].map(|one| one.of(text));
        assert_eq!(of("Flood at 23:15"), [Alphabet::Ascii, Alphabet::Gsm7, Alphabet::Ucs2]);
        assert_eq!(of("Überflutung"), [Alphabet::Ucs2, Alphabet::Gsm7, Alphabet::Ucs2]);
        for lacking in ["`", "暴雨", "【town】 flood", "\u{1B}", "ç"] {
            assert_eq!(of(lacking), [Alphabet::Ucs2; 3], "{lacking}");
        }
    }
}
