-- The end of a job holds though the far side did not tell its totals.
create table mass_job_anew (
    account text not null references account (name),
    provider_id blob not null check (length(provider_id) between 1 and 64),
    plan_id blob check (length(plan_id) = 16),  -- whose people it was for; null until its answer is here
    recipients integer check (recipients > 0),  -- how many of them
    begun_at integer,                           -- when its answer came
    refused integer check (refused between 0 and 15),  -- how it ended: the reason why nobody got it, 0 where it was sent
    targeted integer check (targeted >= 0),     -- the far side's totals; null where it did not tell one
    filtered integer check (filtered >= 0),
    reached integer check (reached >= 0),
    failed integer check (failed >= 0),
    far_code text,                              -- its own words
    ended_at integer,
    primary key (account, provider_id),
    check ((plan_id is null) = (begun_at is null) and (plan_id is null) = (recipients is null)),
    check ((ended_at is null) = (refused is null)),
    check (ended_at is not null or coalesce(targeted, filtered, reached, failed) is null),
    check (plan_id is not null or ended_at is not null)
) strict, without rowid;
insert into mass_job_anew (account, provider_id, plan_id, recipients, begun_at, refused, targeted, filtered, reached, failed,
    far_code, ended_at)
    select account, provider_id, plan_id, recipients, begun_at, refused, targeted, filtered, reached, failed, far_code, ended_at
    from mass_job;
drop table mass_job;
alter table mass_job_anew rename to mass_job;
-- What was used in a month is counted whenever a page is looked at.
create index mass_job_by_begun on mass_job (begun_at);
