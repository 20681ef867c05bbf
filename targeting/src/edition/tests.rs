use super::{
    samples::{VILLAGES, any_roster, edition},
    *,
};
use crate::roster::Recipient;
use mingluo_model::{
    address::Address,
    audience::{ChannelKind, Group},
    region::{Level, RegionCode},
};
use proptest::prelude::*;

fn code(text: &str) -> RegionCode {
    text.parse().unwrap()
}

#[test]
fn a_region_is_one_range_whatever_the_order_of_the_file() {
    let draft = edition(&[("210423101201", 0, true), ("210403103201", 0, true), ("210423100001", 0, false)]);
    let index = draft.index();
    assert_eq!(index.range(code("2104")), 0..3);
    assert_eq!(index.range(code("210423")), 1..3);
    assert_eq!(index.range(code("210423100")), 1..2);
    assert!(index.range(code("210411")).is_empty());
    assert_eq!(index.village_of(2), Some(code("210423101201")));
    assert_eq!(index.village_of(3), None);
}

#[test]
fn inside_a_village_the_order_of_the_file_is_kept() {
    let draft = edition(&[("210423101201", 0, true), ("210403103201", 0, true), ("210423101201", 0, true)]);
    let block = draft.blocks().next().unwrap();
    let column = decode_column(&block.columns[&ChannelKind::Sms], 3).unwrap();
    assert_eq!(column, [Some("+8619730000001"), Some("+8619730000000"), Some("+8619730000002")]);
    assert!(!block.columns.contains_key(&ChannelKind::Email));
}

#[test]
fn a_large_edition_falls_into_blocks_that_cover_it() {
    let roster: Vec<_> = (0..BLOCK + 10).map(|at| (VILLAGES[at % 4], 0, at % 2 == 0)).collect();
    let draft = edition(&roster);
    let blocks: Vec<_> = draft.blocks().collect();
    assert_eq!(blocks.iter().map(|block| block.n).collect::<Vec<_>>(), [4096, 10]);
    assert_eq!((blocks[1].first_ordinal, blocks[1].region_max), (4096, 210_423_101_201));
    assert!(blocks[0].region_max <= blocks[1].region_min);
}

#[test]
fn whom_no_edition_can_hold_is_refused() {
    let mut builder = EditionBuilder::default();
    let township = Recipient::new(code("210423100"));
    assert!(matches!(builder.push(&township), Err(EditionError::NotAVillage { .. })));
    let long =
        Recipient { email: Some(Address::new("x".repeat(256))), ..Recipient::new(code("210423100201")) };
    assert!(matches!(builder.push(&long), Err(EditionError::AddressLength { length: 256, .. })));
    assert!(builder.is_empty() && builder.finish().blocks().next().is_none());
}

#[test]
fn no_address_shows_in_debug() {
    let draft = edition(&[("210423101201", 0, true)]);
    let shown = format!("{draft:?} {:?}", draft.blocks().collect::<Vec<_>>());
    assert!(!shown.contains("19730") && !shown.contains("49, 57"));
}

proptest! {
    #[test]
    fn sets_and_columns_agree_with_the_roster(roster in any_roster()) {
        let draft = edition(&roster);
        let index = draft.index();
        let mut sorted: Vec<_> = roster.iter().collect();
        sorted.sort_by_key(|someone| someone.0);
        let block = draft.blocks().next().unwrap();
        let telephones = block.columns.get(&ChannelKind::Sms);
        let telephones = telephones.map_or(vec![None; roster.len()], |bytes| decode_column(bytes, roster.len()).unwrap());
        for (ordinal, (village, groups, telephone)) in (0..).zip(sorted) {
            prop_assert_eq!(index.village_of(ordinal), Some(code(village)));
            let reached = index.on_channel(ChannelKind::Sms).is_some_and(|set| set.contains(ordinal));
            prop_assert_eq!((reached, telephones[ordinal as usize].is_some()), (*telephone, *telephone));
            for bit in 0..4 {
                let member = index.in_group(Group(bit)).is_some_and(|set| set.contains(ordinal));
                prop_assert_eq!(member, groups >> bit & 1 == 1);
            }
        }
    }

    #[test]
    fn counts_by_region_add_up_at_every_level(roster in any_roster()) {
        let draft = edition(&roster);
        let telephones = roster.iter().filter(|someone| someone.2).count();
        for level in [Level::Village, Level::Township, Level::County, Level::City, Level::Province] {
            let counts = draft.index().counts_by_region(level, ChannelKind::Sms);
            prop_assert_eq!(counts.iter().map(|(_, n)| *n as usize).sum::<usize>(), telephones);
            for (region, n) in counts {
                let here = roster.iter().filter(|(village, _, sms)| *sms && region.contains(code(village))).count();
                prop_assert_eq!(n as usize, here);
            }
        }
    }
}
