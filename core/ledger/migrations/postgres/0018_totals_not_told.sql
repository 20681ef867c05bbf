-- The end of a job holds though the far side did not tell its totals.
do $$
declare
    old text;
begin
    select conname into strict old from pg_constraint
        where conrelid = 'mass_job'::regclass and contype = 'c' and pg_get_constraintdef(oid) like '%ended_at IS NULL%targeted%';
    execute format('alter table mass_job drop constraint %I', old);
end $$;
alter table mass_job add check ((ended_at is null) = (refused is null));
alter table mass_job add check (ended_at is not null or coalesce(targeted, filtered, reached, failed) is null);
comment on column mass_job.targeted is 'the far side''s totals, like the three that follow; null where it did not tell one';
-- What was used in a month is counted whenever a page is looked at.
create index mass_job_by_begun on mass_job (begun_at);
