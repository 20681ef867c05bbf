//! The post of one account: its desk, its licence and its couriers. A courier owns one session and does two
//! things at once: it sends (work, then window, then licence, then the gravest run, then its intent on disk, then
//! the wire) and it hears (reports, then disk, then the window is free and receipts are answered).

use crate::{
    desk::{Desk, Digest, Picked},
    flights::{Flight, Flights},
    limit::Licence,
    roster::{Lookup, Roster},
};
use mingluo_ledger::{
    event::{Answer, Fact, Intent, IntentParcel, Moved, RawId},
    scribe::{Entry, Scribe, ScribeError},
};
use mingluo_model::{
    channel::{
        Answerer, Channel, Inlet, Limits, MOST_PARTS, Outlet, Parcel, Report, Run, SendError, Session,
    },
    clock::{SharedClock, Timestamp, within},
    delivery::{DeliveryState, Reason, Standing},
    mode::Mode,
};
use std::{
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

/// The first pause before a session is opened again; doubles to [`LONGEST_PAUSE`], with full jitter.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// The longest pause between two tries to open a session.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The pause after a refused login: gateways lock accounts that hammer.
const REFUSED_PAUSE: Duration = Duration::from_mins(1);

/// A gateway that wants a longer pause than this means it; a shorter one is a hint to go slower.
const LONGEST_HINT: Duration = Duration::from_secs(1);

/// How long an orderly stop waits for answers that are under way.
const DRAIN: Duration = Duration::from_secs(5);

/// Why a courier stopped for good.
#[derive(Debug, thiserror::Error)]
pub enum Halt {
    /// The ledger cannot keep what happens: nothing may leave any more.
    #[error("the ledger refuses to keep what happens")]
    Scribe(#[from] ScribeError),
    /// The roster cannot be read.
    #[error("the roster cannot be read")]
    Roster(#[from] mingluo_ledger::StoreError),
}

/// Why a session ended.
enum End {
    Stopped,
    Lost(SendError),
    Halted(Halt),
}

impl<E: Into<Halt>> From<E> for End {
    fn from(cause: E) -> Self {
        Self::Halted(cause.into())
    }
}

/// One account at work.
pub struct Post<M: Mode> {
    /// The way out.
    pub channel: Arc<dyn Channel<M>>,
    // Guards the plans in memory; held for the moving of one batch, never across an await.
    desk: Mutex<Desk<M>>,
    licence: Licence,
    limits: Limits,
    roster: Arc<Roster>,
    scribe: Scribe,
    clock: SharedClock,
    wake: Notify,
    stop: CancellationToken,
}

/// What one session shares between its two hands.
struct Line {
    // Guards the parts on the wire; held for a few instructions only.
    flights: Mutex<Flights>,
    window: Semaphore,
    size: u32,
}

impl Line {
    fn flights(&self) -> MutexGuard<'_, Flights> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M: Mode> Post<M> {
    /// A post that sends nothing yet; call [`Self::work`] once for each session.
    pub fn new(
        channel: Arc<dyn Channel<M>>,
        desk: Desk<M>,
        roster: Arc<Roster>,
        scribe: Scribe,
        clock: SharedClock,
        stop: CancellationToken,
    ) -> Self {
        let limits = channel.limits();
        let largest = NonZeroU32::from(limits.batch).min(NonZeroU32::new(2).unwrap_or(NonZeroU32::MIN));
        let licence = Licence::new(limits.per_second, largest, clock.clone());
        Self {
            channel,
            desk: Mutex::new(desk),
            licence,
            limits,
            roster,
            scribe,
            clock,
            wake: Notify::new(),
            stop,
        }
    }

    /// The plans of this account. Never hold it across an await.
    pub fn desk(&self) -> MutexGuard<'_, Desk<M>> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something new may leave: all couriers look again.
    pub fn wake(&self) {
        self.wake.notify_waiters();
    }

    /// Works one session until the post is stopped; opens it again whenever it ends. `jitter` gives numbers
    /// between 0 and 1.
    ///
    /// # Errors
    /// [`Halt`] when the ledger or the roster failed: the whole engine must stop then.
    pub async fn work(&self, mut jitter: impl FnMut() -> f64 + Send) -> Result<(), Halt> {
        let mut pause = FIRST_PAUSE;
        while !self.stop.is_cancelled() {
            let account = &self.channel.account().0;
            let opened = tokio::select! {
                opened = self.channel.open() => opened,
                () = self.stop.cancelled() => return Ok(()),
            };
            let wait = match opened {
                Ok(session) => {
                    tracing::info!(account, "session is open");
                    pause = FIRST_PAUSE;
                    match self.drive(session).await {
                        End::Stopped => return Ok(()),
                        End::Halted(halt) => return Err(halt),
                        End::Lost(error) => {
                            tracing::warn!(account, %error, "session ended, opening it again");
                        }
                    }
                    pause
                }
                Err(error) => {
                    tracing::warn!(account, %error, "session cannot be opened");
                    match error {
                        SendError::Refused { .. } => REFUSED_PAUSE,
                        SendError::Busy { retry_after } => retry_after,
                        SendError::Unreachable { .. } => pause,
                    }
                }
            };
            pause = (pause * 2).min(LONGEST_PAUSE);
            tokio::select! {
                () = self.clock.sleep(wait.mul_f64(jitter())) => {}
                () = self.stop.cancelled() => return Ok(()),
            }
        }
        Ok(())
    }

    async fn drive(&self, session: Session<M>) -> End {
        let Session { mut outlet, mut inlet, answerer } = session;
        let size = self.limits.window.get();
        let line = Line { flights: Mutex::default(), window: Semaphore::new(size as usize), size };
        let end = tokio::select! {
            end = self.send(outlet.as_mut(), &line) => end,
            end = self.hear(inlet.as_mut(), answerer.as_ref(), &line) => end,
            () = self.stop.cancelled() => Ok(()),
        };
        let end = match end {
            Ok(()) => self.drain(inlet.as_mut(), answerer.as_ref(), &line).await,
            Err(end) => end,
        };
        if matches!(end, End::Stopped) {
            outlet.close().await;
        }
        match self.give_back(&line).await {
            Err(halt) => End::Halted(halt),
            Ok(()) => end,
        }
    }

    /// The sending hand.
    async fn send(&self, outlet: &mut dyn Outlet<M>, line: &Line) -> Result<(), End> {
        loop {
            let parts = u32::from(self.work_to_do().await);
            let units = self.run_units(parts, line.size);
            let permit = line.window.acquire_many(units).await.expect("the window is never closed");
            self.licence.take(units).await;
            let picked = self.desk().pick(units, self.clock.now(), &mut line.flights());
            let Some(picked) = picked else { continue };
            let used: u32 = picked.parcels.iter().map(|parcel| parcel.part_set.count_ones()).sum();
            if !self.launch(outlet, line, picked).await? {
                continue;
            }
            permit.forget();
            line.window.add_permits((units - used.min(units)) as usize);
        }
    }

    /// Units of one run: half of the licence's burst, but several runs must fit into the window and at least
    /// one message into a run.
    fn run_units(&self, parts: u32, window: u32) -> u32 {
        let run = self.licence.run().min(window / 4).min(self.limits.batch.get()).max(parts);
        (run / parts * parts).min(window).max(1)
    }

    async fn work_to_do(&self) -> u16 {
        loop {
            let mut woken = std::pin::pin!(self.wake.notified());
            woken.as_mut().enable();
            let now = self.clock.now();
            let ready = self.desk().ready_at(now);
            match ready {
                Some((at, parts)) if at <= now => return parts,
                Some((at, _)) => tokio::select! {
                    () = woken => {}
                    () = self.clock.sleep(at.since(now)) => {}
                },
                None => woken.await,
            }
        }
    }

    /// Puts one run on the wire, its intent first on the disk. `false` if nobody in it could be sent to.
    async fn launch(&self, outlet: &mut dyn Outlet<M>, line: &Line, picked: Picked<M>) -> Result<bool, End> {
        let (run, gone) = self.address(&picked).await?;
        let at = self.clock.now();
        if !gone.is_empty() {
            let entry = self.desk().record(picked.number, Fact::Moved(gone), at);
            self.scribe.append(vec![entry]).await?;
        }
        let kept: Vec<IntentParcel> = run.parcels.iter().map(intent_parcel).collect();
        line.flights().reserve(picked.number, &kept);
        if kept.is_empty() {
            return Ok(false);
        }
        let keys = match outlet.prepare(&run) {
            Ok(keys) => keys,
            Err(unfit) => {
                tracing::error!(plan = %picked.plan, %unfit, "message does not fit its channel after all");
                let unsent = line.flights().take_unsent();
                let entries = self.desk().end_flights(&unsent, &Answer::Permanent(Reason::Content), at);
                self.scribe.append(entries).await?;
                return Ok(false);
            }
        };
        let intent = Intent { first_key: keys.first, parts: picked.parts, parcels: kept };
        let event = mingluo_ledger::event::Event { plan: picked.plan, at, fact: Fact::Intent(intent) };
        self.scribe.append(vec![Entry::Event(event)]).await?;
        line.flights().launch(keys.first);
        outlet.send().await.map_err(End::Lost)?;
        Ok(true)
    }

    /// Looks the addresses up; gives the run and those who have none (any more).
    async fn address(&self, picked: &Picked<M>) -> Result<(Run<M>, Vec<Moved>), Halt> {
        let kind = self.channel.kind();
        let ordinals = picked.parcels.iter().map(|parcel| parcel.ordinal);
        let found = self.roster.addresses(picked.edition, kind, ordinals).await?;
        let mut parcels = Vec::with_capacity(found.len());
        let mut gone = Vec::new();
        for (parcel, lookup) in picked.parcels.iter().zip(found) {
            let IntentParcel { ordinal, attempt, part_set } = *parcel;
            let reason = match lookup {
                Lookup::Found(to) => {
                    parcels.push(Parcel { ordinal, attempt, part_set, to });
                    continue;
                }
                Lookup::OptedOut => Reason::OptedOut,
                Lookup::Missing => Reason::BadAddress,
            };
            gone.push(Moved {
                first: ordinal,
                count: 1,
                standing: Standing::new(DeliveryState::Failed, reason),
            });
        }
        let message = Arc::clone(&picked.message);
        Ok((Run { plan: picked.plan, message, not_after: picked.not_after, parcels }, gone))
    }

    /// The hearing hand.
    async fn hear(&self, inlet: &mut dyn Inlet, answerer: &dyn Answerer, line: &Line) -> Result<(), End> {
        let mut reports = Vec::new();
        loop {
            inlet.next(&mut reports).await.map_err(End::Lost)?;
            self.keep(&mut reports, answerer, line).await?;
        }
    }

    async fn keep(&self, reports: &mut Vec<Report>, answerer: &dyn Answerer, line: &Line) -> Result<(), End> {
        let digest = self.desk().digest(reports, &mut line.flights(), self.clock.now());
        let Digest { entries, freed, tokens, busy, pause, unmatched } = digest;
        self.licence.heard(freed as u32, busy);
        if let Some(pause) = pause.filter(|pause| *pause > LONGEST_HINT) {
            self.licence.brake(pause);
        }
        if !entries.is_empty() {
            self.append(entries, &unmatched).await?;
        }
        line.window.add_permits(freed);
        self.wake();
        if tokens.is_empty() {
            return Ok(());
        }
        answerer.committed(&tokens).await.map_err(End::Lost)
    }

    /// Hears on for a while without sending, so that an orderly stop leaves little in doubt.
    async fn drain(&self, inlet: &mut dyn Inlet, answerer: &dyn Answerer, line: &Line) -> End {
        let mut reports = Vec::new();
        let all_landed = async {
            while line.flights().in_the_air() > 0 {
                inlet.next(&mut reports).await.map_err(End::Lost)?;
                self.keep(&mut reports, answerer, line).await?;
            }
            Ok(())
        };
        match within(self.clock.as_ref(), DRAIN, all_landed).await {
            Ok(Err(end)) => end,
            Ok(Ok(())) | Err(_) => End::Stopped,
        }
    }

    /// The session is over: what never left goes back, what was not answered is in doubt.
    async fn give_back(&self, line: &Line) -> Result<(), Halt> {
        let (unsent, lost) = {
            let mut flights = line.flights();
            (flights.take_unsent(), flights.take_lost())
        };
        let at = self.clock.now();
        let mut entries = self.desk().end_flights(&unsent, &Answer::Busy, at);
        entries.extend(self.desk().end_flights(&lost, &Answer::Lost, at));
        if !entries.is_empty() {
            self.scribe.append(entries).await?;
            self.remember_doubts(&lost).await?;
        }
        self.wake();
        Ok(())
    }

    /// Receipts may name an address whose provider id we never learnt.
    async fn remember_doubts(&self, lost: &[Flight]) -> Result<(), Halt> {
        let mut by_plan: std::collections::BTreeMap<usize, Vec<u32>> = std::collections::BTreeMap::new();
        for flight in lost {
            by_plan.entry(flight.plan).or_default().push(flight.ordinal);
        }
        for (number, ordinals) in by_plan {
            self.doubt(number, &ordinals).await?;
        }
        Ok(())
    }

    /// Makes these recipients findable by the hash of their address.
    ///
    /// # Errors
    /// [`Halt::Roster`] when their addresses cannot be read.
    pub async fn doubt(&self, number: usize, ordinals: &[u32]) -> Result<(), Halt> {
        let edition = self.desk().plan(number).edition();
        let Some(edition) = edition else { return Ok(()) };
        let kind = self.channel.kind();
        let found = self.roster.addresses(edition, kind, ordinals.iter().copied()).await?;
        let mut desk = self.desk();
        for (ordinal, lookup) in ordinals.iter().zip(found) {
            if let Lookup::Found(address) = lookup {
                desk.doubt(&address, number, *ordinal);
            }
        }
        Ok(())
    }

    /// Receipts that came by another door than a session (a callback). Durable when this returns, and only then
    /// may the far side be answered.
    ///
    /// # Errors
    /// [`Halt::Scribe`] when they cannot be kept.
    pub async fn receipts(&self, receipts: Vec<mingluo_model::receipt::Receipt>) -> Result<(), Halt> {
        let mut reports: Vec<Report> =
            receipts.into_iter().map(|receipt| Report::Receipt { receipt, token: None }).collect();
        let digest = self.desk().digest(&mut reports, &mut Flights::default(), self.clock.now());
        if digest.entries.is_empty() {
            return Ok(());
        }
        self.append(digest.entries, &digest.unmatched).await
    }

    async fn append(&self, entries: Vec<Entry>, unmatched: &[u64]) -> Result<(), Halt> {
        let raws: Vec<RawId> = self.scribe.append(entries).await?;
        let matched = self.desk().name_raws(unmatched, &raws);
        self.keep_entries(matched).await
    }

    /// Makes entries durable that a desk gave outside of a session.
    ///
    /// # Errors
    /// [`Halt::Scribe`] when they cannot be kept.
    pub async fn keep_entries(&self, entries: Vec<Entry>) -> Result<(), Halt> {
        if !entries.is_empty() {
            self.scribe.append(entries).await?;
        }
        Ok(())
    }

    /// Makes facts of one plan durable that were decided here and not reported.
    ///
    /// # Errors
    /// [`Halt::Scribe`] when they cannot be kept.
    pub async fn decide(&self, number: usize, fact: Fact, at: Timestamp) -> Result<(), Halt> {
        let entry = self.desk().record(number, fact, at);
        self.scribe.append(vec![entry]).await?;
        self.wake();
        Ok(())
    }
}

const fn intent_parcel(parcel: &Parcel) -> IntentParcel {
    IntentParcel { ordinal: parcel.ordinal, attempt: parcel.attempt, part_set: parcel.part_set }
}

const _: () = assert!(MOST_PARTS == u16::BITS as u16, "a part set is sixteen bits");
