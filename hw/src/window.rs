//! Between the box and the people beside it (本机窗口): what it lets be seen, and what may be asked of it. The agent holds one
//! end and looks at it on its round; whoever shows pages holds the other. Neither waits for the other: what is seen is a
//! copy, and asks stand in a short queue.

use crate::{journal::Note, papers::PapersView, selftest::Kind};
use mingluo_model::{
    bulletin::{BroadcastClass, Bulletin, EbmId, ResourceCode},
    clock::Timestamp,
    grade::Grade,
    link::{DeviceState, Health, SelfTest},
    mode::ModeKind,
    region::{Level, RegionCode},
};
use serde::Deserialize;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

/// Asks that may stand in the queue; whoever comes then is told that the box is busy.
const MOST_ASKS: usize = 4;

/// What is seen at one moment.
#[derive(Debug, Clone)]
pub struct View {
    /// When that was, by the box's clock.
    pub at: Timestamp,
    /// The box's resource code.
    pub code: ResourceCode,
    /// The village's code.
    pub region: RegionCode,
    /// Real warnings or exercises.
    pub mode: ModeKind,
    /// Its software.
    pub firmware: String,
    /// How it is.
    pub state: DeviceState,
    /// Whether it knows what time it is.
    pub knows_time: bool,
    /// Whether the city has answered in this session.
    pub is_linked: bool,
    /// When the city was last heard, in this run of the program.
    pub last_heard: Option<Timestamp>,
    /// The version of the key set that it believes.
    pub key_set: u64,
    /// Its certificate; `None` for a pretend box that renews none.
    pub papers: Option<PapersView>,
    /// Reports that the city has not committed.
    pub n_pending: usize,
    /// Whether the lid is open; `None` without a switch under it.
    pub is_open: Option<bool>,
    /// Mains, battery, temperature and the last self-test.
    pub health: Health,
    /// What sounds.
    pub playing: Option<Piece>,
    /// What waits, the next in turn first.
    pub waiting: Vec<Piece>,
    /// The latest self-tests, oldest first.
    pub tests: Vec<SelfTest>,
    /// The latest events, oldest first.
    pub notes: Vec<Note>,
}

/// What sounds or waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its name.
    pub ebm: EbmId,
    /// Whence it is.
    pub origin: Origin,
    /// Its words.
    pub script: String,
    /// When it may begin.
    pub start: Timestamp,
    /// Whether it may be stopped at the box.
    pub may_be_stopped: bool,
}

/// Whence something is that sounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A bulletin of this tier, class and grade.
    Bulletin(Level, BroadcastClass, Option<Grade>),
    /// The button at the box.
    Button,
    /// A self-test.
    Test(Kind),
}

/// How grave a bulletin may be that people at the box stop (本地停播权限). A red one stands above all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MayStop {
    /// Nothing that came from outside: only the village's own alarm and self-tests.
    Own,
    /// Daily broadcasts too.
    #[default]
    Daily,
    /// Blue bulletins too.
    Blue,
    /// Yellow ones too.
    Yellow,
    /// Orange ones too.
    Orange,
}

impl MayStop {
    /// Whether this bulletin of somebody else may be stopped. An exercise is judged as what it exercises, and a bulletin
    /// without a grade that is not daily may be anything.
    pub fn allows(self, bulletin: &Bulletin) -> bool {
        match (bulletin.grade, bulletin.class) {
            (Some(Grade::Orange), _) => self >= Self::Orange,
            (Some(Grade::Yellow), _) => self >= Self::Yellow,
            (Some(Grade::Blue), _) => self >= Self::Blue,
            (None, BroadcastClass::Daily) => self >= Self::Daily,
            (Some(Grade::Red) | None, _) => false,
        }
    }
}

/// What may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Stop what is played, if it is still this.
    Stop(EbmId),
    /// Hold a self-test.
    Test(Kind),
}

/// What becomes of a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It is done, or begun.
    Done,
    /// That is not played any more.
    NotPlayed,
    /// People at the box may not stop that.
    NotAllowed,
    /// Something sounds or waits, so no test is held.
    Occupied,
    /// The box is busy or cannot write; ask again.
    Busy,
}

/// A wish, and where the answer goes.
pub(crate) struct Ask {
    pub(crate) wish: Wish,
    pub(crate) answer: oneshot::Sender<Answer>,
}

/// The agent's end.
pub struct Window {
    pub(crate) view: watch::Sender<Option<Arc<View>>>,
    pub(crate) asks: mpsc::Receiver<Ask>,
    pub(crate) may_stop: MayStop,
}

/// The end of whoever shows pages.
#[derive(Clone)]
pub struct Outside {
    view: watch::Receiver<Option<Arc<View>>>,
    asks: mpsc::Sender<Ask>,
}

/// Both ends of a window.
pub fn window(may_stop: MayStop) -> (Window, Outside) {
    let ((shown, view), (asks, asked)) = (watch::channel(None), mpsc::channel(MOST_ASKS));
    (Window { view: shown, asks: asked, may_stop }, Outside { view, asks })
}

impl Outside {
    /// What is seen; `None` until the box has gone its first round.
    pub fn view(&self) -> Option<Arc<View>> {
        self.view.borrow().clone()
    }

    /// Asks for something.
    pub async fn ask(&self, wish: Wish) -> Answer {
        let (answer, answered) = oneshot::channel();
        if self.asks.try_send(Ask { wish, answer }).is_err() {
            return Answer::Busy;
        }
        answered.await.unwrap_or(Answer::Busy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::village::bulletin;

    const EVERY: [MayStop; 5] =
        [MayStop::Own, MayStop::Daily, MayStop::Blue, MayStop::Yellow, MayStop::Orange];

    #[test]
    fn no_policy_lets_a_red_one_be_stopped() {
        for class in BroadcastClass::ALL {
            let red = Bulletin { class, grade: Some(Grade::Red), ..bulletin(1) };
            assert!(EVERY.iter().all(|policy| !policy.allows(&red)));
        }
    }

    #[test]
    fn each_policy_lets_through_what_it_names_and_what_is_lighter() {
        let graded = |grade| Bulletin { grade: Some(grade), ..bulletin(1) };
        let daily = Bulletin { grade: None, class: BroadcastClass::Daily, ..bulletin(1) };
        let ladder = [daily, graded(Grade::Blue), graded(Grade::Yellow), graded(Grade::Orange)];
        for (height, policy) in EVERY.into_iter().enumerate() {
            let n_allowed = ladder.iter().filter(|it| policy.allows(it)).count();
            assert_eq!(n_allowed, height, "{policy:?}");
        }
        let unknown = Bulletin { grade: None, ..bulletin(1) };
        assert!(EVERY.iter().all(|policy| !policy.allows(&unknown)));
    }
}
