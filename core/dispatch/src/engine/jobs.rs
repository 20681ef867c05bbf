//! Jobs for many at once (群发任务): their ends, which come by callback, and those of which nobody tells one.

use super::{Engine, EngineError};
use crate::{desk::AskedJob, post::Post};
use mingluo_ledger::StoreError;
use mingluo_model::{
    address::Address,
    channel::JobState,
    clock::Timestamp,
    delivery::Reason,
    mode::Mode,
    plan::AccountName,
    receipt::{AggregateReceipt, Receipt, ReceiptStatus},
};
use std::time::Duration;

/// A job that more than one in so many did not get is told singly to everybody: nobody says who they are, and to be told of a
/// red warning twice is better than never. Ours to choose; a few who refuse the account are in every job.
const ONE_IN: u64 = 10;

/// How often it is looked whether a job is to be asked after.
const LOOKS_EVERY: Duration = Duration::from_millis(500);

/// How long after it was taken, and how often from then on, the far side is asked after a job whose end was not told. Ours
/// to choose: a refusal whose callback was lost must not be found out when half an hour has gone. A job has ten thousand
/// people and the platform takes sixty calls a minute (微信开放文档, 群发接口).
const ASKED_EVERY: Duration = Duration::from_mins(1);

/// So many questions without an answer are the last.
const MOST_UNANSWERED: u32 = 3;

/// After so many times the span in which it should have ended, a job has failed also where the far side says still that it
/// is under way. Ours to choose: by then the half an hour of whoever is to confirm it has passed twice, and to be told of a
/// red warning twice is better than never.
const GIVEN_UP_AFTER: u32 = 2;

/// The words of an end that nobody told.
const UNTOLD: &str = "no end told";

/// The words of a job that was under way for too long.
pub const WITHOUT_END: &str = "under way without end";

/// How late the end of a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lateness {
    /// It is not due yet.
    InTime,
    /// It should have come.
    Overdue,
    /// It will not come any more.
    Hopeless,
}

impl Lateness {
    fn of(age: Duration, within: Duration) -> Self {
        if age >= within.saturating_mul(GIVEN_UP_AFTER) {
            Self::Hopeless
        } else if age >= within {
            Self::Overdue
        } else {
            Self::InTime
        }
    }
}

/// How a job ended of which the far side says this, or does not answer, with words for the record; nothing while it is to be
/// asked again.
const fn ending(said: Option<JobState>, late: Lateness) -> Option<(Option<Reason>, &'static str)> {
    match (said, late) {
        (Some(JobState::Sent), _) => Some((None, "sent")),
        (Some(JobState::NotSent), _) => Some((Some(Reason::FarFault), "not sent")),
        (Some(JobState::UnderWay), Lateness::Hopeless) => Some((Some(Reason::NoReceipt), WITHOUT_END)),
        (Some(JobState::UnderWay), _) | (Some(JobState::Unsaid) | None, Lateness::InTime) => None,
        (Some(JobState::Unsaid) | None, _) => Some((Some(Reason::NoReceipt), UNTOLD)),
    }
}

/// Why everybody of a job is to be told singly; nothing where it reached almost all.
fn fell_short(end: &AggregateReceipt) -> Option<Reason> {
    let short =
        |(targeted, reached): (u64, u64)| targeted.saturating_sub(reached).saturating_mul(ONE_IN) > targeted;
    let why = if end.filtered >= end.failed { Reason::Quota } else { Reason::FarFault };
    end.refused.or_else(|| end.targeted.zip(end.reached).is_some_and(short).then_some(why))
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

    /// Tells the desks of jobs that ended before this start. Of those that no plan is known for, the answer may be in the
    /// log alone: it is kept a moment later than its end may come.
    pub(super) async fn remember_ends(&self, strangers_since: Timestamp) -> Result<(), EngineError> {
        for (account, job) in self.store.ended_jobs(M::KIND, strangers_since).await? {
            if let Some(post) = self.posts.get(&account) {
                post.desk().end_job(&job);
            }
        }
        Ok(())
    }

    /// Keeps jobs that began.
    pub(crate) async fn keep_jobs(&self, post: &Post<M>) -> Result<(), EngineError> {
        let begun = post.desk().unkept_jobs();
        if begun.is_empty() {
            return Ok(());
        }
        match self.store.begin_jobs(&begun).await {
            Ok(()) => post.desk().jobs_are_kept(&begun),
            // The log has them: they are kept at the next look.
            Err(error @ StoreError::Database { .. }) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "jobs could not be kept yet");
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Asks the far side after jobs whose end nobody told, beside the sweep, which waits for nobody.
    pub(super) async fn ask_after_jobs(&self, post: &Post<M>) -> Result<(), EngineError> {
        let started = self.clock.now();
        let within = Duration::from_secs(u64::from(self.config.jobs_within_s.get()));
        loop {
            let before = |span: Duration| Timestamp(self.clock.now().0 - span.as_millis() as i64);
            let jobs = post.desk().jobs_to_ask(before(within), started, before(ASKED_EVERY));
            for job in jobs {
                match self.ask_after(post, &job, within).await {
                    // The log has what it says of everybody in it; once it is overdue it is asked after again.
                    Err(EngineError::Store(error @ StoreError::Database { .. })) => {
                        let error = &error as &dyn std::error::Error;
                        tracing::warn!(error, "the end of a job could not be kept yet");
                    }
                    asked => asked?,
                }
            }
            tokio::select! {
                () = self.clock.sleep(LOOKS_EVERY) => {}
                () = self.stop.cancelled() => return Ok(()),
            }
        }
    }

    async fn ask_after(
        &self,
        post: &Post<M>,
        AskedJob { id, begun }: &AskedJob,
        within: Duration,
    ) -> Result<(), EngineError> {
        let asked = tokio::select! {
            asked = post.channel.ask_job(id) => asked,
            () = self.stop.cancelled() => return Ok(()),
        };
        let (account, now) = (post.channel.account(), self.clock.now());
        let said = match asked {
            Ok(state) => {
                post.desk().note_asked(id, now);
                Some(state)
            }
            Err(error) => {
                tracing::warn!(account = %account.0, %error, "a job could not be asked after");
                if post.desk().note_unanswered(id, now) < MOST_UNANSWERED {
                    return Ok(());
                }
                None
            }
        };
        let Some((refused, words)) = ending(said, Lateness::of(now.since(*begun), within)) else {
            return Ok(());
        };
        // Its end, with totals, may have come while it was asked after.
        if !post.desk().waits_for_job(id) {
            return Ok(());
        }
        if refused == Some(Reason::NoReceipt) {
            tracing::error!(account = %account.0, words, "the end of a job was never told: it has failed");
        }
        let (provider_id, far_code) = (id.clone(), words.to_owned());
        let (targeted, filtered, reached, failed) = (None, None, None, None);
        let end =
            AggregateReceipt { provider_id, refused, targeted, filtered, reached, failed, far_code, at: now };
        self.jobs_ended(account, &[end]).await
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
                targeted: Some(100),
                filtered: Some(filtered),
                reached: Some(reached),
                failed: Some(failed),
                far_code: "send success".into(),
                at: Timestamp(0),
            })
        };
        assert_eq!([why(100, 0, 0), why(90, 10, 0)], [None; 2]);
        assert_eq!([why(89, 11, 0), why(89, 0, 11)], [Some(Reason::Quota), Some(Reason::FarFault)]);
    }

    #[test]
    fn a_job_waits_while_it_is_under_way_but_not_for_ever() {
        let within = Duration::from_mins(35);
        let late = |minutes| Lateness::of(Duration::from_mins(minutes), within);
        let why = |said, minutes| ending(said, late(minutes)).map(|(refused, _)| refused);
        let under_way = Some(JobState::UnderWay);
        assert_eq!([why(under_way, 34), why(under_way, 69)], [None; 2]);
        assert_eq!(why(under_way, 70), Some(Some(Reason::NoReceipt)));
        for said in [None, Some(JobState::Unsaid)] {
            assert_eq!((why(said, 34), why(said, 35)), (None, Some(Some(Reason::NoReceipt))));
        }
        assert_eq!(why(Some(JobState::Sent), 90), Some(None), "however late");
        assert_eq!(why(Some(JobState::NotSent), 1), Some(Some(Reason::FarFault)));
    }
}
