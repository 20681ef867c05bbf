//! Calls to responsible persons (叫应), their steps, and the answers: the first answer of a call stands.

use super::{
    AuditLine, Conn, Db, Engine, ModeKind, StoreError, Timestamp, audit,
    value::{Row, bytes, coded, fixed, get, id, mode, narrow, optional_id},
};
use crate::store::{Answered, Ask, Call, CallStep, CallWrites, Taken};
use mingluo_model::{
    audience::ChannelKind,
    call::{Answer, Code, Means, Rung},
    id::{AlertId, AskId, CallId, OfficerId, PlanId},
    region::RegionCode,
};
use sqlx::QueryBuilder;

/// The number of an answered step; rungs have the numbers below it.
const ANSWERED: i16 = 7;

/// The means of an answer that an officer heard on the telephone; [`Means`] have the numbers below it.
const TELEPHONE: i16 = 5;

/// Rows of one insert statement.
const AT_ONCE: usize = 500;

const CALLS: &str =
    "select call_id, mode, alert_id, region, opened from call where alert_id = $1 order by region";

const STEPS: &str = "
select s.call_id, s.kind, s.at, s.ask_id, s.channel, s.plan_id, s.address_hash, s.means, s.officer_id, a.ordinal
from call_step s join call c on c.call_id = s.call_id left join call_ask a on a.ask_id = s.ask_id
where c.alert_id = $1 order by s.call_id, s.kind";

const ASK: &str = "select ask_id, mode, alert_id, ordinal, code, until from call_ask where ask_id = $1";

/// Who writes back a code is asked under it, at this very address.
const BY_CODE: &str = "
select distinct a.ask_id from call_ask a join call_step s on s.ask_id = a.ask_id
where a.mode = $1 and a.code = $2 and s.address_hash = $3 and a.until > $4";

// What was answered before stays as it was.
const GIVEN: &str = "
insert into call_step (mode, call_id, kind, at, ask_id, means)
select distinct s.mode, s.call_id, 7, cast($4 as bigint), s.ask_id, cast($2 as smallint)
from call_step s join call_ask a on a.ask_id = s.ask_id
where s.ask_id = $1 and s.mode = $3 and s.kind < 6 and a.until > $4
on conflict (call_id, kind) do nothing";

const NOTED: &str = "
insert into call_step (mode, call_id, kind, at, means, officer_id)
select mode, call_id, 7, cast($4 as bigint), 5, $2 from call where call_id = $1 and mode = $3
on conflict (call_id, kind) do nothing";

pub(super) async fn write(conn: &mut Conn, writes: &CallWrites) -> Result<(), StoreError> {
    for some in writes.calls.chunks(AT_ONCE) {
        let mut insert =
            QueryBuilder::<Db>::new("insert into call (call_id, mode, alert_id, region, opened) ");
        insert.push_values(some, |mut row, call| {
            row.push_bind(bytes(call.id.0))
                .push_bind(i16::from(call.mode.number()))
                .push_bind(bytes(call.alert.0))
                .push_bind(call.region.to_string())
                .push_bind(call.opened.0);
        });
        run(conn, insert, "begin calls").await?;
    }
    for some in writes.asks.chunks(AT_ONCE) {
        let mut insert =
            QueryBuilder::<Db>::new("insert into call_ask (ask_id, mode, alert_id, ordinal, code, until) ");
        insert.push_values(some, |mut row, ask| {
            row.push_bind(bytes(ask.id.0))
                .push_bind(i16::from(ask.mode.number()))
                .push_bind(bytes(ask.alert.0))
                .push_bind(i64::from(ask.ordinal))
                .push_bind(ask.code.expose())
                .push_bind(ask.until.0);
        });
        run(conn, insert, "keep who is asked").await?;
    }
    for some in writes.steps.chunks(AT_ONCE) {
        let columns = "mode, call_id, kind, at, ask_id, channel, plan_id, address_hash, means, officer_id";
        let mut insert = QueryBuilder::<Db>::new(format!("insert into call_step ({columns}) "));
        insert.push_values(some, |mut row, (call, mode, step)| {
            let columns = Columns::of(&step.taken);
            row.push_bind(i16::from(mode.number()))
                .push_bind(bytes(call.0))
                .push_bind(columns.kind)
                .push_bind(step.at.0)
                .push_bind(columns.ask)
                .push_bind(columns.channel)
                .push_bind(columns.plan)
                .push_bind(columns.address_hash)
                .push_bind(columns.means)
                .push_bind(columns.officer);
        });
        run(conn, insert, "keep steps of calls").await?;
    }
    Ok(())
}

async fn run(
    conn: &mut Conn,
    mut insert: QueryBuilder<Db>,
    operation: &'static str,
) -> Result<(), StoreError> {
    let done = insert.build().persistent(false).execute(conn).await;
    done.map(|_| ()).map_err(StoreError::database(operation))
}

/// A step as its row has it.
#[derive(Default)]
struct Columns {
    kind: i16,
    ask: Option<Vec<u8>>,
    channel: Option<i16>,
    plan: Option<Vec<u8>>,
    address_hash: Option<Vec<u8>>,
    means: Option<i16>,
    officer: Option<Vec<u8>>,
}

impl Columns {
    fn of(taken: &Taken) -> Self {
        match taken {
            Taken::Asked { rung, ask, channel, plan, address_hash, ordinal: _ } => Self {
                kind: i16::from(rung.number()),
                ask: Some(bytes(ask.0)),
                channel: Some(i16::from(channel.number())),
                plan: Some(bytes(plan.0)),
                address_hash: Some(address_hash.to_vec()),
                ..Self::default()
            },
            Taken::Nobody => Self { kind: i16::from(Rung::Nobody.number()), ..Self::default() },
            Taken::Answered(Answered::Given { ask, by, ordinal: _ }) => Self {
                kind: ANSWERED,
                ask: Some(bytes(ask.0)),
                means: Some(i16::from(by.number())),
                ..Self::default()
            },
            Taken::Answered(Answered::Noted { by }) => {
                Self { kind: ANSWERED, means: Some(TELEPHONE), officer: Some(bytes(by.0)), ..Self::default() }
            }
        }
    }
}

pub(super) async fn of_alert(engine: &Engine, alert: AlertId) -> Result<Vec<Call>, StoreError> {
    let rows = sqlx::query(CALLS).bind(bytes(alert.0)).fetch_all(&engine.reader).await;
    let rows = rows.map_err(StoreError::database("read the calls of an alert"))?;
    let mut calls = rows.iter().map(read_call).collect::<Result<Vec<_>, _>>()?;
    if calls.is_empty() {
        return Ok(calls);
    }
    let rows = sqlx::query(STEPS).bind(bytes(alert.0)).fetch_all(&engine.reader).await;
    for row in &rows.map_err(StoreError::database("read the steps of calls"))? {
        let (of, step) = (CallId(id(row, "call_id")?), read_step(row)?);
        calls.iter_mut().filter(|call| call.id == of).for_each(|call| call.steps.push(step.clone()));
    }
    Ok(calls)
}

fn read_call(row: &Row) -> Result<Call, StoreError> {
    let region: String = get(row, "region")?;
    Ok(Call {
        id: CallId(id(row, "call_id")?),
        mode: mode(row)?,
        alert: AlertId(id(row, "alert_id")?),
        region: region.parse::<RegionCode>().map_err(|error| StoreError::damaged("region", error))?,
        opened: Timestamp(get(row, "opened")?),
        steps: Vec::new(),
    })
}

fn read_step(row: &Row) -> Result<CallStep, StoreError> {
    let (at, kind): (_, i16) = (Timestamp(get(row, "at")?), get(row, "kind")?);
    let ask = optional_id(row, "ask_id")?.map(AskId);
    let ordinal = get::<Option<i64>>(row, "ordinal")?.map(|_| narrow::<u32>(row, "ordinal")).transpose()?;
    if kind == ANSWERED {
        return Ok(CallStep { at, taken: Taken::Answered(read_answer(row, ask, ordinal)?) });
    }
    let rung = coded(row, "kind", Rung::from_number)?;
    if rung == Rung::Nobody {
        return Ok(CallStep { at, taken: Taken::Nobody });
    }
    let (Some(ask), Some(ordinal)) = (ask, ordinal) else {
        return Err(StoreError::damaged("call_step", "nobody is asked"));
    };
    let channel = coded(row, "channel", ChannelKind::from_number)?;
    let (plan, address_hash) = (PlanId(id(row, "plan_id")?), fixed(row, "address_hash")?);
    Ok(CallStep { at, taken: Taken::Asked { rung, ask, ordinal, channel, plan, address_hash } })
}

fn read_answer(row: &Row, ask: Option<AskId>, ordinal: Option<u32>) -> Result<Answered, StoreError> {
    if let Some(officer) = optional_id(row, "officer_id")? {
        return Ok(Answered::Noted { by: OfficerId(officer) });
    }
    let (Some(ask), Some(ordinal)) = (ask, ordinal) else {
        return Err(StoreError::damaged("call_step", "nobody answered"));
    };
    Ok(Answered::Given { ask, ordinal, by: coded(row, "means", Means::from_number)? })
}

pub(super) async fn ask(engine: &Engine, ask: AskId) -> Result<Option<Ask>, StoreError> {
    let row = sqlx::query(ASK).bind(bytes(ask.0)).fetch_optional(&engine.reader).await;
    let row = row.map_err(StoreError::database("read what somebody is asked"))?;
    row.as_ref().map(read_ask).transpose()
}

fn read_ask(row: &Row) -> Result<Ask, StoreError> {
    let code: String = get(row, "code")?;
    Ok(Ask {
        id: AskId(id(row, "ask_id")?),
        mode: mode(row)?,
        alert: AlertId(id(row, "alert_id")?),
        ordinal: narrow(row, "ordinal")?,
        code: Code::read(&code).ok_or_else(|| StoreError::damaged("code", "no six digits"))?,
        until: Timestamp(get(row, "until")?),
    })
}

pub(super) async fn answer(
    engine: &Engine,
    mode: ModeKind,
    answer: Answer,
    at: Timestamp,
    line: Option<AuditLine>,
) -> Result<u64, StoreError> {
    let mut write = engine.begin().await?;
    let answered = take(write.conn(), mode, answer, at).await?;
    if answered > 0 {
        audit::append(write.conn(), line.as_slice()).await?;
    }
    write.commit().await?;
    Ok(answered)
}

/// Answers the calls that were not answered before; gives how many these are.
async fn take(conn: &mut Conn, mode: ModeKind, answer: Answer, at: Timestamp) -> Result<u64, StoreError> {
    let insert = match answer {
        Answer::Given { ask, by } => sqlx::query(GIVEN).bind(bytes(ask.0)).bind(i16::from(by.number())),
        Answer::Noted { call, by } => sqlx::query(NOTED).bind(bytes(call.0)).bind(bytes(by.0)),
    };
    let insert = insert.bind(i16::from(mode.number())).bind(at.0);
    let done = insert.execute(conn).await.map_err(StoreError::database("keep an answer"))?;
    Ok(done.rows_affected())
}

/// Takes the code that somebody wrote back from where they were asked.
pub(super) async fn take_code(
    conn: &mut Conn,
    mode: ModeKind,
    (code, from): (Code, [u8; 16]),
    at: Timestamp,
) -> Result<(), StoreError> {
    let asks = sqlx::query(BY_CODE)
        .bind(i16::from(mode.number()))
        .bind(code.expose())
        .bind(from.to_vec())
        .bind(at.0)
        .fetch_all(&mut *conn)
        .await
        .map_err(StoreError::database("look for who is asked"))?;
    for row in &asks {
        let ask = AskId(id(row, "ask_id")?);
        take(conn, mode, Answer::Given { ask, by: Means::Reply }, at).await?;
    }
    Ok(())
}
