create table alert_release (
    alert_id bytea primary key check (octet_length(alert_id) = 16),
    mode smallint not null check (mode in (0, 1)),
    due_at bigint not null,
    foreign key (mode, alert_id) references alert (mode, alert_id)
);
create index alert_release_by_due on alert_release (mode, due_at);
comment on table alert_release is
    'when warnings may leave (缓发期满), kept by the decision that releases them; it stays when the warning is over or recalled';
comment on column alert_release.mode is '0 live, 1 drill';
comment on column alert_release.due_at is 'the end of the hold';
insert into alert_release (alert_id, mode, due_at)
    select plan.alert_id, plan.mode, min(plan.not_before) from plan join alert on alert.alert_id = plan.alert_id
    where alert.state <> 'recalled' group by plan.alert_id, plan.mode;

create table webhook_target (
    name text primary key check (name <> ''),
    since bigint not null
);
comment on table webhook_target is 'targets of webhooks (推送订阅目标), by their configured names';
comment on column webhook_target.since is 'what was due before is not told to it';

create table webhook_event (
    target text not null references webhook_target (name),
    alert_id bytea not null references alert_release (alert_id),
    fate smallint not null check (fate between 0 and 4),
    tries bigint not null check (tries >= 0),
    asked_at bigint,
    primary key (target, alert_id)
);
create index webhook_event_waiting on webhook_event (target) where fate = 0;
comment on table webhook_event is 'what became of a warning at a target; no row: nothing yet';
comment on column webhook_event.fate is '0 waits, 1 taken, 2 not wanted, 3 never public, 4 over before it was taken';
comment on column webhook_event.tries is 'requests that were begun: from the first one on the target may know of it';
comment on column webhook_event.asked_at is 'when somebody asked for it to be sent again';

create table webhook_attempt (
    attempt_no bigint generated always as identity primary key,
    target text not null references webhook_target (name),
    alert_id bytea not null references alert_release (alert_id),
    event text not null,
    begun_at bigint not null,
    took_ms bigint check (took_ms >= 0),
    status smallint check (status between 100 and 999),
    fault text,
    check (took_ms is not null or (status is null and fault is null)),
    check (took_ms is null or (status is null) <> (fault is null))
);
create index webhook_attempt_of_target on webhook_attempt (target, attempt_no);
create index webhook_attempt_by_time on webhook_attempt (begun_at);
comment on table webhook_attempt is 'each request to a target; old ones are dropped';
comment on column webhook_attempt.event is 'the type that was told';
comment on column webhook_attempt.took_ms is 'null until it ended';
comment on column webhook_attempt.status is 'of HTTP; null where none came';
comment on column webhook_attempt.fault is 'why none came';
