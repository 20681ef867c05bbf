//! Organisations, officers and their API keys.

use super::{
    ApiKeyRow, AuditLine, Conn, Engine, OfficerRow, OrgRow, StoreError, Timestamp, audit, session,
    value::{Row, bytes, fixed, flag, get, id, json, to_json},
};
use mingluo_model::id::{OfficerId, OrgId};

const SAVE_ORG: &str = "
insert into org (org_id, name, owner_json) values ($1, $2, $3)
on conflict (org_id) do update set name = excluded.name, owner_json = excluded.owner_json";

const SAVE_OFFICER: &str = "
insert into officer (officer_id, org_id, login, name, officer_json, password_hash, enabled)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (officer_id) do update set org_id = excluded.org_id, login = excluded.login, name = excluded.name,
    officer_json = excluded.officer_json, password_hash = excluded.password_hash, enabled = excluded.enabled";

pub(super) async fn save(
    engine: &Engine,
    orgs: &[OrgRow],
    officers: &[OfficerRow],
    lines: &[AuditLine],
) -> Result<(), StoreError> {
    let mut write = engine.begin().await?;
    for org in orgs {
        save_org(write.conn(), org).await?;
    }
    for officer in officers {
        save_officer(write.conn(), officer).await?;
    }
    audit::append(write.conn(), lines).await?;
    write.commit().await
}

pub(super) async fn change(engine: &Engine, officer: &OfficerRow, line: AuditLine) -> Result<(), StoreError> {
    let mut write = engine.begin().await?;
    save_officer(write.conn(), officer).await?;
    session::end_all(write.conn(), officer.officer.id).await?;
    audit::append(write.conn(), &[line]).await?;
    write.commit().await
}

async fn save_org(conn: &mut Conn, org: &OrgRow) -> Result<(), StoreError> {
    sqlx::query(SAVE_ORG)
        .bind(bytes(org.id.0))
        .bind(org.name.clone())
        .bind(to_json("an organisation's scope", &org.owner)?)
        .execute(conn)
        .await
        .map_err(StoreError::database("save an organisation"))?;
    Ok(())
}

async fn save_officer(conn: &mut Conn, row: &OfficerRow) -> Result<(), StoreError> {
    sqlx::query(SAVE_OFFICER)
        .bind(bytes(row.officer.id.0))
        .bind(bytes(row.officer.owner.org.0))
        .bind(row.login.clone())
        .bind(row.name.clone())
        .bind(to_json("an officer's rights", &row.officer)?)
        .bind(row.password_hash.clone())
        .bind(i16::from(row.enabled))
        .execute(conn)
        .await
        .map_err(StoreError::database("save an officer"))?;
    Ok(())
}

pub(super) async fn orgs(engine: &Engine) -> Result<Vec<OrgRow>, StoreError> {
    sqlx::query("select org_id, name, owner_json from org order by org_id")
        .fetch_all(&engine.reader)
        .await
        .map_err(StoreError::database("read the organisations"))?
        .iter()
        .map(read_org)
        .collect()
}

fn read_org(row: &Row) -> Result<OrgRow, StoreError> {
    Ok(OrgRow { id: OrgId(id(row, "org_id")?), name: get(row, "name")?, owner: json(row, "owner_json")? })
}

pub(super) async fn officers(engine: &Engine) -> Result<Vec<OfficerRow>, StoreError> {
    sqlx::query("select login, name, officer_json, password_hash, enabled from officer order by login")
        .fetch_all(&engine.reader)
        .await
        .map_err(StoreError::database("read the officers"))?
        .iter()
        .map(read_officer)
        .collect()
}

fn read_officer(row: &Row) -> Result<OfficerRow, StoreError> {
    Ok(OfficerRow {
        officer: json(row, "officer_json")?,
        login: get(row, "login")?,
        name: get(row, "name")?,
        password_hash: get(row, "password_hash")?,
        enabled: flag(row, "enabled")?,
    })
}

pub(super) async fn add_api_key(engine: &Engine, key: &ApiKeyRow, line: AuditLine) -> Result<(), StoreError> {
    let mut write = engine.begin().await?;
    sqlx::query("insert into api_key (key_hash, officer_id, label, created) values ($1, $2, $3, $4)")
        .bind(key.key_hash.to_vec())
        .bind(bytes(key.officer.0))
        .bind(key.label.clone())
        .bind(key.created.0)
        .execute(write.conn())
        .await
        .map_err(StoreError::database("add an API key"))?;
    audit::append(write.conn(), &[line]).await?;
    write.commit().await
}

pub(super) async fn api_key(engine: &Engine, key_hash: [u8; 32]) -> Result<Option<ApiKeyRow>, StoreError> {
    sqlx::query("select key_hash, officer_id, label, created from api_key where key_hash = $1")
        .bind(key_hash.to_vec())
        .fetch_optional(&engine.reader)
        .await
        .map_err(StoreError::database("read an API key"))?
        .as_ref()
        .map(read_api_key)
        .transpose()
}

pub(super) async fn api_keys(engine: &Engine) -> Result<Vec<ApiKeyRow>, StoreError> {
    sqlx::query("select key_hash, officer_id, label, created from api_key order by created, key_hash")
        .fetch_all(&engine.reader)
        .await
        .map_err(StoreError::database("read the API keys"))?
        .iter()
        .map(read_api_key)
        .collect()
}

pub(super) async fn revoke_api_key(
    engine: &Engine,
    key_hash: [u8; 32],
    line: AuditLine,
) -> Result<bool, StoreError> {
    let mut write = engine.begin().await?;
    let gone = sqlx::query("delete from api_key where key_hash = $1")
        .bind(key_hash.to_vec())
        .execute(write.conn())
        .await
        .map_err(StoreError::database("revoke an API key"))?;
    if gone.rows_affected() == 0 {
        return Ok(false);
    }
    audit::append(write.conn(), &[line]).await?;
    write.commit().await?;
    Ok(true)
}

fn read_api_key(row: &Row) -> Result<ApiKeyRow, StoreError> {
    Ok(ApiKeyRow {
        key_hash: fixed(row, "key_hash")?,
        officer: OfficerId(id(row, "officer_id")?),
        label: get(row, "label")?,
        created: Timestamp(get(row, "created")?),
    })
}
