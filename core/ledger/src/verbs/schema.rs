//! Is the database's schema the one of this program? Only looks.

use super::{Db, StoreError, value::get};
use sqlx::{Pool, migrate::Migrator};

/// Refuses a database that was never migrated, or by an older or a newer program.
pub(in super::super) async fn check_schema(pool: &Pool<Db>, migrator: &Migrator) -> Result<(), StoreError> {
    let wanted = migrator.iter().map(|migration| migration.version).max().unwrap_or(0);
    let row = sqlx::query(
        "select cast(coalesce(max(version), 0) as bigint) as found from _sqlx_migrations where success",
    )
    .fetch_one(pool)
    .await;
    let found = match row {
        Ok(row) => get(&row, "found")?,
        Err(sqlx::Error::Database(_)) => 0,
        Err(source) => return Err(StoreError::database("read the schema's version")(source)),
    };
    if found == wanted { Ok(()) } else { Err(StoreError::Schema { found, wanted }) }
}
