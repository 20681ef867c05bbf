//! One broadcast in one box (播发记录), and its state in the numbers of the emergency-broadcast standard.

use crate::{
    bulletin::EbmId,
    clock::Timestamp,
    link::{Event, Report},
};
use serde::{Deserialize, Serialize};

/// The longest reason that is kept, in characters.
const LONGEST_REASON: usize = 64;

/// What became of a broadcast (播发状态), by the standard's number.
///
/// Source: GD/J 082-2018 and GY/T 384-2023, BrdStateCode 0 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum BroadcastState {
    /// 未处理.
    NotHandled = 0,
    /// 等待播发: its start has not come, or another goes first.
    Waiting = 1,
    /// 播发中.
    Playing = 2,
    /// 播发成功.
    Success = 3,
    /// 播发失败: all of it, a part of it, or not as was asked for.
    Failed = 4,
    /// 播发取消.
    Cancelled = 5,
}

impl BroadcastState {
    /// Every state, by its number.
    pub const ALL: [Self; 6] =
        [Self::NotHandled, Self::Waiting, Self::Playing, Self::Success, Self::Failed, Self::Cancelled];

    /// The state of the standard's number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|state| *state as u8 == number)
    }

    /// The standard's number, BrdStateCode.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The word in answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotHandled => "not-handled",
            Self::Waiting => "waiting",
            Self::Playing => "playing",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The standard's words, BrdStateDesc.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::NotHandled => "未处理",
            Self::Waiting => "等待播发",
            Self::Playing => "播发中",
            Self::Success => "播发成功",
            Self::Failed => "播发失败",
            Self::Cancelled => "播发取消",
        }
    }

    /// Whether nothing more will come of it.
    pub const fn is_last(self) -> bool {
        matches!(self, Self::Success | Self::Failed | Self::Cancelled)
    }

    /// The state of a broadcast over all its boxes. `is_over` says that its time has run out: what was not handled by then
    /// has failed. One box that failed makes a failure ("part failed") once nothing is under way any more.
    pub fn of_all(states: impl IntoIterator<Item = Self>, is_over: bool) -> Self {
        let (mut counts, mut n) = ([0_usize; 6], 0);
        for state in states {
            let state = if is_over && !state.is_last() { Self::Failed } else { state };
            counts[state as usize] += 1;
            n += 1;
        }
        let of = |state: Self| counts[state as usize];
        match n {
            0 => Self::NotHandled,
            _ if of(Self::Playing) > 0 => Self::Playing,
            _ if of(Self::NotHandled) == n => Self::NotHandled,
            _ if of(Self::NotHandled) + of(Self::Waiting) > 0 => Self::Waiting,
            _ if of(Self::Failed) > 0 => Self::Failed,
            _ if of(Self::Cancelled) == n => Self::Cancelled,
            _ => Self::Success,
        }
    }
}

/// One broadcast in one box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Playout {
    /// The bulletin.
    pub ebm: EbmId,
    /// Where it stands.
    pub state: BroadcastState,
    /// When the box first told of it.
    pub first: Timestamp,
    /// When sound began.
    #[serde(default)]
    pub started: Option<Timestamp>,
    /// When it was over, however it went.
    #[serde(default)]
    pub ended: Option<Timestamp>,
    /// What the sense input says: `None` if it says nothing.
    #[serde(default)]
    pub heard: Option<bool>,
    /// Why it failed or was cancelled, as a word of the link; empty if it did not.
    #[serde(default)]
    pub reason: String,
}

impl Playout {
    /// A broadcast of which nothing is known yet.
    pub const fn new(ebm: EbmId, first: Timestamp) -> Self {
        let state = BroadcastState::NotHandled;
        Self { ebm, state, first, started: None, ended: None, heard: None, reason: String::new() }
    }

    /// Takes in what the box reports. Reports come again and not always in order: what is over stays over, and an event
    /// that is told twice changes nothing.
    pub fn apply(&mut self, report: &Report) {
        let at = report.at;
        self.first = self.first.min(at);
        match report.event {
            Event::Received | Event::Other => {}
            Event::Verified => self.go_on(BroadcastState::Waiting),
            Event::Playing => {
                self.started = Some(self.started.map_or(at, |started| started.min(at)));
                self.go_on(BroadcastState::Playing);
            }
            Event::Sounded => {
                self.started.get_or_insert(at);
                self.heard = Some(true);
                self.go_on(BroadcastState::Playing);
            }
            Event::NotHeard => {
                self.heard.get_or_insert(false);
                self.go_on(BroadcastState::Playing);
                self.judge_silence();
            }
            Event::Ended => self.end(BroadcastState::Success, at, String::new()),
            Event::Stopped => self.end(BroadcastState::Cancelled, at, "stopped".to_owned()),
            Event::Preempted => self.end(BroadcastState::Failed, at, "preempted".to_owned()),
            Event::Expired => self.end(BroadcastState::Failed, at, "expired".to_owned()),
            Event::Interrupted => self.end(BroadcastState::Failed, at, "interrupted".to_owned()),
            // It is tried again, and may sound yet.
            Event::Refused if report.is_passing() => {}
            Event::Refused => {
                let reason =
                    report.reason.chars().filter(char::is_ascii_graphic).take(LONGEST_REASON).collect();
                self.end(BroadcastState::Failed, at, reason);
            }
        }
    }

    fn go_on(&mut self, to: BroadcastState) {
        self.state = self.state.max(to);
    }

    fn end(&mut self, state: BroadcastState, at: Timestamp, reason: String) {
        if !self.state.is_last() {
            (self.state, self.ended, self.reason) = (state, Some(at), reason);
        }
        self.judge_silence();
    }

    /// Played to the end and heard by nobody is "not as was asked for".
    fn judge_silence(&mut self) {
        if self.state == BroadcastState::Success && self.heard == Some(false) {
            (self.state, self.reason) = (BroadcastState::Failed, "not-heard".to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EVENTS: [Event; 11] = [
        Event::Received,
        Event::Verified,
        Event::Refused,
        Event::Playing,
        Event::Sounded,
        Event::NotHeard,
        Event::Ended,
        Event::Preempted,
        Event::Stopped,
        Event::Expired,
        Event::Interrupted,
    ];

    fn ebm() -> EbmId {
        EbmId::new("42104000000000103010101".parse().unwrap(), 20_260_705, 17).unwrap()
    }

    fn report(event: Event, at: i64) -> Report {
        let box_code = "62104231002010314010101".parse().unwrap();
        let (reason, detail) = ("bad-signature".to_owned(), String::new());
        Report { id: 1, ebm: ebm(), box_code, event, reason, at: Timestamp(at), detail }
    }

    fn after(events: &[Event]) -> Playout {
        let mut playout = Playout::new(ebm(), Timestamp(i64::MAX));
        for (event, at) in events.iter().zip(1..) {
            playout.apply(&report(*event, at));
        }
        playout
    }

    #[test]
    fn a_broadcast_goes_through_the_standards_states() {
        use BroadcastState as S;
        use Event as E;
        for (events, code, reason) in [
            (&[E::Received][..], S::NotHandled, ""),
            (&[E::Received, E::Verified], S::Waiting, ""),
            (&[E::Verified, E::Playing], S::Playing, ""),
            (&[E::Verified, E::Playing, E::Sounded, E::Ended], S::Success, ""),
            (&[E::Verified, E::Playing, E::Ended], S::Success, ""),
            (&[E::Verified, E::Playing, E::NotHeard, E::Ended], S::Failed, "not-heard"),
            (&[E::Verified, E::Playing, E::Ended, E::NotHeard], S::Failed, "not-heard"),
            (&[E::Received, E::Refused], S::Failed, "bad-signature"),
            (&[E::Verified, E::Playing, E::Preempted], S::Failed, "preempted"),
            (&[E::Verified, E::Playing, E::Stopped], S::Cancelled, "stopped"),
            (&[E::Verified, E::Expired], S::Failed, "expired"),
            (&[E::Playing, E::Interrupted], S::Failed, "interrupted"),
        ] {
            let playout = after(events);
            assert_eq!((playout.state, playout.reason.as_str()), (code, reason), "{events:?}");
        }
        let played = after(&[E::Received, E::Verified, E::Playing, E::Sounded, E::Ended]);
        let times = (played.first, played.started, played.ended, played.heard);
        assert_eq!(times, (Timestamp(1), Some(Timestamp(3)), Some(Timestamp(5)), Some(true)));
    }

    #[test]
    fn what_was_refused_for_the_moment_may_sound_yet() {
        let mut playout = Playout::new(ebm(), Timestamp(1));
        for reason in ["clock-untrusted", "not-yet"] {
            playout.apply(&Report { reason: reason.to_owned(), ..report(Event::Refused, 1) });
            assert_eq!(playout.state, BroadcastState::NotHandled);
        }
        for event in [Event::Verified, Event::Playing, Event::Sounded, Event::Ended] {
            playout.apply(&report(event, 2));
        }
        assert_eq!((playout.state, &*playout.reason), (BroadcastState::Success, ""));
    }

    #[test]
    fn all_boxes_together_have_one_state() {
        use BroadcastState as S;
        for (states, now, over) in [
            (&[][..], S::NotHandled, S::NotHandled),
            (&[S::NotHandled, S::NotHandled], S::NotHandled, S::Failed),
            (&[S::Success, S::NotHandled], S::Waiting, S::Failed),
            (&[S::Success, S::Playing, S::Failed], S::Playing, S::Failed),
            (&[S::Success, S::Success], S::Success, S::Success),
            (&[S::Success, S::Failed], S::Failed, S::Failed),
            (&[S::Cancelled, S::Cancelled], S::Cancelled, S::Cancelled),
            (&[S::Success, S::Cancelled], S::Success, S::Success),
        ] {
            let of = |is_over| S::of_all(states.iter().copied(), is_over);
            assert_eq!((of(false), of(true)), (now, over), "{states:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_over_stays_over_and_a_repeat_changes_nothing(order in prop::collection::vec(0..EVENTS.len(), 0..24)) {
            let events: Vec<Event> = order.into_iter().map(|at| EVENTS[at]).collect();
            let mut playout = Playout::new(ebm(), Timestamp(i64::MAX));
            for (event, at) in events.iter().zip(1..) {
                let (before, ended) = (playout.state, playout.ended);
                playout.apply(&report(*event, at));
                if before.is_last() {
                    prop_assert!(playout.state.is_last());
                    prop_assert_eq!(playout.ended, ended);
                }
                let once = playout.clone();
                playout.apply(&report(*event, at));
                prop_assert_eq!(&playout, &once);
            }
        }
    }
}
