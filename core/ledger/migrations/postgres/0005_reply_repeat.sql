alter table reply add column repeat_hash bytea check (octet_length(repeat_hash) = 16);
create index reply_by_repeat on reply (mode, repeat_hash) where repeat_hash is not null;
comment on table reply is 'what residents wrote back (上行短信)';
comment on column reply.repeat_hash is
    'by what a reply is known that a gateway says again: keyed hash of account, number, id or part, and words; null in rows from before';
