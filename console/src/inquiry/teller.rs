//! Tells followers the rest of an answer, message by message. One answer at a time to a follower, and the same one once a
//! minute: who floods the account gets no flood back. What is stopped or fails is not told again by itself: the follower was
//! told to ask anew.

use super::board::Board;
use crate::office::{Office, OfficeError};
use mingluo_channels::wechat::{CustomService, Untold};
use mingluo_model::{
    address::Address,
    clock::{SharedClock, Timestamp},
    id::AlertId,
    mode::Live,
    plan::AccountName,
};
use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
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

/// One message of an answer: a warning, or a part of one.
#[derive(Hash)]
pub(super) struct Message {
    /// The warning; once it holds no longer, the message is not sent.
    pub(super) of: AlertId,
    /// Its words.
    pub(super) words: String,
}

/// An answer to one follower.
struct Answer {
    /// No other answer has the same.
    number: u64,
    /// Of its messages: another one is another answer.
    digest: u64,
    /// When all of it was told; nothing while it is under way.
    told: Option<Timestamp>,
}

/// What became of an answer that was to begin.
pub(super) enum Begun {
    /// It is under way; what the follower was being told before is not told to its end.
    Now,
    /// The follower is being told the same already.
    UnderWay,
    /// The follower was told the same in the last minute.
    OfLate,
    /// Too many others ask.
    Full,
}

/// Why a message was not told.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Untold(#[from] Untold),
    #[error("whether the warning holds still cannot be read")]
    Unread(#[from] OfficeError),
}

impl Failed {
    fn reason(&self) -> &'static str {
        match self {
            Self::Untold(untold) => untold.reason(),
            Self::Unread(_) => "store",
        }
    }
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
    begun: AtomicU64,
    /// Guards how far the answers are; at most [`MOST`].
    answers: Mutex<HashMap<Address, Answer>>,
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
        let begun = AtomicU64::new(0);
        Arc::new(Self { account, service, board, clock, stop, tasks, hands, begun, answers })
    }

    /// What is told.
    pub(super) const fn board(&self) -> &Board {
        &self.board
    }

    /// Keeps what is in force from being read as long as what is given back lives.
    #[cfg(test)]
    pub(crate) async fn hold_board(&self) -> impl Sized + '_ {
        self.board.hold().await
    }

    /// Begins to tell a follower these messages.
    pub(super) fn begin(self: &Arc<Self>, to: Address, messages: Vec<Message>) -> Begun {
        let (now, digest) = (self.clock.now(), digest(&messages));
        let mut answers = self.answers();
        answers.retain(|_, answer| answer.told.is_none_or(|at| now.since(at) < QUIET));
        match answers.get(&to) {
            Some(Answer { digest: same, told, .. }) if *same == digest => {
                return if told.is_some() { Begun::OfLate } else { Begun::UnderWay };
            }
            None if answers.len() >= MOST => return Begun::Full,
            _ => {}
        }
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        answers.insert(to.clone(), Answer { number, digest, told: None });
        drop(answers);
        let teller = Arc::clone(self);
        self.tasks.spawn(async move {
            let stop = teller.stop.clone();
            stop.run_until_cancelled(teller.tell(to, number, &messages)).await;
        });
        Begun::Now
    }

    /// Waits until nobody is being told any more; to be asked once it is stopped.
    pub(crate) async fn finish(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    async fn tell(&self, to: Address, number: u64, messages: &[Message]) {
        for (n_told, message) in messages.iter().enumerate() {
            if let Err(failed) = self.say(&to, number, message).await {
                let (reason, n_left) = (failed.reason(), messages.len() - n_told);
                let error = &failed as &dyn std::error::Error;
                tracing::warn!(
                    account = %self.account, reason, n_told, n_left, error,
                    "a follower who asked did not get the rest of the answer"
                );
                self.answers().retain(|_, answer| answer.number != number);
                return;
            }
        }
        let now = self.clock.now();
        if let Some(answer) = self.answers().get_mut(&to).filter(|answer| answer.number == number) {
            answer.told = Some(now);
        }
    }

    /// Tells one message, unless another answer took the place of this one or its warning holds no longer.
    async fn say(&self, to: &Address, number: u64, message: &Message) -> Result<(), Failed> {
        let _hand = self.hands.acquire().await;
        if self.is_wanted(to, number) && self.board.holds(message.of).await? {
            self.service.tell(to, &message.words).await?;
        }
        Ok(())
    }

    /// Whether this is the answer that the follower waits for.
    fn is_wanted(&self, to: &Address, number: u64) -> bool {
        self.answers().get(to).is_some_and(|answer| answer.number == number)
    }

    fn answers(&self) -> MutexGuard<'_, HashMap<Address, Answer>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn digest(messages: &[Message]) -> u64 {
    let mut hasher = DefaultHasher::new();
    messages.hash(&mut hasher);
    hasher.finish()
}
