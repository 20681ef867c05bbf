//! Reading the log.

use super::{
    Engine, Event, PlanId, RawId, RawReceipt, StoreError, Timestamp,
    value::{Row, bytes, coded, fixed, get, id},
};
use crate::event::Fact;
use mingluo_model::{
    plan::AccountName,
    receipt::{ProviderId, ReceiptStatus},
};

const EVENTS: &str = "
select epoch, seq, plan_id, kind, at, payload from event
where plan_id = $1 and (epoch, seq) > ($2, $3) order by epoch, seq limit $4";

const UNMATCHED: &str = "
select epoch, seq, account, provider_id, address_hash, status, far_code, at from raw_receipt
where matched = 0 and at >= $1 order by at, epoch, seq";

pub(super) async fn events(
    engine: &Engine,
    plan: PlanId,
    after: (i64, i64),
    limit: u32,
) -> Result<Vec<((i64, i64), Event)>, StoreError> {
    sqlx::query(EVENTS)
        .bind(bytes(plan.0))
        .bind(after.0)
        .bind(after.1)
        .bind(i64::from(limit))
        .fetch_all(&engine.reader)
        .await
        .map_err(StoreError::database("read a plan's log"))?
        .iter()
        .map(read_event)
        .collect()
}

pub(super) fn read_event(row: &Row) -> Result<((i64, i64), Event), StoreError> {
    let fact = Fact::decode(get(row, "kind")?, &get::<Vec<u8>>(row, "payload")?)
        .map_err(|error| StoreError::damaged("an event", error))?;
    let event = Event { plan: PlanId(id(row, "plan_id")?), at: Timestamp(get(row, "at")?), fact };
    Ok(((get(row, "epoch")?, get(row, "seq")?), event))
}

pub(super) async fn unmatched(
    engine: &Engine,
    since: Timestamp,
) -> Result<Vec<(RawId, RawReceipt)>, StoreError> {
    sqlx::query(UNMATCHED)
        .bind(since.0)
        .fetch_all(&engine.reader)
        .await
        .map_err(StoreError::database("read the unmatched receipts"))?
        .iter()
        .map(read_raw)
        .collect()
}

fn read_raw(row: &Row) -> Result<(RawId, RawReceipt), StoreError> {
    let address_hash = get::<Option<Vec<u8>>>(row, "address_hash")?;
    let raw = RawReceipt {
        account: AccountName(get(row, "account")?),
        provider_id: ProviderId::new(&get::<Vec<u8>>(row, "provider_id")?),
        address_hash: address_hash.map(|_| fixed(row, "address_hash")).transpose()?,
        status: coded(row, "status", ReceiptStatus::from_byte)?,
        far_code: get(row, "far_code")?,
        at: Timestamp(get(row, "at")?),
    };
    Ok((RawId { epoch: get(row, "epoch")?, seq: get(row, "seq")? }, raw))
}
