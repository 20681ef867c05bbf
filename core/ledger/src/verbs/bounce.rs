//! Mailboxes that mails came back from.

use super::{
    Conn, Db, Engine, ModeKind, PlanId, StoreError, Timestamp,
    value::{fixed, get},
};
use crate::store::STRIKES;
use sqlx::QueryBuilder;

/// Rows of one statement.
const AT_ONCE: usize = 1_000;

pub(super) async fn strike(
    engine: &Engine,
    mode: ModeKind,
    plan: PlanId,
    hashes: &[[u8; 16]],
    at: Timestamp,
) -> Result<u64, StoreError> {
    let mut write = engine.begin().await?;
    for some in hashes.chunks(AT_ONCE) {
        let mut insert =
            QueryBuilder::<Db>::new("insert into bounce (mode, address_hash, strikes, plan_id, at) ");
        insert.push_values(some, |mut row, hash| {
            row.push_bind(i16::from(mode.number()))
                .push_bind(hash.to_vec())
                .push("1")
                .push_bind(plan.bytes().to_vec())
                .push_bind(at.0);
        });
        insert.push(
            " on conflict (mode, address_hash) do update set
             strikes = bounce.strikes + case when bounce.plan_id = excluded.plan_id then 0 else 1 end,
             plan_id = excluded.plan_id, at = excluded.at",
        );
        insert
            .build()
            .persistent(false)
            .execute(write.conn())
            .await
            .map_err(StoreError::database("keep what mails came back from"))?;
    }
    let struck = sqlx::query("select count(*) as struck from bounce where mode = $1 and plan_id = $2")
        .bind(i16::from(mode.number()))
        .bind(plan.bytes().to_vec())
        .fetch_one(&mut *write.conn())
        .await
        .map_err(StoreError::database("count what mails of a plan came back from"))?;
    let struck: i64 = get(&struck, "struck")?;
    write.commit().await?;
    Ok(u64::try_from(struck).unwrap_or_default())
}

/// A mailbox that a warning before struck as well is forgotten with it, in its favour.
pub(super) async fn take_back(engine: &Engine, mode: ModeKind, plan: PlanId) -> Result<(), StoreError> {
    let mut write = engine.begin().await?;
    sqlx::query("delete from bounce where mode = $1 and plan_id = $2")
        .bind(i16::from(mode.number()))
        .bind(plan.bytes().to_vec())
        .execute(write.conn())
        .await
        .map_err(StoreError::database("take back what mails of a plan came back from"))?;
    write.commit().await
}

pub(super) async fn struck_off(engine: &Engine, mode: ModeKind) -> Result<Vec<[u8; 16]>, StoreError> {
    sqlx::query("select address_hash from bounce where mode = $1 and strikes >= $2 order by address_hash")
        .bind(i16::from(mode.number()))
        .bind(STRIKES)
        .fetch_all(&engine.reader)
        .await
        .map_err(StoreError::database("read what mails came back from"))?
        .iter()
        .map(|row| fixed(row, "address_hash"))
        .collect()
}

/// Who asks for messages again is believed.
pub(super) async fn forgive(conn: &mut Conn, mode: ModeKind, hashes: &[[u8; 16]]) -> Result<(), StoreError> {
    for some in hashes.chunks(AT_ONCE) {
        let mut delete = QueryBuilder::<Db>::new("delete from bounce where mode = ");
        delete.push_bind(i16::from(mode.number())).push(" and address_hash in (");
        let mut list = delete.separated(", ");
        for hash in some {
            list.push_bind(hash.to_vec());
        }
        delete.push(")");
        delete
            .build()
            .persistent(false)
            .execute(&mut *conn)
            .await
            .map_err(StoreError::database("forgive what mails came back from"))?;
    }
    Ok(())
}
