-- The ledger on SQLite: the same tables, columns and meanings as on PostgreSQL.
-- Times are milliseconds UTC. Ids are the 16 bytes of a UUID. mode is 0 live, 1 drill.
-- Columns named *_json hold text as the program wrote it. Blobs begin with a version byte and end with a CRC-32,
-- sealed ones begin with a version byte and the id of their key.

-- Gives every lease its number.
create table epoch_counter (
    one integer primary key check (one = 1),    -- there is one row
    epoch integer not null                      -- the last number given
) strict;
insert into epoch_counter (one, epoch) values (1, 0);

-- Who may append progress now, by resource.
create table lease (
    resource text primary key,                  -- what is leased, for example dispatch/live
    node_name text not null,                    -- the holder's configured name
    node_id blob not null check (length(node_id) = 16),  -- the holder's run
    epoch integer not null unique,              -- greater than every epoch given before; names the stream
    until integer not null                      -- the right ends here
) strict;

-- Organisations (机构).
create table org (
    org_id blob primary key check (length(org_id) = 16),
    name text not null check (name <> ''),      -- as it stands in headlines
    owner_json text not null                    -- scope and level
) strict;

-- People who work with the console (人员).
create table officer (
    officer_id blob primary key check (length(officer_id) = 16),
    org_id blob not null references org (org_id),
    login text not null unique check (login <> ''),  -- the sign-in name
    name text not null,                         -- the name on pages
    officer_json text not null,                 -- owner and rights
    password_hash text not null,                -- Argon2 in PHC form
    enabled integer not null check (enabled in (0, 1))
) strict;

-- Keys for the API; only the hash is kept.
create table api_key (
    key_hash blob primary key check (length(key_hash) = 32),  -- SHA-256 of the key
    officer_id blob not null references officer (officer_id),
    label text not null,                        -- what it is for
    created integer not null
) strict;

-- Signed-in browsers.
create table session (
    token_hash blob primary key check (length(token_hash) = 32),  -- SHA-256 of the cookie
    officer_id blob not null references officer (officer_id),
    expires integer not null
) strict;

-- Accounts at gateways (通道账号): each belongs to one mode for good.
create table account (
    name text primary key check (name <> ''),   -- the configured name
    mode integer not null check (mode in (0, 1)),
    unique (mode, name)
) strict;

-- Warnings (预警) of both modes.
create table alert (
    alert_id blob primary key check (length(alert_id) = 16),
    mode integer not null check (mode in (0, 1)),
    revision integer not null check (revision > 0),  -- counts the writes
    author_id blob not null check (length(author_id) = 16),
    created integer not null,
    state text not null check (state in ('draft', 'submitted', 'approved', 'released', 'updated', 'lifted',
        'corrected', 'expired', 'recalled')),
    owner_json text not null,
    content_json text not null,
    state_json text not null,                   -- the state with its signatures
    unique (mode, alert_id)
) strict;
create index alert_latest on alert (mode, created desc);

-- Immutable snapshots of the roster (名册版本).
create table edition (
    edition_id blob primary key check (length(edition_id) = 16),
    mode integer not null check (mode in (0, 1)),
    owner_json text not null,
    recipients integer not null check (recipients >= 0),
    directory blob not null,                    -- regions, groups and channels; opaque here
    built_at integer not null,
    pretend integer not null check (pretend in (0, 1)),  -- every address is made up
    sealed integer not null default 0 check (sealed in (0, 1)),  -- complete and visible
    unique (mode, edition_id)
) strict;
create index edition_newest on edition (mode, built_at desc) where sealed = 1;

-- 4,096 recipients of an edition.
create table edition_block (
    edition_id blob not null references edition (edition_id),
    block_no integer not null check (block_no >= 0),
    first_ordinal integer not null check (first_ordinal >= 0),
    recipients integer not null check (recipients > 0),
    region_min integer not null,                -- smallest village number
    region_max integer not null check (region_max >= region_min),  -- greatest village number
    primary key (edition_id, block_no),
    unique (edition_id, first_ordinal)
) strict;

-- The addresses of a block on one channel, sealed by the vault for this edition, block and channel.
create table edition_column (
    edition_id blob not null,
    block_no integer not null,
    channel integer not null check (channel between 1 and 4),
    sealed blob not null,
    primary key (edition_id, block_no, channel),
    foreign key (edition_id, block_no) references edition_block (edition_id, block_no)
) strict;

-- Plans (发送计划): one message, one channel, one account, one set of recipients.
create table plan (
    plan_no integer primary key,                -- the order in which plans were made
    plan_id blob not null unique check (length(plan_id) = 16),
    mode integer not null check (mode in (0, 1)),
    status integer not null check (status in (0, 1, 2)),  -- 0 open, 1 stopped, 2 closed
    alert_id blob not null,
    channel integer not null check (channel between 1 and 4),
    account text not null,
    language text not null,
    body_json text not null,                    -- the exact words
    edition_id blob,                            -- for a plan to people
    ordinals blob,                              -- roaring bitmap over the edition
    place text,                                 -- for a plan to a place
    rank integer not null,                      -- the priority as a number: greater goes first
    priority_json text not null,
    not_before integer not null,                -- the hold
    not_after integer not null,                 -- the alert's end
    fallback_of blob,                           -- the plan whose failures this one takes over
    unique (mode, plan_id),
    check ((edition_id is null) = (ordinals is null)),
    check ((edition_id is null) <> (place is null)),
    foreign key (mode, alert_id) references alert (mode, alert_id),
    foreign key (mode, account) references account (mode, name),
    foreign key (mode, edition_id) references edition (mode, edition_id),
    foreign key (mode, fallback_of) references plan (mode, plan_id)
) strict;
create index plan_of_alert on plan (alert_id);
create index plan_open on plan (mode, plan_no) where status <> 2;

-- Progress of plans: the log. Append only.
create table event (
    epoch integer not null check (epoch > 0),   -- the stream: the epoch of the lease it was appended under
    seq integer not null check (seq > 0),       -- the number in the stream
    plan_id blob not null check (length(plan_id) = 16),
    kind integer not null check (kind between 1 and 4),  -- 1 intent, 2 answers, 3 receipts, 4 moved
    at integer not null,
    payload blob not null,
    primary key (epoch, seq)
) strict;
create index event_of_plan on event (plan_id, epoch, seq);

-- Receipts (回执) that no delivery claimed when they came, kept as they came.
create table raw_receipt (
    epoch integer not null check (epoch > 0),
    seq integer not null check (seq > 0),       -- shares its numbers with event
    account text not null,
    provider_id blob not null check (length(provider_id) <= 64),
    address_hash blob check (length(address_hash) = 16),  -- keyed hash of the recipient's address
    status integer not null check (status between 0 and 255),
    far_code text not null,                     -- the far side's own code
    at integer not null,
    matched integer not null default 0 check (matched in (0, 1)),  -- found its delivery
    primary key (epoch, seq)
) strict;
create index raw_receipt_waiting on raw_receipt (at) where matched = 0;

-- What became of a closed plan, 4,096 deliveries a row.
create table delivery_chunk (
    plan_id blob not null references plan (plan_id),
    chunk_no integer not null check (chunk_no >= 0),  -- ordinal / 4096
    payload blob not null,
    primary key (plan_id, chunk_no)
) strict;

-- Addresses whose owners want no messages (退订), by keyed hash.
create table opt_out (
    address_hash blob primary key check (length(address_hash) = 16),
    at integer not null
) strict;

-- Who did what (审计): a chain of hashes.
create table audit (
    seq integer primary key check (seq > 0),    -- from 1, without gaps
    at integer not null,
    actor text not null,                        -- an officer's id, or system
    action text not null,
    subject text not null,
    detail_json text not null,                  -- keys in order
    hash blob not null check (length(hash) = 32)  -- over the row before and this line
) strict;

-- Where the chain ends now; who appends locks it.
create table audit_tip (
    one integer primary key check (one = 1),    -- there is one row
    seq integer not null,
    hash blob not null check (length(hash) = 32)
) strict;
insert into audit_tip (one, seq, hash) values (1, 0, zeroblob(32));

-- Signed heads of the chain, anchored outside as well.
create table audit_head (
    head_no integer primary key,                -- the order in which heads were signed
    seq integer not null,
    hash blob not null check (length(hash) = 32),
    key_id text not null,
    signature blob not null,
    at integer not null
) strict;
