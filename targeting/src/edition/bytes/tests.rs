use super::*;
use crate::edition::samples::{any_roster, edition};
use proptest::prelude::*;

fn small() -> Vec<u8> {
    edition(&[("210423100001", 0b1, true), ("210423100201", 0, true), ("210423100201", 0b10, false)])
        .into_index()
        .to_bytes()
}

#[test]
fn a_cut_or_lengthened_index_is_refused() {
    let bytes = small();
    for end in 0..bytes.len() {
        assert!(EditionIndex::from_bytes(&bytes[..end]).is_err(), "cut at {end}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert!(matches!(EditionIndex::from_bytes(&longer), Err(IndexError::TooLong { left: 1 })));
}

#[test]
fn broken_promises_are_told_apart() {
    let with = |at: usize, value: u8| {
        let mut bytes = small();
        bytes[at] = value;
        EditionIndex::from_bytes(&bytes).unwrap_err().to_string()
    };
    assert!(with(0, 9).contains("version 9"));
    assert!(with(1, 4).contains("do not add up"));
    assert!(with(17, 0).contains("one is empty"));
    assert!(with(34, 7).contains("unknown"));
}

#[test]
fn an_ordinal_beyond_the_edition_is_refused() {
    let mut index = edition(&[("210423100001", 0, true)]).into_index();
    index.by_channel.insert(ChannelKind::Email, RoaringBitmap::from_iter([7]));
    assert!(matches!(EditionIndex::from_bytes(&index.to_bytes()), Err(IndexError::Broken { .. })));
}

proptest! {
    #[test]
    fn an_index_reads_back_as_it_was(roster in any_roster()) {
        let index = edition(&roster).into_index();
        prop_assert_eq!(EditionIndex::from_bytes(&index.to_bytes()).unwrap(), index);
    }

    #[test]
    fn no_bytes_make_it_panic(mut junk in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = EditionIndex::from_bytes(&junk);
        junk.insert(0, VERSION);
        let _ = EditionIndex::from_bytes(&junk);
    }

    #[test]
    fn one_wrong_byte_is_refused_or_harmless(roster in any_roster(), at: prop::sample::Index, value: u8) {
        let mut bytes = edition(&roster).into_index().to_bytes();
        let place = at.index(bytes.len());
        bytes[place] = value;
        if let Ok(index) = EditionIndex::from_bytes(&bytes) {
            prop_assert_eq!(index.villages().iter().map(|each| each.n).sum::<u32>(), index.n());
            prop_assert!(index.by_channel.values().all(|set| set.max() < Some(index.n())));
        }
    }
}
