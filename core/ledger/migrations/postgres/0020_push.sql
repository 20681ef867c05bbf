create table push (
    mode smallint not null check (mode in (0, 1)),
    name bytea not null check (octet_length(name) = 20),
    at bigint not null,
    primary key (mode, name)
);
create index push_by_time on push (at);
comment on table push is
    'pushes of platforms whose receipts have no number of their own (订阅通知发送结果), by the pushes'' names; old ones are dropped';
