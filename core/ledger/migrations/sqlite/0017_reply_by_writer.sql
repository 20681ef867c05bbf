-- What one of them wrote, the latest first.
create index reply_by_writer on reply (mode, address_hash, reply_id);
