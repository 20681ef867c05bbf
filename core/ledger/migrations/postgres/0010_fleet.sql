create table speaker_box (
    mode smallint not null check (mode in (0, 1)),
    code text not null check (length(code) = 23),
    region text not null,
    place text not null,
    latitude double precision check (latitude between -90 and 90),
    longitude double precision check (longitude between -180 and 180),
    organisation text not null,
    power smallint not null check (power between 0 and 3),
    horns smallint not null check (horns between 0 and 64),
    watts integer not null check (watts between 0 and 5000),
    people bigint check (people >= 0),
    keeper bytea,
    certificate_until bigint,
    enrolled bigint,
    retired bigint,
    saved bigint not null,
    primary key (mode, code),
    check ((latitude is null) = (longitude is null))
);
comment on table speaker_box is 'village boxes as people wrote them down (终端台账); a box is of one mode for good';
comment on column speaker_box.code is 'resource code';
comment on column speaker_box.region is 'division code';
comment on column speaker_box.power is '0 unknown, 1 mains, 2 battery, 3 solar';
comment on column speaker_box.watts is 'rated power of the amplifier';
comment on column speaker_box.people is 'who hear it; null lets the division count';
comment on column speaker_box.keeper is 'who looks after it, encrypted';
comment on column speaker_box.saved is 'when this row was written';

create table box_seen (
    mode smallint not null check (mode in (0, 1)),
    code text not null check (length(code) = 23),
    last_heard bigint,
    last_sounded bigint,
    seen_json text not null,
    primary key (mode, code)
);
comment on table box_seen is 'what boxes made known, whether anybody wrote them down or not (终端实况)';
comment on column box_seen.last_sounded is 'when its sense input last proved sound';

create table box_playout (
    mode smallint not null check (mode in (0, 1)),
    ebm text not null check (length(ebm) = 35),
    code text not null check (length(code) = 23),
    state smallint not null check (state between 0 and 5),
    first bigint not null,
    playout_json text not null,
    primary key (mode, ebm, code)
);
create index box_playout_by_box on box_playout (mode, code, first);
comment on table box_playout is 'one broadcast in one box (播发记录)';
comment on column box_playout.state is 'BrdStateCode of the standard';
comment on column box_playout.first is 'when the box first told of it';

create table box_event (
    box_event_id bigint generated always as identity primary key,
    mode smallint not null check (mode in (0, 1)),
    code text not null check (length(code) = 23),
    at bigint not null,
    kind text not null,
    detail text not null
);
create index box_event_by_box on box_event (mode, code, box_event_id);
comment on table box_event is 'what happened to a box: alarms that came and went, self-tests (终端事件)';

create table box_order (
    mode smallint not null check (mode in (0, 1)),
    ebm text not null check (length(ebm) = 35),
    seq bigint not null,
    kind smallint not null check (kind in (0, 1, 2)),
    codes_json text not null,
    envelope bytea not null,
    actor text not null,
    at bigint not null,
    until bigint not null,
    primary key (mode, ebm)
);
create index box_order_by_seq on box_order (mode, seq);
comment on table box_order is 'what was sent to boxes without a warning: tests and stops (试播、全部停播)';
comment on column box_order.seq is 'the number of the bulletin under its key';
comment on column box_order.kind is '0 silent test, 1 audible test, 2 stop of everything';
comment on column box_order.codes_json is 'the boxes it was sent to';
comment on column box_order.envelope is 'the signed bulletin';
