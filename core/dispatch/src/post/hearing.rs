//! The hearing hand: what was reported is on disk before the window is free and before a receipt is answered. It
//! listens on while what it heard is being written.

use super::{End, Halt, Line, Post};
use crate::{
    desk::{Desk, Digest},
    flights::{Flight, Flights},
};
use futures_util::FutureExt;
use mingluo_ledger::{
    event::{Answer, Fact},
    scribe::{Entry, Room, Writing},
};
use mingluo_model::{
    channel::{Answerer, Inlet, Outlet, Refusal, Report, SendError, Verdict},
    clock::{Timestamp, within},
    mode::Mode,
    receipt::Receipt,
};
use std::time::Duration;
use tokio::sync::mpsc;

/// A gateway that wants a longer pause than this means it; a shorter one is a hint to go slower.
const LONGEST_HINT: Duration = Duration::from_secs(1);

/// An account that may send nothing just now is tried again after so long: forbidden hours end on the hour or the half.
const CLOSED_PAUSE: Duration = Duration::from_mins(1);

/// How long an orderly stop waits for answers that are under way, where the channel may not take longer.
const DRAIN: Duration = Duration::from_secs(5);

/// The longest that it waits: a supervisor ends what does not stop after 90 seconds (systemd's `TimeoutStopSec`).
const LONGEST_DRAIN: Duration = Duration::from_mins(1);

/// Reports that moved the desk and are being written.
pub(super) struct Heard<'a> {
    digest: Digest,
    /// `None` when they moved nothing.
    writing: Option<Writing<'a>>,
}

/// How long a session that is being closed is heard.
#[derive(Clone, Copy)]
enum Until {
    ItHangsUp,
    NothingIsAtHand,
}

/// The keys of what will have no answer.
fn without_answer(reports: &[Report]) -> Vec<u64> {
    let lost = |report: &Report| match report {
        Report::Answer { key, verdict: Verdict::Lost } => Some(*key),
        _ => None,
    };
    reports.iter().filter_map(lost).collect()
}

fn is_answer(report: &Report) -> bool {
    matches!(report, Report::Answer { verdict, .. } if *verdict != Verdict::Lost)
}

impl<M: Mode> Post<M> {
    /// The hearing hand.
    pub(super) async fn hear<'a>(
        &'a self,
        inlet: &mut dyn Inlet,
        writings: &mpsc::Sender<Heard<'a>>,
        line: &Line,
    ) -> Result<(), End> {
        let mut reports = Vec::new();
        loop {
            // Room first: what was heard is then written whatever becomes of this session.
            let room = self.scribe.room().await.map_err(Halt::from)?;
            inlet.next(&mut reports).await.map_err(End::Lost)?;
            let heard = self.take_down(room, &mut reports, Some(line));
            if writings.send(heard).await.is_err() {
                return Ok(());
            }
        }
    }

    /// Puts in doubt what the far side does not answer in time, so that it neither holds its place nor is forgotten. A
    /// session on which nothing else is answered either is given up: another may find a gateway that works.
    pub(super) async fn watch<'a>(
        &'a self,
        writings: &mpsc::Sender<Heard<'a>>,
        line: &Line,
    ) -> Result<(), End> {
        let Some(patience) = self.limits.answer_within else { return std::future::pending().await };
        loop {
            self.clock.sleep(patience / 4).await;
            let overdue = line.flights().overdue(self.clock.ticks().saturating_sub(patience));
            if overdue.is_empty() {
                continue;
            }
            tracing::warn!(account = %self.channel.account().0, parts = overdue.len(), "not answered in time");
            let never = |key| Report::Answer { key, verdict: Verdict::Lost };
            let room = self.scribe.room().await.map_err(Halt::from)?;
            let heard = self.take_down(room, &mut overdue.into_iter().map(never).collect(), Some(line));
            if writings.send(heard).await.is_err() {
                return Ok(());
            }
            if self.clock.ticks().saturating_sub(line.flights().answered_at()) >= patience {
                self.watched().answered_nothing(patience, self.clock.now(), self.clock.ticks());
                let detail = format!("nothing sent was answered for {} s", patience.as_secs());
                return Err(End::Lost(SendError::Unreachable { detail }));
            }
        }
    }

    /// Settles what is heard, in order.
    pub(super) async fn settle_all(
        &self,
        writings: &mut mpsc::Receiver<Heard<'_>>,
        answerer: &dyn Answerer,
        line: &Line,
    ) -> Result<(), End> {
        while let Some(heard) = writings.recv().await {
            self.settle(heard, answerer, line).await?;
        }
        Ok(())
    }

    /// What was heard before a stop is settled before what is heard after it: a resident's later wish holds.
    pub(super) async fn settle_waiting(
        &self,
        writings: &mut mpsc::Receiver<Heard<'_>>,
        answerer: &dyn Answerer,
        line: &Line,
    ) {
        while let Ok(heard) = writings.try_recv() {
            if let Err(End::Halted(halt)) = self.settle_whole(heard, answerer, line).await {
                // Said again, and louder, by whatever is written next.
                tracing::error!(
                    error = &halt as &dyn std::error::Error,
                    "what was heard last cannot be kept"
                );
            }
        }
        self.keep_last_replies(answerer, line).await;
    }

    /// Moves the desk by what was reported and hands it over to be written, both in one breath.
    fn take_down<'a>(&self, room: Room<'a>, reports: &mut Vec<Report>, line: Option<&Line>) -> Heard<'a> {
        let at_fault = self.watched().is_at_fault(self.clock.ticks());
        let mut desk = self.desk();
        desk.blame_gateway(at_fault);
        let mut digest = match line {
            Some(line) => {
                let mut flights = line.flights();
                line.doubts().extend(flights.behind(&without_answer(reports)));
                if reports.iter().any(is_answer) {
                    flights.heard(self.clock.ticks());
                }
                let digest = desk.digest(reports, &mut flights, self.clock.now());
                self.licence.arrived(&flights.arrived());
                digest
            }
            None => desk.digest(reports, &mut Flights::default(), self.clock.now()),
        };
        let entries = std::mem::take(&mut digest.entries);
        let writing = (!entries.is_empty()).then(|| room.write(entries));
        Heard { digest, writing }
    }

    /// Waits until it is durable; then the window is free and the far side may forget its receipts.
    async fn settle(&self, heard: Heard<'_>, answerer: &dyn Answerer, line: &Line) -> Result<(), End> {
        let Digest { freed, tokens, busy, taken, vain, closed, pause, replies, nobody, .. } =
            self.make_durable(heard).await?;
        self.note_link(taken, vain, closed);
        self.licence.heard(freed as u32, busy);
        if let Some(pause) = pause.filter(|pause| *pause > LONGEST_HINT) {
            self.licence.brake(pause);
        }
        line.window.add_permits(freed);
        self.remember_new_doubts(line).await?;
        self.wake();
        line.take_nobody(nobody);
        self.take_replies(replies, line);
        if tokens.is_empty() {
            return Ok(());
        }
        answerer.committed(&tokens).await.map_err(End::Lost)
    }

    /// The same where nothing is sent any more that residents' words could hold up: they are kept at once.
    async fn settle_whole(&self, heard: Heard<'_>, answerer: &dyn Answerer, line: &Line) -> Result<(), End> {
        self.settle(heard, answerer, line).await?;
        self.keep_replies(answerer, line).await
    }

    /// What the answers say of the account itself. One that may send nothing rests, and is tried again now and then.
    fn note_link(&self, taken: u32, vain: u32, closed: Option<Refusal>) {
        if taken > 0 {
            self.watched().took(self.clock.ticks());
        } else {
            self.watched().took_nothing(vain, self.clock.now(), self.clock.ticks());
        }
        if let Some(refusal) = closed {
            self.close(refusal);
        }
    }

    /// The account may send nothing just now: it rests, and is tried again.
    pub(super) fn close(&self, refusal: Refusal) {
        let until = self.clock.ticks() + CLOSED_PAUSE;
        let words = refusal.far_code.clone();
        if self.watched().close(refusal, self.clock.now(), until) {
            tracing::error!(account = %self.channel.account().0, words, "the account may send nothing just now");
        }
    }

    async fn make_durable(&self, heard: Heard<'_>) -> Result<Digest, Halt> {
        let Heard { digest, writing } = heard;
        if let Some(writing) = writing {
            let raws = writing.kept().await?;
            if !raws.is_empty() {
                self.write(|desk| desk.name_raws(&digest.unmatched, &raws)).await?;
            }
        }
        Ok(digest)
    }

    /// Hears on without sending for as long as an answer may come, so that an orderly stop leaves little in doubt.
    pub(super) async fn drain(&self, inlet: &mut dyn Inlet, answerer: &dyn Answerer, line: &Line) -> End {
        let mut reports = Vec::new();
        let all_landed = async {
            while line.flights().in_the_air() > 0 {
                let room = self.scribe.room().await.map_err(Halt::from)?;
                inlet.next(&mut reports).await.map_err(End::Lost)?;
                let heard = self.take_down(room, &mut reports, Some(line));
                self.settle_whole(heard, answerer, line).await?;
            }
            Ok(())
        };
        let drain = self.channel.may_answer_within().map_or(DRAIN, |may| may.clamp(DRAIN, LONGEST_DRAIN));
        match within(self.clock.as_ref(), drain, all_landed).await {
            Ok(Err(end)) => end,
            Ok(Ok(())) | Err(_) => End::Stopped,
        }
    }

    /// Closes in order, hearing the far side's last words meanwhile: answers that came while it said goodbye are no
    /// doubts.
    pub(super) async fn take_leave(
        &self,
        outlet: &mut dyn Outlet<M>,
        inlet: &mut dyn Inlet,
        answerer: &dyn Answerer,
        line: &Line,
    ) -> Result<(), Halt> {
        tokio::select! {
            () = outlet.close() => {}
            heard = self.hear_out(inlet, answerer, line, Until::ItHangsUp) => return heard,
        }
        self.hear_out(inlet, answerer, line, Until::NothingIsAtHand).await
    }

    async fn hear_out(
        &self,
        inlet: &mut dyn Inlet,
        answerer: &dyn Answerer,
        line: &Line,
        until: Until,
    ) -> Result<(), Halt> {
        let mut reports = Vec::new();
        loop {
            let room = self.scribe.room().await?;
            let next = inlet.next(&mut reports);
            let said = match until {
                Until::ItHangsUp => next.await.is_ok(),
                Until::NothingIsAtHand => next.now_or_never().is_some_and(|said| said.is_ok()),
            };
            if !said {
                return Ok(());
            }
            let heard = self.take_down(room, &mut reports, Some(line));
            // A link that is closing takes no answers: the far side will say it again.
            if let Err(End::Halted(halt)) = self.settle_whole(heard, answerer, line).await {
                return Err(halt);
            }
        }
    }

    /// The session is over: what was heard on it is settled, what was sent on it is given back.
    pub(super) async fn wind_up(
        &self,
        writings: &mut mpsc::Receiver<Heard<'_>>,
        answerer: &dyn Answerer,
        line: &Line,
    ) -> Result<(), Halt> {
        while let Some(heard) = writings.recv().await {
            // A link that is gone takes no answers: the far side will report those receipts again.
            if let Err(End::Halted(halt)) = self.settle_whole(heard, answerer, line).await {
                return Err(halt);
            }
        }
        self.keep_last_replies(answerer, line).await;
        self.remember_new_doubts(line).await?;
        self.give_back(line).await
    }

    /// The session is over: what never left goes back, what was not answered is in doubt.
    pub(super) async fn give_back(&self, line: &Line) -> Result<(), Halt> {
        let (unsent, lost) = {
            let mut flights = line.flights();
            (flights.take_unsent(), flights.take_lost())
        };
        let at = self.clock.now();
        self.write(|desk| {
            let mut entries = desk.end_flights(&unsent, &Answer::Busy, at);
            entries.extend(desk.end_flights(&lost, &Answer::Lost, at));
            entries
        })
        .await?;
        self.remember_doubts(&lost).await?;
        self.wake();
        Ok(())
    }

    /// What will have no answer is to be found by its address. Kept on the line until it is, should this be cut short.
    async fn remember_new_doubts(&self, line: &Line) -> Result<(), Halt> {
        let lost = line.doubts().clone();
        self.remember_doubts(&lost).await?;
        line.doubts().drain(..lost.len());
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
    /// [`Halt::Roster`] when their addresses cannot be read, [`Halt::Scribe`] when what early receipts say of them
    /// cannot be kept.
    pub async fn doubt(&self, number: usize, ordinals: &[u32]) -> Result<(), Halt> {
        let edition = self.desk().plan(number).edition();
        let Some(edition) = edition else { return Ok(()) };
        let kind = self.channel.kind();
        let found = self.roster.addresses(edition, kind, ordinals.iter().copied()).await?;
        let at = self.clock.now();
        self.write(|desk| {
            let mut entries = Vec::new();
            for (ordinal, lookup) in ordinals.iter().zip(found) {
                if let Some(address) = lookup.address() {
                    entries.extend(desk.doubt(&address, number, *ordinal, at));
                }
            }
            entries
        })
        .await
    }

    /// Receipts that came by another door than a session (a callback). Durable when this returns, and only then
    /// may the far side be answered.
    ///
    /// # Errors
    /// [`Halt::Scribe`] when they cannot be kept.
    pub async fn receipts(&self, receipts: Vec<Receipt>) -> Result<(), Halt> {
        let receipt = |receipt| Report::Receipt { receipt, token: None };
        let mut reports = receipts.into_iter().map(receipt).collect();
        let heard = self.take_down(self.scribe.room().await?, &mut reports, None);
        self.make_durable(heard).await.map(|_| ())
    }

    /// Makes durable what the desk says, in the order in which the desk moved.
    ///
    /// # Errors
    /// [`Halt::Scribe`] when it cannot be kept.
    pub async fn write(&self, what: impl FnOnce(&mut Desk<M>) -> Vec<Entry> + Send) -> Result<(), Halt> {
        let room = self.scribe.room().await?;
        let writing = {
            let mut desk = self.desk();
            let entries = what(&mut desk);
            if entries.is_empty() {
                return Ok(());
            }
            room.write(entries)
        };
        writing.kept().await?;
        Ok(())
    }

    /// Makes facts of one plan durable that were decided here and not reported.
    ///
    /// # Errors
    /// [`Halt::Scribe`] when they cannot be kept.
    pub async fn decide(&self, number: usize, fact: Fact, at: Timestamp) -> Result<(), Halt> {
        self.write(|desk| vec![desk.record(number, fact, at)]).await?;
        self.wake();
        Ok(())
    }
}
