//! Jobs for many at once: that they were taken, and how they ended.

use super::{
    Engine, ModeKind, PlanId, StoreError, Timestamp,
    value::{Row, bytes, coded, get, id, narrow},
};
use mingluo_model::{
    delivery::Reason,
    plan::AccountName,
    receipt::{AggregateReceipt, Job, JobBegun, JobsUsed, ProviderId},
};

pub(super) async fn begin(engine: &Engine, jobs: &[Job]) -> Result<(), StoreError> {
    let mut write = engine.begin().await?;
    for Job { account, provider_id, begun, .. } in jobs {
        let Some(JobBegun { plan, recipients, at }) = begun else { continue };
        sqlx::query(
            "insert into mass_job (account, provider_id, plan_id, recipients, begun_at) values ($1, $2, $3, $4, $5)
             on conflict (account, provider_id) do update set
             plan_id = excluded.plan_id, recipients = excluded.recipients,
             begun_at = coalesce(mass_job.begun_at, excluded.begun_at)",
        )
        .bind(account.0.clone())
        .bind(provider_id.bytes().to_vec())
        .bind(bytes(plan.0))
        .bind(i64::from(*recipients))
        .bind(at.0)
        .execute(write.conn())
        .await
        .map_err(StoreError::database("keep a job"))?;
    }
    write.commit().await
}

pub(super) async fn end(
    engine: &Engine,
    account: &AccountName,
    ends: &[AggregateReceipt],
) -> Result<(), StoreError> {
    let mut write = engine.begin().await?;
    for end in ends {
        sqlx::query(
            "insert into mass_job (account, provider_id, refused, targeted, filtered, reached, failed, far_code, ended_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             on conflict (account, provider_id) do update set
             refused = case when mass_job.ended_at is not null and excluded.targeted is null
                            then mass_job.refused else excluded.refused end,
             targeted = coalesce(excluded.targeted, mass_job.targeted),
             filtered = coalesce(excluded.filtered, mass_job.filtered),
             reached = coalesce(excluded.reached, mass_job.reached),
             failed = coalesce(excluded.failed, mass_job.failed),
             far_code = case when mass_job.ended_at is not null and excluded.targeted is null
                             then mass_job.far_code else excluded.far_code end,
             ended_at = coalesce(mass_job.ended_at, excluded.ended_at)",
        )
        .bind(account.0.clone())
        .bind(end.provider_id.bytes().to_vec())
        .bind(end.refused.map_or(0, |reason| reason as i16))
        .bind(total(end.targeted))
        .bind(total(end.filtered))
        .bind(total(end.reached))
        .bind(total(end.failed))
        .bind(end.far_code.clone())
        .bind(end.at.0)
        .execute(write.conn())
        .await
        .map_err(StoreError::database("keep the end of a job"))?;
    }
    write.commit().await
}

/// The far side's totals are of followers: they fit.
fn total(number: Option<u64>) -> Option<i64> {
    number.map(|number| i64::try_from(number).unwrap_or(i64::MAX))
}

fn told(row: &Row, column: &'static str) -> Result<Option<u64>, StoreError> {
    let value: Option<i64> = get(row, column)?;
    let total = |value| {
        u64::try_from(value).map_err(|_| StoreError::damaged(column, format!("{value} is out of range")))
    };
    value.map(total).transpose()
}

pub(super) async fn latest(engine: &Engine, mode: ModeKind, limit: u32) -> Result<Vec<Job>, StoreError> {
    sqlx::query(
        "select job.account, job.provider_id, job.plan_id, job.recipients, job.begun_at, job.refused, job.targeted,
         job.filtered, job.reached, job.failed, job.far_code, job.ended_at
         from mass_job as job join account on account.name = job.account where account.mode = $1
         order by coalesce(job.begun_at, job.ended_at) desc, job.account, job.provider_id limit $2",
    )
    .bind(i16::from(mode.number()))
    .bind(i64::from(limit))
    .fetch_all(&engine.reader)
    .await
    .map_err(StoreError::database("read the jobs"))?
    .iter()
    .map(read)
    .collect()
}

pub(super) async fn ended(
    engine: &Engine,
    mode: ModeKind,
    strangers_since: Timestamp,
) -> Result<Vec<(AccountName, ProviderId)>, StoreError> {
    sqlx::query(
        "select job.account, job.provider_id from mass_job as job join account on account.name = job.account
         left join plan on plan.plan_id = job.plan_id
         where account.mode = $1 and job.ended_at is not null
         and (plan.status <> 2 or (job.plan_id is null and job.ended_at >= $2))
         order by job.account, job.provider_id",
    )
    .bind(i16::from(mode.number()))
    .bind(strangers_since.0)
    .fetch_all(&engine.reader)
    .await
    .map_err(StoreError::database("read the jobs that ended"))?
    .iter()
    .map(|row| Ok((AccountName(get(row, "account")?), provider_id(row)?)))
    .collect()
}

pub(super) async fn used(
    engine: &Engine,
    mode: ModeKind,
    calls_since: Timestamp,
    warnings_since: Timestamp,
) -> Result<JobsUsed, StoreError> {
    let row = sqlx::query(
        "select
         (select count(*) from mass_job as job join account on account.name = job.account
          where account.mode = $1 and job.begun_at >= $2) as calls,
         (select count(distinct plan.alert_id) from mass_job as job join plan on plan.plan_id = job.plan_id
          where plan.mode = $1 and job.begun_at >= $3) as warnings",
    )
    .bind(i16::from(mode.number()))
    .bind(calls_since.0)
    .bind(warnings_since.0)
    .fetch_one(&engine.reader)
    .await
    .map_err(StoreError::database("count what was used of jobs"))?;
    Ok(JobsUsed { calls: narrow(&row, "calls")?, warnings: narrow(&row, "warnings")? })
}

fn provider_id(row: &Row) -> Result<ProviderId, StoreError> {
    Ok(ProviderId::new(&get::<Vec<u8>>(row, "provider_id")?))
}

fn read(row: &Row) -> Result<Job, StoreError> {
    let provider_id = provider_id(row)?;
    let begun = match get::<Option<i64>>(row, "begun_at")? {
        None => None,
        Some(at) => Some(JobBegun {
            plan: PlanId(id(row, "plan_id")?),
            recipients: narrow(row, "recipients")?,
            at: Timestamp(at),
        }),
    };
    let end = match get::<Option<i64>>(row, "ended_at")? {
        None => None,
        Some(at) => Some(AggregateReceipt {
            provider_id: provider_id.clone(),
            refused: coded(row, "refused", |number| Reason::ALL.get(usize::from(number)).copied())
                .map(|reason| (reason != Reason::None).then_some(reason))?,
            targeted: told(row, "targeted")?,
            filtered: told(row, "filtered")?,
            reached: told(row, "reached")?,
            failed: told(row, "failed")?,
            far_code: get(row, "far_code")?,
            at: Timestamp(at),
        }),
    };
    Ok(Job { account: AccountName(get(row, "account")?), provider_id, begun, end })
}
