//! Whether an account can send (通道状态): its sessions, a login that is refused, hours in which it may not. It decides
//! nothing; who hands over asks.

use mingluo_model::{channel::SendError, clock::Timestamp};
use serde::Serialize;
use std::time::Duration;

/// How an account stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum Link {
    /// It sends, or would.
    Up,
    /// No session since then (断线).
    Down {
        /// Since when.
        since: Timestamp,
    },
    /// The gateway refuses the login or the account (拒绝登录).
    Refused {
        /// Since when.
        since: Timestamp,
        /// In the gateway's words.
        detail: String,
    },
    /// It may send nothing just now: forbidden hours, a used-up quota (暂停下发).
    Closed {
        /// Since when.
        since: Timestamp,
        /// In the gateway's words.
        detail: String,
    },
}

/// What is known of an account's sessions.
#[derive(Debug)]
pub(super) struct Watched {
    open: u32,
    /// Since when no session works.
    down_since: Option<Timestamp>,
    refused: Option<String>,
    /// Providers without a login refuse at the first call: their sessions open all the same and prove nothing.
    refused_at_work: bool,
    closed: Option<(Timestamp, String)>,
    /// When a closed account is tried again, in the clock's ticks.
    closed_until: Duration,
}

impl Watched {
    pub(super) const fn since(start: Timestamp) -> Self {
        let down_since = Some(start);
        let (refused, closed) = (None, None);
        Self { open: 0, down_since, refused, refused_at_work: false, closed, closed_until: Duration::ZERO }
    }

    pub(super) fn opened(&mut self) {
        self.open += 1;
        if !self.refused_at_work {
            (self.down_since, self.refused) = (None, None);
        }
    }

    /// A session ended.
    pub(super) fn ended(&mut self, error: Option<&SendError>, now: Timestamp) {
        self.open = self.open.saturating_sub(1);
        if let Some(SendError::Refused { detail }) = error {
            (self.refused, self.refused_at_work) = (Some(detail.clone()), true);
        }
        if self.open == 0 || self.refused_at_work {
            self.down_since.get_or_insert(now);
        }
    }

    /// A session could not be had.
    pub(super) fn failed(&mut self, error: &SendError, now: Timestamp) {
        if let SendError::Refused { detail } = error {
            self.refused = Some(detail.clone());
        }
        if self.open == 0 {
            self.down_since.get_or_insert(now);
        }
    }

    /// Something was taken: the account works.
    pub(super) fn took(&mut self) {
        self.closed = None;
        if self.refused_at_work {
            (self.down_since, self.refused, self.refused_at_work) = (None, None, false);
        }
    }

    /// The account may send nothing just now, and is tried again at `until`; whether that is new.
    pub(super) fn close(&mut self, detail: String, now: Timestamp, until: Duration) -> bool {
        self.closed_until = until;
        let is_new = self.closed.is_none();
        self.closed.get_or_insert((now, detail));
        is_new
    }

    /// How long a closed account rests still.
    pub(super) fn rest(&self, now: Duration) -> Duration {
        if self.closed.is_some() { self.closed_until.saturating_sub(now) } else { Duration::ZERO }
    }

    /// How the account stands, as people are told: what it said holds until it takes something.
    pub(super) fn link(&self) -> Link {
        self.unless_closed(self.closed.as_ref())
    }

    /// The same for who decides where to send: a closed account whose rest is over may be tried again.
    pub(super) fn link_at(&self, now: Duration) -> Link {
        self.unless_closed(self.closed.as_ref().filter(|_| !self.rest(now).is_zero()))
    }

    fn unless_closed(&self, closed: Option<&(Timestamp, String)>) -> Link {
        match (closed, self.down_since, &self.refused) {
            (Some((since, detail)), ..) => Link::Closed { since: *since, detail: detail.clone() },
            (None, Some(since), Some(detail)) => Link::Refused { since, detail: detail.clone() },
            (None, Some(since), None) => Link::Down { since },
            (None, None, _) => Link::Up,
        }
    }
}

impl Link {
    /// Whether it has been so bad for so long that another account is to send: at once where the account itself said that
    /// it may not.
    pub fn is_past(&self, patience: Duration, now: Timestamp) -> bool {
        match self {
            Self::Up => false,
            Self::Closed { .. } => true,
            Self::Down { since } | Self::Refused { since, .. } => now.since(*since) >= patience,
        }
    }

    /// The word in audit lines and language files.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down { .. } => "down",
            Self::Refused { .. } => "refused",
            Self::Closed { .. } => "closed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_000_000);

    fn after(seconds: i64) -> Timestamp {
        Timestamp(START.0 + seconds * 1_000)
    }

    fn refused() -> SendError {
        SendError::Refused { detail: "authentication".into() }
    }

    #[test]
    fn an_account_is_down_when_its_last_session_is_and_until_one_is_back() {
        let mut watched = Watched::since(START);
        assert_eq!(watched.link(), Link::Down { since: START });
        watched.opened();
        watched.opened();
        watched.ended(None, after(5));
        assert_eq!(watched.link(), Link::Up);
        watched.ended(None, after(6));
        watched.failed(&SendError::Unreachable { detail: "no route".into() }, after(7));
        assert_eq!(watched.link(), Link::Down { since: after(6) });
        let patience = Duration::from_secs(30);
        assert_eq!([35, 36].map(|at| watched.link().is_past(patience, after(at))), [false, true]);
        watched.opened();
        assert_eq!(watched.link(), Link::Up);
    }

    #[test]
    fn a_refused_login_says_so_and_a_session_of_a_provider_without_one_proves_nothing() {
        let mut watched = Watched::since(START);
        watched.failed(&refused(), after(1));
        assert!(matches!(watched.link(), Link::Refused { since: START, .. }));
        watched.opened();
        assert_eq!(watched.link(), Link::Up);
        watched.ended(Some(&refused()), after(2));
        watched.opened();
        assert!(matches!(watched.link(), Link::Refused { .. }));
        watched.took();
        assert_eq!(watched.link(), Link::Up);
    }

    #[test]
    fn forbidden_hours_hold_until_something_is_taken() {
        let mut watched = Watched::since(START);
        watched.opened();
        let minute = Duration::from_mins(1);
        assert!(
            watched.close("74".into(), after(1), minute) && !watched.close("74".into(), after(2), minute)
        );
        assert_eq!(watched.rest(Duration::from_secs(20)), Duration::from_secs(40));
        assert!(watched.link().is_past(Duration::from_hours(1), after(1)));
        assert!(matches!(
            watched.link_at(minute.saturating_sub(Duration::from_millis(1))),
            Link::Closed { .. }
        ));
        assert_eq!(watched.link_at(minute), Link::Up, "the next morning it is tried again");
        watched.took();
        assert_eq!(watched.link(), Link::Up);
    }
}
