create table clip (
    sha256 bytea primary key check (octet_length(sha256) = 32),
    content bytea not null check (octet_length(content) > 0)
);
create table speech (
    content_hash bytea primary key check (octet_length(content_hash) = 32),
    sha256 bytea not null references clip (sha256),
    length_ms bigint not null check (length_ms >= 0),
    voice text not null,
    made bigint not null
);
comment on table clip is 'speech that was made for warnings (语音), by its digest; never changed';
comment on column clip.content is 'Ogg Opus';
comment on table speech is 'which clip was made for which content; never changed: what was auditioned is what is signed';
comment on column speech.content_hash is 'hash of the warning''s content, as it is signed for';
comment on column speech.length_ms is 'how long it sounds';
comment on column speech.voice is 'who spoke: the city''s engine, or the last rung';
