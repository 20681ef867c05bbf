//! Accounts and their modes: an account is live or drill, never both, never changed.

use super::{Engine, ModeKind, StoreError, value};
use mingluo_model::plan::AccountName;

pub(super) async fn register(
    engine: &Engine,
    accounts: &[(AccountName, ModeKind)],
) -> Result<(), StoreError> {
    let mut write = engine.begin().await?;
    for (name, mode) in accounts {
        sqlx::query("insert into account (name, mode) values ($1, $2) on conflict (name) do nothing")
            .bind(name.0.clone())
            .bind(i16::from(mode.number()))
            .execute(write.conn())
            .await
            .map_err(StoreError::database("register an account"))?;
        let row = sqlx::query("select mode from account where name = $1")
            .bind(name.0.clone())
            .fetch_one(write.conn())
            .await
            .map_err(StoreError::database("read an account"))?;
        let kept = value::mode(&row)?;
        if kept != *mode {
            return Err(StoreError::AccountMode { account: name.clone(), kept, asked: *mode });
        }
    }
    write.commit().await
}
