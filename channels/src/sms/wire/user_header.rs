//! The user data header (用户数据头) in front of a text (3GPP TS 23.040 clause 9.2.3.24): how long it is, and which part of
//! a longer message it says that the text is.

use mingluo_model::reply::Portion;

/// The element that numbers parts, with a reference of eight bits (clause 9.2.3.24.1).
const PARTS: u8 = 0x00;
/// The same with a reference of sixteen (clause 9.2.3.24.8).
const PARTS_16: u8 = 0x08;

/// What follows a user data header: its first octet counts the others. All of it when there is less than it counts.
pub(in crate::sms) fn behind_header(content: &[u8]) -> &[u8] {
    let length = content.first().map_or(0, |count| usize::from(*count) + 1);
    content.get(length..).unwrap_or(content)
}

/// Which part of a longer message a content is that starts with such a header; `None` when it is all of one. A header that
/// cannot be read may well be that of a part.
pub(in crate::sms) fn portion(content: &[u8]) -> Option<Portion> {
    let header = content.split_first().and_then(|(count, rest)| rest.get(..usize::from(*count)));
    let Some(mut rest) = header else { return Some(Portion::UNNUMBERED) };
    while let [element, length, tail @ ..] = rest {
        let Some((value, next)) = tail.split_at_checked(usize::from(*length)) else {
            return Some(Portion::UNNUMBERED);
        };
        match (*element, value) {
            (PARTS, [reference, total, number]) => return Portion::of((*reference).into(), *number, *total),
            (PARTS_16, [high, low, total, number]) => {
                return Portion::of(u16::from_be_bytes([*high, *low]), *number, *total);
            }
            _ => rest = next,
        }
    }
    if rest.is_empty() { None } else { Some(Portion::UNNUMBERED) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_part_tells_its_place_in_either_form() {
        let second = Portion { reference: 7, number: 2, total: 3 };
        assert_eq!(portion(&[5, 0, 3, 7, 3, 2, b'T', b'D']), Some(second));
        assert_eq!(portion(&[6, 8, 4, 1, 7, 3, 2]), Some(Portion { reference: 0x0107, ..second }));
        // Behind another element, here the national language (clause 9.2.3.24.15).
        assert_eq!(portion(&[8, 0x24, 1, 1, 0, 3, 7, 3, 2]), Some(second));
    }

    #[test]
    fn a_header_that_numbers_no_parts_leaves_the_message_whole() {
        assert_eq!(portion(&[3, 0x24, 1, 1, b'T', b'D']), None);
        assert_eq!(portion(&[5, 0, 3, 7, 1, 1, b'T', b'D']), None, "one of one");
    }

    #[test]
    fn a_header_that_cannot_be_read_may_be_that_of_a_part() {
        for broken in [&[][..], &[9, 0, 3], &[5, 0, 9, 7, 2, 1], &[1, 0]] {
            assert_eq!(portion(broken), Some(Portion::UNNUMBERED), "{broken:?}");
        }
    }

    proptest! {
        #[test]
        fn no_octets_make_it_panic(content in any::<Vec<u8>>()) {
            let _portion = portion(&content);
            prop_assert!(content.ends_with(behind_header(&content)));
        }
    }
}
