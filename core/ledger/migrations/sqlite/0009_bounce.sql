-- Mailboxes that mails came back from as unknown (退信), by mode. Warnings count, not mails: one that was sent twice struck
-- once.
create table bounce (
    mode integer not null check (mode in (0, 1)),
    address_hash blob not null check (length(address_hash) = 16),
    strikes integer not null check (strikes > 0),
    plan_id blob not null check (length(plan_id) = 16),  -- the last that struck
    at integer not null,
    primary key (mode, address_hash)
) strict, without rowid;
