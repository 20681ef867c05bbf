//! Village boxes: what is written down of them, what was heard of them, what was sent to them without a warning. A
//! statement carries hundreds of rows, for ten thousand boxes make themselves known every minute.

use super::{
    AuditLine, Conn, Db, Engine, ModeKind, StoreError, Timestamp, audit,
    value::{Row, coded, flag, get, json, narrow, to_json},
};
use crate::store::{BoxEvent, BoxOrder, BoxOrderKind, Heard};
use mingluo_model::{
    address::Address,
    bulletin::{EbmId, ResourceCode},
    fleet::{BoxRecord, Keeper, Playout, Position, Power, Seen},
};
use sqlx::QueryBuilder;

/// Rows of one statement: 16 values each, and SQLite takes 32,766.
const AT_ONCE: usize = 500;

const COLUMNS: &str = "code, region, place, latitude, longitude, organisation, power, horns, watts, people, \
    certificate_until, enrolled, retired";

pub(super) async fn save(
    engine: &Engine,
    mode: ModeKind,
    boxes: &[(BoxRecord, Option<Keeper>)],
    at: Timestamp,
    line: AuditLine,
) -> Result<(), StoreError> {
    let mut write = engine.begin().await?;
    for some in boxes.chunks(AT_ONCE) {
        write_down(engine, write.conn(), mode, some, at).await?;
    }
    audit::append(write.conn(), &[line]).await?;
    write.commit().await
}

async fn write_down(
    engine: &Engine,
    conn: &mut Conn,
    mode: ModeKind,
    boxes: &[(BoxRecord, Option<Keeper>)],
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut insert =
        QueryBuilder::<Db>::new(format!("insert into speaker_box ({COLUMNS}, mode, keeper, saved) "));
    insert.push_values(boxes, |mut row, (it, keeper)| {
        row.push_bind(it.code.to_string())
            .push_bind(it.region.to_string())
            .push_bind(it.place.clone())
            .push_bind(it.at.map(|at| at.latitude))
            .push_bind(it.at.map(|at| at.longitude))
            .push_bind(it.organisation.clone())
            .push_bind(i16::from(it.power as u8))
            .push_bind(i16::from(it.horns))
            .push_bind(i32::from(it.watts))
            .push_bind(it.people.map(i64::from))
            .push_bind(it.certificate_until.map(|at| at.0))
            .push_bind(it.enrolled.map(|at| at.0))
            .push_bind(it.retired.map(|at| at.0))
            .push_bind(i16::from(mode.number()))
            .push_bind(keeper.as_ref().map(|keeper| seal(engine, mode, it.code, keeper)))
            .push_bind(at.0);
    });
    insert.push(
        " on conflict (mode, code) do update set region = excluded.region, place = excluded.place,
         latitude = excluded.latitude, longitude = excluded.longitude, organisation = excluded.organisation,
         power = excluded.power, horns = excluded.horns, watts = excluded.watts, people = excluded.people,
         certificate_until = coalesce(excluded.certificate_until, speaker_box.certificate_until),
         enrolled = coalesce(excluded.enrolled, speaker_box.enrolled), retired = excluded.retired,
         keeper = coalesce(excluded.keeper, speaker_box.keeper), saved = excluded.saved",
    );
    insert.build().persistent(false).execute(conn).await.map_err(StoreError::database("write boxes down"))?;
    Ok(())
}

fn seal(engine: &Engine, mode: ModeKind, code: ResourceCode, keeper: &Keeper) -> Vec<u8> {
    let plain = format!("{}\0{}", keeper.name, keeper.phone.expose());
    engine.vault.seal(&place(mode, code), plain.as_bytes())
}

/// What a sealed keeper is bound to.
fn place(mode: ModeKind, code: ResourceCode) -> Vec<u8> {
    [b"box-keeper", &[mode.number()][..], code.as_str().as_bytes()].concat()
}

pub(super) async fn all(engine: &Engine, mode: ModeKind) -> Result<Vec<(BoxRecord, bool)>, StoreError> {
    let mut select = QueryBuilder::<Db>::new(format!(
        "select {COLUMNS}, cast(case when keeper is null then 0 else 1 end as smallint) as has_keeper from speaker_box where mode = "
    ));
    select.push_bind(i16::from(mode.number())).push(" order by code");
    let rows = select.build().fetch_all(&engine.reader).await;
    rows.map_err(StoreError::database("read the boxes"))?.iter().map(record).collect()
}

fn record(row: &Row) -> Result<(BoxRecord, bool), StoreError> {
    let at = match (get(row, "latitude")?, get(row, "longitude")?) {
        (Some(latitude), Some(longitude)) => Some(Position { latitude, longitude }),
        _ => None,
    };
    let instant = |column| Ok::<_, StoreError>(get::<Option<i64>>(row, column)?.map(Timestamp));
    let record = BoxRecord {
        code: code(row)?,
        region: get::<String>(row, "region")?
            .parse()
            .map_err(|error| StoreError::damaged("region", error))?,
        place: get(row, "place")?,
        at,
        organisation: get(row, "organisation")?,
        power: coded(row, "power", Power::from_number)?,
        horns: coded(row, "horns", Some)?,
        watts: u16::try_from(get::<i32>(row, "watts")?)
            .map_err(|error| StoreError::damaged("watts", error))?,
        people: match get::<Option<i64>>(row, "people")? {
            Some(_) => Some(narrow(row, "people")?),
            None => None,
        },
        certificate_until: instant("certificate_until")?,
        enrolled: instant("enrolled")?,
        retired: instant("retired")?,
    };
    Ok((record, flag(row, "has_keeper")?))
}

fn code(row: &Row) -> Result<ResourceCode, StoreError> {
    get::<String>(row, "code")?.parse().map_err(|error| StoreError::damaged("code", error))
}

/// How many boxes are written down, and when the last was: where neither changed, nothing was.
pub(super) async fn mark(engine: &Engine, mode: ModeKind) -> Result<(i64, Timestamp), StoreError> {
    let row = sqlx::query(
        "select count(*) as n, coalesce(max(saved), 0) as saved from speaker_box where mode = $1",
    )
    .bind(i16::from(mode.number()))
    .fetch_one(&engine.reader)
    .await
    .map_err(StoreError::database("look whether boxes were written down"))?;
    Ok((get(&row, "n")?, Timestamp(get(&row, "saved")?)))
}

pub(super) async fn keeper(
    engine: &Engine,
    mode: ModeKind,
    code: ResourceCode,
) -> Result<Option<Keeper>, StoreError> {
    let row = sqlx::query("select keeper from speaker_box where mode = $1 and code = $2")
        .bind(i16::from(mode.number()))
        .bind(code.to_string())
        .fetch_optional(&engine.reader)
        .await
        .map_err(StoreError::database("read who looks after a box"))?;
    let Some(row) = row else { return Ok(None) };
    let Some(sealed) = get::<Option<Vec<u8>>>(&row, "keeper")? else { return Ok(None) };
    let damaged = |problem: &dyn std::fmt::Display| StoreError::damaged("a box's keeper", problem);
    let plain = engine.vault.open(&place(mode, code), &sealed).map_err(|error| damaged(&error))?;
    let plain = String::from_utf8(plain).map_err(|error| damaged(&error))?;
    let (name, phone) = plain.split_once('\0').ok_or_else(|| damaged(&"no number in it"))?;
    Ok(Some(Keeper { name: name.to_owned(), phone: Address::new(phone) }))
}

pub(super) async fn keep(engine: &Engine, mode: ModeKind, heard: &Heard) -> Result<(), StoreError> {
    let mut write = engine.begin().await?;
    for some in heard.seen.chunks(AT_ONCE) {
        keep_seen(write.conn(), mode, some).await?;
    }
    for some in heard.playouts.chunks(AT_ONCE) {
        keep_playouts(write.conn(), mode, some).await?;
    }
    for some in heard.events.chunks(AT_ONCE) {
        keep_events(write.conn(), mode, some).await?;
    }
    write.commit().await
}

async fn keep_seen(conn: &mut Conn, mode: ModeKind, seen: &[(ResourceCode, Seen)]) -> Result<(), StoreError> {
    let texts = seen.iter().map(|(_, seen)| to_json("a box's state", seen));
    let texts = texts.collect::<Result<Vec<String>, _>>()?;
    let mut insert =
        QueryBuilder::<Db>::new("insert into box_seen (mode, code, last_heard, last_sounded, seen_json) ");
    insert.push_values(seen.iter().zip(texts), |mut row, ((code, seen), text)| {
        row.push_bind(i16::from(mode.number()))
            .push_bind(code.to_string())
            .push_bind(seen.last_heard.map(|at| at.0))
            .push_bind(seen.last_sounded.map(|at| at.0))
            .push_bind(text);
    });
    insert.push(
        " on conflict (mode, code) do update set last_heard = excluded.last_heard,
         last_sounded = excluded.last_sounded, seen_json = excluded.seen_json",
    );
    insert
        .build()
        .persistent(false)
        .execute(conn)
        .await
        .map_err(StoreError::database("keep how boxes are"))?;
    Ok(())
}

async fn keep_playouts(
    conn: &mut Conn,
    mode: ModeKind,
    playouts: &[(ResourceCode, Playout)],
) -> Result<(), StoreError> {
    let texts = playouts.iter().map(|(_, playout)| to_json("a broadcast", playout));
    let texts = texts.collect::<Result<Vec<String>, _>>()?;
    let mut insert =
        QueryBuilder::<Db>::new("insert into box_playout (mode, ebm, code, state, first, playout_json) ");
    insert.push_values(playouts.iter().zip(texts), |mut row, ((code, playout), text)| {
        row.push_bind(i16::from(mode.number()))
            .push_bind(playout.ebm.to_string())
            .push_bind(code.to_string())
            .push_bind(i16::from(playout.state.code()))
            .push_bind(playout.first.0)
            .push_bind(text);
    });
    insert.push(
        " on conflict (mode, ebm, code) do update set state = excluded.state, first = excluded.first,
         playout_json = excluded.playout_json",
    );
    insert.build().persistent(false).execute(conn).await.map_err(StoreError::database("keep broadcasts"))?;
    Ok(())
}

async fn keep_events(conn: &mut Conn, mode: ModeKind, events: &[BoxEvent]) -> Result<(), StoreError> {
    let mut insert = QueryBuilder::<Db>::new("insert into box_event (mode, code, at, kind, detail) ");
    insert.push_values(events, |mut row, event| {
        row.push_bind(i16::from(mode.number()))
            .push_bind(event.code.to_string())
            .push_bind(event.at.0)
            .push_bind(event.kind.clone())
            .push_bind(event.detail.clone());
    });
    insert
        .build()
        .persistent(false)
        .execute(conn)
        .await
        .map_err(StoreError::database("keep boxes' events"))?;
    Ok(())
}

pub(super) async fn seen(engine: &Engine, mode: ModeKind) -> Result<Vec<(ResourceCode, Seen)>, StoreError> {
    sqlx::query("select code, seen_json from box_seen where mode = $1 order by code")
        .bind(i16::from(mode.number()))
        .fetch_all(&engine.reader)
        .await
        .map_err(StoreError::database("read how boxes are"))?
        .iter()
        .map(|row| Ok((code(row)?, json(row, "seen_json")?)))
        .collect()
}

pub(super) async fn playouts(
    engine: &Engine,
    mode: ModeKind,
    ebms: &[EbmId],
) -> Result<Vec<(ResourceCode, Playout)>, StoreError> {
    if ebms.is_empty() {
        return Ok(Vec::new());
    }
    let mut select = QueryBuilder::<Db>::new("select code, playout_json from box_playout where mode = ");
    select.push_bind(i16::from(mode.number())).push(" and ebm in (");
    let mut list = select.separated(", ");
    for ebm in ebms {
        list.push_bind(ebm.to_string());
    }
    select.push(") order by code, ebm");
    let rows = select.build().persistent(false).fetch_all(&engine.reader).await;
    rows.map_err(StoreError::database("read broadcasts"))?
        .iter()
        .map(|row| Ok((code(row)?, json(row, "playout_json")?)))
        .collect()
}

pub(super) async fn playouts_of(
    engine: &Engine,
    mode: ModeKind,
    code: ResourceCode,
    limit: u32,
) -> Result<Vec<Playout>, StoreError> {
    sqlx::query(
        "select playout_json from box_playout where mode = $1 and code = $2 order by first desc, ebm desc limit $3",
    )
    .bind(i16::from(mode.number()))
    .bind(code.to_string())
    .bind(i64::from(limit))
    .fetch_all(&engine.reader)
    .await
    .map_err(StoreError::database("read the broadcasts of a box"))?
    .iter()
    .map(|row| json(row, "playout_json"))
    .collect()
}

pub(super) async fn events(
    engine: &Engine,
    mode: ModeKind,
    code: ResourceCode,
    limit: u32,
) -> Result<Vec<BoxEvent>, StoreError> {
    sqlx::query(
        "select at, kind, detail from box_event where mode = $1 and code = $2 order by box_event_id desc limit $3",
    )
    .bind(i16::from(mode.number()))
    .bind(code.to_string())
    .bind(i64::from(limit))
    .fetch_all(&engine.reader)
    .await
    .map_err(StoreError::database("read what happened to a box"))?
    .iter()
    .map(|row| {
        let (kind, detail) = (get(row, "kind")?, get(row, "detail")?);
        Ok(BoxEvent { code, at: Timestamp(get(row, "at")?), kind, detail })
    })
    .collect()
}

pub(super) async fn add_order(
    engine: &Engine,
    mode: ModeKind,
    order: &BoxOrder,
    line: AuditLine,
) -> Result<(), StoreError> {
    let mut write = engine.begin().await?;
    let seq = i64::try_from(order.seq).map_err(|error| StoreError::damaged("a bulletin's number", error))?;
    sqlx::query(
        "insert into box_order (mode, ebm, seq, kind, codes_json, envelope, actor, at, until)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(i16::from(mode.number()))
    .bind(order.ebm.to_string())
    .bind(seq)
    .bind(i16::from(order.kind as u8))
    .bind(to_json("the boxes of an order", &order.codes)?)
    .bind(order.envelope.clone())
    .bind(order.actor.clone())
    .bind(order.at.0)
    .bind(order.until.0)
    .execute(write.conn())
    .await
    .map_err(StoreError::database("keep an order to boxes"))?;
    audit::append(write.conn(), &[line]).await?;
    write.commit().await
}

pub(super) async fn orders(engine: &Engine, mode: ModeKind, limit: u32) -> Result<Vec<BoxOrder>, StoreError> {
    sqlx::query(
        "select ebm, seq, kind, codes_json, envelope, actor, at, until from box_order where mode = $1
         order by seq desc limit $2",
    )
    .bind(i16::from(mode.number()))
    .bind(i64::from(limit))
    .fetch_all(&engine.reader)
    .await
    .map_err(StoreError::database("read the orders to boxes"))?
    .iter()
    .map(order)
    .collect()
}

fn order(row: &Row) -> Result<BoxOrder, StoreError> {
    Ok(BoxOrder {
        ebm: get::<String>(row, "ebm")?.parse().map_err(|error| StoreError::damaged("ebm", error))?,
        seq: narrow(row, "seq")?,
        kind: coded(row, "kind", BoxOrderKind::from_number)?,
        codes: json(row, "codes_json")?,
        envelope: get(row, "envelope")?,
        actor: get(row, "actor")?,
        at: Timestamp(get(row, "at")?),
        until: Timestamp(get(row, "until")?),
    })
}
