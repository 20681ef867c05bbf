-- Calls to responsible persons (叫应): a warning, a division, and the steps that were taken until somebody answered.
create table call (
    call_id blob primary key check (length(call_id) = 16),
    mode integer not null check (mode in (0, 1)),
    alert_id blob not null,
    region text not null,                       -- division code
    opened integer not null,
    unique (mode, alert_id, region),
    unique (mode, call_id),
    foreign key (mode, alert_id) references alert (mode, alert_id)
) strict;

-- What one person is asked to answer, in one message or several: links name it, its code is written back.
create table call_ask (
    ask_id blob primary key check (length(ask_id) = 16),
    mode integer not null check (mode in (0, 1)),
    alert_id blob not null,
    ordinal integer not null check (ordinal >= 0),  -- the person in the warning's edition
    code text not null check (length(code) = 6),
    until integer not null,                     -- later answers change nothing
    unique (mode, ask_id),
    foreign key (mode, alert_id) references alert (mode, alert_id)
) strict;
create index call_ask_by_code on call_ask (mode, code);

-- Steps (叫应步骤), each at most once in a call: 1 asked, 2 reminded, 3 deputy, 4 county, 5 city, 6 nobody left, 7 answered.
create table call_step (
    mode integer not null check (mode in (0, 1)),
    call_id blob not null,
    kind integer not null check (kind between 1 and 7),
    at integer not null,
    ask_id blob,                                -- who is asked, or whose answer it is
    channel integer check (channel > 0),
    plan_id blob,                               -- the message to them
    address_hash blob check (length(address_hash) = 16),  -- keyed hash of where it goes: answers come from there
    means integer check (means between 1 and 5),  -- 1 reply, 2 page, 3 mail, 4 button, 5 telephone
    officer_id blob check (length(officer_id) = 16),  -- who noted what was heard on the telephone
    primary key (call_id, kind),
    check (kind > 5 or (ask_id is not null and channel is not null and plan_id is not null and address_hash is not null)),
    check (kind < 6 or (channel is null and plan_id is null and address_hash is null)),
    check ((kind = 7) = (means is not null)),
    check ((coalesce(means, 0) = 5) = (officer_id is not null)),
    foreign key (mode, call_id) references call (mode, call_id),
    foreign key (mode, ask_id) references call_ask (mode, ask_id),
    foreign key (mode, plan_id) references plan (mode, plan_id)
) strict;
create index call_step_by_ask on call_step (ask_id) where ask_id is not null;

-- A plan that asks a responsible person to answer; it is in no sum of those who were signed for.
alter table plan add column is_call integer not null default 0 check (is_call in (0, 1));
