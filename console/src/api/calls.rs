//! Calls to responsible persons over JSON: how they stand, and an answer that was heard on the telephone.

use super::{ApiError, Caller, Door, path::Id};
use axum::{
    Json,
    extract::{Path, State},
};
use mingluo_model::{id::AlertId, mode::Mode};
use serde_json::{Value, json};
use std::sync::Arc;

type Of<M> = State<Arc<Door<M>>>;

pub(super) async fn list<M: Mode>(
    State(door): Of<M>,
    caller: Caller,
    Id(id): Id<AlertId>,
) -> Result<Json<Value>, ApiError> {
    door.office.alert_seen_by(&caller.0, id).await?;
    Ok(Json(json!(door.office.called(id).await?)))
}

pub(super) async fn phone<M: Mode>(
    State(door): Of<M>,
    caller: Caller,
    Path((id, call)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let bad = |word: &str| ApiError::BadId { value: word.chars().take(80).collect() };
    let id: AlertId = id.parse().map_err(|_| bad(&id))?;
    let call = call.parse().map_err(|_| bad(&call))?;
    door.office.note_answer(&caller.0, id, call).await?;
    let called = door.office.called(id).await?;
    Ok(Json(json!(called.into_iter().find(|one| one.call == call))))
}
