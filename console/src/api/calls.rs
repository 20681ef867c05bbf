//! An answer that was heard on the telephone, over JSON. How the calls stand is told with their alert.

use super::{ApiError, Caller, Door};
use axum::{
    Json,
    extract::{Path, State},
};
use mingluo_model::{id::AlertId, mode::Mode};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) async fn phone<M: Mode>(
    State(door): State<Arc<Door<M>>>,
    caller: Caller,
    Path((id, call)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let bad = |word: &str| ApiError::BadId { value: word.chars().take(80).collect() };
    let id: AlertId = id.parse().map_err(|_| bad(&id))?;
    let call = call.parse().map_err(|_| bad(&call))?;
    door.office.note_answer(&caller.0, id, call).await?;
    let calls = door.office.called(id).await?;
    Ok(Json(json!(calls.into_iter().find(|one| one.call == call))))
}
