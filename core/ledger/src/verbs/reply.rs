//! What residents wrote back. What a gateway says again is kept once, so that an old wish does not come after a newer one.

use super::{
    AccountName, Conn, Db, Engine, ModeKind, StoreError, StoredReply, Timestamp, call, opt_out,
    value::{Row, fixed, get},
};
use mingluo_model::{
    address::Address,
    call::Code,
    reply::{Portion, Reply, Wish},
};
use sqlx::QueryBuilder;
use std::{collections::HashMap, num::ParseIntError, time::Duration};

/// Rows of one insert statement.
const AT_ONCE: usize = 500;

/// How long a message with the gateway's own id is known again. Carriers keep what we did not take for 48 hours.
const KNOWN_BY_ID: Duration = Duration::from_hours(72);

/// How long one without an id is known by who wrote which words. Not longer: after that the same word is a new wish.
const KNOWN_BY_WORDS: Duration = Duration::from_hours(1);

/// A reply as it is kept.
struct Sealed {
    at: Timestamp,
    address_hash: [u8; 16],
    repeat_hash: [u8; 16],
    known_for: Duration,
    octets: Vec<u8>,
}

pub(super) async fn keep(
    engine: &Engine,
    mode: ModeKind,
    account: &AccountName,
    replies: &[Reply],
) -> Result<Vec<usize>, StoreError> {
    let mut sealed: Vec<_> = replies.iter().map(|reply| Some(seal(engine, mode, account, reply))).collect();
    let mut write = engine.begin().await?;
    let new = new(write.conn(), mode, &sealed.iter().flatten().collect::<Vec<_>>()).await?;
    let rows: Vec<_> = new.iter().filter_map(|at| sealed[*at].take()).collect();
    for some in rows.chunks(AT_ONCE) {
        insert(write.conn(), mode, account, some).await?;
    }
    let new_replies: Vec<_> = new.iter().map(|at| &replies[*at]).collect();
    heed(write.conn(), mode, &new_replies, &rows).await?;
    take_codes(write.conn(), mode, &new_replies, &rows).await?;
    write.commit().await?;
    Ok(new)
}

/// Which of them were not kept before.
async fn new(conn: &mut Conn, mode: ModeKind, rows: &[&Sealed]) -> Result<Vec<usize>, StoreError> {
    let mut kept = HashMap::new();
    for some in rows.chunks(AT_ONCE) {
        let mut select =
            QueryBuilder::<Db>::new("select repeat_hash, max(at) as at from reply where mode = ");
        select.push_bind(i16::from(mode.number())).push(" and repeat_hash in (");
        let mut list = select.separated(", ");
        for row in some {
            list.push_bind(row.repeat_hash.to_vec());
        }
        select.push(") group by repeat_hash");
        let found = select.build().persistent(false).fetch_all(&mut *conn).await;
        for row in found.map_err(StoreError::database("look for replies that came before"))? {
            kept.insert(fixed(&row, "repeat_hash")?, Timestamp(get(&row, "at")?));
        }
    }
    let mut new = Vec::with_capacity(rows.len());
    for (at, row) in rows.iter().enumerate() {
        let known = kept.get(&row.repeat_hash).is_some_and(|kept| row.at.since(*kept) <= row.known_for);
        if !known {
            kept.insert(row.repeat_hash, row.at);
            new.push(at);
        }
    }
    Ok(new)
}

async fn insert(
    conn: &mut Conn,
    mode: ModeKind,
    account: &AccountName,
    rows: &[Sealed],
) -> Result<(), StoreError> {
    let mut insert =
        QueryBuilder::<Db>::new("insert into reply (mode, account, at, address_hash, repeat_hash, sealed) ");
    insert.push_values(rows, |mut row, reply| {
        row.push_bind(i16::from(mode.number()))
            .push_bind(account.0.clone())
            .push_bind(reply.at.0)
            .push_bind(reply.address_hash.to_vec())
            .push_bind(reply.repeat_hash.to_vec())
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
    replies: &[&Reply],
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

/// Who was called answers by a code: it counts in the transaction that keeps the words.
async fn take_codes(
    conn: &mut Conn,
    mode: ModeKind,
    replies: &[&Reply],
    sealed: &[Sealed],
) -> Result<(), StoreError> {
    for (reply, kept) in replies.iter().zip(sealed) {
        if let Some(code) = reply.code().and_then(|digits| Code::read(&digits)) {
            call::take_code(conn, mode, (code, kept.address_hash), kept.at).await?;
        }
    }
    Ok(())
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

pub(super) async fn of(
    engine: &Engine,
    mode: ModeKind,
    from: &Address,
    limit: u32,
) -> Result<Vec<StoredReply>, StoreError> {
    sqlx::query(
        "select reply_id, account, at, address_hash, sealed from reply
         where mode = $1 and address_hash = $2 order by reply_id desc limit $3",
    )
    .bind(i16::from(mode.number()))
    .bind(engine.vault.address_hash(from).to_vec())
    .bind(i64::from(limit))
    .fetch_all(&engine.reader)
    .await
    .map_err(StoreError::database("read what somebody wrote"))?
    .iter()
    .map(|row| open(engine, mode, row))
    .collect()
}

fn seal(engine: &Engine, mode: ModeKind, account: &AccountName, reply: &Reply) -> Sealed {
    let (at, address_hash) = (reply.at, engine.vault.address_hash(&reply.from));
    let part = reply.part.map(|part| format!("{}/{}/{}", part.reference, part.number, part.total));
    let mark = [part.as_deref().unwrap_or_default(), reply.id.as_deref().unwrap_or_default()].join(";");
    let plain = [reply.from.expose(), &reply.to, &mark, &reply.words].join("\0");
    Sealed {
        at,
        address_hash,
        // The words too: some gateways fill in rubbish for an id.
        repeat_hash: engine.vault.repeat_hash(&[&account.0, &plain]),
        known_for: if reply.id.is_some() { KNOWN_BY_ID } else { KNOWN_BY_WORDS },
        octets: engine.vault.seal(&place(mode, at, &address_hash), plain.as_bytes()),
    }
}

fn open(engine: &Engine, mode: ModeKind, row: &Row) -> Result<StoredReply, StoreError> {
    let damaged = |problem: String| StoreError::damaged("reply", problem);
    let (at, hash) = (Timestamp(get(row, "at")?), fixed(row, "address_hash")?);
    let sealed: Vec<u8> = get(row, "sealed")?;
    let plain =
        engine.vault.open(&place(mode, at, &hash), &sealed).map_err(|error| damaged(error.to_string()))?;
    let plain = String::from_utf8(plain).map_err(|error| damaged(error.to_string()))?;
    let mut fields = plain.splitn(4, '\0');
    let (Some(from), Some(to), Some(mark), Some(words)) =
        (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return Err(damaged("fewer than four fields".to_owned()));
    };
    // Rows from before ids were kept have the part alone.
    let (part, id) = mark.split_once(';').unwrap_or((mark, ""));
    let reply = Reply {
        from: Address::new(from),
        to: to.to_owned(),
        words: words.to_owned(),
        id: (!id.is_empty()).then(|| id.to_owned()),
        part: portion(part).map_err(|_| damaged(format!("{part:?} is no part")))?,
        at,
    };
    Ok(StoredReply { id: get(row, "reply_id")?, account: AccountName(get(row, "account")?), reply })
}

/// Which part it is, if it is one. Rows from before parts had numbers say no more than that.
fn portion(kept: &str) -> Result<Option<Portion>, ParseIntError> {
    if kept.is_empty() {
        return Ok(None);
    }
    if kept == "part" {
        return Ok(Some(Portion::UNNUMBERED));
    }
    let mut numbers = kept.splitn(3, '/').chain(["", ""]);
    let mut next = || numbers.next().unwrap_or_default();
    let (reference, number, total) = (next().parse()?, next().parse()?, next().parse()?);
    Ok(Some(Portion { reference, number, total }))
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
        assert_eq!(portion("part"), Ok(Some(Portion::UNNUMBERED)));
        assert_eq!((portion(""), portion("7/2/3")), (Ok(None), Ok(Portion::of(7, 2, 3))));
        assert!(portion("7/2").is_err() && portion("7/2/300").is_err());
    }
}
