//! The rules of a warning's life, as the errors of who breaks them.

use crate::{clock::Timestamp, grade::Grade, id::OfficerId, problem::Problem, region::RegionCode};

/// Why a step in a warning's life was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AlertError {
    /// The step does not exist from this state.
    #[error("alert is {state}, it cannot be {step}")]
    WrongState {
        /// The state's word.
        state: &'static str,
        /// The step that was tried.
        step: &'static str,
    },
    /// The officer lacks the right for the step.
    #[error("officer {officer} lacks the right to {step}")]
    NoRight {
        /// Who.
        officer: OfficerId,
        /// The step.
        step: &'static str,
    },
    /// The alert belongs to an organisation that the one that acts is not set over.
    #[error("the alert belongs to scope {scope}, an organisation with scope {own} may not {step} it")]
    BeyondAuthority {
        /// The step.
        step: &'static str,
        /// The scope of the alert's owner.
        scope: RegionCode,
        /// The scope of who acts.
        own: RegionCode,
    },
    /// Somebody else tried to hand the author's words in; handing in is the author's signature.
    #[error("only the author can submit a draft, for this is their signature")]
    NotTheAuthor,
    /// Somebody else tried to take back or to edit what is the author's.
    #[error("only the author can {step} it")]
    AuthorOnly {
        /// The step.
        step: &'static str,
    },
    /// A return without a reason, or with one that is too long.
    #[error("reason: {length} characters; give 1 to {longest}")]
    BadReason {
        /// Characters given.
        length: usize,
        /// Characters allowed.
        longest: usize,
    },
    /// A lift or correction leaves out people whom the earlier alert warned.
    #[error("{part}: {left_out} was warned and would not be told")]
    LeavesOut {
        /// `area` or `groups`.
        part: &'static str,
        /// What is left out.
        left_out: String,
    },
    /// The author tried to approve their own words.
    #[error("the author cannot approve their own alert")]
    AuthorCannotApprove,
    /// The same officer approved before.
    #[error("officer {officer} has approved already")]
    ApprovedBefore {
        /// Who.
        officer: OfficerId,
    },
    /// Too few different people have signed.
    #[error("grade {} needs {needed} different people, {signed} would have signed", grade.word())]
    TooFewPeople {
        /// The grade.
        grade: Grade,
        /// How many the policy wants.
        needed: u8,
        /// How many it would be.
        signed: u8,
    },
    /// The content is not what was signed.
    #[error("the content was changed after it was signed")]
    ContentChanged,
    /// The alert's end lies in the past.
    #[error("the alert expired at {expires:?}")]
    AlreadyExpired {
        /// Its end.
        expires: Timestamp,
    },
    /// The alert would hold longer than its grade allows.
    #[error("expiry: the alert would hold for {hours} hours, grade {} allows {longest}", grade.word())]
    TooLong {
        /// Hours from now to the expiry, rounded up.
        hours: u64,
        /// Hours allowed.
        longest: u8,
        /// The grade.
        grade: Grade,
    },
    /// A region lies outside of the organisation's scope.
    #[error("region {region} lies outside of the organisation's scope {scope}")]
    OutOfScope {
        /// The region.
        region: RegionCode,
        /// The scope.
        scope: RegionCode,
    },
    /// Nobody would be reached.
    #[error("the audience is empty: no recipient in these regions has an address on these channels")]
    EmptyAudience,
    /// The Chinese text is missing or empty.
    #[error("texts: the zh-CN {part} is empty")]
    NoText {
        /// Headline or body.
        part: &'static str,
    },
    /// The hold is over: it can be lifted or corrected, not recalled.
    #[error("the hold ended at {hold_until:?}; lift or correct the alert instead")]
    HoldOver {
        /// When.
        hold_until: Timestamp,
    },
}

impl Problem for AlertError {
    fn code(&self) -> &'static str {
        match self {
            Self::WrongState { .. } => "alert-wrong-state",
            Self::NoRight { .. } => "alert-no-right",
            Self::BeyondAuthority { .. } => "alert-beyond-authority",
            Self::NotTheAuthor => "alert-not-the-author",
            Self::AuthorOnly { .. } => "alert-author-only",
            Self::BadReason { .. } => "alert-bad-reason",
            Self::LeavesOut { .. } => "alert-leaves-out",
            Self::AuthorCannotApprove => "alert-author-cannot-approve",
            Self::ApprovedBefore { .. } => "alert-approved-before",
            Self::TooFewPeople { .. } => "alert-too-few-people",
            Self::ContentChanged => "alert-content-changed",
            Self::AlreadyExpired { .. } => "alert-already-expired",
            Self::TooLong { .. } => "alert-holds-too-long",
            Self::OutOfScope { .. } => "alert-out-of-scope",
            Self::EmptyAudience => "alert-empty-audience",
            Self::NoText { .. } => "alert-no-text",
            Self::HoldOver { .. } => "alert-hold-over",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::WrongState { state, step } => vec![("state", (*state).into()), ("step", (*step).into())],
            Self::NoRight { officer, step } => {
                vec![("officer", officer.to_string()), ("step", (*step).into())]
            }
            Self::BeyondAuthority { step, scope, own } => {
                vec![("step", (*step).into()), ("scope", scope.to_string()), ("own", own.to_string())]
            }
            Self::AuthorOnly { step } => vec![("step", (*step).into())],
            Self::BadReason { length, longest } => {
                vec![("length", length.to_string()), ("longest", longest.to_string())]
            }
            Self::LeavesOut { part, left_out } => {
                vec![("part", (*part).into()), ("left_out", left_out.clone())]
            }
            Self::ApprovedBefore { officer } => vec![("officer", officer.to_string())],
            Self::TooFewPeople { grade, needed, signed } => {
                vec![
                    ("grade", grade.zh().into()),
                    ("needed", needed.to_string()),
                    ("signed", signed.to_string()),
                ]
            }
            Self::AlreadyExpired { expires } => vec![("expires", expires.0.to_string())],
            Self::TooLong { hours, longest, grade } => {
                vec![
                    ("hours", hours.to_string()),
                    ("longest", longest.to_string()),
                    ("grade", grade.zh().into()),
                ]
            }
            Self::OutOfScope { region, scope } => {
                vec![("region", region.to_string()), ("scope", scope.to_string())]
            }
            Self::NoText { part } => vec![("part", (*part).into()), ("field", (*part).into())],
            Self::HoldOver { hold_until } => vec![("until", hold_until.0.to_string())],
            Self::NotTheAuthor | Self::AuthorCannotApprove | Self::ContentChanged | Self::EmptyAudience => {
                Vec::new()
            }
        }
    }
}
