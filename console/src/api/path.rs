//! Ids in paths: what is no id gets the door's own refusal.

use super::ApiError;
use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use std::str::FromStr;

/// An id in the path.
pub(super) struct Id<T>(pub(super) T);

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(word) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|error| ApiError::BadRequest { detail: error.body_text() })?;
        let no_id = || {
            let word: String = word.chars().take(80).collect();
            ApiError::BadId { value: word }
        };
        word.parse().map(Self).map_err(|_| no_id())
    }
}
