-- When warnings may leave (缓发期满): kept by the very decision that releases them, so that whoever is told of warnings later
-- misses none. It stays when the warning is over; of one that was recalled the state tells.
create table alert_release (
    alert_id blob primary key check (length(alert_id) = 16),
    mode integer not null check (mode in (0, 1)),
    due_at integer not null,                    -- the end of the hold
    foreign key (mode, alert_id) references alert (mode, alert_id)
) strict, without rowid;
create index alert_release_by_due on alert_release (mode, due_at);
insert into alert_release (alert_id, mode, due_at)
    select plan.alert_id, plan.mode, min(plan.not_before) from plan join alert on alert.alert_id = plan.alert_id
    where alert.state <> 'recalled' group by plan.alert_id, plan.mode;

-- Targets of webhooks (推送订阅目标), by their configured names.
create table webhook_target (
    name text primary key check (name <> ''),
    since integer not null                      -- what was due before is not told to it
) strict, without rowid;

-- What became of a warning at a target. No row: nothing yet.
create table webhook_event (
    target text not null references webhook_target (name),
    alert_id blob not null references alert_release (alert_id),
    fate integer not null check (fate between 0 and 4),  -- 0 waits, 1 taken, 2 not wanted, 3 never public, 4 over before it was taken
    tries integer not null check (tries >= 0),  -- requests that were begun: from the first one on the target may know of it
    asked_at integer,                           -- when somebody asked for it to be sent again
    primary key (target, alert_id)
) strict, without rowid;
create index webhook_event_waiting on webhook_event (target) where fate = 0;

-- Each request to a target; old ones are dropped.
create table webhook_attempt (
    attempt_no integer primary key autoincrement,
    target text not null references webhook_target (name),
    alert_id blob not null references alert_release (alert_id),
    event text not null,                        -- the type that was told
    begun_at integer not null,
    took_ms integer check (took_ms >= 0),       -- null until it ended
    status integer check (status between 100 and 999),  -- of HTTP; null where none came
    fault text,                                 -- why none came
    check (took_ms is not null or (status is null and fault is null)),
    check (took_ms is null or (status is null) <> (fault is null))
) strict;
create index webhook_attempt_of_target on webhook_attempt (target, attempt_no);
create index webhook_attempt_by_time on webhook_attempt (begun_at);
