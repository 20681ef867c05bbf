//! JSON bodies: what is no JSON, or has a wrong field, gets the door's own refusal, by field and in both languages.

use super::ApiError;
use crate::complaint;
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
};
use mingluo_model::alert::ContentHash;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _, Unexpected},
};

/// What a content hash is written as.
pub(crate) const HASH: &str = "64 hexadecimal digits, the content_hash that the alert was shown with";

/// The content that a signer was shown.
pub(super) struct Shown(pub(super) ContentHash);

impl<'de> Deserialize<'de> for Shown {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let hash = word.parse().map_err(|_| D::Error::invalid_value(Unexpected::Str(&word), &HASH))?;
        Ok(Self(hash))
    }
}

/// A body that must be there; without one its first field is what is missing.
pub(super) struct Body<T>(pub(super) T);

/// A body that may be missing; then it is the default.
pub(super) struct MaybeBody<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = bytes(request, state).await?;
        Ok(Self(complaint::json(if bytes.is_empty() { b"{}" } else { &bytes })?))
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
