//! Counts by hand from the reference, and the properties that hold for any text.

use proptest::prelude::*;

use super::*;

const ANY: NonZeroU8 = NonZeroU8::MAX;

fn lengths(segments: &Segments) -> Vec<usize> {
    segments.parts.iter().map(|part| part.octets.len() / 2).collect()
}

fn plain(text: &str) -> Segments {
    segment(text, &Signature::None, Alphabet::Ucs2, 7, ANY).unwrap()
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
    let alone = segment(&"雨".repeat(64), &signature, Alphabet::Ucs2, 7, ANY).unwrap();
    assert_eq!((alone.units, lengths(&alone)), (70, vec![70]));
    assert!(alone.parts[0].text.starts_with("【抚顺气象】雨"));

    let two = segment(&"雨".repeat(65), &signature, Alphabet::Ucs2, 7, ANY).unwrap();
    assert_eq!((two.units, lengths(&two)), (71, vec![67, 4]));
}

#[test]
fn the_gateways_signature_keeps_its_room_in_the_first_part_only() {
    let signature = Signature::GatewayAdds { units: 6 };
    let segments = segment(&"雨".repeat(130), &signature, Alphabet::Ucs2, 7, ANY).unwrap();
    assert_eq!((segments.units, lengths(&segments)), (136, vec![61, 67, 2]));
}

#[test]
fn one_part_too_many_is_refused_with_the_count() {
    let two = NonZeroU8::new(2).unwrap();
    let error = segment(&"雨".repeat(135), &Signature::None, Alphabet::Ucs2, 7, two).unwrap_err();
    assert_eq!(error, SegmentError::TooLong { units: 135, longest: 134, parts: 3, max_parts: 2 });
}

#[test]
fn more_parts_than_a_header_can_number_are_refused() {
    let error = segment(&"雨".repeat(67 * 256), &Signature::None, Alphabet::Ucs2, 7, ANY).unwrap_err();
    assert_eq!(error, SegmentError::TooLong { units: 17152, longest: 17085, parts: 256, max_parts: 255 });
}

#[test]
fn a_signature_that_fills_the_first_part_or_brings_brackets_is_refused() {
    let long = Signature::GatewayAdds { units: 66 };
    assert_eq!(
        segment("雨", &long, Alphabet::Ucs2, 7, ANY),
        Err(SegmentError::SignatureTooLong { units: 66 })
    );
    let brackets = Signature::InFront("【抚顺】".to_owned());
    assert!(matches!(
        segment("雨", &brackets, Alphabet::Ucs2, 7, ANY),
        Err(SegmentError::SignatureBrackets { .. })
    ));
    assert_eq!(segment("", &Signature::None, Alphabet::Ucs2, 7, ANY), Err(SegmentError::Empty));
}

#[test]
fn latin_text_has_160_septets_alone_and_153_in_a_part() {
    let gsm7 =
        |length: usize| segment(&"a".repeat(length), &Signature::None, Alphabet::Gsm7, 7, ANY).unwrap();
    let octets =
        |segments: &Segments| segments.parts.iter().map(|part| part.octets.len()).collect::<Vec<_>>();
    assert_eq!((octets(&gsm7(160)), gsm7(160).parts[0].coding), (vec![160], Coding(0)));
    assert_eq!((octets(&gsm7(161)), gsm7(161).parts[0].user_data().len()), (vec![153, 8], 159));
    assert_eq!((octets(&gsm7(306)), octets(&gsm7(307))), (vec![153, 153], vec![153, 153, 1]));
    let ascii =
        |length: usize| segment(&"a".repeat(length), &Signature::None, Alphabet::Ascii, 7, ANY).unwrap();
    assert_eq!((octets(&ascii(159)), octets(&ascii(160))), (vec![159], vec![153, 7]));
}

#[test]
fn an_escape_at_the_edge_moves_on_with_its_character() {
    let text = format!("{}€{}", "a".repeat(152), "b".repeat(9));
    let segments = segment(&text, &Signature::None, Alphabet::Gsm7, 7, ANY).unwrap();
    assert_eq!(segments.units, 163);
    assert_eq!(
        (segments.parts[0].octets.len(), &segments.parts[1].octets[..3]),
        (152, &[0x1B, 0x65, b'b'][..])
    );
}

#[test]
fn a_signature_in_chinese_makes_latin_text_ucs2_whoever_adds_it() {
    for signature in [Signature::InFront("抚顺".into()), Signature::GatewayAdds { units: 4 }] {
        let segments = segment("Flood", &signature, Alphabet::Gsm7, 7, ANY).unwrap();
        assert_eq!((segments.parts[0].coding, segments.units), (Coding::UCS2, 9));
    }
}

#[test]
fn a_flash_is_one_message_however_long_the_text_is() {
    let shown = |text: &str, signature| flash(text, &signature).unwrap();
    let signed = || Signature::InFront("抚顺".into());
    assert_eq!(shown("暴雨", signed()).text, "【抚顺】暴雨");
    assert_eq!(shown(&"雨".repeat(66), signed()).octets.len(), 140);
    let cut = shown(&"雨".repeat(67), signed());
    assert_eq!((cut.text, cut.octets.len()), (format!("【抚顺】{}…", "雨".repeat(65)), 140));
    assert_eq!((cut.coding, cut.udh), (Coding(0x18), None));
    // A pair that does not fit is left out whole; the gateway's signature keeps its room.
    assert_eq!(shown(&"𠮷".repeat(40), Signature::None).text, format!("{}…", "𠮷".repeat(34)));
    assert_eq!(shown(&"雨".repeat(80), Signature::GatewayAdds { units: 10 }).octets.len(), 120);
    assert_eq!(flash("", &Signature::None), Err(SegmentError::Empty));
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
        let segments = segment(&text, &signature, Alphabet::Ucs2, 7, ANY).unwrap();

        let joined: String = segments.parts.iter().map(|part| part.text.as_str()).collect();
        prop_assert!(joined.ends_with(&text));
        let reserved = if let Signature::GatewayAdds { units } = signature { usize::from(units) } else { 0 };
        prop_assert_eq!(joined.encode_utf16().count() + reserved, segments.units);

        let limit = if segments.parts.len() == 1 { Alphabet::Ucs2.single() } else { Alphabet::Ucs2.part() };
        for (part, kept) in segments.parts.iter().zip([reserved].into_iter().chain(std::iter::repeat(0))) {
            prop_assert!(part.octets.len() / 2 + kept <= limit);
            let units: Vec<u16> = part.octets.chunks(2).map(|u| u16::from_be_bytes([u[0], u[1]])).collect();
            prop_assert_eq!(String::from_utf16(&units).unwrap(), part.text.clone());
        }
    }

    /// In septets as in UCS-2: the parts joined are what was written, and each fits.
    #[test]
    fn latin_parts_joined_are_the_text(text in "[ -~€£Ä\n]{1,700}", gsm7: bool) {
        let alphabet = if gsm7 { Alphabet::Gsm7 } else { Alphabet::Ascii };
        let segments = segment(&text, &Signature::None, alphabet, 7, ANY).unwrap();
        let joined: String = segments.parts.iter().map(|part| part.text.as_str()).collect();
        prop_assert_eq!(&joined, &text);
        let used = alphabet.of(&text);
        let limit = if segments.parts.len() == 1 { used.single() } else { used.part() };
        for part in &segments.parts {
            prop_assert!(used.units(&part.text) <= limit);
            prop_assert_eq!(part.coding, used.coding());
        }
    }

    /// The header is there exactly when there is more than one part, and counts them.
    #[test]
    fn headers_number_the_parts(text in text(), reference: u8) {
        let segments = segment(&text, &Signature::None, Alphabet::Ucs2, reference, ANY).unwrap();
        let total = segments.parts.len() as u8;
        for (part, number) in segments.parts.iter().zip(1u8..) {
            prop_assert_eq!(part.udh, (total > 1).then_some([5, 0, 3, reference, total, number]));
        }
    }
}
