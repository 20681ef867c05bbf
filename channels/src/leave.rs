//! Whether what waited inside a session for a free hand may still begin. Much may have changed meanwhile: its plan was
//! stopped, its time ran out, or the program is about to end.

use mingluo_model::{
    channel::{Recall, Run, Verdict},
    clock::{SharedClock, Timestamp},
    mode::Mode,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// The answer for what did not begin: dispatch looks at it afresh.
pub(crate) const NOT_BEGUN: Verdict = Verdict::Busy { retry_after: Duration::ZERO };

/// Whether an orderly stop of the session began.
#[derive(Debug, Clone, Default)]
pub(crate) struct HeldBack(Arc<AtomicBool>);

impl HeldBack {
    /// Nothing more is to begin.
    pub(crate) fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// The leave of one run's units to begin.
#[derive(Clone)]
pub(crate) struct Leave {
    held_back: HeldBack,
    recall: Recall,
    clock: SharedClock,
    not_after: Timestamp,
}

impl Leave {
    /// That of a run in a session.
    pub(crate) fn of<M: Mode>(run: &Run<M>, held_back: &HeldBack, clock: &SharedClock) -> Self {
        let (held_back, recall) = (held_back.clone(), run.recall.clone());
        Self { held_back, recall, clock: Arc::clone(clock), not_after: run.not_after }
    }

    /// Whether a unit may begin now.
    pub(crate) fn is_given(&self) -> bool {
        let stopped = self.held_back.0.load(Ordering::Acquire) || self.recall.is_called();
        !stopped && self.clock.now() < self.not_after
    }
}
