create table mass_job (
    account text not null references account (name),
    provider_id bytea not null check (octet_length(provider_id) between 1 and 64),
    plan_id bytea check (octet_length(plan_id) = 16),
    recipients bigint check (recipients > 0),
    begun_at bigint,
    refused smallint check (refused between 0 and 15),
    targeted bigint check (targeted >= 0),
    filtered bigint check (filtered >= 0),
    reached bigint check (reached >= 0),
    failed bigint check (failed >= 0),
    far_code text,
    ended_at bigint,
    primary key (account, provider_id),
    check ((plan_id is null) = (begun_at is null) and (plan_id is null) = (recipients is null)),
    check ((ended_at is null) = (refused is null) and (ended_at is null) = (targeted is null)),
    check (plan_id is not null or ended_at is not null)
);
comment on table mass_job is
    'jobs for many at once (群发任务), by the far side''s name; the answer that took it or its end makes the row, whichever is first';
comment on column mass_job.plan_id is 'whose people it was for; null until its answer is here';
comment on column mass_job.recipients is 'how many of them';
comment on column mass_job.begun_at is 'when its answer came';
comment on column mass_job.refused is 'how it ended: the reason why nobody got it, 0 where it was sent';
comment on column mass_job.targeted is 'the far side''s totals, like the three that follow';
comment on column mass_job.far_code is 'the far side''s own words';
