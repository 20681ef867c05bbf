-- How far the log's receipts have been handed on (回执转发), by mode. The receipts themselves are in the log only.
create table receipt_cursor (
    mode integer primary key check (mode in (0, 1)),
    epoch integer not null check (epoch >= 0),  -- the stream
    seq integer not null check (seq >= 0)       -- the last number of it that was handed on
) strict;
