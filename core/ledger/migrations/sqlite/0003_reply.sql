-- What residents wrote back (上行短信). Who and what is sealed; it may stand twice, as gateways repeat themselves.
create table reply (
    reply_id integer primary key,
    mode integer not null check (mode in (0, 1)),
    account text not null,
    at integer not null,
    address_hash blob not null check (length(address_hash) = 16),
    sealed blob not null                        -- number, access number and words
) strict;
create index reply_by_mode on reply (mode, reply_id);

-- Opt-outs by mode: a drill takes nobody off the live warnings.
create table opt_out_by_mode (
    mode integer not null check (mode in (0, 1)),
    address_hash blob not null check (length(address_hash) = 16),
    at integer not null,
    primary key (mode, address_hash)
) strict, without rowid;
-- Who refused before there was a choice refused both.
insert into opt_out_by_mode (mode, address_hash, at) select 0, address_hash, at from opt_out;
insert into opt_out_by_mode (mode, address_hash, at) select 1, address_hash, at from opt_out;
drop table opt_out;
alter table opt_out_by_mode rename to opt_out;
