//! The engine of one mode: a post for each account, the sweeper, and the doors through which released plans,
//! stops and callbacks come in. Starting it is recovering: the log of every open plan is replayed, what was on a
//! wire when the last run died is in doubt, and receipts that were kept raw are looked at again.

use crate::{
    desk::{Desk, HashAddress},
    post::{Halt, Links, Post},
    progress::{Progress, Rules},
    retry::RetryPolicy,
    roster::{EditionMap, ReadIndex, Roster},
    view::PlanView,
};
use mingluo_ledger::{
    Store, StoreError,
    scribe::{Scribe, ScribeError},
    store::{Lease, StoredPlan},
};
use mingluo_model::{
    address::Address,
    audience::ChannelKind,
    channel::Channel,
    clock::{SharedClock, Timestamp},
    delivery::{DeliveryState, Standing},
    id::{AlertId, EditionId, NodeId, PlanId},
    mode::Mode,
    plan::{AccountName, Plan, PlanStatus, Target},
    receipt::Receipt,
};
use rand::{Rng, RngCore, SeedableRng, rngs::StdRng};
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashMap},
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Events read at once while a plan is replayed.
const REPLAY_STEP: u32 = 2_000;

/// Raw receipts older than this at a restart are left to the record: no delivery waits for them any more.
/// CMPP gateways report for 48 hours; a day of slack.
const RAW_HORIZON: Duration = Duration::from_hours(72);

/// Settings of dispatch (发送设置).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DispatchConfig {
    /// When to try again.
    pub retry: RetryPolicy,
    /// Seconds after which an accepted delivery without a receipt is given up as such. SP practice is 48 hours.
    pub receipts_within_s: NonZeroU32,
    /// Seconds after which a submitted delivery that nobody answered is unknown.
    pub answers_within_s: NonZeroU32,
    /// Seconds between two looks for failures that a reserve channel can take over.
    pub fallback_every_s: NonZeroU32,
    /// Seconds that a settled plan stays in memory, so that late and double receipts find it.
    pub close_after_s: u32,
    /// Milliseconds between two looks of the sweeper for expiry and settled plans.
    pub sweep_ms: NonZeroU32,
    /// Milliseconds that a lease holds without being renewed; the longest gap after a node dies.
    pub lease_ms: NonZeroU32,
}

impl Default for DispatchConfig {
    fn default() -> Self {
        let number = |value| NonZeroU32::new(value).unwrap_or(NonZeroU32::MIN);
        Self {
            retry: RetryPolicy::default(),
            receipts_within_s: number(48 * 3600),
            answers_within_s: number(600),
            fallback_every_s: number(5),
            close_after_s: 3600,
            sweep_ms: number(250),
            lease_ms: number(3_000),
        }
    }
}

/// Everything an engine is made of.
pub struct Parts<M: Mode> {
    /// The durable truth.
    pub store: Arc<dyn Store>,
    /// The lease that this engine appends under.
    pub lease: Lease,
    /// Time.
    pub clock: SharedClock,
    /// Chance, for jitter only.
    pub chance: StdRng,
    /// The ways out.
    pub channels: Vec<Arc<dyn Channel<M>>>,
    /// Reads an edition's index.
    pub read_index: ReadIndex,
    /// Settings.
    pub config: DispatchConfig,
}

/// Why an engine could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The scribe failed.
    #[error("the ledger refuses to keep what happens")]
    Scribe(#[from] ScribeError),
    /// Somebody else dispatches this mode.
    #[error("another node holds {resource}; stop it or wait until its lease ends")]
    LeaseHeld {
        /// What is leased.
        resource: String,
    },
    /// A plan names an account that is not configured.
    #[error("account {account} of plan {plan} is not configured; configured are {configured}")]
    NoAccount {
        /// The account.
        account: AccountName,
        /// The plan.
        plan: PlanId,
        /// What there is.
        configured: String,
    },
    /// The engine has stopped.
    #[error("dispatch has stopped: {reason}")]
    Halted {
        /// Why.
        reason: String,
    },
}

impl From<Halt> for EngineError {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Scribe(error) => Self::Scribe(error),
            Halt::Roster(error) => Self::Store(error),
        }
    }
}

/// Takes the right to dispatch a mode on this store.
///
/// # Errors
/// [`EngineError::LeaseHeld`] while another node has it; [`EngineError::Store`].
pub async fn take_lease<M: Mode>(
    store: &dyn Store,
    node_name: &str,
    config: &DispatchConfig,
    clock: &SharedClock,
    chance: &mut dyn RngCore,
) -> Result<Lease, EngineError> {
    let resource = format!("dispatch/{}", if M::KIND.number() == 0 { "live" } else { "drill" });
    let ttl = Duration::from_millis(u64::from(config.lease_ms.get()));
    let node = NodeId::new(clock.now(), chance);
    let lease = store.acquire(&resource, node_name, node, ttl, clock.now()).await?;
    lease.ok_or(EngineError::LeaseHeld { resource })
}

/// Dispatch of one mode.
pub struct Engine<M: Mode> {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) posts: BTreeMap<AccountName, Arc<Post<M>>>,
    pub(crate) clock: SharedClock,
    pub(crate) config: DispatchConfig,
    roster: Arc<Roster>,
    stop: CancellationToken,
    tasks: TaskTracker,
    // Guards the source of chance for ids; held for one id.
    chance: Mutex<StdRng>,
    // Guards the maps of editions in use; held for look-ups only.
    maps: Mutex<HashMap<EditionId, EditionMap>>,
    // Guards the reason why the engine stopped, if it did.
    halted: Mutex<Option<String>>,
    // Guards the decisions over plans, see `decisions`; held across awaits.
    decisions: tokio::sync::Mutex<()>,
}

impl<M: Mode> Engine<M> {
    /// Recovers what an earlier run left and begins to work.
    ///
    /// # Errors
    /// [`EngineError`] when the store cannot be read or an open plan's account is gone.
    pub async fn start(parts: Parts<M>) -> Result<Arc<Self>, EngineError> {
        let Parts { store, lease, clock, mut chance, channels, read_index, config } = parts;
        let ttl = Duration::from_millis(u64::from(config.lease_ms.get()));
        let scribe = Scribe::start(Arc::clone(&store), lease, ttl, clock.clone());
        let roster = Arc::new(Roster::new(Arc::clone(&store), read_index, M::KIND));
        roster.refresh_opt_outs().await?;
        let stop = CancellationToken::new();
        let posts = channels
            .into_iter()
            .map(|channel| {
                let name = channel.account().clone();
                let desk = Desk::new(name.clone(), hash_address(&store));
                let (roster, scribe) = (Arc::clone(&roster), scribe.clone());
                (name, Arc::new(Post::new(channel, desk, roster, scribe, clock.clone(), stop.clone())))
            })
            .collect();
        let tasks = TaskTracker::new();
        let (maps, halted) = (Mutex::default(), Mutex::default());
        let ids = Mutex::new(StdRng::from_rng(&mut chance));
        let decisions = tokio::sync::Mutex::default();
        let engine =
            Self { store, posts, clock, config, roster, stop, tasks, chance: ids, maps, halted, decisions };
        let engine = Arc::new(engine);
        engine.recover().await?;
        engine.watch(scribe);
        engine.spawn(&mut chance);
        Ok(engine)
    }

    fn spawn(self: &Arc<Self>, chance: &mut StdRng) {
        for post in self.posts.values() {
            for _ in 0..post.channel.limits().sessions.get() {
                let (engine, post) = (Arc::clone(self), Arc::clone(post));
                let mut jitter = StdRng::from_rng(chance);
                self.tasks.spawn(async move {
                    let worked = post.work(move || jitter.random_range(0.0..1.0)).await;
                    engine.halt_on(worked.map_err(EngineError::from));
                });
            }
        }
        let engine = Arc::clone(self);
        self.tasks.spawn(async move {
            let swept = engine.sweep_until(&engine.stop).await;
            engine.halt_on(swept);
        });
        self.tasks.close();
    }

    /// A log that cannot be written is noticed at once, not by the first warning that needs it.
    fn watch(self: &Arc<Self>, scribe: Scribe) {
        let engine = Arc::clone(self);
        self.tasks.spawn(async move {
            tokio::select! {
                failure = scribe.failed() => engine.halt_on(Err(EngineError::Scribe(failure))),
                () = engine.stop.cancelled() => {}
            }
        });
    }

    /// Waits until the engine has halted, and says why. Never returns after an orderly stop.
    pub async fn until_halted(&self) -> String {
        self.stop.cancelled().await;
        match self.halted() {
            Some(reason) => reason,
            None => std::future::pending().await,
        }
    }

    /// Whoever decides over plans of this mode (release, recall, lift, take-over by a reserve channel) holds this while
    /// deciding, from reading what stands to admitting or withdrawing.
    pub const fn decisions(&self) -> &tokio::sync::Mutex<()> {
        &self.decisions
    }

    /// Fail-stop: what cannot be kept must not go on.
    fn halt_on(&self, worked: Result<(), EngineError>) {
        if let Err(halt) = worked {
            tracing::error!(
                error = &halt as &dyn std::error::Error,
                "dispatch stops: restart it when the store works again"
            );
            *self.halted.lock().unwrap_or_else(PoisonError::into_inner) = Some(halt.to_string());
            self.stop.cancel();
        }
    }

    async fn recover(&self) -> Result<(), EngineError> {
        for stored in self.store.open_plans(M::KIND).await? {
            self.recover_plan(&stored).await?;
        }
        let since = Timestamp(self.clock.now().0 - RAW_HORIZON.as_millis() as i64);
        for (raw, receipt) in self.store.unmatched(since).await? {
            let Some(post) = self.posts.get(&receipt.account) else { continue };
            post.write(|desk| desk.take_up(raw, &receipt, self.clock.now())).await?;
        }
        Ok(())
    }

    async fn recover_plan(&self, stored: &StoredPlan) -> Result<(), EngineError> {
        let Some(plan) = stored.typed::<M>() else { return Ok(()) };
        let id = plan.id;
        let post = self.post(&plan.account, id)?;
        let progress = self.progress(plan, post, stored.status).await?;
        let number = post.desk().admit(progress);
        let mut after = (0, 0);
        loop {
            let events = self.store.events(id, after, REPLAY_STEP).await?;
            let Some((last, _)) = events.last() else { break };
            after = *last;
            let mut desk = post.desk();
            for (_, event) in &events {
                desk.replay(number, event);
            }
        }
        let now = self.clock.now();
        let lost = post.desk().plan(number).lost_in_flight();
        if let Some(lost) = lost {
            post.decide(number, lost, now).await?;
        }
        let in_doubt = post.desk().plan(number).in_doubt();
        tracing::info!(plan.id = %id, in_doubt = in_doubt.len(), "plan recovered");
        Ok(post.doubt(number, &in_doubt).await?)
    }

    async fn progress(
        &self,
        plan: Plan<M>,
        post: &Post<M>,
        status: PlanStatus,
    ) -> Result<Progress<M>, EngineError> {
        let map = match &plan.target {
            Target::People { edition, .. } => self.map(*edition).await?,
            Target::Place { .. } => EditionMap::default(),
        };
        let unfit = |error: mingluo_model::channel::Unfit| EngineError::Halted {
            reason: format!("plan {} does not fit account {} any more: {error}", plan.id, plan.account),
        };
        let parts = post.channel.measure(&plan.message).map_err(unfit)?;
        let (repeat, receipts) = (post.channel.repeat(), post.channel.receipts());
        let rules = Rules { retry: self.config.retry.clone(), repeat, receipts };
        Ok(Progress::new(plan, parts, rules, map.districts, status))
    }

    /// Districts and addresses of an edition, read once.
    ///
    /// # Errors
    /// [`EngineError::Store`] when there is no such edition.
    pub async fn map(&self, edition: EditionId) -> Result<EditionMap, EngineError> {
        let kept = self.maps.lock().unwrap_or_else(PoisonError::into_inner).get(&edition).cloned();
        if let Some(map) = kept {
            return Ok(map);
        }
        let map = self.roster.map(edition).await?;
        self.maps.lock().unwrap_or_else(PoisonError::into_inner).insert(edition, map.clone());
        Ok(map)
    }

    /// The roster as this engine reads it, for whoever names recipients besides it.
    pub const fn roster(&self) -> &Arc<Roster> {
        &self.roster
    }

    /// The accounts that can send.
    pub fn accounts(&self) -> impl Iterator<Item = &Arc<dyn Channel<M>>> {
        self.posts.values().map(|post| &post.channel)
    }

    /// Units that left by each account in the last second.
    pub fn paces(&self) -> BTreeMap<AccountName, u32> {
        self.posts.iter().map(|(account, post)| (account.clone(), post.pace())).collect()
    }

    /// How the sessions of each account stand.
    pub fn links(&self) -> BTreeMap<AccountName, Links> {
        self.posts.iter().map(|(account, post)| (account.clone(), post.links())).collect()
    }

    /// Takes on plans that the ledger holds already. They leave when their hold ends.
    ///
    /// # Errors
    /// [`EngineError::NoAccount`], [`EngineError::Halted`] or a store error; plans before the bad one are taken on.
    pub async fn admit(&self, plans: Vec<Plan<M>>) -> Result<(), EngineError> {
        self.check()?;
        for plan in plans {
            let post = Arc::clone(self.post(&plan.account, plan.id)?);
            let progress = self.progress(plan, &post, PlanStatus::Open).await?;
            post.desk().admit(progress);
            post.wake();
        }
        Ok(())
    }

    /// Nothing of these plans leaves from now on. In memory only: make the decision durable, then call
    /// [`Self::withdraw`], or [`Self::resume`] if it could not be kept.
    pub fn stop_plans(&self, plans: &[PlanId]) {
        self.each_plan(plans, Progress::stop);
    }

    /// Takes [`Self::stop_plans`] back.
    pub fn resume(&self, plans: &[PlanId]) {
        self.each_plan(plans, Progress::resume);
        self.posts.values().for_each(|post| post.wake());
    }

    fn each_plan(&self, plans: &[PlanId], mut change: impl FnMut(&mut Progress<M>)) {
        for post in self.posts.values() {
            let mut desk = post.desk();
            for plan in plans {
                if let Some(progress) = desk.find(*plan) {
                    change(progress);
                }
            }
        }
    }

    /// What these stopped plans never sent becomes withdrawn; durable when this returns.
    ///
    /// # Errors
    /// [`EngineError::Scribe`] when it cannot be kept.
    pub async fn withdraw(&self, plans: &[PlanId]) -> Result<(), EngineError> {
        self.each_plan(plans, Progress::withdraw);
        for post in self.posts.values() {
            let mut rest = Vec::new();
            for (number, progress) in post.desk().plans().iter().enumerate() {
                if plans.contains(&progress.plan().id) {
                    rest.extend(progress.give_up_rest(DeliveryState::Withdrawn).map(|fact| (number, fact)));
                }
            }
            for (number, fact) in rest {
                post.decide(number, fact, self.clock.now()).await?;
            }
        }
        Ok(())
    }

    /// Recipients whom the plans of an alert may have reached, by channel: a lift or a correction goes to them.
    ///
    /// # Errors
    /// [`EngineError::Store`] when a folded plan cannot be read.
    pub async fn reached(&self, alert: AlertId) -> Result<BTreeMap<ChannelKind, RoaringBitmap>, EngineError> {
        let mut reached: BTreeMap<_, RoaringBitmap> = BTreeMap::new();
        for post in self.posts.values() {
            let desk = post.desk();
            let of_alert = desk.plans().iter().filter(|progress| progress.plan().alert == alert);
            for progress in of_alert.filter(|progress| progress.status() != PlanStatus::Closed) {
                *reached.entry(progress.plan().channel).or_default() |= progress.reached();
            }
        }
        for folded in self.folded(alert).await? {
            *reached.entry(folded.plan().channel).or_default() |= folded.reached();
        }
        Ok(reached)
    }

    /// The closed plans of an alert, unfolded.
    async fn folded(&self, alert: AlertId) -> Result<Vec<Progress<M>>, EngineError> {
        let mut folded = Vec::new();
        for stored in self.store.plans(alert).await? {
            if stored.status == PlanStatus::Closed {
                folded.extend(self.unfold(&stored).await?);
            }
        }
        Ok(folded)
    }

    async fn unfold(&self, stored: &StoredPlan) -> Result<Option<Progress<M>>, EngineError> {
        let Some(plan) = stored.typed::<M>() else { return Ok(None) };
        let post = self.post(&plan.account, plan.id)?;
        let id = plan.id;
        let mut progress = self.progress(plan, post, PlanStatus::Closed).await?;
        progress.unfold(&self.store.chunks(id).await?);
        Ok(Some(progress))
    }

    /// The plans of an alert: those in memory from their counters, those folded before this run from their chunks.
    ///
    /// # Errors
    /// [`EngineError::Store`] when a folded plan cannot be read.
    pub async fn views_of(&self, alert: AlertId) -> Result<Vec<PlanView>, EngineError> {
        let mut views = self.views();
        views.retain(|view| view.alert == alert);
        for stored in self.store.plans(alert).await? {
            let id = stored.fields().id;
            if stored.status == PlanStatus::Closed && views.iter().all(|view| view.plan != id) {
                let now = self.clock.now();
                views.extend(self.unfold(&stored).await?.map(|progress| PlanView::of(&progress, now)));
            }
        }
        Ok(views)
    }

    /// Receipts from a callback; durable when this returns, and only then may the far side be answered.
    ///
    /// # Errors
    /// [`EngineError::Halted`] or [`EngineError::Scribe`]; then the far side must be told to send them again.
    pub async fn receipts(&self, account: &AccountName, receipts: Vec<Receipt>) -> Result<(), EngineError> {
        self.check()?;
        match self.posts.get(account) {
            Some(post) => Ok(post.receipts(receipts).await?),
            None => Err(EngineError::Halted { reason: format!("account {account} is not configured") }),
        }
    }

    /// Every plan in memory, from the counters.
    pub fn views(&self) -> Vec<PlanView> {
        let (now, mut views) = (self.clock.now(), Vec::new());
        for post in self.posts.values() {
            views.extend(post.desk().plans().iter().map(|progress| PlanView::of(progress, now)));
        }
        views
    }

    /// The deliveries of a plan of this alert that nobody confirmed, by ordinal.
    ///
    /// # Errors
    /// [`EngineError::Store`] when a folded plan cannot be read.
    pub async fn unconfirmed(&self, plan: PlanId) -> Result<BTreeMap<u32, Standing>, EngineError> {
        let open = |progress: &mut Progress<M>| {
            (progress.status() != PlanStatus::Closed).then(|| progress.unconfirmed())
        };
        let in_memory = self.posts.values().find_map(|post| post.desk().find(plan).and_then(open));
        if let Some(unconfirmed) = in_memory {
            return Ok(unconfirmed);
        }
        let Some(stored) = self.store.plan(plan).await? else { return Ok(BTreeMap::new()) };
        Ok(self.unfold(&stored).await?.map(|progress| progress.unconfirmed()).unwrap_or_default())
    }

    /// Reads the opt-outs afresh, after some were added.
    ///
    /// # Errors
    /// [`EngineError::Store`].
    pub async fn refresh_opt_outs(&self) -> Result<(), EngineError> {
        Ok(self.roster.refresh_opt_outs().await?)
    }

    /// Why the engine stopped by itself, if it did: shown on the board and by the health check.
    pub fn halted(&self) -> Option<String> {
        self.halted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn new_plan_id(&self) -> PlanId {
        PlanId::new(self.clock.now(), &mut *self.chance.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn check(&self) -> Result<(), EngineError> {
        self.halted().map_or(Ok(()), |reason| Err(EngineError::Halted { reason }))
    }

    fn post(&self, account: &AccountName, plan: PlanId) -> Result<&Arc<Post<M>>, EngineError> {
        self.posts.get(account).ok_or_else(|| EngineError::NoAccount {
            account: account.clone(),
            plan,
            configured: self.posts.keys().map(|name| name.0.as_str()).collect::<Vec<_>>().join(", "),
        })
    }

    /// Stops sending, hears on for as long as answers may still come, says goodbye to the gateways.
    pub async fn shutdown(&self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

fn hash_address(store: &Arc<dyn Store>) -> HashAddress {
    let store = Arc::clone(store);
    Arc::new(move |address: &Address| store.vault().address_hash(address))
}
