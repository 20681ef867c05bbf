//! Tells followers the rest of an answer, message by message. One answer at a time to a follower, and one a minute: who floods
//! the account gets no flood back. What is stopped or fails is not told again by itself: the follower was told to ask anew.

use super::board::Board;
use crate::office::Office;
use mingluo_channels::wechat::{CustomService, Untold};
use mingluo_model::{
    address::Address,
    clock::{SharedClock, Timestamp},
    mode::Live,
    plan::AccountName,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// After an answer, how long the same follower gets no other one.
const QUIET: Duration = Duration::from_mins(1);

/// Followers with an answer under way or of the last minute; who comes then is told to ask later. At three messages each, that is
/// what the account may send in a minute.
const MOST: usize = 2_000;

/// Messages under way at once: at a tenth of a second each, they reach the rate at which the account may send.
const HANDS: usize = 10;

/// How far an answer is.
#[derive(Clone, Copy)]
enum Standing {
    UnderWay,
    Told(Timestamp),
}

/// What became of an answer that was to begin.
pub(super) enum Begun {
    /// It is under way.
    Now,
    /// The follower is being told already, or was in the last minute.
    OfLate,
    /// Too many others ask.
    Full,
}

/// Who tells the followers of one account.
pub struct Teller {
    account: AccountName,
    service: CustomService,
    board: Board,
    clock: SharedClock,
    stop: CancellationToken,
    tasks: TaskTracker,
    hands: Semaphore,
    /// Guards how far the answers are; at most [`MOST`].
    answers: Mutex<HashMap<Address, Standing>>,
}

impl Teller {
    /// A teller of one office's warnings that works until it is stopped.
    pub(crate) fn new(
        account: AccountName,
        service: CustomService,
        office: &Arc<Office<Live>>,
        stop: CancellationToken,
    ) -> Arc<Self> {
        let (board, clock) = (Board::new(Arc::clone(office)), office.clock.clone());
        let (tasks, hands, answers) = (TaskTracker::new(), Semaphore::new(HANDS), Mutex::default());
        Arc::new(Self { account, service, board, clock, stop, tasks, hands, answers })
    }

    /// What is told.
    pub(super) const fn board(&self) -> &Board {
        &self.board
    }

    /// Begins to tell a follower these messages.
    pub(super) fn begin(self: &Arc<Self>, to: Address, messages: Vec<String>) -> Begun {
        let now = self.clock.now();
        let mut answers = self.answers();
        answers.retain(|_, standing| match standing {
            Standing::UnderWay => true,
            Standing::Told(at) => now.since(*at) < QUIET,
        });
        if answers.contains_key(&to) {
            return Begun::OfLate;
        }
        if answers.len() >= MOST {
            return Begun::Full;
        }
        answers.insert(to.clone(), Standing::UnderWay);
        drop(answers);
        let teller = Arc::clone(self);
        self.tasks.spawn(async move {
            let stop = teller.stop.clone();
            stop.run_until_cancelled(teller.tell(to, &messages)).await;
        });
        Begun::Now
    }

    /// Waits until nobody is being told any more; to be asked once it is stopped.
    pub(crate) async fn finish(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    async fn tell(&self, to: Address, messages: &[String]) {
        for (n_told, words) in messages.iter().enumerate() {
            if let Err(untold) = self.say(&to, words).await {
                let (reason, n_left) = (untold.reason(), messages.len() - n_told);
                tracing::warn!(
                    account = %self.account, reason, n_told, n_left, error = %untold,
                    "a follower who asked did not get the rest of the answer"
                );
                self.answers().remove(&to);
                return;
            }
        }
        self.answers().insert(to, Standing::Told(self.clock.now()));
    }

    async fn say(&self, to: &Address, words: &str) -> Result<(), Untold> {
        let _hand = self.hands.acquire().await;
        self.service.tell(to, words).await
    }

    fn answers(&self) -> MutexGuard<'_, HashMap<Address, Standing>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
