create table call (
    call_id bytea primary key check (octet_length(call_id) = 16),
    mode smallint not null check (mode in (0, 1)),
    alert_id bytea not null,
    region text not null,
    opened bigint not null,
    unique (mode, alert_id, region),
    unique (mode, call_id),
    foreign key (mode, alert_id) references alert (mode, alert_id)
);
comment on table call is 'calls to responsible persons (叫应): a warning, a division, and the steps until somebody answered';
comment on column call.region is 'division code';

create table call_ask (
    ask_id bytea primary key check (octet_length(ask_id) = 16),
    mode smallint not null check (mode in (0, 1)),
    alert_id bytea not null,
    ordinal bigint not null check (ordinal >= 0),
    code text not null check (length(code) = 6),
    until bigint not null,
    unique (mode, ask_id),
    foreign key (mode, alert_id) references alert (mode, alert_id)
);
create index call_ask_by_code on call_ask (mode, code);
comment on table call_ask is 'what one person is asked to answer: links name it, its code is written back';
comment on column call_ask.ordinal is 'the person in the warning''s edition';
comment on column call_ask.until is 'later answers change nothing';

create table call_step (
    mode smallint not null check (mode in (0, 1)),
    call_id bytea not null,
    kind smallint not null check (kind between 1 and 7),
    at bigint not null,
    ask_id bytea,
    channel smallint check (channel > 0),
    plan_id bytea,
    address_hash bytea check (octet_length(address_hash) = 16),
    means smallint check (means between 1 and 5),
    officer_id bytea check (octet_length(officer_id) = 16),
    primary key (call_id, kind),
    check (kind > 5 or (ask_id is not null and channel is not null and plan_id is not null and address_hash is not null)),
    check (kind < 6 or (channel is null and plan_id is null and address_hash is null)),
    check ((kind = 7) = (means is not null)),
    check ((coalesce(means, 0) = 5) = (officer_id is not null)),
    foreign key (mode, call_id) references call (mode, call_id),
    foreign key (mode, ask_id) references call_ask (mode, ask_id),
    foreign key (mode, plan_id) references plan (mode, plan_id)
);
create index call_step_by_ask on call_step (ask_id) where ask_id is not null;
comment on table call_step is 'steps of calls (叫应步骤), each at most once in a call';
comment on column call_step.kind is '1 asked, 2 reminded, 3 deputy, 4 county, 5 city, 6 nobody left, 7 answered';
comment on column call_step.ask_id is 'who is asked, or whose answer it is';
comment on column call_step.plan_id is 'the message to them';
comment on column call_step.address_hash is 'keyed hash of where it goes: answers come from there';
comment on column call_step.means is '1 reply, 2 page, 3 mail, 4 button, 5 telephone';
comment on column call_step.officer_id is 'who noted what was heard on the telephone';

alter table plan add column is_call smallint not null default 0 check (is_call in (0, 1));
comment on column plan.is_call is 'asks a responsible person to answer; in no sum of those who were signed for';
