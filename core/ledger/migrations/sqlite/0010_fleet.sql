-- Village boxes (村级终端). A box is of one mode for good, as its certificate and its link are.

-- What people wrote down (终端台账).
create table speaker_box (
    mode integer not null check (mode in (0, 1)),
    code text not null check (length(code) = 23),
    region text not null,                       -- division code
    place text not null,
    latitude real check (latitude between -90 and 90),
    longitude real check (longitude between -180 and 180),
    organisation text not null,
    power integer not null check (power between 0 and 3),  -- 0 unknown, 1 mains, 2 battery, 3 solar
    horns integer not null check (horns between 0 and 64),
    watts integer not null check (watts between 0 and 5000),
    people integer check (people >= 0),
    keeper blob,                                -- who looks after it, encrypted
    certificate_until integer,
    enrolled integer,
    retired integer,
    saved integer not null,                     -- when this row was written
    primary key (mode, code),
    check ((latitude is null) = (longitude is null))
) strict, without rowid;

-- What the boxes themselves made known, whether anybody wrote them down or not (终端实况).
create table box_seen (
    mode integer not null check (mode in (0, 1)),
    code text not null check (length(code) = 23),
    last_heard integer,
    last_sounded integer,
    seen_json text not null,
    primary key (mode, code)
) strict, without rowid;

-- One broadcast in one box (播发记录).
create table box_playout (
    mode integer not null check (mode in (0, 1)),
    ebm text not null check (length(ebm) = 35),
    code text not null check (length(code) = 23),
    state integer not null check (state between 0 and 5),  -- BrdStateCode
    first integer not null,
    playout_json text not null,
    primary key (mode, ebm, code)
) strict, without rowid;
create index box_playout_by_box on box_playout (mode, code, first);

-- What happened to a box: alarms that came and went, self-tests (终端事件).
create table box_event (
    box_event_id integer primary key,
    mode integer not null check (mode in (0, 1)),
    code text not null check (length(code) = 23),
    at integer not null,
    kind text not null,
    detail text not null
) strict;
create index box_event_by_box on box_event (mode, code, box_event_id);

-- What was sent to boxes without a warning: tests and stops (试播、全部停播).
create table box_order (
    mode integer not null check (mode in (0, 1)),
    ebm text not null check (length(ebm) = 35),
    seq integer not null,                       -- the bulletin's number under its key
    kind integer not null check (kind in (0, 1, 2)),  -- 0 silent test, 1 audible test, 2 stop of everything
    codes_json text not null,                   -- the boxes it was sent to
    envelope blob not null,                     -- the signed bulletin
    actor text not null,
    at integer not null,
    until integer not null,
    primary key (mode, ebm)
) strict, without rowid;
create index box_order_by_seq on box_order (mode, seq);
