//! Counts by hand from the reference, and the properties that hold for any text.

use proptest::prelude::*;

use super::*;

const ANY: NonZeroU8 = NonZeroU8::MAX;

fn lengths(segments: &Segments) -> Vec<usize> {
    segments.parts.iter().map(|part| part.text_utf16be.len() / 2).collect()
}

fn plain(text: &str) -> Segments {
    segment(text, &Signature::None, 7, ANY).unwrap()
}

#[test]
fn seventy_characters_travel_alone() {
    let segments = plain(&"雨".repeat(70));
    assert_eq!((lengths(&segments), segments.parts[0].udh), (vec![70], None));
}

#[test]
fn the_seventy_first_character_makes_two_parts() {
    let segments = plain(&"雨".repeat(71));
    assert_eq!(lengths(&segments), [67, 4]);
    let headers: Vec<_> = segments.parts.iter().map(|part| part.udh.unwrap()).collect();
    assert_eq!(headers, [[5, 0, 3, 7, 2, 1], [5, 0, 3, 7, 2, 2]]);
}

#[test]
fn a_warning_of_175_characters_takes_three_parts() {
    assert_eq!(lengths(&plain(&"暴雨红色预警".repeat(30)[..175 * 3])), [67, 67, 41]);
}

#[test]
fn user_data_starts_with_the_header_and_fits_140_octets() {
    let data = plain(&"雨".repeat(71)).parts[0].user_data();
    assert_eq!((data.len(), &data[..8]), (140, &[5, 0, 3, 7, 2, 1, 0x96, 0xE8][..]));
}

#[test]
fn a_surrogate_pair_at_the_edge_moves_on_whole() {
    let segments = plain(&format!("{}𠮷{}", "雨".repeat(66), "雨".repeat(9)));
    assert_eq!(lengths(&segments), [66, 11]);
    assert!(segments.parts[1].text.starts_with('𠮷'));
}

#[test]
fn our_signature_counts_with_its_brackets() {
    let signature = Signature::InFront("抚顺气象".to_owned());
    let alone = segment(&"雨".repeat(64), &signature, 7, ANY).unwrap();
    assert_eq!((alone.units, lengths(&alone)), (70, vec![70]));
    assert!(alone.parts[0].text.starts_with("【抚顺气象】雨"));

    let two = segment(&"雨".repeat(65), &signature, 7, ANY).unwrap();
    assert_eq!((two.units, lengths(&two)), (71, vec![67, 4]));
}

#[test]
fn the_gateways_signature_keeps_its_room_in_the_first_part_only() {
    let signature = Signature::GatewayAdds { units: 6 };
    let segments = segment(&"雨".repeat(130), &signature, 7, ANY).unwrap();
    assert_eq!((segments.units, lengths(&segments)), (136, vec![61, 67, 2]));
}

#[test]
fn one_part_too_many_is_refused_with_the_count() {
    let two = NonZeroU8::new(2).unwrap();
    let error = segment(&"雨".repeat(135), &Signature::None, 7, two).unwrap_err();
    assert_eq!(error, SegmentError::TooLong { units: 135, parts: 3, max_parts: 2 });
}

#[test]
fn more_parts_than_a_header_can_number_are_refused() {
    let error = segment(&"雨".repeat(67 * 256), &Signature::None, 7, ANY).unwrap_err();
    assert_eq!(error, SegmentError::TooLong { units: 17152, parts: 256, max_parts: 255 });
}

#[test]
fn a_signature_that_fills_the_first_part_or_brings_brackets_is_refused() {
    let long = Signature::GatewayAdds { units: 66 };
    assert_eq!(segment("雨", &long, 7, ANY), Err(SegmentError::SignatureTooLong { units: 66 }));
    let brackets = Signature::InFront("【抚顺】".to_owned());
    assert!(matches!(segment("雨", &brackets, 7, ANY), Err(SegmentError::SignatureBrackets { .. })));
    assert_eq!(segment("", &Signature::None, 7, ANY), Err(SegmentError::Empty));
}

fn signature() -> impl Strategy<Value = Signature> {
    prop_oneof![
        Just(Signature::None),
        (0..=65u16).prop_map(|units| Signature::GatewayAdds { units }),
        "[一-龥]{1,12}".prop_map(Signature::InFront),
    ]
}

fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![Just('雨'), Just('𠮷'), any::<char>()];
    prop::collection::vec(character, 1..300).prop_map(String::from_iter)
}

proptest! {
    /// Whatever is written, the parts joined are what was written, each fits and each is whole.
    #[test]
    fn parts_joined_are_the_text(text in text(), signature in signature()) {
        let segments = segment(&text, &signature, 7, ANY).unwrap();

        let joined: String = segments.parts.iter().map(|part| part.text.as_str()).collect();
        prop_assert!(joined.ends_with(&text));
        let reserved = if let Signature::GatewayAdds { units } = signature { usize::from(units) } else { 0 };
        prop_assert_eq!(joined.encode_utf16().count() + reserved, segments.units);

        let limit = if segments.parts.len() == 1 { SINGLE_UNITS } else { PART_UNITS };
        for (part, kept) in segments.parts.iter().zip([reserved].into_iter().chain(std::iter::repeat(0))) {
            prop_assert!(part.text_utf16be.len() / 2 + kept <= limit);
            let units: Vec<u16> = part.text_utf16be.chunks(2).map(|u| u16::from_be_bytes([u[0], u[1]])).collect();
            prop_assert_eq!(String::from_utf16(&units).unwrap(), part.text.clone());
        }
    }

    /// The header is there exactly when there is more than one part, and counts them.
    #[test]
    fn headers_number_the_parts(text in text(), reference: u8) {
        let segments = segment(&text, &Signature::None, reference, ANY).unwrap();
        let total = segments.parts.len() as u8;
        for (part, number) in segments.parts.iter().zip(1u8..) {
            prop_assert_eq!(part.udh, (total > 1).then_some([5, 0, 3, reference, total, number]));
        }
    }
}
