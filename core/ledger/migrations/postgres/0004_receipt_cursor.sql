create table receipt_cursor (
    mode smallint primary key check (mode in (0, 1)),
    epoch bigint not null check (epoch >= 0),
    seq bigint not null check (seq >= 0)
);
comment on table receipt_cursor is
    'how far the log''s receipts have been handed on (回执转发); the receipts themselves are in the log only';
comment on column receipt_cursor.mode is '0 live, 1 drill';
comment on column receipt_cursor.epoch is 'the stream';
comment on column receipt_cursor.seq is 'the last number of it that was handed on';
