//! The engine of one mode: a post for each account, the sweeper, and the doors through which released plans,
//! stops and callbacks come in. Starting it is recovering: the log of every open plan is replayed, what was on a
//! wire when the last run died is in doubt, and receipts that were kept raw are looked at again.

mod accounts;
mod acknowledge;
mod config;
mod deliveries;
mod jobs;
mod recovery;

pub use config::DispatchConfig;
pub use deliveries::NamedReceipt;
pub use jobs::WITHOUT_END;

use crate::{
    absent::Absent,
    desk::{Desk, HashAddress, Orphans},
    fallback::sends_jobs,
    post::{Halt, Link, Post},
    progress::{Progress, WITHDRAWN},
    roster::{CarrierOf, EditionMap, ReadIndex, Roster},
    routes::Routes,
    view::PlanView,
};
use futures_util::FutureExt;
use mingluo_ledger::{
    Store, StoreError,
    scribe::{Scribe, ScribeError},
    store::{Change, Lease, StoredPlan},
};
use mingluo_model::{
    address::Address,
    audience::ChannelKind,
    channel::Channel,
    clock::SharedClock,
    id::{AlertId, EditionId, NodeId, PlanId},
    mode::Mode,
    plan::{AccountName, Plan, PlanStatus, Target},
};
use rand::{Rng, RngCore, SeedableRng, rngs::StdRng};
use roaring::RoaringBitmap;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

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
    /// Which account carries whom; with none named the first account of a channel sends everything.
    pub routes: Routes,
    /// Whose network a number is in.
    pub carrier_of: CarrierOf,
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
    /// The store broke off in the middle of a decision of dispatch's own, and nobody can say whether it is kept.
    #[error(
        "the store broke off while a decision was being kept; started anew, dispatch goes by what is there"
    )]
    Undecided(#[source] StoreError),
    /// A part of dispatch broke off: a defect of ours. What it held in memory cannot be trusted any more.
    #[error("a part of dispatch broke off by a defect of the program; its output says where")]
    Panicked,
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
    pub(crate) routes: Routes,
    roster: Arc<Roster>,
    lease: Lease,
    /// Accounts of open plans that are not configured any more: their posts send nothing.
    absent: BTreeSet<AccountName>,
    scribe: Scribe,
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
    // Guards the chunks of folded plans, one reader and writer at a time; held across awaits.
    amending: tokio::sync::Mutex<()>,
}

impl<M: Mode> Engine<M> {
    /// Recovers what an earlier run left and begins to work.
    ///
    /// # Errors
    /// [`EngineError`] when the store cannot be read or written.
    pub async fn start(parts: Parts<M>) -> Result<Arc<Self>, EngineError> {
        let Parts { store, lease, clock, mut chance, channels, read_index, routes, carrier_of, config } =
            parts;
        let ttl = Duration::from_millis(u64::from(config.lease_ms.get()));
        let scribe = Scribe::start(Arc::clone(&store), lease.clone(), ttl, clock.clone());
        let carrier_of = routes.tell_carriers_apart().then_some(carrier_of);
        let roster = Roster::new(Arc::clone(&store), read_index, M::KIND).with_carriers(carrier_of);
        let roster = Arc::new(roster);
        roster.refresh_opt_outs().await?;
        let stop = CancellationToken::new();
        let open = store.open_plans(M::KIND).await?;
        let gone = Absent::of(&open, &channels);
        let absent = gone.keys().cloned().collect();
        // One look of who hands over falls into it.
        let give_way = Duration::from_secs(u64::from(config.fallback_every_s.get()) + 1);
        let posts = channels
            .into_iter()
            .chain(gone.into_values())
            .map(|channel| {
                let name = channel.account().clone();
                let has_next = routes.has_next(&name);
                let rests = has_next || waits_while_closed(channel.kind());
                let desk =
                    Desk::new(name.clone(), hash_address(&store)).with_next(has_next).with_rests(rests);
                let (roster, scribe) = (Arc::clone(&roster), scribe.clone());
                let post = Post::new(channel, desk, roster, scribe, clock.clone(), stop.clone(), give_way);
                (name, Arc::new(post))
            })
            .collect();
        let tasks = TaskTracker::new();
        let (maps, halted) = (Mutex::default(), Mutex::default());
        let ids = Mutex::new(StdRng::from_rng(&mut chance));
        let (decisions, amending) = (tokio::sync::Mutex::default(), tokio::sync::Mutex::default());
        let engine = Self {
            store,
            posts,
            clock,
            config,
            routes,
            roster,
            lease,
            absent,
            scribe,
            stop,
            tasks,
            chance: ids,
            maps,
            halted,
            decisions,
            amending,
        };
        let engine = Arc::new(engine);
        engine.recover(open).await?;
        engine.read_ahead().await?;
        engine.watch();
        engine.spawn(&mut chance);
        Ok(engine)
    }

    fn spawn(self: &Arc<Self>, chance: &mut StdRng) {
        for post in self.posts.values() {
            for _ in 0..post.channel.limits().sessions.get() {
                let (engine, post) = (Arc::clone(self), Arc::clone(post));
                let mut jitter = StdRng::from_rng(chance);
                self.tasks.spawn(async move {
                    let work = async { Ok(post.work(move || jitter.random_range(0.0..1.0)).await?) };
                    engine.fail_stop(work).await;
                });
            }
        }
        for post in self.posts.values().filter(|post| sends_jobs(post)) {
            let (engine, post) = (Arc::clone(self), Arc::clone(post));
            self.tasks.spawn(async move { engine.fail_stop(engine.ask_after_jobs(&post)).await });
        }
        let engine = Arc::clone(self);
        self.tasks.spawn(async move { engine.fail_stop(engine.sweep_until(&engine.stop)).await });
        self.tasks.close();
    }

    /// Nothing sends or sweeps on in a half of an engine: whatever part of it breaks off, all of it stops.
    async fn fail_stop(&self, work: impl Future<Output = Result<(), EngineError>>) {
        let worked = AssertUnwindSafe(work).catch_unwind().await;
        if let Err(halt) = worked.unwrap_or(Err(EngineError::Panicked)) {
            self.halt(&halt);
        }
    }

    /// A log that cannot be written is noticed at once, not by the first warning that needs it.
    fn watch(self: &Arc<Self>) {
        let engine = Arc::clone(self);
        self.tasks.spawn(async move {
            tokio::select! {
                failure = engine.scribe.failed() => engine.halt(&EngineError::Scribe(failure)),
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

    /// Makes a decision of dispatch's own durable: another account or a reserve channel takes people over. It holds while
    /// this node dispatches. Made twice, people would be warned twice; so dispatch halts where nobody can say whether it
    /// is kept, and the next start goes by what is there.
    ///
    /// # Errors
    /// [`EngineError::Undecided`]; [`EngineError::Store`] where it is not kept.
    pub(crate) async fn decide_alone(&self, change: Change) -> Result<(), EngineError> {
        let fenced = Change { fence: Some(self.lease.clone()), ..change };
        self.store.commit(&fenced).await.map_err(|error| match error {
            StoreError::Database { operation: "commit", .. } => {
                // At once, before who decides lets go of what it had stopped.
                let undecided = EngineError::Undecided(error);
                self.halt(&undecided);
                undecided
            }
            other => EngineError::Store(other),
        })
    }

    /// Fail-stop: what cannot be kept must not go on.
    pub(crate) fn halt(&self, halt: &EngineError) {
        tracing::error!(
            error = halt as &dyn std::error::Error,
            "dispatch stops: started anew, it goes on from the log"
        );
        let mut halted = self.halted.lock().unwrap_or_else(PoisonError::into_inner);
        halted.get_or_insert_with(|| halt.to_string());
        drop(halted);
        self.stop.cancel();
    }

    /// The first release after a start must not wait until the carriers of the current roster are looked up.
    async fn read_ahead(&self) -> Result<(), EngineError> {
        if self.routes.tell_carriers_apart()
            && let Some(head) = self.store.current_edition(M::KIND).await?
        {
            self.map(head.id).await?;
        }
        Ok(())
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

    /// Maps of editions that no open plan sends to are read again when they are asked for. The newest stays: the next
    /// warning is most likely drafted over it.
    pub(crate) fn forget_maps(&self) {
        let mut used = BTreeSet::new();
        for post in self.posts.values() {
            let desk = post.desk();
            let open = desk.plans().iter().filter(|progress| progress.status() != PlanStatus::Closed);
            used.extend(open.filter_map(Progress::edition));
        }
        let mut maps = self.maps.lock().unwrap_or_else(PoisonError::into_inner);
        used.extend(maps.keys().max().copied());
        maps.retain(|edition, _| used.contains(edition));
    }

    /// The roster as this engine reads it, for whoever names recipients besides it.
    pub const fn roster(&self) -> &Arc<Roster> {
        &self.roster
    }

    /// The accounts that can send.
    pub fn accounts(&self) -> impl Iterator<Item = &Arc<dyn Channel<M>>> {
        let configured = self.posts.iter().filter(|(account, _)| !self.absent.contains(*account));
        configured.map(|(_, post)| &post.channel)
    }

    /// Units that left by each account in the last second.
    pub fn paces(&self) -> BTreeMap<AccountName, u32> {
        self.posts.iter().map(|(account, post)| (account.clone(), post.pace())).collect()
    }

    /// Every plan in memory, from the counters.
    pub fn views(&self) -> Vec<PlanView> {
        let (now, mut views) = (self.clock.now(), Vec::new());
        for post in self.posts.values() {
            views.extend(post.desk().plans().iter().map(|progress| PlanView::of(progress, now)));
        }
        views
    }

    /// Receipts by account that match nothing that was sent (无主回执).
    pub fn orphans(&self) -> BTreeMap<AccountName, Orphans> {
        self.posts.iter().map(|(account, post)| (account.clone(), post.orphans())).collect()
    }

    /// How each account stands.
    pub fn links(&self) -> BTreeMap<AccountName, Link> {
        self.posts.iter().map(|(account, post)| (account.clone(), post.link())).collect()
    }

    /// Takes on plans that the ledger holds already. They leave when their hold ends. What is released and cannot be
    /// taken on must not wait unseen: dispatch halts, and who starts it anew takes the plan on from the ledger.
    ///
    /// # Errors
    /// [`EngineError::NoAccount`], [`EngineError::Halted`] or a store error; plans before the bad one are taken on.
    pub async fn admit(&self, plans: Vec<Plan<M>>) -> Result<(), EngineError> {
        self.check()?;
        for plan in plans {
            if let Err(halt) = self.take_on(plan).await {
                self.halt(&halt);
                return Err(halt);
            }
        }
        Ok(())
    }

    async fn take_on(&self, plan: Plan<M>) -> Result<(), EngineError> {
        let post = Arc::clone(self.post(&plan.account, plan.id)?);
        self.read_first_addresses(&plan);
        let progress = self.progress(plan, PlanStatus::Open).await?;
        let number = post.desk().admit(progress);
        self.bar_unfit(&post, number).await?;
        post.wake();
        Ok(())
    }

    /// The store is asked for the first addresses while the hold lasts, and not by the first octet. Should it not answer, who
    /// sends asks again.
    fn read_first_addresses(&self, plan: &Plan<M>) {
        let Target::People { edition, ordinals } = &plan.target else { return };
        let (roster, edition, kind, first) =
            (Arc::clone(&self.roster), *edition, plan.channel, ordinals.min());
        self.tasks.spawn(async move {
            if let Err(error) = roster.addresses(edition, kind, first.into_iter()).await {
                tracing::debug!(%error, "the first addresses could not be read ahead");
            }
        });
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
                    rest.extend(progress.give_up_rest(WITHDRAWN).map(|fact| (number, fact)));
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
        let id = plan.id;
        let mut progress = self.progress(plan, PlanStatus::Closed).await?;
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

    pub(crate) fn post(&self, account: &AccountName, plan: PlanId) -> Result<&Arc<Post<M>>, EngineError> {
        self.posts.get(account).ok_or_else(|| EngineError::NoAccount {
            account: account.clone(),
            plan,
            configured: self.posts.keys().map(|name| name.0.as_str()).collect::<Vec<_>>().join(", "),
        })
    }

    /// Stops sending, hears on for as long as answers may still come, says goodbye to the gateways. What moved in memory is
    /// durable when this returns, also where whoever waited for it was cut off by the stop.
    pub async fn shutdown(&self) {
        self.stop.cancel();
        self.tasks.wait().await;
        if let Err(error) = self.scribe.flush().await {
            tracing::error!(error = &error as &dyn std::error::Error, "what was heard last is not kept");
        }
    }
}

/// Whether people of a channel wait while its account may send nothing and no other takes them. A robot is one group, and SMS
/// that may not leave in forbidden hours has failed at once, so that somebody calls.
pub(crate) const fn waits_while_closed(kind: ChannelKind) -> bool {
    matches!(kind, ChannelKind::WeChat | ChannelKind::WeCom | ChannelKind::Email)
}

fn hash_address(store: &Arc<dyn Store>) -> HashAddress {
    let store = Arc::clone(store);
    Arc::new(move |address: &Address| store.vault().address_hash(address))
}
