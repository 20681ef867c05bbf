//! Signed heads of the audit chain (审计锚定): now and then the newest row's hash is signed by the signing process, so that
//! a chain that was recomputed or cut later misses its signature.

use mingluo_ledger::{Store, StoreError, audit::AuditHead};
use mingluo_model::{
    clock::Clock,
    signer::{Purpose, Signer, SignerError},
};

/// Rows read at once while the newest is looked for.
const STEP: u32 = 1_000;

/// Why no head was signed.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The signer refused or is away.
    #[error(transparent)]
    Signer(#[from] SignerError),
}

/// Signs the newest row of the audit log unless it is signed already.
///
/// # Errors
/// [`AnchorError`]; it is tried again the next time.
pub async fn anchor(store: &dyn Store, signer: &dyn Signer, clock: &dyn Clock) -> Result<(), AnchorError> {
    let covered = store.audit_heads().await?.last().map_or(0, |head| head.seq);
    let mut newest = None;
    loop {
        let after = newest.as_ref().map_or(covered, |(seq, _)| *seq);
        let rows = store.audit_rows(after, STEP).await?;
        let Some(last) = rows.last() else { break };
        newest = Some((last.seq, last.hash));
    }
    let Some((seq, hash)) = newest else { return Ok(()) };
    let at = clock.now();
    let signature = signer.sign(Purpose::AuditHead, &AuditHead::signed_bytes(seq, &hash, at)).await?;
    let key_id = signature.key_id.to_string();
    Ok(store.add_audit_head(&AuditHead { seq, hash, key_id, signature: signature.bytes, at }).await?)
}
