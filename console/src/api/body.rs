//! JSON bodies: what is no JSON, or has a wrong field, gets the door's own refusal, by field and in both languages.

use super::ApiError;
use crate::complaint;
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
};
use serde::de::DeserializeOwned;

/// A body that must be there.
pub(super) struct Body<T>(pub(super) T);

/// A body that may be missing; then it is the default.
pub(super) struct MaybeBody<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        Ok(Self(complaint::json(&bytes(request, state).await?)?))
    }
}

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for MaybeBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = bytes(request, state).await?;
        Ok(Self(if bytes.is_empty() { T::default() } else { complaint::json(&bytes)? }))
    }
}

async fn bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, ApiError> {
    let read = Bytes::from_request(request, state).await;
    read.map_err(|error| ApiError::BadRequest { detail: error.body_text() })
}
