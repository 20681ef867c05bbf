//! What only time brings about: plans expire, receipts and answers are given up, settled plans are folded.

use crate::{
    engine::{Engine, EngineError},
    fallback::{Diverted, has_failures},
    post::Post,
    progress::{EXPIRED, WITHDRAWN},
};
use mingluo_ledger::{event::Fact, store::StoreError};
use mingluo_model::{clock::Timestamp, delivery::DeliveryState, mode::Mode, plan::PlanStatus};
use std::{collections::BTreeMap, time::Duration};
use tokio_util::sync::CancellationToken;

/// How long receipts that nobody was found for are remembered: an answer comes within seconds of its receipt.
const EARLY: Duration = Duration::from_mins(10);

/// Settled plans and since when they are.
type Settled = BTreeMap<mingluo_model::id::PlanId, Timestamp>;

impl<M: Mode> Engine<M> {
    pub(crate) async fn sweep_until(&self, stop: &CancellationToken) -> Result<(), EngineError> {
        let pause = Duration::from_millis(u64::from(self.config.sweep_ms.get()));
        let look_every = Duration::from_secs(u64::from(self.config.fallback_every_s.get()));
        let mut settled = Settled::new();
        let mut diverted = Diverted::new();
        let mut next_look = self.clock.now();
        loop {
            tokio::select! {
                () = self.clock.sleep(pause) => {}
                () = stop.cancelled() => return Ok(()),
            }
            if self.clock.now() >= next_look {
                next_look = self.clock.now().plus(look_every);
                if let Err(error) = self.hand_over().await {
                    bear(error)?;
                }
                if let Err(error) = self.divert(&mut diverted).await {
                    bear(error)?;
                }
                // Somebody may have been taken off by hand.
                if let Err(error) = self.refresh_opt_outs().await {
                    bear(error)?;
                }
            }
            for post in self.posts.values() {
                self.sweep(post).await?;
                self.keep_jobs(post).await?;
                self.close_settled(post, &mut settled, &diverted).await?;
            }
        }
    }

    async fn sweep(&self, post: &Post<M>) -> Result<(), EngineError> {
        let now = self.clock.now();
        post.desk().forget_early(Timestamp(now.0 - EARLY.as_millis() as i64));
        let before = |seconds: u32| Timestamp(now.0 - i64::from(seconds) * 1_000);
        let receipts_before = before(self.config.receipts_within_s.get());
        let answers_before = before(self.config.answers_within_s.get());
        let mut due: Vec<(usize, Fact)> = Vec::new();
        for (number, progress) in post.desk().plans().iter().enumerate() {
            if progress.status() == PlanStatus::Closed {
                continue;
            }
            if progress.is_withdrawn() {
                due.extend(progress.give_up_rest(WITHDRAWN).map(|fact| (number, fact)));
            }
            if now >= progress.plan().not_after {
                due.extend(progress.give_up_rest(EXPIRED).map(|fact| (number, fact)));
            }
            if progress.awaiting() > 0 && progress.plan().not_before <= receipts_before {
                due.extend(progress.give_up_receipts(receipts_before).map(|fact| (number, fact)));
            }
            let submitting = progress.tally().total().of(DeliveryState::Submitting);
            if submitting > 0 && progress.plan().not_before <= answers_before {
                due.extend(progress.give_up_answers(answers_before).map(|fact| (number, fact)));
            }
        }
        for (number, fact) in due {
            post.decide(number, fact, now).await?;
        }
        Ok(())
    }

    async fn close_settled(
        &self,
        post: &Post<M>,
        settled: &mut Settled,
        diverted: &Diverted,
    ) -> Result<(), EngineError> {
        let ripe = self.ripe(post, settled, diverted);
        let mut closed = false;
        for number in ripe {
            match self.close(post, number).await {
                Ok(is_closed) => closed |= is_closed,
                Err(error) => bear(error)?,
            }
        }
        if closed {
            post.desk().forget_closed();
            self.forget_maps();
        }
        Ok(())
    }

    /// Plans that have been settled for long enough, and whose failures were looked at.
    fn ripe(&self, post: &Post<M>, settled: &mut Settled, diverted: &Diverted) -> Vec<usize> {
        let now = self.clock.now();
        let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds));
        let (wait, receipts) =
            (seconds(self.config.close_after_s), seconds(self.config.receipts_within_s.get()));
        let mut ripe = Vec::new();
        for (number, progress) in post.desk().plans().iter().enumerate() {
            let id = progress.plan().id;
            let may_not = progress.status() == PlanStatus::Closed
                || !progress.may_be_folded(now, receipts)
                || has_failures(progress, diverted);
            if may_not {
                settled.remove(&id);
            } else if now.since(*settled.entry(id).or_insert(now)) >= wait {
                ripe.push(number);
            }
        }
        ripe
    }

    /// Folds a plan and closes it, unless a late receipt moved it meanwhile: then it is folded again at the next look.
    /// The desk is held for one chunk at a time, since what is graver may be waiting for it.
    async fn close(&self, post: &Post<M>, number: usize) -> Result<bool, EngineError> {
        let (id, moves, numbers) = {
            let mut desk = post.desk();
            let progress = desk.plan(number);
            (progress.plan().id, progress.moves_made(), progress.chunk_numbers())
        };
        let mut chunks = Vec::with_capacity(numbers.len());
        for chunk_no in numbers {
            chunks.push(post.desk().plan(number).fold_chunk(chunk_no));
            tokio::task::yield_now().await;
        }
        let has_moved = || post.desk().plan(number).moves_made() != moves;
        if has_moved() {
            return Ok(false);
        }
        self.store.close(id, &chunks).await?;
        if has_moved() {
            return Ok(false);
        }
        post.desk().close(number);
        tracing::info!(plan.id = %id, "plan is settled and folded");
        Ok(true)
    }
}

/// A store that could not be read is asked again at the next look; whether it can be written, the log knows.
fn bear(error: EngineError) -> Result<(), EngineError> {
    match error {
        EngineError::Store(error @ StoreError::Database { .. }) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the store could not be read, trying again"
            );
            Ok(())
        }
        other => Err(other),
    }
}
