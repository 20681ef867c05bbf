//! The JSON door. The same verbs as the pages, with a key instead of a cookie, and never around the policy.

mod alerts;
mod callback;
mod error;

pub use error::ApiError;

use crate::{app::City, office::Office, people::People};
use axum::{
    Json, Router,
    extract::{FromRequestParts, State},
    http::{StatusCode, header::AUTHORIZATION, request::Parts},
    routing::{get, post},
};
use mingluo_model::{mode::Mode, owner::Officer};
use serde_json::{Value, json};
use std::sync::Arc;

/// What a handler of one mode works on.
pub(crate) struct Door<M: Mode> {
    pub(crate) office: Arc<Office<M>>,
    pub(crate) people: Arc<People>,
}

/// The caller, proven by an API key.
pub(crate) struct Caller(pub(crate) Officer);

impl<M: Mode> FromRequestParts<Arc<Door<M>>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, door: &Arc<Door<M>>) -> Result<Self, Self::Rejection> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let key = header.and_then(|value| value.strip_prefix("Bearer ")).ok_or(ApiError::NotSignedIn)?;
        let row = door.people.by_key(key.trim()).await?.ok_or(ApiError::NotSignedIn)?;
        Ok(Self(row.officer))
    }
}

/// All routes of the JSON door and of the far sides' callbacks.
pub fn routes(city: &Arc<City>, people: &Arc<People>) -> Router {
    Router::new()
        .nest("/api/live", of_mode(&city.live, people))
        .nest("/api/drill", of_mode(&city.drill, people))
        .route("/api/health", get(health).with_state(Arc::clone(city)))
        .merge(callback::routes(city))
}

fn of_mode<M: Mode>(office: &Arc<Office<M>>, people: &Arc<People>) -> Router {
    let door = Arc::new(Door { office: Arc::clone(office), people: Arc::clone(people) });
    Router::new()
        .route("/alerts", get(alerts::list::<M>).post(alerts::draft::<M>))
        .route("/alerts/{id}", get(alerts::show::<M>))
        .route("/alerts/{id}/submit", post(alerts::submit::<M>))
        .route("/alerts/{id}/approve", post(alerts::approve::<M>))
        .route("/alerts/{id}/release", post(alerts::release::<M>))
        .route("/alerts/{id}/recall", post(alerts::recall::<M>))
        .route("/plans/{id}/unconfirmed", get(alerts::unconfirmed::<M>))
        .with_state(door)
}

async fn health(State(city): State<Arc<City>>) -> (StatusCode, Json<Value>) {
    let halted = city.live.engine().halted().or_else(|| city.drill.engine().halted());
    let status = if halted.is_some() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (status, Json(json!({ "ok": halted.is_none(), "halted": halted, "engine": city.store.engine() })))
}
