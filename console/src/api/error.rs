//! How the JSON door says no: a status, a code, both languages, the values.

use crate::{complaint::Complaint, office::OfficeError, status::status, tongue::tell_at};
use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use jiff::tz::TimeZone;
use mingluo_ledger::StoreError;
use mingluo_model::problem::Problem;
use serde_json::json;
use std::sync::Arc;

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// No key, or not a good one.
    #[error("not signed in")]
    NotSignedIn,
    /// The request is malformed.
    #[error("bad request: {detail}")]
    BadRequest {
        /// What is wrong.
        detail: String,
    },
    /// What stands for an id in the path is none.
    #[error("id: {value:?} is no id")]
    BadId {
        /// What was given, cut.
        value: String,
    },
    /// The body is no JSON, or has a field that cannot be used.
    #[error("bad body: {0}")]
    BadBody(#[from] Complaint),
    /// There is nothing under this path.
    #[error("there is no path {path}")]
    NoPath {
        /// The path.
        path: String,
    },
    /// The path exists, the method does not.
    #[error("{path} does not take {method}")]
    WrongMethod {
        /// The method.
        method: String,
        /// The path.
        path: String,
    },
    /// The office refuses.
    #[error(transparent)]
    Office(#[from] OfficeError),
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::Office(error.into())
    }
}

impl Problem for ApiError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "not-signed-in",
            Self::BadRequest { .. } => "bad-request",
            Self::BadId { .. } => "bad-id",
            Self::BadBody(complaint) => complaint.code(),
            Self::NoPath { .. } => "no-path",
            Self::WrongMethod { .. } => "wrong-method",
            Self::Office(error) => error.code(),
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NotSignedIn => Vec::new(),
            Self::BadRequest { detail } => vec![("detail", detail.clone())],
            Self::BadId { value } => vec![("value", value.clone())],
            Self::BadBody(complaint) => complaint.fields(),
            Self::NoPath { path } => vec![("path", path.clone())],
            Self::WrongMethod { method, path } => vec![("method", method.clone()), ("path", path.clone())],
            Self::Office(error) => error.fields(),
        }
    }
}

impl ApiError {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotSignedIn => StatusCode::UNAUTHORIZED,
            Self::BadRequest { .. } | Self::BadId { .. } | Self::BadBody(_) => StatusCode::BAD_REQUEST,
            Self::WrongMethod { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoPath { .. } => StatusCode::NOT_FOUND,
            Self::Office(error) => status(error),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.status();
        if status.is_server_error() {
            tracing::error!(error = &self as &dyn std::error::Error, "a request could not be done");
        }
        let mut response = status.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// Writes every refusal in both languages, with times in the zone of the deployment.
pub(super) async fn tell_refusals(State(zone): State<TimeZone>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<Arc<ApiError>>() {
        Some(error) => {
            let told = tell_at(error.as_ref(), &zone);
            (response.status(), Json(json!({ "error": told }))).into_response()
        }
        None => response,
    }
}
