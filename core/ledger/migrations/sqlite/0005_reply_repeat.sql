-- By what a reply is known that a gateway says again: a keyed hash of account, number, id or part, and words. Null in rows
-- from before.
alter table reply add column repeat_hash blob check (length(repeat_hash) = 16);
create index reply_by_repeat on reply (mode, repeat_hash) where repeat_hash is not null;
