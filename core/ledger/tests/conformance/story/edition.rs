//! Editions and the addresses in them.

use crate::{
    cast::{block, edition, edition_id, line},
    house::House,
};
use mingluo_ledger::StoreError;
use mingluo_model::{audience::ChannelKind, mode::ModeKind};

const NUMBER: &str = "13912345678";

pub(crate) async fn edition_is_invisible_until_sealed(house: &House) {
    let head = edition(1, 4_099);
    house.store.begin_edition(&head).await.unwrap();
    house.store.add_blocks(head.id, &[block(0, 4_096, NUMBER)]).await.unwrap();
    let too_early = house.store.seal_edition(head.id, line("edition.seal")).await;
    assert!(matches!(too_early, Err(StoreError::Edition { .. })));
    assert_eq!(house.store.edition(head.id).await.unwrap(), None);
    assert_eq!(house.store.newest_edition(ModeKind::Live).await.unwrap(), None);

    house.store.add_blocks(head.id, &[block(1, 3, NUMBER)]).await.unwrap();
    house.store.seal_edition(head.id, line("edition.seal")).await.unwrap();
    assert_eq!(house.store.newest_edition(ModeKind::Live).await.unwrap().as_ref(), Some(&head));
    assert_eq!(house.store.newest_edition(ModeKind::Drill).await.unwrap(), None);
    let too_late = house.store.add_blocks(head.id, &[block(2, 1, NUMBER)]).await;
    assert!(matches!(too_late, Err(StoreError::Edition { .. })));
    assert_eq!(house.store.audit_rows(0, 9).await.unwrap().len(), 1);
}

async fn filled(house: &House) {
    house.store.begin_edition(&edition(1, 5)).await.unwrap();
    house.store.add_blocks(edition_id(1), &[block(0, 2, NUMBER), block(1, 3, "13700000000")]).await.unwrap();
    house.store.seal_edition(edition_id(1), line("edition.seal")).await.unwrap();
}

pub(crate) async fn no_address_is_readable_in_the_database_file(house: &House) {
    filled(house).await;
    let bytes = house.everything().await;
    let contains = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    assert!(contains(b"edition.seal"), "the search itself must find what is there");
    assert!(!contains(NUMBER.as_bytes()));

    let second = house.store.blocks(edition_id(1), ChannelKind::Sms, 1, 9).await.unwrap();
    assert_eq!(second, [block(1, 3, "13700000000")]);
    let none = house.store.blocks(edition_id(1), ChannelKind::Email, 0, 9).await.unwrap();
    assert!(none.len() == 2 && none.iter().all(|block| block.columns.is_empty()));
}

pub(crate) async fn a_column_moved_to_another_block_does_not_open(house: &House) {
    filled(house).await;
    let swap = "update edition_column set sealed = (select sealed from edition_column where block_no = 0)";
    house.raw(swap).await.unwrap();
    let moved = house.store.blocks(edition_id(1), ChannelKind::Sms, 1, 1).await;
    assert!(matches!(moved, Err(StoreError::Damaged { .. })));
}
