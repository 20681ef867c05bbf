//! The audit chain on a real database.

use crate::{
    cast::{NOON, line},
    house::House,
};
use mingluo_ledger::audit::{AuditHead, AuditRow, BrokenChain, verify_chain};

fn head(row: &AuditRow) -> AuditHead {
    let signature = AuditHead::signed_bytes(row.seq, &row.hash, NOON);
    AuditHead { seq: row.seq, hash: row.hash, key_id: "k".into(), signature, at: NOON }
}

async fn verdict(house: &House) -> Result<(), BrokenChain> {
    let rows = house.store.audit_rows(0, 1_000).await.unwrap();
    let heads = house.store.audit_heads().await.unwrap();
    verify_chain(&rows, &heads, |_, bytes, signature| bytes == signature)
}

pub(crate) async fn audit_chain_shows_an_edit(house: &House) {
    house.store.audit(&[line("draft"), line("submit")]).await.unwrap();
    house.store.audit(&[line("release")]).await.unwrap();
    let rows = house.store.audit_rows(0, 10).await.unwrap();
    assert_eq!(house.store.audit_rows(1, 1).await.unwrap(), rows[1..2]);
    house.store.add_audit_head(&head(&rows[2])).await.unwrap();
    assert_eq!(verdict(house).await, Ok(()));

    house.raw("update audit set actor = 'nobody' where seq = 2").await.unwrap();
    assert_eq!(verdict(house).await, Err(BrokenChain::Edited { seq: 2 }));
    house.raw("update audit set actor = 'system' where seq = 2").await.unwrap();
    house.raw("delete from audit where seq = 3").await.unwrap();
    assert_eq!(verdict(house).await, Err(BrokenChain::Cut { seq: 3, last: 2 }));
}

pub(crate) async fn audit_lines_of_many_writers_make_one_chain(house: &House) {
    let writers: Vec<_> = (0..20)
        .map(|_| {
            let store = house.store.clone();
            tokio::spawn(async move { store.audit(&[line("one"), line("two")]).await })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    assert_eq!(house.store.audit_rows(0, 1_000).await.unwrap().len(), 40);
    assert_eq!(verdict(house).await, Ok(()));
}
