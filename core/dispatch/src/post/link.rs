//! Whether an account can send (通道状态): its sessions, a login that is refused, hours in which it may not. It decides
//! nothing; who hands over asks.

use super::{REFUSED_PAUSE, STEADY, mute::Vain};
use mingluo_model::{
    channel::{Refusal, SendError},
    clock::Timestamp,
    delivery::Reason,
};
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
    /// Its sessions are open, and nothing is taken: every answer is a refusal for now, or none comes (连着但不受理).
    Mute {
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
        /// Our class for it: what those are told failed by who are left to others.
        reason: Reason,
    },
}

/// What is known of an account's sessions.
#[derive(Debug)]
pub(super) struct Watched {
    open: u32,
    /// Whether one was ever lost.
    lost_any: bool,
    /// Since when no session works.
    down_since: Option<Timestamp>,
    /// Since when none worked before the one that is open, and when that was opened in the clock's ticks: a gateway that
    /// lets us in and drops us works no better than one that does not.
    unproven: Option<(Timestamp, Duration)>,
    refused: Option<String>,
    /// Providers without a login refuse at the first call: their sessions open all the same and prove nothing. Until when
    /// they are believed, in the clock's ticks.
    refused_at_work: Option<Duration>,
    closed: Option<(Timestamp, Refusal)>,
    /// What was said in vain since something was taken last.
    vain: Vain,
    /// When that was, in the clock's ticks.
    took_at: Duration,
    /// When a closed account is tried again, in the clock's ticks.
    closed_until: Duration,
}

impl Watched {
    pub(super) const fn since(start: Timestamp) -> Self {
        let down_since = Some(start);
        Self {
            open: 0,
            lost_any: false,
            down_since,
            unproven: None,
            refused: None,
            refused_at_work: None,
            closed: None,
            vain: Vain::NONE,
            took_at: Duration::ZERO,
            closed_until: Duration::ZERO,
        }
    }

    pub(super) fn opened(&mut self, ticks: Duration) {
        self.open += 1;
        self.forget_refusal(ticks);
        if self.refused_at_work.is_some() {
            return;
        }
        self.refused = None;
        // The first one is believed: nothing speaks against it yet.
        let since = self.down_since.take().filter(|_| self.lost_any);
        self.unproven = since.map(|since| (since, ticks)).or(self.unproven);
    }

    /// A session ended.
    pub(super) fn ended(&mut self, error: Option<&SendError>, now: Timestamp, ticks: Duration) {
        self.open = self.open.saturating_sub(1);
        self.lost_any = true;
        self.forget_refusal(ticks);
        if let Some(SendError::Refused { detail }) = error {
            (self.refused, self.refused_at_work) = (Some(detail.clone()), Some(ticks + REFUSED_PAUSE));
        }
        let unproven = self.unproven_at(ticks);
        if self.open == 0 || self.refused_at_work.is_some() {
            self.down_since.get_or_insert(unproven.unwrap_or(now));
            self.unproven = None;
        } else if let Some(since) = unproven {
            // The others were let in by the same gateway, and have to last from now on.
            self.unproven = Some((since, ticks));
        }
    }

    /// What was said at work so long ago says nothing of what happens now: an account that cannot be reached is down.
    fn forget_refusal(&mut self, ticks: Duration) {
        if self.refused_at_work.is_some_and(|until| until <= ticks) {
            (self.refused_at_work, self.refused) = (None, None);
        }
    }

    /// Since when nothing has been proven to work, although a session is open.
    fn unproven_at(&self, ticks: Duration) -> Option<Timestamp> {
        let (since, opened) = self.unproven?;
        (ticks.saturating_sub(opened) < STEADY).then_some(since)
    }

    /// A session could not be had.
    pub(super) fn failed(&mut self, error: &SendError, now: Timestamp, ticks: Duration) {
        self.forget_refusal(ticks);
        if let SendError::Refused { detail } = error {
            self.refused = Some(detail.clone());
        }
        if self.open == 0 {
            self.down_since.get_or_insert(now);
        }
    }

    /// Answers that took nothing came, and no other.
    pub(super) fn took_nothing(&mut self, answers: u32, now: Timestamp, ticks: Duration) {
        self.vain.hear(answers, now, ticks);
    }

    /// Nothing that is on a session was answered for so long.
    pub(super) fn answered_nothing(&mut self, waited: Duration, now: Timestamp, ticks: Duration) {
        let first = ticks.saturating_sub(waited).max(self.took_at);
        let since = Timestamp(now.0 - ticks.saturating_sub(first).as_millis() as i64);
        self.vain.hear(1, since, first);
        self.vain.hear(1, now, ticks);
    }

    /// Whether the gateway itself is at fault, and not what it was given, when it refuses for now.
    pub(super) fn is_at_fault(&self, ticks: Duration) -> bool {
        self.vain.is_everybodys(ticks)
    }

    /// Something was taken: the account works.
    pub(super) fn took(&mut self, ticks: Duration) {
        self.took_at = ticks;
        (self.closed, self.unproven, self.vain) = (None, None, Vain::NONE);
        if self.refused_at_work.take().is_some() {
            (self.down_since, self.refused) = (None, None);
        }
    }

    /// The account may send nothing just now, and is tried again at `until`; whether that is new.
    pub(super) fn close(&mut self, refusal: Refusal, now: Timestamp, until: Duration) -> bool {
        self.closed_until = until;
        let is_new = self.closed.is_none();
        self.closed.get_or_insert((now, refusal));
        is_new
    }

    /// How long a closed account rests still.
    pub(super) fn rest(&self, now: Duration) -> Duration {
        if self.closed.is_some() { self.closed_until.saturating_sub(now) } else { Duration::ZERO }
    }

    /// How the account stands, as people are told: what it said holds until it takes something.
    pub(super) fn link(&self, now: Duration) -> Link {
        self.unless_mute(self.unless_closed(self.closed.as_ref()), now)
    }

    /// The same for who decides where to send: what the account itself said is believed until its rest is over, then it may
    /// be tried again; and a session that has proven nothing yet is none.
    pub(super) fn link_at(&self, now: Duration) -> Link {
        if self.refused_at_work.is_some_and(|until| until <= now) {
            return Link::Up;
        }
        match self.unless_closed(self.closed.as_ref().filter(|_| !self.rest(now).is_zero())) {
            Link::Up => {
                let link = self.unproven_at(now).map_or(Link::Up, |since| Link::Down { since });
                self.unless_mute(link, now)
            }
            other => other,
        }
    }

    fn unless_mute(&self, link: Link, now: Duration) -> Link {
        match (link, self.vain.since(now)) {
            (Link::Up, Some(since)) => Link::Mute { since },
            (other, _) => other,
        }
    }

    fn unless_closed(&self, closed: Option<&(Timestamp, Refusal)>) -> Link {
        match (closed, self.down_since, &self.refused) {
            (Some((since, Refusal { reason, far_code })), ..) => {
                Link::Closed { since: *since, detail: far_code.clone(), reason: *reason }
            }
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
            Self::Down { since } | Self::Mute { since } | Self::Refused { since, .. } => {
                now.since(*since) >= patience
            }
        }
    }

    /// The word in audit lines and language files.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down { .. } => "down",
            Self::Mute { .. } => "mute",
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

    const fn ticks(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn an_account_is_down_when_its_last_session_is_and_until_one_is_back() {
        let mut watched = Watched::since(START);
        assert_eq!(watched.link(Duration::ZERO), Link::Down { since: START });
        watched.opened(ticks(0));
        watched.opened(ticks(0));
        watched.ended(None, after(15), ticks(15));
        assert_eq!(watched.link(Duration::ZERO), Link::Up);
        watched.ended(None, after(16), ticks(16));
        watched.failed(&SendError::Unreachable { detail: "no route".into() }, after(17), ticks(17));
        assert_eq!(watched.link(Duration::ZERO), Link::Down { since: after(16) });
        let patience = Duration::from_secs(30);
        assert_eq!(
            [45, 46].map(|at| watched.link(Duration::ZERO).is_past(patience, after(at))),
            [false, true]
        );
        watched.opened(ticks(50));
        assert_eq!(watched.link(Duration::ZERO), Link::Up);
    }

    #[test]
    fn sessions_that_are_dropped_while_others_are_let_in_prove_nothing_together() {
        let mut watched = Watched::since(START);
        watched.opened(ticks(0));
        watched.ended(None, after(1), ticks(1));
        watched.opened(ticks(2));
        for second in (5..40).step_by(3) {
            watched.opened(ticks(second));
            // The one that was opened before it is dropped after six seconds.
            watched.ended(None, after(second as i64 + 3), ticks(second + 3));
            assert_eq!(watched.link_at(ticks(second + 3)), Link::Down { since: after(1) }, "second {second}");
        }
        assert_eq!(watched.link_at(ticks(60)), Link::Up, "the last one lasts");
    }

    #[test]
    fn a_gateway_that_answers_nothing_is_mute_since_the_first_that_it_did_not_answer_or_what_it_took_last() {
        let patience = Duration::from_secs(30);
        for (took, since) in [(0, 10), (25, 25)] {
            let mut watched = Watched::since(START);
            watched.opened(ticks(0));
            watched.took(ticks(took));
            watched.answered_nothing(patience, after(40), ticks(40));
            let mute = Link::Mute { since: after(since) };
            assert_eq!([watched.link(ticks(40)), watched.link_at(ticks(40))], [mute.clone(), mute]);
            watched.took(ticks(41));
            assert_eq!(watched.link(ticks(41)), Link::Up);
        }
    }

    #[test]
    fn a_gateway_that_lets_us_in_and_drops_us_is_down_since_it_last_worked() {
        let mut watched = Watched::since(START);
        watched.opened(ticks(0));
        assert_eq!(watched.link_at(ticks(0)), Link::Up, "the first one is believed");
        watched.ended(None, after(1), ticks(1));
        for second in [2, 12, 22] {
            watched.opened(ticks(second));
            assert_eq!(watched.link(Duration::ZERO), Link::Up, "people see an open session");
            let down = Link::Down { since: after(1) };
            assert_eq!(watched.link_at(ticks(second + 9)), down, "who decides does not count on it");
            watched.ended(None, after(second as i64 + 9), ticks(second + 9));
            assert_eq!(watched.link(Duration::ZERO), down);
        }
        watched.opened(ticks(32));
        assert_eq!(watched.link_at(ticks(42)), Link::Up, "one that lasts is good");
        watched.ended(None, after(43), ticks(43));
        watched.opened(ticks(44));
        watched.took(Duration::ZERO);
        assert_eq!(watched.link_at(ticks(44)), Link::Up, "and so is one that takes");
        watched.ended(None, after(45), ticks(45));
        assert_eq!(watched.link(Duration::ZERO), Link::Down { since: after(45) });
    }

    #[test]
    fn a_refused_login_says_so_and_a_session_of_a_provider_without_one_proves_nothing() {
        let mut watched = Watched::since(START);
        watched.failed(&refused(), after(1), ticks(1));
        assert!(matches!(watched.link(Duration::ZERO), Link::Refused { since: START, .. }));
        watched.opened(ticks(1));
        assert_eq!(watched.link(Duration::ZERO), Link::Up);
        watched.ended(Some(&refused()), after(2), ticks(2));
        watched.opened(ticks(3));
        assert!(matches!(watched.link(Duration::ZERO), Link::Refused { .. }));
        watched.took(Duration::ZERO);
        assert_eq!(watched.link(Duration::ZERO), Link::Up);
    }

    #[test]
    fn a_provider_that_refused_is_tried_again_after_its_rest_though_nobody_waits_there_any_more() {
        let mut watched = Watched::since(START);
        watched.opened(ticks(0));
        watched.ended(Some(&refused()), after(20), ticks(20));
        assert!(matches!(watched.link_at(ticks(79)), Link::Refused { .. }));
        assert_eq!(watched.link_at(ticks(80)), Link::Up);
        assert!(
            matches!(watched.link(Duration::ZERO), Link::Refused { .. }),
            "people are told what it said last"
        );
        let unreachable = SendError::Unreachable { detail: "no route".into() };
        watched.failed(&unreachable, after(81), ticks(81));
        assert_eq!(
            watched.link_at(ticks(81)),
            Link::Down { since: after(20) },
            "and one that is not there is down"
        );
    }

    #[test]
    fn forbidden_hours_hold_until_something_is_taken() {
        let mut watched = Watched::since(START);
        watched.opened(ticks(0));
        let minute = Duration::from_mins(1);
        let forbidden = Refusal { reason: Reason::NotAllowed, far_code: "74".into() };
        assert!(
            watched.close(forbidden.clone(), after(1), minute) && !watched.close(forbidden, after(2), minute)
        );
        assert_eq!(watched.rest(Duration::from_secs(20)), Duration::from_secs(40));
        assert!(watched.link(Duration::ZERO).is_past(Duration::from_hours(1), after(1)));
        assert!(matches!(
            watched.link_at(minute.saturating_sub(Duration::from_millis(1))),
            Link::Closed { .. }
        ));
        assert_eq!(watched.link_at(minute), Link::Up, "the next morning it is tried again");
        watched.took(Duration::ZERO);
        assert_eq!(watched.link(Duration::ZERO), Link::Up);
    }
}
