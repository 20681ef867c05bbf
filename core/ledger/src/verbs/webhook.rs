//! Webhooks: when warnings may leave, which of them targets are told of, and each request to a target.

use super::{
    AuditLine, Conn, Engine, ModeKind, StoreError, StoredAlert, Timestamp, audit,
    value::{Row, bytes, coded, get, id, narrow},
};
use crate::store::{Replay, WebhookAttempt, WebhookDue, WebhookEnd, WebhookFate, WebhookStanding};
use mingluo_model::{alert::AlertState, id::AlertId};
use std::time::Duration;

/// What waits for a target, and what it has not been told of yet, in the order in which holds ended.
const DUE: &str = "
select r.alert_id as alert_id, r.due_at as due_at, e.asked_at as asked_at
from webhook_event e join alert_release r on r.alert_id = e.alert_id
where e.target = $1 and e.fate = 0 and r.mode = $2
union all
select r.alert_id, r.due_at, null
from alert_release r join webhook_target t on t.name = $1
where r.mode = $2 and r.due_at >= t.since and r.due_at >= $3 and r.due_at <= $4
and not exists (select 1 from webhook_event e where e.target = $1 and e.alert_id = r.alert_id)
order by due_at, alert_id";

const BEGIN: &str = "
insert into webhook_event (target, alert_id, fate, tries) values ($1, $2, 0, 1)
on conflict (target, alert_id) do update set tries = webhook_event.tries + 1";

const ATTEMPT: &str = "
insert into webhook_attempt (target, alert_id, event, begun_at) values ($1, $2, $3, $4) returning attempt_no";

const SETTLE: &str = "
insert into webhook_event (target, alert_id, fate, tries) values ($1, $2, $3, 0)
on conflict (target, alert_id) do update set fate = excluded.fate, asked_at = null";

// What was asked for while the request was under way is sent again.
const TAKEN: &str = "
update webhook_event set fate = 1, asked_at = null where target = $1 and alert_id = $2
and (asked_at is null or asked_at <= (select begun_at from webhook_attempt where attempt_no = $3))";

const REPLAY: &str = "
insert into webhook_event (target, alert_id, fate, tries, asked_at)
select $1, r.alert_id, 0, 0, cast($3 as bigint)
from alert_release r join alert a on a.alert_id = r.alert_id
where r.mode = $2 and r.due_at <= $3 and a.state <> 'recalled' and";

const ASKED: &str = "
on conflict (target, alert_id) do update set fate = 0, asked_at = excluded.asked_at";

const LOG: &str = "
select attempt_no, target, alert_id, event, begun_at, took_ms, status, fault from webhook_attempt";

/// Keeps when a warning may leave, as its release says.
pub(super) async fn note_release(conn: &mut Conn, alert: &StoredAlert) -> Result<(), StoreError> {
    let AlertState::Released { hold_until, .. } = alert.state else { return Ok(()) };
    sqlx::query(
        "insert into alert_release (alert_id, mode, due_at) values ($1, $2, $3) on conflict (alert_id) do nothing",
    )
    .bind(bytes(alert.id.0))
    .bind(i16::from(alert.mode.number()))
    .bind(hold_until.0)
    .execute(conn)
    .await
    .map_err(StoreError::database("keep when a warning may leave"))?;
    Ok(())
}

pub(super) async fn released_at(engine: &Engine, alert: AlertId) -> Result<Option<Timestamp>, StoreError> {
    sqlx::query("select due_at from alert_release where alert_id = $1")
        .bind(bytes(alert.0))
        .fetch_optional(&engine.reader)
        .await
        .map_err(StoreError::database("read when a warning could leave"))?
        .map(|row| Ok(Timestamp(get(&row, "due_at")?)))
        .transpose()
}

pub(super) async fn know(engine: &Engine, targets: &[&str], now: Timestamp) -> Result<(), StoreError> {
    let mut write = engine.begin().await?;
    for target in targets {
        sqlx::query("insert into webhook_target (name, since) values ($1, $2) on conflict (name) do nothing")
            .bind((*target).to_owned())
            .bind(now.0)
            .execute(write.conn())
            .await
            .map_err(StoreError::database("keep a webhook's target"))?;
    }
    write.commit().await
}

pub(super) async fn due(
    engine: &Engine,
    target: &str,
    mode: ModeKind,
    floor: Timestamp,
    now: Timestamp,
) -> Result<Vec<WebhookDue>, StoreError> {
    sqlx::query(DUE)
        .bind(target.to_owned())
        .bind(i16::from(mode.number()))
        .bind(floor.0)
        .bind(now.0)
        .fetch_all(&engine.reader)
        .await
        .map_err(StoreError::database("read what a webhook is to be told"))?
        .iter()
        .map(|row| {
            Ok(WebhookDue {
                alert: AlertId(id(row, "alert_id")?),
                due: Timestamp(get(row, "due_at")?),
                asked: get::<Option<i64>>(row, "asked_at")?.map(Timestamp),
            })
        })
        .collect()
}

pub(super) async fn standing(
    engine: &Engine,
    target: &str,
    alert: AlertId,
) -> Result<Option<WebhookStanding>, StoreError> {
    sqlx::query("select fate, tries from webhook_event where target = $1 and alert_id = $2")
        .bind(target.to_owned())
        .bind(bytes(alert.0))
        .fetch_optional(&engine.reader)
        .await
        .map_err(StoreError::database("read what became of a webhook"))?
        .map(|row| {
            let fate = coded(&row, "fate", WebhookFate::from_number)?;
            Ok(WebhookStanding { fate, tries: narrow(&row, "tries")? })
        })
        .transpose()
}

pub(super) async fn begin(
    engine: &Engine,
    target: &str,
    alert: AlertId,
    event: &str,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let mut write = engine.begin().await?;
    sqlx::query(BEGIN)
        .bind(target.to_owned())
        .bind(bytes(alert.0))
        .execute(write.conn())
        .await
        .map_err(StoreError::database("begin a webhook"))?;
    let row = sqlx::query(ATTEMPT)
        .bind(target.to_owned())
        .bind(bytes(alert.0))
        .bind(event.to_owned())
        .bind(now.0)
        .fetch_one(write.conn())
        .await
        .map_err(StoreError::database("log the beginning of a webhook"))?;
    write.commit().await?;
    get(&row, "attempt_no")
}

pub(super) async fn end(
    engine: &Engine,
    target: &str,
    alert: AlertId,
    number: i64,
    end: &WebhookEnd,
) -> Result<(), StoreError> {
    let (status, fault) = match &end.answer {
        Ok(status) => (Some(i16::try_from(*status).unwrap_or(i16::MAX)), None),
        Err(fault) => (None, Some(fault.clone())),
    };
    let mut write = engine.begin().await?;
    sqlx::query("update webhook_attempt set took_ms = $2, status = $3, fault = $4 where attempt_no = $1")
        .bind(number)
        .bind(i64::try_from(end.took.as_millis()).unwrap_or(i64::MAX))
        .bind(status)
        .bind(fault)
        .execute(write.conn())
        .await
        .map_err(StoreError::database("log the end of a webhook"))?;
    if end.is_taken() {
        sqlx::query(TAKEN)
            .bind(target.to_owned())
            .bind(bytes(alert.0))
            .bind(number)
            .execute(write.conn())
            .await
            .map_err(StoreError::database("keep that a webhook was taken"))?;
    }
    write.commit().await
}

pub(super) async fn settle(
    engine: &Engine,
    target: &str,
    alert: AlertId,
    fate: WebhookFate,
) -> Result<(), StoreError> {
    let mut write = engine.begin().await?;
    set_fate(write.conn(), target, alert, fate).await?;
    write.commit().await
}

async fn set_fate(
    conn: &mut Conn,
    target: &str,
    alert: AlertId,
    fate: WebhookFate,
) -> Result<(), StoreError> {
    sqlx::query(SETTLE)
        .bind(target.to_owned())
        .bind(bytes(alert.0))
        .bind(fate.number())
        .execute(conn)
        .await
        .map_err(StoreError::database("keep what became of a webhook"))?;
    Ok(())
}

pub(super) async fn replay(
    engine: &Engine,
    target: &str,
    mode: ModeKind,
    which: Replay,
    now: Timestamp,
    audit: AuditLine,
) -> Result<u64, StoreError> {
    let mut write = engine.begin().await?;
    let these = match which {
        Replay::Alert(_) => "r.alert_id = $4",
        Replay::Since(_) => "r.due_at >= $4",
    };
    let query = sqlx::query(sqlx::AssertSqlSafe(format!("{REPLAY} {these} {ASKED}")))
        .bind(target.to_owned())
        .bind(i16::from(mode.number()))
        .bind(now.0);
    let query = match which {
        Replay::Alert(alert) => query.bind(bytes(alert.0)),
        Replay::Since(since) => query.bind(since.0),
    };
    let done = query.execute(write.conn()).await.map_err(StoreError::database("ask for webhooks again"))?;
    if done.rows_affected() > 0 {
        audit::append(write.conn(), &[audit]).await?;
        write.commit().await?;
    }
    Ok(done.rows_affected())
}

pub(super) async fn log(
    engine: &Engine,
    target: Option<&str>,
    limit: u32,
) -> Result<Vec<WebhookAttempt>, StoreError> {
    let order = "where $1 is null or target = $1 order by attempt_no desc limit $2";
    sqlx::query(sqlx::AssertSqlSafe(format!("{LOG} {order}")))
        .bind(target.map(str::to_owned))
        .bind(i64::from(limit))
        .fetch_all(&engine.reader)
        .await
        .map_err(StoreError::database("read the log of webhooks"))?
        .iter()
        .map(read)
        .collect()
}

fn read(row: &Row) -> Result<WebhookAttempt, StoreError> {
    let end = match get::<Option<i64>>(row, "took_ms")? {
        None => None,
        Some(_) => Some(WebhookEnd {
            answer: match get::<Option<i16>>(row, "status")? {
                Some(_) => Ok(narrow_status(row)?),
                None => Err(get::<Option<String>>(row, "fault")?.unwrap_or_default()),
            },
            took: Duration::from_millis(narrow(row, "took_ms")?),
        }),
    };
    Ok(WebhookAttempt {
        number: get(row, "attempt_no")?,
        target: get(row, "target")?,
        alert: AlertId(id(row, "alert_id")?),
        event: get(row, "event")?,
        begun: Timestamp(get(row, "begun_at")?),
        end,
    })
}

fn narrow_status(row: &Row) -> Result<u16, StoreError> {
    let status: i16 = get(row, "status")?;
    u16::try_from(status).map_err(|_| StoreError::damaged("status", format!("{status} is out of range")))
}

pub(super) async fn prune(engine: &Engine, before: Timestamp, most: u32) -> Result<u64, StoreError> {
    let mut write = engine.begin().await?;
    let done = sqlx::query(
        "delete from webhook_attempt where begun_at < $1
         or attempt_no <= (select coalesce(max(attempt_no), 0) from webhook_attempt) - $2",
    )
    .bind(before.0)
    .bind(i64::from(most))
    .execute(write.conn())
    .await
    .map_err(StoreError::database("shorten the log of webhooks"))?;
    write.commit().await?;
    Ok(done.rows_affected())
}
