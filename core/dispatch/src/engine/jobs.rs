//! Jobs for many at once (群发任务): their ends, which come by callback, and those of which nobody tells one.

use super::{Engine, EngineError};
use crate::post::Post;
use mingluo_ledger::StoreError;
use mingluo_model::{
    address::Address,
    clock::Timestamp,
    delivery::Reason,
    mode::Mode,
    plan::AccountName,
    receipt::{AggregateReceipt, Receipt, ReceiptStatus},
};

/// Jobs looked at again at a start, one for each ten thousand followers of a warning: of older ones the end is not remembered.
const LATEST: u32 = 1_000;

/// A job that more than one in so many did not get is told singly to everybody: nobody says who they are, and to be told of a
/// red warning twice is better than never. Ours to choose; a few who refuse the account are in every job.
const ONE_IN: u64 = 10;

/// Why everybody of a job is to be told singly; nothing where it reached almost all.
fn fell_short(end: &AggregateReceipt) -> Option<Reason> {
    let missed = end.targeted.saturating_sub(end.reached);
    let why = if end.filtered >= end.failed { Reason::Quota } else { Reason::FarFault };
    end.refused.or_else(|| (missed.saturating_mul(ONE_IN) > end.targeted).then_some(why))
}

impl<M: Mode> Engine<M> {
    /// How jobs of an account ended: everybody of one that was refused or fell short has failed. Durable when this returns, and
    /// only then may the far side be answered; what comes again changes nothing.
    ///
    /// # Errors
    /// [`EngineError::Halted`], [`EngineError::Scribe`] or [`EngineError::Store`]; then the far side must be told to say
    /// it again.
    pub async fn jobs_ended(
        &self,
        account: &AccountName,
        ends: &[AggregateReceipt],
    ) -> Result<(), EngineError> {
        let post = self.open_post(account)?;
        let failed = |end: &AggregateReceipt| {
            Some(Receipt {
                provider_id: end.provider_id.clone(),
                status: ReceiptStatus::Failed(fell_short(end)?),
                to: None::<Address>,
                far_code: end.far_code.clone(),
                at: end.at,
            })
        };
        post.receipts(ends.iter().filter_map(failed).collect()).await?;
        self.store.end_jobs(account, ends).await?;
        let mut desk = post.desk();
        for end in ends {
            desk.end_job(&end.provider_id);
        }
        Ok(())
    }

    /// Tells the desks of jobs that ended before this start.
    pub(super) async fn remember_ends(&self) -> Result<(), EngineError> {
        for job in self.store.jobs(M::KIND, LATEST).await? {
            if let (Some(_), Some(post)) = (&job.end, self.posts.get(&job.account)) {
                post.desk().end_job(&job.provider_id);
            }
        }
        Ok(())
    }

    /// Keeps jobs that began, and gives up those whose end is not told in time.
    pub(crate) async fn look_at_jobs(&self, post: &Post<M>) -> Result<(), EngineError> {
        let begun = post.desk().unkept_jobs();
        if !begun.is_empty() {
            match self.store.begin_jobs(&begun).await {
                Ok(()) => post.desk().jobs_are_kept(&begun),
                // The log has them: they are kept at the next look.
                Err(error @ StoreError::Database { .. }) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "jobs could not be kept yet");
                }
                Err(error) => return Err(error.into()),
            }
        }
        let now = self.clock.now();
        let begun_by = Timestamp(now.0 - i64::from(self.config.jobs_within_s.get()) * 1_000);
        if !post.desk().has_overdue_jobs(begun_by) {
            return Ok(());
        }
        tracing::error!(account = %post.channel.account().0, "the end of a job was never told: it has failed");
        Ok(post.write(|desk| desk.give_up_jobs(begun_by, now)).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mingluo_model::receipt::ProviderId;

    #[test]
    fn a_job_that_more_than_a_tenth_did_not_get_is_told_singly() {
        let why = |reached, filtered, failed| {
            fell_short(&AggregateReceipt {
                provider_id: ProviderId::new(b"34182"),
                refused: None,
                targeted: 100,
                filtered,
                reached,
                failed,
                far_code: "send success".into(),
                at: Timestamp(0),
            })
        };
        assert_eq!([why(100, 0, 0), why(90, 10, 0)], [None; 2]);
        assert_eq!([why(89, 11, 0), why(89, 0, 11)], [Some(Reason::Quota), Some(Reason::FarFault)]);
    }
}
