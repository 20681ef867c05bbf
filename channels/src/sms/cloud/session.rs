//! An account at a provider behind the port: what all providers share. A provider adds its words: [`Provider`] makes the
//! letter, calls, and says what the answer means.

use std::{
    collections::{BTreeMap, HashSet},
    future::Future,
    marker::PhantomData,
    num::NonZeroU16,
    ops::Range,
    sync::Arc,
};

use async_trait::async_trait;
use mingluo_model::{
    address::Address,
    audience::ChannelKind,
    channel::{Channel, Limits, Outlet, Repeat, Run, SendError, Session, Unfit, Verdict, WireKeys},
    clock::{SharedClock, Timestamp},
    id::PlanId,
    message::Message,
    mode::Mode,
    plan::AccountName,
};
use tokio::task::JoinSet;

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

/// One provider, as one account sees it.
pub(super) trait Provider: Send + Sync + 'static {
    /// A message made ready for everybody.
    type Letter: Send + Sync + 'static;

    /// What all accounts have.
    fn account(&self) -> &Account;

    /// Numbers that one call may carry.
    fn numbers_per_call(&self) -> usize;

    /// Makes a message ready, or says why it does not fit.
    fn letter<M: Mode>(&self, message: &Message<M>) -> Result<Self::Letter, Unfit>;

    /// The parts that a phone puts together.
    fn parts(letter: &Self::Letter) -> usize;

    /// The number as the provider wants it; `None` for what it could not take.
    fn number(&self, to: &Address) -> Option<String>;

    /// Knocks: whether the keys are right and the templates are there.
    fn greet(&self) -> impl Future<Output = Result<(), SendError>> + Send;

    /// Puts one call; the answers in the order of its numbers.
    fn call(
        &self,
        letter: &Self::Letter,
        call: &Call<'_>,
    ) -> impl Future<Output = Result<Vec<Verdict>, Fault>> + Send;

    /// Asks for what was not pushed, for as long as the session lives.
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

/// One number of a call.
pub(super) struct Bound {
    pub(super) number: String,
    pub(super) ordinal: u32,
    pub(super) attempt: u8,
    keys: Range<u64>,
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

    fn limits(&self) -> Limits {
        self.provider.account().limits
    }

    fn repeat(&self) -> Repeat {
        Repeat::MayDouble
    }

    fn measure(&self, message: &Message<M>) -> Result<NonZeroU16, Unfit> {
        let parts = P::parts(&self.provider.letter(message)?);
        Ok(u16::try_from(parts).ok().and_then(NonZeroU16::new).unwrap_or(NonZeroU16::MAX))
    }

    async fn open(&self) -> Result<Session<M>, SendError> {
        self.provider.greet().await?;
        let (crew, inlet) = Crew::new(self.provider.account().calls);
        let (handover, committed) = Handover::new(crew.reports());
        let mut pulling = JoinSet::new();
        pulling.spawn(Arc::clone(&self.provider).pull(handover));
        let outlet = CloudOutlet {
            provider: Arc::clone(&self.provider),
            clock: Arc::clone(&self.clock),
            crew,
            prepared: Vec::new(),
            numberless: Vec::new(),
            _pulling: pulling,
        };
        Ok(Session {
            outlet: Box::new(outlet),
            inlet: Box::new(inlet),
            answerer: Arc::new(Committed(committed)),
        })
    }
}

struct CloudOutlet<P: Provider> {
    provider: Arc<P>,
    clock: SharedClock,
    crew: Crew,
    prepared: Vec<Batch<P>>,
    numberless: Vec<u64>,
    _pulling: JoinSet<()>,
}

/// What becomes one call, if no number in it is bad.
struct Batch<P: Provider> {
    provider: Arc<P>,
    clock: SharedClock,
    letter: Arc<P::Letter>,
    plan: PlanId,
    not_after: Timestamp,
    to: Vec<Bound>,
    known: HashSet<String>,
}

#[async_trait]
impl<P: Provider, M: Mode> Outlet<M> for CloudOutlet<P> {
    fn prepare(&mut self, run: &Run<M>) -> Result<WireKeys, Unfit> {
        (self.prepared, self.numberless) = (Vec::new(), Vec::new());
        let letter = Arc::new(self.provider.letter(&run.message)?);
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
                    self.place(Bound { number, ordinal, attempt, keys }, &letter, (run.plan, run.not_after));
                }
            }
        }
        Ok(WireKeys { first })
    }

    async fn send(&mut self) -> Result<(), SendError> {
        let numberless = std::mem::take(&mut self.numberless);
        if !numberless.is_empty() {
            let answers = numberless.iter().map(|key| (*key, no_number())).collect();
            self.crew.put_all(numberless, async { Told { answers, end: None } }).await?;
        }
        for batch in std::mem::take(&mut self.prepared) {
            let keys = batch.to.iter().flat_map(|bound| bound.keys.clone()).collect();
            self.crew.put_all(keys, batch.deliver()).await?;
        }
        Ok(())
    }

    async fn close(&mut self) {
        self.crew.finish().await;
    }
}

impl<P: Provider> CloudOutlet<P> {
    /// Puts a number into a call that has room and does not carry it yet: the provider would know the two as one.
    fn place(&mut self, bound: Bound, letter: &Arc<P::Letter>, (plan, not_after): (PlanId, Timestamp)) {
        let most = self.provider.numbers_per_call();
        let room = |batch: &Batch<P>| batch.to.len() < most && !batch.known.contains(&bound.number);
        let at = self.prepared.iter().rposition(room).unwrap_or_else(|| {
            let (provider, clock) = (Arc::clone(&self.provider), Arc::clone(&self.clock));
            let (letter, to, known) = (Arc::clone(letter), Vec::new(), HashSet::new());
            self.prepared.push(Batch { provider, clock, letter, plan, not_after, to, known });
            self.prepared.len() - 1
        });
        let batch = &mut self.prepared[at];
        batch.known.insert(bound.number.clone());
        batch.to.push(bound);
    }
}

impl<P: Provider> Batch<P> {
    /// Puts the call, in halves if it is refused because of one number.
    async fn deliver(self) -> Told {
        let (mut told, mut rest, mut splits) = (Told::default(), Vec::new(), 0);
        rest.push(0..self.to.len());
        while let Some(range) = rest.pop() {
            let to = &self.to[range.clone()];
            let call = Call { plan: self.plan, not_after: self.not_after, to };
            match self.provider.call(&self.letter, &call).await {
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
                Err(Fault::Refused(detail)) => {
                    told.end = Some(SendError::Refused { detail });
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
}

/// Verdicts in the order of the numbers. A number that the provider does not mention may have been sent to.
fn note_each(answers: &mut BTreeMap<u64, Verdict>, to: &[Bound], verdicts: Vec<Verdict>) {
    let mut verdicts = verdicts.into_iter();
    for bound in to {
        note(answers, bound, verdicts.next().unwrap_or(Verdict::Lost));
    }
}

fn note_all(answers: &mut BTreeMap<u64, Verdict>, to: &[Bound], verdict: &Verdict) {
    for bound in to {
        note(answers, bound, verdict.clone());
    }
}

/// The first part of a number carries the id; the provider's one receipt speaks for the others as well.
fn note(answers: &mut BTreeMap<u64, Verdict>, bound: &Bound, verdict: Verdict) {
    let others = match &verdict {
        Verdict::Accepted(_) => Verdict::Accepted(None),
        other => other.clone(),
    };
    let mut keys = bound.keys.clone();
    answers.extend(keys.next().map(|first| (first, verdict)));
    answers.extend(keys.map(|key| (key, others.clone())));
}
