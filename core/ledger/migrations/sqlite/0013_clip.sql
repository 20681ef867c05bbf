-- Speech that was made for warnings (语音): the clips by their digests, and which one was made for which content. Neither is
-- ever changed: what was auditioned is what is signed.
create table clip (
    sha256 blob primary key check (length(sha256) = 32),
    content blob not null check (length(content) > 0)       -- Ogg Opus
) strict, without rowid;
create table speech (
    content_hash blob primary key check (length(content_hash) = 32),  -- of the warning's content, as it is signed for
    sha256 blob not null references clip (sha256),
    length_ms integer not null check (length_ms >= 0),
    voice text not null,                                    -- who spoke: the city's engine, or the last rung
    made integer not null
) strict, without rowid;
