//! Alerts over JSON: draft, edit, submit, retract, approve, return, release, recall, lift, correct, status.

use super::{
    ApiError, Caller, Door,
    body::{Body, MaybeBody, Shown},
    path::Id,
};
use crate::{
    office::{DraftOrder, SmsShare, Unsent, Withdrawal},
    tongue::{Tongue, say, tell_at},
};
use axum::{Json, extract::State, http::StatusCode};
use mingluo_model::{
    alert::{Alert, AlertState},
    id::{AlertId, PlanId},
    mode::Mode,
    region::RegionCode,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

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
                "expires_at": door.office.local_time(alert.content.expires),
            })
        })
        .collect();
    Ok(Json(json!(told)))
}

pub(super) async fn draft<M: Mode>(
    State(door): Of<M>,
    caller: Caller,
    Body(order): Body<DraftOrder>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let alert = door.office.draft(&caller.0, &order).await?;
    Ok((StatusCode::CREATED, Json(drafted(&door, &alert).await?)))
}

pub(super) async fn edit<M: Mode>(
    State(door): Of<M>,
    caller: Caller,
    Id(id): Id<AlertId>,
    Body(order): Body<DraftOrder>,
) -> Answer {
    let alert = door.office.edit(&caller.0, id, &order).await?;
    Ok(Json(drafted(&door, &alert).await?))
}

/// What a draft would say and whom it would reach.
async fn drafted<M: Mode>(door: &Door<M>, alert: &Alert<M>) -> Result<Value, ApiError> {
    let preview = door.office.preview(alert).await?;
    let mut told = brief(alert);
    told["parts"] = json!(preview.parts);
    let texts = |share: &SmsShare| share.shown.as_ref().map(|shown| shown.texts.clone());
    told["sms"] = json!(preview.sms.first().and_then(texts));
    let share = |one: &SmsShare| {
        let flash = one.shown.as_ref().and_then(|shown| shown.flash.as_deref());
        json!({
            "account": one.account, "recipients": one.recipients, "parts": one.parts, "sms": texts(one), "flash": flash,
        })
    };
    told["sms_accounts"] = preview.sms.iter().map(share).collect();
    told["audience"] = json!({ "counts": alert.content.audience.counts });
    told["checks"] = checks(door, alert);
    add(&mut told, json!(door.office.reach(alert).await?));
    Ok(told)
}

/// What in the words is worth a second look, the gravest first.
fn checks<M: Mode>(door: &Door<M>, alert: &Alert<M>) -> Value {
    let amiss = door.office.checks(alert).into_iter().filter(|check| !check.is_good);
    let told = amiss.map(|check| {
        let key = format!("web-check-{}-look", check.word);
        let [zh, en] = [Tongue::Chinese, Tongue::English].map(|tongue| say(tongue, &key, &[]));
        json!({ "code": check.word, "zh": zh, "en": en, "found": check.found, "grave": check.is_grave })
    });
    told.collect()
}

pub(super) async fn show<M: Mode>(State(door): Of<M>, caller: Caller, Id(id): Id<AlertId>) -> Answer {
    let (alert, revision) = door.office.alert_seen_by(&caller.0, id).await?;
    let mut told = brief(&alert);
    told["revision"] = json!(revision);
    told["content"] = json!(alert.content);
    told["expires_at"] = json!(door.office.local_time(alert.content.expires));
    told["deliveries"] = json!(alert.content.audience.deliveries());
    // Once it is released the plans tell; while it is sent, a look must cost no more than reading counters.
    if awaits_release(&alert.state) {
        told["checks"] = checks(&door, &alert);
        add(&mut told, json!(door.office.reach(&alert).await?));
    }
    let groups = door.office.groups_of(&alert.content.audience).map(|entry| &*entry.name_zh);
    told["groups"] = json!(groups.collect::<Vec<_>>());
    told["steps"] = json!(door.office.steps(id).await?);
    let mut plans = door.office.plans(id).await?;
    // What asks responsible persons to answer was not signed for; it is told with the calls.
    plans.retain(|plan| !plan.is_call);
    let districts = plans.iter().flat_map(|plan| plan.districts.keys());
    let named =
        |code: &RegionCode| Some((code.to_string(), door.office.gazetteer().get(*code)?.name.to_string()));
    told["districts"] = json!(districts.filter_map(named).collect::<BTreeMap<_, _>>());
    told["plans"] = json!(plans);
    told["calls"] = json!(door.office.called(id).await?);
    Ok(Json(told))
}

pub(super) async fn submit<M: Mode>(State(door): Of<M>, caller: Caller, Id(id): Id<AlertId>) -> Answer {
    Ok(Json(brief(&door.office.submit(&caller.0, id).await?)))
}

/// What the approver was shown.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Approval {
    content_hash: Shown,
}

pub(super) async fn approve<M: Mode>(
    State(door): Of<M>,
    caller: Caller,
    Id(id): Id<AlertId>,
    Body(Approval { content_hash: Shown(shown) }): Body<Approval>,
) -> Answer {
    Ok(Json(brief(&door.office.approve(&caller.0, id, shown).await?)))
}

pub(super) async fn retract<M: Mode>(State(door): Of<M>, caller: Caller, Id(id): Id<AlertId>) -> Answer {
    Ok(Json(brief(&door.office.retract(&caller.0, id).await?)))
}

/// What goes back to its author, and why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reason {
    content_hash: Shown,
    reason: String,
}

pub(super) async fn send_back<M: Mode>(
    State(door): Of<M>,
    caller: Caller,
    Id(id): Id<AlertId>,
    Body(Reason { content_hash: Shown(shown), reason }): Body<Reason>,
) -> Answer {
    Ok(Json(brief(&door.office.send_back(&caller.0, id, shown, &reason).await?)))
}

const fn awaits_release(state: &AlertState) -> bool {
    matches!(state, AlertState::Draft | AlertState::Submitted { .. } | AlertState::Approved { .. })
}

/// Adds the fields of one object to another.
fn add(told: &mut Value, more: Value) {
    if let (Value::Object(told), Value::Object(more)) = (told, more) {
        told.extend(more);
    }
}

/// What the releaser was shown, and the number that they must have read off it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReleaseOrder {
    content_hash: Shown,
    deliveries: u64,
}

pub(super) async fn release<M: Mode>(
    State(door): Of<M>,
    caller: Caller,
    Id(id): Id<AlertId>,
    Body(order): Body<ReleaseOrder>,
) -> Answer {
    let released = door.office.release(&caller.0, id, order.content_hash.0, order.deliveries).await?;
    let mut told = brief(&released.alert);
    told["hold_until"] = json!(released.hold_until);
    told["planned_ms"] = json!(released.planned_in.as_secs_f64() * 1_000.0);
    told["plans"] = json!(released.plans);
    told["unsent"] = unsent(&door, &released.unsent);
    told["speech"] = released.voiced.told();
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

pub(super) async fn lift<M: Mode>(
    State(door): Of<M>,
    caller: Caller,
    Id(id): Id<AlertId>,
    MaybeBody(words): MaybeBody<Words>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    withdraw(&door, &caller, id, Withdrawal::Lift, words).await
}

pub(super) async fn correct<M: Mode>(
    State(door): Of<M>,
    caller: Caller,
    Id(id): Id<AlertId>,
    MaybeBody(words): MaybeBody<Words>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    withdraw(&door, &caller, id, Withdrawal::Correct, words).await
}

async fn withdraw<M: Mode>(
    door: &Door<M>,
    caller: &Caller,
    id: AlertId,
    how: Withdrawal,
    words: Words,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let earlier = door.office.standing(&caller.0, id).await?;
    let body = words.body.unwrap_or_else(|| door.office.prewritten(&earlier, how));
    let later = Box::pin(door.office.withdraw(&caller.0, id, how, &body)).await?;
    let mut told = brief(&later.alert);
    told["people_needed"] = json!(later.people);
    told["unsent"] = unsent(door, &later.unsent);
    told["follows"] = json!(id);
    Ok((StatusCode::CREATED, Json(told)))
}

pub(super) async fn unconfirmed<M: Mode>(State(door): Of<M>, caller: Caller, Id(id): Id<PlanId>) -> Answer {
    door.office.plan_seen_by(&caller.0, id).await?;
    Ok(Json(json!(door.office.unconfirmed(id).await?)))
}

pub(super) async fn unreached<M: Mode>(State(door): Of<M>, caller: Caller, Id(id): Id<PlanId>) -> Answer {
    door.office.plan_seen_by(&caller.0, id).await?;
    Ok(Json(json!(door.office.unreached(id).await?)))
}

fn unsent<M: Mode>(door: &Door<M>, unsent: &[Unsent]) -> Value {
    let why = |one: &Unsent| tell_at(&one.problem, &door.office.renderer.zone);
    unsent.iter().map(|one| json!({ "channel": one.channel, "why": why(one) })).collect()
}

fn brief<M: Mode>(alert: &Alert<M>) -> Value {
    let approvals = match &alert.state {
        AlertState::Submitted { approvals, .. } | AlertState::Approved { approvals, .. } => approvals.len(),
        _ => 0,
    };
    json!({
        "id": alert.id,
        "state": alert.state.word(),
        "approvals": approvals,
        "content_hash": alert.content_hash().to_string(),
    })
}
