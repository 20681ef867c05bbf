//! A database of one's own on a test server.

use anyhow::Context;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// Makes an empty database called after `name` and gives its address; one of the same name goes first.
///
/// # Errors
/// When the server refuses.
pub async fn fresh_database(server: &str, name: &str) -> anyhow::Result<String> {
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(60).collect();
    let mut connection = PgConnection::connect(server).await.context("the test server does not answer")?;
    sqlx::query(AssertSqlSafe(format!("drop database if exists {name} with (force)")))
        .execute(&mut connection)
        .await?;
    sqlx::query(AssertSqlSafe(format!("create database {name}"))).execute(&mut connection).await?;
    let (base, _) = server.rsplit_once('/').context("the server's address has no database")?;
    Ok(format!("{base}/{name}"))
}
