//! Webhooks (推送订阅) as the ledger keeps them: which warnings a target is to be told of, what became of each there, and the
//! log of requests.

use mingluo_model::{clock::Timestamp, id::AlertId};
use std::time::Duration;

/// What became of a warning at a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookFate {
    /// It is to be sent, or sent again.
    Waiting,
    /// The target took it.
    Taken,
    /// The target does not want warnings like it.
    NotWanted,
    /// It was recalled, or another one followed it, before its hold was over.
    NeverPublic,
    /// It was over before the target took it.
    Over,
}

impl WebhookFate {
    /// All of them, by number.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Taken, Self::NotWanted, Self::NeverPublic, Self::Over];

    pub(crate) const fn number(self) -> i16 {
        match self {
            Self::Waiting => 0,
            Self::Taken => 1,
            Self::NotWanted => 2,
            Self::NeverPublic => 3,
            Self::Over => 4,
        }
    }

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

/// A warning that a target is to be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebhookDue {
    /// The warning.
    pub alert: AlertId,
    /// When its hold ended.
    pub due: Timestamp,
    /// When somebody asked for it to be sent again.
    pub asked: Option<Timestamp>,
}

/// How a warning stands at a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebhookStanding {
    /// What became of it.
    pub fate: WebhookFate,
    /// Requests that were begun. From the first one on the target may know of it, whatever it answered.
    pub tries: u32,
}

/// Which warnings are to be sent again (重放).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay {
    /// This one.
    Alert(AlertId),
    /// All whose hold ended at or after this instant.
    Since(Timestamp),
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookEnd {
    /// The HTTP status, or a word for why none came.
    pub answer: Result<u16, String>,
    /// How long it took; kept to the millisecond.
    pub took: Duration,
}

impl WebhookEnd {
    /// Whether the target took what it was sent: a status of 200 to 299.
    pub fn is_taken(&self) -> bool {
        self.answer.as_ref().is_ok_and(|status| (200..300).contains(status))
    }
}

/// A request to a target, as the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookAttempt {
    /// Its number; later ones have greater numbers.
    pub number: i64,
    /// The target's configured name.
    pub target: String,
    /// The warning.
    pub alert: AlertId,
    /// The type of the event that was told.
    pub event: String,
    /// When it was begun.
    pub begun: Timestamp,
    /// How it ended; `None` while it is under way, or where the program ended in it.
    pub end: Option<WebhookEnd>,
}
