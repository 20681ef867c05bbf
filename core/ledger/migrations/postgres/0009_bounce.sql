create table bounce (
    mode smallint not null check (mode in (0, 1)),
    address_hash bytea not null check (octet_length(address_hash) = 16),
    strikes integer not null check (strikes > 0),
    plan_id bytea not null check (octet_length(plan_id) = 16),
    at bigint not null,
    primary key (mode, address_hash)
);
comment on table bounce is
    'mailboxes that mails came back from as unknown (退信); warnings count, one that was sent twice struck once';
comment on column bounce.address_hash is 'keyed hash of the mailbox';
comment on column bounce.strikes is 'warnings that came back';
comment on column bounce.plan_id is 'the last that struck';
