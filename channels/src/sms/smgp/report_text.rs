//! The text of a status report (clause 6.2.63): `id:` and ten raw octets, then
//! ` sub:001 dlvrd:001 Submit date:YYMMDDhhmm done date:YYMMDDhhmm stat:DELIVRD err:000 Text:` and twenty octets.
//!
//! The standard fixes 122 octets, and where a gateway keeps to them its spelling does not matter. Otherwise names
//! are sought: seen in the field are capitals, underscores, and the letter `s` where a blank belongs.

/// Octets by the standard.
const LENGTH: usize = 122;

/// Octets of `id:` and the id.
const HEAD: usize = 13;

/// The fields of a report that matter; what is missing is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ReportFields<'a> {
    pub(super) id: [u8; 10],
    pub(super) submit_date: &'a [u8],
    pub(super) done_date: &'a [u8],
    pub(super) stat: &'a [u8],
    pub(super) err: &'a [u8],
}

impl<'a> ReportFields<'a> {
    /// Finds what is there; `None` without an id.
    pub(super) fn find(text: &'a [u8]) -> Option<Self> {
        let (head, rest) = text.split_at_checked(HEAD)?;
        let (name, id) = head.split_last_chunk()?;
        if !name.eq_ignore_ascii_case(b"id:") {
            return None;
        }
        let fixed = Self {
            id: *id,
            submit_date: at(text, 44, 10),
            done_date: at(text, 65, 10),
            stat: at(text, 81, 7),
            err: at(text, 93, 3),
        };
        Some(if text.len() == LENGTH { fixed } else { Self::seek(*id, rest) })
    }

    /// Looks for each name in front of a colon. Of one given twice the first counts.
    fn seek(id: [u8; 10], rest: &'a [u8]) -> Self {
        let mut fields = Self { id, ..Self::default() };
        for (colon, _) in rest.iter().enumerate().filter(|(_, octet)| **octet == b':') {
            let (before, value) = (&rest[..colon], &rest[colon + 1..]);
            let (slot, width) = if ends_with(before, b"submitdate") {
                (&mut fields.submit_date, 10)
            } else if ends_with(before, b"donedate") {
                (&mut fields.done_date, 10)
            } else if ends_with(before, b"stat") {
                (&mut fields.stat, 7)
            } else if ends_with(before, b"err") {
                (&mut fields.err, 3)
            } else if ends_with(before, b"text") {
                // What follows is the message's own and may hold anything.
                break;
            } else {
                continue;
            };
            if slot.is_empty() {
                *slot = word(value, width);
            }
        }
        fields
    }
}

fn at(text: &[u8], start: usize, width: usize) -> &[u8] {
    text.get(start..start + width).unwrap_or_default()
}

/// Whether `text` ends with `name`, whatever its case, blanks and underscores.
fn ends_with(text: &[u8], name: &[u8]) -> bool {
    let letters = text.iter().rev().filter(|octet| !matches!(octet, b' ' | b'_'));
    letters.clone().take(name.len()).map(u8::to_ascii_lowercase).eq(name.iter().rev().copied())
}

/// At most `width` octets up to a blank.
fn word(value: &[u8], width: usize) -> &[u8] {
    let value = &value[..value.len().min(width)];
    &value[..value.iter().position(|octet| *octet == b' ').unwrap_or(value.len())]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stated(text: &[u8]) -> Option<[&[u8]; 4]> {
        let ReportFields { submit_date, done_date, stat, err, .. } = ReportFields::find(text)?;
        Some([submit_date, done_date, stat, err])
    }

    const STATED: Option<[&[u8]; 4]> = Some([b"1805301550", b"1805301557", b"DELIVRD", b"000"]);

    /// From the field, as go_smgp's tests have them: blanks, small letters; `s`, capitals, underscores.
    const FIELD: [&[u8]; 2] = [
        b"id:\x10\x10\x05\x05\x30\x15W\x92c9 sub:001 dlvrd:001 submit date:1805301550 done date:1805301557 stat:DELIVRD err:000 Text:fillfillfillfillfill",
        b"id:\x05p\x13\x05\x30\x15PVu\x01sSub:001sDlvrd:000sSubmit_Date:1805301550sDone_Date:1805301557sStat:DELIVRDsErr:000sText:fillfillfillfillfill",
    ];

    #[test]
    fn reports_from_the_field_are_read_at_their_offsets() {
        for text in FIELD {
            assert_eq!((text.len(), stated(text)), (LENGTH, STATED));
        }
        assert_eq!(ReportFields::find(FIELD[0]).unwrap().id, *b"\x10\x10\x05\x05\x30\x15W\x92c9");
    }

    #[test]
    fn reports_of_another_length_are_read_by_their_names() {
        for text in FIELD {
            assert_eq!(stated(&text[..LENGTH - 5]), STATED);
            assert_eq!(stated(&[text, b" and more"].concat()), STATED);
        }
    }

    #[test]
    fn a_text_that_pretends_is_no_outcome() {
        let text = b"id:0123456789 err:001 Text:stat:DELIVRD";
        assert_eq!(stated(text), Some([&b""[..], b"", b"", b"001"]));
    }

    #[test]
    fn an_id_of_colons_does_not_mislead() {
        let text = b"id:stat:err:: stat:EXPIRED err:001";
        assert_eq!(stated(text), Some([&b""[..], b"", b"EXPIRED", b"001"]));
        assert_eq!((stated(b"id:12345"), stated(b"stat:DELIVRD err:000")), (None, None));
    }

    proptest! {
        #[test]
        fn any_octets_are_taken(octets in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = stated(&octets);
            let _ = stated(&[b"id:", &octets[..]].concat());
        }
    }
}
