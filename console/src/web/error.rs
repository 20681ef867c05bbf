//! Why a page cannot be shown or a click was not done, with the status and the words. Handlers return it; the outer
//! layer makes a page of it in the visitor's language.

use super::voice::Voice;
use crate::{office::OfficeError, status::status};
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use mingluo_ledger::StoreError;
use mingluo_model::{alert::AlertError, problem::Problem};
use std::{sync::Arc, time::Duration};

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub(super) enum WebError {
    /// No session, or it is over.
    #[error("not signed in")]
    NotSignedIn,
    /// There was a session, and it is over.
    #[error("the session is over")]
    SessionOver,
    /// A click that came from another site.
    #[error("the request came from another site")]
    CrossSite,
    /// A request that our pages would not send.
    #[error("the request cannot be read")]
    Unreadable,
    /// No such page, file or id.
    #[error("there is no such page")]
    NoPage,
    /// A name and password that do not fit.
    #[error("wrong name or password")]
    WrongPassword,
    /// Too many wrong tries.
    #[error("too many tries, wait {} s", wait.as_secs())]
    TooManyTries {
        /// Until the next try is heard.
        wait: Duration,
    },
    /// What was typed as the number of deliveries is no number.
    #[error("deliveries: {typed:?} is no number")]
    NoNumber {
        /// What was typed, cut to a few characters.
        typed: String,
    },
    /// What was given as the end is no time.
    #[error("expires: {value:?} is no time; give it like 2026-07-05T20:00")]
    NoTime {
        /// What was given, cut to a few characters.
        value: String,
    },
    /// Something was left empty that a preview needs; the family word names it.
    #[error("{field} is empty")]
    Empty {
        /// The field.
        field: &'static str,
    },
    /// The office refuses.
    #[error(transparent)]
    Office(#[from] OfficeError),
}

impl From<StoreError> for WebError {
    fn from(error: StoreError) -> Self {
        Self::Office(error.into())
    }
}

impl From<AlertError> for WebError {
    fn from(error: AlertError) -> Self {
        Self::Office(error.into())
    }
}

impl WebError {
    /// What was typed, short enough to be shown again.
    pub(super) fn shown(typed: &str) -> String {
        typed.chars().take(20).collect()
    }

    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NotSignedIn | Self::SessionOver | Self::WrongPassword => StatusCode::UNAUTHORIZED,
            Self::CrossSite => StatusCode::FORBIDDEN,
            Self::Unreadable => StatusCode::BAD_REQUEST,
            Self::NoPage => StatusCode::NOT_FOUND,
            Self::TooManyTries { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::NoNumber { .. } | Self::NoTime { .. } | Self::Empty { .. } => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::Office(error) => status(error),
        }
    }

    /// What happened and how to mend it, in the visitor's language.
    pub(super) fn words(&self, voice: &Voice) -> String {
        match self {
            Self::NotSignedIn | Self::SessionOver => voice.say("error-not-signed-in"),
            Self::CrossSite => voice.say("web-error-cross-site"),
            Self::Unreadable => voice.say("web-error-unreadable"),
            Self::NoPage => voice.say("web-error-no-page"),
            Self::WrongPassword => voice.say("error-wrong-password"),
            Self::TooManyTries { wait } => voice.with("web-error-too-many-tries", "a", wait.as_secs().max(1)),
            Self::NoNumber { typed } => voice.with("web-error-no-number", "a", typed),
            Self::NoTime { value } => voice.with("web-error-no-time", "a", value),
            Self::Empty { field } => voice.say(&format!("web-empty-{field}")),
            Self::Office(error) => voice.problem(error.code(), error.fields()),
        }
    }
}

impl IntoResponse for WebError {
    fn into_response(self) -> Response {
        let status = self.status();
        if status.is_server_error() {
            tracing::error!(error = &self as &dyn std::error::Error, "a page could not be shown");
        }
        let mut response = status.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
