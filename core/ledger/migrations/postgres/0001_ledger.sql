-- The ledger on PostgreSQL: the same tables, columns and meanings as on SQLite.
-- Times are milliseconds UTC. Ids are the 16 bytes of a UUID. mode is 0 live, 1 drill.
-- Columns named *_json hold text as the program wrote it (not jsonb: hashes are made over it). Blobs begin with a
-- version byte and end with a CRC-32, sealed ones begin with a version byte and the id of their key.

create table epoch_counter (
    one smallint primary key check (one = 1),
    epoch bigint not null
);
comment on table epoch_counter is 'gives every lease its number';
comment on column epoch_counter.one is 'there is one row';
comment on column epoch_counter.epoch is 'the last number given';
insert into epoch_counter (one, epoch) values (1, 0);

create table lease (
    resource text primary key,
    node_name text not null,
    node_id bytea not null check (octet_length(node_id) = 16),
    epoch bigint not null unique,
    until bigint not null
);
comment on table lease is 'who may append progress now, by resource';
comment on column lease.resource is 'what is leased, for example dispatch/live';
comment on column lease.node_name is 'the holder''s configured name';
comment on column lease.node_id is 'the holder''s run';
comment on column lease.epoch is 'greater than every epoch given before; names the stream';
comment on column lease.until is 'the right ends here';

create table org (
    org_id bytea primary key check (octet_length(org_id) = 16),
    name text not null check (name <> ''),
    owner_json text not null
);
comment on table org is 'organisations (机构)';
comment on column org.name is 'as it stands in headlines';
comment on column org.owner_json is 'scope and level';

create table officer (
    officer_id bytea primary key check (octet_length(officer_id) = 16),
    org_id bytea not null references org (org_id),
    login text not null unique check (login <> ''),
    name text not null,
    officer_json text not null,
    password_hash text not null,
    enabled smallint not null check (enabled in (0, 1))
);
comment on table officer is 'people who work with the console (人员)';
comment on column officer.login is 'the sign-in name';
comment on column officer.name is 'the name on pages';
comment on column officer.officer_json is 'owner and rights';
comment on column officer.password_hash is 'Argon2 in PHC form';
comment on column officer.enabled is 'whether the officer may sign in';

create table api_key (
    key_hash bytea primary key check (octet_length(key_hash) = 32),
    officer_id bytea not null references officer (officer_id),
    label text not null,
    created bigint not null
);
comment on table api_key is 'keys for the API; only the hash is kept';
comment on column api_key.key_hash is 'SHA-256 of the key';
comment on column api_key.officer_id is 'whose rights it has';
comment on column api_key.label is 'what it is for';
comment on column api_key.created is 'when it was made';

create table session (
    token_hash bytea primary key check (octet_length(token_hash) = 32),
    officer_id bytea not null references officer (officer_id),
    expires bigint not null
);
comment on table session is 'signed-in browsers';
comment on column session.token_hash is 'SHA-256 of the cookie';
comment on column session.officer_id is 'who';
comment on column session.expires is 'until when';

create table account (
    name text primary key check (name <> ''),
    mode smallint not null check (mode in (0, 1)),
    unique (mode, name)
);
comment on table account is 'accounts at gateways (通道账号): each belongs to one mode for good';
comment on column account.name is 'the configured name';
comment on column account.mode is '0 live, 1 drill';

create table alert (
    alert_id bytea primary key check (octet_length(alert_id) = 16),
    mode smallint not null check (mode in (0, 1)),
    revision bigint not null check (revision > 0),
    author_id bytea not null check (octet_length(author_id) = 16),
    created bigint not null,
    state text not null check (state in ('draft', 'submitted', 'approved', 'released', 'updated', 'lifted',
        'corrected', 'expired', 'recalled')),
    owner_json text not null,
    content_json text not null,
    state_json text not null,
    unique (mode, alert_id)
);
create index alert_latest on alert (mode, created desc);
comment on table alert is 'warnings (预警) of both modes';
comment on column alert.mode is '0 live, 1 drill';
comment on column alert.revision is 'counts the writes';
comment on column alert.author_id is 'who wrote it';
comment on column alert.created is 'when it was begun';
comment on column alert.state is 'the word of state_json';
comment on column alert.owner_json is 'whose it is';
comment on column alert.content_json is 'what is said to whom; signatures bind to its hash';
comment on column alert.state_json is 'the state with its signatures';

create table edition (
    edition_id bytea primary key check (octet_length(edition_id) = 16),
    mode smallint not null check (mode in (0, 1)),
    owner_json text not null,
    recipients bigint not null check (recipients >= 0),
    directory bytea not null,
    built_at bigint not null,
    pretend smallint not null check (pretend in (0, 1)),
    sealed smallint not null default 0 check (sealed in (0, 1)),
    unique (mode, edition_id)
);
create index edition_newest on edition (mode, built_at desc) where sealed = 1;
comment on table edition is 'immutable snapshots of the roster (名册版本)';
comment on column edition.mode is '0 live, 1 drill';
comment on column edition.owner_json is 'whose roster it is';
comment on column edition.recipients is 'how many';
comment on column edition.directory is 'regions, groups and channels; opaque here';
comment on column edition.built_at is 'when';
comment on column edition.pretend is 'every address is made up';
comment on column edition.sealed is 'complete and visible';

create table edition_block (
    edition_id bytea not null references edition (edition_id),
    block_no bigint not null check (block_no >= 0),
    first_ordinal bigint not null check (first_ordinal >= 0),
    recipients bigint not null check (recipients > 0),
    region_min bigint not null,
    region_max bigint not null check (region_max >= region_min),
    primary key (edition_id, block_no),
    unique (edition_id, first_ordinal)
);
comment on table edition_block is '4,096 recipients of an edition';
comment on column edition_block.block_no is 'from 0';
comment on column edition_block.first_ordinal is 'ordinal of its first recipient';
comment on column edition_block.recipients is 'how many';
comment on column edition_block.region_min is 'smallest village number';
comment on column edition_block.region_max is 'greatest village number';

create table edition_column (
    edition_id bytea not null,
    block_no bigint not null,
    channel smallint not null check (channel between 1 and 4),
    sealed bytea not null,
    primary key (edition_id, block_no, channel),
    foreign key (edition_id, block_no) references edition_block (edition_id, block_no)
);
alter table edition_column alter column sealed set storage external;
comment on table edition_column is 'the addresses of a block on one channel';
comment on column edition_column.channel is '1 sms, 2 wechat, 3 email, 4 speaker';
comment on column edition_column.sealed is 'sealed by the vault for this edition, block and channel';

create table plan (
    plan_no bigint generated always as identity primary key,
    plan_id bytea not null unique check (octet_length(plan_id) = 16),
    mode smallint not null check (mode in (0, 1)),
    status smallint not null check (status in (0, 1, 2)),
    alert_id bytea not null,
    channel smallint not null check (channel between 1 and 4),
    account text not null,
    language text not null,
    body_json text not null,
    edition_id bytea,
    ordinals bytea,
    place text,
    rank bigint not null,
    priority_json text not null,
    not_before bigint not null,
    not_after bigint not null,
    fallback_of bytea,
    unique (mode, plan_id),
    check ((edition_id is null) = (ordinals is null)),
    check ((edition_id is null) <> (place is null)),
    foreign key (mode, alert_id) references alert (mode, alert_id),
    foreign key (mode, account) references account (mode, name),
    foreign key (mode, edition_id) references edition (mode, edition_id),
    foreign key (mode, fallback_of) references plan (mode, plan_id)
);
create index plan_of_alert on plan (alert_id);
create index plan_open on plan (mode, plan_no) where status <> 2;
comment on table plan is 'plans (发送计划): one message, one channel, one account, one set of recipients';
comment on column plan.plan_no is 'the order in which plans were made';
comment on column plan.mode is '0 live, 1 drill; one with its alert, account, edition and earlier plan';
comment on column plan.status is '0 open, 1 stopped, 2 closed';
comment on column plan.channel is '1 sms, 2 wechat, 3 email, 4 speaker';
comment on column plan.account is 'the account it leaves by';
comment on column plan.language is 'BCP 47';
comment on column plan.body_json is 'the exact words';
comment on column plan.edition_id is 'for a plan to people';
comment on column plan.ordinals is 'roaring bitmap over the edition';
comment on column plan.place is 'for a plan to a place';
comment on column plan.rank is 'the priority as a number: greater goes first';
comment on column plan.priority_json is 'the priority';
comment on column plan.not_before is 'the hold';
comment on column plan.not_after is 'the alert''s end';
comment on column plan.fallback_of is 'the plan whose failures this one takes over';

create table event (
    epoch bigint not null check (epoch > 0),
    seq bigint not null check (seq > 0),
    plan_id bytea not null check (octet_length(plan_id) = 16),
    kind smallint not null check (kind between 1 and 4),
    at bigint not null,
    payload bytea not null,
    primary key (epoch, seq, at)
) partition by range (at);
alter table event alter column payload set storage external;
create index event_of_plan on event (plan_id, epoch, seq);
create table event_default partition of event default;
comment on table event is 'progress of plans: the log, append only, a partition a day';
comment on table event_default is 'events of days that no partition was made for';
comment on column event.epoch is 'the stream: the epoch of the lease it was appended under';
comment on column event.seq is 'the number in the stream';
comment on column event.kind is '1 intent, 2 answers, 3 receipts, 4 moved';
comment on column event.at is 'when the batch was made';
comment on column event.payload is 'the batch';

-- Makes the partition of a day (days since 1970-01-01 UTC) unless it is there. A day whose events went to the
-- default partition already stays there.
create function ensure_event_day(day bigint) returns void language plpgsql as $$
declare
    name constant text := 'event_' || to_char(timestamp 'epoch' + day * interval '1 day', 'YYYYMMDD');
begin
    perform pg_advisory_xact_lock(hashtext('mingluo/event day'));
    if to_regclass(quote_ident(name)) is null then
        execute format('create table %I partition of event for values from (%s) to (%s)',
            name, day * 86400000, (day + 1) * 86400000);
    end if;
exception when check_violation then
    raise warning 'events of % stay in event_default', name;
end;
$$;

create table raw_receipt (
    epoch bigint not null check (epoch > 0),
    seq bigint not null check (seq > 0),
    account text not null,
    provider_id bytea not null check (octet_length(provider_id) <= 64),
    address_hash bytea check (octet_length(address_hash) = 16),
    status smallint not null check (status between 0 and 255),
    far_code text not null,
    at bigint not null,
    matched smallint not null default 0 check (matched in (0, 1)),
    primary key (epoch, seq)
);
create index raw_receipt_waiting on raw_receipt (at) where matched = 0;
comment on table raw_receipt is 'receipts (回执) that no delivery claimed when they came, kept as they came';
comment on column raw_receipt.epoch is 'the stream';
comment on column raw_receipt.seq is 'shares its numbers with event';
comment on column raw_receipt.account is 'the account it came to';
comment on column raw_receipt.provider_id is 'the far side''s id';
comment on column raw_receipt.address_hash is 'keyed hash of the recipient''s address';
comment on column raw_receipt.status is 'status in the low four bits, reason in the high four';
comment on column raw_receipt.far_code is 'the far side''s own code';
comment on column raw_receipt.at is 'when it reached us';
comment on column raw_receipt.matched is '1 when it found its delivery';

create table delivery_chunk (
    plan_id bytea not null references plan (plan_id),
    chunk_no bigint not null check (chunk_no >= 0),
    payload bytea not null,
    primary key (plan_id, chunk_no)
);
comment on table delivery_chunk is 'what became of a closed plan, 4,096 deliveries a row';
comment on column delivery_chunk.chunk_no is 'ordinal / 4096';
comment on column delivery_chunk.payload is 'states, attempts and times by ordinal';

create table opt_out (
    address_hash bytea primary key check (octet_length(address_hash) = 16),
    at bigint not null
);
comment on table opt_out is 'addresses whose owners want no messages (退订)';
comment on column opt_out.address_hash is 'keyed hash of the address';
comment on column opt_out.at is 'since when';

create table audit (
    seq bigint primary key check (seq > 0),
    at bigint not null,
    actor text not null,
    action text not null,
    subject text not null,
    detail_json text not null,
    hash bytea not null check (octet_length(hash) = 32)
);
comment on table audit is 'who did what (审计): a chain of hashes';
comment on column audit.seq is 'from 1, without gaps';
comment on column audit.at is 'when';
comment on column audit.actor is 'an officer''s id, or system';
comment on column audit.action is 'what was done';
comment on column audit.subject is 'what it was done to';
comment on column audit.detail_json is 'keys in order';
comment on column audit.hash is 'over the row before and this line';

create table audit_tip (
    one smallint primary key check (one = 1),
    seq bigint not null,
    hash bytea not null check (octet_length(hash) = 32)
);
comment on table audit_tip is 'where the chain ends now; who appends locks it';
comment on column audit_tip.one is 'there is one row';
insert into audit_tip (one, seq, hash) values (1, 0, decode(repeat('00', 32), 'hex'));

create table audit_head (
    head_no bigint generated always as identity primary key,
    seq bigint not null,
    hash bytea not null check (octet_length(hash) = 32),
    key_id text not null,
    signature bytea not null,
    at bigint not null
);
comment on table audit_head is 'signed heads of the chain, anchored outside as well';
comment on column audit_head.head_no is 'the order in which heads were signed';
comment on column audit_head.seq is 'the audit row';
comment on column audit_head.hash is 'its hash';
comment on column audit_head.key_id is 'the signer''s key';
comment on column audit_head.signature is 'over seq, hash and at';
comment on column audit_head.at is 'when it was signed';
