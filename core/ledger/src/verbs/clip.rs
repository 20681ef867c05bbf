//! Speech that was made for warnings.

use super::{
    Engine, StoreError, StoredSpeech, Timestamp,
    value::{Row, fixed, get, narrow},
};

const KEEP_CLIP: &str = "insert into clip (sha256, content) values ($1, $2) on conflict (sha256) do nothing";
const KEEP_SPEECH: &str = "insert into speech (content_hash, sha256, length_ms, voice, made) \
    values ($1, $2, $3, $4, $5) on conflict (content_hash) do nothing";
const SPEECH: &str = "select s.content_hash, s.sha256, s.length_ms, s.voice, s.made, cast(length(c.content) as bigint) as len \
    from speech s join clip c on c.sha256 = s.sha256 where s.content_hash = $1";

pub(super) async fn keep(
    engine: &Engine,
    speech: &StoredSpeech,
    content: &[u8],
) -> Result<StoredSpeech, StoreError> {
    let failed = |error| StoreError::database("keep a clip")(error);
    let mut write = engine.begin().await?;
    sqlx::query(KEEP_CLIP)
        .bind(speech.sha256.to_vec())
        .bind(content.to_vec())
        .execute(write.conn())
        .await
        .map_err(failed)?;
    sqlx::query(KEEP_SPEECH)
        .bind(speech.content_hash.to_vec())
        .bind(speech.sha256.to_vec())
        .bind(i64::from(speech.length_ms))
        .bind(speech.voice.clone())
        .bind(speech.made.0)
        .execute(write.conn())
        .await
        .map_err(failed)?;
    let stands = sqlx::query(SPEECH)
        .bind(speech.content_hash.to_vec())
        .fetch_one(write.conn())
        .await
        .map_err(failed)?;
    write.commit().await?;
    read(&stands)
}

pub(super) async fn speech(
    engine: &Engine,
    content_hash: [u8; 32],
) -> Result<Option<StoredSpeech>, StoreError> {
    sqlx::query(SPEECH)
        .bind(content_hash.to_vec())
        .fetch_optional(&engine.reader)
        .await
        .map_err(StoreError::database("read a speech"))?
        .as_ref()
        .map(read)
        .transpose()
}

pub(super) async fn content(engine: &Engine, sha256: [u8; 32]) -> Result<Option<Vec<u8>>, StoreError> {
    sqlx::query("select content from clip where sha256 = $1")
        .bind(sha256.to_vec())
        .fetch_optional(&engine.reader)
        .await
        .map_err(StoreError::database("read a clip"))?
        .as_ref()
        .map(|row| get(row, "content"))
        .transpose()
}

fn read(row: &Row) -> Result<StoredSpeech, StoreError> {
    Ok(StoredSpeech {
        content_hash: fixed(row, "content_hash")?,
        sha256: fixed(row, "sha256")?,
        len: narrow(row, "len")?,
        length_ms: narrow(row, "length_ms")?,
        voice: get(row, "voice")?,
        made: Timestamp(get(row, "made")?),
    })
}
