//! Plans in and out of their rows.

use super::{
    Conn, Engine, ModeKind, StoreError, StoredPlan, Timestamp,
    value::{Row, bytes, coded, flag, get, id, json, mode, optional_id, to_json},
};
use crate::codec::{CodecError, Reader, Writer};
use mingluo_model::{
    alert::Language,
    audience::ChannelKind,
    grade::Grade,
    id::{AlertId, EditionId, PlanId},
    message::{Body, Message, Words},
    mode::Live,
    plan::{AccountName, Cause, Plan, PlanStatus, Target},
    priority::Priority,
};
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};

const INSERT: &str = "
insert into plan (plan_id, mode, status, alert_id, channel, account, language, body_json, edition_id, ordinals,
    place, rank, priority_json, not_before, not_after, fallback_of, instead_of, is_call)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";

const COLUMNS: &str = "
select plan_id, mode, status, alert_id, channel, account, language, body_json, edition_id, ordinals, place,
    priority_json, not_before, not_after, fallback_of, instead_of, is_call from plan";

/// What `body_json` holds: the content, and the words by name where there are any.
#[derive(Serialize, Deserialize)]
struct Said<B, W> {
    #[serde(flatten)]
    body: B,
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<W>,
}

impl<'a> Said<&'a Body, &'a Words> {
    fn of(message: &'a Message<Live>) -> Self {
        Self { body: &message.body, words: (!message.words.is_empty()).then_some(&message.words) }
    }
}

impl Said<Body, Words> {
    fn into_message(self, alert: AlertId, grade: Grade, language: Language) -> Message<Live> {
        Message::new(alert, grade, language, self.body).with_words(self.words.unwrap_or_default())
    }
}

pub(super) async fn insert(conn: &mut Conn, stored: &StoredPlan) -> Result<(), StoreError> {
    let plan = stored.fields();
    let (edition, ordinals, place) = target_columns(&plan.target);
    let fallback_of = match plan.cause {
        Cause::Release | Cause::Call => None,
        Cause::FallbackOf(earlier) => Some(bytes(earlier.0)),
    };
    sqlx::query(INSERT)
        .bind(bytes(plan.id.0))
        .bind(i16::from(stored.mode.number()))
        .bind(i16::from(stored.status.number()))
        .bind(bytes(plan.alert.0))
        .bind(i16::from(plan.channel.number()))
        .bind(plan.account.0.clone())
        .bind(plan.message.language.0.clone())
        .bind(to_json("a message", &Said::of(&plan.message))?)
        .bind(edition)
        .bind(ordinals)
        .bind(place)
        .bind(plan.priority.packed())
        .bind(to_json("a priority", &plan.priority)?)
        .bind(plan.not_before.0)
        .bind(plan.not_after.0)
        .bind(fallback_of)
        .bind(plan.instead_of.map(|earlier| bytes(earlier.0)))
        .bind(i16::from(plan.cause == Cause::Call))
        .execute(conn)
        .await
        .map_err(StoreError::database("insert a plan"))?;
    Ok(())
}

/// Moves a plan that is not closed.
pub(super) async fn set_status(conn: &mut Conn, plan: PlanId, status: PlanStatus) -> Result<(), StoreError> {
    sqlx::query("update plan set status = $2 where plan_id = $1 and status <> 2")
        .bind(bytes(plan.0))
        .bind(i16::from(status.number()))
        .execute(conn)
        .await
        .map_err(StoreError::database("move a plan"))?;
    Ok(())
}

pub(super) async fn of_alert(engine: &Engine, alert: AlertId) -> Result<Vec<StoredPlan>, StoreError> {
    sqlx::query(sqlx::AssertSqlSafe(format!("{COLUMNS} where alert_id = $1 order by plan_no")))
        .bind(bytes(alert.0))
        .fetch_all(&engine.reader)
        .await
        .map_err(StoreError::database("read an alert's plans"))?
        .iter()
        .map(read)
        .collect()
}

pub(super) async fn one(engine: &Engine, plan: PlanId) -> Result<Option<StoredPlan>, StoreError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!("{COLUMNS} where plan_id = $1")))
        .bind(bytes(plan.0))
        .fetch_optional(&engine.reader)
        .await
        .map_err(StoreError::database("read a plan"))?;
    row.as_ref().map(read).transpose()
}

pub(super) async fn open(engine: &Engine, mode: ModeKind) -> Result<Vec<StoredPlan>, StoreError> {
    let order = "where mode = $1 and status <> 2 order by plan_no";
    sqlx::query(sqlx::AssertSqlSafe(format!("{COLUMNS} {order}")))
        .bind(i16::from(mode.number()))
        .fetch_all(&engine.reader)
        .await
        .map_err(StoreError::database("read the open plans"))?
        .iter()
        .map(read)
        .collect()
}

fn read(row: &Row) -> Result<StoredPlan, StoreError> {
    let alert = AlertId(id(row, "alert_id")?);
    let priority: Priority = json(row, "priority_json")?;
    let plan = Plan {
        id: PlanId(id(row, "plan_id")?),
        alert,
        channel: coded(row, "channel", ChannelKind::from_number)?,
        account: AccountName(get(row, "account")?),
        message: json::<Said<Body, Words>>(row, "body_json")?.into_message(
            alert,
            priority.grade,
            Language(get(row, "language")?),
        ),
        target: read_target(row)?,
        priority,
        not_before: Timestamp(get(row, "not_before")?),
        not_after: Timestamp(get(row, "not_after")?),
        cause: cause(row)?,
        instead_of: optional_id(row, "instead_of")?.map(PlanId),
    };
    Ok(StoredPlan::restore(mode(row)?, coded(row, "status", PlanStatus::from_number)?, plan))
}

fn cause(row: &Row) -> Result<Cause, StoreError> {
    if flag(row, "is_call")? {
        return Ok(Cause::Call);
    }
    let earlier = optional_id(row, "fallback_of")?;
    Ok(earlier.map_or(Cause::Release, |plan| Cause::FallbackOf(PlanId(plan))))
}

type TargetColumns = (Option<Vec<u8>>, Option<Vec<u8>>, Option<String>);

fn target_columns(target: &Target) -> TargetColumns {
    match target {
        Target::People { edition, ordinals } => {
            (Some(bytes(edition.0)), Some(write_ordinals(ordinals)), None)
        }
        Target::Place { name } => (None, None, Some(name.clone())),
    }
}

fn read_target(row: &Row) -> Result<Target, StoreError> {
    if let Some(name) = get::<Option<String>>(row, "place")? {
        return Ok(Target::Place { name });
    }
    let edition = EditionId(id(row, "edition_id")?);
    let blob: Vec<u8> = get(row, "ordinals")?;
    let ordinals = read_ordinals(&blob).map_err(|error| StoreError::damaged("a plan's recipients", error))?;
    Ok(Target::People { edition, ordinals })
}

fn write_ordinals(ordinals: &RoaringBitmap) -> Vec<u8> {
    let mut packed = ordinals.clone();
    packed.optimize();
    let mut bitmap = Vec::with_capacity(packed.serialized_size());
    packed.serialize_into(&mut bitmap).expect("writing to memory cannot fail");
    let mut writer = Writer::new(bitmap.len());
    writer.bytes(&bitmap);
    writer.finish()
}

fn read_ordinals(blob: &[u8]) -> Result<RoaringBitmap, CodecError> {
    let mut reader = Reader::new(blob)?;
    RoaringBitmap::deserialize_from(reader.rest()).map_err(|_| CodecError::Short { field: "bitmap" })
}
