//! Why a whole call came to nothing, in the classes that decide what becomes of its numbers.

use std::time::Duration;

use mingluo_model::{
    channel::{Refusal, SendError, Verdict},
    delivery::Reason,
};

use crate::sms::session::{THROTTLED, refusal};

/// What became of a call that was not answered number by number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing was sent; slow down.
    Busy(Duration),
    /// Nothing was sent, and nothing will be: who calls is not let in (keys, clock, addresses).
    Refused(String),
    /// Nothing was sent, since no connection could be had.
    Unreachable(String),
    /// Nothing was sent because of one of the numbers, and the provider does not say which.
    Number(Refusal),
    /// Nothing was sent, and trying again cannot help.
    Permanent(Refusal),
    /// Nothing was sent this time.
    Temporary(Refusal),
    /// Nobody can say whether it was sent.
    Lost,
}

impl Fault {
    /// The pause that every provider gets that says no more than "too fast".
    pub(super) const THROTTLED: Self = Self::Busy(THROTTLED);

    pub(super) fn number(reason: Reason, code: &str) -> Self {
        Self::Number(refusal(reason, code.to_owned()))
    }

    pub(super) fn permanent(reason: Reason, code: &str) -> Self {
        Self::Permanent(refusal(reason, code.to_owned()))
    }

    pub(super) fn temporary(reason: Reason, code: &str) -> Self {
        Self::Temporary(refusal(reason, code.to_owned()))
    }

    /// The class, where the far side had no words of its own.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Busy(_) => "busy",
            Self::Refused(_) => "refused",
            Self::Unreachable(_) => "out of reach",
            Self::Number(_) | Self::Permanent(_) | Self::Temporary(_) => "not taken",
            Self::Lost => "no answer",
        }
    }

    /// What it means for each number of the call. One that is not let in, or finds nobody, has lost nothing: it waits.
    pub(super) fn verdict(&self) -> Verdict {
        match self {
            Self::Busy(retry_after) => Verdict::Busy { retry_after: *retry_after },
            Self::Refused(_) | Self::Unreachable(_) => Verdict::Busy { retry_after: THROTTLED },
            Self::Number(refusal) | Self::Permanent(refusal) => Verdict::Permanent(refusal.clone()),
            Self::Temporary(refusal) => Verdict::Temporary(refusal.clone()),
            Self::Lost => Verdict::Lost,
        }
    }

    /// Why no session can be had, or none can go on.
    pub(super) fn at_the_door(self) -> SendError {
        match self {
            Self::Busy(retry_after) => SendError::Busy { retry_after },
            Self::Refused(detail) => SendError::Refused { detail },
            Self::Unreachable(detail) => SendError::Unreachable { detail },
            Self::Number(refusal) | Self::Permanent(refusal) | Self::Temporary(refusal) => {
                SendError::Unreachable { detail: refusal.far_code }
            }
            Self::Lost => SendError::Unreachable { detail: "no answer from the provider".into() },
        }
    }
}
