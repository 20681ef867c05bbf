//! Leases: who may append, and the epoch that names their stream.

use super::{
    Conn, Engine, Lease, NodeId, StoreError, Timestamp,
    value::{bytes, get},
};
use std::time::Duration;

const NEXT_EPOCH: &str = "update epoch_counter set epoch = epoch + 1 where one = 1 returning epoch";

/// Takes the row only from nobody, from a holder whose time is over, or from an earlier run of the same node.
const TAKE: &str = "
insert into lease (resource, node_name, node_id, epoch, until) values ($1, $2, $3, $4, $5)
on conflict (resource) do update set node_name = excluded.node_name, node_id = excluded.node_id,
    epoch = excluded.epoch, until = excluded.until
where lease.until <= $6 or lease.node_name = excluded.node_name";

pub(super) async fn acquire(
    engine: &Engine,
    resource: &str,
    node_name: &str,
    node: NodeId,
    ttl: Duration,
    now: Timestamp,
) -> Result<Option<Lease>, StoreError> {
    let mut write = engine.begin_lease().await?;
    let row = sqlx::query(NEXT_EPOCH)
        .fetch_one(write.conn())
        .await
        .map_err(StoreError::database("count the epochs"))?;
    let lease =
        Lease { resource: resource.to_owned(), node, epoch: get(&row, "epoch")?, until: now.plus(ttl) };
    let taken = sqlx::query(TAKE)
        .bind(resource.to_owned())
        .bind(node_name.to_owned())
        .bind(bytes(node.0))
        .bind(lease.epoch)
        .bind(lease.until.0)
        .bind(now.0)
        .execute(write.conn())
        .await
        .map_err(StoreError::database("take a lease"))?;
    if taken.rows_affected() == 0 {
        return Ok(None);
    }
    write.commit().await?;
    Ok(Some(lease))
}

/// A lease whose time is over is still ours until somebody takes it: one row says who holds it.
pub(super) async fn renew(
    engine: &Engine,
    lease: &Lease,
    ttl: Duration,
    now: Timestamp,
) -> Result<Lease, StoreError> {
    let until = now.plus(ttl);
    let mut write = engine.begin_lease().await?;
    keep(write.conn(), lease, Some(until)).await?;
    write.commit().await?;
    Ok(Lease { until, ..lease.clone() })
}

/// Sees to it that nobody takes the lease before the transaction ends.
pub(super) async fn hold(conn: &mut Conn, lease: &Lease) -> Result<(), StoreError> {
    keep(conn, lease, None).await
}

/// Writes the lease's row if it is ours, with its end as it was or as it is to be.
async fn keep(conn: &mut Conn, lease: &Lease, until: Option<Timestamp>) -> Result<(), StoreError> {
    const KEEP: &str = "
update lease set until = coalesce($4, until) where resource = $1 and node_id = $2 and epoch = $3";
    let kept = sqlx::query(KEEP)
        .bind(lease.resource.clone())
        .bind(bytes(lease.node.0))
        .bind(lease.epoch)
        .bind(until.map(|until| until.0))
        .execute(conn)
        .await
        .map_err(StoreError::database("keep a lease"))?;
    if kept.rows_affected() == 0 { Err(StoreError::fenced(lease)) } else { Ok(()) }
}
