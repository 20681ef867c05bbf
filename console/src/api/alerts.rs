//! Alerts over JSON: draft, edit, submit, retract, approve, return, release, recall, lift, correct, status.

use super::{ApiError, Caller, Door, path::Id};
use crate::{
    office::{DraftOrder, Unsent, Withdrawal},
    tongue::tell,
};
use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
    http::StatusCode,
};
use mingluo_model::{
    alert::{Alert, AlertState},
    id::{AlertId, PlanId},
    mode::Mode,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

type Of<M> = State<Arc<Door<M>>>;
type Answer = Result<Json<Value>, ApiError>;

pub(super) async fn list<M: Mode>(State(door): Of<M>, caller: Caller) -> Answer {
    let alerts = door.office.alerts_seen_by(&caller.0, 100).await?;
    let told: Vec<Value> = alerts
        .iter()
        .map(|alert| {
            json!({
                "id": alert.id,
                "state": alert.state.word(),
                "grade": alert.content.grade.word(),
                "hazard": alert.content.hazard.name_zh,
                "area": alert.content.area.described,
                "expires": alert.content.expires,
            })
        })
        .collect();
    Ok(Json(json!(told)))
}

pub(super) async fn draft<M: Mode>(
    State(door): Of<M>,
    caller: Caller,
    order: Result<Json<DraftOrder>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let Json(order) = order.map_err(|error| ApiError::BadRequest { detail: error.body_text() })?;
    let alert = door.office.draft(&caller.0, &order).await?;
    Ok((StatusCode::CREATED, Json(drafted(&door, &alert)?)))
}

pub(super) async fn edit<M: Mode>(
    State(door): Of<M>,
    caller: Caller,
    Id(id): Id<AlertId>,
    order: Result<Json<DraftOrder>, JsonRejection>,
) -> Answer {
    let Json(order) = order.map_err(|error| ApiError::BadRequest { detail: error.body_text() })?;
    let alert = door.office.edit(&caller.0, id, &order).await?;
    Ok(Json(drafted(&door, &alert)?))
}

/// What a draft would say and whom it would reach.
fn drafted<M: Mode>(door: &Door<M>, alert: &Alert<M>) -> Result<Value, ApiError> {
    let preview = door.office.preview(alert)?;
    let mut told = brief(alert);
    told["parts"] = json!(preview.parts);
    told["sms"] = json!(preview.sms.map(|sms| sms.texts));
    told["audience"] = json!({ "counts": alert.content.audience.counts });
    told["people"] = json!(alert.content.audience.deliveries());
    Ok(told)
}

pub(super) async fn show<M: Mode>(State(door): Of<M>, caller: Caller, Id(id): Id<AlertId>) -> Answer {
    let (alert, revision) = door.office.alert_seen_by(&caller.0, id).await?;
    let mut told = brief(&alert);
    told["revision"] = json!(revision);
    told["content"] = json!(alert.content);
    told["steps"] = json!(door.office.steps(id).await?);
    told["plans"] = json!(door.office.plans(id).await?);
    Ok(Json(told))
}

pub(super) async fn submit<M: Mode>(State(door): Of<M>, caller: Caller, Id(id): Id<AlertId>) -> Answer {
    Ok(Json(brief(&door.office.submit(&caller.0, id).await?)))
}

pub(super) async fn approve<M: Mode>(State(door): Of<M>, caller: Caller, Id(id): Id<AlertId>) -> Answer {
    Ok(Json(brief(&door.office.approve(&caller.0, id).await?)))
}

pub(super) async fn retract<M: Mode>(State(door): Of<M>, caller: Caller, Id(id): Id<AlertId>) -> Answer {
    Ok(Json(brief(&door.office.retract(&caller.0, id).await?)))
}

/// Why a warning goes back to its author.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reason {
    reason: String,
}

pub(super) async fn send_back<M: Mode>(
    State(door): Of<M>,
    caller: Caller,
    Id(id): Id<AlertId>,
    reason: Result<Json<Reason>, JsonRejection>,
) -> Answer {
    let Json(Reason { reason }) =
        reason.map_err(|error| ApiError::BadRequest { detail: error.body_text() })?;
    Ok(Json(brief(&door.office.send_back(&caller.0, id, &reason).await?)))
}

/// What the releaser must have read off the preview.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReleaseOrder {
    people: u64,
}

pub(super) async fn release<M: Mode>(
    State(door): Of<M>,
    caller: Caller,
    Id(id): Id<AlertId>,
    order: Result<Json<ReleaseOrder>, JsonRejection>,
) -> Answer {
    let Json(order) = order.map_err(|error| ApiError::BadRequest { detail: error.body_text() })?;
    let released = door.office.release(&caller.0, id, order.people).await?;
    let mut told = brief(&released.alert);
    told["hold_until"] = json!(released.hold_until);
    told["planned_ms"] = json!(released.planned_in.as_secs_f64() * 1_000.0);
    told["plans"] = json!(released.plans);
    told["unsent"] = unsent(&released.unsent);
    Ok(Json(told))
}

pub(super) async fn recall<M: Mode>(State(door): Of<M>, caller: Caller, Id(id): Id<AlertId>) -> Answer {
    Ok(Json(brief(&door.office.recall(&caller.0, id).await?)))
}

/// The words of a lift or a correction; those written beforehand without them.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    body: Option<String>,
}

type MaybeWords = Result<Option<Json<Words>>, JsonRejection>;

pub(super) async fn lift<M: Mode>(
    State(door): Of<M>,
    caller: Caller,
    Id(id): Id<AlertId>,
    words: MaybeWords,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    withdraw(&door, &caller, id, Withdrawal::Lift, words).await
}

pub(super) async fn correct<M: Mode>(
    State(door): Of<M>,
    caller: Caller,
    Id(id): Id<AlertId>,
    words: MaybeWords,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    withdraw(&door, &caller, id, Withdrawal::Correct, words).await
}

async fn withdraw<M: Mode>(
    door: &Door<M>,
    caller: &Caller,
    id: AlertId,
    how: Withdrawal,
    words: MaybeWords,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let words = words.map_err(|error| ApiError::BadRequest { detail: error.body_text() })?;
    let earlier = door.office.standing(&caller.0, id).await?;
    let body = words.and_then(|Json(words)| words.body);
    let body = body.unwrap_or_else(|| door.office.prewritten(&earlier, how));
    let later = Box::pin(door.office.withdraw(&caller.0, id, how, &body)).await?;
    let mut told = brief(&later.alert);
    told["people_needed"] = json!(later.people);
    told["unsent"] = unsent(&later.unsent);
    told["follows"] = json!(id);
    Ok((StatusCode::CREATED, Json(told)))
}

pub(super) async fn unconfirmed<M: Mode>(State(door): Of<M>, caller: Caller, Id(id): Id<PlanId>) -> Answer {
    door.office.plan_seen_by(&caller.0, id).await?;
    Ok(Json(json!(door.office.unconfirmed(id).await?)))
}

fn unsent(unsent: &[Unsent]) -> Value {
    unsent.iter().map(|one| json!({ "channel": one.channel, "why": tell(&one.problem) })).collect()
}

fn brief<M: Mode>(alert: &Alert<M>) -> Value {
    let approvals = match &alert.state {
        AlertState::Submitted { approvals, .. } | AlertState::Approved { approvals, .. } => approvals.len(),
        _ => 0,
    };
    json!({ "id": alert.id, "state": alert.state.word(), "approvals": approvals })
}
