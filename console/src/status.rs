//! With which HTTP status the office's refusals are answered, at both doors alike: 403 for what is not this officer's
//! business, 409 for what stands otherwise by now, 422 for what was asked for and cannot be.

use crate::office::OfficeError;
use axum::http::StatusCode;
use mingluo_ledger::StoreError;
use mingluo_model::alert::AlertError;

/// The status of a refusal.
pub(crate) fn status(error: &OfficeError) -> StatusCode {
    match error {
        OfficeError::NoSuchAlert { .. }
        | OfficeError::NoSuchBox { .. }
        | OfficeError::NoSuchCall { .. }
        | OfficeError::NoSuchOrder { .. } => StatusCode::NOT_FOUND,
        OfficeError::NoRightToNote => StatusCode::FORBIDDEN,
        OfficeError::Alert(error) => of_rule(error),
        OfficeError::ContentChanged { .. }
        | OfficeError::Void { .. }
        | OfficeError::Store(StoreError::Conflict { .. }) => StatusCode::CONFLICT,
        OfficeError::Store(_) | OfficeError::Engine(_) | OfficeError::Damaged { .. } => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

const fn of_rule(error: &AlertError) -> StatusCode {
    match error {
        AlertError::NoRight { .. }
        | AlertError::AuthorCannotApprove
        | AlertError::BeyondAuthority { .. }
        | AlertError::NotTheAuthor
        | AlertError::AuthorOnly { .. } => StatusCode::FORBIDDEN,
        AlertError::WrongState { .. }
        | AlertError::ApprovedBefore { .. }
        | AlertError::ContentChanged
        | AlertError::HoldOver { .. } => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}
