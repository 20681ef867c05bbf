create table reply (
    reply_id bigint generated always as identity primary key,
    mode smallint not null check (mode in (0, 1)),
    account text not null,
    at bigint not null,
    address_hash bytea not null check (octet_length(address_hash) = 16),
    sealed bytea not null
);
create index reply_by_mode on reply (mode, reply_id);
comment on table reply is 'what residents wrote back (上行短信); may stand twice, as gateways repeat themselves';
comment on column reply.account is 'the account it came in on';
comment on column reply.address_hash is 'keyed hash of who wrote';
comment on column reply.sealed is 'number, access number and words, encrypted';

alter table opt_out add column mode smallint not null default 0 check (mode in (0, 1));
alter table opt_out alter column mode drop default;
alter table opt_out drop constraint opt_out_pkey;
alter table opt_out add primary key (mode, address_hash);
-- Who refused before there was a choice refused both.
insert into opt_out (mode, address_hash, at) select 1, address_hash, at from opt_out;
comment on column opt_out.mode is '0 live, 1 drill: a drill takes nobody off the live warnings';
