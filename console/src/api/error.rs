//! How the JSON door says no: a status, a code, both languages, the values.

use crate::{
    complaint::Complaint,
    office::OfficeError,
    status::status,
    tongue::{Told, tell},
};
use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use mingluo_ledger::StoreError;
use mingluo_model::problem::Problem;
use serde_json::json;

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
            Self::BadRequest { .. } | Self::BadBody(_) => StatusCode::BAD_REQUEST,
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
        let told: Told = tell(&self);
        (status, Json(json!({ "error": told }))).into_response()
    }
}
