//! Editions: a head, blocks, and address columns that only the vault can read.

use super::{
    AuditLine, ChannelKind, Conn, Db, EditionBlock, EditionHead, Engine, ModeKind, StoreError, Timestamp,
    audit,
    value::{Row, bytes, flag, get, id, json, mode, narrow, to_json},
};
use mingluo_model::id::EditionId;
use sqlx::{AssertSqlSafe, QueryBuilder};
use std::collections::BTreeMap;

// Of two that replace the same edition the second waits for the first, and then finds another in its place.
const MAKE_CURRENT: &str = "
insert into current_edition (mode, edition_id, since)
select mode, edition_id, $2 from edition where edition_id = $1 and sealed = 1
on conflict (mode) do update set edition_id = excluded.edition_id, since = excluded.since
where current_edition.edition_id = $3";

/// Columns of one insert statement: a few megabytes at most.
const AT_ONCE: usize = 64;

const BEGIN: &str = "
insert into edition (edition_id, mode, owner_json, recipients, directory, built_at, pretend)
values ($1, $2, $3, $4, $5, $6, $7)";

const HEAD: &str = "select edition_id, mode, owner_json, recipients, directory, built_at, pretend from edition where sealed = 1";

const BLOCKS: &str = "
select b.block_no, first_ordinal, recipients, region_min, region_max, sealed
from edition_block b left join edition_column c
    on c.edition_id = b.edition_id and c.block_no = b.block_no and c.channel = $2
where b.edition_id = $1 and b.block_no between $3 and $4
order by b.block_no";

pub(super) async fn begin(engine: &Engine, head: &EditionHead) -> Result<(), StoreError> {
    let mut write = engine.begin().await?;
    sqlx::query(BEGIN)
        .bind(bytes(head.id.0))
        .bind(i16::from(head.mode.number()))
        .bind(to_json("an edition's owner", &head.owner)?)
        .bind(i64::from(head.recipients))
        .bind(head.index.clone())
        .bind(head.built_at.0)
        .bind(i16::from(head.pretend))
        .execute(write.conn())
        .await
        .map_err(StoreError::database("begin an edition"))?;
    write.commit().await
}

pub(super) async fn add_blocks(
    engine: &Engine,
    edition: EditionId,
    blocks: &[EditionBlock],
) -> Result<(), StoreError> {
    let columns = sealed_columns(engine, edition, blocks);
    let mut write = engine.begin().await?;
    demand_unsealed(write.conn(), edition).await?;
    for some in blocks.chunks(AT_ONCE) {
        insert_blocks(write.conn(), edition, some).await?;
    }
    for some in columns.chunks(AT_ONCE) {
        insert_columns(write.conn(), edition, some).await?;
    }
    write.commit().await
}

/// Block number, channel and sealed bytes.
type SealedColumn = (u32, ChannelKind, Vec<u8>);

fn sealed_columns(engine: &Engine, edition: EditionId, blocks: &[EditionBlock]) -> Vec<SealedColumn> {
    let columns =
        blocks.iter().flat_map(|block| block.columns.iter().map(move |column| (block.block_no, column)));
    columns
        .map(|(block_no, (channel, plain))| {
            (block_no, *channel, engine.vault.seal(&place(edition, block_no, *channel), plain))
        })
        .collect()
}

/// What a sealed column is bound to, so that none can be moved to another edition, block or channel.
fn place(edition: EditionId, block_no: u32, channel: ChannelKind) -> Vec<u8> {
    let mut place = b"edition".to_vec();
    place.extend_from_slice(edition.0.as_bytes());
    place.extend_from_slice(&block_no.to_be_bytes());
    place.push(channel.number());
    place
}

/// Locks the edition's row, so that nobody seals it meanwhile.
async fn demand_unsealed(conn: &mut Conn, edition: EditionId) -> Result<(), StoreError> {
    let open = sqlx::query("update edition set sealed = 0 where edition_id = $1 and sealed = 0")
        .bind(bytes(edition.0))
        .execute(conn)
        .await
        .map_err(StoreError::database("read an edition"))?;
    if open.rows_affected() == 0 {
        return Err(StoreError::Edition { edition, problem: "it was never begun, or is sealed".to_owned() });
    }
    Ok(())
}

async fn insert_blocks(
    conn: &mut Conn,
    edition: EditionId,
    blocks: &[EditionBlock],
) -> Result<(), StoreError> {
    let mut insert = QueryBuilder::<Db>::new(
        "insert into edition_block (edition_id, block_no, first_ordinal, recipients, region_min, region_max) ",
    );
    insert.push_values(blocks, |mut row, block| {
        row.push_bind(bytes(edition.0))
            .push_bind(i64::from(block.block_no))
            .push_bind(i64::from(block.first_ordinal))
            .push_bind(i64::from(block.recipients))
            .push_bind(block.region_min.cast_signed())
            .push_bind(block.region_max.cast_signed());
    });
    insert.build().persistent(false).execute(conn).await.map_err(StoreError::database("add blocks"))?;
    Ok(())
}

async fn insert_columns(
    conn: &mut Conn,
    edition: EditionId,
    columns: &[SealedColumn],
) -> Result<(), StoreError> {
    let mut insert =
        QueryBuilder::<Db>::new("insert into edition_column (edition_id, block_no, channel, sealed) ");
    insert.push_values(columns, |mut row, (block_no, channel, sealed)| {
        row.push_bind(bytes(edition.0))
            .push_bind(i64::from(*block_no))
            .push_bind(i16::from(channel.number()))
            .push_bind(sealed.clone());
    });
    insert
        .build()
        .persistent(false)
        .execute(conn)
        .await
        .map_err(StoreError::database("add address columns"))?;
    Ok(())
}

pub(super) async fn seal(
    engine: &Engine,
    edition: EditionId,
    replaces: Option<EditionId>,
    line: AuditLine,
) -> Result<(), StoreError> {
    let mut write = engine.begin().await?;
    demand_unsealed(write.conn(), edition).await?;
    demand_complete(write.conn(), edition).await?;
    sqlx::query("update edition set sealed = 1 where edition_id = $1")
        .bind(bytes(edition.0))
        .execute(write.conn())
        .await
        .map_err(StoreError::database("seal an edition"))?;
    make_current(write.conn(), edition, replaces, line.at).await?;
    audit::append(write.conn(), &[line]).await?;
    write.commit().await
}

pub(super) async fn restore(
    engine: &Engine,
    edition: EditionId,
    replaces: Option<EditionId>,
    line: AuditLine,
) -> Result<(), StoreError> {
    if sealed(engine, edition).await?.is_none() {
        return Err(StoreError::Edition { edition, problem: "there is no such sealed edition".to_owned() });
    }
    let mut write = engine.begin().await?;
    make_current(write.conn(), edition, replaces, line.at).await?;
    audit::append(write.conn(), &[line]).await?;
    write.commit().await
}

async fn make_current(
    conn: &mut Conn,
    edition: EditionId,
    replaces: Option<EditionId>,
    since: Timestamp,
) -> Result<(), StoreError> {
    let moved = sqlx::query(MAKE_CURRENT)
        .bind(bytes(edition.0))
        .bind(since.0)
        .bind(replaces.map(|replaced| bytes(replaced.0)))
        .execute(conn)
        .await
        .map_err(StoreError::database("make an edition the current one"))?;
    if moved.rows_affected() == 0 {
        return Err(StoreError::Overtaken { edition });
    }
    Ok(())
}

async fn demand_complete(conn: &mut Conn, edition: EditionId) -> Result<(), StoreError> {
    let count = "select recipients as wanted, (select cast(coalesce(sum(recipients), 0) as bigint)
        from edition_block where edition_id = $1) as found from edition where edition_id = $1";
    let row = sqlx::query(count)
        .bind(bytes(edition.0))
        .fetch_one(conn)
        .await
        .map_err(StoreError::database("count an edition's recipients"))?;
    let (wanted, found): (i64, i64) = (get(&row, "wanted")?, get(&row, "found")?);
    if wanted != found {
        let problem = format!("its blocks hold {found} recipients, its head says {wanted}");
        return Err(StoreError::Edition { edition, problem });
    }
    Ok(())
}

pub(super) async fn all(engine: &Engine, mode: ModeKind, limit: u32) -> Result<Vec<EditionHead>, StoreError> {
    let order = "and mode = $1 order by built_at desc, edition_id desc limit $2";
    let rows = sqlx::query(AssertSqlSafe(format!("{HEAD} {order}")))
        .bind(i16::from(mode.number()))
        .bind(i64::from(limit))
        .fetch_all(&engine.reader)
        .await
        .map_err(StoreError::database("read the editions"))?;
    rows.iter().map(read_head).collect()
}

pub(super) async fn current(engine: &Engine, mode: ModeKind) -> Result<Option<EditionHead>, StoreError> {
    let which = "and edition_id = (select edition_id from current_edition where mode = $1)";
    sqlx::query(AssertSqlSafe(format!("{HEAD} {which}")))
        .bind(i16::from(mode.number()))
        .fetch_optional(&engine.reader)
        .await
        .map_err(StoreError::database("read the current edition"))?
        .as_ref()
        .map(read_head)
        .transpose()
}

pub(super) async fn sealed(engine: &Engine, edition: EditionId) -> Result<Option<EditionHead>, StoreError> {
    sqlx::query(AssertSqlSafe(format!("{HEAD} and edition_id = $1")))
        .bind(bytes(edition.0))
        .fetch_optional(&engine.reader)
        .await
        .map_err(StoreError::database("read an edition"))?
        .as_ref()
        .map(read_head)
        .transpose()
}

fn read_head(row: &Row) -> Result<EditionHead, StoreError> {
    Ok(EditionHead {
        id: EditionId(id(row, "edition_id")?),
        mode: mode(row)?,
        owner: json(row, "owner_json")?,
        recipients: narrow(row, "recipients")?,
        index: get(row, "directory")?,
        built_at: Timestamp(get(row, "built_at")?),
        pretend: flag(row, "pretend")?,
    })
}

pub(super) async fn blocks(
    engine: &Engine,
    edition: EditionId,
    channel: ChannelKind,
    first: u32,
    last: u32,
) -> Result<Vec<EditionBlock>, StoreError> {
    sqlx::query(BLOCKS)
        .bind(bytes(edition.0))
        .bind(i16::from(channel.number()))
        .bind(i64::from(first))
        .bind(i64::from(last))
        .fetch_all(&engine.reader)
        .await
        .map_err(StoreError::database("read an edition's blocks"))?
        .iter()
        .map(|row| read_block(engine, edition, channel, row))
        .collect()
}

fn read_block(
    engine: &Engine,
    edition: EditionId,
    channel: ChannelKind,
    row: &Row,
) -> Result<EditionBlock, StoreError> {
    let block_no = narrow(row, "block_no")?;
    let mut columns = BTreeMap::new();
    if let Some(sealed) = get::<Option<Vec<u8>>>(row, "sealed")? {
        let plain = engine.vault.open(&place(edition, block_no, channel), &sealed);
        columns.insert(channel, plain.map_err(|error| StoreError::damaged("an address column", error))?);
    }
    Ok(EditionBlock {
        block_no,
        first_ordinal: narrow(row, "first_ordinal")?,
        recipients: narrow(row, "recipients")?,
        region_min: narrow(row, "region_min")?,
        region_max: narrow(row, "region_max")?,
        columns,
    })
}
