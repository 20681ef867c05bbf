//! What residents wrote back.

use super::{
    AccountName, Conn, Db, Engine, ModeKind, StoreError, StoredReply, Timestamp, opt_out,
    value::{Row, fixed, get},
};
use mingluo_model::{
    address::Address,
    reply::{Portion, Reply, Wish},
};
use sqlx::QueryBuilder;
use std::collections::HashMap;

/// Rows of one insert statement.
const AT_ONCE: usize = 500;

/// A reply as it is kept.
struct Sealed {
    at: Timestamp,
    address_hash: [u8; 16],
    octets: Vec<u8>,
}

pub(super) async fn keep(
    engine: &Engine,
    mode: ModeKind,
    account: &AccountName,
    replies: &[Reply],
) -> Result<(), StoreError> {
    let sealed: Vec<_> = replies.iter().map(|reply| seal(engine, mode, reply)).collect();
    let mut write = engine.begin().await?;
    for some in sealed.chunks(AT_ONCE) {
        insert(write.conn(), mode, account, some).await?;
    }
    heed(write.conn(), mode, replies, &sealed).await?;
    write.commit().await
}

async fn insert(
    conn: &mut Conn,
    mode: ModeKind,
    account: &AccountName,
    rows: &[Sealed],
) -> Result<(), StoreError> {
    let mut insert = QueryBuilder::<Db>::new("insert into reply (mode, account, at, address_hash, sealed) ");
    insert.push_values(rows, |mut row, reply| {
        row.push_bind(i16::from(mode.number()))
            .push_bind(account.0.clone())
            .push_bind(reply.at.0)
            .push_bind(reply.address_hash.to_vec())
            .push_bind(reply.octets.clone());
    });
    insert
        .build()
        .persistent(false)
        .execute(conn)
        .await
        .map_err(StoreError::database("keep what residents wrote"))?;
    Ok(())
}

/// The last wish of each resident holds.
async fn heed(
    conn: &mut Conn,
    mode: ModeKind,
    replies: &[Reply],
    sealed: &[Sealed],
) -> Result<(), StoreError> {
    let mut wishes = HashMap::new();
    let mut latest = Timestamp(i64::MIN);
    for (reply, kept) in replies.iter().zip(sealed) {
        if let wish @ (Wish::OptOut | Wish::OptIn) = reply.wish() {
            wishes.insert(kept.address_hash, wish);
            latest = latest.max(reply.at);
        }
    }
    let of = |wanted: Wish| -> Vec<[u8; 16]> {
        wishes.iter().filter(|(_, wish)| **wish == wanted).map(|(hash, _)| *hash).collect()
    };
    opt_out::add(conn, mode, &of(Wish::OptOut), latest).await?;
    opt_out::remove(conn, mode, &of(Wish::OptIn)).await
}

pub(super) async fn latest(
    engine: &Engine,
    mode: ModeKind,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<StoredReply>, StoreError> {
    sqlx::query(
        "select reply_id, account, at, address_hash, sealed from reply
         where mode = $1 and reply_id < $2 order by reply_id desc limit $3",
    )
    .bind(i16::from(mode.number()))
    .bind(before.unwrap_or(i64::MAX))
    .bind(i64::from(limit))
    .fetch_all(&engine.reader)
    .await
    .map_err(StoreError::database("read what residents wrote"))?
    .iter()
    .map(|row| open(engine, mode, row))
    .collect()
}

fn seal(engine: &Engine, mode: ModeKind, reply: &Reply) -> Sealed {
    let (at, address_hash) = (reply.at, engine.vault.address_hash(&reply.from));
    let part = reply.part.map(|part| format!("{}/{}/{}", part.reference, part.number, part.total));
    let plain = [reply.from.expose(), &reply.to, &part.unwrap_or_default(), &reply.words].join("\0");
    Sealed { at, address_hash, octets: engine.vault.seal(&place(mode, at, &address_hash), plain.as_bytes()) }
}

fn open(engine: &Engine, mode: ModeKind, row: &Row) -> Result<StoredReply, StoreError> {
    let damaged = |problem: String| StoreError::damaged("reply", problem);
    let (at, hash) = (Timestamp(get(row, "at")?), fixed(row, "address_hash")?);
    let sealed: Vec<u8> = get(row, "sealed")?;
    let plain =
        engine.vault.open(&place(mode, at, &hash), &sealed).map_err(|error| damaged(error.to_string()))?;
    let plain = String::from_utf8(plain).map_err(|error| damaged(error.to_string()))?;
    let mut fields = plain.splitn(4, '\0');
    let (Some(from), Some(to), Some(part), Some(words)) =
        (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return Err(damaged("fewer than four fields".to_owned()));
    };
    let reply = Reply {
        from: Address::new(from),
        to: to.to_owned(),
        words: words.to_owned(),
        part: portion(part).ok_or_else(|| damaged(format!("{part:?} is no part")))?,
        at,
    };
    Ok(StoredReply { id: get(row, "reply_id")?, account: AccountName(get(row, "account")?), reply })
}

/// Which part it is. Rows from before parts had numbers say no more than that it is one. `None` when it is unreadable.
fn portion(kept: &str) -> Option<Option<Portion>> {
    if kept.is_empty() {
        return Some(None);
    }
    if kept == "part" {
        return Some(Some(Portion::UNNUMBERED));
    }
    let mut numbers = kept.splitn(3, '/');
    let reference = numbers.next()?.parse().ok()?;
    let (number, total) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
    Some(Some(Portion { reference, number, total }))
}

/// What a sealed reply is bound to.
fn place(mode: ModeKind, at: Timestamp, address_hash: &[u8; 16]) -> Vec<u8> {
    let mut place = b"reply".to_vec();
    place.push(mode.number());
    place.extend_from_slice(&at.0.to_be_bytes());
    place.extend_from_slice(address_hash);
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_kept_before_parts_had_numbers_is_still_a_part() {
        assert_eq!(portion("part"), Some(Some(Portion::UNNUMBERED)));
        assert_eq!((portion(""), portion("7/2/3")), (Some(None), Some(Portion::of(7, 2, 3))));
        assert_eq!((portion("7/2"), portion("7/2/300")), (None, None));
    }
}
