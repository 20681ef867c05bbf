//! An account at a provider behind the port: what all providers share. A provider adds its words: [`Provider`] makes the
//! letter, calls, and says what the answer means.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    future::Future,
    marker::PhantomData,
    num::{NonZeroU16, NonZeroU32},
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use mingluo_model::{
    address::Address,
    audience::ChannelKind,
    channel::{
        Channel, Limits, Outlet, Recall, ReceiptFor, Repeat, Run, SendError, Session, Unfit, Verdict,
        WireKeys,
    },
    clock::{SharedClock, Timestamp, within},
    id::PlanId,
    message::Message,
    mode::Mode,
    plan::AccountName,
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{
    account::Account,
    fault::Fault,
    pull::{Committed, Handover},
};
use crate::{
    crew::{Crew, Told},
    sms::session::no_number,
};

/// Calls that may be refused because of one number while it is looked for; a thousand numbers of which twelve are bad
/// take about so many. Beyond it the rest is tried again with other neighbours.
const MOST_SPLITS: u32 = 256;

/// How long after its own time limit a call may still be reported.
const SLACK: Duration = Duration::from_secs(1);

/// How long until a provider is asked again for what it refused or did not answer for; twice as long each time that
/// something of it is left.
const ASK_AGAIN: Duration = Duration::from_mins(1);

/// The longest that it waits: an operator who mends a template in the provider's console sees it within that time.
const SELDOM: Duration = Duration::from_mins(16);

/// What never began, because it may not leave any more or the session ends. It says nothing of the provider.
pub(super) const NOT_BEGUN: Verdict = Verdict::Busy { retry_after: Duration::ZERO };

/// One provider, as one account sees it.
pub(super) trait Provider: Send + Sync + 'static {
    /// A message made ready for everybody.
    type Letter: Send + Sync + 'static;

    /// What all accounts have.
    fn account(&self) -> &Account;

    /// Numbers that one call may carry.
    fn numbers_per_call(&self) -> usize;

    /// Makes a message ready, or says why it does not fit. Asks nobody.
    fn letter<M: Mode>(&self, message: &Message<M>) -> Result<Self::Letter, Unfit>;

    /// Whether the provider would send this letter, by what it last said of its templates.
    ///
    /// # Errors
    /// [`Unfit`] with what an operator must do.
    fn stands(&self, _letter: &Self::Letter) -> Result<(), Unfit> {
        Ok(())
    }

    /// What the provider said against its templates.
    fn unready(&self) -> Vec<Unfit> {
        Vec::new()
    }

    /// Templates that the provider refused or did not answer for, by their codes.
    fn in_doubt(&self) -> Vec<String> {
        Vec::new()
    }

    /// What one of the provider's receipts speaks for: the clouds give one for the whole message.
    fn receipts(&self) -> ReceiptFor {
        ReceiptFor::AllParts
    }

    /// The parts that a phone puts together.
    fn parts(letter: &Self::Letter) -> usize;

    /// The number as the provider wants it; `None` for what it could not take.
    fn number(&self, to: &Address) -> Option<String>;

    /// Knocks: whether anybody is there, the keys are right and the templates are known. Nothing else bars the door: a
    /// provider that is too busy to speak of templates may still send.
    ///
    /// # Errors
    /// [`SendError::Refused`] when the keys are wrong, or the clock; [`SendError::Unreachable`] without a connection.
    fn greet(&self) -> impl Future<Output = Result<(), SendError>> + Send;

    /// Asks again for some templates.
    ///
    /// # Errors
    /// As [`Self::greet`].
    fn ask_for(&self, _templates: &[String]) -> impl Future<Output = Result<(), SendError>> + Send {
        std::future::ready(Ok(()))
    }

    /// Puts one call; the answers in the order of its numbers.
    fn call(
        &self,
        letter: &Self::Letter,
        call: &Call<'_>,
    ) -> impl Future<Output = Result<Vec<Verdict>, Fault>> + Send;

    /// Asks for what was not pushed, until the session is over or is about to be.
    fn pull(self: Arc<Self>, to: Handover) -> impl Future<Output = ()> + Send;
}

/// One call.
pub(super) struct Call<'a> {
    pub(super) plan: PlanId,
    /// The end of the plan.
    pub(super) not_after: Timestamp,
    /// The numbers, each once.
    pub(super) to: &'a [Bound],
}

impl Call<'_> {
    /// A name that no other call with one of these numbers has: at most 52 characters. Providers repeat it in receipts.
    pub(super) fn name(&self) -> String {
        let first = self.to.first().map_or((0, 0), |bound| (bound.ordinal, bound.attempt));
        format!("{}-{}-{}", self.plan, first.0, first.1)
    }
}

/// One number of a call.
pub(super) struct Bound {
    pub(super) number: String,
    pub(super) ordinal: u32,
    pub(super) attempt: u8,
    pub(super) keys: Range<u64>,
}

#[cfg(test)]
impl Bound {
    pub(super) fn of(number: &str, ordinal: u32) -> Self {
        Self { number: number.to_owned(), ordinal, attempt: 1, keys: 0..0 }
    }
}

/// An account at a provider as a way out.
pub struct CloudChannel<P, M: Mode> {
    provider: Arc<P>,
    clock: SharedClock,
    mode: PhantomData<M>,
}

impl<P, M: Mode> CloudChannel<P, M> {
    pub(super) fn new(provider: P, clock: SharedClock) -> Self {
        Self { provider: Arc::new(provider), clock, mode: PhantomData }
    }

    pub(super) fn provider(&self) -> &Arc<P> {
        &self.provider
    }

    pub(super) fn clock(&self) -> SharedClock {
        Arc::clone(&self.clock)
    }
}

#[async_trait]
impl<P: Provider, M: Mode> Channel<M> for CloudChannel<P, M> {
    fn account(&self) -> &AccountName {
        &self.provider.account().name
    }

    fn kind(&self) -> ChannelKind {
        ChannelKind::Sms
    }

    /// A run is no more than what all hands can carry at once, so that none of it waits with a licence.
    fn limits(&self) -> Limits {
        let Account { limits, calls, .. } = self.provider.account();
        let at_once = (*calls as usize).saturating_mul(self.provider.numbers_per_call());
        let at_once = u32::try_from(at_once).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MAX);
        Limits { batch: limits.batch.min(at_once), ..*limits }
    }

    fn receipts(&self) -> ReceiptFor {
        self.provider.receipts()
    }

    fn may_answer_within(&self) -> Option<Duration> {
        Some(self.provider.account().answer + SLACK)
    }

    fn repeat(&self) -> Repeat {
        Repeat::MayDouble
    }

    fn measure(&self, message: &Message<M>) -> Result<NonZeroU16, Unfit> {
        let parts = P::parts(&self.provider.letter(message)?);
        Ok(u16::try_from(parts).ok().and_then(NonZeroU16::new).unwrap_or(NonZeroU16::MAX))
    }

    fn stands(&self, message: &Message<M>) -> Result<(), Unfit> {
        self.provider.stands(&self.provider.letter(message)?)
    }

    fn unready(&self) -> Vec<Unfit> {
        self.provider.unready()
    }

    async fn open(&self) -> Result<Session<M>, SendError> {
        self.provider.greet().await?;
        let account = self.provider.account();
        let (crew, inlet) = Crew::new(account.calls, account.calls);
        let (ending, mut pulling) = (CancellationToken::new(), JoinSet::new());
        let (handover, committed) = Handover::new(crew.reports(), ending.clone());
        pulling.spawn(Arc::clone(&self.provider).pull(handover));
        pulling.spawn(ask_again(Arc::clone(&self.provider), self.clock(), ending.clone()));
        let mut telling = JoinSet::new();
        let unanswered = &account.unanswered;
        let number = unanswered.begin();
        telling.spawn(Arc::clone(unanswered).tell(crew.reports()));
        let outlet = CloudOutlet {
            provider: Arc::clone(&self.provider),
            clock: Arc::clone(&self.clock),
            number,
            crew,
            prepared: VecDeque::new(),
            numberless: Vec::new(),
            held_back: Arc::default(),
            ending,
            pulling,
            _telling: telling,
        };
        Ok(Session {
            outlet: Box::new(outlet),
            inlet: Box::new(inlet),
            answerer: Arc::new(Committed(committed)),
        })
    }

    /// Without a session: that asks for receipts, which some providers tell but once.
    async fn knock(&self) -> Result<(), SendError> {
        self.provider.greet().await
    }
}

/// Asks again for the templates in doubt, ever more seldom, until the session ends: an operator mends them in the provider's
/// console.
async fn ask_again<P: Provider>(provider: Arc<P>, clock: SharedClock, ending: CancellationToken) {
    let mut pause = ASK_AGAIN;
    loop {
        tokio::select! {
            () = clock.sleep(pause) => {}
            () = ending.cancelled() => return,
        }
        let templates = provider.in_doubt();
        if !templates.is_empty()
            && let Err(error) = provider.ask_for(&templates).await
        {
            tracing::warn!(account = %provider.account().name, %error, "无法查询模板 the templates cannot be asked for");
        }
        pause = next_pause(pause, provider.in_doubt().is_empty());
    }
}

fn next_pause(pause: Duration, all_is_well: bool) -> Duration {
    if all_is_well { ASK_AGAIN } else { (2 * pause).min(SELDOM) }
}

struct CloudOutlet<P: Provider> {
    provider: Arc<P>,
    clock: SharedClock,
    /// Of the session.
    number: u64,
    crew: Crew,
    prepared: VecDeque<Batch<P>>,
    numberless: Vec<u64>,
    held_back: Arc<AtomicBool>,
    ending: CancellationToken,
    pulling: JoinSet<()>,
    _telling: JoinSet<()>,
}

impl<P: Provider> Drop for CloudOutlet<P> {
    /// Who asks for receipts right now hears the answer out: a provider that forgets what it told has told it then.
    fn drop(&mut self) {
        self.ending.cancel();
        self.pulling.detach_all();
    }
}

/// What becomes one call, if no number in it is bad.
struct Batch<P: Provider> {
    provider: Arc<P>,
    clock: SharedClock,
    session: u64,
    held_back: Arc<AtomicBool>,
    letter: Arc<P::Letter>,
    plan: PlanId,
    not_after: Timestamp,
    recall: Recall,
    to: Vec<Bound>,
    known: HashSet<String>,
}

#[async_trait]
impl<P: Provider, M: Mode> Outlet<M> for CloudOutlet<P> {
    fn prepare(&mut self, run: &Run<M>) -> Result<WireKeys, Unfit> {
        (self.prepared, self.numberless) = (VecDeque::new(), Vec::new());
        let letter = Arc::new(self.provider.letter(&run.message)?);
        self.provider.stands(&letter)?;
        let units: u32 = run.parcels.iter().map(|parcel| parcel.part_set.count_ones()).sum();
        let first = self.crew.keys(units as usize);
        let mut next = first;
        for parcel in &run.parcels {
            let keys = next..next + u64::from(parcel.part_set.count_ones());
            next = keys.end;
            match self.provider.number(&parcel.to) {
                None => self.numberless.extend(keys),
                Some(number) => {
                    let (ordinal, attempt) = (parcel.ordinal, parcel.attempt);
                    self.place(Bound { number, ordinal, attempt, keys }, &letter, run);
                }
            }
        }
        Ok(WireKeys { first })
    }

    async fn ready(&mut self) -> Result<(), SendError> {
        self.crew.hands_free(self.prepared.len()).await.map(drop)
    }

    async fn send(&mut self) -> Result<(), SendError> {
        let numberless = std::mem::take(&mut self.numberless);
        if !numberless.is_empty() {
            let answers = numberless.iter().map(|key| (*key, no_number())).collect();
            self.crew.say(numberless, Told { answers, end: None });
        }
        while !self.prepared.is_empty() {
            // Cut short here, what is prepared is still there to be held back.
            let hand = self.crew.hand().await?;
            let Some(batch) = self.prepared.pop_front() else { break };
            self.crew.begin(hand, batch.keys(), batch.deliver());
        }
        Ok(())
    }

    fn hold_back(&mut self) {
        self.held_back.store(true, Ordering::Release);
        self.ending.cancel();
        for batch in std::mem::take(&mut self.prepared) {
            let answers = batch.keys().into_iter().map(|key| (key, NOT_BEGUN)).collect();
            self.crew.say(batch.keys(), Told { answers, end: None });
        }
    }

    async fn close(&mut self) {
        self.ending.cancel();
        self.crew.finish().await;
        let pulled = async { while self.pulling.join_next().await.is_some() {} };
        // Bounded, since what was pulled must be heard and kept by whoever closes; it stays with the account otherwise.
        let _late = within(self.clock.as_ref(), self.provider.account().answer + SLACK, pulled).await;
    }
}

impl<P: Provider> CloudOutlet<P> {
    /// Puts a number into a call that has room and does not carry it yet: the provider would know the two as one.
    fn place<M: Mode>(&mut self, bound: Bound, letter: &Arc<P::Letter>, run: &Run<M>) {
        let most = self.provider.numbers_per_call();
        let room = |batch: &Batch<P>| batch.to.len() < most && !batch.known.contains(&bound.number);
        let at = self.prepared.iter().rposition(room).unwrap_or_else(|| {
            self.prepared.push_back(Batch {
                provider: Arc::clone(&self.provider),
                clock: Arc::clone(&self.clock),
                session: self.number,
                held_back: Arc::clone(&self.held_back),
                letter: Arc::clone(letter),
                plan: run.plan,
                not_after: run.not_after,
                recall: run.recall.clone(),
                to: Vec::new(),
                known: HashSet::new(),
            });
            self.prepared.len() - 1
        });
        let batch = &mut self.prepared[at];
        batch.known.insert(bound.number.clone());
        batch.to.push(bound);
    }
}

impl<P: Provider> Batch<P> {
    fn keys(&self) -> Vec<u64> {
        self.to.iter().flat_map(|bound| bound.keys.clone()).collect()
    }

    /// Whether the next call may begin.
    fn may_leave(&self) -> bool {
        let held_back = self.held_back.load(Ordering::Acquire);
        !held_back && !self.recall.is_called() && self.clock.now() < self.not_after
    }

    /// Puts the call, in halves if it is refused because of one number.
    async fn deliver(self) -> Told {
        let (mut told, mut rest, mut splits) = (Told::default(), Vec::new(), 0);
        rest.push(0..self.to.len());
        while let Some(range) = rest.pop() {
            let to = &self.to[range.clone()];
            if !self.may_leave() {
                note_all(&mut told.answers, to, &NOT_BEGUN);
                continue;
            }
            match self.put(to).await {
                Ok(verdicts) => note_each(&mut told.answers, to, verdicts),
                Err(Fault::Number(_)) if to.len() > 1 && splits < MOST_SPLITS => {
                    splits += 1;
                    let middle = range.start + to.len() / 2;
                    rest.push(middle..range.end);
                    rest.push(range.start..middle);
                }
                Err(Fault::Number(refusal)) if to.len() > 1 => {
                    note_all(&mut told.answers, to, &Verdict::Temporary(refusal));
                }
                Err(fault @ (Fault::Refused(_) | Fault::Unreachable(_))) => {
                    told.end = Some(fault.at_the_door());
                    return told;
                }
                Err(fault) => {
                    if let Fault::Permanent(refusal) = &fault {
                        self.provider.account().complain(refusal, self.clock.now());
                    }
                    note_all(&mut told.answers, to, &fault.verdict());
                }
            }
        }
        told
    }

    /// One call. What nobody can say is lost number by number, but for those that a receipt names already.
    async fn put(&self, to: &[Bound]) -> Result<Vec<Verdict>, Fault> {
        let call = Call { plan: self.plan, not_after: self.not_after, to };
        let (name, unanswered) = (call.name(), &self.provider.account().unanswered);
        unanswered.put(self.session, &name, to);
        let mut verdicts = match self.provider.call(&self.letter, &call).await {
            Ok(verdicts) => verdicts,
            Err(Fault::Lost) => Vec::new(),
            Err(fault) => {
                unanswered.forget(&name);
                return Err(fault);
            }
        };
        // A number that the provider does not mention may have been sent to.
        verdicts.resize(to.len(), Verdict::Lost);
        unanswered.end(&name, &mut verdicts);
        Ok(verdicts)
    }
}

/// Verdicts in the order of the numbers.
fn note_each(answers: &mut BTreeMap<u64, Verdict>, to: &[Bound], verdicts: Vec<Verdict>) {
    for (bound, verdict) in to.iter().zip(verdicts) {
        note(answers, bound, verdict);
    }
}

fn note_all(answers: &mut BTreeMap<u64, Verdict>, to: &[Bound], verdict: &Verdict) {
    for bound in to {
        note(answers, bound, verdict.clone());
    }
}

/// The first part of a number carries the id, since the provider gave but one; [`Provider::receipts`] says whether it
/// speaks for the others as well.
fn note(answers: &mut BTreeMap<u64, Verdict>, bound: &Bound, verdict: Verdict) {
    let others = match &verdict {
        Verdict::Accepted(_) => Verdict::Accepted(None),
        other => other.clone(),
    };
    let mut keys = bound.keys.clone();
    answers.extend(keys.next().map(|first| (first, verdict)));
    answers.extend(keys.map(|key| (key, others.clone())));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_in_doubt_is_asked_for_ever_more_seldom() {
        let asked = std::iter::successors(Some(ASK_AGAIN), |pause| Some(next_pause(*pause, false)));
        let minutes: Vec<_> = asked.take(7).map(|pause| pause.as_secs() / 60).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 16, 16]);
        assert_eq!(next_pause(SELDOM, true), ASK_AGAIN);
    }
}
