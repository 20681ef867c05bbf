//! The sending hand: what goes next, and the promise on disk before its first octet.

use super::{End, Halt, Line, Link, Post};
use crate::{desk::Picked, roster::Lookup};
use mingluo_ledger::{
    event::{Answer, Event, Fact, Intent, IntentParcel, Moved},
    scribe::Entry,
};
use mingluo_model::{
    channel::{ADDITION, MOST_PARTS, Outlet, Parcel, Refusal, Run, Unfit},
    delivery::{DeliveryState, Reason, Standing},
    mode::Mode,
    plan::PlanStatus,
};
use std::{num::NonZeroU32, sync::Arc};

/// A run that is ready to leave.
struct Promised {
    first_key: u64,
    units: NonZeroU32,
}

impl<M: Mode> Post<M> {
    /// The sending hand. The licence comes last, so that what the gateway sees of it does not waver with the disk nor
    /// with calls that wait for a free hand.
    pub(super) async fn send(&self, outlet: &mut dyn Outlet<M>, line: &Line) -> Result<(), End> {
        loop {
            self.licence.open().await;
            self.closed_hours().await;
            let least = u32::from(self.work_to_do().await);
            self.give_way().await;
            let units = self.run_units(least, line.size);
            let permit = line.window.acquire_many(units).await.expect("the window is never closed");
            let picked = self.desk().pick(units, self.clock.now(), &mut line.flights());
            let Some(picked) = picked else { continue };
            let number = picked.number;
            let Some(promised) = self.promise(outlet, line, picked).await? else { continue };
            outlet.ready().await.map_err(End::Lost)?;
            let taken = self.licence.take(promised.units).await;
            if !self.may_leave(number, line) {
                self.take_back(line).await?;
                continue;
            }
            permit.forget();
            line.window.add_permits(units.saturating_sub(promised.units.get()) as usize);
            line.flights().launch(promised.first_key, self.clock.ticks());
            outlet.send().await.map_err(End::Lost)?;
            if let Some(ticket) = taken.left() {
                line.flights().on_the_wire(ticket);
            }
        }
    }

    /// Waits until an account that may send nothing just now is to be tried again. Nobody is picked meanwhile, so that
    /// others can take them over.
    async fn closed_hours(&self) {
        while self.desk().rests() {
            let rest = self.watched().rest(self.clock.ticks());
            if rest.is_zero() {
                return;
            }
            self.clock.sleep(rest).await;
        }
    }

    /// Where this account takes nothing, whoever another one can send to is left to it for a moment: handing over looks
    /// meanwhile. Who is still here then is a trial whether it takes something again.
    async fn give_way(&self) {
        if matches!(self.link_now(), Link::Mute { .. }) && self.desk().has_next() {
            self.clock.sleep(self.give_way).await;
        }
    }

    /// Whether a plan was neither stopped nor ran out while its run waited for the licence, nothing graver came, and nobody
    /// of the run was heard of meanwhile: a receipt of an earlier try may have come.
    fn may_leave(&self, number: usize, line: &Line) -> bool {
        let now = self.clock.now();
        let mut desk = self.desk();
        if desk.graver_waits(number, now) {
            return false;
        }
        let progress = desk.plan(number);
        let still_wanted = |ordinal: u32| {
            progress.standing(ordinal).is_some_and(|one| one.state() == DeliveryState::Submitting)
        };
        progress.status() == PlanStatus::Open
            && now < progress.plan().not_after
            && line.flights().reserved().all(still_wanted)
    }

    /// What was promised and will not leave is as if it had never been chosen.
    async fn take_back(&self, line: &Line) -> Result<(), Halt> {
        let unsent = line.flights().take_unsent();
        let at = self.clock.now();
        self.write(|desk| desk.end_flights(&unsent, &Answer::Busy, at)).await
    }

    /// Units of one run: half of the licence's burst or what the channel takes in one call, but several runs must fit into
    /// the window and at least one message into a run.
    fn run_units(&self, least: u32, window: u32) -> u32 {
        let run = self.channel.run().map_or_else(|| self.licence.run(), NonZeroU32::get);
        let run = run.min(window / 4).min(self.limits.batch.get()).max(least);
        (run / least * least).min(window).max(1)
    }

    async fn work_to_do(&self) -> u16 {
        loop {
            let mut woken = std::pin::pin!(self.wake.notified());
            woken.as_mut().enable();
            let now = self.clock.now();
            let ready = self.desk().ready_at(now);
            match ready {
                Some((at, units)) if at <= now => return units,
                Some((at, _)) => tokio::select! {
                    () = woken => {}
                    () = self.clock.sleep(at.since(now)) => {}
                },
                None => woken.await,
            }
        }
    }

    /// Makes one run ready to leave and its intent durable. `None` if nobody in it can be sent to.
    async fn promise(
        &self,
        outlet: &mut dyn Outlet<M>,
        line: &Line,
        picked: Picked<M>,
    ) -> Result<Option<Promised>, End> {
        let (mut run, gone) = self.address(&picked).await?;
        let at = self.clock.now();
        if !gone.is_empty() {
            self.write(|desk| vec![desk.record(picked.number, Fact::Moved(gone), at)]).await?;
        }
        let kept: Vec<IntentParcel> = run.parcels.iter().map(intent_parcel).collect();
        line.flights().reserve(picked.number, &kept);
        let units = kept.iter().map(|parcel| parcel.part_set.count_ones()).sum();
        let Some(units) = NonZeroU32::new(units) else { return Ok(None) };
        run.call = self.desk().plan(picked.number).call(&kept);
        let keys = match outlet.prepare(&run) {
            Ok(keys) => keys,
            Err(unfit) => {
                self.cannot_leave(&run, &unfit, line).await?;
                return Ok(None);
            }
        };
        self.desk().plan(picked.number).join_call(&kept);
        let intent = Intent { first_key: keys.first, parts: picked.parts, parcels: kept };
        let event = Event { plan: picked.plan, at, fact: Fact::Intent(intent) };
        self.scribe.append(vec![Entry::Event(event)]).await?;
        Ok(Some(Promised { first_key: keys.first, units }))
    }

    /// A run that its channel does not take. What the far side has not ready says nothing of the recipients: where another
    /// account may send, this one rests like one that may send nothing, and they wait for that.
    async fn cannot_leave(&self, run: &Run<M>, unfit: &Unfit, line: &Line) -> Result<(), Halt> {
        tracing::error!(plan = %run.plan, account = %self.channel.account().0, %unfit, "the message cannot leave");
        let not_ready = self.channel.stands(&run.message).is_err() && self.desk().has_next();
        if not_ready {
            self.close(Refusal { reason: Reason::NotAllowed, far_code: unfit.to_string() });
        }
        let answer = if not_ready { Answer::Busy } else { Answer::Permanent(Reason::Content) };
        let (unsent, at) = (line.flights().take_unsent(), self.clock.now());
        self.write(|desk| desk.end_flights(&unsent, &answer, at)).await
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
                Lookup::OptedOut(_) => Reason::OptedOut,
                Lookup::Missing | Lookup::StruckOff(_) => Reason::BadAddress,
            };
            gone.push(Moved {
                first: ordinal,
                count: 1,
                standing: Standing::new(DeliveryState::Failed, reason),
            });
        }
        let message = Arc::clone(&picked.message);
        let recall = self.desk().plan(picked.number).recall();
        let (plan, not_after) = (picked.plan, picked.not_after);
        Ok((Run { plan, message, not_after, recall, call: None, parcels }, gone))
    }
}

const fn intent_parcel(parcel: &Parcel) -> IntentParcel {
    IntentParcel { ordinal: parcel.ordinal, attempt: parcel.attempt, part_set: parcel.part_set }
}

const _: () =
    assert!(MOST_PARTS <= ADDITION as u16 && (ADDITION as u32) < u16::BITS, "a part set is sixteen bits");
