-- Pushes of platforms whose receipts have no number of their own (订阅通知发送结果), by the pushes' names: said again, one of them
-- would be taken for the next message's. Old ones are dropped.
create table push (
    mode integer not null check (mode in (0, 1)),
    name blob not null check (length(name) = 20),
    at integer not null,
    primary key (mode, name)
) strict, without rowid;
create index push_by_time on push (at);
