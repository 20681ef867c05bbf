create index reply_by_writer on reply (mode, address_hash, reply_id);
