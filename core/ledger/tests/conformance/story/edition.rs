//! Editions and the addresses in them.

use crate::{
    cast::{block, edition, edition_id, line},
    house::House,
};
use mingluo_ledger::StoreError;
use mingluo_model::{audience::ChannelKind, id::EditionId, mode::ModeKind};

const NUMBER: &str = "13912345678";

pub(crate) async fn edition_is_invisible_until_sealed(house: &House) {
    let head = edition(1, 4_099);
    house.store.begin_edition(&head).await.unwrap();
    house.store.add_blocks(head.id, &[block(0, 4_096, NUMBER)]).await.unwrap();
    let too_early = house.store.seal_edition(head.id, None, line("edition.seal")).await;
    assert!(matches!(too_early, Err(StoreError::Edition { .. })));
    assert_eq!(house.store.edition(head.id).await.unwrap(), None);
    assert_eq!(house.store.current_edition(ModeKind::Live).await.unwrap(), None);

    house.store.add_blocks(head.id, &[block(1, 3, NUMBER)]).await.unwrap();
    house.store.seal_edition(head.id, None, line("edition.seal")).await.unwrap();
    assert_eq!(house.store.current_edition(ModeKind::Live).await.unwrap().as_ref(), Some(&head));
    assert_eq!(house.store.current_edition(ModeKind::Drill).await.unwrap(), None);
    let too_late = house.store.add_blocks(head.id, &[block(2, 1, NUMBER)]).await;
    assert!(matches!(too_late, Err(StoreError::Edition { .. })));
    assert_eq!(house.store.audit_rows(0, 9).await.unwrap().len(), 1);
}

pub(crate) async fn a_restored_edition_is_current_until_another_is_sealed(house: &House) {
    let mut heads = [edition(1, 2), edition(2, 2), edition(3, 2)];
    for (at, head) in (0..).zip(&mut heads) {
        head.built_at.0 += at;
    }
    let current = async || house.store.current_edition(ModeKind::Live).await.unwrap().map(|head| head.id);
    let keep = async |number: usize| {
        house.store.begin_edition(&heads[number]).await.unwrap();
        house.store.add_blocks(heads[number].id, &[block(0, 2, NUMBER)]).await.unwrap();
        house.store.seal_edition(heads[number].id, current().await, line("roster.import")).await.unwrap();
    };
    keep(0).await;
    keep(1).await;
    assert_eq!(current().await, Some(heads[1].id));
    house.store.restore_edition(heads[0].id, current().await, line("roster.restore")).await.unwrap();
    assert_eq!(current().await, Some(heads[0].id));
    let known: Vec<_> = house.store.editions(ModeKind::Live, 9).await.unwrap();
    assert_eq!(known.iter().map(|head| head.id).collect::<Vec<_>>(), [heads[1].id, heads[0].id]);
    keep(2).await;
    assert_eq!(current().await, Some(heads[2].id));

    house.store.begin_edition(&edition(4, 2)).await.unwrap();
    for never_sealed in [edition_id(4), edition_id(9)] {
        let refused =
            house.store.restore_edition(never_sealed, current().await, line("roster.restore")).await;
        assert!(matches!(refused, Err(StoreError::Edition { .. })));
    }
    assert_eq!(current().await, Some(heads[2].id));
    assert_eq!(house.store.audit_rows(0, 9).await.unwrap().len(), 4, "what was refused is in no audit log");
}

pub(crate) async fn of_two_that_replace_the_same_edition_one_is_refused(house: &House) {
    let store = &house.store;
    let current = async || store.current_edition(ModeKind::Live).await.unwrap().map(|head| head.id);
    for number in 1..=6 {
        store.begin_edition(&edition(number, 2)).await.unwrap();
        store.add_blocks(edition_id(number), &[block(0, 2, NUMBER)]).await.unwrap();
    }
    let seal = |number, replaces: Option<EditionId>| {
        store.seal_edition(edition_id(number), replaces, line("roster.import"))
    };
    let restore = |edition, replaces| store.restore_edition(edition, Some(replaces), line("roster.restore"));
    let is_one = |done: [Result<(), StoreError>; 2]| {
        let refused = done.iter().filter(|done| matches!(done, Err(StoreError::Overtaken { .. }))).count();
        assert_eq!((refused, done.iter().filter(|done| done.is_ok()).count()), (1, 1), "{done:?}");
    };
    is_one(tokio::join!(seal(1, None), seal(2, None)).into());
    let first = current().await;
    is_one(tokio::join!(seal(3, first), seal(4, first)).into());
    seal(5, current().await).await.unwrap();
    is_one(tokio::join!(seal(6, Some(edition_id(5))), restore(first.unwrap(), edition_id(5))).into());
    let now = current().await;
    let late = restore(edition_id(5), edition_id(3)).await;
    assert!(matches!(late, Err(StoreError::Overtaken { edition }) if edition == edition_id(5)));
    assert_eq!(current().await, now);
    assert_eq!(store.audit_rows(0, 9).await.unwrap().len(), 4, "what was refused is in no audit log");
}

async fn filled(house: &House) {
    house.store.begin_edition(&edition(1, 5)).await.unwrap();
    house.store.add_blocks(edition_id(1), &[block(0, 2, NUMBER), block(1, 3, "13700000000")]).await.unwrap();
    house.store.seal_edition(edition_id(1), None, line("edition.seal")).await.unwrap();
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
